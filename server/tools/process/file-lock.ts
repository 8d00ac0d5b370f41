import { accessSync, constants, existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'

const WAIT_MS = 2000
const AGAIN_MS = 20
/** SQLITE_BUSY */
const BUSY = 5

/**
 * One process at a time. The kernel lets go of the lock when its holder dies, however it dies.
 * @param waitMs how long this process stands still while another one holds it; for commands, not for a server
 * @throws when another process holds it for so long, or the folder cannot be written
 */
export function withFileLock<Result>(file: string, act: () => Result, waitMs = WAIT_MS): Result {
  // Opened for reading only, an exclusive lock would be none.
  if (existsSync(file)) accessSync(file, constants.W_OK)
  const db = new DatabaseSync(file)
  try {
    // In memory: the lock needs no room on a disk that is full.
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`)
    return act()
  } finally {
    db.close()
  }
}

const isBusy = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY

/** The same for a server: nothing else waits meanwhile. @param act is done at once when the lock is there */
export async function whenFileLocked<Result>(
  file: string,
  act: () => Result,
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
): Promise<Result> {
  const until = clock.monotonic() + WAIT_MS
  for (;;) {
    let begun = false
    try {
      const once = (): Result => {
        begun = true
        return act()
      }
      return withFileLock(file, once, 0)
    } catch (error) {
      if (begun || !isBusy(error) || clock.monotonic() > until) throw error
      await clock.sleep(AGAIN_MS)
    }
  }
}
