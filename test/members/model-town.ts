/**
 * A fake engine under the real lead, inbox and following: etcd's keys, revisions, leases and watches as a model, with
 * answers that are lost, calls that hang, members that die and are cut off, all by one seed. It promises what etcd
 * promises (strictly serializable transactions, a lease that ends by itself), and nothing that etcd does not.
 */
import { createHash } from 'node:crypto'
import type { Agreement, AgreedRow, MemberId } from '../../server/glossary/member.ts'
import type { Accepted, Arrival } from '../../server/glossary/press.ts'
import { EngineAway, EngineRefused, type Etcd } from '../../server/members/engine/etcd.ts'
import type { Change } from '../../server/members/engine/etcd-watch.ts'
import { keysOf } from '../../server/members/engine/keys.ts'
import { createSeal } from '../../server/members/engine/seal.ts'
import type { HeldBook } from '../../server/members/held-book.ts'
import { createInbox } from '../../server/members/inbox.ts'
import { createKeeping } from '../../server/members/keeping.ts'
import { createMembership } from '../../server/members/membership.ts'
import { createTaking } from '../../server/members/taking.ts'
import { type KeptPress, createTownState } from '../../server/members/town-state.ts'
import type { Clock } from '../../server/tools/clock.ts'
import type { Random } from '../fakes/seeded-random.ts'

const GIVES_UP_MS = 600
const START = Date.parse('2026-12-01T02:00:00Z')
type Value = { value: Buffer; create: number; mod: number; lease: string | null }
type Sleeper = { until: number; order: number; wake(): void }
export const KEYS = keysOf('model')
export const SEAL = createSeal(Buffer.alloc(32, 7))

/** Time that only moves when nobody has anything to do. */
export function createModelClock() {
  let now = 0
  let order = 0
  let sleepers: Sleeper[] = []
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const clock: Clock = {
    now: () => START + now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleeper: Sleeper = {
          until: now + Math.max(0, ms),
          order: (order += 1),
          wake() {
            signal?.removeEventListener('abort', left)
            resolve()
          },
        }
        const left = (): void => {
          sleepers = sleepers.filter((each) => each !== sleeper)
          resolve()
        }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', left, { once: true })
      }),
  }
  return {
    clock,
    async run(until: number): Promise<void> {
      for (await turn(); ; await turn()) {
        let next: Sleeper | null = null
        for (const each of sleepers)
          if (
            each.until <= until &&
            (!next || each.until < next.until || (each.until === next.until && each.order < next.order))
          )
            next = each
        if (!next) break
        now = Math.max(now, next.until)
        const woken = next
        sleepers = sleepers.filter((each) => each !== woken)
        woken.wake()
      }
      now = until
    },
  }
}

export type ModelEngine = ReturnType<typeof createModelEngine>
/** @param faults how often an answer is lost, and a call does not arrive, of one */
export function createModelEngine(clock: Clock, random: Random, faults: { lost: number }) {
  let revision = 1
  let hasMajority = true
  let leases = 0
  const values = new Map<string, Value>()
  const ends = new Map<string, { until: number; seconds: number }>()
  const changes: { change: Change; revision: number }[] = []
  const watchers = new Set<() => void>()

  function note(key: string, gone: boolean): void {
    const held = values.get(key)
    const kv = {
      key,
      value: gone ? Buffer.alloc(0) : (held?.value ?? Buffer.alloc(0)),
      createRevision: String(gone ? 0 : (held?.create ?? 0)),
      modRevision: String(revision),
    }
    changes.push({ change: { kv, gone }, revision })
    for (const wake of watchers) wake()
  }
  function set(key: string, value: Buffer, lease: string | null): void {
    values.set(key, { value, create: values.get(key)?.create ?? revision, mod: revision, lease })
    note(key, false)
  }
  function drop(key: string): void {
    if (values.delete(key)) note(key, true)
  }
  function endLeases(): void {
    for (const [id, { until }] of ends)
      if (until <= clock.monotonic()) {
        ends.delete(id)
        revision += 1
        for (const [key, { lease }] of values) if (lease === id) drop(key)
      }
  }
  const shown = (key: string, { value, create, mod }: Value) => ({
    ...{ key, value, createRevision: String(create), modRevision: String(mod) },
  })

  /** What one member reaches of it. @param reach whether it does now */
  function reachedBy(reach: () => 'yes' | 'cut' | 'dead'): Etcd {
    async function late(ms: number, done: () => unknown): Promise<void> {
      await clock.sleep(ms)
      endLeases()
      try {
        if (hasMajority) done()
      } catch {
        // Refused, and nobody hears it.
      }
    }
    async function arrive<Result>(done: () => Result): Promise<Result> {
      // Now and then one is on its way for longer than a lease lasts.
      const chance = random()
      const slow = chance < 0.003 ? 4500 : chance < 0.02 ? 300 : 0
      if (slow > GIVES_UP_MS) {
        // It comes after its sender has given up, and is done all the same.
        void late(slow, done)
        await clock.sleep(GIVES_UP_MS)
        throw new EngineAway('the model did not answer in time')
      }
      await clock.sleep(1 + Math.floor(random() * 6) + slow)
      if (reach() === 'dead') return new Promise<never>(() => {})
      endLeases()
      if (reach() === 'cut' || !hasMajority || random() < faults.lost) {
        await clock.sleep(300)
        throw new EngineAway('the model does not answer')
      }
      const result = done()
      await clock.sleep(1 + Math.floor(random() * 6))
      if (reach() === 'dead') return new Promise<never>(() => {})
      if (reach() === 'cut' || random() < faults.lost) {
        await clock.sleep(300)
        throw new EngineAway('the answer of the model was lost')
      }
      return result
    }
    async function call<Result>(done: () => Result, tries = 6): Promise<Result> {
      for (let i = 1; ; i += 1)
        try {
          return await arrive(done)
        } catch (error) {
          if (i >= tries || error instanceof EngineRefused) throw error
        }
    }
    const etcd: Etcd = {
      async txn(compare, then, otherwise = [], { tries = 6 } = {}) {
        // The process is stopped for longer than a lease, after it has looked at its clock and before it sends.
        if (random() < 0.01) await clock.sleep(5000)
        return call(() => {
          const succeeded = compare.every((each) =>
            'created' in each
              ? String(values.get(each.key)?.create ?? 0) === each.created
              : String(values.get(each.key)?.mod ?? 0) === each.modified,
          )
          const steps = succeeded ? then : otherwise
          // As etcd does: nothing of it is done.
          if (steps.some((step) => 'put' in step && step.lease !== undefined && !ends.has(step.lease)))
            throw new EngineRefused('lease not found')
          if (steps.some((step) => 'put' in step || 'remove' in step)) revision += 1
          const found = steps.flatMap((step) => {
            if ('put' in step) set(step.put, step.value, step.lease ?? null)
            else if ('remove' in step) drop(step.remove)
            else {
              const held = values.get(step.get)
              return held ? [shown(step.get, held)] : []
            }
            return []
          })
          return { succeeded, revision: String(revision), found }
        }, tries)
      },
      range: (key, { end, limit = 0 } = {}) =>
        call(() => {
          const found = [...values]
            .filter(([name]) => (end === undefined ? name === key : name >= key && name < end))
            .toSorted(([one], [other]) => (one < other ? -1 : 1))
            .map(([name, value]) => shown(name, value))
          const page = limit > 0 ? found.slice(0, limit) : found
          return { found: page, revision: String(revision), more: page.length < found.length }
        }),
      put: (key, value, lease) =>
        call(() => {
          if (lease !== undefined && !ends.has(lease)) throw new EngineRefused('lease not found')
          revision += 1
          set(key, value, lease ?? null)
        }),
      remove: (key, end) =>
        call(() => {
          revision += 1
          for (const name of values.keys()) if (end === undefined ? name === key : name >= key && name < end) drop(name)
        }),
      grant: (seconds) =>
        call(() => {
          const id = String((leases += 1))
          ends.set(id, { until: clock.monotonic() + seconds * 1000, seconds })
          return id
        }),
      keepAlive: (lease) =>
        call(() => {
          const held = ends.get(lease)
          if (!held) return 0
          held.until = clock.monotonic() + held.seconds * 1000
          return held.seconds
        }, 1),
      revoke: (lease) =>
        call(() => {
          const held = ends.get(lease)
          if (held) held.until = clock.monotonic()
          endLeases()
        }, 2),
      compact: () => call(() => {}),
      look: () => Promise.reject(new Error('nobody looks at the model')),
      watch(prefix, from, on) {
        let next = Number(from)
        const over = new AbortController()
        let isTelling = false
        const tell = async (): Promise<void> => {
          if (isTelling) return
          isTelling = true
          for (;;) {
            await clock.sleep(1 + Math.floor(random() * 15))
            if (over.signal.aborted || reach() !== 'yes') break
            const due = changes.filter((each) => each.revision >= next && each.change.kv.key.startsWith(prefix))
            if (due.length === 0) break
            next = (due.at(-1)?.revision ?? next) + 1
            on.changes(
              due.map(({ change }) => change),
              BigInt(next - 1),
            )
          }
          isTelling = false
        }
        const wake = (): void => void tell()
        watchers.add(wake)
        // A stream that was cut begins anew where it was.
        const again = async (): Promise<void> => {
          while (!over.signal.aborted && reach() !== 'dead') {
            await clock.sleep(400)
            wake()
          }
        }
        void again()
        wake()
        return () => {
          over.abort()
          watchers.delete(wake)
        }
      },
      close: () => {},
    }
    return etcd
  }
  return {
    reachedBy,
    majority: (has: boolean): void => void (hasMajority = has),
    endLeases,
    /** As `lamppost town found` leaves it. */
    found(members: readonly string[]): void {
      revision += 1
      set(KEYS.head, SEAL.seal(KEYS.head, { seq: 0, hash: '0', term: 0 }), null)
      set(KEYS.terms, SEAL.seal(KEYS.terms, 0), null)
      for (const id of members) {
        const key = KEYS.joinedMember(id)
        set(key, SEAL.seal(key, { url: id, what: 'joined', recorded: true }), null)
      }
    },
    wakeAll: (): void => watchers.forEach((wake) => wake()),
  }
}

export const hashAfter = (before: string, { seq, body }: Pick<AgreedRow, 'seq' | 'body'>): string =>
  createHash('sha256').update(`${before} ${seq} ${body}`).digest('hex').slice(0, 16)
/** What is on one machine's disk: it outlives the process. */
export type Disk = { rows: AgreedRow[]; held: KeptPress[] }
export type Move = { term: number; by: string; at: number }

/** The desk of a lead, with nothing but keys and an order: what the house is to a member. */
function openModelHouse(disk: Disk, agreement: Agreement, clock: Clock, alive: () => boolean) {
  let given = disk.rows.length
  let hash = disk.rows.at(-1)?.hash ?? '0'
  const closed = new AbortController()
  const known = new Map<string, Promise<Accepted>>()
  for (const { body } of disk.rows) {
    const { key, receipt } = JSON.parse(body) as { key: string; receipt: Accepted['receipt'] }
    known.set(key, Promise.resolve({ receipt, repeated: true }))
  }
  let queue: { row: AgreedRow; done(): void; failed(error: unknown): void }[] = []
  let committing: Promise<void> | null = null
  async function commit(): Promise<void> {
    while (queue.length > 0 && !closed.signal.aborted && alive()) {
      const batch = queue.slice(0, 20)
      try {
        await agreement.agree(batch.map(({ row }) => row))
        // The disk takes a moment; who dies in it has it from the town.
        await clock.sleep(2)
        if (!alive()) return
        disk.rows.push(...batch.map(({ row }) => row))
        queue = queue.slice(batch.length)
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
        if (!closed.signal.aborted) await clock.sleep(1000)
      }
    }
    committing = null
  }
  return {
    accept(arrival: Arrival): Promise<Accepted> {
      const key = arrival.key ?? ''
      const before = known.get(key)
      if (before) return before.then((accepted) => ({ ...accepted, repeated: true }))
      given += 1
      const receipt = {
        ...{ press: arrival.kept?.press ?? key, incident: `inc-${given}`, receivedAt: arrival.kept?.receivedAt ?? '' },
      } as unknown as Accepted['receipt']
      const bare = {
        seq: given,
        at: '',
        kind: 'press.received',
        actor: '',
        subject: '',
        body: JSON.stringify({ key, receipt }),
      }
      const row = { ...bare, hash: (hash = hashAfter(hash, bare)) }
      const taken = new Promise<Accepted>((resolve, reject) => {
        queue.push({ row, done: () => resolve({ receipt, repeated: false }), failed: reject })
      })
      taken.catch(() => {})
      known.set(key, taken)
      committing ??= commit()
      return taken
    },
    async close(): Promise<void> {
      closed.abort()
      await committing
    },
  }
}

export type ModelMember = ReturnType<typeof startModelMember>
/** One process: it dies with `kill`, and begins anew on the same disk. */
export function startModelMember(
  id: string,
  {
    engine,
    clock,
    disk,
    moves,
    others,
  }: {
    engine: ModelEngine
    clock: Clock
    disk: Disk
    moves: Move[]
    others: () => ReadonlyMap<string, ModelMember>
  },
) {
  let reach: 'yes' | 'cut' | 'dead' = 'yes'
  const alive = (): boolean => reach !== 'dead'
  /** The time of a process that is dead does not come any more. */
  const own: Clock = {
    ...clock,
    sleep: (ms, signal) => clock.sleep(ms, signal).then(() => (alive() ? undefined : new Promise<never>(() => {}))),
  }
  const etcd = engine.reachedBy(() => reach)
  const self = { member: id as MemberId, url: id }
  let rings: (() => void)[] = []
  const stateChanged = (): Promise<void> => new Promise((resolve) => rings.push(resolve))
  const ring = (): void => {
    const due = rings
    rings = []
    for (const each of due) each()
  }
  const onError = (): void => {}
  const state = createTownState({
    ...{ etcd, keys: KEYS, seal: SEAL, clock: own, onChange: ring, onError },
    onBatch: (batch) => membership.take(batch),
  })
  const held: HeldBook = {
    hold: (press) => void disk.held.push({ ...press, held: true }),
    oldest: (most) => ({ upTo: Math.min(most, disk.held.length), presses: disk.held.slice(0, most) }),
    delivered: (upTo) => void disk.held.splice(0, upTo),
    size: () => disk.held.length,
    close: () => {},
  }
  const start = `${id}${clock.monotonic()}`
  const inbox = createInbox({ etcd, keys: KEYS, seal: SEAL, start })
  const keeping = createKeeping({ clock: own, inbox, held, onKept: () => {}, onError })
  const link = {
    /** Another member, whom this one reaches unless one of them is cut off. */
    async ask(url: string, _: string, path: string, body: unknown) {
      const there = others().get(url)
      await own.sleep(3)
      if (reach !== 'yes' || there?.reached() !== true) throw new Error('it does not answer')
      if (path.startsWith('/api/v1/town/rows'))
        return { status: 200, body: { rows: there.rowsAfter(Number(path.split('=')[1])) } }
      if (path === '/healthz') return { status: 200, body: {} }
      const accept = there.accept()
      if (!accept) return { status: 503, body: { code: 'town/changing-hands', detail: 'it does not lead' } }
      return { status: 200, body: await accept(body as Arrival) }
    },
  }
  const taking = createTaking({
    ...{ clock: own, member: id, keeping, link, leadUrl: () => membership.leadUrl(), mustKnow: () => {} },
    async lookUp(_, key) {
      for (const { body } of disk.rows) {
        const found = JSON.parse(body) as { key: string; receipt: Accepted['receipt'] }
        if (found.key === key) return { receipt: found.receipt, pressedAt: '', kind: 'press' }
      }
      return null
    },
  })
  let house: ReturnType<typeof openModelHouse> | null = null
  const membership = createMembership({
    ...{ clock: own, logger: { info() {}, warn() {}, error() {} }, etcd, keys: KEYS, seal: SEAL, link, self },
    ...{ version: '', state, stateChanged, held },
    known: () => [...others().keys()].map((each) => ({ id: each, url: each })),
    shared: { siteDiffers: () => null, settle: async () => {}, close: async () => {} },
    openFollower: async () => ({
      head: () => ({ seq: disk.rows.length, hash: disk.rows.at(-1)?.hash ?? '0' }),
      async append(rows) {
        await own.sleep(1)
        let hash = disk.rows.at(-1)?.hash ?? '0'
        for (const row of rows) hash = hashAfter(hash, row)
        disk.rows.push(...rows)
        return hash
      },
      verify: async () => ({ ok: true, entries: 0, head: '', problem: null, chains: [] }),
      close: async () => {},
    }),
    replaceLedger: () => Promise.reject(new Error(`the ledger of ${id} is another than the town's`)),
    async openHouse({ agreement, mayMove, show }) {
      await own.sleep(50)
      const opened = openModelHouse(disk, agreement, own, alive)
      house = opened
      show({} as never)
      const left = new AbortController()
      const move = async (): Promise<void> => {
        while (!left.signal.aborted) {
          if (mayMove()) moves.push({ term: agreement.term, by: id, at: clock.monotonic() })
          await own.sleep(40)
        }
      }
      void move()
      const { orElsewhere } = taking
      return {
        accept: (arrival) => orElsewhere(arrival, (each) => opened.accept(each)),
        append: () => ({ recorded: [], durable: Promise.resolve([]) }),
        async close() {
          left.abort()
          await opened.close()
          await own.sleep(20)
        },
      }
    },
    leave: () => void (house = null),
  })
  return {
    /** A press as its source brings it to this member. */
    press: (key: string): Promise<Accepted> => {
      const arrival: Arrival = { helpPoint: 'bar', key, pressedAt: null, kind: 'press', source: 'model' }
      const leads = membership.leads() ? house : null
      return leads ? taking.orElsewhere(arrival, (each) => leads.accept(each)) : taking.takeIn(arrival)
    },
    accept: () =>
      membership.leads() && house ? (arrival: Arrival) => (house as NonNullable<typeof house>).accept(arrival) : null,
    rowsAfter: (seq: number): AgreedRow[] => disk.rows.slice(seq, seq + 200),
    leads: membership.leads,
    fault: membership.fault,
    reached: (): boolean => reach === 'yes',
    cut: (): void => void (reach = 'cut'),
    mend: (): void => void (reach = 'yes'),
    kill: (): void => void (reach = 'dead'),
    close: (): Promise<unknown> => Promise.all([membership.close(), state.close(), keeping.close()]),
  }
}
