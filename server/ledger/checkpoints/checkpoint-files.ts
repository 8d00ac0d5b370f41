/** Checkpoints on disk, outside the database: one file a day, only ever appended to, and the key that signs them. */
import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Checkpoint, readCheckpoint, verifierKeyOf } from './checkpoint-note.ts'

export type CheckpointPlaces = { folder: string; keyFile: string }
export const checkpointPlaces = (ledgerFile: string): CheckpointPlaces => ({
  folder: join(dirname(ledgerFile), 'checkpoints'),
  keyFile: join(dirname(ledgerFile), 'ledger-key.pem'),
})

/**
 * The signing key; made when there is none.
 * @throws when the file is there and is no key: a new one would hide what was signed.
 */
export function checkpointKey(keyFile: string): KeyObject {
  if (existsSync(keyFile)) {
    try {
      return createPrivateKey(readFileSync(keyFile))
    } catch (error) {
      throw new Error(
        `${keyFile} is not a private key in PEM; restore it from a backup: checkpoints signed before can be verified with it only`,
        { cause: error },
      )
    }
  }
  mkdirSync(dirname(keyFile), { recursive: true })
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(`${keyFile}.new`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true })
  renameSync(`${keyFile}.new`, keyFile)
  return privateKey
}

/** @param day UTC, as 2026-11-24. Returns when the note is on the disk. */
export function writeCheckpoint({ folder }: CheckpointPlaces, note: string, day: string): void {
  mkdirSync(folder, { recursive: true })
  const name = join(folder, `${day}.txt`)
  const file = openSync(name, 'a+')
  const { size } = fstatSync(file)
  const end = Buffer.alloc(Math.min(2, size))
  readSync(file, end, 0, end.length, size - end.length)
  // What a crash or a full disk cut short must not run into this one.
  const start = size === 0 || end.toString() === '\n\n' ? '' : '\n\n'
  try {
    const bytes = Buffer.from(`${start}${note}\n`)
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } catch (error) {
    ftruncateSync(file, size)
    throw error
  } finally {
    closeSync(file)
  }
}

/** For whoever wants to verify without this product. */
export function writeVerifierKey({ folder }: CheckpointPlaces, origin: string, key: KeyObject): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'verifier-keys.txt')
  const line = verifierKeyOf(origin, key)
  const known = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (!known.split('\n').includes(line)) writeFileSync(file, `${known}${line}\n`)
}

export type KeptCheckpoint = Checkpoint & { note: string; file: string; signed: boolean }

/** All that were kept, oldest first. A note cut short by a crash is left out; one that was altered is not signed. */
export function readCheckpoints({ folder }: CheckpointPlaces, key: KeyObject): KeptCheckpoint[] {
  if (!existsSync(folder)) return []
  const days = readdirSync(folder)
    .filter((name) => /^\d{4}-\d\d-\d\d\.txt$/.test(name))
    .sort()
  return days.flatMap((name) => {
    const notes = readFileSync(join(folder, name), 'utf8').match(/[^\n]+\n\d+\n[^\n]+\n\n(?:— [^\n]+\n)+/g) ?? []
    return notes.flatMap((note) => {
      const read = readCheckpoint(note, key)
      return read?.whole ? [{ ...read, note, file: join(folder, name) }] : []
    })
  })
}
