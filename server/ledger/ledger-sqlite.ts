/** The ledger's rows in SQLite. Synchronous: it runs in the ledger's own thread, and in the command line's. */
import { DatabaseSync } from '@photostructure/sqlite'
import type { Verification } from '../glossary/ledger.ts'
import { NO_PREVIOUS, type Row, hashOf, leafOf } from './ledger-hash.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (subject, seq);
  CREATE TRIGGER IF NOT EXISTS entries_never_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS entries_never_go BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;`

export type Unhashed = Omit<Row, 'prev' | 'hash'>
/** @param file the database, made when missing. @throws when another process has it open for writing. */
export function openLedgerRows(file: string) {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON;')
  db.exec(SCHEMA)
  const insert = db.prepare('INSERT INTO entries (seq, at, kind, actor, subject, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const pageAfter = db.prepare('SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?')
  const last = db.prepare('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1')
  const head = (): { seq: number; hash: string } => (last.get() as { seq: number; hash: string } | undefined) ?? { seq: 0, hash: NO_PREVIOUS }
  let tip = head()

  return {
    head,
    /** One transaction, one fsync: all of them or none. Returns each row's hash, in order. */
    append(rows: readonly Unhashed[]): string[] {
      const hashes: string[] = []
      let prev = tip.hash
      db.exec('BEGIN IMMEDIATE')
      try {
        for (const row of rows) {
          const hash = hashOf(prev, leafOf(row))
          insert.run(row.seq, row.at, row.kind, row.actor, row.subject, row.body, prev, hash)
          hashes.push(hash)
          prev = hash
        }
        db.exec('COMMIT')
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
      tip = { seq: rows.at(-1)?.seq ?? tip.seq, hash: prev }
      return hashes
    },
    page: (after: number, limit: number): Row[] => pageAfter.all(after, limit) as Row[],
    /** Walks the whole chain. The first break is named; what comes after it proves nothing. */
    verify(): Verification {
      let prev = NO_PREVIOUS
      let entries = 0
      for (let page = pageAfter.all(0, 5000) as Row[]; page.length > 0; page = pageAfter.all(entries, 5000) as Row[]) {
        for (const row of page) {
          const problem = faultOf(row, entries + 1, prev)
          if (problem) return { ok: false, entries, head: prev, problem }
          prev = row.hash
          entries = row.seq
        }
      }
      return { ok: true, entries, head: prev, problem: null }
    },
    close: (): void => db.close(),
  }
}

function faultOf(row: Row, expected: number, prev: string): string | null {
  if (row.seq !== expected) return `entry ${expected} is missing: the next one stored is ${row.seq}`
  if (row.prev !== prev) return `entry ${row.seq} does not follow entry ${row.seq - 1}: its previous hash is another's`
  if (hashOf(prev, leafOf(row)) !== row.hash) return `entry ${row.seq} was changed after it was written: its bytes do not give its hash`
  return null
}
