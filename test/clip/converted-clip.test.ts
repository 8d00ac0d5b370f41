import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Converted, convertSegment, createConvertedClips } from '../../server/clip/ring/converted-clip.ts'
import { createMemoryStore } from '../../server/clip/live/converted-view.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { createStreamFollower } from '../../server/clip/record/stream-follower.ts'
import type { Segment } from '../../server/glossary/clip.ts'
import { readTracks } from '../../server/tools/media/fmp4-boxes.ts'
import { makeStream } from './made-streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-converted-'))
afterAll(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal
const H265 = ['-c:v', 'libx265', '-x265-params', 'log-level=error:keyint=15:min-keyint=15:open-gop=0']

/** As a recorder keeps it: an initialisation section and segments that each begin at a keyframe. */
function recorded(stream: Buffer) {
  const { store, init, segment } = createMemoryStore(1000)
  const segments: Segment[] = []
  const window = createLiveWindow()
  let now = 1_000_000
  const follower = createStreamFollower({
    store,
    window: { onPart: window.onPart, onSegment: (closed) => (segments.push(closed), window.onSegment(closed)) },
    now: () => (now += 5),
    onPicture: () => {},
    onUnfit: (reason) => {
      throw new Error(reason)
    },
  })
  follower.push(stream)
  follower.finish()
  return {
    init: init(0) ?? Buffer.alloc(0),
    segments: segments.map(({ number }) => segment(number) ?? Buffer.alloc(0)),
  }
}
/** When each picture that decodes is shown, in milliseconds; and what ffprobe complains of. */
function pictures(bytes: Buffer): { times: number[]; codec: string; complaints: string } {
  const file = join(folder, 'probe.mp4')
  writeFileSync(file, bytes)
  const probe = spawnSync(
    'ffprobe',
    ['-v', 'error', '-show_entries', 'stream=codec_name:frame=pts_time', '-of', 'json', file],
    { encoding: 'utf8', maxBuffer: 64e6 },
  )
  const { streams, frames } = JSON.parse(probe.stdout) as {
    streams: { codec_name: string }[]
    frames: { pts_time: string }[]
  }
  return {
    times: frames.map(({ pts_time: at }) => Math.round(Number(at) * 1000)),
    codec: streams.map(({ codec_name: name }) => name).join(),
    complaints: probe.stderr,
  }
}
const convertAll = ({ init, segments }: ReturnType<typeof recorded>): Promise<Converted[]> =>
  Promise.all(segments.map((bytes) => convertSegment(init, bytes, never)))
const joined = (made: Converted[], init = made[0]?.init): Buffer =>
  Buffer.concat([init ?? Buffer.alloc(0), ...made.map(({ segment }) => segment)])

describe('a held clip as H.264', () => {
  test('has every picture of the recording at its own time, whatever the order they were sent in', async () => {
    for (const bframes of [0, 3]) {
      const original = recorded(makeStream({ extra: [...H265.slice(0, 3), `${H265[3]}:bframes=${bframes}`] }))
      expect(original.segments).toHaveLength(3)
      const made = pictures(joined(await convertAll(original)))
      expect(made).toEqual({
        codec: 'h264',
        times: pictures(Buffer.concat([original.init, ...original.segments])).times,
        complaints: '',
      })
    }
  })
  test('each segment stands alone, and fits the initialisation section of any other of its run', async () => {
    // The picture changes from nothing to noise: an encoder that looks at it would choose other headers.
    const noisy = makeStream({
      source: "color=black:s=320x180:r=15:d=3,noise=alls='100':allf=t:enable='gt(t,1)'",
      extra: H265,
    })
    const original = recorded(noisy)
    const made = await convertAll(original)
    for (const { init } of made) expect(init.equals(made[0]?.init ?? Buffer.alloc(0))).toBe(true)
    const last = made.at(-1)
    expect(last && pictures(joined([last], made[0]?.init)).times).toHaveLength(15)
  })
  test('goes on at the recording’s time after days, beyond what 32 bits hold', async () => {
    const original = recorded(makeStream({ extra: H265 }))
    const days = 200_000
    const [timescale = 0] = readTracks(original.init).map((track) => track.timescale)
    const later = original.segments.map((bytes) => {
      const moved = Buffer.from(bytes)
      for (let at = moved.indexOf('tfdt'); at >= 0; at = moved.indexOf('tfdt', at + 1))
        moved.writeBigUInt64BE(moved.readBigUInt64BE(at + 8) + BigInt(days * timescale), at + 8)
      return moved
    })
    const { times } = pictures(joined(await convertAll({ ...original, segments: later })))
    expect(times).toEqual(pictures(Buffer.concat([original.init, ...later])).times)
    expect(times[0]).toBeGreaterThanOrEqual(days * 1000)
  })
  test('what is no recording is refused in ffmpeg’s words', async () => {
    const { init } = recorded(makeStream({ extra: H265 }))
    await expect(convertSegment(init, Buffer.alloc(500), never)).rejects.toMatchObject({
      code: 'clip/unreadable',
      message: expect.stringMatching(/^The recording could not be converted: \S/),
    })
  })
  test('is made once for all who ask at the same time, and again only when it was let go of', async () => {
    const { init, segments } = recorded(makeStream({ extra: H265 }))
    const clips = createConvertedClips({ signal: never, mostBytes: 1 })
    let asked = 0
    const original = (i: number) => async () => {
      asked += 1
      const bytes = segments[i]
      return bytes ? { init, bytes } : null
    }
    const [one, same] = await Promise.all([clips.convert('a 0', original(0)), clips.convert('a 0', original(0))])
    expect(one).toBe(same)
    expect(await clips.convert('a 0', original(0))).toBe(one)
    expect(asked).toBe(1)
    // There is room for the newest only.
    await clips.convert('a 1', original(1))
    await clips.convert('a 0', original(0))
    expect(asked).toBe(3)
    expect(await clips.convert('a 9', original(9))).toBeNull()
  })
  test('what was wished last is made first, and a failure keeps nobody waiting', async () => {
    const { init, segments } = recorded(makeStream({ extra: H265 }))
    const clips = createConvertedClips({ signal: never })
    const order: number[] = []
    const wish = (i: number) =>
      clips.convert(`a ${i}`, async () => {
        order.push(i)
        if (i === 2) throw new Error('the disk is gone')
        return { init, bytes: segments[0] ?? Buffer.alloc(0) }
      })
    const all = await Promise.allSettled([wish(0), wish(1), wish(2)])
    expect(order).toEqual([0, 2, 1])
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  })
})
