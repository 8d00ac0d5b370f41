/**
 * The register in SQLite, beside the ledger: one row for each incident there ever was, its words in a full-text index, its
 * presses. It holds nothing that the ledger does not: where it is missing, damaged or of another ledger it is made anew.
 */
import { rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Entry, Recorded } from '../../glossary/ledger.ts'
import type { FoundIncidents, IncidentFilter } from '../../glossary/register.ts'
import { type DrillRow, type PressRow, type RegisterRow, changeBy, rowOf } from './register-row.ts'
import { asKept, wordsOf } from './register-words.ts'

/** To be raised when a row means something else than before. */
const FORMAT = 1
const FORMS = `
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, helpPoint TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  openedAt INTEGER NOT NULL, calledAt INTEGER NOT NULL, presses INTEGER NOT NULL, pushedAt INTEGER NOT NULL,
  pushedBy TEXT NOT NULL, acceptedAt INTEGER, wordsAt INTEGER,
  arrangedAt INTEGER, closedAt INTEGER, code TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incidents_opened ON incidents (openedAt);
CREATE INDEX IF NOT EXISTS incidents_there ON incidents (helpPoint, seq);
CREATE INDEX IF NOT EXISTS incidents_code ON incidents (code, seq);
CREATE TABLE IF NOT EXISTS persons (
  name TEXT NOT NULL, incident TEXT NOT NULL, PRIMARY KEY (name, incident)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presses (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, helpPoint TEXT NOT NULL, count INTEGER NOT NULL, isRepeat INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS presses_at ON presses (at);
CREATE TABLE IF NOT EXISTS drills (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, helpPoint TEXT NOT NULL, passed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS drills_at ON drills (at);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (incident UNINDEXED, text, tokenize = 'unicode61 remove_diacritics 2');
PRAGMA user_version = ${FORMAT};`

/** The newest entry of the ledger that is in it; hash as the ledger has it. */
export type RegisterPlace = { seq: number; hash: string }
export type RegisterStore = ReturnType<typeof openRegisterStore>

/** SQLite's PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN: of the machine, and it may pass. */
const OF_THE_MACHINE: ReadonlySet<unknown> = new Set([3, 5, 6, 7, 8, 10, 13, 14])
/** CORRUPT and NOTADB. */
const DAMAGED: ReadonlySet<unknown> = new Set([11, 26])
/** TOOBIG, CONSTRAINT and MISMATCH: the entry does not fit. */
const OF_THE_ENTRY: ReadonlySet<unknown> = new Set([18, 19, 20])
/** Null: it is not SQLite's. */
function sqliteCode(error: unknown): number | null {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : null
}

type Opened = { db: DatabaseSync; statements: ReturnType<typeof prepare> }
/** What may be lost is what the ledger brings again: nobody waits for the disk. */
function openDatabase(file: string): Opened {
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    const { user_version: format } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (format !== 0 && format !== FORMAT) throw new Error(`the register has format ${format}`)
    // A start on a full disk writes nothing.
    if (format === 0) db.exec(FORMS)
    return { db, statements: prepare(db) }
  } catch (error) {
    db.close()
    throw error
  }
}
function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
}
function openOrMake(file: string): Opened {
  try {
    return openDatabase(file)
  } catch (error) {
    if (OF_THE_MACHINE.has(sqliteCode(error))) throw error
    // Damaged, or of another version: everything in it is in the ledger.
    removeDatabase(file)
    return openDatabase(file)
  }
}

/** Opened when it is used first, and again after it was found damaged. */
export function openRegisterStore(file: string) {
  let opened: Opened | null = null
  const now = (): Opened => (opened ??= openOrMake(file))
  function shut(): void {
    const before = opened
    opened = null
    before?.db.close()
  }
  function clear(): void {
    shut()
    removeDatabase(file)
  }
  /** One that is found damaged is empty from then on. @throws what was found */
  function healing<T>(act: (store: Opened) => T): T {
    try {
      return act(now())
    } catch (error) {
      if (DAMAGED.has(sqliteCode(error))) clear()
      throw error
    }
  }

  function write({ statements }: Opened, entry: Recorded): void {
    const id = rowOf(entry)
    const known = (id === null ? undefined : statements.row.get(id)) as RegisterRow | undefined
    const { row, press, drill, person, words } = changeBy(known ?? null, entry)
    if (row)
      statements.keep.run(
        row.id,
        row.seq,
        row.helpPoint,
        row.kind,
        row.state,
        row.openedAt,
        row.calledAt,
        row.presses,
        row.pushedAt,
        row.pushedBy,
        row.acceptedAt,
        row.wordsAt,
        row.arrangedAt,
        row.closedAt,
        row.code,
      )
    if (press) statements.press.run(entry.seq, press.at, press.helpPoint, press.count, press.isRepeat ? 1 : 0)
    if (drill) statements.drill.run(entry.seq, drill.at, drill.helpPoint, drill.passed ? 1 : 0)
    if (id === null) return
    if (person !== null) statements.person.run(nameKey(person), id)
    if (words !== null) statements.words.run(id, asKept(words))
  }

  return {
    place: (): RegisterPlace =>
      healing(({ statements }) => (statements.place.get() as RegisterPlace | undefined) ?? { seq: 0, hash: '' }),
    /** It is of another ledger, or ahead of this one: it is made anew. */
    clear,
    /**
     * All or nothing. @param entries in the ledger's order, after those of before. @returns entries that could not be
     * read, as those of a ledger that was tampered with; the others are in it
     */
    apply: (entries: readonly Entry[], place: RegisterPlace): number =>
      healing((store) => {
        const { db, statements } = store
        let unreadable = 0
        db.exec('BEGIN')
        try {
          for (const entry of entries) {
            db.exec('SAVEPOINT entry')
            try {
              write(store, entry)
            } catch (error) {
              const code = sqliteCode(error)
              if (code !== null && !OF_THE_ENTRY.has(code)) throw error
              db.exec('ROLLBACK TO entry')
              unreadable += 1
            }
            db.exec('RELEASE entry')
          }
          statements.keepPlace.run(place.seq, place.hash)
          db.exec('COMMIT')
        } catch (error) {
          if (db.isTransaction) db.exec('ROLLBACK')
          throw error
        }
        return unreadable
      }),
    /** @param after the last one that was seen; one that is not there finds nothing */
    search: (filter: IncidentFilter, after: string | null, limit: number): FoundIncidents =>
      healing(({ db }) => {
        const { text, values } = conditionOf(filter, after)
        const rows = db
          .prepare(`SELECT id FROM incidents WHERE ${text} ORDER BY seq DESC LIMIT ?`)
          .all(...values, limit + 1) as Pick<RegisterRow, 'id'>[]
        const ids = rows.slice(0, limit).map(({ id }) => id)
        return { ids, next: rows.length > limit ? (ids.at(-1) ?? null) : null }
      }),
    /** @param from milliseconds; `to` is not in it */
    facts: (from: number, to: number) =>
      healing(({ db }) => {
        const rows = <Row>(columns: string, table: string, moment: string): Row[] =>
          db
            .prepare(`SELECT ${columns} FROM ${table} WHERE ${moment} >= ? AND ${moment} < ?`)
            .all(from, to) as unknown as Row[]
        const presses = rows<Kept<PressRow, 'isRepeat'>>('at, helpPoint, count, isRepeat', 'presses', 'at')
        const drills = rows<Kept<DrillRow, 'passed'>>('at, helpPoint, passed', 'drills', 'at')
        return {
          incidents: rows<RegisterRow>('*', 'incidents', 'openedAt'),
          presses: presses.map((row): PressRow => ({ ...row, isRepeat: row.isRepeat === 1 })),
          drills: drills.map((row): DrillRow => ({ ...row, passed: row.passed === 1 })),
        }
      }),
    close: shut,
  }
}

/** A row as SQLite has it, which knows no truth values. */
type Kept<Row, Truth extends keyof Row> = Omit<Row, Truth> & Record<Truth, number>
/** By which a person is found: small and large letters are one, in every language. */
const nameKey = (name: string): string => asKept(name).toLowerCase()

const prepare = (db: DatabaseSync) => ({
  place: db.prepare('SELECT seq, hash FROM place WHERE one = 1'),
  keepPlace: db.prepare('INSERT OR REPLACE INTO place VALUES (1, ?, ?)'),
  row: db.prepare('SELECT * FROM incidents WHERE id = ?'),
  keep: db.prepare(`INSERT OR REPLACE INTO incidents (id, seq, helpPoint, kind, state, openedAt, calledAt, presses,
    pushedAt, pushedBy, acceptedAt, wordsAt, arrangedAt, closedAt, code)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
  press: db.prepare('INSERT OR REPLACE INTO presses VALUES (?, ?, ?, ?, ?)'),
  drill: db.prepare('INSERT OR REPLACE INTO drills VALUES (?, ?, ?, ?)'),
  person: db.prepare('INSERT OR IGNORE INTO persons VALUES (?, ?)'),
  words: db.prepare('INSERT INTO words VALUES (?, ?)'),
})

function conditionOf(filter: IncidentFilter, after: string | null): { text: string; values: SQLInputValue[] } {
  const words = filter.q === null ? [] : wordsOf(filter.q)
  const parts: (readonly [string, SQLInputValue | null])[] = [
    ['state = ?', filter.state],
    ['openedAt >= ?', filter.from],
    ['openedAt < ?', filter.to],
    ['helpPoint = ?', filter.helpPoint],
    ['code = ?', filter.outcome],
    ['id IN (SELECT incident FROM persons WHERE name = ?)', filter.person === null ? null : nameKey(filter.person)],
    ['id = ?', filter.id],
    ...words.map((word) => ['id IN (SELECT incident FROM words WHERE words MATCH ?)', word] as const),
    ['seq < (SELECT seq FROM incidents WHERE id = ?)', after],
  ]
  const asked = parts.filter((part): part is readonly [string, SQLInputValue] => part[1] !== null)
  // Only signs and blanks are looked for: nothing has them.
  const impossible = filter.q !== null && words.length === 0 ? ['0'] : []
  return {
    text: ['1', ...impossible, ...asked.map(([text]) => text)].join(' AND '),
    values: asked.map(([, value]) => value),
  }
}
