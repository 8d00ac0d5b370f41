/**
 * Ten thousand changed messages of devices: what they cost the server's memory, and whether a stranger hears
 * anything. They are those of test/contracts/hostile-mutations.test.ts.
 */
import { benchOfTest } from './bench-tools.mjs'

export const benchMutations = ({ mutations }) =>
  benchOfTest('test/contracts/hostile-mutations.test.ts', { LAMPPOST_MUTATIONS: String(mutations) })
