/**
 * A copy of the whole record while the server writes it; and the beginning of what follows a copy that was restored:
 * what was written between the two is lost, and its numbers were given and perhaps signed. They are not given again.
 */
import { randomInt } from 'node:crypto'
import { copyFileSync, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync, backup } from 'node:sqlite'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { brokenFiles, openLedgerChains } from '../ledger-chains.ts'
import { type Row } from '../ledger-hash.ts'
import { openLedgerRows } from '../ledger-sqlite.ts'

/** All in one step: a copy that is made in several begins anew whenever an entry is written meanwhile. */
const PAGES_AT_ONCE = 2 ** 31 - 1
/** More entries than a town writes between two back-ups. */
const LOST_AT_MOST = 1_000_000
/** Two that are restored from one copy give no number twice, either. */
const APART = 1_000_000_000

export type CopiedHead = { seq: number; hash: string }

/**
 * Chains that were set aside are copied as they are, the current one as of one moment.
 * @param file the current chain. @param folder where the copy is made
 * @returns the newest entry in it. @throws when there is no ledger
 */
export async function copyLedger(file: string, folder: string): Promise<CopiedHead> {
  if (!existsSync(file)) throw new Error(`There is no ledger here: ${file}`)
  for (const broken of brokenFiles(file))
    for (const end of ['', '-wal'])
      if (existsSync(`${broken}${end}`)) copyFileSync(`${broken}${end}`, join(folder, `${basename(broken)}${end}`))
  const copy = join(folder, basename(file))
  const source = new DatabaseSync(file, { readOnly: true })
  try {
    await backup(source, copy, { rate: PAGES_AT_ONCE })
  } finally {
    source.close()
  }
  // Room that is kept for presses on a full disk is of this disk.
  const db = new DatabaseSync(copy)
  db.exec('PRAGMA journal_mode = DELETE; DELETE FROM room; VACUUM;')
  db.close()
  const rows = openLedgerRows(copy, { readOnly: true })
  const head = rows.head()
  rows.close()
  return head
}

/** Every entry of a copy, the oldest first; of chains that were set aside, what can still be read. */
export function* entriesOf(file: string): Generator<Row> {
  for (const each of [...brokenFiles(file), file]) {
    try {
      const rows = openLedgerRows(each, { readOnly: true })
      try {
        for (let after = 0, page = rows.page(0, 1000); page.length > 0; page = rows.page(after, 1000)) {
          yield* page
          after = page.at(-1)?.seq ?? after
        }
      } finally {
        rows.close()
      }
    } catch (error) {
      if (each === file) throw error
    }
  }
}

/**
 * Begins the chain that goes on after a copy; its first entry says so.
 * @param at when the copy was made. @param isEmpty there is no entry in its chain yet: `head` is before its first
 */
export function beginAfterCopy(
  file: string,
  { head, isEmpty, at }: { head: CopiedHead; isEmpty: boolean; at: string },
  clock: Pick<Clock, 'now'>,
): void {
  const now = isoTime(clock.now())
  const chains = openLedgerChains(file, { knownSeq: head.seq, startedAt: now })
  try {
    const first = head.seq + LOST_AT_MOST + randomInt(APART)
    chains.rotate(`restored from a back-up of ${at}`, first, isEmpty ? null : head, now)
    const body = JSON.stringify({ from: at, seq: head.seq, hash: head.hash })
    chains
      .current()
      .append([
        { seq: first, at: now, kind: 'ledger.restored', actor: 'machine:command line', subject: 'ledger', body },
      ])
  } finally {
    chains.close()
  }
}
