/**
 * One run of reading a camera's RTSP stream in this process: for a fraction of what an ffmpeg costs, and with one delay
 * less. Streams that need more than that (sound, other codecs, reordered pictures) are handed to ffmpeg.
 */
import type { Sound } from '../../../glossary/clip.ts'
import { messageOf } from '../../../tools/failure.ts'
import { TIMED_BY_ARRIVAL, createArrivalClock, createArrivalWatch } from '../arrival-watch.ts'
import { NoKeyframe } from '../../ring/clip-packager.ts'
import { type Run, type RunEnd, redactor, watchSilence } from '../recording-run.ts'
import { createStreamFollower, longGopText } from '../stream-follower.ts'
import { FRAGMENT_HEAD_BYTES, followingSooner, rewriteDuration, writeFragmentHead, writeInit } from './fmp4-writer.ts'
import { createSlabPool } from './frame-slab.ts'
import type { NalCodec, StreamSets } from './nal-units.ts'
import { type Picture, type RtpPictures, UnfitForRtp, createRtpPictures } from './rtp-pictures.ts'
import { RtspRefused, openRtspSession } from '../../../tools/rtsp/rtsp-session.ts'
import { BASIC_USED } from '../../../tools/rtsp/rtsp-sign-in.ts'
import { type MediaTrack, describedSets } from '../../../tools/rtsp/session-description.ts'

const CODECS = new Map<string, NalCodec>([
  ['H264', 'h264'],
  ['H265', 'h265'],
])
/** All streams of this thread share it. */
const slabs = createSlabPool()
/**
 * A stream that shows no keyframe for so long, and marks places to recover from, has none (intra refresh): only
 * ffmpeg knows how to begin there.
 */
const NO_KEYFRAME_MS = 15_000
/** Pictures are not shorter, where their arrival is their time. */
const LEAST_S = 0.003
/**
 * A browser that is sent a picture more than twice as late as the one before it said shows nothing until the next
 * keyframe (Media Source Extensions, coded frame processing).
 */
const MOST_OF_SAID = 1.5
/** What another client would hear as well: no reason to try one. */
const CAMERAS_OWN_REFUSAL = new Set([401, 403, 404, 453])

/** Can this address be read here? RTMP and RTSP over TLS are ffmpeg's. */
export const readable = (url: string): boolean => url.startsWith('rtsp://')

/** What no reader makes a recording of that browsers and players show. */
class NotRecorded extends Error {}

/** The track to read, or why ffmpeg must. */
function choose(tracks: readonly MediaTrack[], sound: Sound): { track: MediaTrack; codec: NalCodec } {
  const track = tracks.find(({ kind }) => kind === 'video')
  const codec = track && CODECS.get(track.encoding)
  if (track?.encoding === 'JPEG')
    throw new NotRecorded(
      'The camera offers MJPEG on this stream, which is not recorded: set the stream to H.264 or H.265, or ' +
        'name another one in the site file (onvif: { profile: … } or stream: { url: … }).',
    )
  if (!track || !codec) throw new UnfitForRtp(track ? `it sends ${track.encoding}` : 'it offers no video')
  if (track.format.get('packetization-mode') === '2' || Number(track.format.get('sprop-max-don-diff') ?? 0) > 0)
    throw new UnfitForRtp('its packets are interleaved')
  if (sound !== 'drop' && tracks.some(({ kind }) => kind === 'audio')) throw new UnfitForRtp('its sound is wanted')
  return { track, codec }
}

/** Records until the stream ends or the signal fires. */
export async function recordByRtsp({
  address,
  store,
  window,
  clock,
  onError,
  signal,
  onPicture,
  onNote = () => {},
  habits,
  sound,
  startMs,
  longestSegmentS,
  onTimedByArrival = () => {},
}: Run & { sound: Sound }): Promise<RunEnd> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) stop.abort()
  let reason: string | null = null
  let change: RunEnd['change'] = null
  let pictures: RtpPictures | null = null
  let atOnce = false
  let reached = false
  /** Another reader may have more of this stream. */
  let mayDoBetter = true
  const redact = redactor(address)
  const end = (words: string, soon = false): void => {
    reason ??= words
    atOnce ||= soon
    stop.abort()
  }
  const failed = (error: unknown): void => {
    if (stop.signal.aborted) return
    // A redirect is nobody's to follow: ffmpeg would, with the password.
    const ours =
      error instanceof RtspRefused &&
      error.status >= 400 &&
      error.status < 500 &&
      !CAMERAS_OWN_REFUSAL.has(error.status)
    // One such answer may be a camera that has just begun: only one that goes on giving them is ffmpeg's.
    if (ours) change = 'perhaps-by-ffmpeg'
    // Over this connection it does not send: by datagrams it may.
    if (error instanceof RtspRefused && error.status === 461) change = 'by-udp'
    // Where there are no keyframes ffmpeg knows recovery points for them; where they are far apart it has no more of
    // them than we.
    if (error instanceof UnfitForRtp || (error instanceof NoKeyframe && pictures?.recovers() === true))
      change = 'by-ffmpeg'
    mayDoBetter =
      !(error instanceof NotRecorded) &&
      !(error instanceof NoKeyframe) &&
      !(error instanceof RtspRefused && CAMERAS_OWN_REFUSAL.has(error.status))
    end(
      error instanceof UnfitForRtp ? `Read by ffmpeg, because ${messageOf(error)}.` : redact(messageOf(error)),
      // A session that begins anew begins with a keyframe, at nearly all cameras.
      change === 'by-ffmpeg' || change === 'by-udp' || error instanceof NoKeyframe,
    )
  }

  const follower = createStreamFollower({
    store,
    window,
    now: clock.now,
    onPicture,
    onUnfit: end,
    onNote,
    longestSegmentS,
  })
  const startedAt = clock.monotonic()
  let declared: StreamSets | null = null
  let sequence = 0
  /** Pictures that came before anything could be shown: a sign of life all the same. */
  let undeclared = 0
  /** Ticks that the newest picture was said to last. */
  let said = 0
  /** Ticks by which viewers were told too little. */
  let owed = 0
  const arrivals = createArrivalWatch()
  let byArrival: ReturnType<typeof createArrivalClock> | null = null
  /** Kept back until the next one arrives, where that says how long it lasts. */
  let held: ((seconds: number) => void) | null = null
  let lastDuration = 0
  /** Ticks that the pictures so far have lasted, as they were told. */
  let ended = 0
  function receive(codec: NalCodec, clockRate: number, picture: Picture): void {
    const at = clock.monotonic()
    if (!byArrival && arrivals.look(lastDuration / clockRate, at)) {
      byArrival = createArrivalClock(LEAST_S)
      pictures?.waitForNext()
      onNote(TIMED_BY_ARRIVAL)
      onTimedByArrival()
    }
    lastDuration = picture.duration
    if (!byArrival) return take(codec, clockRate, picture)
    const lasted = byArrival.step(at)
    const before = held
    const release = picture.lease.keep()
    held = (seconds) => {
      try {
        take(codec, clockRate, { ...picture, time: ended, duration: Math.max(1, Math.round(seconds * clockRate)) })
      } finally {
        release()
      }
    }
    before?.(lasted)
  }
  function take(
    codec: NalCodec,
    clockRate: number,
    { bytes, lease, keyframe, time, duration, sets, arrivedAt, lostBefore, lostWithin }: Picture,
  ): void {
    ended = time + duration
    if (
      keyframe &&
      sets &&
      !(declared?.sps.equals(sets.sps) && (declared.vps === sets.vps || (sets.vps && declared.vps?.equals(sets.vps))))
    ) {
      declared = sets
      owed = 0
      follower.lost(lostBefore)
      follower.begin(writeInit(codec, sets, clockRate))
    }
    if (!declared) {
      undeclared += 1
      const waited = clock.monotonic() - startedAt
      if (waited > NO_KEYFRAME_MS && pictures?.recovers() === true) throw new UnfitForRtp('it sends no keyframe')
      if (waited > NO_KEYFRAME_MS) onNote(longGopText(waited / 1000))
      return
    }
    sequence += 1
    said = duration
    writeFragmentHead(bytes, { sequence, time, duration, keyframe })
    follower.take(
      {
        bytes,
        lease,
        keyframe,
        video: true,
        decodeTime: time / clockRate,
        duration: duration / clockRate,
        lostBefore,
        lostWithin,
        ...(byArrival ? { timedByArrival: true } : {}),
        ...(owed > 0 ? { live: followingSooner(bytes, owed), liveMore: owed / clockRate } : {}),
      },
      arrivedAt,
    )
    owed = 0
  }
  /** What is kept has the true time; what is live already was a guess that is right but for a jitter. */
  function correct(clockRate: number, duration: number): void {
    if (!declared || duration === said || byArrival) return
    ended += duration - said
    const isLive = follower.lasted((duration - said) / clockRate, (bytes) => rewriteDuration(bytes, duration))
    if (isLive && duration > MOST_OF_SAID * said) owed = duration - said
  }
  const guarded = (job: () => void): void => {
    try {
      if (!stop.signal.aborted) job()
    } catch (error) {
      if (!(error instanceof UnfitForRtp || error instanceof NoKeyframe)) onError(error)
      failed(error)
    }
  }

  async function play(): Promise<void> {
    let channel = -1
    const session = await openRtspSession({
      url: address.url,
      clock,
      signal: stop.signal,
      onPacket: (on, bytes, from, to) => on === channel && guarded(() => pictures?.push(bytes, from, to)),
      onStray: () => guarded(() => pictures?.stray()),
      ...(habits ? { habits } : {}),
      basic: address.basic ?? false,
    })
    reached = true
    try {
      const { track, codec } = choose(await session.describe(), sound)
      if (session.wasBasic()) onNote(BASIC_USED)
      channel = await session.setUp(track.control)
      const { payload, clockRate } = track
      pictures = createRtpPictures({
        codec,
        payload,
        clockRate,
        sets: describedSets(track),
        headroom: FRAGMENT_HEAD_BYTES,
        slabs,
        now: clock.now,
        onPicture: (picture) => receive(codec, clockRate, picture),
        onLasted: (duration) => correct(clockRate, duration),
      })
      await session.play()
      const lastText = await session.ended
      if (lastText !== null) reason ??= redact(lastText)
    } finally {
      session.close()
    }
  }
  const silence = watchSilence({
    clock,
    startMs,
    pictures: () => follower.pictures() + undeclared,
    signal: stop.signal,
    onSilent: end,
  })
  await play().catch(failed)
  reason ??= silence.words()
  const last = pictures as RtpPictures | null
  stop.abort()
  try {
    const after = last?.finish() ?? 0
    const newest = held as ((seconds: number) => void) | null
    newest?.((byArrival as ReturnType<typeof createArrivalClock> | null)?.pace() ?? LEAST_S)
    follower.lost(after)
  } catch (error) {
    onError(error)
  }
  signal.removeEventListener('abort', onAbort)
  await silence.over
  follower.finish()
  window.stopped()
  const words = [
    ...(reason === null ? [] : [reason]),
    ...(last && last.lost() > 0 ? [`${last.lost()} packets of the stream never came.`] : []),
  ]
  return { reason: reason ?? 'The camera ended the stream.', words, atOnce, change, reached: reached && mayDoBetter }
}
