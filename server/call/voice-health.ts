/** What the shift must know: whether calls reach this server, and whether they reach anybody when it stops. */
import type { VoiceHealth } from '../glossary/call.ts'

/** @param edge null: there is none. @param tell called with each change */
export function createVoiceHealth(edge: () => { apart: boolean } | null, tell: (health: VoiceHealth | null) => void) {
  let ready = false
  const health = (): VoiceHealth | null => {
    const now = edge()
    return now && { ready, apart: now.apart }
  }
  return {
    now: health,
    become(isReady: boolean): void {
      ready = isReady
      tell(health())
    },
  }
}
