import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { createIncidentBook } from '../../server/incident/incident-book.ts'

/** A ledger in memory that many incidents went through, and how often it was asked. */
function years(count: number, open: number[] = []) {
  const entries: Recorded[] = []
  const asked: string[] = []
  const history = {
    about: async (subject: string) => {
      asked.push(subject)
      return entries.filter((entry) => entry.subject === subject)
    },
    openedBefore: async (seq: number, limit: number) =>
      entries
        .filter((entry) => entry.kind === 'incident.opened' && entry.seq < seq)
        .toReversed()
        .slice(0, limit)
        .map((entry) => ({ seq: entry.seq, subject: entry.subject })),
  }
  const book = createIncidentBook(history)
  const write = (draft: Draft): void => {
    const entry: Recorded = { ...draft, seq: entries.length + 1, at: '2026-11-20T22:30:00.000Z' }
    entries.push(entry)
    book.apply(entry)
  }
  for (let i = 1; i <= count; i += 1) {
    const incident = `inc-${i}` as IncidentId
    write({
      kind: 'incident.opened',
      actor: '',
      subject: incident,
      body: { incident, helpPoint: `hp-${i % 500}` as HelpPointId, kind: 'press' },
    })
    write({
      kind: 'clip.held',
      actor: '',
      subject: incident,
      body: { incident, camera: 'cam-a' as CameraId, from: '', to: '' },
    })
    if (!open.includes(i))
      write({ kind: 'incident.closed', actor: '', subject: incident, body: { incident, reason: `reason ${i}` } })
  }
  return { book, entries, asked, write, history }
}
const ids = ({ items }: { items: { id: string }[] }): string[] => items.map(({ id }) => id)

describe('the book of incidents', () => {
  test('one that was closed long ago and is read again does not hide the open one of its help point', async () => {
    const { book } = years(1000, [502])
    expect(book.openAt('hp-2' as HelpPointId)?.id).toBe('inc-502')
    expect(await book.load('inc-2')).toMatchObject({ state: 'closed', helpPoint: 'hp-2' })
    expect(book.openAt('hp-2' as HelpPointId)?.id).toBe('inc-502')
  })
  test('keeps the unfinished ones and a few others; any other is folded again from its own entries', async () => {
    const { book, asked } = years(1000, [3, 990])
    expect(book.unfinished().map(({ id }) => id)).toEqual(['inc-3', 'inc-990'])
    expect(() => book.get('inc-5')).toThrow(/no incident/)
    expect(await book.load('inc-5')).toMatchObject({ state: 'closed', closureReason: 'reason 5' })
    expect(book.get('inc-5').closureReason).toBe('reason 5')
    await book.load('inc-5')
    expect(asked).toEqual(['inc-5'])
    await expect(book.load('inc-none')).rejects.toMatchObject({ code: 'incident/unknown' })
  })
  test('a long list takes nothing out of memory that somebody works on', async () => {
    const { book } = years(1000)
    await book.load('inc-5')
    await book.readAll(Array.from({ length: 400 }, (_, i) => `inc-${i + 100}`))
    for (let after: string | null = null, pages = 0; pages < 4; pages += 1)
      after = (await book.page(null, after, 200)).next
    expect(book.get('inc-5').id).toBe('inc-5')
  })
  test('one that cannot be read any more is left out of a list', async () => {
    const { book, entries } = years(1000)
    entries.splice(
      0,
      entries.length,
      ...entries.filter(({ subject, kind }) => subject !== 'inc-7' || kind !== 'incident.opened'),
    )
    expect((await book.readAll(['inc-6', 'inc-7', 'inc-8'])).map(({ id }) => id)).toEqual(['inc-6', 'inc-8'])
  })
  test('what is recorded while it is read is in it', async () => {
    const { book, write, history } = years(1000)
    const { about } = history
    history.about = async (subject) => {
      const entries = await about(subject)
      write({
        kind: 'incident.noted',
        actor: 'operator:Ann',
        subject,
        body: { incident: subject as IncidentId, text: 'meanwhile' },
      })
      return entries
    }
    expect((await book.load('inc-5')).log.map(({ kind }) => kind)).toContain('incident.noted')
  })
  test('pages through all of them, newest first, each once', async () => {
    const { book } = years(450, [3, 440])
    const seen: string[] = []
    for (let after: string | null = null; ;) {
      const page = await book.page(null, after, 100)
      seen.push(...ids(page))
      if (page.next === null) break
      after = page.next
    }
    expect(seen).toEqual(Array.from({ length: 450 }, (_, i) => `inc-${450 - i}`))
  })
  test('pages by state', async () => {
    const { book } = years(300, [3, 7, 290])
    expect(ids(await book.page('open', null, 50))).toEqual(['inc-290', 'inc-7', 'inc-3'])
    expect(await book.page('open', null, 2)).toMatchObject({ next: 'inc-7' })
    expect(ids(await book.page('open', 'inc-7', 50))).toEqual(['inc-3'])
    expect(ids(await book.page('closed', null, 12)).slice(-3)).toEqual(['inc-291', 'inc-289', 'inc-288'])
    expect(ids(await book.page('acknowledged', null, 50))).toEqual([])
  })
  test('shows one that is not yet in the ledger’s file', async () => {
    const { book, entries } = years(5)
    const incident = 'inc-new' as IncidentId
    book.apply({
      kind: 'incident.opened',
      actor: '',
      subject: incident,
      body: { incident, helpPoint: 'hp' as HelpPointId, kind: 'press' },
      seq: entries.length + 1,
      at: '',
    })
    expect(ids(await book.page(null, null, 3))).toEqual(['inc-new', 'inc-5', 'inc-4'])
  })
  test('knows every clip that is held, also of incidents that nobody looks at any more', () => {
    const { book, write } = years(1000)
    expect(book.heldClips()).toHaveLength(1000)
    write({
      kind: 'clip.released',
      actor: '',
      subject: 'inc-1',
      body: { incident: 'inc-1' as IncidentId, camera: 'cam-a' as CameraId },
    })
    expect(book.heldClips()).toHaveLength(999)
  })
  test('knows the open incident that shows a camera: by its clip, as a further view, as a fixed one', () => {
    const { book, write } = years(3, [2])
    const incident = 'inc-2' as IncidentId
    expect(book.showing('cam-a' as CameraId)).toBe(incident)
    expect(book.showing('cam-b' as CameraId)).toBeNull()
    write({
      kind: 'framing.changed',
      actor: '',
      subject: incident,
      body: {
        incident,
        framing: {
          camera: 'cam-b' as CameraId,
          preset: null,
          way: 'fixed',
          role: 'secondary',
          state: 'unproven',
          proofs: [],
          askedAt: '',
          settledAt: '',
          reason: null,
        },
      },
    })
    expect(book.showing('cam-b' as CameraId)).toBe(incident)
    write({ kind: 'incident.closed', actor: '', subject: incident, body: { incident, reason: 'safe' } })
    expect([book.showing('cam-a' as CameraId), book.showing('cam-b' as CameraId)]).toEqual([null, null])
  })
  test('is the same after a snapshot', async () => {
    const { book, history } = years(300, [3])
    const again = createIncidentBook(history)
    again.restore(JSON.parse(JSON.stringify(book.save())) as ReturnType<typeof book.save>)
    expect([
      again.unfinished().map(({ id }) => id),
      again.heldClips().length,
      again.openAt('hp-3' as HelpPointId)?.id,
    ]).toEqual([['inc-3'], 300, 'inc-3'])
    expect(await again.page(null, null, 20)).toEqual(await book.page(null, null, 20))
  })
  test('knows which other open press a camera’s presets show: its head is not lent while somebody may need it', () => {
    const { book, write } = years(6, [2, 4])
    const presets = (...points: number[]) => new Map(points.map((i) => [`hp-${i}` as HelpPointId, {}]))
    expect(book.claimedBy('inc-2' as IncidentId, presets(4))).toBe('inc-4')
    expect(book.claimedBy('inc-4' as IncidentId, presets(4))).toBeNull()
    expect(book.claimedBy('inc-2' as IncidentId, presets(5, 6))).toBeNull()
    const drill = 'inc-7' as IncidentId
    const body = { incident: drill, helpPoint: 'hp-7' as HelpPointId, kind: 'drill' as const }
    write({ kind: 'incident.opened', actor: '', subject: drill, body })
    expect(book.claimedBy('inc-2' as IncidentId, presets(7))).toBeNull()
    const closed = 'inc-4' as IncidentId
    write({ kind: 'incident.closed', actor: '', subject: closed, body: { incident: closed, reason: 'over' } })
    expect(book.claimedBy('inc-2' as IncidentId, presets(4))).toBeNull()
  })
})
