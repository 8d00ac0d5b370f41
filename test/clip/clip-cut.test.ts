/** One MP4 of several runs, out of a ring on disk; ffmpeg makes the streams and reads what was cut. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cutClip } from '../../server/clip/ring/clip-cut.ts'
import { openClipRing } from '../../server/clip/ring/clip-ring.ts'
import { createFragmentReader } from '../../server/clip/record/fragment-reader.ts'
import { makeStream } from './made-streams.ts'

const T0 = Date.parse('2026-11-20T22:30:00.000Z')
const never = new AbortController().signal
let folder: string
let ring: ReturnType<typeof openClipRing>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-cut-'))
  ring = openClipRing({ folder: join(folder, 'ring'), limits: { keepMs: 3_600_000, mostBytes: null } })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A run of one segment, three seconds long. */
async function record(stream: Buffer, start: number): Promise<void> {
  let run = -1
  const chunks: Buffer[] = []
  createFragmentReader({
    onInit: ({ bytes }) => (run = ring.beginRun(bytes)),
    onFragment: ({ bytes }) => chunks.push(Buffer.from(bytes)),
  }).push(stream)
  const sha256 = chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex')
  await ring.append({ run, start, duration: 3, chunks, sha256 }).written
}
const cut = (from: number, to: number) =>
  cutClip({ ring, range: { from, to }, folder: join(folder, 'parts'), file: join(folder, 'cut.mp4'), signal: never })
const H265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', '-tag:v', 'hvc1']

describe('a clip of several runs', () => {
  test('is one film, and says where it jumps', async () => {
    for (const start of [T0, T0 + 3000, T0 + 60_000]) await record(makeStream(), start)
    expect(await cut(T0, T0 + 63_000)).toMatchObject({
      segments: 3,
      from: T0,
      to: T0 + 63_000,
      gaps: [{ from: T0 + 6000, to: T0 + 60_000 }],
    })
  })
  test('that changes its codec is refused with the moment at which it does; each side of that can be had', async () => {
    await record(makeStream(), T0)
    await record(makeStream({ extra: H265 }), T0 + 3000)
    const moment = new Date(T0 + 3000).toISOString()
    await expect(cut(T0, T0 + 6000)).rejects.toMatchObject({
      code: 'clip/unreadable',
      message: expect.stringMatching(new RegExp(`^At ${moment} .* from avc1 to h[ve][vc]1`)),
    })
    expect((await cut(T0, T0 + 3000)).segments).toBe(1)
    expect((await cut(T0 + 3001, T0 + 6000)).segments).toBe(1)
  })
  test.each([
    ['gone', (file: string) => rmSync(file)],
    ['damaged', (file: string) => writeFileSync(file, 'no box')],
  ])('of which a run’s initialisation section is %s is refused in words', async (_, harm) => {
    await record(makeStream(), T0)
    harm(ring.initFile(0))
    await expect(cut(T0, T0 + 3000)).rejects.toMatchObject({
      code: 'clip/unreadable',
      message: expect.stringMatching(/initialisation section of run 0 .* is missing/),
    })
  })
  test('with a segment whose bytes are gone is refused, and says what can be had', async () => {
    await record(makeStream(), T0)
    await ring.close()
    ring = openClipRing({ folder: join(folder, 'ring'), limits: { keepMs: 3_600_000, mostBytes: null } })
    await record(makeStream(), T0 + 10_000)
    const [first] = await ring.stored({ from: T0, to: T0 + 1 })
    rmSync(first?.file ?? '')
    await expect(cut(T0, T0 + 13_000)).rejects.toMatchObject({
      code: 'clip/unreadable',
      message: expect.stringMatching(
        /^Segment 0 .* is missing from the clip buffer\. What was recorded until .* and from .* on, can be had by itself\.$/,
      ),
    })
    expect((await cut(T0 + 3000, T0 + 13_000)).segments).toBe(1)
  })
})
