/**
 * The chains of a ledger: the one that is written, and those before it that were found broken. A broken chain is set aside
 * unaltered and can still be read; the new one begins with the naming of the break, which its first hash covers.
 */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { wordsOf } from '../tools/failure.ts'
import { type KeptCheckpoint, checkpointKey, checkpointPlaces, readCheckpoints } from './checkpoint-files.ts'
import { originOf } from './checkpoint-note.ts'
import type { Row } from './ledger-hash.ts'
import { type LedgerRows, isCorruption, openLedgerRows } from './ledger-sqlite.ts'

/** How far numbers jump when nobody can read how many entries there were: none is ever given twice. */
const UNREADABLE_GAP = 10_000
export type Break = { problem: string; /** Name of the file that was set aside. */ file: string; /** The one that goes on. */ chain: number }

/** Broken chains, oldest first. */
export const brokenFiles = (file: string): string[] =>
  existsSync(dirname(file))
    ? readdirSync(dirname(file))
        .flatMap((name) => {
          const number = /^ledger-broken-(\d+)\.sqlite$/.exec(name)?.[1]
          return number === undefined ? [] : [{ name, number: Number(number) }]
        })
        .sort((a, b) => a.number - b.number)
        .map(({ name }) => join(dirname(file), name))
    : []

/** @param knownSeq an entry number that is known to have been given, from outside the database; 0 when there is none. */
export function openLedgerChains(file: string, { knownSeq, startedAt }: { knownSeq: number; /** UTC ISO 8601. */ startedAt: string }) {
  const older: LedgerRows[] = []
  for (const broken of brokenFiles(file)) {
    try {
      older.push(openLedgerRows(broken, { readOnly: true }))
    } catch {
      // It cannot even be opened; verification says so.
    }
  }
  let begun: Break | null = null
  let current = openCurrent()

  function openCurrent(): LedgerRows {
    try {
      return openLedgerRows(file)
    } catch (error) {
      if (!isCorruption(error)) throw error
      return beginAnew(wordsOf(error), Math.max(knownSeq, signedSeq()) + UNREADABLE_GAP, null, startedAt)
    }
  }
  /** The highest number that a checkpoint speaks of: sizes count from a chain's first entry, which is at least 1. */
  function signedSeq(): number {
    try {
      const places = checkpointPlaces(file)
      return Math.max(0, ...readCheckpoints(places, checkpointKey(places.keyFile)).map(({ size }) => size))
    } catch {
      return 0
    }
  }
  function beginAnew(problem: string, first: number, good: { seq: number; hash: string } | null, at: string): LedgerRows {
    const number = brokenFiles(file).length + 1
    const aside = join(dirname(file), `ledger-broken-${number}.sqlite`)
    for (const end of ['', '-wal', '-shm']) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`)
    const genesis = JSON.stringify({ chain: number + 1, at, after: { file: basename(aside), good }, problem })
    begun = { problem, file: basename(aside), chain: number + 1 }
    try {
      older.push(openLedgerRows(aside, { readOnly: true }))
    } catch {
      // As above.
    }
    return openLedgerRows(file, { begins: { number: number + 1, first, genesis } })
  }
  const safely = <T>(read: () => T, otherwise: T): T => {
    try {
      return read()
    } catch {
      return otherwise
    }
  }

  return {
    current: (): LedgerRows => current,
    /** The break that was found since the last time this was asked. */
    takeBreak(): Break | null {
      const found = begun
      begun = null
      return found
    },
    /** Sets the current chain aside. @param first the number of the next entry. @param good the last entry before the break, where known. */
    rotate(problem: string, first: number, good: { seq: number; hash: string } | null, at: string): void {
      safely(() => current.close(), undefined)
      current = beginAnew(problem, first, good, at)
    },
    /** A broken chain gives what can still be read of it. */
    page(after: number, limit: number) {
      const found: Row[] = []
      for (const rows of older) if (found.length < limit) found.push(...safely(() => rows.page(after, limit - found.length), []))
      return found.length < limit ? [...found, ...current.page(after, limit - found.length)] : found
    },
    about: (subject: string) => [...older.flatMap((rows) => safely(() => rows.about(subject), [])), ...current.about(subject)],
    openedBefore(seq: number, limit: number) {
      const found = current.openedBefore(seq, limit)
      for (const rows of older.toReversed()) if (found.length < limit) found.push(...safely(() => rows.openedBefore(seq, limit - found.length), []))
      return found
    },
    pressWithKey: (helpPoint: string, key: string) => current.pressWithKey(helpPoint, key) ?? older.map((rows) => safely(() => rows.pressWithKey(helpPoint, key), null)).find((row) => row !== null) ?? null,
    hashAt: (seq: number): string | null => current.hashAt(seq) ?? older.map((rows) => safely(() => rows.hashAt(seq), null)).find((hash) => hash !== null) ?? null,
    close: (): void => [...older, current].forEach((rows) => safely(() => rows.close(), undefined)),
  }
}

/** Which checkpoints are a chain's own. @throws when there are some, and the key that signed them is gone. */
export function ownCheckpoints(ledgerFile: string, chain: number): KeptCheckpoint[] {
  const places = checkpointPlaces(ledgerFile)
  if (!existsSync(places.keyFile)) {
    if (existsSync(places.folder)) throw new Error(`${places.keyFile} is missing: the checkpoints in ${places.folder} can be verified with it only`)
    return []
  }
  const key = checkpointKey(places.keyFile)
  return readCheckpoints(places, key).filter(({ origin }) => origin === originOf(key, chain))
}
