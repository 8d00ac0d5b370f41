/** Keeps one camera recorded, whatever it does: runs ffmpeg again with patience, and remembers why it had to. */
import { createBackoff } from '../tools/backoff.ts'
import { isoTime } from '../tools/clock.ts'
import type { PictureForm, RecorderReport, Sound } from '../glossary/clip.ts'
import { type RunParts, type StreamAddress, recordOnce } from './recording-run.ts'

/** The first picture waits for a keyframe, and some cameras send one in ten seconds. */
const FIRST_START_MS = 15_000
/** A camera that is known is given two of its keyframes, and time to connect. */
const CONNECT_MS = 4000

export type RecorderState = { video: 'up' | 'down'; reason: string | null }
export type Recorder = { state(): RecorderState | null; codec(): string | null; report(): RecorderReport; close(): Promise<void> }
export type RecorderOptions = RunParts & { address: StreamAddress; picture?: PictureForm; sound?: Sound; onState(state: RecorderState): void; onCodec?(codec: string): void }

/** `onState` hears changes only. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { clock, window, onState, onCodec = () => {}, picture = 'copy' } = options
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let { sound = 'drop' } = options
  let state: RecorderState | null = null
  let codec: string | null = null
  let startedAt: string | null = null
  let runs = 0
  let lastEnd: RecorderReport['lastEnd'] = null
  const say = (next: RecorderState): void => {
    if (state?.video === next.video && state.reason === next.reason) return
    state = next
    onState(next)
  }
  const onPicture = (found: string): void => {
    startedAt = isoTime(clock.now())
    backoff.reset()
    if (codec !== found) onCodec(found)
    codec = found
    say({ video: 'up', reason: null })
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      runs += 1
      const { reason, words, atOnce, soundUnfit } = await recordOnce({ ...options, picture, sound, startMs: codec === null ? FIRST_START_MS : CONNECT_MS + 2000 * window.longest(), signal: stopped.signal, onPicture })
      if (stopped.signal.aborted) return
      lastEnd = { at: isoTime(clock.now()), reason, words }
      startedAt = null
      if (soundUnfit) sound = 'convert'
      if (!atOnce) say({ video: 'down', reason })
      // Even what begins again at once must not spin.
      await clock.sleep(atOnce ? 50 : backoff.wait(), stopped.signal)
    }
  }
  const running = run()
  return {
    state: () => state,
    codec: () => codec,
    report: () => ({ codec, picture, sound, startedAt, runs, lastEnd }),
    async close() {
      stopped.abort()
      await running
    },
  }
}
