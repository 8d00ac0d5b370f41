import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createIncidentBook } from '../../server/incident/incident-book.ts'
import { createExportBook } from '../../server/evidence/order/export-book.ts'
import { createRetentionBook, endOf } from '../../server/evidence/keep/retention-book.ts'
import { startRetention } from '../../server/evidence/keep/retention-desk.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Export, ExportId, StoredSegment } from '../../server/glossary/evidence.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const T0 = Date.parse('2026-11-01T22:30:00.000Z')
const DAY = 86_400_000
const INC = 'inc-1' as IncidentId
const CAM = 'cam-1' as CameraId
const segments = [1, 2, 3].map((number): StoredSegment => ({
  number,
  run: 0,
  start: T0 + number * 2000,
  duration: 2,
  bytes: 100,
  sha256: String(number).repeat(64),
  file: '',
  offset: 0,
}))

function open(firstKeepDays = 31, packages: Partial<Export>[] = [], { unlockByTwo = false } = {}) {
  let keepDays = firstKeepDays
  const clock = createFakeClock(T0)
  const book = createRetentionBook()
  const entries: Recorded[] = []
  const released: string[] = []
  let clockSet = false
  let stalls = false
  const removed: string[] = []
  const append = (drafts: readonly Draft[]) => {
    const recorded = drafts.map((draft) => ({ ...draft, seq: entries.length + 1, at: isoTime(clock.now()) }))
    entries.push(...recorded)
    recorded.forEach(book.apply)
    for (const { kind, body, at } of recorded)
      if (kind === 'export.expiring')
        for (const each of packages)
          if (each.id === body.export) Object.assign(each, { warnedOf: body.at, warnedAt: at })
    // A disk that takes nothing keeps whoever waits for it waiting.
    if (stalls && recorded.some(({ kind }) => kind === 'clip.deleted'))
      return { recorded, durable: new Promise<never>(() => {}) }
    return { recorded, durable: Promise.resolve(recorded.map((entry) => ({ ...entry, hash: '' }))) }
  }
  const desk = startRetention({
    clock,
    book,
    append,
    lookMs: 3_600_000,
    onError: (error) => {
      throw error
    },
    port: {
      rule: () => ({ keepMs: keepDays * DAY, warnMs: 3 * DAY, unlockByTwo }),
      stored: async () => ({ segments, inits: {}, gaps: [] }),
      hasCamera: () => true,
      clockWasSet: () => clockSet,
      release: (incident, camera) => void released.push(`${incident} ${camera}`),
      packages: () => packages as Export[],
      removePackage: async (id) => removed.push(id),
      about: async (user) => entries.filter(({ subject }) => subject === user).map((entry) => ({ ...entry, hash: '' })),
    },
  })
  const close = (kind: 'press' | 'drill' = 'press'): void =>
    void append([
      {
        kind: 'incident.opened',
        actor: '',
        subject: INC,
        body: { incident: INC, helpPoint: 'bar' as HelpPointId, kind },
      },
      {
        kind: 'clip.held',
        actor: '',
        subject: INC,
        body: { incident: INC, camera: CAM, from: isoTime(T0 - 60_000), to: isoTime(T0) },
      },
      { kind: 'incident.closed', actor: '', subject: INC, body: { incident: INC, reason: 'over' } },
    ])
  const pass = async (days: number): Promise<void> => {
    for (let hours = 0; hours < days * 24; hours += 1) await clock.advance(3_600_000)
  }
  const setClock = (set: boolean): void => void (clockSet = set)
  return {
    keep: (days: number) => void (keepDays = days),
    setClock,
    stall: () => void (stalls = true),
    clock,
    book,
    desk,
    entries,
    released,
    removed,
    append,
    close,
    pass,
    kinds: () => entries.map(({ kind }) => kind),
  }
}
let room: ReturnType<typeof open>
beforeEach(() => (room = open()))
afterEach(async () => {
  const closing = room.desk.close()
  await room.clock.advance(3_600_000)
  await closing
})

test('a recording goes only once it is written down that it goes', async () => {
  const stalled = open()
  stalled.stall()
  stalled.close()
  await stalled.pass(40)
  expect(stalled.kinds()).toContain('clip.deleted')
  expect(stalled.released).toEqual([])
})
test('an incident that is not in memory any more lets its clips go for good', () => {
  const book = createIncidentBook()
  const entry = (seq: number, draft: Draft): Recorded => ({ ...draft, seq, at: isoTime(T0 + seq) })
  let seq = 0
  for (let i = 0; i < 205; i += 1) {
    const incident = `inc-${i}` as IncidentId
    for (const draft of [
      {
        kind: 'incident.opened',
        actor: '',
        subject: incident,
        body: { incident, helpPoint: 'bar' as HelpPointId, kind: 'press' },
      },
      {
        kind: 'clip.held',
        actor: '',
        subject: incident,
        body: { incident, camera: CAM, from: isoTime(T0), to: isoTime(T0 + 1) },
      },
      { kind: 'incident.closed', actor: '', subject: incident, body: { incident, reason: 'over' } },
    ] satisfies Draft[])
      book.apply(entry((seq += 1), draft))
  }
  const incident = 'inc-0' as IncidentId
  book.apply(
    entry((seq += 1), {
      kind: 'clip.deleted',
      actor: '',
      subject: incident,
      body: { incident, camera: CAM, from: '', to: '', segments: 0, bytes: 0, sha256: '', why: '' },
    }),
  )
  expect(book.heldClips().map((held) => held.incident)).not.toContain(incident)
})

describe('the order in which recordings end', () => {
  /** So many incidents, one closed each hour. */
  function many(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const incident = `inc-${i}` as IncidentId
      room.append([
        {
          kind: 'incident.opened',
          actor: '',
          subject: incident,
          body: { incident, helpPoint: 'bar' as HelpPointId, kind: 'press' },
        },
        {
          kind: 'clip.held',
          actor: '',
          subject: incident,
          body: { incident, camera: CAM, from: isoTime(T0), to: isoTime(T0 + 1) },
        },
      ])
      room.book.apply({
        kind: 'incident.closed',
        actor: '',
        subject: incident,
        body: { incident, reason: 'over' },
        seq: 100_000 + i,
        at: isoTime(T0 + ((i * 7) % count) * 60_000),
      })
    }
  }
  const idsOf = (items: readonly { incident: IncidentId }[]): string[] => items.map(({ incident }) => incident)
  test('is told in pages, each once, while entries move some of them', () => {
    many(50)
    room.append([
      {
        kind: 'incident.opened',
        actor: '',
        subject: INC,
        body: { incident: 'open' as IncidentId, helpPoint: 'bar' as HelpPointId, kind: 'press' },
      },
      {
        kind: 'clip.held',
        actor: '',
        subject: INC,
        body: { incident: 'open' as IncidentId, camera: CAM, from: isoTime(T0), to: null },
      },
    ])
    const all = idsOf(room.desk.page({ after: null, limit: 1000, expiring: false }).items)
    expect(all).toHaveLength(51)
    expect(all.at(-1)).toBe('open')
    const ends = room.desk.page({ after: null, limit: 1000, expiring: false }).items.map(({ endsAt }) => endsAt ?? '~')
    expect(ends).toEqual([...ends].sort())
    const first = room.desk.page({ after: null, limit: 20, expiring: false })
    // Of the first page one is locked for ever: it goes to the end, and the second page begins where it would have.
    room.append([
      {
        kind: 'clip.locked',
        actor: '',
        subject: first.items[3]?.incident ?? INC,
        body: { incident: first.items[3]?.incident ?? INC, by: 'Olive', reason: 'x', until: null },
      },
    ])
    const second = room.desk.page({ after: first.next, limit: 20, expiring: false })
    const third = room.desk.page({ after: second.next, limit: 20, expiring: false })
    expect(idsOf([...first.items, ...second.items])).toEqual(all.slice(0, 40))
    expect(idsOf(third.items).slice(0, 10)).toEqual(all.slice(40, 50))
    expect(new Set(idsOf(third.items).slice(10))).toEqual(new Set([all[3], 'open']))
    expect(third.next).toBeNull()
  })
  test('has what ends soon by itself, and its version changes with what would be told, and with nothing else', async () => {
    many(10)
    expect(room.desk.page({ after: null, limit: 5, expiring: true })).toEqual({ items: [], next: null })
    const version = room.desk.version()
    await room.clock.advance(60_000)
    room.append([
      {
        kind: 'incident.noted',
        actor: 'operator:Sam',
        subject: 'inc-1',
        body: { incident: 'inc-1' as IncidentId, text: 'x' },
      },
    ])
    expect(room.desk.version()).toBe(version)
    await room.pass(28.2)
    expect(room.desk.version()).not.toBe(version)
    const soon = room.desk.page({ after: null, limit: 5, expiring: true })
    expect(soon.items.every(({ expiring }) => expiring)).toBe(true)
    expect(soon.items).toHaveLength(5)
    expect(room.desk.page({ after: soon.next, limit: 5, expiring: true }).next).toBeNull()
    const before = room.desk.version()
    room.append([
      {
        kind: 'clip.locked',
        actor: '',
        subject: soon.items[0]?.incident ?? INC,
        body: { incident: soon.items[0]?.incident ?? INC, by: 'Olive', reason: 'x', until: null },
      },
    ])
    expect(room.desk.version()).not.toBe(before)
    expect(room.desk.of([soon.items[0]?.incident ?? INC, 'nobody' as IncidentId])).toMatchObject([
      { endsAt: null, lock: { by: 'Olive' } },
    ])
  })
  test('a site that keeps for another time has another order at once', () => {
    many(3)
    const before = room.desk.page({ after: null, limit: 1000, expiring: false }).items.map(({ endsAt }) => endsAt)
    expect(before[0]).toBe(isoTime(T0 + 31 * DAY))
    room.keep(10)
    expect(room.desk.page({ after: null, limit: 1000, expiring: false }).items[0]?.endsAt).toBe(isoTime(T0 + 10 * DAY))
  })
})

describe('what an incident held', () => {
  test('is warned of first, and then let go with an entry that has the hash of what went', async () => {
    room.close()
    await room.pass(27)
    expect(room.kinds()).not.toContain('clip.expiring')
    await room.pass(1.1)
    expect(room.entries.at(-1)).toMatchObject({
      kind: 'clip.expiring',
      body: { incident: INC, at: isoTime(T0 + 31 * DAY) },
    })
    expect(room.desk.page({ after: null, limit: 1000, expiring: false }).items).toMatchObject([
      { incident: INC, expiring: true, endsAt: isoTime(T0 + 31 * DAY) },
    ])
    await room.pass(2.5)
    expect(room.released).toEqual([])
    await room.pass(1)
    const sha256 = createHash('sha256')
      .update(segments.map(({ number, sha256: of }) => `${number} ${of}\n`).join(''))
      .digest('hex')
    expect(room.entries.at(-1)).toMatchObject({
      kind: 'clip.deleted',
      body: { incident: INC, camera: CAM, segments: 3, bytes: 300, sha256, why: expect.stringContaining('31 days') },
    })
    expect(room.released).toEqual([`${INC} ${CAM}`])
    expect(room.desk.page({ after: null, limit: 1000, expiring: false }).items).toEqual([])
  })
  test('survives under a lock for ever, or until its day, and only by a name and a reason', async () => {
    room.close()
    expect(await room.desk.lock(INC, { by: 'Sam', reason: 'court', until: null }, 'supervisor:Sam')).toMatchObject({
      endsAt: null,
      lock: { by: 'Sam', reason: 'court', until: null },
    })
    await room.pass(60)
    expect(room.released).toEqual([])
    const until = isoTime(room.clock.now() + 10 * DAY)
    expect(await room.desk.lock(INC, { by: 'Sam', reason: 'appeal', until }, 'supervisor:Sam')).toMatchObject({
      endsAt: until,
    })
    await room.pass(8)
    expect(room.kinds().filter((kind) => kind === 'clip.expiring')).toHaveLength(1)
    await room.pass(3)
    expect(room.released).toEqual([`${INC} ${CAM}`])
    await expect(
      room.desk.lock(INC, { by: 'Sam', reason: 'too late', until: null }, 'supervisor:Sam'),
    ).rejects.toMatchObject({ code: 'clip/none' })
  })
  test('that is unlocked long after its time is told of before it goes', async () => {
    room.close()
    await room.desk.lock(INC, { by: 'Sam', reason: 'court', until: null }, 'supervisor:Sam')
    await room.pass(60)
    await room.desk.unlock(INC, { by: 'Sam', user: 'sam', reason: 'acquitted' }, 'supervisor:Sam')
    await room.pass(0.5)
    expect(room.kinds().at(-1)).toBe('clip.expiring')
    expect(room.released).toEqual([])
    await room.pass(1)
    expect(room.released).toEqual([`${INC} ${CAM}`])
  })
  test('that is unlocked after a warning of long ago is told of anew before it goes', async () => {
    room.close()
    await room.pass(29)
    expect(room.kinds().at(-1)).toBe('clip.expiring')
    await room.desk.lock(INC, { by: 'Sam', reason: 'court', until: null }, 'supervisor:Sam')
    await room.pass(40)
    await room.desk.unlock(INC, { by: 'Sam', user: 'sam', reason: 'acquitted' }, 'supervisor:Sam')
    await room.pass(0.9)
    expect(room.released).toEqual([])
    expect(room.kinds().filter((kind) => kind === 'clip.expiring')).toHaveLength(2)
  })
  test('is not let go while the recorder’s clock was set by hours lately', async () => {
    room.close()
    room.setClock(true)
    await room.pass(60)
    expect(room.released).toEqual([])
    room.setClock(false)
    await room.pass(2)
    expect(room.released).toEqual([`${INC} ${CAM}`])
  })
  test('is kept as long as it is open, and counted anew when it was opened again', async () => {
    room.append([
      {
        kind: 'incident.opened',
        actor: '',
        subject: INC,
        body: { incident: INC, helpPoint: 'bar' as HelpPointId, kind: 'press' },
      },
      { kind: 'clip.held', actor: '', subject: INC, body: { incident: INC, camera: CAM, from: isoTime(T0), to: null } },
    ])
    await room.pass(40)
    expect(room.desk.page({ after: null, limit: 1000, expiring: false }).items).toMatchObject([
      { closedAt: null, endsAt: null },
    ])
    expect(room.released).toEqual([])
  })
  test.each([
    [
      'a lock that has ended already',
      () => room.desk.lock(INC, { by: 'S', reason: 'x', until: isoTime(T0 - 1) }, ''),
      'request/invalid',
    ],
    [
      'unlocking what is not locked',
      () => room.desk.unlock(INC, { by: 'S', user: null, reason: 'x' }, ''),
      'request/invalid',
    ],
    [
      'an incident that keeps nothing',
      () => room.desk.lock('inc-9', { by: 'S', reason: 'x', until: null }, ''),
      'clip/none',
    ],
  ])('refuses %s', async (_, act, code) => {
    room.close()
    await expect(act()).rejects.toMatchObject({ code })
  })
  test('is the same after a start from the folds', async () => {
    room.close()
    await room.desk.lock(INC, { by: 'Sam', reason: 'court', until: null }, 'supervisor:Sam')
    const again = createRetentionBook()
    again.restore(JSON.parse(JSON.stringify(room.book.save())))
    expect(again.all()).toEqual(room.book.all())
  })
})

test('a package is told of before it goes by the site’s rule, unless its incident is locked; a failed one is not', async () => {
  const made = {
    id: 'DBC-1',
    incident: INC,
    state: 'ready',
    deletedAt: null,
    changedAt: isoTime(T0),
    warnedOf: null,
    warnedAt: null,
  } as Partial<Export>
  const free = { ...made, id: 'DBC-2', incident: null } as Partial<Export>
  const own = open(31, [made, free, { ...free, id: 'DBC-3' as ExportId, state: 'failed' }])
  own.close()
  await own.desk.lock(INC, { by: 'Sam', reason: 'court', until: null }, '')
  await own.pass(27)
  expect(own.kinds()).not.toContain('export.expiring')
  expect(own.desk.packageEnds(free as Export)).toEqual({ endsAt: isoTime(T0 + 31 * DAY), expiring: false })
  await own.pass(2)
  expect(own.entries.filter(({ kind }) => kind === 'export.expiring').map(({ body }) => body)).toEqual([
    { export: 'DBC-2', incident: null, at: isoTime(T0 + 31 * DAY) },
  ])
  expect(own.desk.packageEnds(free as Export)).toMatchObject({ expiring: true })
  expect(own.desk.packageEnds(made as Export)).toEqual({ endsAt: null, expiring: false })
  await own.pass(1.5)
  expect(own.removed).toEqual([])
  await own.pass(1)
  expect(new Set(own.removed)).toEqual(new Set(['DBC-2', 'DBC-3']))
  const closing = own.desk.close()
  await own.clock.advance(3_600_000)
  await closing
})
test('a package whose incident is unlocked long after its warning is told of again before it goes', async () => {
  const book = createExportBook()
  const entry = (seq: number, draft: Draft): void => book.apply({ ...draft, seq, at: isoTime(T0 + seq * DAY) })
  const id = 'DBC-1' as ExportId
  const order = {
    kind: 'master',
    parentExport: null,
    incident: INC,
    cuts: [],
    redactions: [],
    calls: [],
    silences: [],
    requestedBy: { name: 'x', organisation: null, reference: null },
    reason: 'x',
    lawfulBasis: null,
    exhibitRef: null,
    exportedBy: { name: 'x', role: 'evidence' },
  } as const
  entry(0, {
    kind: 'export.requested',
    actor: '',
    subject: id,
    body: { ...order, cuts: [], redactions: [], calls: [], silences: [], export: id },
  })
  entry(28, {
    kind: 'export.expiring',
    actor: '',
    subject: id,
    body: { export: id, incident: INC, at: isoTime(T0 + 31 * DAY) },
  })
  expect(book.get(id)).toMatchObject({ warnedOf: isoTime(T0 + 31 * DAY), warnedAt: isoTime(T0 + 28 * DAY) })
  entry(29, {
    kind: 'clip.locked',
    actor: '',
    subject: INC,
    body: { incident: INC, by: 'Sam', reason: 'court', until: null },
  })
  entry(69, { kind: 'clip.unlocked', actor: '', subject: INC, body: { incident: INC, by: 'Sam', reason: 'acquitted' } })
  expect(book.get(id)).toMatchObject({ warnedOf: null, warnedAt: null })
})
test('a package that was over before anybody was told is kept for another day', async () => {
  const own = open(31, [
    {
      id: 'DBC-1' as ExportId,
      incident: null,
      state: 'ready',
      deletedAt: null,
      changedAt: isoTime(T0 - 100 * DAY),
      warnedOf: null,
      warnedAt: null,
    },
  ])
  await own.pass(0.9)
  expect(own.removed).toEqual([])
  await own.pass(0.3)
  expect(own.removed).toContain('DBC-1')
  const closing = own.desk.close()
  await own.clock.advance(3_600_000)
  await closing
})
test('the end is the rule’s or the lock’s, whichever is later', () => {
  const lock = { by: '', reason: '', at: '', until: isoTime(T0 + 50 * DAY) }
  expect(endOf({ closedAt: isoTime(T0), lock: null }, 31 * DAY)).toBe(isoTime(T0 + 31 * DAY))
  expect(endOf({ closedAt: isoTime(T0), lock }, 31 * DAY)).toBe(lock.until)
  expect(endOf({ closedAt: isoTime(T0), lock: { ...lock, until: isoTime(T0 + DAY) } }, 31 * DAY)).toBe(
    isoTime(T0 + 31 * DAY),
  )
  expect(endOf({ closedAt: null, lock: null }, 31 * DAY)).toBeNull()
})

describe('where a lock is undone by two people', () => {
  const ask = (user: string | null, reason = 'acquitted') =>
    room.desk.unlock(INC, { by: `${user}`, user, reason }, `evidence:${user}`)
  const lock = (until: string | null = null) =>
    room.desk.lock(INC, { by: 'Sam', reason: 'court', until }, 'evidence:Sam')
  beforeEach(async () => {
    await room.desk.close().catch(() => {})
    room = open(31, [], { unlockByTwo: true })
    room.close()
    await lock()
  })
  test('the first asks, and only another one undoes it; both stand in the record', async () => {
    expect((await ask('olive')).lock).toMatchObject({ reason: 'court', unlock: { by: 'olive', reason: 'acquitted' } })
    await expect(ask('olive')).rejects.toMatchObject({ code: 'clip/same-person' })
    expect((await ask('ben', 'seen the letter')).lock).toBeNull()
    expect(room.entries.slice(-2)).toMatchObject([
      { kind: 'clip.unlock-asked', body: { by: 'olive', user: 'olive' } },
      {
        kind: 'clip.unlocked',
        body: { by: 'ben', reason: 'seen the letter', asked: { by: 'olive', reason: 'acquitted' } },
      },
    ])
  })
  test('an account that who asks has made, or that was changed since, does not do it', async () => {
    const added = (user: string, actor: string): Draft => ({
      ...{ kind: 'user.added', actor, subject: user, body: { user, name: user, roles: ['evidence'] } },
    })
    room.append([added('own', 'supervisor:olive')])
    await ask('olive')
    await expect(ask('own')).rejects.toMatchObject({ code: 'clip/same-person' })
    await room.clock.advance(1000)
    room.append([added('temp', 'supervisor:Sue')])
    await expect(ask('temp')).rejects.toMatchObject({ code: 'clip/same-person' })
    await expect(
      room.desk.unlock(INC, { by: 'Olive ', user: 'directory/login.example/4711', reason: 'x' }, 'evidence:Olive'),
    ).rejects.toMatchObject({ code: 'clip/same-person' })
    expect((await ask('ben')).lock).toBeNull()
  })
  test('two names of one person with a token do not do it', async () => {
    await expect(ask(null)).rejects.toMatchObject({ code: 'people/forbidden' })
    expect(room.kinds().at(-1)).toBe('clip.locked')
  })
  test('who locks it anew takes the request away; after a week it is over by itself', async () => {
    await ask('olive')
    expect((await lock()).lock?.unlock).toBeNull()
    await ask('olive')
    await room.pass(7)
    expect((await ask('ben')).lock).toMatchObject({ unlock: { by: 'ben' } })
    expect((await ask('olive')).lock).toBeNull()
  })
  test('nobody undoes it by making it end sooner', async () => {
    await expect(lock(isoTime(room.clock.now() + DAY))).rejects.toMatchObject({ code: 'clip/lock-shorter' })
    expect(room.book.get(INC)?.lock?.until).toBeNull()
    await expect(lock('+010000-01-01T00:59:59.000Z')).rejects.toMatchObject({ code: 'clip/lock-shorter' })
  })
  test('is made longer by one', async () => {
    await ask('olive')
    await ask('ben')
    await lock(isoTime(room.clock.now() + DAY))
    expect((await lock(isoTime(room.clock.now() + 2 * DAY))).lock?.until).toBe(isoTime(room.clock.now() + 2 * DAY))
  })
})
