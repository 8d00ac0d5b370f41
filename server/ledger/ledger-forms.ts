/**
 * The forms of a ledger file, numbered by SQLite's `user_version`. A file of an earlier form is brought forward when it
 * is opened for writing, one form after the other, each in one transaction: after a power cut it has the form before
 * or the form after. The entries themselves never change, so every form verifies with the same hashes.
 */
import type { DatabaseSync } from 'node:sqlite'
import { isFull } from './ledger-room.ts'

/**
 * What each form adds to the one before; the first stands at 1. Written so that it does no harm to a file that has it
 * already: Lamppost 0.1 made files of form 1 that carry the number 0.
 *
 * Form 1. What is looked up by something else than its number: an incident's entries, openings in their order, a press
 * by its key.
 */
const STEPS = [
  `
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (subject, seq);
  CREATE INDEX IF NOT EXISTS incidents_opened ON entries (seq) WHERE kind = 'incident.opened';
  CREATE INDEX IF NOT EXISTS presses_by_key ON entries (json_extract(body, '$.press.key')) WHERE kind = 'press.received';
  CREATE TABLE IF NOT EXISTS chain (number INTEGER PRIMARY KEY, first INTEGER NOT NULL, genesis TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS nodes (
    level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS probe (one INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  CREATE TRIGGER IF NOT EXISTS entries_never_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS entries_never_go BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;`,
]

/**
 * @returns the form of the file
 * @throws when a newer Lamppost wrote it; nothing is read or changed then
 */
export function knownForm(db: DatabaseSync, file: string): number {
  const { user_version: form } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (form <= STEPS.length) return form
  throw new Error(
    `The ledger ${file} was written by a newer Lamppost (form ${form}; this one reads up to form ${STEPS.length}). ` +
      'Nothing was changed. Start the newer version, or restore the back-up from before the update.',
  )
}

/**
 * Brings a file that is open for writing to the newest form.
 * @param from the form that it has
 * @param steps the forms, in order; others than the product's own in tests only
 * @throws what SQLite meets; the file has the form before then
 */
export function bringForward(db: DatabaseSync, from: number, steps: readonly string[] = STEPS): void {
  for (let form = from; form < steps.length; form += 1) {
    db.exec('BEGIN IMMEDIATE')
    try {
      db.exec(`${steps[form]}; PRAGMA user_version = ${form + 1};`)
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      // A file of 0.1 has form 1 and only lacks its number: on a full disk it takes presses all the same.
      if (form === 0 && isFull(error) && hasFirstForm(db)) return
      throw error
    }
  }
}

/** The last table that form 1 makes is there. */
const hasFirstForm = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'probe'").get() !== undefined
