/**
 * Room for presses when another program has filled the disk. It lies inside the database: pages that are given back
 * are written over without the file growing, so that nobody else can take them first. A file beside it is for what
 * the database cannot hold: its log and index after a start. Synchronous: it runs in the ledger's thread. Copying
 * file systems promise none of this.
 */
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

const MB = 1024 * 1024
/**
 * A day of ten presses a minute with three cameras, notes, receipts and closures each: 16.3 kB an incident
 * (measured).
 */
export const DAY_OF_PRESSES_BYTES = 256 * MB
/** Of a small disk only so much. */
const MOST_SHARE = 4
/** There before the first press is taken; the rest comes in its time. */
const AT_ONCE_BYTES = 8 * MB
/** As long as the log grows: it is written over from its beginning every four megabytes. */
const RESERVE_FILE_BYTES = 8 * MB
/** For the database's index of its log, 32 kB. */
const INDEX_RESERVE_BYTES = MB
const LOG_HEAD_BYTES = 32
/** Pages that can be written over without the file growing: one commit needs no more. */
const SLACK_PAGES = 1024
/** The disk has room while so much is free. */
const FREE_BYTES = 64 * MB
const STEP_ROWS = 4

export type RoomState = {
  /** Bytes that presses can still be written into. */ bytes: number
  wanted: number
  /** The disk is full: they are being used. */ onReserve: boolean
  /** Of ten presses a minute. */ hoursLeft: number
}

/** The disk has no room for what the database wants to write. SQLITE_FULL; SQLITE_IOERR on its index or log. */
export function isFull(error: unknown): boolean {
  const code = (error as { errcode?: number } | null)?.errcode ?? 0
  return (
    (code & 0xff) === 13 ||
    code === 4874 ||
    code === 778 ||
    /database or disk is full|ENOSPC/i.test(error instanceof Error ? error.message : '')
  )
}

const reserveFileOf = (file: string): string => join(dirname(file), 'ledger-reserve')
const indexReserveOf = (file: string): string => join(dirname(file), 'ledger-reserve-index')
const logOf = (file: string): string => `${file}-wal`
/**
 * A log whose head is zeros is an empty one, as long as it is: nothing is read of it, and it is written from its
 * beginning.
 */
function emptyLog(log: string): void {
  const handle = openSync(log, 'r+')
  try {
    writeSync(handle, Buffer.alloc(LOG_HEAD_BYTES), 0, LOG_HEAD_BYTES, 0)
  } finally {
    closeSync(handle)
  }
}
/**
 * Before the database is opened on a full disk: the file that was kept becomes its log, without its room ever being
 * anybody else's.
 * @returns whether something was there that may help
 */
export function makeReadyOnFullDisk(file: string, freeBytes: () => number = freeOn(file)): boolean {
  partFromLog(file)
  if (freeBytes() > RESERVE_FILE_BYTES) return false
  const reserve = reserveFileOf(file)
  const hasLog = existsSync(logOf(file)) && statSync(logOf(file)).size > 0
  if (!hasLog && existsSync(reserve)) {
    emptyLog(reserve)
    renameSync(reserve, logOf(file))
  }
  const index = existsSync(indexReserveOf(file))
  rmSync(indexReserveOf(file), { force: true })
  return index
}
/**
 * The database's log stays when it is closed on a full disk: the next start needs as long a one.
 * @returns what is to be done when it is closed
 */
function keepLog(file: string): () => void {
  const reserve = reserveFileOf(file)
  if (existsSync(reserve) || !existsSync(logOf(file))) return () => {}
  linkSync(logOf(file), reserve)
  // The database takes its log away once all of it is in the database. While the log is there, it holds what is
  // nowhere else.
  return () => (existsSync(logOf(file)) ? rmSync(reserve, { force: true }) : emptyLog(reserve))
}
/**
 * A process that died while it closed leaves two names of one log: emptied by the one, entries would be lost by the
 * other.
 */
function partFromLog(file: string): void {
  const [log, reserve] = [logOf(file), reserveFileOf(file)].map((name) => (existsSync(name) ? statSync(name) : null))
  if (reserve && (reserve.size === 0 || (log && log.ino === reserve.ino))) rmSync(reserveFileOf(file), { force: true })
}

export function openLedgerRoom(
  db: InstanceType<typeof DatabaseSync>,
  file: string,
  { freeBytes = freeOn(file) }: { freeBytes?(): number } = {},
) {
  db.exec('CREATE TABLE IF NOT EXISTS room (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
  const put = db.prepare('INSERT INTO room (bytes) VALUES (zeroblob(?))')
  const take = db.prepare('DELETE FROM room WHERE id = (SELECT max(id) FROM room)')
  const count = db.prepare('SELECT count(*) AS rows FROM room')
  const free = db.prepare('PRAGMA freelist_count')
  let rows = (count.get() as { rows: number }).rows
  // Of what is free now and what is held already.
  let wantedRows = Math.floor(Math.min(DAY_OF_PRESSES_BYTES, (freeBytes() + rows * MB) / MOST_SHARE) / MB)
  let onReserve = false
  /** The last commit found no room, whatever is kept. */
  let isStuck = false

  const slack = (): number => Object.values(free.get() as Record<string, number>)[0] ?? 0
  const hasRoom = (): boolean => freeBytes() > FREE_BYTES / 2
  function add(steps: number): void {
    db.exec('BEGIN IMMEDIATE')
    try {
      for (let i = 0; i < steps; i += 1) put.run(MB)
      db.exec('COMMIT')
      rows += steps
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
    db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }
  function keepFiles(): void {
    for (const [name, bytes] of [
      [reserveFileOf(file), RESERVE_FILE_BYTES],
      [indexReserveOf(file), INDEX_RESERVE_BYTES],
    ] as const)
      if (!existsSync(name) && freeBytes() > 4 * RESERVE_FILE_BYTES)
        writeFileSync(name, Buffer.alloc(bytes), { mode: 0o600 })
  }
  /** Puts rows back into pages that can be written over. @returns whether any were there */
  function release(): boolean {
    let released = false
    while (rows > 0 && slack() < SLACK_PAGES) {
      try {
        take.run()
      } catch (error) {
        if (!isFull(error)) throw error
        // Its log is at its end: what is in it goes into the database first.
        db.exec('PRAGMA wal_checkpoint(RESTART)')
        take.run()
      }
      rows -= 1
      released = true
    }
    if (released) onReserve = true
    return released
  }

  return {
    /** What must be there before the first press; a disk that is full already has what it had. */
    begin(): void {
      try {
        const missing = Math.min(wantedRows, Math.floor(AT_ONCE_BYTES / MB)) - rows
        if (missing > 0 && hasRoom()) add(missing)
        keepFiles()
        // Its log must be as long as a commit may need, while there is room for it: a clean stop took the long one
        // away.
        if (hasRoom()) this.widen()
      } catch (error) {
        if (!isFull(error)) throw error
        onReserve = true
      }
    },
    /** Pages that can be written over, made of room on the disk. */
    widen(): void {
      put.run(SLACK_PAGES * 4096 + MB)
      db.exec('PRAGMA wal_checkpoint(PASSIVE)')
      take.run()
    },
    /** Before each commit: as long as the file need not grow, nobody can be in the way. */
    ready(): void {
      if (slack() >= SLACK_PAGES) return
      if (hasRoom()) {
        try {
          this.widen()
          return
        } catch (error) {
          if (!isFull(error)) throw error
        }
      }
      release()
    },
    /** A commit did not find room. @returns whether there is some now */
    makeRoom(): boolean {
      onReserve = true
      isStuck = true
      // A long read kept SQLite from starting its log over, and the log has reached its end. This copies its entries
      // into the database.
      try {
        db.exec('PRAGMA wal_checkpoint(PASSIVE)')
      } catch (error) {
        if (!isFull(error)) throw error
      }
      return release() || slack() > 0
    },
    /** A commit found room. */
    wrote(): void {
      isStuck = false
    },
    /** A step towards what is wanted, where the disk has room again. @returns whether more is to be done */
    restore(): boolean {
      if (!hasRoom()) return false
      if (freeBytes() / MOST_SHARE > (wantedRows - rows) * MB)
        wantedRows = Math.max(
          wantedRows,
          Math.min(DAY_OF_PRESSES_BYTES / MB, rows + Math.floor(freeBytes() / MOST_SHARE / MB)),
        )
      if (rows >= wantedRows) {
        onReserve = false
        return false
      }
      try {
        add(Math.min(STEP_ROWS, wantedRows - rows))
        keepFiles()
        onReserve = false
      } catch (error) {
        if (!isFull(error)) throw error
      }
      return rows < wantedRows
    },
    /** Before the database is closed. @returns what is to be done afterwards */
    closing: (): (() => void) | null => (freeBytes() > 4 * RESERVE_FILE_BYTES ? null : keepLog(file)),
    state: (): RoomState => ({
      bytes: rows * MB + slack() * 4096,
      wanted: wantedRows * MB,
      // A start on a full disk finds some of the reserve free already, and uses that first.
      onReserve: onReserve || !hasRoom(),
      hoursLeft: isStuck ? 0 : Math.round(((rows * MB + slack() * 4096) / DAY_OF_PRESSES_BYTES) * 240) / 10,
    }),
  }
}

const TRIES = 4
/**
 * Writes as long as there is any room at all that is the ledger's.
 * @param room null: nothing is kept.
 * @throws what the write threw last
 */
export function writtenInRoom<T>(room: ReturnType<typeof openLedgerRoom> | null, write: () => T): T {
  room?.ready()
  for (let tries = 1; ; tries += 1) {
    try {
      const done = write()
      room?.wrote()
      return done
    } catch (error) {
      if (!isFull(error) || tries >= TRIES || !room?.makeRoom()) throw error
    }
  }
}

const freeOn = (file: string) => (): number => {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
