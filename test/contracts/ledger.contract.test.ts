import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Append, Draft, Entry } from '../../server/glossary/ledger.ts'
import { type Ledger, openLedger } from '../../server/ledger/ledger.ts'
import { realClock } from '../../server/tools/clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

type Port = { append: Append; whenDurable(seq: number): Promise<void> }
const note = (text: string): Draft => ({ kind: 'incident.noted', actor: 'operator:Sam', subject: 'inc-1', body: { incident: 'inc-1' as never, text } })

const folder = mkdtempSync(join(tmpdir(), 'lamppost-ledger-'))
let real: Ledger
beforeAll(async () => void (real = await openLedger({ file: join(folder, 'ledger.sqlite'), clock: realClock, onError: () => {} })))
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
    const { lockFolder } = await import('../../server/tools/folder-lock.ts')
    const unlock = lockFolder(folder)
    expect(() => lockFolder(folder)).toThrow(/Another Lamppost is running/)
    unlock()
    lockFolder(folder)()
  })
})
