import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClipDesk } from '../../server/clip/clip-desk.ts'
import type { CameraId, Reachability } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { SiteCamera } from '../../server/glossary/site.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { treeOf } from '../journeys/town-process.ts'
import { CREDENTIALS, plan, startTestTown, until } from './test-town.ts'

const CAM = 'fixed' as CameraId
const LAZY = 'lazy' as CameraId
let town: Awaited<ReturnType<typeof startTestTown>>
let clips: ReturnType<typeof createClipDesk>
const video = new Map<string, { state: Reachability; reason: string | null }>()
const siteCamera = (id: CameraId, mode: 'always' | 'on-press' = 'always'): SiteCamera => ({ id, name: id, location: null, onvif: null, rtmp: null, presets: new Map(), buffer: { mode, preRollMs: 60_000, keepMs: 3_600_000 } })
const streamOf = (id: string): URL => new URL(`rtsp://127.0.0.1:${town.camera(id).ports.rtsp}/stream`)

beforeAll(async () => {
  town = await startTestTown(plan(CAM, false), plan(LAZY, false))
  clips = createClipDesk({ folder: join(town.folder, 'clips'), scratch: join(town.folder, 'scratch'), now: Date.now, onVideo: (camera, state, reason) => video.set(camera, { state, reason }), onError: () => {} })
  await clips.follow([siteCamera(CAM), siteCamera(LAZY, 'on-press')])
  await clips.stream(siteCamera(CAM), streamOf(CAM), CREDENTIALS)
  await clips.stream(siteCamera(LAZY, 'on-press'), streamOf(LAZY), CREDENTIALS)
  await until(() => video.get(CAM)?.state, (state) => state === 'up')
})
afterAll(async () => {
  await clips.close()
  await town.end()
})
const live = (query: Partial<{ msn: number | null; part: number | null; skip: boolean }> = {}) => clips.livePlaylist(CAM, { msn: null, part: null, skip: false, ...query })
const clip = (from: number, to: number | null) => ({ camera: CAM, from: isoTime(from), to: to === null ? null : isoTime(to) })

describe('the recorder', () => {
  test('passes the camera’s password to ffmpeg where nobody can read it', () => {
    // Our own processes only: another run of these tests has the same password.
    const lines = treeOf(process.pid).map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        } catch {
          return ''
        }
      })
    expect(lines.some((line) => line.startsWith('ffmpeg') && line.includes('concat'))).toBe(true)
    expect(lines.filter((line) => line.includes(CREDENTIALS.password) || line.includes(encodeURIComponent(CREDENTIALS.password)))).toEqual([])
  })
  test('is live: the newest part is younger than a second', async () => {
    const ageOf = (playlist: string): number => {
      const started = Date.parse(/PROGRAM-DATE-TIME:(\S+)(?![\s\S]*PROGRAM-DATE-TIME)/.exec(playlist)?.[1] ?? '')
      const inSegment = [...(playlist.split('PROGRAM-DATE-TIME').at(-1) ?? '').matchAll(/PART:DURATION=([\d.]+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0)
      return Date.now() - started - inSegment * 1000
    }
    await until(live, (playlist) => ageOf(playlist) < 1000, 10_000)
  })
  test('a blocking reload comes back with the part that was asked for', async () => {
    const [, number = ''] = /PRELOAD-HINT:TYPE=PART,URI="part\/(\d+)\./.exec(await live()) ?? []
    const next = Number(number) + 1
    expect(await live({ msn: next, part: 0 })).toContain(`part/${next}.0.m4s`)
    expect((await clips.livePart(CAM, next, 0))?.length).toBeGreaterThan(100)
  })
  test('what it plays is H.264 that ffprobe reads', async () => {
    const number = Number(/segment\/(\d+)\.m4s/.exec(await until(live, (text) => text.includes('segment/')))?.[1])
    const [init, segment] = await Promise.all([clips.init(CAM, 0), clips.segment(CAM, number)])
    const file = join(town.folder, 'probe.mp4')
    writeFileSync(file, Buffer.concat([Buffer.from(init ?? []), Buffer.from(segment ?? [])]))
    const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,width,nb_read_frames', '-of', 'csv=p=0', file], { encoding: 'utf8' })
    expect(stdout.trim()).toBe('h264,960,15')
  })
  test('says so in health when the camera goes away, comes back by itself, and declares the gap', async () => {
    const before = Date.now()
    await town.camera(CAM).unplug()
    await until(() => video.get(CAM)?.state, (state) => state === 'down', 10_000)
    expect(video.get(CAM)?.reason).toBeTruthy()
    expect(video.get(CAM)?.reason).not.toContain(CREDENTIALS.password)
    await expect(live()).rejects.toMatchObject({ code: 'live/none' })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(await clips.gaps(clip(before - 1000, null))).toHaveLength(1)
    await town.camera(CAM).plugIn()
    await until(() => video.get(CAM)?.state, (state) => state === 'up', 20_000)
    await until(live, (text) => /#EXT-X-DISCONTINUITY\n[\s\S]*segment\//.test(text), 10_000)
    const gaps = await clips.gaps(clip(before - 1000, null))
    expect(gaps).toHaveLength(1)
    expect(Date.parse(gaps[0]?.to ?? '') - Date.parse(gaps[0]?.from ?? '')).toBeGreaterThan(1500)
  })
  test('a clip over the gap is one MP4 by stream copy, with its hash', async () => {
    const segments = await clips.numbers(clip(0, null))
    const cut = await clips.cut(CAM, { from: 0, to: Date.now() })
    const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'csv=p=0', cut.file], { encoding: 'utf8' })
    const [codec, frames] = stdout.trim().split(',')
    expect(codec).toBe('h264')
    expect(Number(frames)).toBeGreaterThan((segments.size - 4) * 14)
    expect(spawnSync('sha256sum', [cut.file], { encoding: 'utf8' }).stdout.split(' ')[0]).toBe(cut.sha256)
    await cut.done()
  })
  test('a range without any picture is refused, and nothing is left behind', async () => {
    await expect(clips.cut(CAM, { from: 0, to: 1000 })).rejects.toMatchObject({ code: 'clip/none' })
    expect(readdirSync(join(town.folder, 'scratch'))).toEqual([])
  })
  test('a segment that was changed on disk is found by its hash, and named', async () => {
    const folder = join(town.folder, 'clips', CAM)
    const data = readdirSync(folder).filter((name) => name.endsWith('.m4s')).sort()[0] ?? ''
    const bytes = readFileSync(join(folder, data))
    writeFileSync(join(folder, data), Buffer.concat([bytes.subarray(0, 2000), Buffer.of((bytes[2000] ?? 0) ^ 1), bytes.subarray(2001)]))
    await expect(clips.cut(CAM, { from: 0, to: Date.now() })).rejects.toMatchObject({ code: 'clip/unreadable', message: expect.stringMatching(/Segment 0 is not as it was recorded/) })
  })
  test('on a thin link records only from the press on', async () => {
    expect(video.get(LAZY)).toBeUndefined()
    clips.hold('inc-1' as IncidentId, { camera: LAZY, from: isoTime(Date.now() - 60_000), to: null })
    await until(() => video.get(LAZY)?.state, (state) => state === 'up', 15_000)
  })
  test('a still picture is a JPEG', async () => {
    const { picture } = await clips.still(CAM)
    expect(Buffer.from(picture).subarray(0, 3).toString('hex')).toBe('ffd8ff')
  })
})
