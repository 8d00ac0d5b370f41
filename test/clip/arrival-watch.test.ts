import { describe, expect, test } from 'vitest'
import { createArrivalWatch } from '../../server/clip/record/arrival-watch.ts'

/**
 * After how many seconds of the stream its timestamps are found to be useless; null: never.
 * @param between milliseconds between two pictures
 * @param factor how fast the stream's clock goes
 * @param late by how much picture `i` is late, milliseconds
 */
function noticed(
  { between, factor, late = () => 0 }: { between: number; factor: number; late?(i: number, at: number): number },
  seconds: number,
): number | null {
  const watch = createArrivalWatch()
  let newest = 0
  for (let i = 0; i * between < seconds * 1000; i += 1) {
    const due = i * between
    // One behind another is not sooner than that one.
    newest = Math.max(newest, due + late(i, due))
    if (watch.look((between * factor) / 1000, newest)) return newest / 1000
  }
  return null
}
/** The network holds everything up for so long, so often, milliseconds. */
const stalls = (every: number, lasting: number) => (_: number, at: number) =>
  at % every < lasting ? lasting - (at % every) : 0
/** Everything comes in pieces: so much of the stream at a time, each within so long, milliseconds. */
const pieces = (every: number, within: number) => (_: number, at: number) => {
  const piece = Math.floor(at / every)
  return (piece + 1) * every + ((at % every) / every) * within - at
}
const jitter = (i: number): number => ((i * 7919) % 13) * 6

describe('timestamps that are of no use are noticed', () => {
  test.each([
    ['double speed', { between: 40, factor: 2 }, 10],
    ['a quarter', { between: 40, factor: 0.25 }, 10],
    ['a clock that stands', { between: 40, factor: 0 }, 3],
    ['milliseconds for ninetieths of them', { between: 40, factor: 1 / 90 }, 3],
    ['45 % too fast', { between: 40, factor: 1.45 }, 40],
    ['30 % too slow', { between: 40, factor: 0.7 }, 40],
    ['double speed, nine pictures in ten seconds', { between: 1111, factor: 2 }, 30],
    ['a quarter, one picture a second', { between: 1000, factor: 0.25 }, 30],
    ['a quarter, one picture in three seconds', { between: 3000, factor: 0.25 }, 60],
    ['double speed, held up for 1.1 s in every 4 s', { between: 40, factor: 2, late: stalls(4000, 1100) }, 60],
    ['double speed with jitter', { between: 40, factor: 2, late: jitter }, 10],
  ])('%s', (_, stream, within) => {
    const after = noticed(stream, 200)
    expect(after).not.toBeNull()
    expect(after).toBeLessThan(within)
  })
})
describe('timestamps that are right are believed', () => {
  test.each([
    ['25 pictures a second', { between: 40, factor: 1 }],
    ['one picture a second', { between: 1000, factor: 1 }],
    ['one picture in five seconds', { between: 5000, factor: 1 }],
    ['with jitter', { between: 40, factor: 1, late: jitter }],
    ['held up for 1.1 s in every 4 s', { between: 40, factor: 1, late: stalls(4000, 1100) }],
    ['held up for 3 s in every 10 s', { between: 40, factor: 1, late: stalls(10_000, 3000) }],
    ['held up for 0.8 s in every 2 s', { between: 40, factor: 1, late: stalls(2000, 800) }],
    ['held up for 20 s in every minute', { between: 40, factor: 1, late: stalls(60_000, 20_000) }],
    ['in pieces of 2 s, each within 0.8 s', { between: 40, factor: 1, late: pieces(2000, 800) }],
    ['in pieces of 2 s, each within 0.4 s', { between: 40, factor: 1, late: pieces(2000, 400) }],
    ['in pieces of 3 s, each within 1 s', { between: 40, factor: 1, late: pieces(3000, 1000) }],
    ['in pieces of 4 s, each within 0.5 s', { between: 40, factor: 1, late: pieces(4000, 500) }],
    ['in pieces of 10 s, each within 2 s', { between: 40, factor: 1, late: pieces(10_000, 2000) }],
    ['in pieces of 1.5 s, each within 0.6 s', { between: 40, factor: 1, late: pieces(1500, 600) }],
    ['a fifth too slow', { between: 40, factor: 0.8 }],
    ['a fifth too fast', { between: 40, factor: 1.2 }],
  ])('%s, for ten minutes', (_, stream) => expect(noticed(stream, 600)).toBeNull())
})
