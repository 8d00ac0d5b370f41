/** Which bytes of a package have left by a link, so that none leaves twice. Pure. */

/** Both ends included. */
export type Range = { from: number; to: number }

export const overlaps = (sent: readonly Range[], { from, to }: Range): boolean =>
  sent.some((each) => each.from <= to && from <= each.to)

/** In order, and joined where they touch. An empty one changes nothing. */
export function withRange(sent: readonly Range[], more: Range): Range[] {
  if (more.to < more.from) return [...sent]
  const joined: Range[] = []
  for (const each of [...sent, more].toSorted((one, other) => one.from - other.from)) {
    const last = joined.at(-1)
    if (last && each.from <= last.to + 1)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, each.to) }
    else joined.push(each)
  }
  return joined
}

/** What lay on the way when a connection ended: in buffers on both sides, and not on the recipient's disk. */
const ON_THE_WAY_BYTES = 4_000_000
/** For all that broke off in one fetching: whoever breaks off on purpose gains no second package. */
const MOST_AGAIN_BYTES = 8_000_000
const MOST_AGAIN_SHARE = 0.5

/**
 * Of a fetching that broke off: how many of the bytes that the recipient’s machine acknowledged have arrived for certain.
 * The others may be fetched again.
 * @param handed those that were acknowledged
 * @param again how many were given up as lost before, in the same fetching. @param size of the package
 */
export function arrivedFor(handed: number, again: number, size: number): number {
  const left = Math.max(0, Math.min(MOST_AGAIN_BYTES, size * MOST_AGAIN_SHARE) - again)
  return Math.max(0, handed - Math.floor(Math.min(ON_THE_WAY_BYTES, left)))
}
