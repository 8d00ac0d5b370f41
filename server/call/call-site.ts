/** What the site file says of a call, as it is now: whose it is, how somebody is reached, what is said to callers. Pure. */
import type { CameraId } from '../glossary/camera.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { HelpPoint, Site } from '../glossary/site.ts'
import { signedIn, streamSecrets } from '../tools/rtsp/stream-secrets.ts'
import type { CallDeskOptions } from './call-desk.ts'
import type { EdgeCareOptions } from './edge/edge-care.ts'

type Said = Pick<
  CallDeskOptions,
  'settings' | 'helpPointOf' | 'keysOf' | 'telephoneOf' | 'speakerOf' | 'drillsOnly'
> & {
  /** How a help point is called. @returns null: it does not telephone */
  reachAt: CallDeskOptions['reachOf']
  /** The PBX brings its calls; whether it is registered there, only the PBX knows. */
  isByPbx(helpPoint: string): boolean
  hasPbx(): boolean
}

/**
 * @param engines only a simulated town starts without: nobody outside is called from it
 * @param streamAt where a camera's stream is read; null: it is not known yet
 */
export function callSite(
  site: () => Site,
  engines: EdgeCareOptions['engines'],
  streamAt: (camera: CameraId) => string | null,
): Said {
  const helpPoint = (id: string): HelpPoint | undefined => site().helpPoints.find((each) => each.id === id)
  return {
    settings: () => site().voice,
    helpPointOf: (user, byPbx): HelpPointId | null =>
      site().helpPoints.find(({ sip }) => sip?.user === user && sip.byPbx === byPbx)?.id ?? null,
    keysOf: (id) => helpPoint(id)?.voice.keys ?? {},
    reachAt(id) {
      const found = helpPoint(id)
      return found?.sip ? { user: found.sip.user, autoAnswer: found.voice.autoAnswer } : null
    },
    isByPbx: (id) => helpPoint(id)?.sip?.byPbx === true,
    hasPbx: () => site().voice?.pbx != null,
    /** An emergency number that would show a wrong place there is not called from here. */
    telephoneOf(contact) {
      const { contacts, voice } = site()
      const found = contacts.find(({ id }) => id === contact)
      if (!voice?.trunk || found?.telephone?.by !== 'trunk') return null
      return { id: found.id, name: found.name, number: found.telephone.number, trunk: voice.trunk }
    },
    speakerOf(id) {
      const camera = site().cameras.find((each) => each.id === id)
      const at = camera?.speaker ? streamAt(camera.id) : null
      if (!camera || at === null) return null
      const secrets = streamSecrets(camera)
      return { url: signedIn(at, secrets).href, basic: secrets?.basic ?? false }
    },
    drillsOnly: () => engines !== 'required',
  }
}
