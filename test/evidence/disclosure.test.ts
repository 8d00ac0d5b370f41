import { expect, test } from 'vitest'
import { createDisclosureBook } from '../../server/evidence/keep/disclosure-book.ts'
import { createDisclosureDesk } from '../../server/evidence/keep/disclosure-desk.ts'
import type { Export } from '../../server/glossary/evidence.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const BYTES = 100_000_000
const made = { id: 'DBC-1', incident: null, facts: { bytes: BYTES } } as unknown as Export & {
  facts: NonNullable<Export['facts']>
}

function open() {
  const clock = createFakeClock()
  const book = createDisclosureBook()
  const entries: Recorded[] = []
  const append = (drafts: readonly Draft[]) => {
    const recorded = drafts.map((draft) => ({ ...draft, seq: entries.length + 1, at: isoTime(clock.now()) }))
    entries.push(...recorded)
    recorded.forEach(book.apply)
    return { recorded, durable: Promise.resolve(recorded.map((entry) => ({ ...entry, hash: '' }))) }
  }
  const desk = createDisclosureDesk({ clock, book, append, made: () => made })
  const fetched = (secret: string, from: number | null, to = BYTES - 1) =>
    desk.open(secret, { what: 'package', rangeOf: () => (from === null ? null : { from, to }), address: '192.0.2.1' })
  return {
    clock,
    book,
    desk,
    entries,
    fetched,
    make: (most: number) =>
      desk.make('DBC-1', { recipient: 'DS 77', purpose: 'court', days: 7, most }, 'evidence:Olive'),
  }
}
const OVER = { code: 'disclosure/over' }

test('a fetching that broke off is gone on with, and counted once', async () => {
  const { desk, fetched, make, book } = open()
  const { id, secret } = await make(1)
  await fetched(secret, null)
  desk.brokeOff(id, BYTES - 40_000_000)
  await fetched(secret, 39_000_000)
  expect(book.get(id)?.used).toBe(1)
  await expect(fetched(secret, 39_000_000)).rejects.toMatchObject(OVER)
  await expect(fetched(secret, null)).rejects.toMatchObject(OVER)
})
test('all but what broke off is another fetching, whatever its first byte', async () => {
  const { desk, fetched, make, book } = open()
  const { id, secret } = await make(2)
  await fetched(secret, null)
  desk.brokeOff(id, 1_000_000)
  await fetched(secret, 1)
  expect(book.get(id)?.used).toBe(2)
  await expect(fetched(secret, 1)).rejects.toMatchObject(OVER)
})
test('a link ends at its time, to the millisecond', async () => {
  const { clock, fetched, make, book } = open()
  const { id, secret } = await make(5)
  await clock.advance(7 * 86_400_000 - 1)
  await fetched(secret, null)
  await clock.advance(1)
  await expect(fetched(secret, null)).rejects.toMatchObject(OVER)
  expect(book.get(id)).toMatchObject({ used: 1, refused: 1 })
})
test('whoever asks too often writes no more entries, and is let in again later', async () => {
  const { clock, desk, entries, make } = open()
  const { secret } = await make(5)
  const look = () => desk.open(secret, { what: null, rangeOf: () => null, address: '192.0.2.1' })
  for (let i = 0; i < 40; i += 1) await look()
  const before = entries.length
  await expect(look()).rejects.toMatchObject({ code: 'disclosure/too-many' })
  expect(entries).toHaveLength(before)
  await clock.advance(60_000)
  await look()
})
