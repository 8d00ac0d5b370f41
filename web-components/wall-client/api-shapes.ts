/** The API's shapes as the server's glossary has them, plus what its answers add. Types only. */
import type { Call, CallQuality } from '../../server/glossary/call.ts'
import type {
  CameraHand,
  CameraInquiry,
  CameraView,
  Framing,
  FoundCamera,
  Preset,
  PresetCheck,
} from '../../server/glossary/camera.ts'
import type { ClipView, PictureForm, RecorderReport } from '../../server/glossary/clip.ts'
import type { Disclosure, Export, ExportOrder, FoundRecordings, Keeping } from '../../server/glossary/evidence.ts'
import type { ClosureCode, NumberedIncident as FoldedIncident } from '../../server/glossary/incident.ts'
import type {
  CameraMatch,
  ConnectorState,
  ConnectorTrial,
  TrialStep,
  VmsLine,
} from '../../server/glossary/connector.ts'
import type { TownView } from '../../server/glossary/member.ts'
import type { ResponderLine } from '../../server/glossary/responder.ts'
import type { OnvifDeviceView } from '../../server/glossary/onvif-device.ts'
import type { DestinationState } from '../../server/glossary/outbox.ts'
import type { HelpPointProof, VoiceProof } from '../../server/glossary/proof.ts'
import type { Account, Factor, Present, Role, Scope, SessionView, TokenView } from '../../server/glossary/people.ts'
import type { Shift, ShiftFault, ShiftSummary } from '../../server/glossary/shift.ts'
import type {
  Contact,
  EscalationStep,
  HelpPoint as SiteHelpPoint,
  SafePlace as SiteSafePlace,
  StreetMap,
  Walk,
} from '../../server/glossary/site.ts'

export type {
  Call,
  CallQuality,
  CameraHand,
  CameraInquiry,
  CameraView,
  FoundCamera,
  ClipView,
  ClosureCode,
  Framing,
  PictureForm,
  PresetCheck,
  RecorderReport,
  TownView,
}
/** A press that is durable and has no incident yet. Times UTC ISO 8601. */
export type KeptPress = {
  press: string
  helpPoint: string
  kind: 'press' | 'drill'
  receivedAt: string
  copies: number
}
export type Incident = Omit<FoldedIncident, 'clips'> & { clips: ClipView[] }
export type HelpPoint = Pick<
  SiteHelpPoint,
  'id' | 'name' | 'address' | 'location' | 'instructions' | 'heartbeatMs' | 'drillAt'
> &
  HelpPointProof & {
    sources: string[]
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
      /** Decibels by which it is heard louder here; left out by a server of an earlier version. */ gain?: number
      keys: string[]
    } | null
  }
export type { CameraMatch, ConnectorState, ConnectorTrial, OnvifDeviceView, TrialStep, VmsLine }
/** As it is told while it changes. */
export type ListenedDevice = Pick<OnvifDeviceView, 'device' | 'name' | 'state' | 'problem'>
export type { Snapshot } from '../../server/glossary/incident.ts'
export type { Contact, Present, ResponderLine, Shift, ShiftFault, ShiftSummary, StreetMap }
/** `openings`: UTC ISO 8601, from now on for eight days. */
export type SafePlace = SiteSafePlace & {
  openings: { from: string; to: string | null }[]
  walks: (Walk & { helpPoint: string })[]
}
export type { Account, Factor, Role, Scope, SessionView, TokenView }
/** `role`: the first of the roles. `user`: null for whoever came in with a token. `scope`: what it is narrowed to. */
export type WhoIsHere = {
  name: string
  role: Role
  roles: Role[]
  /** Those that they have only once a second factor is set up. */
  withheld: Role[]
  user: string | null
  scope: Scope | null
  how: 'account' | 'directory' | 'token'
  factor: 'totp' | 'passkey' | null
  confirmed: boolean
}
/** A new secret for an authenticator app; `qr`: a path of an SVG, `size` modules wide. */
export type CodesOffer = { offer: string; secret: string; address: string; qr: { size: number; path: string } }
/** One of the two: what was asked for. */
export type FactorOffer = { codes: CodesOffer | null; passkey: Record<string, unknown> | null }
export type Destination = DestinationState
export type Site = {
  id: string
  name: string
  timezone: string
  /** Nothing here is real. */ training: boolean
  safePlaces: SafePlace[]
  contacts: Contact[]
  /** What an operator may have said to a caller; name null: one of Lamppost’s own. */
  phrases: { id: string; name: string | null; languages: string[] }[]
  escalation: EscalationStep[]
  storage: Storage | null
  /** What is broken about the ledger; null while it is whole. */ record: string | null
  voice: VoiceHealth | null
}
/** Whether calls reach the server, and whether they reach anybody while it is stopped. */
export type VoiceHealth = { ready: boolean; apart: boolean; pbx: { registered: boolean; why: string | null } | null }
/** `pictures`: how many reference pictures it was taught. */
export type PresetView = Preset & {
  changed: string | null
  helpPoints: string[]
  pictures: number
  lastCheck: PresetCheck | null
}
export type { Disclosure, ExportOrder, FoundRecordings, Keeping }
/** `package`: where the ZIP is fetched, null while there is none. */
export type ExportView = Export & {
  progress: number
  package: string | null
  sha256: string | null
  endsAt: string | null
  expiring: boolean
}
export type KeyState = {
  root: string
  signer: string
  rootUntil: string
  signerUntil: string
  supplied: boolean
  problem: string | null
}
/** `ticket`, `ways`, `passkey`: of a sign-in that needs a second step. */
export type Problem = {
  status: number
  code: string
  detail: string
  owner?: string
  ticket?: string
  ways?: readonly ('totp' | 'passkey')[]
  passkey?: object | null
}
/** A link that was made now; `url`: with the token, which no other answer has. `qr` as in `CodesOffer`. */
export type LentLink = {
  id: string
  url: string
  until: string
  contact: { name: string; mobile: string | null; email: string | null }
  qr: { size: number; path: string }
}
/** The disk of the clip buffers; bytes. */
export type Storage = { level: 'ok' | 'low' | 'critical' | 'full'; free: number; total: number; problem: string | null }
