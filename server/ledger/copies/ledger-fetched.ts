/** The town's ledger from another server, beside this one's own: it takes its place only when it is whole. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgreedRow } from '../../glossary/member.ts'
import { isoTime } from '../../tools/clock.ts'
import { openLedgerRows } from '../ledger-sqlite.ts'

const ENDS = ['', '-wal', '-shm'] as const
const besideOf = (file: string): string => join(dirname(file), 'ledger-fetched.sqlite')
const removeAll = (file: string): void => ENDS.forEach((end) => rmSync(`${file}${end}`, { force: true }))

/**
 * @param fetchRows those after a number, none when there are no more
 * @param head what the town has agreed on: a copy that does not come to it is not the town's
 * @returns where what was here is now; null: the copy is not the town's, and everything is as it was
 */
export async function replaceLedger(
  file: string,
  {
    fetchRows,
    head,
    now,
  }: { fetchRows(after: number): Promise<AgreedRow[]>; head: { seq: number; hash: string }; now: number },
): Promise<string | null> {
  const beside = besideOf(file)
  removeAll(beside)
  const rows = openLedgerRows(beside)
  let isWhole = false
  try {
    for (let page = await fetchRows(0); page.length > 0; page = await fetchRows(rows.head().seq)) {
      const hashes = rows.append(page)
      if (hashes.at(-1) !== page.at(-1)?.hash) return null
    }
    isWhole = rows.hashAt(head.seq) === head.hash
  } finally {
    rows.close()
    if (!isWhole) removeAll(beside)
  }
  if (!isWhole) return null
  const aside = join(dirname(file), `ledger-differs-${isoTime(now).replaceAll(/[:.]/g, '-')}.sqlite`)
  for (const end of ENDS) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`)
  for (const end of ENDS) if (existsSync(`${beside}${end}`)) renameSync(`${beside}${end}`, `${file}${end}`)
  const fold = join(dirname(file), 'ledger-fold.json')
  if (existsSync(fold)) renameSync(fold, `${fold}.differs`)
  return aside
}
