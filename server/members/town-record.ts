/** `town.json` in a member's data folder: to which town this folder belongs, as which member, and the town's key. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { replaceFile } from '../tools/process/replace-file.ts'

const RECORD = Type.Object({
  town: Type.String(),
  member: Type.String(),
  /** 32 bytes, base64: only members have it. */ key: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
  since: Type.String(),
})
export type TownRecord = { town: string; member: string; key: string; since: string }

const fileOf = (folder: string): string => join(folder, 'town.json')
export const newTownKey = (): string => randomBytes(32).toString('base64')

/** Null: the folder belongs to no town on several machines. @throws when the file is none of ours */
export function readTownRecord(folder: string): TownRecord | null {
  const file = fileOf(folder)
  if (!existsSync(file)) return null
  let found: unknown
  try {
    found = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    found = null
  }
  if (!Value.Check(RECORD, found)) throw new Error(`${file} cannot be read: put it back from the back-up`)
  return found
}
export const writeTownRecord = (folder: string, record: TownRecord): void =>
  replaceFile(fileOf(folder), `${JSON.stringify(record, null, 2)}\n`)
