import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../server/clip/converted-view.ts'
import { createLiveWindow } from '../../server/clip/live-window.ts'
import { recordByRtsp } from '../../server/clip/rtsp/rtsp-recording.ts'
import type { Segment, Sound } from '../../server/glossary/clip.ts'
import { startRtspServer } from '../../server/simulator/rtsp-server.ts'
import { realClock } from '../../server/tools/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-rtsp-'))
const CREDENTIALS = { username: 'lamppost', password: 'Pre£s & go' }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function ffmpeg(...args: string[]): string {
  const { stdout, status, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
/** The hash of every picture, without what the way may add or leave out (delimiters, repeated parameter sets). */
function pictureHashes(file: string, codec: string): string[] {
  const filter = codec === 'h264' ? 'h264_mp4toannexb,filter_units=remove_types=6-9' : 'hevc_mp4toannexb,filter_units=remove_types=32-40'
  const lines = ffmpeg('-i', file, '-map', '0:v', '-c', 'copy', '-bsf:v', filter, '-f', 'framehash', '-hash', 'sha256', '-').split('\n')
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)?.trim() ?? '')
}
const video = (...encoder: string[]): string[] => ['-f', 'lavfi', '-i', 'testsrc2=s=640x358:r=15,noise=alls=20:allf=t', '-t', '4', ...encoder, '-g', '15', '-pix_fmt', 'yuv420p']
const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0']

/** A camera that plays this file once, and hangs up. */
async function play(name: string, ...args: string[]) {
  const file = join(folder, name)
  ffmpeg(...args, file)
  const server = await startRtspServer({
    port: 0,
    credentials: CREDENTIALS,
    startEncoder(publishTo) {
      const encoder = spawn('ffmpeg', ['-loglevel', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', publishTo], { stdio: 'ignore' })
      const gone = new Promise<void>((resolve) => encoder.once('exit', () => resolve()))
      return async () => {
        encoder.kill('SIGKILL')
        await gone
      }
    },
  })
  closers.push(() => server.close())
  return { file, url: `rtsp://lamppost:${encodeURIComponent(CREDENTIALS.password)}@127.0.0.1:${server.port}/stream`, server }
}

/** Records until the stream ends, and gives back what would lie in the ring. */
async function record(url: string, { sound = 'drop' as Sound, startMs = 15_000, signal = new AbortController().signal } = {}) {
  const { store, init, segment } = createMemoryStore(1000)
  const segments: Segment[] = []
  const codecs: string[] = []
  const errors: unknown[] = []
  const live = createLiveWindow()
  const window = { ...live, onSegment: (closed: Segment) => (segments.push(closed), live.onSegment(closed)) }
  const end = await recordByRtsp({ address: { url, secrets: [CREDENTIALS.password, encodeURIComponent(CREDENTIALS.password)] }, store, window, clock: realClock, onError: (error) => errors.push(error), startMs, signal, onPicture: (codec) => codecs.push(codec), sound })
  const file = join(folder, 'recorded.mp4')
  writeFileSync(file, Buffer.concat([init(segments[0]?.run ?? 0) ?? Buffer.alloc(0), ...segments.map(({ number }) => segment(number) ?? Buffer.alloc(0))]))
  return { end, segments, codecs, errors, file }
}
/** What comes of a file: its size, and how many frames ffprobe decodes. */
function probe(file: string) {
  const { stdout, stderr } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,width,height,nb_read_frames,r_frame_rate', '-of', 'json', file], { encoding: 'utf8' })
  return { ...(JSON.parse(stdout) as { streams: Record<string, unknown>[] }).streams[0], complaints: stderr }
}

describe('a stream read in this process', () => {
  test.each([
    ['H.264 baseline', 'baseline.mp4', video(...X264, '-profile:v', 'baseline'), 'h264', /^avc1\.42/],
    ['H.264 high', 'high.mp4', video(...X264, '-profile:v', 'high'), 'h264', /^avc1\.64/],
    ['H.264 of several slices', 'slices.mp4', video(...X264, '-slices', '4'), 'h264', /^avc1/],
    ['interlaced H.264', 'interlaced.mp4', video(...X264, '-flags', '+ilme+ildct', '-vf', 'crop=640:356'), 'h264', /^avc1/, 356],
    ['H.265', 'h265.mp4', video('-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'bframes=0:keyint=15:log-level=none'), 'hevc', /^hev1\.1\./],
  ])('%s is kept bit for bit, as ffprobe and a hash of its pictures say', async (_, name, args, codec, codecs, height = 358) => {
    const camera = await play(name, ...args)
    const { end, segments, codecs: told, errors, file } = await record(camera.url)
    expect(errors).toEqual([])
    expect(end).toMatchObject({ reason: 'The camera ended the stream.', change: null })
    expect(told).toEqual([expect.stringMatching(codecs)])
    const [sent, kept] = [pictureHashes(camera.file, codec), pictureHashes(file, codec)]
    // The camera began before we asked; from the first keyframe that we saw, nothing is missing.
    expect(kept.length).toBeGreaterThanOrEqual(45)
    expect(kept).toEqual(sent.slice(-kept.length))
    expect(segments.length).toBe(kept.length / 15)
    expect(probe(file)).toEqual({ codec_name: codec, width: 640, height, nb_read_frames: String(kept.length), r_frame_rate: '15/1', complaints: '' })
  })
})
