/** What the engine says of the town, followed key by key: who leads, who lives, what waits for a number. */
import type { AgreedRow, MemberId } from '../glossary/member.ts'
import { messageOf } from '../tools/failure.ts'
import type { Clock } from '../tools/clock.ts'
import type { Etcd } from './engine/etcd.ts'
import { type KeyValue, endOf } from './engine/etcd-values.ts'
import type { Change } from './engine/etcd-watch.ts'
import { type TownKeys, nameAfter } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'

export type Lead = { member: MemberId; url: string; /** The create revision of the key. */ term: number; since: string }
export type Head = { seq: number; hash: string; term: number; modRevision: string }
/** As each member says it of itself, every second. */
export type MemberHealth = {
  url: string
  version: string
  /** Its wall clock. */ at: string
  since: string
  applied: number
  held: number
  /** Measured by whoever reads it. */ offsetMs?: number
}
/** Who belongs to the town. `recorded`: whether an entry says so already. */
export type Joined = { url: string; what: 'founded' | 'joined' | 'refounded' | 'left'; recorded: boolean }
/** A press as a member took it in. `heldBy`: it was on that member's disk alone for a time. */
export type KeptPress = {
  arrival: Record<string, unknown>
  press: string
  receivedAt: string
  by: string
  held: boolean
}
export type Batch = { term: number; rows: AgreedRow[] }
export type SharedFile = { text: string; modRevision: string }

export type TownStatePort = {
  etcd: Pick<Etcd, 'range' | 'watch'>
  keys: TownKeys
  seal: Seal
  clock: Clock
  /** Rows that were agreed, in order; as they are told. */ onBatch(batch: Batch): void
  /** Anything else has changed. */ onChange(): void
  onError(error: unknown): void
}
const AGAIN_MS = 200
/** A great many presses may wait. */
const READS_WITHIN_MS = 10_000

export function createTownState({ etcd, keys, seal, clock, onBatch, onChange, onError }: TownStatePort) {
  let lead: Lead | null = null
  let head: Head | null = null
  let wanted: string | null = null
  let terms = 0
  const members = new Map<string, MemberHealth>()
  const applied = new Map<string, number>()
  const joined = new Map<string, Joined>()
  const inbox = new Map<string, KeptPress[]>()
  const files = new Map<string, SharedFile>()
  const stopped = new AbortController()
  let endWatch = (): void => {}
  let isRead = false
  /** A value that cannot be opened is somebody else's: it is said, and changes nothing. */
  function opened<Value>(kv: KeyValue): Value | null {
    try {
      return seal.open<Value>(kv.key, kv.value)
    } catch (error) {
      onError(error)
      return null
    }
  }
  const put = <Value>(into: Map<string, Value>, name: string, value: Value | null): void =>
    void (value === null ? into.delete(name) : into.set(name, value))

  function take({ kv, gone }: Change): void {
    const { key } = kv
    const value = <Value>(): Value | null => (gone ? null : opened<Value>(kv))
    if (key === keys.lead) {
      const said = value<Omit<Lead, 'term'>>()
      lead = said && { ...said, term: terms + Number(kv.createRevision) }
    } else if (key === keys.head) {
      const said = value<Omit<Head, 'modRevision'>>()
      head = said && { ...said, modRevision: kv.modRevision }
    } else if (key === keys.terms) terms = value<number>() ?? terms
    else if (key === keys.wanted) wanted = value<string>()
    else if (key.startsWith(keys.members)) {
      const said = value<MemberHealth>()
      const offsetMs = said ? Date.parse(said.at) - clock.now() : 0
      put(members, nameAfter(keys.members, key), said && { ...said, offsetMs })
    } else if (key.startsWith(keys.applied)) put(applied, nameAfter(keys.applied, key), value<number>())
    else if (key.startsWith(keys.joined)) put(joined, nameAfter(keys.joined, key), value<Joined>())
    else if (key.startsWith(keys.inbox)) put(inbox, key, value<KeptPress[]>())
    else if (key.startsWith(keys.files)) {
      const text = value<string>()
      put(files, nameAfter(keys.files, key), text === null ? null : { text, modRevision: kv.modRevision })
    } else if (key.startsWith(keys.entries) && !gone) {
      const batch = opened<Batch>(kv)
      if (batch) onBatch(batch)
    }
  }
  function forget(): void {
    lead = null
    head = null
    wanted = null
    for (const each of [members, applied, joined, inbox, files]) each.clear()
  }
  /** Reads everything, and follows from there. Rows come by `following`, which asks for what it lacks. */
  async function read(): Promise<void> {
    while (!stopped.signal.aborted)
      try {
        // Rows are asked for where they are written down. What changes between the two is told by the watch.
        const { found: first, revision } = await etcd.range(keys.prefix, { end: keys.entries, ms: READS_WITHIN_MS })
        const rest = await etcd.range(endOf(keys.entries), { end: endOf(keys.prefix), ms: READS_WITHIN_MS })
        const found = [...first, ...rest.found]
        if (stopped.signal.aborted) return
        forget()
        // First what the terms are counted from.
        for (const kv of found.toSorted(
          (one, other) => Number(other.key === keys.terms) - Number(one.key === keys.terms),
        ))
          take({ kv, gone: false })
        isRead = true
        onChange()
        endWatch = etcd.watch(keys.prefix, BigInt(revision) + 1n, {
          changes(changes) {
            for (const change of changes) take(change)
            onChange()
          },
          compacted: () => void read(),
        })
        return
      } catch (error) {
        onError(new Error(`the engine could not be read: ${messageOf(error)}`, { cause: error }))
        await clock.sleep(AGAIN_MS, stopped.signal)
      }
  }
  const reading = read()
  return {
    lead: (): Lead | null => lead,
    head: (): Head | null => head,
    wanted: (): string | null => wanted,
    /** What a revision of this engine is added to, to be a term. */ terms: (): number => terms,
    isRead: (): boolean => isRead,
    members: (): ReadonlyMap<string, MemberHealth> => members,
    /** Of each member that was ever there, as it last said. */ applied: (): ReadonlyMap<string, number> => applied,
    joined: (): ReadonlyMap<string, Joined> => joined,
    inbox: (): ReadonlyMap<string, KeptPress[]> => inbox,
    files: (): ReadonlyMap<string, SharedFile> => files,
    async close(): Promise<void> {
      stopped.abort()
      endWatch()
      await reading
    },
  }
}
export type TownState = ReturnType<typeof createTownState>
