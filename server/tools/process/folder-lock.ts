import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * One server per data folder. The kernel lets go of the lock when the process dies, however it dies.
 * @throws when another process has it.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const db = new DatabaseSync(join(folder, 'lock.sqlite'))
  try {
    // In memory: the lock needs no room on a disk that is full.
    db.exec('PRAGMA busy_timeout = 500; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    const code = (error as { errcode?: number }).errcode ?? 5
    if ((code & 0xff) !== 5)
      throw new Error(
        `The data folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    throw new Error(
      `Another Lamppost is running on the data folder ${folder}. Stop it, or use --data with another folder.`,
      { cause: error },
    )
  }
  return () => db.close()
}
