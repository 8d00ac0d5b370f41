/** What changed between two texts, as a unified diff of one hunk: the lines between those that are the same. Pure. */
const CONTEXT = 2
/** So long an entry of the record stays readable. */
const LONGEST = 20_000

export function textDiff(before: string, after: string): string {
  if (before === after) return ''
  const [old, now] = [before.split('\n'), after.split('\n')]
  let first = 0
  while (first < old.length && first < now.length && old[first] === now[first]) first += 1
  let end = 0
  while (end < old.length - first && end < now.length - first && old.at(-1 - end) === now.at(-1 - end)) end += 1
  const from = Math.max(0, first - CONTEXT)
  const upTo = Math.max(0, end - CONTEXT)
  const lines = [
    `@@ -${from + 1},${old.length - upTo - from} +${from + 1},${now.length - upTo - from} @@`,
    ...old.slice(from, first).map((line) => ` ${line}`),
    ...old.slice(first, old.length - end).map((line) => `-${line}`),
    ...now.slice(first, now.length - end).map((line) => `+${line}`),
    ...now.slice(now.length - end, now.length - upTo).map((line) => ` ${line}`),
  ]
  const text = lines.join('\n')
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} characters more`
}
