/** What somebody outside sees of an incident, and what ends it. */
import { expect, test } from 'vitest'
import type { CameraId, Framing } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import type { ResponderLinkId } from '../../server/glossary/responder.ts'
import type { StreetMap } from '../../server/glossary/site.ts'
import { foldIncident } from '../../server/incident/incident-machine.ts'
import { lentCameras, mapNear, newestOfNote, sharedNotes } from '../../server/responders/lent-view.ts'
import { createResponderBook } from '../../server/responders/responder-book.ts'

const incident = 'inc-1' as IncidentId
const link = 'rl-1' as ResponderLinkId
const START = Date.parse('2026-12-01T21:00:00.000Z')
let seq = 0
const entry = (draft: Omit<Draft, 'actor' | 'subject'> & { actor?: string }): Recorded =>
  ({
    actor: 'operator:Asha',
    subject: incident,
    ...draft,
    seq: (seq += 1),
    at: new Date(START + seq * 1000).toISOString(),
  }) as Recorded
const opened = (): Recorded =>
  entry({ kind: 'incident.opened', body: { incident, helpPoint: 'bar' as HelpPointId, kind: 'press' } })
const lent = (id = link, minutes = 30): Recorded =>
  entry({
    kind: 'responder.lent',
    body: {
      ...{ incident, link: id, name: 'Police', contact: 'police', by: 'Asha', key: 'k' },
      until: new Date(START + minutes * 60_000).toISOString(),
    },
  })
const noted = (text: string, replaces?: number): Recorded =>
  entry({ kind: 'incident.noted', body: { incident, text, ...(replaces === undefined ? {} : { replaces }) } })
const fold = (...entries: Recorded[]): Incident => {
  const done = entries.reduce<Incident | null>(foldIncident, null)
  if (!done) throw new Error('nothing was opened')
  return done
}
const framing = (camera: string, change: Partial<Framing> = {}): Framing => ({
  camera: camera as CameraId,
  preset: null,
  way: 'preset',
  role: 'secondary',
  state: 'framed',
  proofs: [],
  askedAt: '',
  settledAt: null,
  reason: null,
  ...change,
})

test('only notes that are marked are shown, each in its newest version', () => {
  const first = noted('red jacket')
  const other = noted('her name is Mair')
  const entries = [opened(), first, other, noted('blue jacket', first.seq)]
  const share = (note: number, shared: boolean): Recorded =>
    entry({ kind: 'responder.note-shared', body: { incident, note, shared, by: 'Asha' } })
  expect(sharedNotes(fold(...entries))).toEqual([])
  const newest = entries.at(-1)?.seq ?? 0
  expect(sharedNotes(fold(...entries, share(newest, true))).map(({ text }) => text)).toEqual(['blue jacket'])
  expect(sharedNotes(fold(...entries, share(newest, true), share(newest, false)))).toEqual([])
})
test('a corrected note is shared with all its versions, shown once, and can be taken back by any of its versions', () => {
  const first = noted('red jacket')
  const second = noted('blue jacket', first.seq)
  const third = noted('green jacket', second.seq)
  const share = entry({ kind: 'responder.note-shared', body: { incident, note: first.seq, shared: true, by: 'Asha' } })
  const { log, ...marked } = fold(opened(), first, share, second, third)
  expect(sharedNotes({ log, ...marked }).map(({ text }) => text)).toEqual(['green jacket'])
  expect([first, second, third].map(({ seq }) => newestOfNote(log, seq))).toEqual(Array(3).fill(third.seq))
  expect(newestOfNote(log, 1)).toBeNull()
})
test('a camera that failed, or that another incident has now, is not shown', () => {
  const framings = [
    framing('other'),
    framing('gone', { state: 'failed' }),
    framing('taken'),
    framing('first', { role: 'primary', state: 'moving' }),
  ]
  const heldBy = (camera: CameraId): IncidentId | null => (camera === 'taken' ? ('inc-2' as IncidentId) : null)
  expect(lentCameras({ id: incident, framings }, heldBy).map(({ camera }) => camera)).toEqual(['first', 'other'])
})
test('an incident has a line per link: who, until when, how often opened, and the newest answer', () => {
  const of = { incident, link, name: 'Police' }
  const state = fold(
    opened(),
    lent(),
    entry({ kind: 'responder.fetched', actor: 'lamppost', body: { ...of, count: 3 } }),
    entry({ kind: 'responder.opened', actor: 'responder:Police', body: { ...of, address: '192.0.2.1' } }),
    entry({ kind: 'responder.answered', actor: 'responder:Police', body: { ...of, answer: 'on-my-way', words: '' } }),
    entry({
      kind: 'responder.answered',
      actor: 'responder:Police',
      body: { ...of, answer: 'needs-more', words: 'a van' },
    }),
  )
  expect(state.responders).toMatchObject([
    {
      id: link,
      name: 'Police',
      by: 'Asha',
      fetched: 3,
      opened: 1,
      endedAt: null,
      answer: { answer: 'needs-more', words: 'a van' },
    },
  ])
})
test('lending is something that somebody does about an incident that calls again; the responder’s answer is not', () => {
  const again = { ...fold(opened()), recalledAt: '2026-12-01T21:10:00.000Z' }
  const of = { incident, link, name: 'Police' }
  expect(foldIncident(again, lent())?.recalledAt).toBeNull()
  const answered = entry({
    kind: 'responder.answered',
    actor: 'responder:Police',
    body: { ...of, answer: 'arrived', words: '' },
  })
  expect(foldIncident(again, answered)?.recalledAt).toBe(again.recalledAt)
})
test('a link ends by being revoked, by its time, and with its incident; opening the incident again does not bring it back', () => {
  const book = createResponderBook({ onChange: () => {} })
  const ids = ['rl-a', 'rl-b', 'rl-c'] as ResponderLinkId[]
  for (const id of ids) book.apply(lent(id, id === 'rl-b' ? 1 : 30))
  const endOf = (id: string, minutes: number): string | null => {
    const found = book.get(id)
    return found ? book.endOf(found, START + minutes * 60_000) : 'unknown'
  }
  expect(ids.map((id) => endOf(id, 2))).toEqual([null, 'time', null])
  book.apply(
    entry({
      kind: 'responder.revoked',
      body: { incident, link: 'rl-a' as ResponderLinkId, name: 'Police', by: 'Ben' },
    }),
  )
  expect(ids.map((id) => endOf(id, 2))).toEqual(['revoked', 'time', null])
  book.apply(entry({ kind: 'incident.closed', body: { incident, reason: 'Helped' } }))
  book.apply(entry({ kind: 'incident.reopened', body: { incident, owner: 'Asha', reason: 'too soon' } }))
  expect(ids.map((id) => endOf(id, 0.5))).toEqual(['revoked', 'closed', 'closed'])
  const later = createResponderBook({ onChange: () => {} })
  later.restore(JSON.parse(JSON.stringify(book.save())) as ReturnType<typeof book.save>)
  expect(later.get('rl-c')?.ended).toBe('closed')
  expect(later.get('rl-nothing')).toBeNull()
})
test('the line of a link whose time is over says when, whatever the clock says later', () => {
  const over = entry({ kind: 'responder.ended', actor: 'lamppost', body: { incident, link, name: 'Police' } })
  expect(fold(opened(), lent(), over).responders[0]?.endedAt).toBe(over.at)
})
test('a camera that comes to an incident that was opened again may have looked elsewhere', () => {
  const book = createResponderBook({ onChange: () => {} })
  const bring = (of: IncidentId): void =>
    book.apply(entry({ kind: 'framing.changed', body: { incident: of, framing: framing('head') } }))
  book.apply(opened())
  bring(incident)
  bring('inc-9' as IncidentId)
  expect(book.takenOverAt('head' as CameraId)).not.toBeNull()
})
test('a link whose time was over stays over when the clock is set back', () => {
  const book = createResponderBook({ onChange: () => {} })
  book.apply(lent('rl-a' as ResponderLinkId, 1))
  book.apply(
    entry({
      kind: 'responder.ended',
      actor: 'lamppost',
      body: { incident, link: 'rl-a' as ResponderLinkId, name: 'Police' },
    }),
  )
  const link = book.get('rl-a')
  expect(link && book.endOf(link, START)).toBe('time')
  expect(book.unended()).toEqual([])
})
test('a camera that looked at another place before is known, with the time since when it looks at this one', () => {
  const book = createResponderBook({ onChange: () => {} })
  const other = entry({
    kind: 'incident.opened',
    body: { incident: 'inc-2' as IncidentId, helpPoint: 'row' as HelpPointId, kind: 'press' },
  })
  for (const each of [opened(), other]) book.apply(each)
  const framed = (of: IncidentId): Recorded =>
    entry({ kind: 'framing.changed', body: { incident: of, framing: framing('head', { state: 'moving' }) } })
  const head = 'head' as CameraId
  book.apply(framed(incident))
  expect(book.takenOverAt(head)).toBeNull()
  const taken = framed('inc-2' as IncidentId)
  book.apply(taken)
  book.apply(framed('inc-2' as IncidentId))
  expect(book.takenOverAt(head)).toBe(Date.parse(taken.at))
})
test('what is open is counted per incident, without what has ended', () => {
  const book = createResponderBook({ onChange: () => {} })
  book.apply(lent('rl-a' as ResponderLinkId, 1))
  book.apply(lent('rl-b' as ResponderLinkId, 30))
  expect(book.openOf(incident, START).length).toBe(2)
  expect(book.openOf(incident, START + 120_000).map(({ id }) => id)).toEqual(['rl-b'])
  expect(book.openOf('inc-2' as IncidentId, START)).toEqual([])
})
test('of the map only what is near the help point is sent', () => {
  const line = (name: string, lat: number): StreetMap['features'][number] => ({
    type: 'Feature',
    properties: { name },
    geometry: {
      type: 'LineString',
      coordinates: [
        [-1.556, lat],
        [-1.557, lat],
      ],
    },
  })
  const map: StreetMap = { type: 'FeatureCollection', features: [line('near', 54.524), line('far', 54.6)] }
  expect(mapNear(map, { lat: 54.5236, lon: -1.5561 }).map(({ properties }) => properties.name)).toEqual(['near'])
})
