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
import { boxesIn, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'
import { type Cover, filters } from '../privacy/cover.ts'
import { createArrivals } from '../record/arrivals.ts'
import type { Part } from '../ring/clip-packager.ts'
import { SHOWN_SIZE } from '../ring/converted-clip.ts'
import type { LivePart, LiveStart, LiveWindow } from './live-window.ts'
import { type RunStore, createStreamFollower } from '../record/stream-follower.ts'

/** What the recorder has of one camera. */
export type LiveSource = {
  window: Pick<LiveWindow, 'newest' | 'follow' | 'running'>
  init(run: number): Promise<Buffer | null>
}
export type LiveConversion = {
  codec(): string | null
  /** What must be covered is something else: what was shown until now ends at once. */
  again(): void
  close(): Promise<void>
}
/**
 * What must be covered of the picture now, and since when (wall clock, milliseconds) that holds for what arrives: what
 * arrived before is not shown.
 */
export type Covered = (init: Buffer) => { cover: Cover; since: number }

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
const outputOf = (before: readonly string[]): string[] => [
  '-map',
  '0:v:0',
  '-an',
  '-vf',
  [...before, SHOWN_SIZE].join(','),
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
/** Pictures are shown in another order than they come: by so many. */
const MOST_REORDERED = 4
/** Looks that nothing is shown between two changes of what must be covered. */
const COVERED_LOOK_MS = 1000
const LASTED_MS = 5000
/** Beginning again so often in a row does not help. */
const TOLD_AFTER = 3
const TOO_SLOW = 'this machine is too slow to convert it as it comes; an H.264 stream of the camera needs no conversion'

export function createLiveConversion({
  source,
  covered = null,
  store,
  window,
  clock,
  onError,
}: {
  source: LiveSource
  /** Null: nothing is covered. */
  covered?: Covered | null
  store: RunStore
  window: LiveWindow
  clock: Clock
  onError(error: unknown): void
}): LiveConversion {
  const stopped = new AbortController()
  let turn = new AbortController()
  const backoff = createBackoff(250, 5000)
  let codec: string | null = null
  let behind = 0

  async function once(): Promise<void> {
    const init = await initOf(source)
    turn = new AbortController()
    const own = AbortSignal.any([stopped.signal, turn.signal])
    const found = (init && covered?.(init.bytes)) ?? null
    // The clock may have been set back since.
    const mask = found && { ...found, since: Math.min(found.since, clock.now() + COVERED_LOOK_MS) }
    if (mask?.cover.cells === null) {
      window.stopped()
      return clock.sleep(COVERED_LOOK_MS, own)
    }
    if (mask && mask.since > clock.now()) return clock.sleep(mask.since - clock.now(), own)
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
      mask,
      onPicture: (found) => (codec = found),
      signal: own,
    })
    window.stopped()
    if (own.aborted) return
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
    again: () => turn.abort(),
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
  mask: ReturnType<Covered> | null
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
  mask,
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
  // Of a head that has only just come to rest, what was taken before is not shown.
  const skipped = mask ? picturesBefore(init, start.parts, mask.since) : 0
  const before = [...(skipped > 0 ? [`select=gte(n\\,${skipped + MOST_REORDERED})`] : []), ...filters(mask?.cover)]
  const arrivals = createArrivals(init, skipped > 0 ? skipped + MOST_REORDERED : 0)
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
    outputOptions: outputOf(before),
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

/** How many pictures of the beginning may have arrived before that time: of a part, only when its first came is known. */
function picturesBefore(init: Buffer, parts: readonly Part[], since: number): number {
  const tracks = readTracks(init)
  const video = tracks.find(({ kind }) => kind === 'video')
  const old = parts.slice(0, parts.findLastIndex(({ at, duration }) => at < since + duration * 1000) + 1)
  return old
    .flatMap(({ bytes }) =>
      boxesIn(bytes)
        .filter(({ type }) => type === 'moof')
        .flatMap(({ start, end }) => readMoof(bytes.subarray(start, end), tracks)),
    )
    .filter(({ track }) => track === video?.id)
    .reduce((sum, { samples }) => sum + samples.length, 0)
}
