/** What ffmpeg must not be let near: a camera that sends its client elsewhere. It would go there, and no option forbids it. */
import type { Clock } from '../../tools/clock.ts'
import { openRtspSession, RtspRefused } from './rtsp-session.ts'

/** A camera that takes longer to answer than this is ffmpeg's to wait for. */
const PATIENCE_MS = 2000

/** Asks the camera as ffmpeg would. @returns what it says when that is a redirect; null when ffmpeg may begin, or knows better what is wrong */
export async function redirectOf({ url, clock, signal }: { url: string; clock: Clock; signal: AbortSignal }): Promise<string | null> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  try {
    const session = await openRtspSession({ url, clock, signal: patience, onPacket: () => {} })
    try {
      await session.describe()
    } finally {
      session.close()
    }
  } catch (error) {
    if (error instanceof RtspRefused && error.status >= 300 && error.status < 400) return error.message
  }
  return null
}
