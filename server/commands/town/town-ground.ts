/** What every `lamppost town …` needs: the site file's town, its engine, and whose folder this is. */
import { join } from 'node:path'
import type { TownOnMembers } from '../../glossary/member.ts'
import { openLedgerRows } from '../../ledger/ledger-sqlite.ts'
import type { Etcd } from '../../members/engine/etcd.ts'
import type { TownKeys } from '../../members/engine/keys.ts'
import { type Seal, createSeal } from '../../members/engine/seal.ts'
import { type TownRecord, readTownRecord } from '../../members/town-record.ts'

export type TownOptions = {
  site?: string | undefined
  data?: string | undefined
  member?: string | undefined
  to?: string | undefined
  json?: boolean | undefined
}
export const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** What each of them needs. */
export type Ground = {
  town: string
  members: TownOnMembers['members']
  onMembers: TownOnMembers
  folder: string
  siteFile: string
  siteText: string
  etcd: Etcd
  keys: TownKeys
  member: string | undefined
  options: TownOptions
}

/** @throws when nobody says which member, or the site file has no such member */
export function mustBeMember({ member, members }: Ground): { id: string; url: string } {
  const names = members.map(({ id }) => id).join(', ')
  if (member === undefined) throw new Error(`--member is missing: which of ${names} is this server?`)
  const found = members.find(({ id }) => id === member)
  if (!found) throw new Error(`the site file has no member ${member} under town: members: ${names}`)
  return found
}
/** @throws when the folder belongs to no town yet */
export function mustBelong({ folder, town }: Ground): TownRecord {
  const record = readTownRecord(folder)
  if (!record) throw new Error(`${folder} belongs to no town yet: lamppost town found, or lamppost town join`)
  if (record.town !== town)
    throw new Error(`${folder} belongs to the town ${record.town}, and the site file is of ${town}`)
  return record
}
export function mustBelongToNone({ folder }: Ground): void {
  const record = readTownRecord(folder)
  if (record)
    throw new Error(
      `${folder} is the member ${record.member} of ${record.town} already: start it with lamppost start --member ${record.member}`,
    )
}
export const sealOf = ({ key }: TownRecord): Seal => createSeal(Buffer.from(key, 'base64'))

/** What the folder's ledger ends with; the beginning where there is none yet. */
export function ledgerHead(folder: string): { seq: number; hash: string } {
  const rows = openLedgerRows(join(folder, 'ledger.sqlite'))
  try {
    return rows.head()
  } finally {
    rows.close()
  }
}
