import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { gapsIn } from '../../server/clip/ring/clip-gaps.ts'
import { createMemoryStore } from '../../server/clip/live/converted-view.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { withParameterSets } from '../../server/clip/record/parameter-sets.ts'
import { avcConfigIn } from '../../server/tools/media/avc-config.ts'
import { createStreamFollower } from '../../server/clip/record/stream-follower.ts'
import { createTimelineWatch } from '../../server/clip/record/timeline-watch.ts'
import type { Segment } from '../../server/glossary/clip.ts'
import { makeStream } from './made-streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-streams-'))
afterAll(() => rmSync(folder, { recursive: true }))
const T0 = 1_000_000

/** Runs made bytes through the recorder's own path, at a camera's pace: `frameMs` of wall clock for each frame. */
function follow(streams: Buffer[], { frameMs = 1000 / 15, chunk = 4096 } = {}) {
  const { store, init, segment } = createMemoryStore(1000)
  const segments: Segment[] = []
  const codecs: string[] = []
  const unfit: { reason: string; soon: boolean }[] = []
  const window = createLiveWindow()
  let now = T0
  for (const bytes of streams) {
    const follower = createStreamFollower({
      store,
      window: { onPart: window.onPart, onSegment: (closed) => (segments.push(closed), window.onSegment(closed)) },
      now: () => now,
      onPicture: (codec) => codecs.push(codec),
      onUnfit: (reason, soon) => unfit.push({ reason, soon }),
    })
    let seen = 0
    for (let at = 0; at < bytes.length; at += chunk) {
      follower.push(bytes.subarray(at, at + chunk))
      now += (follower.pictures() - seen) * frameMs
      seen = follower.pictures()
    }
    follower.finish()
  }
  return { segments, codecs, unfit, init, segment, window }
}
/** What ffprobe finds in a run: its initialisation section and its segments. */
function probe({ segments, init, segment }: ReturnType<typeof follow>, run = segments[0]?.run ?? 0) {
  const file = join(folder, 'run.mp4')
  writeFileSync(
    file,
    Buffer.concat([
      init(run) ?? Buffer.alloc(0),
      ...segments.filter((each) => each.run === run).map(({ number }) => segment(number) ?? Buffer.alloc(0)),
    ]),
  )
  const { stdout } = spawnSync(
    'ffprobe',
    [
      '-v',
      'error',
      '-count_frames',
      '-show_entries',
      'stream=codec_name,width,height,nb_read_frames',
      '-of',
      'json',
      file,
    ],
    { encoding: 'utf8' },
  )
  return (
    JSON.parse(stdout) as { streams: { codec_name: string; width?: number; height?: number; nb_read_frames: string }[] }
  ).streams
}
function ffmpeg(...args: string[]): Buffer {
  const { stdout, status, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], {
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(stderr.toString())
  return stdout
}
const FRAGMENTED = ['-f', 'mp4', '-movflags', '+frag_every_frame+empty_moov+default_base_moof', 'pipe:1']
const annexB = (size: string, seconds = 2): Buffer =>
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    `testsrc2=s=${size}:r=15`,
    '-t',
    String(seconds),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '15',
    '-pix_fmt',
    'yuv420p',
    '-f',
    'h264',
    'pipe:1',
  )

describe('every real stream', () => {
  test('H.264 is recorded whole, and its codec is told', () => {
    const found = follow([makeStream()])
    expect(found.codecs).toEqual([expect.stringMatching(/^avc1\.[0-9a-f]{6}$/)])
    expect(probe(found)).toEqual([{ codec_name: 'h264', width: 320, height: 180, nb_read_frames: '45' }])
  })
  test('H.265 is recorded as it is, under its full name', () => {
    const found = follow([
      makeStream({ extra: ['-c:v', 'libx265', '-x265-params', 'log-level=error:keyint=15:min-keyint=15'] }),
    ])
    expect(found.codecs).toEqual([expect.stringMatching(/^(hev1|hvc1)\.1\.6\.L\d+(\.[0-9a-f]+)*$/)])
    expect(probe(found)[0]).toMatchObject({ codec_name: 'hevc', nb_read_frames: '45' })
  })
  test('B-frames keep their order', () => {
    const found = follow([makeStream({ extra: ['-bf', '2', '-preset', 'veryfast'] })])
    expect(probe(found)[0]).toMatchObject({ nb_read_frames: '45' })
    expect(found.unfit).toEqual([])
  })
  test('a stream that never had a time, as a raw one, gets one', () => {
    const raw = join(folder, 'raw.h264')
    writeFileSync(raw, annexB('320x180'))
    const found = follow([ffmpeg('-r', '15', '-f', 'h264', '-i', raw, '-c', 'copy', ...FRAGMENTED)])
    expect(probe(found)[0]).toMatchObject({ nb_read_frames: '30' })
  })
  test('AAC passes beside the picture', () => {
    const found = follow([
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=320x180:r=15',
        '-f',
        'lavfi',
        '-i',
        'sine',
        '-t',
        '3',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-g',
        '15',
        '-pix_fmt',
        'yuv420p',
        '-c:a',
        'aac',
        ...FRAGMENTED,
      ),
    ])
    expect(probe(found).map(({ codec_name: name }) => name)).toEqual(['h264', 'aac'])
    expect(found.segments.map(({ duration }) => Math.round(duration))).toEqual([1, 1, 1])
  })
  test('what no browser shows is refused in words', () => {
    const found = follow([
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=15', '-t', '1', '-c:v', 'mpeg4', ...FRAGMENTED),
    ])
    expect(found.unfit).toEqual([
      { reason: expect.stringMatching(/sends mp4v, which no browser shows: set it to H\.264/), soon: false },
    ])
    expect(found.segments).toEqual([])
  })
  test('a new resolution in mid-stream loses no frame: a new run begins with its own initialisation section', () => {
    const raw = join(folder, 'two.h264')
    writeFileSync(raw, Buffer.concat([annexB('320x180'), annexB('640x360')]))
    const found = follow([ffmpeg('-r', '15', '-f', 'h264', '-i', raw, '-c', 'copy', ...FRAGMENTED)])
    expect(found.codecs).toHaveLength(2)
    const runs = [...new Set(found.segments.map(({ run }) => run))]
    expect(runs).toHaveLength(2)
    expect(runs.map((run) => probe(found, run)[0])).toEqual([
      { codec_name: 'h264', width: 320, height: 180, nb_read_frames: '30' },
      { codec_name: 'h264', width: 640, height: 360, nb_read_frames: '30' },
    ])
  })
  test('an initialisation section with its own parameter sets written anew is the same stream to ffprobe', () => {
    const found = follow([makeStream()])
    const before = found.init(0) ?? Buffer.alloc(0)
    const config = avcConfigIn(before)
    const [[sps], [pps]] = [config?.sps ?? [], config?.pps ?? []]
    const after = sps && pps ? withParameterSets(before, { sps, pps }) : null
    expect(after && avcConfigIn(after)).toEqual(config)
    expect(probe({ ...found, init: () => after })[0]).toMatchObject({ nb_read_frames: '45' })
  })
  test('the wall clock put back an hour begins a new run at the next keyframe, and no picture is lost', () => {
    const { store, init, segment } = createMemoryStore(1000)
    const segments: Segment[] = []
    let now = T0
    const follower = createStreamFollower({
      store,
      window: { onPart: () => {}, onSegment: (closed) => segments.push(closed) },
      now: () => now,
      onPicture: () => {},
      onUnfit: (reason) => {
        throw new Error(reason)
      },
    })
    const bytes = makeStream({ seconds: 4 })
    let seen = 0
    for (let at = 0; at < bytes.length; at += 512) {
      follower.push(bytes.subarray(at, at + 512))
      // In the middle of a second of pictures.
      if (seen < 22 && follower.pictures() >= 22) now -= 3_600_000
      now += (follower.pictures() - seen) * (1000 / 15)
      seen = follower.pictures()
    }
    follower.finish()
    expect(segments.map(({ run }) => run)).toEqual([0, 0, 1, 1])
    for (const run of [0, 1]) {
      const times = segments.filter((each) => each.run === run).map(({ start }) => start)
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }
    const frames = [0, 1].map((run) =>
      Number(probe({ segments, init, segment } as ReturnType<typeof follow>, run)[0]?.nb_read_frames),
    )
    expect(frames).toEqual([30, 30])
  })
  test('a clock that jumps ahead an hour begins a new timeline, and no segment is an hour long', () => {
    const jumped = ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=320x180:r=15',
      '-frames:v',
      '60',
      '-vf',
      "setpts='if(gte(N,30),PTS+3600/TB,PTS)'",
      '-vsync',
      'passthrough',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '15',
      '-pix_fmt',
      'yuv420p',
      ...FRAGMENTED,
    )
    const found = follow([jumped])
    expect(Math.max(...found.segments.map(({ duration }) => duration))).toBeLessThan(2)
    expect(new Set(found.segments.map(({ run }) => run)).size).toBe(2)
    expect(found.unfit).toEqual([])
  })
  test('a clock that goes back ends the run, and beginning again at once is worth it', () => {
    const watch = createTimelineWatch()
    const verdicts = Array.from({ length: 20 }, (_, i) => watch.look({ decodeTime: 10 + i * 0.0001, duration: 0.0001 }))
    expect(verdicts).toContain('stuck')
  })
  test('a camera whose clock runs at 0.8 keeps the wall clock’s time, and shows no gaps for it', () => {
    const found = follow([makeStream({ seconds: 20, gop: 60 })], { frameMs: 1000 / 12 })
    const last = found.segments.at(-1)
    expect((last?.start ?? 0) - T0).toBeGreaterThan(19_000)
    expect(gapsIn(found.segments, T0, null)).toEqual([])
  })
  test('keyframes that come one to ten seconds apart are each a segment', () => {
    const found = follow([
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=320x180:r=15',
        '-t',
        '24',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-g',
        '400',
        '-keyint_min',
        '1',
        '-sc_threshold',
        '0',
        '-force_key_frames',
        '1,3,8,18',
        '-pix_fmt',
        'yuv420p',
        ...FRAGMENTED,
      ),
    ])
    expect(found.segments.map(({ duration }) => Math.round(duration))).toEqual([1, 2, 5, 10, 6])
  })
  test('the recorder’s bytes are what ffmpeg wrote, however they arrive', () => {
    const bytes = makeStream({ seconds: 2 })
    const whole = follow([bytes], { chunk: bytes.length })
    for (const chunk of [1, 7, 188, 1500]) {
      const split = follow([bytes], { chunk })
      expect(split.segments.map(({ sha256 }) => sha256)).toEqual(whole.segments.map(({ sha256 }) => sha256))
    }
  })
})
