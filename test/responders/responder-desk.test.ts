/** Links in the hands of somebody who wants more of them than they are for. */
import { expect, test, vi } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { foldIncident } from '../../server/incident/incident-machine.ts'
import { createLentStreams } from '../../server/responders/lent-streams.ts'
import { createResponderBook } from '../../server/responders/responder-book.ts'
import { createResponderDesk } from '../../server/responders/responder-desk.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

const incident = 'inc-1' as IncidentId
const police = { id: 'police', name: 'Police', phone: '101', urgent: null, telephone: null, mobile: null, email: null }

function room() {
  const clock = createFakeClock()
  let state: Incident | null = null
  const book = createResponderBook({ onChange: () => {} })
  const ledger = createFakeLedger(clock.now, (entry) => {
    book.apply(entry)
    if (!('incident' in entry.body) || entry.body.incident === incident) state = foldIncident(state, entry)
  })
  const desk = createResponderDesk({
    ...{ clock, book, append: ledger.append, heldBy: () => null, onError: () => {} },
    contact: (id) => (id === 'police' ? police : null),
    load: async () => state as unknown as Incident,
  })
  const said = { actor: 'lamppost', subject: incident }
  const open = (of: IncidentId, helpPoint: string): void =>
    void ledger.append([
      { ...said, kind: 'incident.opened', body: { incident: of, helpPoint: helpPoint as HelpPointId, kind: 'press' } },
    ])
  open('inc-2' as IncidentId, 'row')
  open(incident, 'bar')
  const bring = (of: IncidentId): void =>
    void ledger.append([
      {
        ...said,
        kind: 'framing.changed',
        body: {
          incident: of,
          framing: {
            ...{ camera: 'head' as CameraId, preset: null, way: 'preset', role: 'primary', state: 'moving' },
            ...{ proofs: [], askedAt: '', settledAt: null, reason: null },
          },
        },
      },
    ])
  const lend = (minutes = 30) => desk.lend(incident, { contact: 'police', minutes }, 'Asha', 'operator:Asha')
  return { clock, book, desk, ledger, bring, lend }
}

test('a link whose time is over does not open again when the clock of the machine is set back', async () => {
  const { clock, desk, lend, ledger } = room()
  const { id, token } = await lend(5)
  const { session } = await desk.enter(id, token, '192.0.2.1')
  await clock.advance(5 * 60_000)
  clock.setWall(clock.now() - 3_600_000)
  expect(() => desk.visit(id, session)).toThrow('The time of this link is over.')
  desk.forget()
  expect(ledger.entries.concat().length).toBeGreaterThan(0)
  expect(() => desk.opening(id)).toThrow('The time of this link is over.')
  expect(desk.tabs()).toBe(0)
})
test('a camera that was just taken from another incident shows nothing until what went before is out of its picture', async () => {
  const { clock, desk, bring, lend } = room()
  bring('inc-2' as IncidentId)
  bring(incident)
  const { id, token } = await lend()
  const { session } = await desk.enter(id, token, '192.0.2.1')
  const look = () => desk.look(desk.visit(id, session), 'head', 'live')
  await expect(look()).rejects.toThrow('only just been sent here')
  await clock.advance(15_000)
  expect(await look()).toBe('head')
})
test('a clock that is set back does not keep such a camera away for as long', async () => {
  const { clock, desk, bring, lend } = room()
  bring('inc-2' as IncidentId)
  bring(incident)
  clock.setWall(clock.now() - 3_600_000)
  const { id, token } = await lend()
  const { session } = await desk.enter(id, token, '192.0.2.1')
  expect(await desk.look(desk.visit(id, session), 'head', 'live')).toBe('head')
})
test('each page that is open has an entry of its own before its first picture, and none for going on', async () => {
  const { desk, bring, lend, ledger } = room()
  bring(incident)
  const { id, token } = await lend()
  for (let tab = 0; tab < 2; tab += 1) {
    const { session } = await desk.enter(id, token, '192.0.2.1')
    for (let i = 0; i < 3; i += 1) await desk.look(desk.visit(id, session), 'head', 'live')
  }
  const looks = ledger.entries.filter(({ kind }) => kind === 'responder.viewed')
  expect(new Set(looks.map(({ body }) => (body as { tab: string }).tab)).size).toBe(2)
  expect(looks.length).toBe(2)
})
test('while the disk takes nothing there is no picture', async () => {
  const { desk, bring, lend, ledger } = room()
  bring(incident)
  const { id, token } = await lend()
  const { session } = await desk.enter(id, token, '192.0.2.1')
  ledger.breakDisk(true)
  await expect(desk.look(desk.visit(id, session), 'head', 'live')).rejects.toThrow('The disk is broken.')
})
test('eleven tabs of one link are ten: the oldest is not open any more', async () => {
  const { desk, lend } = room()
  const { id, token } = await lend()
  const sessions: string[] = []
  for (let i = 0; i < 11; i += 1) sessions.push((await desk.enter(id, token, '192.0.2.1')).session)
  expect(() => desk.visit(id, sessions[0] ?? '')).toThrow('not open any more')
  expect(desk.visit(id, sessions[1] ?? '').link.id).toBe(id)
})
test('whoever asks too often is told to wait, and another link is not', async () => {
  const { desk, lend } = room()
  const [one, other] = [await lend(), await lend()]
  const { session } = await desk.enter(one.id, one.token, '192.0.2.1')
  const theirs = await desk.enter(other.id, other.token, '192.0.2.2')
  const asked = (): unknown => {
    for (let i = 0; i < 1000; i += 1) desk.visit(one.id, session)
    return null
  }
  expect(asked).toThrow('used too often')
  expect(desk.visit(other.id, theirs.session).link.id).toBe(other.id)
})
test('more streams than a tab and a link have cost the oldest; a change is told once, however many there were', () => {
  vi.useFakeTimers()
  const streams = createLentStreams({ lasts: ({ session }) => session !== 'over' })
  const heard = new Map<number, string[]>()
  const open = (session: string, i: number): void => {
    const said: string[] = []
    heard.set(i, said)
    streams.add(
      { link: { id: 'rl-1', incident } as never, session },
      {
        say: (event) => void said.push(event),
        alive: () => {},
        end: () => void said.push('end'),
      },
    )
  }
  for (let i = 0; i < 100; i += 1) open(`tab-${i % 20}`, i)
  expect(streams.count()).toBe(12)
  expect([...heard.values()].filter((said) => said.includes('end')).length).toBe(88)
  for (let i = 0; i < 50; i += 1) streams.changed(incident)
  vi.advanceTimersByTime(1000)
  expect(heard.get(99)).toEqual(['changed'])
  open('over', 100)
  vi.advanceTimersByTime(1000)
  expect(heard.get(100)).toEqual(['ended', 'end'])
  streams.close()
  expect(streams.count()).toBe(0)
  vi.useRealTimers()
})
