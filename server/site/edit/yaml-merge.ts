/**
 * Changes a YAML document as somebody would by hand: what stays the same keeps its node, with its comments, its style and
 * its place; an anchor that others use stays what it was for them. Pure.
 */
import {
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml'
import { sameLines } from './line-diff.ts'

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => value !== null && typeof value === 'object' && !Array.isArray(value)
export const sameValue = (one: unknown, other: unknown): boolean => {
  if (isPlain(one) && isPlain(other)) {
    const keys = Object.keys(one)
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && sameValue(one[key], other[key]))
    )
  }
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, i) => sameValue(each, other[i]))
  return Object.is(one, other)
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key)
export const valueOf = (document: Document, node: unknown): unknown =>
  isNode(node) ? (node.toJS(document) as unknown) : node
/** The node that an alias stands for. */
export const resolved = (document: Document, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)

function fresh(document: Document, value: unknown, like: unknown): Node {
  const made = document.createNode(value)
  if (isNode(like)) {
    if (like.commentBefore) made.commentBefore = like.commentBefore
    if (like.comment) made.comment = like.comment
    if (like.spaceBefore) made.spaceBefore = like.spaceBefore
  }
  return made
}

/** @returns the node with the value: the same one where that is possible */
function merged(document: Document, node: unknown, value: unknown): Node {
  if (isNode(node) && sameValue(valueOf(document, node), value)) return node
  if (isMap(node) && isPlain(value)) return mergedMap(document, node, value)
  if (isSeq(node) && Array.isArray(value)) return mergedSeq(document, node, value)
  if (isScalar(node) && !isPlain(value) && !Array.isArray(value)) {
    node.value = value
    // How it was written was another value's.
    delete node.source
    return node
  }
  return fresh(document, value, node)
}
function mergedMap(document: Document, map: YAMLMap, value: Plain): YAMLMap {
  map.items = map.items.filter((pair) => Object.hasOwn(value, keyOf(pair)))
  for (const pair of map.items) pair.value = merged(document, pair.value, value[keyOf(pair)])
  const known = new Set(map.items.map(keyOf))
  for (const [key, each] of Object.entries(value)) if (!known.has(key)) map.items.push(document.createPair(key, each))
  return map
}
/** An item is the one that says the same, or has the same id or name, or stood at the same place. */
function mergedSeq(document: Document, seq: YAMLSeq, value: readonly unknown[]): YAMLSeq {
  const left = [...seq.items]
  const take = (fits: (item: unknown, i: number) => boolean): unknown => {
    const at = left.findIndex((item, i) => item !== undefined && fits(item, i))
    if (at === -1) return undefined
    const [found] = left.splice(at, 1, undefined)
    return found
  }
  const same = value.map((each) => take((item) => sameValue(valueOf(document, item), each)))
  const nameOf = (each: unknown): unknown => (isPlain(each) ? (each.id ?? each.name) : undefined)
  seq.items = value.map((each, i) => {
    const known = same[i]
    if (known !== undefined) return known
    const name = nameOf(each)
    const like =
      (name === undefined ? undefined : take((item) => nameOf(valueOf(document, item)) === name)) ??
      take((item, at) => at === i && isMap(item) === isPlain(each))
    return merged(document, like, each)
  })
  return seq
}

/** Nodes below it that have an anchor, by its name. */
function anchored(node: Node): Map<string, Node> {
  const found = new Map<string, Node>()
  visit(node, {
    Node(_, each) {
      if (!isAlias(each) && each.anchor) found.set(each.anchor, each)
    },
  })
  return found
}
/** Aliases of the document that are not below the node, in their order. */
function aliasesOutside(document: Document, node: Node | null): { name: string; replace(by: Node): void }[] {
  const found: { name: string; replace(by: Node): void }[] = []
  visit(document, (key, each, path) => {
    if (each === node) return visit.SKIP
    const parent = path.at(-1)
    if (!isAlias(each)) return undefined
    found.push({
      name: each.source,
      replace(by) {
        if (isSeq(parent) && typeof key === 'number') parent.items[key] = by
        else if (parent && 'value' in parent) parent.value = by
      },
    })
    return undefined
  })
  return found
}

/**
 * Does `act` to what is below the node. Who uses an anchor from there by an alias elsewhere still has what it was: the first
 * of them takes the anchor over, for those after it.
 */
function keepingAnchors(document: Document, node: Node, act: () => Node | null): void {
  const before = [...anchored(node)].map(([name, each]) => ({
    name,
    value: valueOf(document, each),
    copy: each.clone() as Node,
  }))
  const after = act()
  const now = after === null ? new Map<string, Node>() : anchored(after)
  for (const { name, value, copy } of before) {
    const still = now.get(name)
    if (still && sameValue(valueOf(document, still), value)) continue
    const first = aliasesOutside(document, after).find((alias) => alias.name === name)
    if (!first) continue
    if (still && 'anchor' in still) delete still.anchor
    first.replace(copy)
  }
}

/** Aliases below a node whose anchor is below it, too, become what they stand for: each may then change by itself. */
function withoutInnerAliases(document: Document, node: Node): void {
  const own = anchored(node)
  visit(node, {
    Alias(_, alias) {
      if (!own.has(alias.source)) return undefined
      const target = alias.resolve(document)
      if (!target) return undefined
      const copy = target.clone() as Node
      if ('anchor' in copy) delete copy.anchor
      return copy
    },
  })
}

/** The item of a list gets this value. */
export function setItem(document: Document, seq: YAMLSeq, at: number, value: unknown): void {
  const item = seq.items[at]
  if (!isNode(item) || sameValue(valueOf(document, item), value)) return
  if (isAlias(item)) {
    seq.items[at] = fresh(document, value, item)
    return
  }
  keepingAnchors(document, item, () => {
    withoutInnerAliases(document, item)
    const made = merged(document, item, value)
    seq.items[at] = made
    return made
  })
}
export function removeItem(document: Document, seq: YAMLSeq, at: number): void {
  const item = seq.items[at]
  const remove = (): null => {
    seq.items.splice(at, 1)
    return null
  }
  if (isNode(item) && !isAlias(item)) keepingAnchors(document, item, remove)
  else remove()
}
/** At the end of the list, written as the others are. */
export function addItem(document: Document, seq: YAMLSeq, value: unknown): void {
  const made = document.createNode(value)
  const other = seq.items.find((item) => isMap(item))
  if (isMap(made) && isMap(other) && other.flow) made.flow = true
  if (seq.items.length === 0) seq.flow = false
  seq.items.push(made)
}
export function removeKey(document: Document, map: YAMLMap, key: string): void {
  const pair = map.items.find((each) => keyOf(each) === key)
  if (!pair) return
  const remove = (): null => {
    map.items = map.items.filter((each) => each !== pair)
    return null
  }
  if (isNode(pair.value) && !isAlias(pair.value)) keepingAnchors(document, pair.value, remove)
  else remove()
}

const written = (document: Document, before: string): string =>
  document.toString({
    lineWidth: 0,
    flowCollectionPadding: true,
    indent: Math.min(8, Math.max(2, /^( +)\S/m.exec(before)?.[1]?.length ?? 2)),
    indentSeq: !/^[\w-]+:[^\S\n]*(?:#.*)?\n- /m.test(before),
  })

/**
 * The document as text: each line that the edit did not change stands as it was written, with its blanks, its quotes and its
 * ends of lines. Where the file's writing is too far from our own to tell the lines apart, it is written anew.
 */
export function textOf(document: Document, before: string): string {
  const lines = before.replaceAll('\r\n', '\n').split('\n')
  const after = written(document, before)
  const ours = written(parsed(before), before).split('\n')
  const withEnds = (text: string): string => (before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text)
  if (ours.length !== lines.length) return withEnds(after)
  const now = after.split('\n')
  const kept = sameLines(ours, now)
    .map((line, i) => (line === null ? now[i] : lines[line]))
    .join('\n')
  const means = parsed(kept)
  return withEnds(means.errors.length === 0 && sameValue(means.toJS(), parsed(after).toJS()) ? kept : after)
}
export const parsed = (text: string): Document.Parsed => parseDocument(text, { uniqueKeys: true })
