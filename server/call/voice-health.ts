/** What the shift must know: whether calls reach this server, and whether they reach anybody when it stops. */
import type { Registration, VoiceHealth } from '../glossary/call.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { PbxState } from './sip/pbx-line.ts'

/** `edge`: null: there is none. `hasPbx`: whether the site has one. */
export function createVoiceHealth({
  news,
  edge,
  hasPbx,
}: {
  news: { publish(news: LiveNews): void }
  edge(): { apart: boolean } | null
  hasPbx(): boolean
}) {
  let ready = false
  let pbx: PbxState = { registered: false, why: null }
  const health = (): VoiceHealth | null => {
    const now = edge()
    return now && { ready, apart: now.apart, pbx: hasPbx() ? pbx : null }
  }
  const publish = (): void => news.publish({ event: 'voice.health', data: health() })
  return {
    now: health,
    become(isReady: boolean): void {
      ready = isReady
      publish()
    },
    pbxBecomes(state: PbxState): void {
      if (state.registered === pbx.registered && state.why === pbx.why) return
      pbx = state
      publish()
    },
    /** Of a help point behind the PBX: what is known is whether the PBX reaches us. */
    registration: (): Registration => ({ registered: pbx.registered, since: null, lastHeard: null }),
  }
}
