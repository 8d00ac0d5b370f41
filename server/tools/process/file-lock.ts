import { DatabaseSync } from 'node:sqlite'

const WAIT_MS = 2000

/**
 * One process at a time. The kernel lets go of the lock when its holder dies, however it dies. Blocks while another
 * process holds it: for what is over in milliseconds.
 * @throws when another process holds it for two seconds, or the folder cannot be written
 */
export function withFileLock<Result>(file: string, act: () => Result): Result {
  const db = new DatabaseSync(file)
  try {
    // In memory: the lock needs no room on a disk that is full.
    db.exec(`PRAGMA busy_timeout = ${WAIT_MS}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`)
    return act()
  } finally {
    db.close()
  }
}
