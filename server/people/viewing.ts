/**
 * Who looks at which camera: every look is an entry before its first picture goes out, and outside an incident the
 * site may demand a reason first. What an open incident shows is never kept waiting, not for a disk either.
 */
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Look, Person, ViewReason } from '../glossary/people.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'

type View = {
  incident: IncidentId | null
  reason: string | null
  begunAt: number
  seenAt: number
  seq: number
  durable: boolean
}
export type ViewingPort = {
  clock: Clock
  append: Append
  /** @throws ledger/unavailable when that entry is not durable now */
  whenDurable(seq: number): Promise<void>
  /** An open incident that shows the camera, as its first or as a further view. */
  incidentOf(camera: CameraId): IncidentId | null
  /** Whether the site wants a reason for what no incident asks for. */
  reasonWanted(): boolean
}

/**
 * A look that is taken up again within this time goes on: a page that is loaded again, pages that go round all
 * cameras.
 */
const SAME_LOOK_MS: Record<Look, number> = { live: 5 * 60_000, still: 60 * 60_000, clip: 5 * 60_000 }
/** However long it lasts, it is written again so often. */
const LONGEST_LOOK_MS = 60 * 60_000
const REASON_HOLDS_MS = 60 * 60_000
const SWEEP_AT = 2000

/** Names are not unique: roles and sources of tokens tell people apart as well as the record can. */
const personKey = ({ role, name, user = '' }: Person): string => `${role}\n${name}\n${user}`

export function createViewing({ clock, append, whenDurable, incidentOf, reasonWanted }: ViewingPort) {
  const views = new Map<string, View>()
  const reasons = new Map<string, { reason: string; until: number }>()
  const now = clock.monotonic

  function reasonOf(person: Person, camera: CameraId): string | null {
    for (const seen of [camera, '']) {
      const given = reasons.get(`${personKey(person)}\n${seen}`)
      if (given && given.until > now()) return given.reason
    }
    return null
  }
  function sweep(): void {
    for (const [key, { until }] of reasons) if (until <= now()) reasons.delete(key)
    if (views.size >= SWEEP_AT)
      for (const [key, { seenAt }] of views) if (now() - seenAt > SAME_LOOK_MS.still) views.delete(key)
  }

  /** The look that goes on, or a new one, written down. */
  function viewOf(
    person: Person,
    camera: CameraId,
    what: Look,
    { incident, reason, unmasked = false }: Pick<View, 'incident' | 'reason'> & { unmasked?: boolean },
  ): View {
    const key = `${personKey(person)}\n${camera}\n${what === 'clip' ? incident : what}${unmasked ? ' unmasked' : ''}`
    const before = views.get(key)
    if (
      before &&
      before.incident === incident &&
      before.reason === reason &&
      now() - before.seenAt < SAME_LOOK_MS[what] &&
      now() - before.begunAt < LONGEST_LOOK_MS
    ) {
      before.seenAt = now()
      return before
    }
    sweep()
    const { recorded, durable } = append([
      {
        kind: 'camera.viewed',
        actor: `${person.role}:${person.name}`,
        subject: camera,
        body: {
          ...{ camera, what, by: person.name, forIncident: incident, reason },
          ...(unmasked ? { unmasked } : {}),
        },
      },
    ])
    const view: View = { incident, reason, begunAt: now(), seenAt: now(), seq: recorded[0]?.seq ?? 0, durable: false }
    // The ledger goes on trying; whoever must not look before that waits below.
    durable.then(
      () => (view.durable = true),
      () => {},
    )
    views.set(key, view)
    return view
  }

  /** @throws ledger/unavailable */
  async function mustBeDurable(view: View, words: string): Promise<void> {
    if (view.durable) return
    await whenDurable(view.seq).catch(() => {
      throw new Failure('ledger/unavailable', `${words}; ask again.`)
    })
    view.durable = true
  }

  return {
    /** @param camera null: any. @returns until when it holds. */
    give(person: Person, reason: string, camera: CameraId | null): ViewReason {
      sweep()
      reasons.set(`${personKey(person)}\n${camera ?? ''}`, { reason, until: now() + REASON_HOLDS_MS })
      return { reason, camera, until: isoTime(clock.now() + REASON_HOLDS_MS) }
    },
    /**
     * Before each picture, or from time to time while they flow.
     * @throws view/no-reason; ledger/unavailable when no incident asks for this picture and it cannot be written down
     */
    async admit(person: Person, camera: CameraId, what: 'live' | 'still'): Promise<void> {
      const incident = incidentOf(camera)
      const reason = incident === null ? reasonOf(person, camera) : null
      if (incident === null && reason === null && reasonWanted())
        throw new Failure(
          'view/no-reason',
          `No open incident shows ${camera}; say why you look at it first (POST /api/v1/views).`,
        )
      const view = viewOf(person, camera, what, { incident, reason })
      if (incident === null)
        await mustBeDurable(view, `A look at ${camera} cannot be written down now, and no incident shows it`)
    },
    /**
     * Before each piece of what an incident holds, without the camera’s privacy masks. The reason is given before it,
     * like that for a look that no incident asks for.
     * @throws view/no-reason, ledger/unavailable
     */
    async unmasked(person: Person, camera: CameraId, incident: IncidentId): Promise<void> {
      // Of this camera: one that was given for any says nothing of what lies behind a mask.
      const given = reasons.get(`${personKey(person)}\n${camera}`)
      const reason = given && given.until > now() ? given.reason : null
      if (reason === null)
        throw new Failure(
          'view/no-reason',
          `${camera} has privacy masks; say why you look behind them first (POST /api/v1/views).`,
        )
      const view = viewOf(person, camera, 'clip', { incident, reason, unmasked: true })
      await mustBeDurable(view, `A look behind the privacy masks of ${camera} cannot be written down now`)
    },
    /** Somebody plays what an incident holds; that is its own reason. */
    played: (person: Person, camera: CameraId, incident: IncidentId): void =>
      void viewOf(person, camera, 'clip', { incident, reason: null }),
  }
}
