/** Which item of a list is which of the list before: by what it says, by its id or name, or by its place. Pure. */
import { sameLines } from './line-diff.ts'
import { isPlain } from './values.ts'

/** For each value of now the place of the one before that it is; null: it is new. They stay in their order. */
export function whichIsWhich(old: readonly unknown[], now: readonly unknown[]): (number | null)[] {
  const pairs = sameLines(old.map(written), now.map(written))
  between(pairs, old.length, (olds, nows) => {
    const named = sameLines(
      olds.map((i) => nameOf(old[i]) ?? `old ${i}`),
      nows.map((i) => nameOf(now[i]) ?? `now ${i}`),
    )
    named.forEach((at, i) => {
      if (at !== null) pairs[nows[i] ?? 0] = olds[at] ?? null
    })
  })
  between(pairs, old.length, (olds, nows) => {
    for (const [i, at] of nows.entries()) {
      const like = olds[i]
      if (
        like === undefined ||
        isPlain(old[like]) !== isPlain(now[at]) ||
        Array.isArray(old[like]) !== Array.isArray(now[at])
      )
        break
      pairs[at] = like
    }
  })
  return pairs
}
/** Stretches of both that no pair is in yet. */
function between(
  pairs: readonly (number | null)[],
  length: number,
  act: (olds: number[], nows: number[]) => void,
): void {
  let [from, nows]: [number, number[]] = [0, []]
  for (const [i, at] of [...pairs, length].entries()) {
    if (at === null) nows.push(i)
    else {
      const olds = Array.from({ length: at - from }, (_, step) => from + step)
      if (olds.length > 0 && nows.length > 0) act(olds, nows)
      ;[from, nows] = [at + 1, []]
    }
  }
}
const nameOf = (value: unknown): string | null => {
  const name = isPlain(value) ? (value['id'] ?? value['name']) : null
  return typeof name === 'string' ? name : null
}
const written = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    isPlain(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each,
  ) ?? 'null'
