/** Keeps one camera recorded, whatever it does: begins again with patience, and remembers why it had to. */
import { createBackoff } from '../../tools/pace/backoff.ts'
import { isoTime } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import type { Reader, RecorderReport, Sound, TimedBy } from '../../glossary/clip.ts'
import { recordByFfmpeg } from './ffmpeg-recording.ts'
import { type RunEnd, type RunParts, type StreamAddress, redactor } from './recording-run.ts'
import { readable, recordByRtsp } from './rtsp/rtsp-recording.ts'
import type { StreamHabits } from '../../tools/rtsp/rtsp-session.ts'

/** The first picture waits for a keyframe, and some cameras send one in ten seconds. */
const FIRST_START_MS = 15_000
/** A camera that is known is given two of its keyframes, and time to connect. */
const CONNECT_MS = 4000
const LASTED_MS = 5000
/** So often a camera that is well may have to begin again at once; more is none that is well. */
const MOST_AT_ONCE = 6
/** A camera that has just got its power back refuses for a while; one that does so for longer is another's to read. */
const REFUSED_TIMES = 3
const REFUSED_FOR_MS = 60_000
/**
 * What ffmpeg has to read for what the stream once did is tried here again so much later, and each time later by as
 * much again: an ffmpeg costs three times as much.
 */
const TRIED_AGAIN_MS = 3_600_000
const TRIED_AGAIN_MOST_MS = 24 * 3_600_000
/** Runs in a row that reached the camera and brought little: another reader may bring more. */
const POOR_RUNS = 4
const POOR_MS = 10_000

export type RecorderState = { video: 'up' | 'down'; reason: string | null }
export type Recorder = {
  state(): RecorderState | null
  codec(): string | null
  report(): RecorderReport
  close(): Promise<void>
}
export type RecorderOptions = RunParts & {
  address: StreamAddress
  sound?: Sound
  /** `direct` where the stream allows it. */ reader?: Reader
  onState(state: RecorderState): void
  onCodec?(codec: string): void
  /** How long a stream is refused before another reader tries it. */ refusedForMs?: number
  /** How long that one keeps it. */ triedAgainMs?: number
}

/** `onState` hears changes only. */
export function createRecorder(options: RecorderOptions): Recorder {
  const {
    clock,
    window,
    onState,
    onCodec = () => {},
    refusedForMs = REFUSED_FOR_MS,
    triedAgainMs = TRIED_AGAIN_MS,
  } = options
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let { sound = 'drop' } = options
  const wanted: Reader = readable(options.address.url) ? (options.reader ?? 'direct') : 'ffmpeg'
  let reader = wanted
  let transport: 'tcp' | 'udp' = 'tcp'
  let timedBy: TimedBy = 'camera'
  /** When an ffmpeg last found the camera's own times useless, monotonic milliseconds. */
  let arrivalSince = Number.NEGATIVE_INFINITY
  let changedAt: number | null = null
  let state: RecorderState | null = null
  let codec: string | null = null
  let startedAt: string | null = null
  let runs = 0
  let picturesAt: number | null = null
  let lastEnd: RecorderReport['lastEnd'] = null
  let begunAtOnce: number[] = []
  let refusals: number[] = []
  let note: string | null = null
  /** What the camera does with its sessions, over several of them. */
  const habits: StreamHabits = { aliveBy: null }
  /** The best run of each reader lately, milliseconds with pictures; and how many were poor in a row. */
  const best: Record<Reader, number> = { direct: 0, ffmpeg: 0 }
  let poor = 0
  let stayMs = triedAgainMs
  let heldUntil = Number.NEGATIVE_INFINITY
  let changedBefore = false
  const say = (next: RecorderState): void => {
    if (state?.video === next.video && state.reason === next.reason) return
    state = next
    onState(next)
  }
  const onPicture = (found: string): void => {
    startedAt = isoTime(clock.now())
    picturesAt ??= clock.monotonic()
    refusals = []
    if (codec !== found) onCodec(found)
    codec = found
    say({ video: 'up', reason: note })
  }
  const onNote = (words: string | null): void => {
    note = words
    say({ video: state?.video ?? 'down', reason: words })
  }
  function changeTo(next: Reader): void {
    reader = next
    poor = 0
    refusals = []
    changedAt = next === wanted ? null : clock.monotonic()
  }
  /** A run that could not even begin: no file handle was left, for example. The camera is tried again all the same. */
  function unbegun(error: unknown): RunEnd {
    options.onError(error)
    return {
      reason: `The recorder could not begin: ${redactor(options.address)(messageOf(error))}`,
      words: [],
      atOnce: false,
      change: null,
    }
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      runs += 1
      // Seen anew in each run, by who reads here; ffmpeg is told by the run before.
      if (reader === 'direct') timedBy = 'camera'
      // A stream that ffmpeg reads well is tried here again all the same, in its time.
      const settled = new AbortController()
      const over = AbortSignal.any([stopped.signal, settled.signal])
      const watched = new AbortController()
      if (reader !== wanted)
        void clock
          .sleep(stayMs, AbortSignal.any([over, watched.signal]))
          .then(() => watched.signal.aborted || settled.abort())
      const run = {
        ...options,
        startMs: codec === null ? FIRST_START_MS : CONNECT_MS + 2000 * window.longest(),
        signal: over,
        onPicture,
        onNote,
        onTimedByArrival: () => (timedBy = 'arrival'),
        habits,
        sound,
      }
      const {
        reason,
        words,
        atOnce,
        change,
        reached = false,
      } = await (reader === 'direct' ? recordByRtsp(run) : recordByFfmpeg({ ...run, transport, timedBy })).catch(
        unbegun,
      )
      watched.abort()
      if (stopped.signal.aborted) return
      const withPicturesMs = picturesAt === null ? 0 : clock.monotonic() - picturesAt
      // Only what lasted is well again.
      if (withPicturesMs > LASTED_MS) backoff.reset()
      picturesAt = null
      note = null
      if (settled.signal.aborted) {
        stayMs = Math.min(TRIED_AGAIN_MOST_MS, stayMs * 2)
        changeTo(wanted)
        continue
      }
      lastEnd = { at: isoTime(clock.now()), reason, words }
      startedAt = null
      if (change === 'convert-sound') sound = 'convert'
      if (change === 'by-udp') transport = 'udp'
      const now = clock.monotonic()
      // A run that ends for another reason does not make the camera's clock a better one; now and then it is looked at.
      if (change === 'time-by-arrival') arrivalSince = now
      timedBy = reader === 'ffmpeg' && now - arrivalSince < triedAgainMs ? 'arrival' : 'camera'
      if (change === 'perhaps-by-ffmpeg') refusals.push(now)
      best[reader] = Math.max(withPicturesMs, best[reader] * 0.5)
      poor = (reached || reader !== wanted) && withPicturesMs < POOR_MS ? poor + 1 : 0
      if (
        reader !== wanted &&
        changedAt !== null &&
        (now - changedAt >= triedAgainMs || (poor >= POOR_RUNS && best[wanted] >= best[reader]))
      ) {
        // Neither brings much: the better one stays for a while.
        if (poor >= POOR_RUNS) heldUntil = now + triedAgainMs
        changeTo(wanted)
      }
      // One that ffmpeg has read before is not refused for a minute once more.
      const refused =
        refusals.length > 0 &&
        (changedBefore || (refusals.length >= REFUSED_TIMES && now - (refusals[0] ?? now) >= refusedForMs))
      const canChange = reader === 'direct' && now >= heldUntil
      if (canChange && (change === 'by-ffmpeg' || change === 'by-udp' || refused || poor >= POOR_RUNS)) {
        changedBefore = true
        changeTo('ffmpeg')
      }
      begunAtOnce = [...begunAtOnce.filter((at) => now - at < 60_000), ...(atOnce ? [now] : [])]
      const well = atOnce && begunAtOnce.length <= MOST_AT_ONCE
      if (!well) say({ video: 'down', reason })
      // Even what begins again at once must not spin.
      await clock.sleep(well ? 50 : backoff.wait(), stopped.signal)
    }
  }
  const running = run()
  return {
    state: () => state,
    codec: () => codec,
    report: () => ({ codec, picture: 'copy', sound, reader, timedBy, startedAt, runs, lastEnd }),
    async close() {
      stopped.abort()
      await running
    },
  }
}
