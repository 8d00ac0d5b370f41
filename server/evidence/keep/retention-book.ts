/**
 * What is kept for incidents that are closed, and until when, as the ledger's entries make it. Decides nothing but
 * the date.
 */
import type { CameraId } from '../../glossary/camera.ts'
import type { Kept } from '../../glossary/evidence.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Fold, Recorded } from '../../glossary/ledger.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import { isoTime } from '../../tools/clock.ts'

export type RetentionBook = ReturnType<typeof createRetentionBook>

/**
 * When the site's rule lets it go: null for never, as long as it is not closed or is locked without an end. Pure.
 * @param keepMs after the closing.
 */
export function endOf({ closedAt, lock }: Pick<Kept, 'closedAt' | 'lock'>, keepMs: number): string | null {
  if (closedAt === null || (lock && lock.until === null)) return null
  return isoTime(Math.max(Date.parse(closedAt) + keepMs, lock?.until ? Date.parse(lock.until) : 0))
}

export function createRetentionBook() {
  const kept = new Map<IncidentId, Kept>()
  /** Those that are another than when they were last asked for. */
  let touched = new Set<IncidentId>()
  let revision = 0
  function touch(id: IncidentId): void {
    touched.add(id)
    revision += 1
  }
  function put(id: IncidentId, what: Kept): void {
    kept.set(id, what)
    touch(id)
  }
  function drop(id: IncidentId): void {
    kept.delete(id)
    touch(id)
  }
  const change = (id: IncidentId, to: Partial<Kept>): void => {
    const known = kept.get(id)
    if (known) put(id, { ...known, ...to })
  }
  const without = (id: IncidentId, camera: CameraId): void => {
    const known = kept.get(id)
    if (!known) return
    const clips = known.clips.filter((clip) => clip.camera !== camera)
    // Until it is closed more may come; afterwards nothing is left to keep.
    if (clips.length === 0 && known.closedAt !== null) drop(id)
    else put(id, { ...known, clips })
  }
  const book = {
    apply(entry: Recorded): void {
      switch (entry.kind) {
        case 'incident.opened':
          put(entry.body.incident, {
            ...entry.body,
            openedAt: entry.at,
            closedAt: null,
            clips: [],
            lock: null,
            warnedOf: null,
            warnedAt: null,
          })
          break
        case 'press.received':
          if (entry.body.press.kind === 'press') change(entry.body.incident, { kind: 'press' })
          break
        case 'clip.held': {
          const { incident, ...clip } = entry.body
          const known = kept.get(incident)
          if (known)
            put(incident, { ...known, clips: [...known.clips.filter(({ camera }) => camera !== clip.camera), clip] })
          break
        }
        case 'clip.released':
        case 'clip.deleted':
          without(entry.body.incident, entry.body.camera)
          break
        case 'incident.closed': {
          const known = kept.get(entry.body.incident)
          if (known && known.clips.length === 0) drop(entry.body.incident)
          else change(entry.body.incident, { closedAt: entry.at })
          break
        }
        case 'incident.reopened':
          // It held nothing when it was closed, and was forgotten.
          if (!kept.has(entry.body.incident))
            put(entry.body.incident, {
              incident: entry.body.incident,
              helpPoint: '' as HelpPointId,
              kind: 'press',
              openedAt: entry.at,
              closedAt: null,
              clips: [],
              lock: null,
              warnedOf: null,
              warnedAt: null,
            })
          change(entry.body.incident, { closedAt: null, warnedOf: null, warnedAt: null })
          break
        case 'clip.locked': {
          const { incident, ...lock } = entry.body
          change(incident, { lock: { ...lock, at: entry.at } })
          break
        }
        case 'clip.unlock-asked': {
          const { incident, ...asked } = entry.body
          const lock = kept.get(incident)?.lock
          if (lock) change(incident, { lock: { ...lock, unlock: { ...asked, at: entry.at } } })
          break
        }
        case 'clip.unlocked':
          // What was told before the lock is long forgotten: it is told again.
          change(entry.body.incident, { lock: null, warnedOf: null, warnedAt: null })
          break
        case 'clip.expiring':
          change(entry.body.incident, { warnedOf: entry.body.at, warnedAt: entry.at })
          break
        default:
      }
    },
    save: (): Kept[] => [...kept.values()],
    restore(saved: Kept[]): void {
      for (const each of saved) put(each.incident, each)
    },
    /** In the order in which they were opened. */
    all: (): Kept[] => [...kept.values()].filter(({ clips }) => clips.length > 0),
    /** What has changed since this was last asked; by one only. */
    takeTouched(): IncidentId[] {
      const all = [...touched]
      touched = new Set()
      return all
    },
    /** Another number after each change. */
    revision: (): number => revision,
    get: (id: string): Kept | null => kept.get(id as IncidentId) ?? null,
  } satisfies Fold & Record<string, unknown>
  return book
}
