/**
 * One run of recording a camera, by ffmpeg (ffmpeg-recording) or in this process (rtsp-recording), and how a stream
 * that falls silent is noticed.
 */
import type { Clock } from '../../tools/clock.ts'
import type { LiveWindow } from '../live/live-window.ts'
import type { StreamHabits } from '../../tools/rtsp/rtsp-session.ts'
import type { RunStore } from './stream-follower.ts'

/**
 * Address with credentials, percent-encoded; they reach no argv and no log. `basic`: the password may go to the camera
 * in the clear. `fingerprint`: of the certificate that it must show over TLS, SHA-256, hex; left out: any.
 */
export type StreamAddress = { url: string; secrets: readonly string[]; basic?: boolean; fingerprint?: string }
export type RunParts = {
  store: RunStore
  window: LiveWindow
  clock: Clock
  onError(error: unknown): void
  /** Without a keyframe for so long a stream is begun anew: most cameras begin with one. */ longestSegmentS?: number
}
/** Blots the address's secrets out of words. */
export const redactor =
  ({ secrets }: StreamAddress): ((text: string) => string) =>
  (text) =>
    secrets.reduce((clean, secret) => (secret ? clean.replaceAll(secret, '…') : clean), text)
/**
 * `startMs`: how long the first picture may take. `onPicture` hears the codec when pictures begin, and when it
 * changes.
 */
export type Run = RunParts & {
  /** What the camera has shown in runs before. */ habits?: StreamHabits
  /** Something about a stream that is recorded all the same; null when it is over. */ onNote?(
    words: string | null,
  ): void
  address: StreamAddress
  startMs: number
  signal: AbortSignal
  onPicture(codec: string): void
  /** The camera's own timestamps are of no use: its pictures have the time at which they arrive. */ onTimedByArrival?(): void
}
export type RunEnd = {
  reason: string
  /** The last words of whoever recorded, redacted. */
  words: string[]
  /** Nothing is wrong with the camera: begin again at once. */
  atOnce: boolean
  /** What must be done otherwise from now on. */
  change: 'convert-sound' | 'by-ffmpeg' | 'perhaps-by-ffmpeg' | 'by-udp' | 'time-by-arrival' | null
  /** The camera was reached, and another reader may have more of it. */
  reached?: boolean
}

/** A camera that sends no picture for so long is as good as gone. */
const STALL_MS = 4000
const LOOK_MS = 500
/** A stream that ends after so long a silence did not simply end. */
const SILENT_MS = 2500

/** Looks until the signal fires. `words`: that there is silence now, or null. `over`: nobody looks any more. */
export function watchSilence({
  clock,
  startMs,
  pictures,
  signal,
  onSilent,
}: {
  clock: Clock
  startMs: number
  pictures(): number
  signal: AbortSignal
  onSilent(words: string): void
}): { words(): string | null; over: Promise<void> } {
  let heard = clock.monotonic()
  let heardBefore = heard
  let seen = 0
  const since = (moment: number, limit: number): string | null => {
    const silent = clock.monotonic() - moment
    return silent > limit ? `No picture for ${Math.round(silent / 1000)} s.` : null
  }
  // What ffmpeg lets go of when it ends is no sign of life.
  const atTheEnd = (): string | null => since(clock.monotonic() - heard < 2 * LOOK_MS ? heardBefore : heard, SILENT_MS)
  async function look(): Promise<void> {
    while (!signal.aborted) {
      const before = clock.monotonic()
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      // While this thread itself stood still, nobody could be heard.
      heard += Math.max(0, clock.monotonic() - before - 2 * LOOK_MS)
      if (pictures() !== seen) {
        heardBefore = heard
        heard = clock.monotonic()
      }
      seen = pictures()
      const found = since(heard, seen > 0 ? STALL_MS : startMs)
      if (found !== null) onSilent(found)
    }
  }
  return { words: atTheEnd, over: look() }
}
