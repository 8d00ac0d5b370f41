/**
 * Changes the text of a YAML file as somebody would by hand: only the letters of what changes are written anew. Every
 * comment, blank line, quote and order beside them stays as it was, and who borrows an anchor keeps what it was. Pure.
 */
import { type Document, type Node, isAlias, isMap, isNode, isSeq, visit } from 'yaml'
import { whichIsWhich } from './list-match.ts'
import { type Plain, isHollow, isListOfMaps, isNested, isPlain, sameValue } from './values.ts'
import { type Indents, fitsOneLine, inBlock, onOneLine, scalarText } from './yaml-render.ts'
import {
  type Entry,
  type Item,
  type Slot,
  Unusual,
  columnOf,
  endOf,
  endWithComments,
  entriesOf,
  isAloneBefore,
  isBlock,
  isBlockText,
  isInBraces,
  isVoid,
  itemsOf,
  lastLineEnd,
  lineStart,
  nextLine,
  parsed,
  propsEnd,
  startOf,
  startWithComments,
  valueOf,
  valuesOf,
} from './yaml-source.ts'

type Range = { from: number; to: number; text: string }

/** Things of the town stand as blocks of their own, unless their siblings do not. */
const DEPTH_OF_THINGS = 2

function createPlan(document: Document, text: string) {
  const edits: Range[] = []
  const { values, targets } = valuesOf(document)
  const theirs = (node: unknown): unknown => values.get(node) ?? null
  /** What an anchor or alias is to say; those that are not in it say what they did. */
  const wanted = new Map<Node, unknown>()
  const gone = new Set<Node>()
  /** Anchors of what is written here, for whom they may have to go. */
  const anchors = new Map<Node, Slot>()
  const end = /\r\n/.test(text) ? '\r\n' : '\n'
  const indents: Indents = {
    step: Math.min(8, Math.max(2, /^( +)[^\s#]/m.exec(text)?.[1]?.length ?? 2)),
    lists: !/^[\w-]+:[^\S\r\n]*(?:#.*)?\r?\n- /m.test(text),
  }
  const edit = (from: number, to: number, by = ''): void =>
    void edits.push({ from, to, text: by.replaceAll('\n', end) })

  /** What is below it is not there any more. */
  function loses(node: unknown, withItself: boolean): void {
    if (!isNode(node)) return
    visit(node, {
      Node(_, each) {
        if (each !== node || withItself) gone.add(each)
      },
    })
  }

  function put(node: unknown, value: unknown, slot: Slot, depth: number): void {
    if (isAlias(node)) {
      wanted.set(node, value)
      return
    }
    if (sameValue(theirs(node), value)) return
    if (isNode(node) && 'anchor' in node && node.anchor) {
      wanted.set(node, value)
      anchors.set(node, slot)
    }
    const entries = isMap(node) && isPlain(value) ? entriesOf(node) : []
    const pairs = isSeq(node) && Array.isArray(value) ? whichIsWhich(node.items.map(theirs), value) : []
    if (isPlain(value) && entries.some(({ key }) => Object.hasOwn(value, key))) putMap(entries, value, depth)
    else if (isSeq(node) && Array.isArray(value) && pairs.some((at) => at !== null))
      putSeq(itemsOf(node), isInBraces(node), value, pairs, depth)
    // Nothing of it stays.
    else rewrite(node, value, slot, depth)
  }

  function putMap(entries: Entry[], value: Plain, depth: number): void {
    const left = entries.filter(({ key }) => Object.hasOwn(value, key))
    const known = new Set(left.map(({ key }) => key))
    const added = Object.entries(value).filter(([key]) => !known.has(key))
    const last = left.at(-1)
    if (!last) throw new Unusual()
    const inFlow = last.slot.inFlow
    const spans = entries.map((entry) => ({
      at: entry.keyAt,
      end: endOf(entry.value, entry.slot),
      isKept: known.has(entry.key),
      act: (): void => {
        if (known.has(entry.key)) put(entry.value, value[entry.key], entry.slot, depth + 1)
        else loses(entry.value, true)
      },
    }))
    takeOut(spans, inFlow)
    const at = endOf(last.value, last.slot)
    for (const [key, each] of added) {
      const name = onOneLine(key)
      if (inFlow) {
        edit(at, at, `, ${name}: ${onOneLine(each)}`)
        continue
      }
      const column = columnOf(text, last.keyAt)
      const line = endWithComments(text, at, column)
      const said = isLong(each, depth + 1) ? `\n${below(each, column, depth + 1)}` : ` ${inlineOf(each)}`
      edit(line, line, `\n${' '.repeat(column)}${name}:${said}`)
    }
  }
  /** Not on the line of its key. */
  const isLong = (value: unknown, depth: number): boolean =>
    isNested(value) && !isHollow(value) && (!fitsOneLine(value) || (depth < DEPTH_OF_THINGS && isListOfMaps(value)))
  const inlineOf = (value: unknown): string => (isNested(value) ? onOneLine(value) : scalarText(value, null))
  /** Lines below a key that stands at that column. */
  const below = (value: unknown, column: number, depth: number): string => {
    const deeper = Array.isArray(value) && !indents.lists ? column : column + indents.step
    return inBlock(value, deeper, indents, blocksAt(depth))
  }
  /** Levels that stand below each other, however short they are. */
  const blocksAt = (depth: number): number => Math.max(1, DEPTH_OF_THINGS + 1 - depth)

  type Span = { at: number; end: number; isKept: boolean; act(): void }
  /** Acts on each in their order, and takes those away that are not kept. One at least is kept. */
  function takeOut(spans: readonly Span[], inFlow: boolean): void {
    const lastKept = spans.findLastIndex(({ isKept }) => isKept)
    let cutTo = 0
    for (const [i, span] of spans.entries()) {
      span.act()
      if (span.isKept || span.at < cutTo) continue
      if (inFlow && i > lastKept) {
        // The comma before it goes with it; comments between them stay.
        const [from, to] = commaAfter(spans[i - 1]?.end ?? 0)
        edit(from, text[to] === '#' ? from + 1 : to)
        edit(span.at, span.end)
      } else if (inFlow) {
        const [, to] = commaAfter(span.end)
        edit(span.at, text[to] === '#' ? to - 1 : to)
      } else if (isAloneBefore(text, span.at)) {
        const [from, to] = linesOf(span, i === 0)
        edit(from, to)
      } else {
        // It stands on the line of its list's "-": the next one moves up.
        const next = spans.find(({ isKept, at }) => isKept && at > span.at)
        if (!next) throw new Unusual()
        edit(span.at, next.at)
        cutTo = next.at
      }
    }
  }
  /** Comments above the first of its kind may be about all of them. */
  function linesOf({ at, end: last }: Span, isFirst: boolean): [number, number] {
    const column = columnOf(text, at)
    const start = lineStart(text, at)
    const from = isFirst ? start : startWithComments(text, start, column)
    const upTo = nextLine(text, endWithComments(text, last, column))
    // At the end of a text without an end of its last line, the one before goes.
    if (upTo === text.length && !text.endsWith('\n') && from > 0)
      return [from - (text[from - 2] === '\r' ? 2 : 1), upTo]
    const isBlankAround = /(?:^|\n)\r?\n$/.test(text.slice(0, from)) && /^(?:\r?\n|$)/.test(text.slice(upTo))
    return isBlankAround ? [from - (text[from - 2] === '\r' ? 2 : 1), upTo] : [from, upTo]
  }
  /** From the comma to behind the blanks after it. */
  function commaAfter(at: number): [number, number] {
    const comma = /((?:\s|#[^\n]*\n)*),[^\S\r\n]*/y
    comma.lastIndex = at
    const found = comma.exec(text)
    if (!found) throw new Unusual()
    return [at + (found[1] ?? '').length, at + found[0].length]
  }

  function putSeq(
    items: Item[],
    inFlow: boolean,
    values: readonly unknown[],
    pairs: readonly (number | null)[],
    depth: number,
  ): void {
    /** What each item of before becomes, by its place. */
    const kept = new Map<number, unknown>()
    /** New ones, by the place of the item that they stand behind; -1: in front of all. */
    const behind = new Map<number, unknown[]>()
    let before = -1
    for (const [i, at] of pairs.entries()) {
      if (at === null) {
        const those = behind.get(before) ?? []
        those.push(values[i])
        behind.set(before, those)
      } else {
        kept.set(at, values[i])
        before = at
      }
    }
    const first = items.find((_, i) => kept.has(i))
    if (behind.has(-1)) inFront(first, behind.get(-1) ?? [], depth, items)
    const spans = items.map((item, i) => ({
      at: item.at,
      end: endOf(item.value, item.slot),
      isKept: kept.has(i),
      act: (): void => {
        if (!kept.has(i)) {
          loses(item.value, true)
          return
        }
        put(item.value, kept.get(i), item.slot, depth + 1)
        for (const each of behind.get(i) ?? []) after(item, each, depth, items)
      },
    }))
    takeOut(spans, inFlow)
  }
  const itemText = (value: unknown, column: number, depth: number, siblings: readonly Item[]): string => {
    const likeThem = siblings.some(({ value: each }) => isMap(each) && !isVoid(each) && !isBlock(each))
    const isThing = depth + 1 === DEPTH_OF_THINGS && isPlain(value) && !isHollow(value) && !likeThem
    if (!isThing && (likeThem || fitsOneLine(value))) return `- ${inlineOf(value)}`
    return `- ${inBlock(value, column + 2, indents, 1).trimStart()}`
  }
  function inFront(
    first: Item | undefined,
    values: readonly unknown[],
    depth: number,
    siblings: readonly Item[],
  ): void {
    if (!first) throw new Unusual()
    if (first.slot.inFlow) edit(first.at, first.at, values.map((each) => `${onOneLine(each)}, `).join(''))
    else {
      const column = columnOf(text, first.at)
      const made = values.map((each) => itemText(each, column, depth, siblings)).join(`\n${' '.repeat(column)}`)
      edit(first.at, first.at, `${made}\n${' '.repeat(column)}`)
    }
  }
  function after({ at, value: node, slot }: Item, value: unknown, depth: number, siblings: readonly Item[]): void {
    const upTo = endOf(node, slot)
    if (slot.inFlow) {
      edit(upTo, upTo, `, ${onOneLine(value)}`)
      return
    }
    const column = columnOf(text, at)
    const line = endWithComments(text, upTo, column)
    const isApart = siblings.length > 1 && siblings.slice(1).every((each) => isBlankAbove(each.at))
    edit(line, line, `${isApart ? '\n' : ''}\n${' '.repeat(column)}${itemText(value, column, depth, siblings)}`)
  }
  const isBlankAbove = (at: number): boolean => {
    const start = startWithComments(text, lineStart(text, at), columnOf(text, at))
    return start > 0 && text.slice(lineStart(text, start - 1), start).trim() === ''
  }

  /** Another value in its place. */
  function rewrite(node: unknown, value: unknown, slot: Slot, depth: number): void {
    loses(node, false)
    if (slot.tag) takeToken(slot.tag)
    const [from, to] = [startOf(node), endOf(node, slot)]
    const isBelow = !slot.inFlow && isLong(value, depth)
    const line = isNested(value) || slot.inFlow ? onOneLine(value) : scalarText(value, node)
    const end = isBlockText(node) ? lastLineEnd(text, to) : to
    if (isVoid(node)) {
      if (isBelow) addBelow(to, value, slot, depth)
      else edit(to, to, `${slot.isBare ? ':' : ''} ${line}`)
    } else if (isBlock(node)) {
      const lines = isBelow ? inBlock(value, columnOf(text, from), indents, blocksAt(depth)).trimStart() : null
      if (lines !== null || !isAloneBefore(text, from)) edit(from, to, lines ?? line)
      else {
        edit(propsEnd(slot), propsEnd(slot), ` ${line}`)
        edit(lastLineEnd(text, lineStart(text, from)), lastLineEnd(text, to))
      }
    } else if (isBelow) {
      const isBare = slot.anchor === null && slot.tag === null
      edit(from - (isBare && text[from - 1] === ' ' ? 1 : 0), end)
      addBelow(end, value, slot, depth)
    } else edit(from, end, line)
  }
  const takeToken = ({ offset, source }: { offset: number; source: string }): void => {
    const to = offset + source.length
    edit(offset, to + (text[to] === ' ' ? 1 : 0))
  }
  /** Below the line that ends there, behind its comment. */
  function addBelow(at: number, value: unknown, slot: Slot, depth: number): void {
    const start = lineStart(text, slot.after - 1)
    const dashes = /^ *(?:- +)*/.exec(text.slice(start))?.[0].length ?? 0
    const line = lastLineEnd(text, at)
    edit(line, line, `\n${below(value, dashes, depth)}`)
  }

  /** Aliases say what they are to say: by their anchor where that still does; else the first of them becomes the anchor. */
  function settleAliases(): void {
    const byTarget = new Map<Node, { node: Node; name: string; wants: unknown }[]>()
    for (const [alias, target] of targets) {
      if (gone.has(alias)) continue
      const wants = wanted.has(alias) ? wanted.get(alias) : theirs(target)
      const users = byTarget.get(target) ?? []
      users.push({ node: alias, name: alias.source, wants })
      byTarget.set(target, users)
    }
    for (const [target, users] of byTarget) {
      const isThere = !gone.has(target)
      const says = wanted.has(target) ? wanted.get(target) : theirs(target)
      const others = users.filter(({ wants }) => !isThere || !sameValue(wants, says))
      const heir = others[0]
      if (!heir) continue
      const slot = anchors.get(target)
      const takesOver = others.length === users.length && (!isThere || slot !== undefined)
      if (takesOver && isThere && slot?.anchor) takeToken(slot.anchor)
      for (const user of others) {
        if (takesOver && user !== heir && sameValue(user.wants, heir.wants)) continue
        const [from, to] = user.node.range ?? [0, 0]
        edit(from, to, `${takesOver && user === heir ? `&${user.name} ` : ''}${onOneLine(user.wants)}`)
      }
    }
  }

  return {
    root(value: Plain): string {
      const { contents } = document
      if (!isMap(contents)) throw new Unusual()
      put(contents, value, { after: 0, inFlow: false, isBare: false, anchor: null, tag: null }, 0)
      settleAliases()
      return applied()
    },
  }
  function applied(): string {
    // Those at the same place stand in the order in which they were made: what is deeper comes first.
    const inOrder = edits
      .map((each, i) => ({ ...each, i, isInsert: each.from === each.to }))
      .toSorted((a, b) => a.from - b.from || Number(b.isInsert) - Number(a.isInsert) || a.i - b.i)
    let [made, at] = ['', 0]
    for (const { from, to, text: by } of inOrder) {
      if (from < at) throw new Unusual()
      made += text.slice(at, from) + by
      at = to
    }
    return made + text.slice(at)
  }
}

/**
 * @param value what the file is to say as a whole
 * @returns the text that says so; null when this file is written in a way that cannot be changed piece by piece
 */
export function spliced(text: string, value: Plain): string | null {
  const document = parsed(text)
  try {
    const made = createPlan(document, text).root(value)
    const means = parsed(made)
    return means.errors.length === 0 && sameValue(valueOf(means, means.contents), value) ? made : null
  } catch (error) {
    if (error instanceof Unusual) return null
    throw error
  }
}
