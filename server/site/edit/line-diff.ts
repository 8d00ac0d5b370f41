/** Which lines of one text are which of another (Myers' greedy algorithm: the shortest way from one to the other). Pure. */

/** More than this is no edit but another text; what is between the ends that agree then counts as changed. */
const MOST_STEPS = 2000

/** @returns for each line of `now` the line of `old` that it is, by number; null: it is new */
export function sameLines(old: readonly string[], now: readonly string[]): (number | null)[] {
  const same: (number | null)[] = now.map(() => null)
  let first = 0
  while (first < old.length && first < now.length && old[first] === now[first]) {
    same[first] = first
    first += 1
  }
  let [oldEnd, nowEnd] = [old.length, now.length]
  while (oldEnd > first && nowEnd > first && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd -= 1
    nowEnd -= 1
    same[nowEnd] = oldEnd
  }
  for (const [i, j] of between(old.slice(first, oldEnd), now.slice(first, nowEnd))) same[first + j] = first + i
  return same
}

/** Pairs of equal lines, of the shortest way; none where that is too long. */
function between(old: readonly string[], now: readonly string[]): [number, number][] {
  const trace: Map<number, number>[] = []
  const reach = new Map<number, number>([[1, 0]])
  const at = (k: number): number => reach.get(k) ?? 0
  for (let steps = 0; steps <= Math.min(MOST_STEPS, old.length + now.length); steps += 1) {
    trace.push(new Map(reach))
    for (let k = -steps; k <= steps; k += 2) {
      let x = k === -steps || (k !== steps && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1
      while (x < old.length && x - k < now.length && old[x] === now[x - k]) x += 1
      reach.set(k, x)
      if (x >= old.length && x - k >= now.length) return wayBack(trace, old.length, now.length)
    }
  }
  return []
}
function wayBack(trace: readonly Map<number, number>[], oldLength: number, nowLength: number): [number, number][] {
  const pairs: [number, number][] = []
  let [x, y] = [oldLength, nowLength]
  for (let steps = trace.length - 1; steps >= 0; steps -= 1) {
    const reach = trace[steps] ?? new Map<number, number>()
    const at = (k: number): number => reach.get(k) ?? 0
    const k = x - y
    const before = k === -steps || (k !== steps && at(k - 1) < at(k + 1)) ? k + 1 : k - 1
    const [fromX, fromY] = [at(before), at(before) - before]
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      pairs.push([x, y])
    }
    ;[x, y] = [fromX, fromY]
  }
  return pairs
}
