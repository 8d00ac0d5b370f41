/** Types only: the one append-only record of everything that happened. */
import type {
  PressEntries,
  IncidentEntries,
  ResponderEntries,
  CallEntries,
  EdgeEntries,
  ClipEntries,
  CameraEntries,
  ReadinessEntries,
  OutboxEntries,
  ConnectorEntries,
  PeopleEntries,
  EvidenceEntries,
  SnapshotEntries,
  LedgerEntries,
} from './entries.ts'

/** What may be written, by kind: the body of each. `subject` is the thing the entry is about. */
export type EntryBodies = PressEntries &
  IncidentEntries &
  ResponderEntries &
  CallEntries &
  EdgeEntries &
  ClipEntries &
  CameraEntries &
  ReadinessEntries &
  OutboxEntries &
  ConnectorEntries &
  PeopleEntries &
  EvidenceEntries &
  SnapshotEntries &
  LedgerEntries
export type EntryKind = keyof EntryBodies

/** What a room hands to the ledger. */
export type Draft = { [K in EntryKind]: { kind: K; actor: string; subject: string; body: EntryBodies[K] } }[EntryKind]

/** A draft with its place in the record; its hash comes when it is durable. */
export type Recorded = Draft & { seq: number; at: string }
/** Hex SHA-256 over the previous hash and the exact stored bytes. */
export type Entry = Recorded & { hash: string }

/**
 * One chain: numbers from 1; a further one begins after each break. `checkpoints`: how many kept ones agree with it.
 */
export type ChainVerdict = {
  chain: number
  first: number
  ok: boolean
  entries: number
  head: string
  checkpoints: number
  problem: string | null
}
/** `ok` only when every chain is whole; `head` is the newest chain's. */
export type Verification = {
  ok: boolean
  entries: number
  head: string
  problem: string | null
  chains: ChainVerdict[]
}

/** `recorded` at once, in order; `durable` after the fsync, rejected with ledger/unavailable. */
export type Append = (drafts: readonly Draft[]) => { recorded: Recorded[]; durable: Promise<Entry[]> }

/**
 * State that is a fold of the ledger. `save` gives it as JSON, `restore` takes that back: a start need not read
 * everything again. `settle`: once everything was read, before anything else begins.
 */
export type Fold = {
  apply(entry: Recorded): void
  save(): unknown
  restore(saved: never): void
  settle?(): Promise<void>
}
