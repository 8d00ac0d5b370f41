/**
 * Lets go of what the site's rule does not keep any more: told first, written down with hashes before it goes. A lock
 * keeps it whatever the rule says. Not here: how a ring lets go of bytes (clip), what an export is (export-desk).
 */
import { createHash } from 'node:crypto'
import type { CameraId } from '../../glossary/camera.ts'
import type { Export, Keeping, Kept, Lock, StoredRange, UnlockRequest } from '../../glossary/evidence.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Append, Entry } from '../../glossary/ledger.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { isMadeFor, isSameName } from './unlock-rule.ts'
import { type RetentionBook, endOf } from './retention-book.ts'
import { createRetentionOrder } from './retention-order.ts'

export type RetentionPort = {
  rule(): { keepMs: number; warnMs: number; unlockByTwo: boolean }
  stored(camera: CameraId, range: { from: number; to: number }): Promise<StoredRange>
  /** Whether it is in the site file: one that is not has no clip buffer here. */
  hasCamera(camera: CameraId): boolean
  /** The recorder's clock was set by hours lately: nothing is let go by it. */
  clockWasSet(): boolean
  release(incident: IncidentId, camera: CameraId): void
  packages(): Export[]
  removePackage(id: string, reason: string): Promise<unknown>
  /** Entries of the record about an account. */
  about(user: string): Promise<Entry[]>
}

const LOOK_MS = 60_000
const DAY = 86_400_000
/** What nobody agreed to for so long is asked for again. */
const ASKED_FOR_MS = 7 * DAY

export function startRetention({
  clock,
  book,
  append,
  port,
  onError,
  lookMs = LOOK_MS,
}: {
  clock: Clock
  book: RetentionBook
  append: Append
  port: RetentionPort
  onError(error: unknown): void
  lookMs?: number
}) {
  const stopped = new AbortController()
  const view = (kept: Kept): Keeping => {
    const { keepMs, warnMs } = port.rule()
    const endsAt = endOf(kept, keepMs)
    const lock = kept.lock && { ...kept.lock, unlock: askedFor(kept.lock) }
    return { ...kept, lock, endsAt, expiring: endsAt !== null && Date.parse(endsAt) - warnMs <= clock.now() }
  }

  /** Numbers of another start say something else. */
  const startedAt = clock.now().toString(36)
  let order = createRetentionOrder()
  let orderedFor: number | null = null
  /** The order as it is now. The site's rule changes it as a whole, an entry only its incident's place. */
  function ordered(): typeof order {
    const { keepMs } = port.rule()
    const changed = book.takeTouched()
    if (orderedFor !== keepMs) {
      order = createRetentionOrder()
      orderedFor = keepMs
      for (const kept of book.all()) order.put(kept.incident, endOf(kept, keepMs))
      return order
    }
    for (const id of changed) {
      const kept = book.get(id)
      if (kept && kept.clips.length > 0) order.put(id, endOf(kept, keepMs))
      else order.remove(id)
    }
    return order
  }
  const viewOf = (id: IncidentId): Keeping[] => {
    const kept = book.get(id)
    return kept && kept.clips.length > 0 ? [view(kept)] : []
  }
  const warnedUntil = (): string => isoTime(clock.now() + port.rule().warnMs)

  /** The hash over number and hash of each segment, in order: what went can be recognised, and not be seen. */
  async function deleteRecording(kept: Kept): Promise<void> {
    const days = Math.round(port.rule().keepMs / DAY)
    for (const clip of kept.clips) {
      const range = { from: Date.parse(clip.from), to: Date.parse(clip.to ?? kept.closedAt ?? isoTime(clock.now())) }
      const { segments } = port.hasCamera(clip.camera) ? await port.stored(clip.camera, range) : { segments: [] }
      // Meanwhile somebody may have locked it, or opened it again.
      if (!isDue(kept.incident)) return
      const hash = createHash('sha256')
      for (const { number, sha256 } of segments) hash.update(`${number} ${sha256}\n`)
      const body = {
        incident: kept.incident,
        camera: clip.camera,
        from: clip.from,
        to: isoTime(range.to),
        segments: segments.length,
        bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
        sha256: hash.digest('hex'),
        why: kept.lock
          ? `the lock ended, and the site keeps clips for ${days} days`
          : `the site keeps clips for ${days} days after an incident is closed`,
      }
      // First written down, then let go: what went without an entry would be a loss that nobody can explain.
      await append([{ kind: 'clip.deleted', actor: 'lamppost', subject: kept.incident, body }]).durable
      port.release(kept.incident, clip.camera)
    }
  }
  /**
   * Warned of long enough ago: what is due already when it is first told is kept for that much longer, so that nobody
   * is surprised.
   */
  function isDue(id: IncidentId): boolean {
    const kept = book.get(id)
    const { endsAt, warnedOf, warnedAt } = kept ? view(kept) : { endsAt: null, warnedOf: null, warnedAt: null }
    const now = clock.now()
    return (
      endsAt !== null &&
      warnedOf === endsAt &&
      Date.parse(endsAt) <= now &&
      now - Date.parse(warnedAt ?? '') >= Math.min(port.rule().warnMs, DAY)
    )
  }
  async function lookAtClips(kept: Keeping): Promise<void> {
    if (kept.endsAt === null || !kept.expiring) return
    if (kept.warnedOf !== kept.endsAt)
      await append([
        {
          kind: 'clip.expiring',
          actor: 'lamppost',
          subject: kept.incident,
          body: { incident: kept.incident, at: kept.endsAt },
        },
      ]).durable
    else if (isDue(kept.incident)) await deleteRecording(kept)
  }
  /**
   * When the site's rule lets a package go: as long after it was made as clips, unless its incident is locked; null
   * for never.
   */
  function packageEnd({
    incident,
    state,
    deletedAt,
    changedAt,
  }: Pick<Export, 'incident' | 'state' | 'deletedAt' | 'changedAt'>): string | null {
    if (deletedAt !== null || (state !== 'ready' && state !== 'failed')) return null
    return endOf(
      { closedAt: changedAt, lock: incident === null ? null : (book.get(incident)?.lock ?? null) },
      port.rule().keepMs,
    )
  }
  async function lookAtPackage(made: Export, all: readonly Export[]): Promise<void> {
    const end = packageEnd(made)
    const now = clock.now()
    const { keepMs, warnMs } = port.rule()
    if (end === null || Date.parse(end) - warnMs > now) return
    // One that failed has nothing that anybody could miss.
    if (made.state === 'ready' && made.warnedOf !== end)
      return void (await append([
        {
          kind: 'export.expiring',
          actor: 'lamppost',
          subject: made.id,
          body: { export: made.id, incident: made.incident, at: end },
        },
      ]).durable)
    const told = made.state === 'failed' || now - Date.parse(made.warnedAt ?? '') >= Math.min(warnMs, DAY)
    const parent = all.some(
      ({ parentExport, state }) => parentExport === made.id && (state === 'queued' || state === 'cutting'),
    )
    if (Date.parse(end) <= now && told && !parent)
      await port.removePackage(made.id, `the site keeps packages for ${Math.round(keepMs / DAY)} days`)
  }
  async function look(): Promise<void> {
    if (port.clockWasSet()) return
    // One that cannot be let go must not keep all others.
    const { incidents } = ordered().page(null, Number.POSITIVE_INFINITY, warnedUntil())
    for (const kept of incidents.flatMap(viewOf)) await lookAtClips(kept).catch(onError)
    const packages = port.packages()
    for (const made of packages) await lookAtPackage(made, packages).catch(onError)
  }
  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look().catch(onError)
      await clock.sleep(lookMs, stopped.signal)
    }
  }
  const watching = watch()

  const askedFor = ({ unlock = null }: Lock): UnlockRequest | null =>
    unlock && clock.now() - Date.parse(unlock.at) < ASKED_FOR_MS ? unlock : null

  /** @throws incident/unknown when nothing is kept for it */
  function keptFor(id: string): Kept {
    const kept = book.get(id)
    if (!kept || kept.clips.length === 0) throw new Failure('clip/none', `No recording is kept for incident "${id}".`)
    return kept
  }
  return {
    /** Of which incidents something is kept now, in the order of the pages. */
    ids: (): IncidentId[] => ordered().page(null, Number.POSITIVE_INFINITY).incidents,
    /** A page of what is kept, what ends first first, what has no end last; `expiring`: only what ends soon. */
    page({ after, limit, expiring }: { after: string | null; limit: number; expiring: boolean }): {
      items: Keeping[]
      next: string | null
    } {
      const { incidents, next } = ordered().page(after, limit, expiring ? warnedUntil() : null)
      return { items: incidents.flatMap(viewOf), next }
    },
    /** What is kept for these; those for which nothing is are left out. */
    of: (ids: readonly IncidentId[]): Keeping[] => ids.flatMap(viewOf),
    /** The same words as long as the same would be told. */
    version: (): string => `${startedAt}-${book.revision()}-${ordered().countUntil(warnedUntil())}`,
    /** Of a package: when it ends, and whether that is soon. */
    packageEnds(made: Export): { endsAt: string | null; expiring: boolean } {
      const endsAt = packageEnd(made)
      return { endsAt, expiring: endsAt !== null && Date.parse(endsAt) - port.rule().warnMs <= clock.now() }
    },
    /** @param until UTC ISO 8601, or null for ever. @throws clip/none, request/invalid */
    async lock(
      id: string,
      { by, reason, until }: { by: string; reason: string; until: string | null },
      actor: string,
    ): Promise<Keeping> {
      const { incident, kind } = keptFor(id)
      if (kind === 'drill')
        throw new Failure('request/invalid', 'A drill is no evidence: what it held is let go when it ends.')
      if (until !== null && Date.parse(until) <= clock.now())
        throw new Failure('request/invalid', `A lock until ${until} would have ended already.`)
      const { lock } = keptFor(id)
      // A lock that ends tomorrow undoes one for ever.
      if (
        port.rule().unlockByTwo &&
        lock &&
        until !== null &&
        (lock.until === null || Date.parse(until) < Date.parse(lock.until))
      )
        throw new Failure('clip/lock-shorter', 'A lock is made shorter as it is undone here: by two people.')
      await append([{ kind: 'clip.locked', actor, subject: incident, body: { incident, by, reason, until } }]).durable
      return view(keptFor(id))
    },
    /**
     * Where the site wants two people, the first asks, and another one who says the same undoes it.
     * @param user what they sign in as; null: they came with a token
     * @throws clip/none, request/invalid when it is not locked, clip/same-person, people/forbidden
     */
    async unlock(
      id: string,
      { by, user, reason }: { by: string; user: string | null; reason: string },
      actor: string,
    ): Promise<Keeping> {
      const { incident, lock } = keptFor(id)
      if (!lock) throw new Failure('request/invalid', `Incident ${id} is not locked.`)
      const asked = askedFor(lock)
      const body = { incident, by, reason }
      if (!port.rule().unlockByTwo) await append([{ kind: 'clip.unlocked', actor, subject: incident, body }]).durable
      else if (user === null)
        throw new Failure('people/forbidden', 'Two people undo a lock here, each signed in by their own name.')
      else if (!asked)
        await append([{ kind: 'clip.unlock-asked', actor, subject: incident, body: { ...body, user } }]).durable
      else if (asked.user === user || isSameName(asked.by, by))
        throw new Failure('clip/same-person', `${by} has asked for it already; somebody else must agree.`)
      else if (isMadeFor(await port.about(user), asked, by))
        throw new Failure(
          'clip/same-person',
          'This account was made or changed by who asks, or since: somebody else must agree.',
        )
      else {
        const agreed = { ...body, asked: { by: asked.by, reason: asked.reason } }
        await append([{ kind: 'clip.unlocked', actor, subject: incident, body: agreed }]).durable
      }
      return view(keptFor(id))
    },
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}
