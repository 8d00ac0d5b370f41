import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bringForward } from '../../server/ledger/ledger-forms.ts'
import { openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'
import { verifyChain } from '../../server/ledger/ledger-verification.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-forms-'))
  file = join(folder, 'ledger.sqlite')
})
afterEach(() => rmSync(folder, { recursive: true }))

function inFile<Result>(work: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(file)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
const formOf = (db: DatabaseSync) => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
function written(count: number): void {
  const rows = openLedgerRows(file)
  const next = rows.head().seq + 1
  const at = '2026-11-20T22:30:00.000Z'
  for (let seq = next; seq < next + count; seq += 1)
    rows.append([{ seq, at, kind: 'incident.noted', actor: 'operator:Sam', subject: 'inc-1', body: '{}' }])
  rows.close()
}

describe('the forms of a ledger file', () => {
  test('a new file has the newest form, and says its number', () => {
    written(1)
    expect(inFile(formOf)).toBe(1)
  })
  test('a file of 0.1 carries no number: it gets one, keeps its entries, and its chain goes on', () => {
    written(2)
    inFile((db) => db.exec('PRAGMA user_version = 0'))
    written(1)
    expect(inFile(formOf)).toBe(1)
    const rows = openLedgerRows(file, { readOnly: true })
    expect(verifyChain(rows, [])).toMatchObject({ ok: true, entries: 3, problem: null })
    rows.close()
  })
  test('a file without the later tables gets them', () => {
    written(1)
    inFile((db) => db.exec('DROP TABLE nodes; DROP TABLE probe; PRAGMA user_version = 0'))
    written(1)
    const rows = openLedgerRows(file)
    expect(rows.tree().size).toBe(2)
    rows.close()
  })
  test.each([false, true])('a file of a newer Lamppost is refused, whole and unchanged (read only: %s)', (readOnly) => {
    written(2)
    inFile((db) => db.exec('PRAGMA user_version = 2'))
    expect(() => openLedgerRows(file, { readOnly })).toThrow(/newer Lamppost \(form 2; this one reads up to form 1\)/)
    inFile((db) => {
      expect(formOf(db)).toBe(2)
      expect(db.prepare('SELECT count(*) AS count FROM entries').get()).toEqual({ count: 2 })
      db.exec('PRAGMA user_version = 1')
    })
    written(1)
  })
  test('each form is one transaction: one that fails leaves the form before it, and is done the next time', () => {
    const steps = ['CREATE TABLE one (a INTEGER) STRICT', 'CREATE TABLE two (a INTEGER) STRICT; SELECT nonsense']
    expect(() => inFile((db) => bringForward(db, formOf(db), steps))).toThrow(/nonsense/)
    const tables = () =>
      inFile((db) =>
        db
          .prepare('SELECT name FROM sqlite_master')
          .all()
          .map(({ name }) => name),
      )
    expect(tables()).toEqual(['one'])
    expect(inFile(formOf)).toBe(1)
    inFile((db) => bringForward(db, formOf(db), [steps[0] ?? '', 'CREATE TABLE two (a INTEGER) STRICT']))
    expect(tables()).toEqual(['one', 'two'])
    expect(inFile(formOf)).toBe(2)
  })
  test('a file of 0.1 on a full disk keeps its number 0 and takes entries; without its tables it is an error', () => {
    const filled = [`CREATE TABLE filler (a BLOB) STRICT; INSERT INTO filler VALUES (zeroblob(1000000))`]
    const full = (db: DatabaseSync) => {
      const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number }
      db.exec(`PRAGMA max_page_count = ${pages + 1}`)
    }
    expect(() =>
      inFile((db) => {
        full(db)
        bringForward(db, 0, filled)
      }),
    ).toThrow(/full/)
    written(1)
    inFile((db) => {
      db.exec('PRAGMA user_version = 0')
      full(db)
      bringForward(db, 0, filled)
      expect(formOf(db)).toBe(0)
    })
    written(1)
  })
})
