/** A fake of chance: the same numbers for the same seed, so that a failing run can be run again. */
export type Random = () => number

/** @returns numbers from 0 to below 1 */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
