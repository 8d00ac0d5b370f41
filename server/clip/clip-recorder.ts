/** Keeps one camera recorded, whatever it does: begins again with patience, and remembers why it had to. */
import { createBackoff } from '../tools/backoff.ts'
import { isoTime } from '../tools/clock.ts'
import type { Reader, RecorderReport, Sound } from '../glossary/clip.ts'
import { recordByFfmpeg } from './ffmpeg-recording.ts'
import type { RunParts, StreamAddress } from './recording-run.ts'
import { readable, recordByRtsp } from './rtsp/rtsp-recording.ts'

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
/** What ffmpeg has to read for what the stream once did is tried here again, when it begins anew so much later: an ffmpeg costs three times as much. */
const TRIED_AGAIN_MS = 3_600_000

export type RecorderState = { video: 'up' | 'down'; reason: string | null }
export type Recorder = { state(): RecorderState | null; codec(): string | null; report(): RecorderReport; close(): Promise<void> }
export type RecorderOptions = RunParts & { address: StreamAddress; sound?: Sound; /** `direct` where the stream allows it. */ reader?: Reader; onState(state: RecorderState): void; onCodec?(codec: string): void; /** How long a stream is refused before another reader tries it. */ refusedForMs?: number; /** How long that one keeps it. */ triedAgainMs?: number }

/** `onState` hears changes only. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { clock, window, onState, onCodec = () => {}, refusedForMs = REFUSED_FOR_MS, triedAgainMs = TRIED_AGAIN_MS } = options
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let { sound = 'drop' } = options
  const wanted: Reader = readable(options.address.url) ? (options.reader ?? 'direct') : 'ffmpeg'
  let reader = wanted
  let changedAt: number | null = null
  let state: RecorderState | null = null
  let codec: string | null = null
  let startedAt: string | null = null
  let runs = 0
  let picturesAt: number | null = null
  let lastEnd: RecorderReport['lastEnd'] = null
  let begunAtOnce: number[] = []
  let refusals: number[] = []
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
    say({ video: 'up', reason: null })
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      runs += 1
      const run = { ...options, startMs: codec === null ? FIRST_START_MS : CONNECT_MS + 2000 * window.longest(), signal: stopped.signal, onPicture, sound }
      const { reason, words, atOnce, change } = await (reader === 'direct' ? recordByRtsp(run) : recordByFfmpeg(run))
      if (stopped.signal.aborted) return
      // Only what lasted is well again.
      if (picturesAt !== null && clock.monotonic() - picturesAt > LASTED_MS) backoff.reset()
      picturesAt = null
      lastEnd = { at: isoTime(clock.now()), reason, words }
      startedAt = null
      if (change === 'convert-sound') sound = 'convert'
      const now = clock.monotonic()
      if (change === 'perhaps-by-ffmpeg') refusals.push(now)
      if (reader !== wanted && changedAt !== null && now - changedAt >= triedAgainMs) {
        reader = wanted
        refusals = []
      }
      // One that ffmpeg has read before is not refused for a minute once more.
      const refused = refusals.length > 0 && (changedAt !== null || (refusals.length >= REFUSED_TIMES && now - (refusals[0] ?? now) >= refusedForMs))
      if (reader === 'direct' && (change === 'by-ffmpeg' || refused)) {
        reader = 'ffmpeg'
        changedAt = now
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
    report: () => ({ codec, picture: 'copy', sound, reader, startedAt, runs, lastEnd }),
    async close() {
      stopped.abort()
      await running
    },
  }
}
