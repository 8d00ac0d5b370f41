import { expect, test } from 'vitest'
import { createDisclosureBook } from '../../server/evidence/keep/disclosure-book.ts'
import { type SendingAccount, createDisclosureDesk } from '../../server/evidence/keep/disclosure-desk.ts'
import type { Export } from '../../server/glossary/evidence.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import { queuedIn } from '../../server/tools/process/send-queue.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const BYTES = 100_000_000
/** So many bytes have left when the connection ends. */
async function sent(opened: Promise<{ account: SendingAccount | null }>, bytes: number, clean = false): Promise<void> {
  const { account } = await opened
  account?.handed(bytes)
  await account?.over(clean)
}

function open(size = BYTES, before: { book: ReturnType<typeof createDisclosureBook> } | null = null) {
  const clock = createFakeClock()
  const book = createDisclosureBook()
  if (before) book.restore(structuredClone(before.book.save()))
  const made = { id: 'DBC-1', incident: null, facts: { bytes: size } } as unknown as Export & {
    facts: NonNullable<Export['facts']>
  }
  const entries: Recorded[] = []
  const errors: unknown[] = []
  let stops = 0
  let refuses = false
  const append = (drafts: readonly Draft[]) => {
    const recorded = drafts.map((draft) => ({ ...draft, seq: entries.length + 1, at: isoTime(clock.now()) }))
    entries.push(...recorded)
    recorded.forEach(book.apply)
    if (refuses) return { recorded, durable: Promise.reject(new Error('the disk is full')) }
    return { recorded, durable: Promise.resolve(recorded.map((entry) => ({ ...entry, hash: '' }))) }
  }
  const desk = createDisclosureDesk({ clock, book, append, made: () => made, onError: (error) => errors.push(error) })
  const fetched = (secret: string, from: number | null, to = size - 1, address = '192.0.2.1') =>
    desk.open(secret, {
      what: 'package',
      rangeOf: () => (from === null ? null : { from, to }),
      address,
      stop: () => void (stops += 1),
    })
  return {
    stopped: () => stops,
    errors,
    fillDisk: () => void (refuses = true),
    reopened: () => open(size, { book }),
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
  const { fetched, make, book } = open()
  const { id, secret } = await make(1)
  await sent(fetched(secret, null), 40_000_000)
  await sent(fetched(secret, 40_000_000), BYTES - 40_000_000, true)
  expect(book.get(id)).toMatchObject({ used: 1, refused: 0 })
  for (const from of [40_000_000, null, 99_999_999, 0]) await expect(fetched(secret, from)).rejects.toMatchObject(OVER)
  expect(book.get(id)).toMatchObject({ used: 1, refused: 4 })
})
test('what lay on the way when it broke off is sent again; what was before that is not', async () => {
  const { fetched, make, book } = open()
  const { id, secret } = await make(1)
  await sent(fetched(secret, null), 40_000_000)
  await expect(fetched(secret, 35_999_999)).rejects.toMatchObject(OVER)
  await sent(fetched(secret, 36_000_000), 10_000_000)
  await expect(fetched(secret, 41_999_999)).rejects.toMatchObject(OVER)
  await fetched(secret, 42_000_000)
  expect(book.get(id)?.used).toBe(1)
})
test.each([13_000_000, 100_000, 100_000_000, 1])(
  'whoever breaks off on purpose, again and again, gains less than half of a package of %i bytes',
  async (size) => {
    const { fetched, make, clock } = open(size)
    const { secret } = await make(1)
    let all = 0
    for (let i = 0; i < 5; i += 1)
      // What was not given up as lost is refused: the next byte that still opens is looked for.
      for (const from of [0, ...Array.from({ length: 21 }, (_, step) => Math.floor((size * step) / 21))]) {
        await clock.advance(2000)
        const handed = Math.max(1, size - from - 1)
        await sent(fetched(secret, from, size - 1), handed)
          .then(() => (all += handed))
          .catch(() => {})
      }
    expect(all).toBeLessThanOrEqual(Math.max(1, size * 1.5))
  },
)
test('who goes on from later has all before it: that is not sent any more', async () => {
  const { fetched, make } = open()
  const { secret } = await make(1)
  await sent(fetched(secret, null), 40_000_000)
  await sent(fetched(secret, 39_000_000), BYTES - 39_000_000, true)
  for (const from of [36_000_000, 38_999_999])
    await expect(fetched(secret, from, 39_000_000)).rejects.toMatchObject(OVER)
  await expect(fetched(secret, 36_000_000, 36_000_001)).rejects.toMatchObject(OVER)
})
test('parts of one fetching may come side by side, each once', async () => {
  const { fetched, make, book } = open()
  const { id, secret } = await make(1)
  const half = BYTES / 2
  const [first, second] = await Promise.all([fetched(secret, 0, half - 1), fetched(secret, half)])
  for (const { account } of [first, second]) account?.handed(half)
  await expect(fetched(secret, 0, half - 1)).rejects.toMatchObject(OVER)
  for (const { account } of [first, second]) await account?.over(true)
  await expect(fetched(secret, half)).rejects.toMatchObject(OVER)
  expect(book.get(id)?.used).toBe(1)
})
test('of two who ask for the whole at the same moment, the first one’s sending ends', async () => {
  const { fetched, make, stopped, book } = open()
  const { id, secret } = await make(1)
  await Promise.all([fetched(secret, null), fetched(secret, null)])
  expect([stopped(), book.get(id)?.used]).toEqual([1, 1])
})
test('a second click ends nothing that is well on its way; on a connection that is dead it goes on', async () => {
  const { fetched, make, stopped } = open()
  const { secret } = await make(1)
  const { account } = await fetched(secret, null)
  account?.handed(50_000_000)
  await expect(fetched(secret, null)).rejects.toMatchObject(OVER)
  expect(stopped()).toBe(0)
  await fetched(secret, 48_000_000)
  expect(stopped()).toBe(1)
})
test('what has left is known after a restart', async () => {
  const { fetched, make, book, reopened } = open()
  const { id, secret } = await make(1)
  await sent(fetched(secret, null), 40_000_000)
  const { fetched: again, book: anew } = reopened()
  expect(anew.fetchings(id)).toEqual(book.fetchings(id))
  await expect(again(secret, 10)).rejects.toMatchObject(OVER)
  await again(secret, 40_000_000)
})
test('each further fetching that the link is for begins anew', async () => {
  const { fetched, make, book } = open()
  const { id, secret } = await make(2)
  await sent(fetched(secret, null), BYTES, true)
  await sent(fetched(secret, 1), BYTES - 1, true)
  expect(book.get(id)?.used).toBe(2)
  await expect(fetched(secret, 1)).rejects.toMatchObject(OVER)
  await fetched(secret, 0, 0)
})
test('the kernel’s table says what a connection has not been acknowledged', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0200007F:C350 01 0003A980:00000000 01:00000014 00000000     0        0 12345 2 0 20 4 30 10 -1
   1: 0100007F:1F90 0100007F:C350 01 00000020:00000000 01:00000014 00000000     0        0 12345 2 0 20 4 30 10 -1
   2: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:C351 01 00000010:00000000 00:0 0 0 0 1
   3: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C352 01 00000011:00000000 00:0 0 0 0 1\n`
  const queued = (remoteAddress: string, remotePort: number) =>
    queuedIn(table, { localPort: 8080, remotePort, remoteAddress })
  expect(queued('127.0.0.2', 50_000)).toBe(240_000)
  expect(queued('127.0.0.1', 50_000)).toBe(32)
  expect(queued('2001:db8::1', 50_001)).toBe(16)
  expect(queued('::ffff:127.0.0.1', 50_002)).toBe(17)
  expect(queued('127.0.0.3', 50_000)).toBe(0)
  expect(queuedIn('', { localPort: 8080, remotePort: 50_002, remoteAddress: '127.0.0.1' })).toBe(0)
})
test('resuming exactly where it broke off, however often, costs nothing', async () => {
  const { fetched, make, clock } = open(1_000_000_000)
  const { secret } = await make(1)
  for (let i = 0; i < 20; i += 1) {
    await clock.advance(60_000)
    await sent(fetched(secret, i * 40_000_000, 999_999_999), 40_000_000)
  }
  await fetched(secret, 800_000_000, 999_999_999)
})
test('the end of a package that lay in a buffer of a machine that died is sent again', async () => {
  const { fetched, make } = open(3_000_000)
  const { secret } = await make(1)
  await sent(fetched(secret, null), 3_000_000, false)
  await fetched(secret, 2_000_000, 2_999_999)
})
test('a byte that is asked for first begins no fetching; afterwards it is one', async () => {
  const { fetched, make, book } = open()
  const { id, secret } = await make(1)
  await fetched(secret, 0, 0)
  expect(book.get(id)?.used).toBe(0)
  await sent(fetched(secret, null), BYTES, true)
  await expect(fetched(secret, 0, 0)).rejects.toMatchObject(OVER)
})
test('whoever else has the link stops nobody’s download, and is told that it is under way', async () => {
  const { fetched, make, book, stopped } = open()
  const { id, secret } = await make(1)
  const { account } = await fetched(secret, null)
  account?.handed(10_000_000)
  const other = fetched(secret, BYTES - 1, BYTES - 1, '198.51.100.7')
  await expect(other).rejects.toThrow('fetched at this moment from another address')
  expect([stopped(), book.get(id)?.used]).toEqual([0, 1])
  await account?.over()
  // Whose line broke goes on by another one.
  await fetched(secret, 10_000_000, BYTES - 1, '203.0.113.9')
})
test('of two recipients of a link for two, one who breaks off goes on with their own', async () => {
  const { fetched, make, book, stopped } = open()
  const { id, secret } = await make(2)
  const one = await fetched(secret, null, BYTES - 1, '192.0.2.1')
  const other = await fetched(secret, null, BYTES - 1, '198.51.100.7')
  one.account?.handed(30_000_000)
  other.account?.handed(50_000_000)
  await one.account?.over()
  const on = await fetched(secret, 30_000_000, BYTES - 1, '192.0.2.1')
  expect(stopped()).toBe(0)
  on.account?.handed(BYTES - 30_000_000)
  other.account?.handed(BYTES)
  await on.account?.over(true)
  await other.account?.over(true)
  expect(book.get(id)).toMatchObject({ used: 2, refused: 0 })
  for (const address of ['192.0.2.1', '198.51.100.7', '203.0.113.9'])
    await expect(fetched(secret, null, BYTES - 1, address)).rejects.toMatchObject(OVER)
})
test('no more than four parts side by side', async () => {
  const { fetched, make } = open()
  const { secret } = await make(1)
  for (let i = 0; i < 4; i += 1) await fetched(secret, i * 1000 + 100, i * 1000 + 999)
  await expect(fetched(secret, 50_000, 60_000)).rejects.toMatchObject({ code: 'disclosure/too-many' })
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

test('one that ends while the disk is full is reported, and nobody’s request fails of it', async () => {
  const { fetched, make, fillDisk, errors, entries } = open()
  const { secret } = await make(1)
  const { account } = await fetched(secret, null)
  fillDisk()
  await account?.over()
  expect(errors).toEqual([new Error('the disk is full')])
  expect(entries.at(-1)).toMatchObject({ kind: 'disclosure.sent' })
})

test('one that goes on when the server closes is stopped, and what has arrived of it stands in the record', async () => {
  const { fetched, make, desk, entries, stopped } = open()
  const { secret } = await make(1)
  const { account } = await fetched(secret, null)
  account?.handed(40_000_000)
  await desk.close()
  expect(stopped()).toBe(1)
  expect(entries.at(-1)).toMatchObject({ kind: 'disclosure.sent', body: { handed: 40_000_000 } })
  await account?.over()
  expect(entries.filter(({ kind }) => kind === 'disclosure.sent')).toHaveLength(1)
})

test('after its last day a link opens nothing, neither anew nor where a fetching broke off before', async () => {
  const { fetched, make, clock } = open()
  const { secret } = await make(2)
  await sent(fetched(secret, null), 40_000_000)
  await clock.advance(7 * 86_400_000 - 1)
  await sent(fetched(secret, 36_000_000), 10_000_000)
  await clock.advance(1)
  for (const from of [null, 42_000_000]) await expect(fetched(secret, from)).rejects.toMatchObject(OVER)
})
