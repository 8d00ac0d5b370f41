/** What changed between two texts, as a unified diff for the record. What is secret in it stands as ***. Pure. */
import { isAlias, isScalar, parseDocument, visit } from 'yaml'
import { sameLines } from './line-diff.ts'
import { SECRET_NAMES } from './references-rule.ts'

const CONTEXT = 2
/** So long an entry of the record stays readable. */
const LONGEST = 20_000

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
  const text = sign + line
  return text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE)} … ${text.length - LONGEST_LINE} more`
}

const REFERENCE = /^(?:\$\{\w+\}|file:\S+)$/
/** Of a text that is no YAML, whose values nobody can tell: all that stands behind such a name. */
const BEHIND_A_NAME = new RegExp(`((?:${[...SECRET_NAMES].join('|')})["']?\\s*:\\s*)\\S.*$`, 'gm')
/** A name and password in an address (RFC 3986 3.2.1). */
const USER_INFO = /(:\/\/)[^/\s"'@]*@/g

/**
 * Values under the names of secrets, as ***: what somebody has written out must not come into a record that nobody can
 * change. A reference says nothing secret, and stays.
 */
export function withoutSecrets(text: string): string {
  const document = parseDocument(text, { uniqueKeys: false })
  if (document.errors.length > 0) return text.replaceAll(BEHIND_A_NAME, '$1***').replaceAll(USER_INFO, '$1***@')
  const secrets = new Map<number, number>()
  const anchors = new Map<string, unknown>()
  visit(document, {
    Scalar(_, node) {
      if (node.anchor) anchors.set(node.anchor, node)
    },
    Pair(_, { key, value }) {
      if (!isScalar(key) || !SECRET_NAMES.has(String(key.value))) return
      const said = isAlias(value) ? anchors.get(value.source) : value
      if (!isScalar(said) || !said.range || said.value === null || REFERENCE.test(String(said.value))) return
      secrets.set(said.range[0], said.range[1])
    },
  })
  let [made, at] = ['', 0]
  for (const [from, to] of [...secrets].toSorted((a, b) => a[0] - b[0])) {
    // A text of several lines ends where the next one begins.
    made += `${text.slice(at, from)}***${text[to - 1] === '\n' ? '\n' : ''}`
    at = to
  }
  return (made + text.slice(at)).replaceAll(USER_INFO, '$1***@')
}

export function textDiff(before: string, after: string): string {
  if (before === after) return ''
  const [old, now] = [withoutSecrets(before), withoutSecrets(after)]
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
