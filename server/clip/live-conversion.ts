/**
 * A live picture made anew as H.264, for browsers that cannot show what the camera sends. It is fed with what the recorder
 * receives, so that the camera is asked once, and each picture keeps the time at which its original arrived: a conversion that
 * falls behind shows old pictures as old ones, and begins again at the newest keyframe.
 */
import { Readable } from 'node:stream'
import { createBackoff } from '../tools/backoff.ts'
import type { Clock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'
import { runFfmpeg } from '../tools/ffmpeg-run.ts'
import { boxesIn, readTracks } from '../tools/fmp4-boxes.ts'
import { readMoof } from '../tools/fmp4-samples.ts'
import type { Fragment } from './fragment-reader.ts'
import type { LivePart, LiveStart, LiveWindow } from './live-window.ts'
import { type RunStore, createStreamFollower } from './stream-follower.ts'

/** What the recorder has of one camera. */
export type LiveSource = { window: Pick<LiveWindow, 'newest' | 'follow'>; init(run: number): Promise<Buffer | null> }
export type LiveConversion = { codec(): string | null; close(): Promise<void> }

const INPUT = ['-f', 'mp4', '-protocol_whitelist', 'pipe', '-fflags', 'nobuffer', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0', '-threads', '1']
const PICTURE = ['-vf', 'scale=w=min(1280\\,iw):h=-2', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '50', '-threads', '1', '-crf', '26']
const OUTPUT = ['-map', '0:v:0', '-an', ...PICTURE, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-video_track_timescale', '90000', '-f', 'mp4', '-movflags', '+frag_every_frame+empty_moov+default_base_moof', '-flush_packets', '1']
/** What is only copied is a recording, and nobody's to hold up; what is made anew is a view. */
const NICENESS = 10
/** It begins at a keyframe that may be many seconds old, and has to come up to the newest picture first. */
const CATCH_UP_MS = 6000
const MOST_BEHIND_MS = 2500
const NO_SOURCE_MS = 100
const ROUNDING_S = 0.002

export function createLiveConversion({ source, store, window, clock, onError }: { source: LiveSource; store: RunStore; window: LiveWindow; clock: Clock; onError(error: unknown): void }): LiveConversion {
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let codec: string | null = null

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const init = await initOf(source)
      // What is newest now: its bytes are good until the next turn, and the file took several.
      const start = source.window.newest()
      if (!init || !start || start.run !== init.run) {
        await clock.sleep(NO_SOURCE_MS, stopped.signal)
        continue
      }
      const { made, problem } = await convertRun({ init: init.bytes, start, source, store, window, clock, onPicture: (found) => (codec = found), signal: stopped.signal })
      window.stopped()
      if (problem !== null && !stopped.signal.aborted) onError(new Error(`A live conversion ended: ${problem}`))
      if (made) backoff.reset()
      else await clock.sleep(backoff.wait(), stopped.signal)
    }
  }
  const running = run().catch(onError)
  return {
    codec: () => codec,
    async close() {
      stopped.abort()
      await running
    },
  }
}

async function initOf({ window, init }: LiveSource): Promise<{ run: number; bytes: Buffer } | null> {
  const newest = window.newest()
  const bytes = newest && (await init(newest.run))
  return bytes && { run: newest.run, bytes }
}

type ConvertedRun = { init: Buffer; start: LiveStart; source: LiveSource; store: RunStore; window: LiveWindow; clock: Clock; onPicture(codec: string): void; signal: AbortSignal }

/** One ffmpeg, until the recorder begins another run, the conversion falls behind, or the signal fires. `problem`: what was wrong with the picture or with ffmpeg. */
async function convertRun({ init, start, source, store, window, clock, onPicture, signal }: ConvertedRun): Promise<{ made: boolean; problem: string | null }> {
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  signal.addEventListener('abort', giveUp, { once: true })
  let problem: string | null = null
  const end = (words: string): void => {
    problem ??= words
    stop.abort()
  }
  const startedAt = clock.monotonic()
  const arrivals = createArrivals(init)
  const follower = createStreamFollower({ store, window, now: clock.now, arrivedAt: arrivals.of, onPicture, onUnfit: end })
  const input = new Readable({ read() {} })
  input.on('error', () => {})

  const feed = (bytes: Buffer, arrived: Arrived): void => {
    arrivals.note(bytes, arrived)
    // The memory is the recorder's, and another picture's in a moment.
    input.push(Buffer.from(bytes))
  }
  input.push(init)
  let at = start.start
  for (const { bytes, duration } of start.parts) {
    feed(bytes, { first: at })
    at += duration * 1000
  }
  const unfollow = source.window.follow((news: LivePart | null) => {
    if (!news || news.run !== start.run) return stop.abort()
    if (news.number < start.number || (news.number === start.number && news.index <= start.index)) return
    feed(news.part.bytes, { newest: clock.now() })
    if (clock.monotonic() - startedAt > CATCH_UP_MS && clock.now() - (arrivals.oldestWaiting() ?? Number.POSITIVE_INFINITY) > MOST_BEHIND_MS) stop.abort()
  })
  const onOutput = (chunk: Buffer): void => {
    try {
      if (!stop.signal.aborted) follower.push(chunk)
    } catch (error) {
      end(wordsOf(error))
    }
  }
  if (signal.aborted) stop.abort()
  const { ended } = runFfmpeg({ input, inputOptions: INPUT, outputOptions: OUTPUT, onOutput, signal: stop.signal, niceness: NICENESS })
  const said = await ended
  if (!stop.signal.aborted) problem ??= said ?? 'ffmpeg ended by itself'
  stop.abort()
  signal.removeEventListener('abort', giveUp)
  unfollow()
  input.destroy()
  follower.finish()
  return { made: follower.pictures() > 0, problem }
}

/** Wall clock, milliseconds, of one picture in a part: the one that is shown first, or the newest. */
type Arrived = { first: number } | { newest: number }

/** Which original a converted picture is, by its time: ffmpeg counts from nought, in the original's seconds. */
export function createArrivals(init: Buffer) {
  const tracks = readTracks(init)
  const video = tracks.find(({ kind }) => kind === 'video')
  /** In the order they are shown; seconds of the original. */
  let waiting: { time: number; at: number }[] = []
  let offset: number | null = null
  let last = 0

  return {
    /** @param bytes fragments as they arrived. */
    note(bytes: Buffer, arrived: Arrived): void {
      const shown: number[] = []
      for (const { type, start, end } of boxesIn(bytes)) {
        if (type !== 'moof' || !video) continue
        for (const { track, samples } of readMoof(bytes.subarray(start, end), tracks)) if (track === video.id) for (const { decodeTime, composition } of samples) shown.push((decodeTime + composition) / video.timescale)
      }
      const known = 'first' in arrived ? { time: Math.min(...shown), at: arrived.first } : { time: Math.max(...shown), at: arrived.newest }
      for (const time of shown) {
        const place = waiting.findLastIndex((each) => each.time <= time)
        waiting.splice(place + 1, 0, { time, at: known.at + (time - known.time) * 1000 })
      }
    },
    /** Wall-clock milliseconds. Never goes back. */
    of({ decodeTime }: Pick<Fragment, 'decodeTime'>): number {
      offset ??= (waiting[0]?.time ?? decodeTime) - decodeTime
      const time = decodeTime + offset
      const found = waiting.findLastIndex((each) => each.time <= time + ROUNDING_S)
      last = Math.max(last, waiting[found]?.at ?? last)
      if (found >= 0) waiting = waiting.slice(found + 1)
      return last
    },
    /** When the oldest picture arrived that is not converted yet; null when there is none. */
    oldestWaiting: (): number | null => waiting[0]?.at ?? null,
  }
}
