/**
 * One camera, help point, contact or safe place of a site file's text: put, or deleted, while every other line stays as it
 * was written. Pure.
 */
import {
  type Document,
  LineCounter,
  type Node,
  type YAMLSeq,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml'
import { Failure } from '../../tools/failure.ts'
import { addItem, parsed, removeItem, removeKey, resolved, setItem, textOf, valueOf } from './yaml-merge.ts'

/** As the API calls them, and as the site file does. */
export const THINGS = {
  cameras: 'cameras',
  'help-points': 'helpPoints',
  contacts: 'contacts',
  'safe-places': 'safePlaces',
} as const
export type Thing = keyof typeof THINGS
export type Reference = { line: number; key: string; problem: string }

/** What a safe place without an id is called, from its name. */
export const idOfName = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f’']/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)

function idOf(document: Document, thing: Thing, item: unknown): string | null {
  const value = valueOf(document, item) as { id?: unknown; name?: unknown } | null
  if (typeof value?.id === 'string') return value.id
  return thing === 'safe-places' && typeof value?.name === 'string' ? idOfName(value.name) : null
}
/** @throws site/invalid for a list that is none */
function listOf(document: Document, thing: Thing): YAMLSeq | null {
  const node = resolved(document, document.get(THINGS[thing], true))
  if (isSeq(node)) return node
  if (node === undefined || node === null || (isScalar(node) && node.value === null)) return null
  throw new Failure('site/invalid', `${THINGS[thing]} is no list: mend the file first.`)
}
const placeIn = (document: Document, thing: Thing, list: YAMLSeq | null, id: string): number =>
  list?.items.findIndex((item) => idOf(document, thing, item) === id) ?? -1

/** @throws site/invalid when the text is no YAML */
function read(text: string): Document.Parsed {
  const document = parsed(text)
  const [error] = document.errors
  if (error) throw new Failure('site/invalid', `The site file cannot be read now: ${error.message.split('\n')[0]}`)
  return document
}

/** @param value without its id */
export function putThing(
  text: string,
  thing: Thing,
  id: string,
  value: Readonly<Record<string, unknown>>,
): { text: string; isNew: boolean } {
  const document = read(text)
  const list = listOf(document, thing)
  const at = placeIn(document, thing, list, id)
  const whole = { id, ...value }
  if (list && at >= 0) setItem(document, list, at, whole)
  else if (list) addItem(document, list, whole)
  else document.set(THINGS[thing], document.createNode([whole]))
  return { text: textOf(document, text), isNew: at < 0 }
}

type Use = { node: Node; key: string; remove(): void }
/** Where the file names it beside its own place. */
function usesOf(document: Document, thing: Thing, id: string): Use[] {
  const uses: Use[] = []
  const inMap = (map: unknown, key: string, after: () => void = () => {}): void => {
    const node = resolved(document, map)
    if (!isMap(node)) return
    const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === id)
    if (!pair || !isNode(pair.key)) return
    const remove = (): void => {
      removeKey(document, node, id)
      if (node.items.length === 0) after()
    }
    uses.push({ node: pair.key, key, remove })
  }
  const items = (name: string): unknown[] => {
    const list = resolved(document, document.get(name, true))
    return isSeq(list) ? list.items.map((item) => resolved(document, item)) : []
  }
  if (thing === 'help-points') {
    items('cameras').forEach((camera, i) => {
      if (isMap(camera))
        inMap(camera.get('presets', true), `cameras.${i}.presets.${id}`, () => removeKey(document, camera, 'presets'))
    })
    const device = resolved(document, document.get('onvifDevice', true))
    if (isMap(device))
      inMap(device.get('address', true), `onvifDevice.address.${id}`, () => removeKey(document, device, 'address'))
  }
  if (thing === 'cameras') {
    items('connectors').forEach((connector, i) => {
      if (isMap(connector))
        inMap(connector.get('cameras', true), `connectors.${i}.cameras.${id}`, () =>
          removeKey(document, connector, 'cameras'),
        )
    })
    items('helpPoints').forEach((helpPoint, i) => {
      if (isMap(helpPoint)) uses.push(...inputsOf(document, helpPoint, `helpPoints.${i}.sources`, id))
    })
  }
  return uses
}
/** Digital inputs of that camera among a help point's sources. */
function inputsOf(document: Document, helpPoint: unknown, key: string, camera: string): Use[] {
  const sources = isMap(helpPoint) ? resolved(document, helpPoint.get('sources', true)) : null
  if (!isSeq(sources)) return []
  return sources.items.flatMap((item, j) => {
    const value = valueOf(document, item) as { onvifInput?: { camera?: unknown } } | null
    if (value?.onvifInput?.camera !== camera || !isNode(item)) return []
    const remove = (): void => {
      removeItem(document, sources, sources.items.indexOf(item))
      if (sources.items.length === 0 && isMap(helpPoint)) removeKey(document, helpPoint, 'sources')
    }
    return [{ node: item, key: `${key}.${j}.onvifInput.camera`, remove }]
  })
}

/**
 * @param removeReferences what names it goes with it; else
 * @throws site/referenced with each reference's line; site/unknown when there is no such thing
 */
export function deleteThing(text: string, thing: Thing, id: string, removeReferences: boolean): string {
  read(text)
  const lines = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines })
  const list = listOf(document, thing)
  const at = placeIn(document, thing, list, id)
  if (!list || at < 0) throw new Failure('site/unknown', `The site file has no ${THINGS[thing]} with the id "${id}".`)
  const uses = usesOf(document, thing, id)
  if (uses.length > 0 && !removeReferences) {
    const problems = uses.map(({ node, key }): Reference => ({
      line: lines.linePos(node.range?.[0] ?? 0).line,
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
  removeItem(document, list, at)
  return textOf(document, text)
}
