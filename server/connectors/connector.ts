/** What the connector desk asks of a VMS, whichever it is. A verb that the VMS does not have is absent. */
import type { ReceiptKind, Verb } from '../glossary/connector.ts'

/** A camera as the VMS knows it. Never with a password, which the lists of most VMSs contain. */
export type TheirCamera = {
  id: string
  name: string
  /** Host of its address, lower case; null: the list does not say. */
  host: string | null
  /** Host, port and path of its stream, without name and password. */
  stream: string | null
  /** Why an alarm there would have no footage now; null: it records. */
  problem: string | null
}

/** One thing to be told. */
export type Signal = {
  verb: Verb
  /** In each mark, so that it is found again: the incident's id, and the site's before it. */
  incident: string
  mark: string
  /** DRILL first, when it is one. */
  title: string
  /** What happened, in one line. */
  text: string
  /** For `note`: every line so far, this one last. */
  lines: string[]
  /** The time of the press, milliseconds since 1970. */
  pressedAt: number
  /** Their id of the camera; null for acts on an event that is there already. */
  camera: string | null
  /** Their id of the event that is protected, noted, ended, released. */
  event: string | null
  /** Another incident needs it, too: the camera's alarm goes on, the event stays kept. */
  shared: boolean
  /** Their events of this incident that are over: none of them is the alarm of now. */
  over: string[]
  /** The press is of long ago: its footage is looked up, and no alarm is raised. */
  late: boolean
}

export type Telling =
  | {
      outcome: 'told'
      how: ReceiptKind
      id: string | null
      link: string | null
      finding?: string | null
      /** Its end was left to another incident. */ goesOn?: boolean
      /** A mark of the past turned out to be our own alarm, which goes on. */ running?: boolean
    }
  /** It is tried again. */
  | { outcome: 'failed'; problem: string; /** Its cameras are others than were asked for last. */ stale?: boolean }
  /** Another try would not help. */
  | { outcome: 'cannot'; problem: string }

/** `steps`: each right, daemon and setting that it needs, and whether it is there. */
export type Capabilities = {
  version: string | null
  versionKnown: boolean
  clockOffsetMs: number | null
  steps: { step: string; ok: boolean; words: string }[]
}

export type VmsConnector = {
  product: string
  verbs: readonly Verb[]
  /** What stands as a fault for as long as the site file is as it is. */
  standing: readonly string[]
  /** Never rejects: what goes wrong is an outcome. */
  tell(signal: Signal, stop: AbortSignal): Promise<Telling>
  /**
   * Of these events, those that are over (`alarm`), gone (`event`), or not kept any more (`footage`). One that cannot
   * be read hides no other.
   * @throws when it cannot be asked
   */
  lost(
    events: readonly { id: string; kept: boolean }[],
    signal: AbortSignal,
  ): Promise<{ id: string; what: 'alarm' | 'footage' | 'event'; why: string }[]>
  /** @throws with words for a person */
  cameras(signal: AbortSignal): Promise<TheirCamera[]>
  /** Reaches, signs in, and looks at what it needs; never rejects. */
  look(signal: AbortSignal): Promise<Capabilities>
  /** Whether an alarm goes on at this camera, or footage is kept just now, that a dry run would change. */
  isInUse(camera: string, signal: AbortSignal): Promise<boolean>
  /** What a dry run made is taken away again. @throws with words for a person */
  remove(event: string, drill: Pick<Signal, 'incident' | 'mark'>, signal: AbortSignal): Promise<void>
}
