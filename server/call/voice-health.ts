/** What the shift must know: whether calls reach this server, and whether they reach anybody when it stops. */
import type { VoiceHealth } from '../glossary/call.ts'
import type { LiveNews } from '../glossary/news.ts'

/** @param edge null: there is none */
export function createVoiceHealth(news: { publish(news: LiveNews): void }, edge: () => { apart: boolean } | null) {
  let ready = false
  const health = (): VoiceHealth | null => {
    const now = edge()
    return now && { ready, apart: now.apart }
  }
  return {
    now: health,
    become(isReady: boolean): void {
      ready = isReady
      news.publish({ event: 'voice.health', data: health() })
    },
  }
}
