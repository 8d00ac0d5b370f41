/**
 * The custom-elements manifest (schema 1.0.0), read from the elements' own words: their doc comments, properties and
 * parts. A test compares it with what the elements really have in a browser.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const wordsOf = (comment) =>
  comment.split('\n').map((line) =>
    line
      .replace(/^\s*(?:\/\*\*|\*\/|\*)?\s?/, '')
      .replace(/\*\/\s*$/, '')
      .trim(),
  )
/** A tag with what follows it on the next lines, as one line. */
function joined(lines) {
  const all = []
  for (const line of lines) {
    if (line !== '' && !line.startsWith('@') && all.at(-1)?.startsWith('@')) all[all.length - 1] += ` ${line}`
    else all.push(line)
  }
  return all
}
const tagged = (lines, tag) =>
  joined(lines).flatMap((line) => {
    const found = new RegExp(`^@${tag} (\\S+)(?: - (.*))?$`).exec(line)
    return found ? [{ name: found[1], ...(found[2] ? { description: found[2] } : {}) }] : []
  })

const PROPERTY = new RegExp(
  String.raw`(?:\/\*\*\s*(?<words>(?:(?!\*\/)[\s\S])*?)\s*\*\/\s*)?@property\((?<options>\{[^}]*\})?\)\s*` +
    String.raw`(?<name>\w+)(?:: (?<type>[^=\n]+?))? = (?<initial>[^\n]+)`,
  'g',
)
const METHOD =
  /\n {2}\/\*\* (?<words>[^\n]*) \*\/\n {2}(?:async )?(?<name>[a-z]\w*)\((?<given>[^)]*)\): (?<type>[^{\n]+) \{/g

function propertiesOf(source) {
  return [...source.matchAll(PROPERTY)].map(({ groups }) => {
    const attribute = /attribute: false/.test(groups.options ?? '')
      ? null
      : (/attribute: '([^']+)'/.exec(groups.options ?? '')?.[1] ?? groups.name.toLowerCase())
    const type =
      groups.type ??
      (/^(true|false)$/.test(groups.initial) ? 'boolean' : /^\d/.test(groups.initial) ? 'number' : 'string')
    return {
      name: groups.name,
      attribute,
      type,
      initial: groups.initial,
      reflects: /reflect: true/.test(groups.options ?? ''),
      ...(groups.words ? { description: groups.words.replace(/\s*\n\s*\*\s*/g, ' ') } : {}),
    }
  })
}

function elementIn(file) {
  const source = readFileSync(file, 'utf8')
  const made = /@element\('(?<tag>[^']+)'\)\s*export class (?<name>\w+)/.exec(source)
  if (!made) return null
  const before = source.slice(0, made.index)
  const [lead = ''] = /^\/\*\*[\s\S]*?\*\//.exec(source) ?? []
  const own = before.trimEnd().endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : ''
  const lines = [...wordsOf(lead), ...(own === lead ? [] : wordsOf(own))]
  const documented = new Map(tagged(lines, 'attr').map((each) => [each.name, each.description]))
  const properties = propertiesOf(source)
  const attributes = properties.flatMap(({ name, attribute, type, description }) =>
    attribute === null
      ? []
      : [
          {
            name: attribute,
            fieldName: name,
            type: { text: type },
            ...(documented.has(attribute) || description
              ? { description: documented.get(attribute) ?? description }
              : {}),
          },
        ],
  )
  return {
    kind: 'class',
    customElement: true,
    tagName: made.groups.tag,
    name: made.groups.name,
    description: joined(wordsOf(lead))
      .filter((line) => line && !line.startsWith('@'))
      .join(' '),
    superclass: { name: 'LitElement', package: 'lit' },
    attributes,
    members: [
      ...properties.map(({ name, attribute, type, initial, reflects, description }) => ({
        kind: 'field',
        name,
        type: { text: type },
        default: initial,
        ...(attribute === null ? {} : { attribute }),
        ...(reflects ? { reflects } : {}),
        ...(description ? { description } : {}),
      })),
      ...[...source.matchAll(METHOD)]
        .filter(({ groups }) => !/^(if|for|while|switch)$/.test(groups.name))
        .map(({ groups }) => ({
          kind: 'method',
          name: groups.name,
          description: groups.words,
          return: { type: { text: groups.type.trim() } },
        })),
    ],
    events: tagged(lines, 'fires').map((event) => ({
      ...event,
      type: { text: event.name === 'lamppost-incident-request' ? 'IncidentRequestEvent' : 'CustomEvent' },
    })),
    cssParts: tagged(lines, 'csspart'),
  }
}

/** @param folder web-components. @param module the one file that a page loads, as the package names it */
export function manifestOf(folder, module) {
  const named = [
    ...new Set(
      [...readFileSync(join(folder, 'theme', 'theme.ts'), 'utf8').matchAll(/var\((--lamppost-[a-z-]+)/g)].map(
        ([, name]) => name,
      ),
    ),
  ]
  const exported = readFileSync(join(folder, 'lamppost.ts'), 'utf8')
  const elements = readdirSync(folder)
    .filter((name) => name.startsWith('lamppost-'))
    .flatMap((name) => elementIn(join(folder, name, `${name}.ts`)) ?? [])
    .filter(({ name }) => new RegExp(`\\b${name}\\b`).test(exported))
    .map((element) => ({ ...element, cssProperties: named.map((name) => ({ name })) }))
  const from = ({ name }) => ({ name, module })
  return {
    schemaVersion: '1.0.0',
    readme: 'web-components/README.md',
    modules: [
      {
        kind: 'javascript-module',
        path: module,
        declarations: elements,
        exports: elements.flatMap((element) => [
          { kind: 'js', name: element.name, declaration: from(element) },
          { kind: 'custom-element-definition', name: element.tagName, declaration: from(element) },
        ]),
      },
    ],
  }
}
