/**
 * Who looks at which camera: every look is an entry before its first picture goes out, and outside an incident the site may demand
 * a reason first. An incident's own cameras are never kept waiting, not for a disk either.
 */
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Person, ViewReason } from '../glossary/people.ts'
import { isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'

type View = { incident: IncidentId | null; reason: string | null; what: 'live' | 'still'; seenAt: number; recorded: Promise<unknown> }
export type ViewingPort = {
  now(): number
  append: Append
  /** An open incident that shows the camera, as its first or as a further view. */
  incidentOf(camera: CameraId): IncidentId | null
  /** Whether the site wants a reason for what no incident asks for. */
  reasonWanted(): boolean
}

/** A look that is taken up again within this time goes on: a page that is loaded again, a network that broke. */
const SAME_LOOK_MS = 5 * 60_000
const REASON_HOLDS_MS = 60 * 60_000
const SWEEP_AT = 2000

export function createViewing({ now, append, incidentOf, reasonWanted }: ViewingPort) {
  const views = new Map<string, View>()
  const reasons = new Map<string, ViewReason & { untilMs: number }>()

  function reasonOf(person: Person, camera: CameraId): string | null {
    for (const key of [`${person.name}\n${camera}`, `${person.name}\n`]) {
      const given = reasons.get(key)
      if (given && given.untilMs > now()) return given.reason
      reasons.delete(key)
    }
    return null
  }
  function sweep(): void {
    if (views.size < SWEEP_AT) return
    for (const [key, { seenAt }] of views) if (now() - seenAt > SAME_LOOK_MS) views.delete(key)
    for (const [key, { untilMs }] of reasons) if (untilMs <= now()) reasons.delete(key)
  }

  return {
    /** @returns until when it holds. */
    give(person: Person, reason: string, camera: CameraId | null): ViewReason {
      const untilMs = now() + REASON_HOLDS_MS
      const given = { reason, camera, until: isoTime(untilMs) }
      reasons.set(`${person.name}\n${camera ?? ''}`, { ...given, untilMs })
      return given
    },
    /**
     * Before each picture, or from time to time while they flow.
     * @throws view/no-reason; whatever the ledger throws, when no incident asks for this picture
     */
    async admit(person: Person, camera: CameraId, what: View['what']): Promise<void> {
      const incident = incidentOf(camera)
      const reason = incident === null ? reasonOf(person, camera) : null
      if (incident === null && reason === null && reasonWanted()) throw new Failure('view/no-reason', `No open incident shows ${camera}; say why you look at it first (POST /api/v1/views).`)
      const key = `${person.name}\n${camera}\n${what}`
      const before = views.get(key)
      if (before && now() - before.seenAt < SAME_LOOK_MS && before.incident === incident && before.reason === reason) before.seenAt = now()
      else {
        sweep()
        const recorded = append([{ kind: 'camera.viewed', actor: `${person.role}:${person.name}`, subject: camera, body: { camera, what, by: person.name, incident, reason } }]).durable
        // Not durable, not a look: the next one is written again.
        recorded.catch(() => views.delete(key))
        views.set(key, { incident, reason, what, seenAt: now(), recorded })
      }
      if (incident === null) await views.get(key)?.recorded
    },
  }
}
