/** The state of all folds beside the ledger, so that a start is quick: never another state than the ledger's. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Fold, Recorded } from '../../server/glossary/ledger.ts'
import { createProjections, isOf, readSnapshot, writeSnapshot } from '../../server/ledger/fold-snapshot.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-snapshot-'))
  file = join(folder, 'folds.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a snapshot on disk', () => {
  test('is read as it was written, by this user only, and nothing is left beside it', () => {
    writeSnapshot(file, 7, 'abc', '{"a":[1,"\\n"]}')
    expect(readSnapshot(file)).toEqual({ seq: 7, hash: 'abc', folds: { a: [1, '\n'] } })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.new`)).toBe(false)
    writeSnapshot(file, 8, 'def', '{}')
    expect(readSnapshot(file)).toMatchObject({ seq: 8, folds: {} })
  })
  test.each<[string, (text: string) => string]>([
    ['a changed state', (text) => text.replace('"a":1', '"a":2')],
    ['half of it', (text) => text.slice(0, -6)],
    ['nothing', () => ''],
    ['another format', (text) => text.replace(/"format":\d+/, '"format":1')],
    ['no JSON', () => 'hello\nworld\n'],
  ])('that is %s is none: everything is read again', (_, change) => {
    writeSnapshot(file, 7, 'abc', '{"a":1}')
    writeFileSync(file, change(readFileSync(file, 'utf8')))
    expect(readSnapshot(file)).toBeNull()
  })
  test('that is not there is none', () => expect(readSnapshot(file)).toBeNull())
  test('is this ledger’s by the hash of its entry, or was made before a chain that was set aside', () => {
    const snapshot = { seq: 7, hash: 'abc', folds: {} }
    expect([isOf(snapshot, 'abc', 1), isOf(snapshot, 'abd', 1)]).toEqual([true, false])
    expect([isOf(snapshot, null, 8), isOf(snapshot, null, 7)]).toEqual([true, false])
  })
  test('that cannot be written leaves no half of itself, and the one before stays', () => {
    writeSnapshot(file, 7, 'abc', '{}')
    mkdirSync(`${file}.new`)
    expect(() => writeSnapshot(file, 8, 'def', '{}')).toThrow()
    expect(readSnapshot(file)?.seq).toBe(7)
  })
})

/** Counts its entries. */
function counting(): Fold & { count(): number } {
  let count = 0
  return {
    count: () => count,
    apply: ({ kind }) => {
      if (kind === ('tampered' as never)) throw new Error('no such thing')
      count += 1
    },
    save: () => count,
    restore: (saved: never) => void (count = saved),
  }
}
function projections() {
  const clock = createFakeClock()
  const folds = { first: counting(), second: counting() }
  const written: [number, string][] = []
  const errors: unknown[] = []
  const durable: (() => void)[] = []
  let refuses = false
  const made = createProjections(file, folds, {
    clock,
    whenDurable: () => new Promise((resolve) => durable.push(resolve)),
    write: async (_, seq, text) => {
      if (refuses) throw new Error('the disk is full')
      written.push([seq, text])
    },
    onError: (error) => errors.push(error),
  })
  let seq = 0
  const apply = (times: number, kind = 'incident.noted'): void => {
    for (let i = 0; i < times; i += 1) made.apply({ seq: (seq += 1), kind } as unknown as Recorded)
  }
  const settle = async (): Promise<void> => {
    for (const done of durable.splice(0)) done()
    await clock.advance(0)
  }
  return { ...made, clock, folds, written, errors, apply, settle, refuse: (on: boolean) => void (refuses = on) }
}

describe('folds and their snapshot', () => {
  test('are written after five thousand entries, and a minute after the last time at the soonest', async () => {
    const { apply, saveWhenDue, settle, written, clock } = projections()
    apply(4999)
    saveWhenDue()
    await settle()
    expect(written).toEqual([])
    apply(1)
    saveWhenDue()
    await settle()
    expect(written).toEqual([[5000, '{"first":5000,"second":5000}']])
    apply(5000)
    saveWhenDue()
    await settle()
    expect(written).toHaveLength(1)
    await clock.advance(60_000)
    saveWhenDue()
    await settle()
    expect(written.map(([seq]) => seq)).toEqual([5000, 10_000])
  })
  test('are of the moment at which it was begun, and wait until that entry is on disk', async () => {
    const { apply, saveWhenDue, settle, written, clock } = projections()
    apply(5000)
    saveWhenDue()
    apply(3)
    await clock.advance(0)
    expect(written).toEqual([])
    await settle()
    expect(written).toEqual([[5000, '{"first":5000,"second":5000}']])
  })
  test('go on when one of them cannot read an entry, which is told', () => {
    const { apply, folds, errors } = projections()
    apply(1, 'tampered')
    apply(1)
    expect([folds.first.count(), folds.second.count(), errors.length]).toEqual([1, 1, 2])
  })
  test('are taken over, each by its name; one that is new begins with nothing', () => {
    const { restore, folds } = projections()
    expect(restore({ seq: 40, hash: '', folds: { first: 40, gone: 3 } })).toBe(40)
    expect([folds.first.count(), folds.second.count()]).toEqual([40, 0])
  })
  test('are written at the end where something came since, and not otherwise', async () => {
    const idle = projections()
    idle.restore({ seq: 40, hash: '', folds: {} })
    await idle.close()
    expect(idle.written).toEqual([])
    const { apply, close, settle, written, clock } = projections()
    apply(2)
    const closing = close()
    await clock.advance(0)
    await settle()
    await closing
    expect(written).toEqual([[2, '{"first":2,"second":2}']])
  })
  test('that could not be written are told, and written the next time', async () => {
    const { apply, saveWhenDue, settle, written, clock, errors, refuse } = projections()
    refuse(true)
    apply(5000)
    saveWhenDue()
    await settle()
    expect([errors.length, written.length]).toEqual([1, 0])
    refuse(false)
    apply(5000)
    await clock.advance(60_000)
    saveWhenDue()
    await settle()
    expect(written.map(([seq]) => seq)).toEqual([10_000])
  })
})
