/**
 * Every shape of the API against the type of the glossary that it describes: a field that one of them lacks, a value
 * that only one of them knows, a null that only one of them has does not compile. `npm run check` compiles this.
 */
import type { Static, TSchema } from 'typebox'
import type { PresetView } from '../../server/camera/presets/preset-keeping.ts'
import type * as shapes from '../../server/door/shapes.ts'
import type { ACCOUNT, SESSION, TOKEN } from '../../server/people/accounts/account-routes.ts'
import { FACTOR } from '../../server/people/second-factor/factor-routes.ts'
import type { Account, Factor, SessionView, TokenView } from '../../server/glossary/people.ts'
import type { Call } from '../../server/glossary/call.ts'
import type { CameraHealth, CameraView, Framing, PresetCheck } from '../../server/glossary/camera.ts'
import type { ClipView, Gap, RecorderReport } from '../../server/glossary/clip.ts'
import type { Disclosure, Export, Keeping } from '../../server/glossary/evidence.ts'
import type { LogLine, NumberedIncident } from '../../server/glossary/incident.ts'
import type { Entry, Verification } from '../../server/glossary/ledger.ts'
import type { OnvifDeviceView } from '../../server/glossary/onvif-device.ts'
import type { DestinationState } from '../../server/glossary/outbox.ts'
import type { Place, Press, Receipt } from '../../server/glossary/press.ts'
import type { HelpPoint } from '../../server/glossary/site.ts'
import type { HelpPointProof, VoiceProof } from '../../server/glossary/proof.ts'

type Plain = string | number | boolean
type Given<T> = NonNullable<T>
/** Null or left out in one of them only. */
type Absences<S, G, Path extends string> =
  | (null extends S
      ? null extends G
        ? never
        : `${Path} may be null only in the API`
      : null extends G
        ? `${Path} may be null only in the glossary`
        : never)
  | (undefined extends S
      ? undefined extends G
        ? never
        : `${Path} may be missing only in the API`
      : undefined extends G
        ? `${Path} may be missing only in the glossary`
        : never)
/** Values of an enumeration that one of them lacks; an open text takes every value. */
type Values<S, G, Path extends string> = [G] extends [S]
  ? string extends S
    ? never
    : [S] extends [G]
      ? never
      : `${Path} has a value that the glossary lacks`
  : `${Path} has a value that the API lacks`
type Fields<S, G, Path extends string> =
  | (Exclude<keyof G, keyof S> extends infer Key extends string ? `${Path}.${Key} is missing in the API` : never)
  | (Exclude<keyof S, keyof G> extends infer Key extends string ? `${Path}.${Key} is missing in the glossary` : never)
  | { [Key in keyof S & keyof G & string]: Difference<S[Key], G[Key], `${Path}.${Key}`> }[keyof S & keyof G & string]
/** What a shape and a type do not agree in, as a sentence each; `never` when they agree. `unknown` agrees with all. */
type Difference<S, G, Path extends string> = unknown extends S
  ? never
  : Absences<S, G, Path> | Inner<Given<S>, Given<G>, Path>
type Inner<S, G, Path extends string> = [S] extends [Plain]
  ? Values<S, G, Path>
  : [S] extends [readonly (infer SItem)[]]
    ? [G] extends [readonly (infer GItem)[]]
      ? Difference<SItem, GItem, `${Path}[]`>
      : `${Path} is a list only in the API`
    : Fields<S, G, Path>
type Disagreement<Shape extends TSchema, Glossary> = Difference<Static<Shape>, Glossary, ''>
/** Takes nothing but agreement. */
type Agrees<Sentence extends never> = Sentence

// What the API adds, and what it leaves out: the warnings that were sent are the retention's own memory.
type ExportView = Omit<Export, 'warnedOf' | 'warnedAt'> & {
  progress: number
  package: string | null
  sha256: string | null
  endsAt: string | null
  expiring: boolean
}
type KeepingView = Omit<Keeping, 'warnedOf' | 'warnedAt'>
type DisclosureView = Disclosure & { link?: string }
type HelpPointView = HelpPointProof &
  Pick<HelpPoint, 'id' | 'name' | 'address' | 'location' | 'instructions'> & {
    sources: string[]
    heartbeatMs: number | null
    drillAt: string | null
    incident: string | null
    voice: {
      registered: boolean
      callable: boolean
      since: string | null
      lastHeard: string | null
      lastVoiceProof: string | null
      how: VoiceProof | null
      autoAnswer: boolean | null
      pushToTalk: boolean
      gain: number
      keys: string[]
    } | null
  }

export type Agreement = [
  Agrees<Disagreement<typeof shapes.PLACE, Place>>,
  Agrees<Disagreement<typeof shapes.PRESS, Press>>,
  Agrees<Disagreement<typeof shapes.RECEIPT, Receipt>>,
  Agrees<Disagreement<typeof shapes.FRAMING, Framing>>,
  Agrees<Disagreement<typeof shapes.GAP, Gap>>,
  Agrees<Disagreement<typeof shapes.CLIP, ClipView>>,
  Agrees<Disagreement<typeof shapes.LOG_LINE, LogLine>>,
  Agrees<Disagreement<typeof shapes.INCIDENT, Omit<NumberedIncident, 'clips'> & { clips: ClipView[] }>>,
  Agrees<Disagreement<typeof shapes.HEALTH, CameraHealth>>,
  Agrees<Disagreement<typeof shapes.CAMERA, CameraView>>,
  Agrees<Disagreement<typeof shapes.RECORDER, RecorderReport>>,
  Agrees<Disagreement<typeof shapes.PRESET_CHECK, PresetCheck>>,
  Agrees<Disagreement<typeof shapes.PRESET, PresetView>>,
  Agrees<Disagreement<typeof shapes.DESTINATION, DestinationState>>,
  Agrees<Disagreement<typeof shapes.ONVIF_DEVICE, OnvifDeviceView>>,
  Agrees<Disagreement<typeof shapes.ENTRY, Entry>>,
  Agrees<Disagreement<typeof shapes.VERIFICATION, Verification>>,
  Agrees<Disagreement<typeof shapes.EXPORT, ExportView>>,
  Agrees<Disagreement<typeof shapes.DISCLOSURE, DisclosureView>>,
  Agrees<Disagreement<typeof shapes.KEEPING, KeepingView>>,
  Agrees<Disagreement<typeof shapes.HELP_POINT, HelpPointView>>,
  Agrees<Disagreement<typeof shapes.CALL, Call>>,
  Agrees<Disagreement<typeof ACCOUNT, Account>>,
  Agrees<Disagreement<typeof FACTOR, Factor>>,
  Agrees<Disagreement<typeof SESSION, SessionView>>,
  Agrees<Disagreement<typeof TOKEN, TokenView>>,
]
