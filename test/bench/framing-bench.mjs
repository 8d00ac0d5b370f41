/**
 * A thousand moves of heads with every fault that the simulator knows, told against its motors: how many were called
 * framed that were not there, and how long those took that were. The moves are those of
 * test/contracts/faulted-moves.test.ts.
 */
import { benchOfTest } from './bench-tools.mjs'

export function benchFraming({ moves }) {
  const { table, wrong, missed, ...figures } = benchOfTest('test/contracts/faulted-moves.test.ts', {
    LAMPPOST_MOVES: String(moves),
  })
  return { ...figures, ...table, ...(wrong.length > 0 ? { wrong } : {}), ...(missed.length > 0 ? { missed } : {}) }
}
