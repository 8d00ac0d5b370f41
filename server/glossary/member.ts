/** Types only: the servers of a town on several machines, and what they agree on. */
import type { IncidentId } from './incident.ts'
import type { PressId } from './press.ts'

type Id<Name extends string> = string & { readonly __is: Name }
export type MemberId = Id<'member'>

/** As the site file has it. */
export type TownOnMembers = {
  members: { id: MemberId; /** Without a slash at its end. */ url: string }[]
  agreement: {
    /** `http(s)://host:port` of each etcd. */ endpoints: string[]
    user: string | null
    password: string | null
    /** PEM of who signed the endpoints' certificates; null: the system's own. */ ca: string | null
  }
}

/** How the members of a town stand, as one of them knows it. Times UTC ISO 8601. */
export type MemberView = {
  id: string
  url: string | null
  leads: boolean
  reachable: boolean
  /** Since when it is there, or away; null: it was never heard. */ since: string | null
  /** The newest entry in its ledger. */ applied?: number
  /** Presses that only its own disk has. */ held?: number
  /** Its wall clock beside the one that answers. */ clockOffsetMs?: number | null
  version?: string
}
export type TownView = {
  members: MemberView[]
  lead: string | null
  since: string | null
  now: string
  /** Ever rising with each change of the lead; null: a town on one machine, or nobody leads. */ term?: number | null
  /** Who answers. */ member?: string
  /** Whether it reaches a majority of the engine. */ agrees?: boolean
  /** Why this member’s site file is not the one that the town goes by; null: it is. */ siteDiffers?: string | null
}

/** A row exactly as every member's ledger stores it. */
export type AgreedRow = {
  seq: number
  at: string
  kind: string
  actor: string
  subject: string
  body: string
  hash: string
}
/** What makes an order durable beyond this disk. */
export type Agreement = {
  term: number
  /** Resolves when a majority has the rows. @throws when it is not known whether; they are agreed again, unchanged */
  agree(rows: readonly AgreedRow[]): Promise<void>
  /** This server's ledger is not what was agreed: another member leads from here on, and this one fetches its copy. */
  broken(problem: string): void
  /** This server's disk does not take what was agreed: another member leads from here on. */
  unable(problem: string): void
}

/** What a member told its source of a press that has no number yet. */
export type KeptReceipt = { press: PressId; incident: IncidentId | null; receivedAt: string; copies?: number }
