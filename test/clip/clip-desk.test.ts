import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClipDesk } from '../../server/clip/clip-desk.ts'
import { hasRoom } from '../../server/clip/live/converted-view.ts'
import { openClipRing } from '../../server/clip/ring/clip-ring.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { SiteCamera } from '../../server/glossary/site.ts'
import { isoTime } from '../../server/tools/clock.ts'

const GONE = 'cam-gone' as CameraId
const HOUR = 3_600_000
let folder: string
let clips: ReturnType<typeof createClipDesk>
const openDesk = () =>
  createClipDesk({
    folder: join(folder, 'clips'),
    scratch: join(folder, 'scratch'),
    evictEveryMs: 50,
    now: Date.now,
    onVideo: () => {},
    onError: (error) => {
      throw error
    },
  })
/** What a camera recorded before it left: ten seconds each of three days ago, of two days ago, of an hour ago. */
const moments = [72 * HOUR, 48 * HOUR, HOUR].map((ago) => Date.now() - ago)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-desk-'))
  const ring = openClipRing({ folder: join(folder, 'clips', GONE), limits: { keepMs: 100 * HOUR, mostBytes: null } })
  for (const start of moments) {
    const run = ring.beginRun(Buffer.from('init'))
    for (let i = 0; i < 5; i += 1)
      await ring.append({
        run,
        start: start + i * 2000,
        duration: 2,
        chunks: [Buffer.from([i])],
        sha256: createHash('sha256')
          .update(Buffer.from([i]))
          .digest('hex'),
      }).written
  }
  await ring.close()
  clips = openDesk()
})
afterEach(async () => {
  await clips.close()
  rmSync(folder, { recursive: true })
})
const kept = async () =>
  (await clips.stored(GONE, { from: 0, to: Date.now() })).segments.map(({ start }) =>
    moments.findIndex((moment) => start >= moment && start < moment + HOUR),
  )
async function until(ask: () => Promise<number[]>, wanted: number[]): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    if (JSON.stringify(await ask()) === JSON.stringify(wanted)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(await ask()).toEqual(wanted)
}
const siteCamera = (id: CameraId, keepMs: number): SiteCamera => ({
  id,
  name: id,
  location: null,
  onvif: null,
  rtmp: null,
  presets: new Map(),
  mount: null,
  bearing: null,
  after: 'home',
  buffer: { mode: 'always', preRollMs: 60_000, keepMs, mostBytes: null, sound: 'drop', reader: 'direct' },
})
const five = (moment: number): number[] => Array.from({ length: 5 }, () => moment)

describe('a camera that has left the town', () => {
  test('keeps what an incident holds of it, after a restart, too; the rest grows old and goes', async () => {
    const [first = 0] = moments
    const clip = { camera: GONE, from: isoTime(first), to: isoTime(first + 10_000) }
    await clips.follow([])
    expect(clips.hasRing(GONE)).toBe(true)
    clips.hold('inc-1', clip)
    clips.evictFromNowOn()
    await until(kept, [...five(0), ...five(2)])
    expect((await clips.playlist(clip, clip.from)).match(/#EXTINF/g)).toHaveLength(5)
    clips.release('inc-1', GONE)
    await until(kept, five(2))
  })
  test('loses nothing that is held when it comes back', async () => {
    const [first = 0] = moments
    clips.hold('inc-1', { camera: GONE, from: isoTime(first), to: isoTime(first + 10_000) })
    clips.evictFromNowOn()
    const site = siteCamera(GONE, 2 * HOUR)
    await clips.follow([site])
    await until(kept, [...five(0), ...five(2)])
  })
  test('is not handed out by the live routes, nor what any camera recorded before it was live', async () => {
    const site = siteCamera(GONE, 100 * HOUR)
    await clips.follow([site])
    expect(await clips.segment(GONE, 3)).not.toBeNull()
    expect([await clips.liveSegment(GONE, 'copy', 3), await clips.liveInit(GONE, 'copy', 0)]).toEqual([null, null])
  })
  test('keeps what it had for as long as it did: a line that was lost by mistake costs no recording', async () => {
    const site = siteCamera(GONE, 100 * HOUR)
    await clips.follow([site])
    await clips.follow([])
    clips.evictFromNowOn()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await kept()).toEqual([...five(0), ...five(1), ...five(2)])
  })
  test('that was never recorded has nothing to ask for', async () => {
    await clips.follow([])
    expect(clips.hasRing('cam-never')).toBe(false)
    await expect(clips.stored('cam-never' as CameraId, { from: 0, to: Date.now() })).rejects.toMatchObject({
      code: 'live/none',
    })
  })
})

describe('a live picture that must be made anew', () => {
  test('of a camera that is recorded from a press on is refused before that, in words', async () => {
    const camera = siteCamera('cam-1' as CameraId, HOUR)
    await clips.stream(
      { ...camera, buffer: { ...camera.buffer, mode: 'on-press' } },
      new URL('rtsp://127.0.0.1:9/stream'),
      null,
    )
    await expect(clips.livePlaylist(camera.id, 'h264', { msn: null, part: null, skip: false })).rejects.toMatchObject({
      code: 'live/none',
      message:
        'cam-1 is recorded from a press on, and needs a conversion here: there is no live picture of it before that.',
    })
    const told: string[] = []
    clips.watchLive(camera.id, 'h264', {
      begin: () => {},
      part: () => {},
      gone: (why) => told.push(why?.code ?? 'nobody knows why'),
    })
    for (let i = 0; i < 100 && told.length === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(told).toEqual(['live/none'])
  })
  test('has room among as many as this machine can do; one that nobody looks at makes room for it', () => {
    const view = (looked: boolean) => {
      let works = true
      return { converting: () => works, yield: () => void (works &&= looked) }
    }
    expect(hasRoom([view(true)], 2)).toBe(true)
    expect(hasRoom([view(true), view(true)], 2)).toBe(false)
    const [idle, watched] = [view(false), view(true)]
    expect(hasRoom([idle, watched], 2)).toBe(true)
    expect([idle.converting(), watched.converting()]).toEqual([false, true])
  })
})
