/**
 * One camera, help point, contact or safe place of a site file's text: put, or deleted, while every other line stays as it
 * was written. Pure.
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { Failure } from '../../tools/failure.ts'
import { safePlaceIds } from '../safe-place-ids.ts'
import { readYaml } from '../site-yaml.ts'
import { type Plain, isPlain, sameValue } from './values.ts'
import { spliced } from './yaml-splice.ts'

/** As the API calls them, and as the site file does. */
export const THINGS = {
  cameras: 'cameras',
  'help-points': 'helpPoints',
  contacts: 'contacts',
  'safe-places': 'safePlaces',
} as const
export type Thing = keyof typeof THINGS
export type Reference = { line: number; key: string; problem: string }

/** @throws site/invalid when the text is no YAML that could be a town's */
function read(text: string): Plain {
  const cannot = (words: string, line: number): Failure =>
    new Failure('site/invalid', `The site file cannot be read now: ${words}`, {
      extra: { problems: [{ line, key: '', problem: words }] },
    })
  const found = readYaml(text)
  if (found.problems) throw cannot(found.problems[0].problem, found.problems[0].line)
  const { document, value } = found
  for (const name of Object.values(THINGS))
    if (isMap(document.contents) && isAlias(document.contents.get(name, true)))
      throw cannot(`${name} stands there by an alias: write the list out first`, 1)
  if (!isPlain(value)) throw cannot('it is no map of names', 1)
  return plainCopy(value)
}

/** Deeper than anything that a town has. */
const DEEPEST = 100
/** Things that share an anchor share nothing in it. @throws site/invalid for what is nested in itself, or too deep */
function plainCopy<Value>(value: Value, depth = 0): Value {
  if (depth > DEEPEST) throw new Failure('site/invalid', 'The site file is nested too deep to be a town’s.')
  if (Array.isArray(value)) return value.map((each: unknown) => plainCopy(each, depth + 1)) as Value
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainCopy(each, depth + 1)])) as Value
}

/** @throws site/invalid for a file that is not changed piece by piece */
function written(text: string, value: Plain): string {
  const made = spliced(text, value)
  if (made !== null) return made
  throw new Failure(
    'site/invalid',
    'The site file is written in a way that pages cannot change without touching the rest of it: change its text instead.',
  )
}
/** Changes the file's value, and so its text. What the change leaves as it is stays as it was written. */
export const changed = (text: string, change: (town: Plain) => void): string => {
  const value = read(text)
  change(value)
  return written(text, value)
}

/** @throws site/invalid for a list that is none */
function listOf(town: Plain, thing: Thing): unknown[] {
  const list = town[THINGS[thing]]
  if (Array.isArray(list)) return list
  if (list === undefined || list === null) return []
  throw new Failure('site/invalid', `${THINGS[thing]} is no list: mend the file first.`)
}
function placeIn(thing: Thing, list: readonly unknown[], id: string): number {
  const items = list.map((item) => (isPlain(item) ? item : {}))
  const ids = thing === 'safe-places' ? safePlaceIds(items) : items.map((item) => item['id'])
  return ids.indexOf(id)
}

/** @param value without its id */
export function putThing(
  text: string,
  thing: Thing,
  id: string,
  value: Readonly<Plain>,
): { text: string; isNew: boolean } {
  const whole = { id, ...plainCopy(value) }
  let isNew = false
  const made = changed(text, (town) => {
    const list = listOf(town, thing)
    const at = placeIn(thing, list, id)
    isNew = at < 0
    if (isNew) list.push(whole)
    else if (!(thing === 'safe-places' && saysSame(list[at], value))) list[at] = whole
    town[THINGS[thing]] = list
  })
  return { text: made, isNew }
}
/** A safe place that says the same gets no id of its own by that. */
const saysSame = (item: unknown, value: Readonly<Plain>): boolean =>
  isPlain(item) && !Object.hasOwn(item, 'id') && sameValue(item, value)

type Path = readonly (string | number)[]
/** Where the town names it beside its own place, and how that is taken away. */
type Use = { at: Path; key: string; remove(): void }
const items = (value: unknown): Plain[] =>
  Array.isArray(value) ? value.map((item) => (isPlain(item) ? item : {})) : []
/** In a map by ids; a map that is empty then goes, too. */
function inMap(holder: unknown, name: string, id: string, at: Path): Use[] {
  const map = isPlain(holder) ? holder[name] : null
  if (!isPlain(holder) || !isPlain(map) || !Object.hasOwn(map, id)) return []
  const remove = (): void => {
    delete map[id]
    if (Object.keys(map).length === 0) delete holder[name]
  }
  const path = [...at, name, id]
  return [{ at: path, key: path.join('.'), remove }]
}
/** Digital inputs of that camera among a help point's sources. */
function inputsOf(helpPoint: Plain, camera: string, i: number): Use[] {
  return items(helpPoint['sources']).flatMap((source, j) => {
    const input = source['onvifInput']
    if (!isPlain(input) || input['camera'] !== camera) return []
    const remove = (): void => {
      const left = items(helpPoint['sources']).filter((each) => !sameValue(each, source))
      if (left.length > 0) helpPoint['sources'] = left
      else delete helpPoint['sources']
    }
    const at = ['helpPoints', i, 'sources', j]
    return [{ at, key: [...at, 'onvifInput', 'camera'].join('.'), remove }]
  })
}
function usesOf(town: Plain, thing: Thing, id: string): Use[] {
  if (thing === 'help-points')
    return [
      ...items(town['cameras']).flatMap((camera, i) => inMap(camera, 'presets', id, ['cameras', i])),
      ...inMap(town['onvifDevice'], 'address', id, ['onvifDevice']),
    ]
  if (thing === 'cameras')
    return [
      ...items(town['connectors']).flatMap((connector, i) => inMap(connector, 'cameras', id, ['connectors', i])),
      ...items(town['helpPoints']).flatMap((helpPoint, i) => inputsOf(helpPoint, id, i)),
    ]
  return []
}
/** Where something stands in the text; what is borrowed, at its alias. */
function linesIn(text: string): (path: Path) => number {
  const lines = new LineCounter()
  const { contents } = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  return (path) => {
    let node: unknown = contents
    let at = 0
    for (const step of path) {
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
        : undefined
      const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined
      const mark: unknown = pair ? pair.key : next
      at = (mark as { range?: [number, number, number] } | undefined)?.range?.[0] ?? at
      node = next
    }
    return lines.linePos(at).line
  }
}

/**
 * @param removeReferences what names it goes with it; else
 * @throws site/referenced with each reference's line; site/unknown when there is no such thing
 */
export function deleteThing(text: string, thing: Thing, id: string, removeReferences: boolean): string {
  return changed(text, (town) => {
    const list = listOf(town, thing)
    const at = placeIn(thing, list, id)
    if (at < 0) throw new Failure('site/unknown', `The site file has no ${THINGS[thing]} with the id "${id}".`)
    const uses = usesOf(town, thing, id)
    if (uses.length > 0 && !removeReferences) {
      const lineOf = linesIn(text)
      const problems = uses.map(({ at: path, key }): Reference => ({
        line: lineOf(path),
        key,
        problem: `names ${id}`,
      }))
      throw new Failure(
        'site/referenced',
        `"${id}" is named elsewhere in the site file, line ${problems.map(({ line }) => line).join(', ')}: take that away first, or ` +
          'ask with references=remove.',
        { extra: { problems } },
      )
    }
    for (const use of uses) use.remove()
    list.splice(at, 1)
  })
}
