/**
 * The disk that all clip buffers share: how full it is, what must go for its sake, and what may still be written. The
 * last of it belongs to the ledger: a press comes before a picture. Not here: how a ring lets go (clip-ring).
 */
import { statfs } from 'node:fs/promises'
import type { ClipRing, DiskGate } from './clip-ring.ts'

/** Bytes. `most`: all buffers together, null for no limit. `reserve`: left free for the ledger. */
export type DiskLimits = { most: number | null; reserve: number }
export type DiskState = {
  level: 'ok' | 'low' | 'critical' | 'full'
  free: number
  total: number
  used: number
  problem: string | null
}

const LOW = 0.2
const CRITICAL = 0.1
/** A level is left again only when there is this much more room: no flapping. */
const SLACK = 0.02
/** What may wait for a slow disk, of all cameras together. */
const MOST_QUEUED = 256 * 1024 * 1024
const RANK = { ok: 0, low: 1, critical: 2, full: 3 }

/** Pure: from the free share and the level before. */
export function levelOf(freeShare: number, before: DiskState['level'], full: boolean): DiskState['level'] {
  if (full) return 'full'
  const now = freeShare < CRITICAL ? 'critical' : freeShare < LOW ? 'low' : 'ok'
  if (RANK[now] >= RANK[before]) return now
  const bound = before === 'low' ? LOW : CRITICAL
  return freeShare > bound + SLACK ? now : before === 'full' ? 'critical' : before
}

export function createClipDisk({
  folder,
  limits: first,
  rings,
  onState,
  publishFirst = false,
  freeOf = statfsOf,
}: {
  folder: string
  limits: DiskLimits
  rings(): ClipRing[]
  onState(state: DiskState): void
  /** Whether somebody was told before, by a thread that has ended. */ publishFirst?: boolean
  /** For a test of a disk that cannot be had. */ freeOf?: (folder: string) => Promise<{ free: number; total: number }>
}) {
  let limits = first
  let queued = 0
  let state: DiskState = { level: 'ok', free: Number.POSITIVE_INFINITY, total: 0, used: 0, problem: null }
  let nothingLeft = false
  let mustPublish = publishFirst
  /** By the room on the disk alone. */
  let room: DiskState['level'] = 'ok'
  /** Incidents hold more than the site's own limit. */
  let overMost = false

  /** Nothing below the reserve; an incident's own picture may use half of it. */
  const gate: DiskGate = {
    refuses(bytes, held) {
      if (queued + bytes > MOST_QUEUED)
        return `The disk is too slow: ${Math.round(queued / 1e6)} MB wait to be written. This picture is not kept.`
      const bound = held ? limits.reserve / 2 : limits.reserve
      return state.free - queued - bytes < bound && nothingLeft
        ? 'The disk is full, and all that it holds is held by incidents. This picture is not kept.'
        : null
    },
    queued: (bytes) => void (queued += bytes),
  }

  /** The oldest picture of all cameras goes first. Returns what there is no more room for. */
  async function makeRoom(missing: number): Promise<number> {
    let still = missing
    while (still > 0) {
      // A bucket that the disk does not let go of is none of these afterwards.
      const oldest = rings()
        .map((ring) => ({ ring, start: ring.oldestFree() }))
        .reduce<{ ring: ClipRing; start: number } | null>(
          (found, { ring, start }) => (start !== null && (!found || start < found.start) ? { ring, start } : found),
          null,
        )
      if (!oldest) return still
      still -= await oldest.ring.evictOldest()
    }
    return 0
  }

  return {
    gate,
    limit(next: DiskLimits): void {
      limits = next
    },
    state: () => state,
    /** Looks, makes room, and says what changed. */
    async look(): Promise<void> {
      const usedNow = (): number => rings().reduce((sum, ring) => sum + ring.bytes(), 0)
      const used = usedNow()
      const { free, total } = await freeOf(folder)
      const missing = Math.max(limits.reserve - free, limits.most === null ? 0 : used - limits.most, 0)
      const still = missing > 0 ? await makeRoom(missing) : 0
      const now = missing > 0 ? await freeOf(folder) : { free, total }
      // The site's own limit refuses nothing: what incidents hold may be more than it.
      nothingLeft = still > 0 && now.free < limits.reserve
      const [before, wasOverMost] = [state.level, overMost]
      overMost = still > 0 && !nothingLeft
      room = levelOf(total === 0 ? 1 : now.free / total, room, nothingLeft)
      const level = overMost && RANK[room] < RANK.critical ? 'critical' : room
      state = {
        level,
        ...now,
        used: usedNow(),
        problem: overMost ? overMostText(limits.most ?? 0) : wordsFor(level, now.free, total),
      }
      if (mustPublish || level !== before || overMost !== wasOverMost) onState(state)
      mustPublish = false
    },
  }
}

function wordsFor(level: DiskState['level'], free: number, total: number): string | null {
  if (level === 'ok') return null
  const room = `${Math.round((free / total) * 100)} % (${(free / 1e9).toFixed(1)} GB) of the clip buffers' disk is free`
  return level === 'full'
    ? `${room}, and everything else is held by incidents: new pictures are not kept. Make room on the disk, or close incidents.`
    : `${room}.`
}

const overMostText = (most: number): string =>
  `Incidents hold more than storage: most (${(most / 1e9).toFixed(1)} GB) of the clip buffers: of no ` +
  'camera more than the last minutes are kept beside that. Close incidents, let old clips go, or allow more.'

async function statfsOf(folder: string): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, total: blocks * bsize }
}
