import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NO_PREVIOUS, hashOf, leafOf } from '../../server/ledger/ledger-hash.ts'
import { verifyChain } from '../../server/ledger/ledger-verification.ts'
import { type Unhashed, openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'

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
