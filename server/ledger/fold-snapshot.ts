/**
 * The fold of the ledger as it was at one entry, beside the database, so that a start reads only what came after. It
 * holds nothing that the ledger does not: without it, or when it does not fit, everything is read again.
 */
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { Clock } from '../tools/clock.ts'

/** To be raised when what a fold saves changes its shape. */
const FORMAT = 15
const EVERY = 5000
const SPACING_MS = 60_000

const digestOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')
export type Snapshot = {
  seq: number
  /** The entry's own: it is the same ledger. */ hash: string
  folds: Record<string, unknown>
}

/** Null when there is none, or it is not as it was written. */
export function readSnapshot(file: string): Snapshot | null {
  try {
    const [head = '', folds = ''] = readFileSync(file, 'utf8').split('\n')
    const { format, seq, hash, sha256 } = JSON.parse(head) as {
      format: number
      seq: number
      hash: string
      sha256: string
    }
    if (format !== FORMAT || sha256 !== digestOf(folds)) return null
    return { seq, hash, folds: JSON.parse(folds) as Record<string, unknown> }
  } catch {
    return null
  }
}

/**
 * Whether it is this ledger's.
 * @param hash of the entry that it was made at; null when that cannot be read, which is believed of a chain that was
 * set aside.
 */
export const isOf = (snapshot: Snapshot, hash: string | null, chainFirst: number): boolean =>
  hash === null ? snapshot.seq < chainFirst : hash === snapshot.hash

/** @param folds JSON. Returns when it is on the disk. */
export function writeSnapshot(file: string, seq: number, hash: string, folds: string): void {
  try {
    writeFileSync(
      `${file}.new`,
      `${JSON.stringify({ format: FORMAT, seq, hash, sha256: digestOf(folds) })}\n${folds}\n`,
      { mode: 0o600, flush: true },
    )
  } catch (error) {
    // Half of one on a full disk is room that a press needs.
    rmSync(`${file}.new`, { force: true })
    throw error
  }
  renameSync(`${file}.new`, file)
}

/** Keeps folds and their snapshot together. @param folds by a name that stays; each follows every entry, in order. */
export function createProjections(
  file: string,
  folds: Record<string, Fold>,
  port: {
    clock: Clock
    whenDurable(seq: number): Promise<void>
    /** Writes it where nobody waits for the disk. */ write(file: string, seq: number, folds: string): Promise<void>
    onError(error: unknown): void
  },
) {
  let savedAt = 0
  let savedWhen = Number.NEGATIVE_INFINITY
  let seen = 0
  let saving: Promise<void> | null = null

  async function save(): Promise<void> {
    // Both at the same moment: what follows while the disk is awaited is not in it.
    const seq = seen
    const saved = Object.fromEntries(Object.entries(folds).map(([name, fold]) => [name, fold.save()] as const))
    const text = JSON.stringify(saved)
    savedAt = seq
    savedWhen = port.clock.monotonic()
    await port.whenDurable(seq)
    await port.write(file, seq, text)
  }
  const saveNow = (): Promise<void> =>
    (saving ??= save()
      .catch(port.onError)
      .finally(() => (saving = null)))

  return {
    apply(entry: Recorded): void {
      for (const fold of Object.values(folds)) {
        try {
          fold.apply(entry)
        } catch (error) {
          // An entry that was tampered with must not take the others with it.
          port.onError(error)
        }
      }
      seen = entry.seq
    },
    /** Takes a snapshot's state over. @returns after which entry the ledger is to be read. */
    restore({ seq, folds: saved }: Snapshot): number {
      for (const [name, fold] of Object.entries(folds)) if (name in saved) fold.restore(saved[name] as never)
      seen = seq
      savedAt = seq
      return seq
    },
    /** After everything was read. */
    async settle(): Promise<void> {
      for (const fold of Object.values(folds)) await fold.settle?.()
    },
    /** Now and then, so that a start never has much to read. */
    saveWhenDue: (): void =>
      void (seen - savedAt >= EVERY && port.clock.monotonic() - savedWhen >= SPACING_MS && saveNow()),
    async close(): Promise<void> {
      await saving
      if (seen > savedAt) await saveNow()
    },
  }
}
