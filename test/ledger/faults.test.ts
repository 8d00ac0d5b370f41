/**
 * The whole way of a press under faults: I/O errors, a full disk, clock jumps, and death at every await. The disk is
 * real SQLite; only the faults are made.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, Receipt } from '../../server/glossary/press.ts'
import { createIncidentBook } from '../../server/incident/incident-book.ts'
import { createIncidentDesk } from '../../server/incident/incident-desk.ts'
import { openLedgerChains } from '../../server/ledger/ledger-chains.ts'
import { type LedgerStore, createLedger } from '../../server/ledger/ledger.ts'
import { verifyChain } from '../../server/ledger/ledger-verification.ts'
import { openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'
import { createPressDesk } from '../../server/press/press-desk.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

type Fault = 'none' | 'io' | 'full' | 'kill' | 'clock'
/** What is to happen at the n-th await of this life. */
type Plan = (await_: number) => Fault

/** Mulberry32. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
const never = new Promise<never>(() => {})
const failure = (fault: 'io' | 'full'): Error =>
  Object.assign(new Error(fault === 'io' ? 'disk I/O error' : 'database or disk is full'), {
    errcode: fault === 'io' ? 10 : 13,
  })

/** One life of the server on this file: everything from the press desk down to the disk. */
async function live(file: string, plan: Plan) {
  const clock = createFakeClock()
  const chains = openLedgerChains(file, { knownSeq: 0, startedAt: '' })
  let awaits = 0
  let dead = false
  async function gate(): Promise<void> {
    await Promise.resolve()
    awaits += 1
    const fault = plan(awaits)
    if (fault === 'kill') dead = true
    if (dead) return never
    if (fault === 'clock') clock.setWall(clock.now() + (awaits % 2 === 0 ? -3_600_000 : 7_200_000))
    if (fault === 'io' || fault === 'full') throw failure(fault)
  }
  const guarded =
    <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
    async (...args: Args): Promise<Result> => {
      await gate()
      const result = call(...args)
      // Here it is done, and nobody has heard it yet.
      await Promise.resolve()
      awaits += 1
      if (plan(awaits) === 'kill') dead = true
      return dead ? never : result
    }
  const rows = () => chains.current()
  const calm =
    <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
    async (...args: Args): Promise<Result> =>
      call(...args)
  const store: LedgerStore = {
    head: calm(() => ({ ...rows().head(), chain: rows().chain() })),
    append: guarded((batch) => ({ hashes: rows().append(batch), broken: null })),
    rotate: calm(() => null),
    page: guarded((after: number, limit: number) => chains.page(after, limit)),
    about: guarded((subject: string) => chains.about(subject)),
    openedBefore: guarded((seq: number, limit: number) => chains.openedBefore(seq, limit)),
    pressWithKey: guarded((helpPoint: string, key: string) => chains.pressWithKey(helpPoint, key)),
    hashAt: calm((seq: number) => chains.hashAt(seq)),
    keepSnapshot: calm(() => {}),
    probe: guarded(() => {}),
    inclusion: calm(() => null),
    checkpoint: calm(() => ({ note: '', size: 0 })),
    close: calm(() => {}),
  }
  const asked: string[] = []
  const book = createIncidentBook()
  const ledger = await createLedger(store, {
    clock,
    onError: () => {},
    verify: () => never,
    onRecorded: (entry) => [book, presses].forEach((fold) => fold.apply(entry)),
  })
  const held: string[] = []
  const incidents = createIncidentDesk({
    clock,
    book,
    append: ledger.append,
    cameras: {
      choose: () => ({
        primary: { camera: 'cam-a' as CameraId, preset: 'p' as PresetToken, way: 'preset' },
        secondary: [],
        passedOver: [],
        wanted: null,
      }),
      hold: () => () => {},
      heldBy: () => null,
      frame: ({ camera }, helpPoint) => {
        asked.push(`${helpPoint} ${camera}`)
        return Promise.resolve()
      },
      sendBackAfterIncident: () => {},
    },
    clips: {
      preRollMs: () => 60_000,
      hold: (incident, { camera }) => held.push(`${incident} ${camera}`),
      release: () => {},
    },
    helpPointName: (id) => id,
    instructions: () => [],
  })
  const presses = createPressDesk({
    clock,
    knows: () => true,
    openAt: (id) => {
      const open = book.openAt(id)
      return open && { id: open.id, kind: open.kind, live: open.presses.length > 0 }
    },
    pressed: incidents.pressed,
    coalesced: incidents.coalesced,
    whenDurable: ledger.whenDurable,
    lookUp: ledger.pressWithKey,
    onError: () => {},
  })
  for (const row of chains.page(0, 100_000)) {
    const entry = { ...row, body: JSON.parse(row.body) as never } as never
    book.apply(entry)
    presses.apply(entry)
  }
  incidents.resume()
  return { clock, presses, book, asked, held, awaits: () => awaits, isDead: () => dead, leave: () => chains.close() }
}

const HELP_POINTS = ['bar', 'row', 'arcade']
/** `after`: milliseconds into a life at which it presses. */
type Client = { helpPoint: string; key: string; after: number; receipt: Receipt | null }

/**
 * Clients press, and press again with the same key until they have a receipt; the server dies and is started again
 * meanwhile.
 */
async function siege(
  plans: Plan[],
  clients: Client[],
): Promise<{ file: string; folder: string; lives: number; lastAsked: string[]; lastHeld: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-faults-'))
  const file = join(folder, 'ledger.sqlite')
  let lives = 0
  for (;;) {
    const life = await live(file, plans[lives] ?? (() => 'none'))
    lives += 1
    const waiting = clients.filter(({ receipt }) => receipt === null)
    const all = waiting.map(async (client) => {
      await life.clock.sleep(client.after)
      for (let tries = 0; tries < 50 && !client.receipt; tries += 1) {
        try {
          const { receipt } = await life.presses.accept({
            helpPoint: client.helpPoint,
            key: client.key,
            pressedAt: null,
            kind: 'press',
            source: 'http',
          })
          // A receipt that a dead server had on its lips was never said.
          if (!life.isDead()) client.receipt = receipt
        } catch {
          await life.clock.sleep(500)
        }
      }
    })
    const done = Promise.all(all).then(() => true)
    for (let i = 0; i < 400; i += 1) {
      await life.clock.advance(250)
      if (life.isDead() || (await Promise.race([done, Promise.resolve(false)]))) break
    }
    life.leave()
    if (!life.isDead() && clients.every(({ receipt }) => receipt !== null))
      return { file, folder, lives, lastAsked: life.asked, lastHeld: life.held }
    if (lives > 500) throw new Error('the siege does not end')
  }
}

function judge(file: string, clients: Client[]): void {
  const rows = openLedgerRows(file)
  const verdict = verifyChain(rows, [])
  const entries = rows.page(0, 1_000_000)
  rows.close()
  expect(verdict).toMatchObject({ ok: true, problem: null })
  const received = entries
    .filter(({ kind }) => kind === 'press.received')
    .map(
      ({ body }) =>
        JSON.parse(body) as { press: { id: string; key: string; helpPoint: HelpPointId }; incident: IncidentId },
    )
  const coalesced = entries
    .filter(({ kind }) => kind === 'press.coalesced')
    .reduce((sum, { body }) => sum + (JSON.parse(body) as { count: number }).count, 0)
  const names = received.map(({ press }) => `${press.helpPoint} ${press.key}`)
  // None twice, none invented.
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(clients.some(({ helpPoint, key }) => `${helpPoint} ${key}` === name)).toBe(true)
  // None lost: every receipt is that of an entry.
  for (const { helpPoint, key, receipt } of clients) {
    const found = received.find(({ press }) => press.helpPoint === helpPoint && press.key === key)
    if (found) expect(receipt).toMatchObject({ press: found.press.id, incident: found.incident })
    else expect(coalesced).toBeGreaterThan(0)
  }
}
const clientsOf = (count: number, sameEvery = 4): Client[] =>
  Array.from({ length: count }, (_, i) => ({
    helpPoint: HELP_POINTS[i % 3] ?? '',
    key: `k${Math.floor(i / sameEvery)}`,
    after: (i * 370) % 2500,
    receipt: null,
  }))

describe('a press', () => {
  test('is not lost, doubled or invented when the server dies at any one await of its way', async () => {
    const calm = clientsOf(5)
    const whole = await siege([], calm)
    rmSync(whole.folder, { recursive: true })
    let killed = 0
    for (let at = 1; at <= 40; at += 1) {
      const clients = clientsOf(5)
      const { file, folder, lives } = await siege([(n) => (n === at ? 'kill' : 'none')], clients)
      judge(file, clients)
      rmSync(folder, { recursive: true })
      killed += lives - 1
    }
    // Every await that there is was the last one once.
    expect(killed).toBeGreaterThan(5)
  })
  test.each(Array.from({ length: 25 }, (_, seed) => seed + 1))(
    'survives a seeded storm of faults (seed %i)',
    async (seed) => {
      const random = chance(seed)
      const plans = Array.from({ length: 6 }, (): Plan => {
        const kills = 1 + Math.floor(random() * 8)
        return (n) => {
          if (n === kills) return 'kill'
          const dice = random()
          return dice < 0.12 ? 'io' : dice < 0.24 ? 'full' : dice < 0.34 ? 'clock' : 'none'
        }
      })
      const clients = clientsOf(24)
      const { file, folder, lives } = await siege(plans, clients)
      judge(file, clients)
      rmSync(folder, { recursive: true })
      expect(lives).toBeGreaterThan(1)
    },
  )
  test('whose camera move was cut short is asked again at the next start, and its clip is held again', async () => {
    const clients: Client[] = [{ helpPoint: 'bar', key: 'k', after: 0, receipt: null }]
    const { folder, lives, lastAsked, lastHeld } = await siege([(n) => (n === 2 ? 'kill' : 'none')], clients)
    expect([lives, lastAsked, lastHeld.length]).toEqual([2, ['bar cam-a'], 1])
    rmSync(folder, { recursive: true })
  })
})
