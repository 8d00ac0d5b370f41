import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiskState } from '../../server/clip/ring/clip-disk.ts'
import { createClipDesk } from '../../server/clip/clip-desk.ts'
import type { CameraId, Reachability } from '../../server/glossary/camera.ts'
import type { Reader } from '../../server/glossary/clip.ts'
import type { SiteCamera } from '../../server/glossary/site.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { treeOf } from '../journeys/town-process.ts'
import { CREDENTIALS, plan, startTestTown, until } from './test-town.ts'

const CAM = 'fixed' as CameraId
const LAZY = 'lazy' as CameraId
const SOUND = 'sound' as CameraId
const H265 = 'h265' as CameraId
let town: Awaited<ReturnType<typeof startTestTown>>
let clips: ReturnType<typeof createClipDesk>
const video = new Map<string, { state: Reachability; reason: string | null }>()
/** Both must keep the same contract. */
let reading: Reader = 'direct'
const siteCamera = (
  id: CameraId,
  mode: 'always' | 'on-press' = 'always',
  sound: 'drop' | 'keep' = 'drop',
  reader: Reader = reading,
): SiteCamera => ({
  id,
  name: id,
  location: null,
  onvif: null,
  rtmp: null,
  presets: new Map(),
  mount: null,
  bearing: null,
  after: 'home',
  buffer: { mode, preRollMs: 60_000, keepMs: 3_600_000, mostBytes: null, sound, reader },
})
const streamOf = (id: string): URL => new URL(`rtsp://127.0.0.1:${town.camera(id).ports.rtsp}/stream`)

/** Empty when the process has ended meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

describe.each(['direct', 'ffmpeg'] as const)('read by %s', (reader) => {
  beforeAll(async () => {
    reading = reader
    video.clear()
    const small = { width: 640, height: 360 }
    town = await startTestTown(
      plan(CAM, false),
      plan(LAZY, false),
      plan(SOUND, false, { ...small, sound: 'pcma' }),
      plan(H265, false, { ...small, codec: 'h265' }),
    )
    clips = createClipDesk({
      folder: join(town.folder, 'clips'),
      scratch: join(town.folder, 'scratch'),
      now: Date.now,
      onVideo: (camera, state, reason) => video.set(camera, { state, reason }),
      onError: () => {},
    })
    await clips.follow([siteCamera(CAM), siteCamera(LAZY, 'on-press')])
    await clips.stream(siteCamera(CAM), streamOf(CAM), CREDENTIALS)
    await clips.stream(siteCamera(LAZY, 'on-press'), streamOf(LAZY), CREDENTIALS)
    await until(
      () => video.get(CAM)?.state,
      (state) => state === 'up',
    )
  })
  afterAll(async () => {
    await clips.close()
    await town.end()
  })
  const live = (query: Partial<{ msn: number | null; part: number | null; skip: boolean }> = {}) =>
    clips.livePlaylist(CAM, 'copy', { msn: null, part: null, skip: false, ...query })
  const clip = (from: number, to: number | null) => ({
    camera: CAM,
    from: isoTime(from),
    to: to === null ? null : isoTime(to),
  })

  describe('a camera that falls silent without hanging up', () => {
    test.each(['stopped', 'drip'] as const)(
      '(%s) is noticed within five seconds, and recorded again when it sends',
      async (flow) => {
        await until(
          () => video.get(CAM)?.state,
          (state) => state === 'up',
        )
        town.camera(CAM).setFlow(flow)
        try {
          await until(
            () => video.get(CAM)?.state,
            (state) => state === 'down',
            10_000,
          )
          expect(video.get(CAM)?.reason).toMatch(/^No picture for \d+ s\.$/)
        } finally {
          town.camera(CAM).setFlow('normal')
        }
        await until(
          () => video.get(CAM)?.state,
          (state) => state === 'up',
          30_000,
        )
        expect(await clips.report(CAM)).toMatchObject({
          reader,
          codec: expect.stringMatching(/^avc1/),
          lastEnd: { reason: expect.stringMatching(/No picture/) },
        })
      },
    )
  })

  if (reader === 'direct')
    describe('sound and other codecs', () => {
      test('G.711 that the site wants to keep becomes AAC, and costs the picture nothing', async () => {
        await clips.follow([
          siteCamera(CAM),
          siteCamera(LAZY, 'on-press'),
          siteCamera(SOUND, 'always', 'keep'),
          siteCamera(H265),
        ])
        await clips.stream(siteCamera(SOUND, 'always', 'keep'), streamOf(SOUND), CREDENTIALS)
        await until(
          () => video.get(SOUND)?.state,
          (state) => state === 'up',
        )
        expect(await clips.report(SOUND)).toMatchObject({ sound: 'convert', reader: 'ffmpeg' })
        const codecs = async (): Promise<string[]> => {
          const cut = await clips.cut(SOUND, { from: 0, to: Date.now() }).catch(() => null)
          if (cut === null) return []
          const show = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', cut.file]
          const { stdout } = spawnSync('ffprobe', show, { encoding: 'utf8' })
          await cut.done()
          return stdout.trim().split('\n')
        }
        // Of a camera that is slow the first segment may end before its first sound has come.
        await until(codecs, (found) => found.join(' ') === 'h264 aac')
      })
      test('H.265 is recorded as it is, and shown as H.264 to who cannot see it, only while somebody watches', async () => {
        await clips.stream(siteCamera(H265), streamOf(H265), CREDENTIALS)
        await until(
          () => video.get(H265)?.state,
          (state) => state === 'up',
        )
        expect(clips.codec(H265)).toMatch(/^hev1\.1\./)
        const converting = () =>
          treeOf(process.pid).filter(
            (pid) => commandOf(pid).includes('libx264') && commandOf(pid).includes('frag_every_frame'),
          ).length
        expect(converting()).toBe(0)
        const begun = new Promise<{ codec: string }>((resolve) => {
          const viewer = clips.watchLive(H265, 'h264', {
            begin: (start) => (resolve(start), viewer.leave()),
            part: () => {},
            gone: () => {},
          })
        })
        expect((await begun).codec).toMatch(/^avc1\./)
        expect(converting()).toBe(1)
        expect(await clips.livePlaylist(H265, 'h264', { msn: null, part: null, skip: false })).toContain('#EXT-X-PART:')
        await until(converting, (count) => count === 0, 25_000)
      })
    })

  if (reader === 'direct')
    describe('a disk', () => {
      // Only root can mount a small one.
      test.skipIf(process.getuid?.() !== 0)(
        'that is full of what incidents hold takes no new picture, says so, and live goes on; with room again, it records',
        async () => {
          const mount = mkdtempSync(join(tmpdir(), 'lamppost-disk-'))
          expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', mount]).status).toBe(0)
          const states: DiskState[] = []
          const health = new Map<string, string | null>()
          const small = createClipDesk({
            folder: join(mount, 'clips'),
            scratch: join(mount, 'scratch'),
            evictEveryMs: 300,
            disk: { most: null, reserve: 4_000_000 },
            now: Date.now,
            onVideo: () => {},
            onBuffer: (id, _, reason) => health.set(id, reason),
            onDisk: (state) => states.push(state),
            onError: () => {},
          })
          try {
            await small.follow([siteCamera(CAM), siteCamera(LAZY)])
            await small.stream(siteCamera(CAM), streamOf(CAM), CREDENTIALS)
            small.evictFromNowOn()
            const held = { camera: CAM, from: isoTime(Date.now() - 60_000), to: isoTime(Date.now() + 3600_000) }
            await until(
              () => small.numbers(held),
              (numbers) => numbers.size > 2,
            )
            small.hold('inc-1', held)
            writeFileSync(join(mount, 'filler'), Buffer.alloc(13_000_000))
            await until(
              () => states.at(-1)?.level,
              (level) => level === 'full',
            )
            await until(
              () => health.get(CAM),
              (reason) => /disk is full/.test(reason ?? ''),
            )
            const kept = (await small.numbers(held)).size
            const begun = new Promise<void>((resolve) => {
              const viewer = small.watchLive(CAM, 'copy', {
                begin: () => {},
                part: () => (resolve(), viewer.leave()),
                gone: () => {},
              })
            })
            await begun
            expect((await small.numbers(held)).size).toBeGreaterThanOrEqual(kept)
            rmSync(join(mount, 'filler'))
            await until(
              () => small.numbers(held),
              (numbers) => numbers.size > kept + 1,
            )
            await until(
              () => health.get(CAM),
              (reason) => reason === null,
            )
          } finally {
            await small.close()
            spawnSync('umount', [mount])
            rmSync(mount, { recursive: true, force: true })
          }
        },
      )
    })

  describe('the recorder', () => {
    test('passes the camera’s password to ffmpeg where nobody can read it', () => {
      // Our own processes only: another run of these tests has the same password.
      const lines = treeOf(process.pid).map(commandOf)
      expect(lines.some((line) => line.startsWith('ffmpeg') && line.includes('concat'))).toBe(true)
      expect(
        lines.filter(
          (line) => line.includes(CREDENTIALS.password) || line.includes(encodeURIComponent(CREDENTIALS.password)),
        ),
      ).toEqual([])
    })
    test('is live: the newest part is younger than three seconds on any machine', async () => {
      const ageOf = (playlist: string): number => {
        const started = Date.parse(/PROGRAM-DATE-TIME:(\S+)(?![\s\S]*PROGRAM-DATE-TIME)/.exec(playlist)?.[1] ?? '')
        const inSegment = [
          ...(playlist.split('PROGRAM-DATE-TIME').at(-1) ?? '').matchAll(/PART:DURATION=([\d.]+)/g),
        ].reduce((sum, [, seconds]) => sum + Number(seconds), 0)
        return Date.now() - started - inSegment * 1000
      }
      await until(live, (playlist) => ageOf(playlist) < 3000)
    })
    test('a blocking reload comes back with the part that was asked for', async () => {
      const [, number = ''] = /PRELOAD-HINT:TYPE=PART,URI="part\/(\d+)\./.exec(await live()) ?? []
      const next = Number(number) + 1
      // The window waits four seconds; a camera that pauses for longer is asked again.
      await until(
        () => live({ msn: next, part: 0 }).catch(() => ''),
        (playlist) => playlist.includes(`part/${next}.0.m4s`),
      )
      expect((await clips.livePart(CAM, 'copy', next, 0))?.length).toBeGreaterThan(100)
    })
    test('what it plays is H.264 that ffprobe reads', async () => {
      const listed = await until(live, (text) => /segment\/\d+\.m4s\n(?![\s\S]*segment\/)/.test(text))
      const number = Number(/segment\/(\d+)\.m4s\n(?![\s\S]*segment\/)/.exec(listed)?.[1])
      const [init, segment] = await Promise.all([clips.init(CAM, 0), clips.segment(CAM, number)])
      const file = join(town.folder, 'probe.mp4')
      writeFileSync(file, Buffer.concat([Buffer.from(init ?? []), Buffer.from(segment ?? [])]))
      const { stdout } = spawnSync(
        'ffprobe',
        [
          '-v',
          'error',
          '-count_frames',
          '-show_entries',
          'stream=codec_name,width,nb_read_frames',
          '-of',
          'csv=p=0',
          file,
        ],
        { encoding: 'utf8' },
      )
      expect(stdout.trim()).toBe('h264,960,15')
    })
    test('says so in health when the camera goes away, comes back by itself, and declares the gap', async () => {
      const before = Date.now()
      await town.camera(CAM).unplug()
      await until(
        () => video.get(CAM)?.state,
        (state) => state === 'down',
        10_000,
      )
      expect(video.get(CAM)?.reason).toBeTruthy()
      expect(video.get(CAM)?.reason).not.toContain(CREDENTIALS.password)
      await expect(live()).rejects.toMatchObject({ code: 'live/none' })
      await new Promise((resolve) => setTimeout(resolve, 2500))
      expect(await clips.gaps(clip(before - 1000, null))).toHaveLength(1)
      await town.camera(CAM).plugIn()
      await until(
        () => video.get(CAM)?.state,
        (state) => state === 'up',
        20_000,
      )
      await until(live, (text) => /#EXT-X-DISCONTINUITY\n[\s\S]*segment\//.test(text), 10_000)
      // The first segment after it must be whole before anybody knows where the gap ends.
      const gaps = await until(
        () => clips.gaps(clip(before - 1000, null)),
        (found) => found.length === 1 && found[0]?.to !== undefined,
      )
      expect(Date.parse(gaps[0]?.to ?? '') - Date.parse(gaps[0]?.from ?? '')).toBeGreaterThan(1500)
    })
    test('a clip over the gap is one MP4 by stream copy, with its hash', async () => {
      const segments = await clips.numbers(clip(0, null))
      const cut = await clips.cut(CAM, { from: 0, to: Date.now() })
      const { stdout } = spawnSync(
        'ffprobe',
        [
          '-v',
          'error',
          '-count_frames',
          '-show_entries',
          'stream=codec_name,nb_read_frames',
          '-of',
          'csv=p=0',
          cut.file,
        ],
        { encoding: 'utf8' },
      )
      const [codec, frames] = stdout.trim().split(',')
      expect(codec).toBe('h264')
      expect(Number(frames)).toBeGreaterThan((segments.size - 4) * 14)
      expect(spawnSync('sha256sum', [cut.file], { encoding: 'utf8' }).stdout.split(' ')[0]).toBe(cut.sha256)
      expect(cut.gaps.length).toBeGreaterThan(0)
      await cut.done()
    })
    test('a range without any picture is refused, and nothing is left behind', async () => {
      await expect(clips.cut(CAM, { from: 0, to: 1000 })).rejects.toMatchObject({ code: 'clip/none' })
      expect(readdirSync(join(town.folder, 'scratch'))).toEqual([])
    })
    test('a segment that was changed on disk is found by its hash, and named; what is beside it can be had', async () => {
      const folder = join(town.folder, 'clips', CAM)
      const data =
        readdirSync(folder)
          .filter((name) => name.endsWith('.m4s'))
          .sort()[0] ?? ''
      const bytes = readFileSync(join(folder, data))
      writeFileSync(
        join(folder, data),
        Buffer.concat([bytes.subarray(0, 2000), Buffer.of((bytes[2000] ?? 0) ^ 1), bytes.subarray(2001)]),
      )
      const refused: unknown = await clips.cut(CAM, { from: 0, to: Date.now() }).catch((error: unknown) => error)
      expect(refused).toMatchObject({
        code: 'clip/unreadable',
        message: expect.stringMatching(/^Segment 0 \(.*Z\) is not as it was recorded/),
      })
      const after = /from (\S+Z) on/.exec((refused as Error).message)?.[1] ?? ''
      // The camera goes on meanwhile.
      const before = (await clips.numbers(clip(0, null))).size
      const cut = await clips.cut(CAM, { from: Date.parse(after), to: Date.now() })
      expect(cut.segments).toBeGreaterThanOrEqual(before - 1)
      expect(cut.segments).toBeLessThanOrEqual((await clips.numbers(clip(0, null))).size - 1)
      await cut.done()
    })
    test('on a thin link records only from the press on', async () => {
      expect(video.get(LAZY)).toBeUndefined()
      clips.hold('inc-1', { camera: LAZY, from: isoTime(Date.now() - 60_000), to: null })
      await until(
        () => video.get(LAZY)?.state,
        (state) => state === 'up',
        15_000,
      )
    })
    test('a still picture is a JPEG', async () => {
      const { picture } = await clips.still(CAM)
      expect(Buffer.from(picture).subarray(0, 3).toString('hex')).toBe('ffd8ff')
    })
  })
})
