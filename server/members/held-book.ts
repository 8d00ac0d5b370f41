/**
 * Presses that only this server's disk has, because no majority of the engine answered: each is on the disk before its
 * source is told, and stays until a majority has it.
 */
import { DatabaseSync } from 'node:sqlite'
import type { KeptPress } from './town-state.ts'

export type HeldBook = ReturnType<typeof openHeldBook>

export function openHeldBook(file: string) {
  const db = new DatabaseSync(file)
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;' +
      'CREATE TABLE IF NOT EXISTS held (number INTEGER PRIMARY KEY, press TEXT NOT NULL) STRICT',
  )
  const insert = db.prepare('INSERT INTO held (press) VALUES (?)')
  const oldest = db.prepare('SELECT number, press FROM held ORDER BY number LIMIT ?')
  const remove = db.prepare('DELETE FROM held WHERE number <= ?')
  const count = db.prepare('SELECT count(*) AS count FROM held')
  let size = (count.get() as { count: number }).count
  return {
    /** On the disk when it returns. @throws when the disk does not take it */
    hold(press: KeptPress): void {
      insert.run(JSON.stringify({ ...press, held: true }))
      size += 1
    },
    oldest: (most: number): { upTo: number; presses: KeptPress[] } => {
      const rows = oldest.all(most) as { number: number; press: string }[]
      return { upTo: rows.at(-1)?.number ?? 0, presses: rows.map(({ press }) => JSON.parse(press) as KeptPress) }
    },
    delivered(upTo: number): void {
      remove.run(upTo)
      size = (count.get() as { count: number }).count
    },
    size: (): number => size,
    close: (): void => db.close(),
  }
}
