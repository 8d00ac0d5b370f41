import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { NO_PREVIOUS, hashOf, leafOf } from '../../server/ledger/ledger-hash.ts'
import { verifyChain } from '../../server/ledger/ledger-verification.ts'
import { type Unhashed, hashesOfWritten, openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-ledger-'))
  file = join(folder, 'ledger.sqlite')
})
afterEach(() => rmSync(folder, { recursive: true }))

const row = (seq: number, body = `{"text":"entry ${seq}"}`): Unhashed => ({
  seq,
  at: '2026-11-20T22:30:00.000Z',
  kind: 'incident.noted',
  actor: 'operator:Sam',
  subject: 'inc-1',
  body,
})

/** What somebody with the database in hand could do; the triggers are theirs to drop. */
function tamper(sql: string): void {
  const db = new DatabaseSync(file)
  db.exec('DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_go;')
  db.exec(sql)
  db.close()
}
function written(): void {
  const rows = openLedgerRows(file)
  rows.append([row(1), row(2)])
  rows.append([row(3), row(4)])
  rows.close()
}
function verdict() {
  const rows = openLedgerRows(file)
  const result = verifyChain(rows, [])
  rows.close()
  return result
}

describe('the ledger’s rows', () => {
  test('each hash covers the one before and the exact stored bytes', () => {
    const rows = openLedgerRows(file)
    const [first, second] = rows.append([row(1), row(2)])
    expect(first).toBe(hashOf(NO_PREVIOUS, leafOf(row(1))))
    expect(second).toBe(hashOf(first ?? '', leafOf(row(2))))
    rows.close()
  })
  test('the chain goes on where it was after a restart', () => {
    written()
    expect(verdict()).toMatchObject({ ok: true, entries: 4, problem: null })
  })
  test('an empty ledger is intact', () => {
    expect(verdict()).toEqual({
      chain: 1,
      first: 1,
      ok: true,
      entries: 0,
      head: NO_PREVIOUS,
      checkpoints: 0,
      problem: null,
    })
  })
  test('entries can be neither changed nor deleted', () => {
    written()
    const db = new DatabaseSync(file)
    expect(() => db.exec("UPDATE entries SET body = '{}' WHERE seq = 2")).toThrow(/append-only/)
    expect(() => db.exec('DELETE FROM entries WHERE seq = 2')).toThrow(/append-only/)
    db.close()
  })
  test('a batch is written whole or not at all', () => {
    const rows = openLedgerRows(file)
    rows.append([row(1)])
    expect(() => rows.append([row(2), row(1)])).toThrow()
    expect(rows.head().seq).toBe(1)
    rows.append([row(2)])
    expect(verifyChain(rows, [])).toMatchObject({ ok: true, entries: 2 })
    // The tree knows as little of what was not written.
    expect(rows.tree().size).toBe(2)
    const twin = openLedgerRows(join(folder, 'twin.sqlite'))
    twin.append([row(1), row(2)])
    expect(rows.tree()).toEqual(twin.tree())
    twin.close()
    rows.close()
  })
  test('is on the disk before it counts: each transaction waits for it, also in the middle of a power cut', () => {
    const opened = vi.spyOn(DatabaseSync.prototype, 'exec')
    const rows = openLedgerRows(file)
    const [db] = opened.mock.contexts as DatabaseSync[]
    opened.mockRestore()
    // 2 is FULL: with less, the log of a WAL database is not synced at a commit (SQLite, PRAGMA synchronous).
    expect(db?.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    rows.close()
  })
  test('what a thread had written before it died is found again, and nothing else is taken for it', () => {
    const rows = openLedgerRows(file)
    const hashes = rows.append([row(1), row(2), row(3)])
    expect(hashesOfWritten(rows, [row(2), row(3), row(4)])).toEqual(hashes.slice(1))
    expect(hashesOfWritten(rows, [row(4)])).toEqual([])
    expect(hashesOfWritten(rows, [])).toEqual([])
    for (const other of [
      { at: '2026-11-20T22:30:00.001Z' },
      { kind: 'incident.closed' },
      { actor: 'operator:Alex' },
      { subject: 'inc-2' },
      { body: '{}' },
    ])
      expect(() => hashesOfWritten(rows, [row(2), { ...row(3), ...other }])).toThrow(/entry 3 .* is another/)
    rows.close()
  })
  test.each([
    [
      'a changed body',
      'UPDATE entries SET body = \'{"text":"nothing happened"}\' WHERE seq = 3',
      2,
      /entry 3 was changed/,
    ],
    ['a changed time', "UPDATE entries SET at = '2026-11-20T23:30:00.000Z' WHERE seq = 2", 1, /entry 2 was changed/],
    ['a changed actor', "UPDATE entries SET actor = 'operator:Alex' WHERE seq = 4", 3, /entry 4 was changed/],
    ['a missing entry', 'DELETE FROM entries WHERE seq = 2', 1, /entry 2 is missing/],
    [
      'a swapped hash',
      'UPDATE entries SET hash = (SELECT hash FROM entries WHERE seq = 1) WHERE seq = 2',
      1,
      /entry 2 was changed/,
    ],
  ])('%s is found and named', (_, sql, good, words) => {
    written()
    tamper(sql)
    expect(verdict()).toMatchObject({ ok: false, entries: good, problem: expect.stringMatching(words) })
  })
})
