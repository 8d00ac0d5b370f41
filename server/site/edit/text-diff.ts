/** What changed between two texts, as a unified diff for the record. What is secret in it stands as ***. Pure. */
import { isAlias, isScalar, parseDocument, visit } from 'yaml'
import { sameLines } from './line-diff.ts'
import { SECRET_NAMES } from './references-rule.ts'

const CONTEXT = 2
/** So long an entry of the record stays readable. */
const LONGEST = 20_000

/** A password by reference is none; one that somebody has written out must not come into a record that nobody can change. */
export const withoutSecrets = (line: string): string =>
  line
    .replaceAll(
      /((?:password|secret|streamKey|key|token)["']?\s*:\s*)(?!["']?(?:\$\{|file:))("[^"]*"|'[^']*'|[^\s,{}[\]#&*]+)/g,
      '$1***',
    )
    .replaceAll(/(:\/\/)[^/\s"'@]*@/g, '$1***@')

type Step = { sign: ' ' | '-' | '+'; line: string }
/** Line by line; what goes stands before what comes in its place. */
function stepsOf(old: readonly string[], now: readonly string[]): Step[] {
  const made: Step[] = []
  let [at, held]: [number, Step[]] = [0, []]
  const upTo = (end: number): void => {
    for (const line of old.slice(at, end)) made.push({ sign: '-', line })
    for (const step of held) made.push(step)
    held = []
  }
  for (const [i, same] of sameLines(old, now).entries()) {
    if (same === null) held.push({ sign: '+', line: now[i] ?? '' })
    else {
      upTo(same)
      made.push({ sign: ' ', line: now[i] ?? '' })
      at = same + 1
    }
  }
  upTo(old.length)
  return made
}
/** A line of an entry; what is longer is no line that somebody reads. */
const LONGEST_LINE = 300
const shown = ({ sign, line }: Step): string => {
  const text = sign + withoutSecrets(line)
  return text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE)} … ${text.length - LONGEST_LINE} more`
}

/** Values under the names of secrets, as ***; a reference says nothing secret, and stays. */
function masked(text: string): string {
  const document = parseDocument(text, { uniqueKeys: false })
  if (document.errors.length > 0) return text
  const ranges: [number, number][] = []
  const mask = (node: unknown): void => {
    if (!isScalar(node) || !node.range || node.value === null) return
    if (typeof node.value === 'string' && /^(?:\$\{\w+\}|file:\S+)$/.test(node.value)) return
    ranges.push([node.range[0], node.range[1]])
  }
  const anchors = new Map<string, unknown>()
  visit(document, {
    Scalar(_, node) {
      if (node.anchor) anchors.set(node.anchor, node)
    },
    Pair(_, { key, value }) {
      if (isScalar(key) && SECRET_NAMES.has(String(key.value))) mask(isAlias(value) ? anchors.get(value.source) : value)
    },
  })
  let [made, at] = ['', 0]
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from < at) continue
    // A text of several lines ends where the next one begins.
    made += `${text.slice(at, from)}***${text[to - 1] === '\n' ? '\n' : ''}`
    at = to
  }
  return made + text.slice(at)
}

export function textDiff(before: string, after: string): string {
  if (before === after) return ''
  const [old, now] = [masked(before), masked(after)]
  if (old === now) return 'a secret that was written out'
  const steps = stepsOf(old.split('\n'), now.split('\n'))
  const isNear = new Uint8Array(steps.length)
  steps.forEach(({ sign }, i) => {
    if (sign !== ' ') isNear.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1)
  })
  const lines: string[] = []
  let [oldAt, nowAt, at] = [0, 0, 0]
  const pass = (upTo: number): [number, number] => {
    const from: [number, number] = [oldAt, nowAt]
    for (; at < upTo; at += 1) {
      if (steps[at]?.sign !== '+') oldAt += 1
      if (steps[at]?.sign !== '-') nowAt += 1
    }
    return from
  }
  for (let from = isNear.indexOf(1); from !== -1; from = isNear.indexOf(1, at)) {
    pass(from)
    const end = isNear.indexOf(0, from)
    const upTo = end === -1 ? steps.length : end
    const [oldFrom, nowFrom] = pass(upTo)
    lines.push(`@@ -${oldFrom + 1},${oldAt - oldFrom} +${nowFrom + 1},${nowAt - nowFrom} @@`)
    for (const step of steps.slice(from, upTo)) lines.push(shown(step))
    if (upTo === steps.length) break
  }
  const text = lines.join('\n')
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} characters more`
}
