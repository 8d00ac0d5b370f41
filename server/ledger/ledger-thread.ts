/**
 * The thread that waits for the disk so that nobody else does. Writes, signs what was written, and reads single
 * things.
 */
import type { KeyObject } from 'node:crypto'
import { messageOf } from '../tools/failure.ts'
import { answerCalls, workerInput } from '../tools/process/worker-calls.ts'
import { checkpointKey, checkpointPlaces, writeCheckpoint, writeVerifierKey } from './checkpoints/checkpoint-files.ts'
import { originOf, signCheckpoint, verifierKeyOf } from './checkpoints/checkpoint-note.ts'
import { writeSnapshot } from './fold-snapshot.ts'
import { type Break, openLedgerChains } from './ledger-chains.ts'
import { type RoomState, isFull, makeReadyOnFullDisk, writtenInRoom } from './ledger-room.ts'
import type { Row } from './ledger-hash.ts'
import { type Unhashed, hashesOfWritten, isCorruption } from './ledger-sqlite.ts'

/** Hashes are hex; the note and the key are as C2SP writes them. */
export type Inclusion = {
  checkpoint: string
  verifierKey: string
  leafIndex: number
  treeSize: number
  inclusionProof: string[]
  entry: Row
}

const { file, knownSeq, startedAt, isAgreed } = workerInput<{
  file: string
  knownSeq: number
  startedAt: string
  /** Other servers have it, too: what is damaged here is fetched from them, and no new chain begins. */ isAgreed: boolean
}>()
const open = () => openLedgerChains(file, { knownSeq, startedAt, mayBegin: !isAgreed })
const OPEN_TRIES = 50
/**
 * A full disk has no room for the database's own log and index: what was kept for them is used. Another program may
 * be quicker, now and then.
 */
function openOnFullDisk(): ReturnType<typeof open> {
  makeReadyOnFullDisk(file)
  for (let tries = 0; ; tries += 1) {
    try {
      return open()
    } catch (error) {
      if (!isFull(error) || tries >= OPEN_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}
const chains = openOnFullDisk()
const RESTORE_EVERY_MS = 1000
/** A start has better to do with the disk. */
const RESTORE_AFTER_MS = 2 * 60_000
const openedAt = performance.now()
chains.current().room?.begin()
setInterval(() => {
  const { room } = chains.current()
  if (!room || (performance.now() - openedAt < RESTORE_AFTER_MS && !room.state().onReserve)) return
  try {
    room.restore()
  } catch {
    // What is wrong with the disk is said by the next commit.
  }
}, RESTORE_EVERY_MS).unref()
function written(batch: Unhashed[]): string[] {
  const there = hashesOfWritten(chains.current(), batch)
  const rest = batch.slice(there.length)
  return rest.length === 0
    ? there
    : [...there, ...writtenInRoom(chains.current().room, () => chains.current().append(rest))]
}
const places = checkpointPlaces(file)
/** A key that cannot be read must not stop a press; it is said with each checkpoint that is not signed. */
let key: KeyObject | null = null
const signingKey = (): KeyObject => (key ??= checkpointKey(places.keyFile))

const calls = {
  head: () => ({ ...chains.current().head(), chain: chains.current().chain() }),
  /** A damaged file takes nothing any more: the entries go into a new chain, which names the break. */
  append(batch: Unhashed[]): { hashes: string[]; broken: Break | null; room?: RoomState | null } {
    try {
      return { hashes: written(batch), broken: chains.takeBreak(), room: chains.current().room?.state() ?? null }
    } catch (error) {
      if (!isCorruption(error) || isAgreed) throw error
      chains.rotate(messageOf(error), batch[0]?.seq ?? 1, null, batch[0]?.at ?? startedAt)
      return { hashes: chains.current().append(batch), broken: chains.takeBreak() }
    }
  },
  /** Begins a new chain because this one does not verify any more. */
  rotate(problem: string, first: number, good: { seq: number; hash: string } | null, at: string): Break | null {
    chains.rotate(problem, first, good, at)
    return chains.takeBreak()
  },
  page: (after: number, limit: number) => chains.page(after, limit),
  about: (subject: string) => chains.about(subject),
  openedBefore: (seq: number, limit: number) => chains.openedBefore(seq, limit),
  pressWithKey: (helpPoint: string, pressKey: string) => chains.pressWithKey(helpPoint, pressKey),
  hashAt: (seq: number) => chains.hashAt(seq),
  /** The fold as it was at that entry; nothing is kept when the entry cannot be read. */
  keepSnapshot(snapshotFile: string, seq: number, folds: string): void {
    // On the reserve every byte is a press's.
    if (chains.current().room?.state().onReserve) return
    const hash = chains.hashAt(seq)
    if (hash !== null) writeSnapshot(snapshotFile, seq, hash, folds)
  },
  probe: () => chains.current().probe(),
  /** Signs the tree over everything written so far and keeps the note outside the database. @param at UTC ISO 8601 */
  checkpoint(at: string): { note: string; size: number } {
    const origin = originOf(signingKey(), chains.current().chain().number)
    const { size, root } = chains.current().tree()
    const note = signCheckpoint({ origin, size, root }, signingKey())
    writeVerifierKey(places, origin, signingKey())
    writeCheckpoint(places, note, at.slice(0, 10))
    return { note, size }
  },
  /**
   * An entry of the current chain, and the proof that it stands in the tree that is signed here and now.
   * @param at UTC ISO 8601
   */
  inclusion(seq: number, at: string): Inclusion | null {
    const found = chains.current().inclusion(seq)
    if (!found) return null
    const origin = originOf(signingKey(), chains.current().chain().number)
    const note = signCheckpoint({ origin, size: found.treeSize, root: found.root }, signingKey())
    writeCheckpoint(places, note, at.slice(0, 10))
    return {
      checkpoint: note,
      verifierKey: verifierKeyOf(origin, signingKey()),
      leafIndex: found.leafIndex,
      treeSize: found.treeSize,
      inclusionProof: found.proof,
      entry: found.row,
    }
  },
  close: () => chains.close(),
}
export type LedgerThread = typeof calls

answerCalls(calls)
