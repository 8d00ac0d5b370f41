/**
 * A live picture made anew as H.264, for browsers that cannot show what the camera sends. It is fed with what the
 * recorder receives, so that the camera is asked once, and each picture keeps the time at which its original arrived:
 * a conversion that falls behind shows old pictures as old ones, and goes on at a younger keyframe as soon as there
 * is one.
 */
import { Readable } from 'node:stream'
import { createBackoff } from '../../tools/pace/backoff.ts'
import type { Clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { createArrivals } from '../record/arrivals.ts'
import type { Part } from '../ring/clip-packager.ts'
import type { LivePart, LiveStart, LiveWindow } from './live-window.ts'
import { type RunStore, createStreamFollower } from '../record/stream-follower.ts'

/** What the recorder has of one camera. */
export type LiveSource = {
  window: Pick<LiveWindow, 'newest' | 'follow' | 'running'>
  init(run: number): Promise<Buffer | null>
}
export type LiveConversion = { codec(): string | null; close(): Promise<void> }

const INPUT = [
  '-f',
  'mp4',
  '-protocol_whitelist',
  'pipe',
  '-fflags',
  'nobuffer',
  '-flags',
  'low_delay',
  '-probesize',
  '32',
  '-analyzeduration',
  '0',
  '-threads',
  '1',
]
const PICTURE = [
  '-vf',
  'scale=w=min(1280\\,iw):h=-2',
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-tune',
  'zerolatency',
  '-pix_fmt',
  'yuv420p',
  '-g',
  '50',
  '-threads',
  '1',
  '-crf',
  '26',
]
const OUTPUT = [
  '-map',
  '0:v:0',
  '-an',
  ...PICTURE,
  '-fps_mode',
  'passthrough',
  '-enc_time_base',
  '-1',
  '-video_track_timescale',
  '90000',
  '-f',
  'mp4',
  '-movflags',
  '+frag_every_frame+empty_moov+default_base_moof+skip_trailer',
  '-flush_packets',
  '1',
]
/** What is only copied is a recording, and nobody's to hold up; what is made anew is a view. */
const NICENESS = 10
/** It begins at a keyframe that may be many seconds old, and has to come up to the newest picture first. */
const CATCH_UP_MS = 6000
const MOST_BEHIND_MS = 2500
/** Recorders and ffmpeg hold a few pictures until the next ones come: a camera that pauses is not behind. */
const ALWAYS_WAITING = 4
/** ffmpeg remembers where each fragment was that it ever read: after an hour it begins anew, at a keyframe. */
const LONGEST_RUN_MS = 3_600_000
const NO_SOURCE_MS = 100
const LASTED_MS = 5000
/** Beginning again so often in a row does not help. */
const TOLD_AFTER = 3
const TOO_SLOW = 'this machine is too slow to convert it as it comes; an H.264 stream of the camera needs no conversion'

export function createLiveConversion({
  source,
  store,
  window,
  clock,
  onError,
}: {
  source: LiveSource
  store: RunStore
  window: LiveWindow
  clock: Clock
  onError(error: unknown): void
}): LiveConversion {
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let codec: string | null = null
  let behind = 0

  async function once(): Promise<void> {
    const init = await initOf(source)
    // What is newest now: its bytes are good until the next turn, and the file took several.
    const start = source.window.newest()
    if (!init || !start || start.run !== init.run) return clock.sleep(NO_SOURCE_MS, stopped.signal)
    const startedAt = clock.monotonic()
    const { end, problem } = await convertRun({
      init: init.bytes,
      start,
      source,
      store,
      window,
      clock,
      onPicture: (found) => (codec = found),
      signal: stopped.signal,
    })
    window.stopped()
    if (stopped.signal.aborted) return
    behind = end === 'behind' ? behind + 1 : 0
    if (behind === TOLD_AFTER) onError(new Error(`A live conversion falls behind again and again: ${TOO_SLOW}.`))
    if (problem === null) return
    onError(new Error(`A live conversion ended: ${problem}`))
    if (clock.monotonic() - startedAt > LASTED_MS) backoff.reset()
    await clock.sleep(backoff.wait(), stopped.signal)
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await once()
      } catch (error) {
        onError(error)
        await clock.sleep(backoff.wait(), stopped.signal)
      }
    }
  }
  const running = run()
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

type ConvertedRun = {
  init: Buffer
  start: LiveStart
  source: LiveSource
  store: RunStore
  window: LiveWindow
  clock: Clock
  onPicture(codec: string): void
  signal: AbortSignal
}

/**
 * One ffmpeg, until the recorder begins another run, the conversion falls behind, or the signal fires. `problem`:
 * what was wrong with the picture or with ffmpeg.
 */
async function convertRun({
  init,
  start,
  source,
  store,
  window,
  clock,
  onPicture,
  signal,
}: ConvertedRun): Promise<{ end: 'behind' | 'over'; problem: string | null }> {
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  let problem: string | null = null
  let isBehind = false
  const end = (words: string): void => {
    problem ??= words
    stop.abort()
  }
  const startedAt = clock.monotonic()
  const arrivals = createArrivals(init)
  const follower = createStreamFollower({
    store,
    window,
    now: clock.now,
    arrivedAt: arrivals.of,
    onPicture,
    onUnfit: end,
  })
  const input = new Readable({ read() {} })
  input.on('error', () => {})

  const feed = ({ bytes, at }: Part): void => {
    arrivals.note(bytes, at, clock.monotonic())
    // The memory is the recorder's, and another picture's in a moment.
    input.push(Buffer.from(bytes))
  }
  /** Whether beginning again would show something younger: a keyframe may be longer ago than what waits here. */
  function couldSkip(): boolean {
    const now = clock.monotonic()
    const stuck = arrivals.oldestBut(ALWAYS_WAITING)
    if (!stuck || now - startedAt < CATCH_UP_MS || now - stuck.fedAt < MOST_BEHIND_MS) return false
    return (source.window.newest()?.start ?? 0) > stuck.at
  }
  function onNews(news: LivePart | null): void {
    if (!news || news.run !== start.run) return stop.abort()
    if (news.number < start.number || (news.number === start.number && news.index <= start.index)) return
    if (news.index === 0 && clock.monotonic() - startedAt > LONGEST_RUN_MS) return stop.abort()
    try {
      feed(news.part)
    } catch (error) {
      // Whoever records must not hear of it.
      return end(messageOf(error))
    }
    isBehind = couldSkip()
    if (isBehind) stop.abort()
  }
  const onOutput = (chunk: Buffer): void => {
    try {
      if (!stop.signal.aborted) follower.push(chunk)
    } catch (error) {
      end(messageOf(error))
    }
  }
  input.push(init)
  for (const part of start.parts) feed(part)
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) stop.abort()
  const unfollow = source.window.follow(onNews)
  const { ended } = runFfmpeg({
    input,
    inputOptions: INPUT,
    outputOptions: OUTPUT,
    onOutput,
    signal: stop.signal,
    niceness: NICENESS,
  })
  const said = await ended
  if (!stop.signal.aborted) problem ??= said ?? 'ffmpeg ended by itself'
  stop.abort()
  signal.removeEventListener('abort', giveUp)
  unfollow()
  input.destroy()
  follower.finish()
  return { end: isBehind ? 'behind' : 'over', problem }
}
