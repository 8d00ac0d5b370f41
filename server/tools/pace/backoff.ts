/** Waits that double from `first` to `most`, with a little spread so that many cameras do not knock together. */
export function createBackoff(first: number, most: number, random: () => number = Math.random) {
  let next = first
  return {
    /** The next wait in milliseconds. */
    wait(): number {
      const wait = next
      next = Math.min(most, next * 2)
      return Math.round(wait * (0.85 + 0.3 * random()))
    },
    reset(): void {
      next = first
    },
  }
}
