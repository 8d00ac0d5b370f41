/** Where in a site file's text each thing stands: its first letter, its last, its lines. Pure. */
import {
  type Alias,
  type CST,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml'
import { MOST_ALIASES } from '../site-yaml.ts'

export const parsed = (text: string): Document.Parsed =>
  parseDocument(text, { uniqueKeys: false, keepSourceTokens: true })
/** @throws when an alias names nothing, or multiplies the file */
export const valueOf = (document: Document, node: unknown): unknown =>
  isNode(node) ? (node.toJS(document, { maxAliasCount: MOST_ALIASES }) as unknown) : node

/** Where a value may stand: behind the `:` of its key, or the `-` of its list. */
export type Slot = {
  /** Behind that sign, or where the value begins in braces and brackets. */
  after: number
  /** In braces or brackets. */
  inFlow: boolean
  /** There is no `:` yet. */
  isBare: boolean
  anchor: CST.SourceToken | null
  tag: CST.SourceToken | null
}
/** The file is written in a way that is not changed here, such as keys of their own sign (`? key`). */
export class Unusual extends Error {}

const slotOf = (tokens: readonly CST.SourceToken[], sign: CST.SourceToken['type'], otherwise: number): Slot => {
  const at = tokens.findIndex(({ type }) => type === sign)
  const props = tokens.slice(at + 1)
  const found = tokens[at]
  return {
    after: found ? found.offset + found.source.length : otherwise,
    inFlow: false,
    isBare: found === undefined,
    anchor: props.find(({ type }) => type === 'anchor') ?? null,
    tag: props.find(({ type }) => type === 'tag') ?? null,
  }
}
const tokenOf = (collection: YAMLMap | YAMLSeq): CST.BlockMap | CST.BlockSequence | CST.FlowCollection => {
  const { srcToken } = collection as { srcToken?: CST.Token }
  if (srcToken?.type === 'block-map' || srcToken?.type === 'block-seq' || srcToken?.type === 'flow-collection')
    return srcToken
  throw new Unusual()
}
export const isInBraces = (collection: YAMLMap | YAMLSeq): boolean => tokenOf(collection).type === 'flow-collection'

export type Entry = { key: string; keyAt: number; value: unknown; slot: Slot }
export function entriesOf(map: YAMLMap): Entry[] {
  const inFlow = isInBraces(map)
  return map.items.map((pair: Pair) => {
    const { key, value } = pair
    const token = (pair as { srcToken?: { start?: CST.SourceToken[]; sep?: CST.SourceToken[] } }).srcToken
    if (!isScalar(key) || !key.range || token?.start?.some(({ type }) => type === 'explicit-key-ind'))
      throw new Unusual()
    const slot = slotOf(token?.sep ?? [], 'map-value-ind', key.range[1])
    const name = key.value === null ? '' : String(key.value)
    return { key: name, keyAt: key.range[0], value, slot: { ...slot, inFlow } }
  })
}
/** `at`: of the `-`, or of the item. */
export type Item = { at: number; value: unknown; slot: Slot }
export function itemsOf(seq: YAMLSeq): Item[] {
  const token = tokenOf(seq)
  const inFlow = token.type === 'flow-collection'
  const tokens = inFlow
    ? token.items.filter(({ value, key, sep }) => value ?? key ?? sep)
    : token.items.filter(({ start }) => start.some(({ type }) => type === 'seq-item-ind'))
  if (tokens.length !== seq.items.length) throw new Unusual()
  return seq.items.map((value, i) => {
    const { start } = tokens[i] ?? { start: [] }
    if (!isNode(value) || !value.range) throw new Unusual()
    const slot = slotOf(start, inFlow ? 'comma' : 'seq-item-ind', value.range[0])
    const dash = start.find(({ type }) => type === 'seq-item-ind')
    const from = Math.min(slot.anchor?.offset ?? value.range[0], slot.tag?.offset ?? value.range[0])
    return { at: inFlow ? from : (dash?.offset ?? from), value, slot: { ...slot, inFlow, isBare: false } }
  })
}

/** Behind its last letter. A text of several lines (`|`) ends where the next line begins. */
export function endOf(node: unknown, slot: Slot): number {
  if (isBlock(node)) {
    const last = isMap(node) ? entriesOf(node).at(-1) : itemsOf(node).at(-1)
    return last ? endOf(last.value, last.slot) : startOf(node)
  }
  return Math.max(propsEnd(slot), isNode(node) && node.range && !isVoid(node) ? node.range[1] : 0)
}
/** Behind its anchor and tag, before its value. */
export const propsEnd = ({ after, anchor, tag }: Slot): number =>
  Math.max(after, ...[anchor, tag].map((token) => (token ? token.offset + token.source.length : 0)))
/** Nothing is written there, which is null. */
export const isVoid = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1])
export const isBlockText = (node: unknown): boolean =>
  isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
export const isBlock = (node: unknown): node is YAMLMap | YAMLSeq => isCollection(node) && !isInBraces(node)
export const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0)

/** Lines of the text. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1
/** Where the letters of that line end; the end of the line is behind that. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  if (end === -1) return text.length
  return end > at && text[end - 1] === '\r' ? end - 1 : end
}
/** The same for what ends there: a text of several lines ends where the next line begins. */
export function lastLineEnd(text: string, end: number): number {
  if (end === 0 || text[end - 1] !== '\n') return lineEnd(text, end)
  return text[end - 2] === '\r' ? end - 2 : end - 1
}
/** The first letter of the next line, or the end of the text. */
export const nextLine = (text: string, end: number): number => {
  const at = text.indexOf('\n', end)
  return at === -1 ? text.length : at + 1
}
export const isAloneBefore = (text: string, at: number): boolean => text.slice(lineStart(text, at), at).trim() === ''
export const columnOf = (text: string, at: number): number => at - lineStart(text, at)
const commentColumn = (line: string): number => /^( *)#/.exec(line)?.[1]?.length ?? -1
/** With the comments below it that stand deeper than what it belongs to. */
export function endWithComments(text: string, end: number, column: number): number {
  let last = lastLineEnd(text, end)
  for (let from = nextLine(text, last); from < text.length; from = nextLine(text, last)) {
    const upTo = lineEnd(text, from)
    if (commentColumn(text.slice(from, upTo)) <= column) break
    last = upTo
  }
  return last
}
/** With the comments directly above it, at its own column. */
export function startWithComments(text: string, start: number, column: number): number {
  let first = start
  while (first > 0) {
    const above = lineStart(text, first - 1)
    if (commentColumn(text.slice(above, first - 1)) !== column) return first
    first = above
  }
  return first
}
/**
 * What each node says, and which node each alias stands for: the newest before it of that name.
 * @throws Unusual for an alias that names nothing, or what it stands in
 */
export function valuesOf(document: Document): { values: Map<unknown, unknown>; targets: Map<Alias, Node> } {
  const values = new Map<unknown, unknown>()
  const targets = new Map<Alias, Node>()
  const anchors = new Map<string, Node>()
  function value(node: unknown): unknown {
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (!target || !values.has(target)) throw new Unusual()
      targets.set(node, target)
      values.set(node, values.get(target))
      return values.get(target)
    }
    if (isNode(node) && 'anchor' in node && node.anchor) anchors.set(node.anchor, node)
    const made = isMap(node) ? mapValue(node) : isSeq(node) ? node.items.map(value) : isScalar(node) ? node.value : null
    values.set(node, made)
    return made
  }
  const mapValue = (map: YAMLMap): Record<string, unknown> =>
    Object.fromEntries(
      map.items.map(({ key, value: each }) => {
        if (!isScalar(key)) throw new Unusual()
        return [key.value === null ? '' : String(key.value), value(each)]
      }),
    )
  value(document.contents)
  return { values, targets }
}
