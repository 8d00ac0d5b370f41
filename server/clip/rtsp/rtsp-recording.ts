/**
 * One run of reading a camera's RTSP stream in this process: for a fraction of what an ffmpeg costs, and with one delay
 * less. Streams that need more than that (sound, other codecs, reordered pictures) are handed to ffmpeg.
 */
import type { Sound } from '../../glossary/clip.ts'
import { wordsOf } from '../../tools/failure.ts'
import { NoKeyframe } from '../clip-packager.ts'
import { type Run, type RunEnd, redactor, watchSilence } from '../recording-run.ts'
import { createStreamFollower } from '../stream-follower.ts'
import { FRAGMENT_HEAD_BYTES, followingSooner, rewriteDuration, writeFragmentHead, writeInit } from './fmp4-writer.ts'
import { createSlabPool } from './frame-slab.ts'
import { type Picture, type RtpCodec, type RtpPictures, type StreamSets, UnfitForRtp, createRtpPictures } from './rtp-pictures.ts'
import { RtspRefused, openRtspSession } from './rtsp-session.ts'
import { type MediaTrack, describedSets } from './session-description.ts'

const CODECS = new Map<string, RtpCodec>([['H264', 'h264'], ['H265', 'h265']])
/** All streams of this thread share it. */
const slabs = createSlabPool()
/** A stream that shows no keyframe for so long has some that only ffmpeg knows (intra refresh). */
const NO_KEYFRAME_MS = 15_000
/** A browser that is sent a picture more than twice as late as the one before it said shows nothing until the next keyframe (Media Source Extensions, coded frame processing). */
const MOST_OF_SAID = 1.5
/** What another client would hear as well: no reason to try one. */
const CAMERAS_OWN_REFUSAL = new Set([401, 403, 404, 453])

/** Can this address be read here? RTMP and RTSP over TLS are ffmpeg's. */
export const readable = (url: string): boolean => url.startsWith('rtsp://')

/** The track to read, or why ffmpeg must. */
function choose(tracks: readonly MediaTrack[], sound: Sound): { track: MediaTrack; codec: RtpCodec } {
  const track = tracks.find(({ kind }) => kind === 'video')
  const codec = track && CODECS.get(track.encoding)
  if (!track || !codec) throw new UnfitForRtp(track ? `it sends ${track.encoding}` : 'it offers no video')
  if (track.format.get('packetization-mode') === '2' || Number(track.format.get('sprop-max-don-diff') ?? 0) > 0) throw new UnfitForRtp('its packets are interleaved')
  if (sound !== 'drop' && tracks.some(({ kind }) => kind === 'audio')) throw new UnfitForRtp('its sound is wanted')
  return { track, codec }
}

/** Records until the stream ends or the signal fires. */
export async function recordByRtsp({ address, store, window, clock, onError, signal, onPicture, sound, startMs }: Run & { sound: Sound }): Promise<RunEnd> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) stop.abort()
  let reason: string | null = null
  let change: RunEnd['change'] = null
  let pictures: RtpPictures | null = null
  let atOnce = false
  const redact = redactor(address)
  const end = (words: string, soon = false): void => {
    reason ??= words
    atOnce ||= soon
    stop.abort()
  }
  const failed = (error: unknown): void => {
    if (stop.signal.aborted) return
    // A redirect is nobody's to follow: ffmpeg would, with the password.
    const ours = error instanceof RtspRefused && error.status >= 400 && error.status < 500 && !CAMERAS_OWN_REFUSAL.has(error.status)
    // One such answer may be a camera that has just begun: only one that goes on giving them is ffmpeg's.
    if (ours) change = 'perhaps-by-ffmpeg'
    // Intra refresh: ffmpeg knows its recovery points for keyframes.
    if (error instanceof UnfitForRtp || error instanceof NoKeyframe) change = 'by-ffmpeg'
    end(error instanceof UnfitForRtp ? `Read by ffmpeg, because ${wordsOf(error)}.` : redact(wordsOf(error)), change === 'by-ffmpeg')
  }

  const follower = createStreamFollower({ store, window, now: clock.now, onPicture, onUnfit: end })
  const startedAt = clock.monotonic()
  let declared: StreamSets | null = null
  let sequence = 0
  /** Pictures that came before anything could be shown: a sign of life all the same. */
  let undeclared = 0
  /** Ticks that the newest picture was said to last. */
  let said = 0
  /** Ticks by which viewers were told too little. */
  let owed = 0
  function take(codec: RtpCodec, clockRate: number, { bytes, lease, keyframe, time, duration, sets, arrivedAt, lostBefore, lostWithin }: Picture): void {
    if (keyframe && sets && !(declared?.sps.equals(sets.sps) && (declared.vps === sets.vps || (sets.vps && declared.vps?.equals(sets.vps))))) {
      declared = sets
      owed = 0
      follower.lost(lostBefore)
      follower.begin(writeInit(codec, sets, clockRate))
    }
    if (!declared) {
      undeclared += 1
      if (clock.monotonic() - startedAt > NO_KEYFRAME_MS) throw new UnfitForRtp('it sends no keyframe')
      return
    }
    sequence += 1
    said = duration
    writeFragmentHead(bytes, { sequence, time, duration, keyframe })
    follower.take({ bytes, lease, keyframe, video: true, decodeTime: time / clockRate, duration: duration / clockRate, lostBefore, lostWithin, ...(owed > 0 ? { live: followingSooner(bytes, owed), liveMore: owed / clockRate } : {}) }, arrivedAt)
    owed = 0
  }
  /** What is kept has the true time; what is live already was a guess that is right but for a jitter. */
  function correct(clockRate: number, duration: number): void {
    if (!declared || duration === said) return
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
    const session = await openRtspSession({ url: address.url, clock, signal: stop.signal, onPacket: (on, bytes, from, to) => on === channel && guarded(() => pictures?.push(bytes, from, to)) })
    try {
      const { track, codec } = choose(await session.describe(), sound)
      channel = await session.setUp(track.control)
      const { payload, clockRate } = track
      pictures = createRtpPictures({ codec, payload, clockRate, sets: describedSets(track), headroom: FRAGMENT_HEAD_BYTES, slabs, now: clock.now, onPicture: (picture) => take(codec, clockRate, picture), onLasted: (duration) => correct(clockRate, duration) })
      await session.play()
      const lastWords = await session.ended
      if (lastWords !== null) reason ??= redact(lastWords)
    } finally {
      session.close()
    }
  }
  const silence = watchSilence({ clock, startMs, pictures: () => follower.pictures() + undeclared, signal: stop.signal, onSilent: end })
  await play().catch(failed)
  reason ??= silence.words()
  const last = pictures as RtpPictures | null
  stop.abort()
  try {
    follower.lost(last?.finish() ?? 0)
  } catch (error) {
    onError(error)
  }
  signal.removeEventListener('abort', onAbort)
  await silence.over
  follower.finish()
  window.stopped()
  const words = [...(reason === null ? [] : [reason]), ...(last && last.lost() > 0 ? [`${last.lost()} packets of the stream never came.`] : [])]
  return { reason: reason ?? 'The camera ended the stream.', words, atOnce, change }
}
