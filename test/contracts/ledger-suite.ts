/** What every ledger promises, however its order becomes durable: on this disk, or by an agreement of several servers. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Append, Draft, Entry } from '../../server/glossary/ledger.ts'
import type { Ledger, openLedger as OpenOnDisk } from '../../server/ledger/ledger.ts'
import { hashesOfWritten, openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'
import { realClock } from '../../server/tools/clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'
import { until } from './test-town.ts'

type OpenLedger = typeof OpenOnDisk
type Port = { append: Append; whenDurable(seq: number): Promise<void> }
const note = (text: string): Draft => ({
  kind: 'incident.noted',
  actor: 'operator:Sam',
  subject: 'inc-1',
  body: { incident: 'inc-1' as never, text },
})

/** @param open as `openLedger`; one file is one ledger, also when it is opened again */
export function ledgerSuite(name: string, open: OpenLedger): void {
  describe(name, () => ofLedger(open))
}
function ofLedger(openLedger: OpenLedger): void {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-ledger-'))
  let real: Ledger
  beforeAll(
    async () =>
      void (real = await openLedger({ file: join(folder, 'ledger.sqlite'), clock: realClock, onError: () => {} })),
  )
  afterAll(async () => {
    await real.close()
    rmSync(folder, { recursive: true })
  })

  describe.each<[string, () => Port]>([
    ['the real ledger', () => real],
    ['the fake ledger', () => createFakeLedger(() => 0)],
  ])('%s', (_, open) => {
    test('gives order at once and durability later', async () => {
      const ledger = open()
      const first = ledger.append([note('a')])
      const second = ledger.append([note('b'), note('c')])
      const sequence = [...first.recorded, ...second.recorded].map(({ seq }) => seq)
      expect(sequence).toEqual([sequence[0], (sequence[0] ?? 0) + 1, (sequence[0] ?? 0) + 2])
      const entries = await second.durable
      expect(entries.map(({ seq, hash }) => [seq, hash.length])).toEqual([
        [sequence[1], 64],
        [sequence[2], 64],
      ])
      await ledger.whenDurable(sequence[2] ?? 0)
    })
  })

  describe('the real ledger', () => {
    test('whose thread dies, again and again, loses nothing, writes nothing twice, and goes on', async () => {
      const threads: Worker[] = []
      const onThread = (message: unknown): void => void threads.push((message as { worker: Worker }).worker)
      subscribe('worker_threads', onThread)
      const errors: string[] = []
      const own = mkdtempSync(join(tmpdir(), 'lamppost-mortal-'))
      const file = join(own, 'ledger.sqlite')
      const ledger = await openLedger({ file, clock: realClock, onError: (error) => errors.push(String(error)) })
      const refused: number[] = []
      let acknowledged = 0
      const most = 3000
      let count = 0
      let ended: Worker | undefined
      for (; count < 200 || (threads.length < 3 && count < most); count += 1) {
        const i = count
        const { recorded, durable } = ledger.append([note(`${i}`)])
        const seq = recorded[0]?.seq ?? 0
        void durable.then(
          () => (acknowledged += 1),
          () => refused.push(seq),
        )
        // Something that it cannot read ends it, between two calls: ended from outside in the middle of SQLite's code,
        // it would take the process with it.
        if (i % 60 === 30 && ended !== threads.at(-1)) {
          ended = threads.at(-1)
          ended?.postMessage(null)
        }
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await until(
        () => ledger.state(),
        ({ waiting }) => waiting === 0,
      )
      unsubscribe('worker_threads', onThread)
      expect(threads.length).toBeGreaterThan(2)
      expect(errors.some((words) => words.includes('started again'))).toBe(true)
      expect(acknowledged + refused.length).toBe(count)
      const texts = (await ledger.page(0, most + 100)).flatMap((entry) =>
        entry.kind === 'incident.noted' ? [entry.body.text] : [],
      )
      expect(texts).toEqual(Array.from({ length: count }, (_, i) => `${i}`))
      expect((await ledger.verify()).chains).toMatchObject([{ ok: true }])
      expect((await ledger.append([note('afterwards')]).durable)[0]?.seq).toBe(ledger.state().head)
      await ledger.close()
      rmSync(own, { recursive: true })
    })
    test('knows what was on disk before the thread that wrote it could say so', () => {
      const own = mkdtempSync(join(tmpdir(), 'lamppost-written-'))
      const rows = openLedgerRows(join(own, 'ledger.sqlite'))
      const batch = ['a', 'b', 'c'].map((text, i) => ({
        seq: i + 1,
        at: '2026-11-28T18:00:00.000Z',
        kind: 'incident.noted',
        actor: 'operator:Sam',
        subject: 'inc-1',
        body: JSON.stringify({ text }),
      }))
      expect(hashesOfWritten(rows, batch)).toEqual([])
      const hashes = rows.append(batch.slice(0, 2))
      expect(hashesOfWritten(rows, batch)).toEqual(hashes)
      expect(hashesOfWritten(rows, batch.slice(2))).toEqual([])
      expect(() =>
        hashesOfWritten(
          rows,
          batch.map((each) => ({ ...each, body: '{}' })),
        ),
      ).toThrow(/another than the one/)
      rows.close()
      rmSync(own, { recursive: true })
    })
    test('writes a thousand entries that come at once, in order, and they verify', async () => {
      const batches = Array.from({ length: 1000 }, (_, i) => real.append([note(`n${i}`)]).durable)
      const entries = (await Promise.all(batches)).flat()
      expect(entries.every(({ seq }, i) => i === 0 || seq === (entries[i - 1]?.seq ?? 0) + 1)).toBe(true)
      expect(await real.verify()).toMatchObject({ ok: true, entries: entries.at(-1)?.seq })
    })
    test('its tail tells each entry once, after it is durable', async () => {
      const heard: Entry[] = []
      const leave = real.tail((entry) => heard.push(entry))
      const { durable } = real.append([note('heard')])
      expect(heard).toEqual([])
      const [entry] = await durable
      leave()
      await real.append([note('not heard')]).durable
      expect(heard).toEqual([entry])
    })
    test('pages and replays what was written', async () => {
      const [first] = await real.page(0, 1)
      expect(first).toMatchObject({ seq: 1, kind: 'incident.noted', body: { text: 'a' } })
      let count = 0
      await real.replay(0, () => (count += 1))
      expect(count).toBe(real.state().head)
    })
    test('two of them on one file is refused by the folder’s lock', async () => {
      const { lockFolder } = await import('../../server/tools/process/folder-lock.ts')
      const unlock = lockFolder(folder)
      expect(() => lockFolder(folder)).toThrow(/Another Lamppost is running/)
      unlock()
      lockFolder(folder)()
    })
  })
}
