/** What changed between two texts, as a unified diff for the record. What is secret in it stands as ***. Pure. */
import { sameLines } from './line-diff.ts'

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
    made.push(...old.slice(at, end).map((line): Step => ({ sign: '-', line })), ...held)
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
const lengthOf = (steps: readonly Step[], not: '-' | '+'): number => steps.filter(({ sign }) => sign !== not).length

export function textDiff(before: string, after: string): string {
  if (before === after) return ''
  const steps = stepsOf(before.split('\n'), after.split('\n'))
  const isNear = steps.map((_, i) =>
    steps.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  )
  const lines: string[] = []
  for (let from = isNear.indexOf(true); from !== -1;) {
    const end = isNear.indexOf(false, from)
    const upTo = end === -1 ? steps.length : end
    const [above, hunk] = [steps.slice(0, from), steps.slice(from, upTo)]
    const place = (not: '-' | '+'): string => `${lengthOf(above, not) + 1},${lengthOf(hunk, not)}`
    lines.push(`@@ -${place('+')} +${place('-')} @@`, ...hunk.map(({ sign, line }) => sign + withoutSecrets(line)))
    from = isNear.indexOf(true, upTo)
  }
  const text = lines.join('\n')
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} characters more`
}
