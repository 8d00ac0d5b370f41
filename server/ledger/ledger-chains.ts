/**
 * The chains of a ledger: the one that is written, and those before it that were found broken. A broken chain is set
 * aside unaltered and can still be read; the new one begins with the naming of the break, which its first hash
 * covers.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../tools/failure.ts'
import { checkpointKey, checkpointPlaces, readCheckpoints } from './checkpoints/checkpoint-files.ts'
import type { Row } from './ledger-hash.ts'
import { type LedgerRows, isCorruption, openLedgerRows } from './ledger-sqlite.ts'

/** How far numbers jump when nobody can read how many entries there were: none is ever given twice. */
const UNREADABLE_GAP = 1_000_000
/** Of what cannot be read, so many entries are tried one by one before the rest is given up. */
const MOST_SKIPPED = 5000
export type Break = {
  problem: string
  /** Name of the file that was set aside. */ file: string
  /** The one that goes on. */ chain: number
}

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

/** Which chain a file that was set aside is. */
export const numberOf = (broken: string): number => Number(/(\d+)\.sqlite$/.exec(broken)?.[1])
const ENDS = ['', '-wal', '-shm'] as const

/** A page of what can still be read; entries on a damaged place are stepped over. */
function readable(rows: Pick<LedgerRows, 'page'>, after: number, limit: number): Row[] {
  const found: Row[] = []
  for (let at = after, step = limit, skipped = 0; found.length < limit;) {
    try {
      const page = rows.page(at, Math.min(step, limit - found.length))
      if (page.length === 0) return found
      found.push(...page)
      at = page.at(-1)?.seq ?? at
      step = limit
    } catch (error) {
      if (step > 1) step = Math.floor(step / 2)
      else if ((skipped += 1) > MOST_SKIPPED) {
        // Nothing could be read for so long; whoever has read something is not told that it was all.
        if (found.length > 0) return found
        throw error
      } else at += 1
    }
  }
  return found
}

/**
 * @param knownSeq an entry number that is known to have been given, from outside the database; 0 when there is none.
 */
export function openLedgerChains(
  file: string,
  {
    knownSeq,
    startedAt,
    mayBegin = true,
  }: {
    knownSeq: number
    /** UTC ISO 8601. */ startedAt: string
    /** Whether a new chain begins where the file is damaged; else that is thrown. */ mayBegin?: boolean
  },
) {
  const next = join(dirname(file), 'ledger-next.sqlite')
  finishRotation()
  const older: LedgerRows[] = []
  brokenFiles(file).forEach(addOlder)
  let begun: Break | null = null
  let open: LedgerRows | null = null
  open = openCurrent()

  function addOlder(broken: string): void {
    try {
      older.push(openLedgerRows(broken, { readOnly: true }))
    } catch {
      // It cannot even be opened; verification says so.
    }
  }
  /**
   * A death between the renames of a rotation: what was the current chain is aside, and the new one waits to take its
   * place.
   */
  function finishRotation(): void {
    if (!existsSync(next)) return
    if (existsSync(file)) return ENDS.forEach((end) => rmSync(`${next}${end}`, { force: true }))
    const last = brokenFiles(file).at(-1)
    for (const end of ['-wal', '-shm'])
      if (last !== undefined && existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${last}${end}`)
    renameSync(next, file)
  }
  function openCurrent(): LedgerRows {
    try {
      return openLedgerRows(file)
    } catch (error) {
      if (!isCorruption(error) || !mayBegin) throw error
      return beginAnew(messageOf(error), lastKnown() + UNREADABLE_GAP, null, startedAt)
    }
  }
  const current = (): LedgerRows => (open ??= openCurrent())

  /**
   * The highest number that anything outside the current chain speaks of; a checkpoint says how many entries there
   * were, not their numbers.
   */
  function lastKnown(): number {
    const heads = older.map((rows) => safely(() => rows.head().seq, 0))
    const sizes = new Map<string, number>()
    const places = checkpointPlaces(file)
    const notes = safely(() => readCheckpoints(places, checkpointKey(places.keyFile)), [])
    for (const { origin, size } of notes) sizes.set(origin, Math.max(sizes.get(origin) ?? 0, size))
    const signed = [...sizes.values()].reduce((sum, size) => sum + size + UNREADABLE_GAP, -UNREADABLE_GAP)
    return [knownSeq, signed, ...heads].reduce((most, each) => Math.max(most, each), 0)
  }
  /**
   * The new chain is whole on the disk before the old one is touched; a death in between is made good at the next
   * start.
   */
  function beginAnew(
    problem: string,
    first: number,
    good: { seq: number; hash: string } | null,
    at: string,
  ): LedgerRows {
    const onDisk = brokenFiles(file).map(numberOf)
    const number = Math.max(open ? safely(() => open?.chain().number ?? 1, 1) : 1, ...onDisk.map((each) => each + 1))
    const aside = join(dirname(file), `ledger-broken-${number}.sqlite`)
    const genesis = JSON.stringify({ chain: number + 1, at, after: { file: basename(aside), good }, problem })
    ENDS.forEach((end) => rmSync(`${next}${end}`, { force: true }))
    try {
      openLedgerRows(next, { begins: { number: number + 1, first, genesis } }).close()
    } catch (error) {
      ENDS.forEach((end) => rmSync(`${next}${end}`, { force: true }))
      throw error
    }
    ;['-wal', '-shm'].forEach((end) => rmSync(`${next}${end}`, { force: true }))
    const closing = open
    open = null
    safely(() => closing?.close(), undefined)
    for (const end of ENDS) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`)
    renameSync(next, file)
    begun = { problem, file: basename(aside), chain: number + 1 }
    addOlder(aside)
    open = openLedgerRows(file)
    return open
  }
  function safely<T>(read: () => T, otherwise: T): T {
    try {
      return read()
    } catch {
      return otherwise
    }
  }

  return {
    current,
    /** The break that was found since the last time this was asked. */
    takeBreak(): Break | null {
      const found = begun
      begun = null
      return found
    },
    /**
     * Sets the current chain aside.
     * @param first the number of the next entry.
     * @param good the last entry before the break, where known.
     */
    rotate: (problem: string, first: number, good: { seq: number; hash: string } | null, at: string): void =>
      void beginAnew(problem, first, good, at),
    /** A broken chain gives what can still be read of it. */
    page(after: number, limit: number): Row[] {
      const found: Row[] = []
      for (const rows of [...older, current()])
        if (found.length < limit) found.push(...safely(() => readable(rows, after, limit - found.length), []))
      return found
    },
    about: (subject: string) => [...older, current()].flatMap((rows) => safely(() => rows.about(subject), [])),
    openedBefore(seq: number, limit: number) {
      const found: { seq: number; subject: string }[] = []
      for (const rows of [current(), ...older.toReversed()])
        if (found.length < limit) found.push(...safely(() => rows.openedBefore(seq, limit - found.length), []))
      return found
    },
    pressWithKey: (helpPoint: string, key: string): Row | null =>
      [current(), ...older]
        .map((rows) => safely(() => rows.pressWithKey(helpPoint, key), null))
        .find((row) => row !== null) ?? null,
    hashAt: (seq: number): string | null =>
      [current(), ...older].map((rows) => safely(() => rows.hashAt(seq), null)).find((hash) => hash !== null) ?? null,
    close: (): void => [...older, ...(open ? [open] : [])].forEach((rows) => safely(() => rows.close(), undefined)),
  }
}
