/**
 * All incidents as the ledger's entries make them. Follows entries in order; decides nothing. In memory: the
 * unfinished ones and a few that were closed lately; the others are folded again from their own entries when somebody
 * asks.
 */
import type { CameraId } from '../glossary/camera.ts'
import type { Clip } from '../glossary/clip.ts'
import type { Incident, IncidentId, IncidentState } from '../glossary/incident.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import { foldIncident, incidentOf, usesHead } from './incident-machine.ts'

/** What the ledger has of incidents that are not in memory. */
export type IncidentHistory = {
  about(subject: string): Promise<Recorded[]>
  /** Newest first. */ openedBefore(seq: number, limit: number): Promise<{ seq: number; subject: string }[]>
}
export type IncidentBook = ReturnType<typeof createIncidentBook>

const CLOSED_IN_MEMORY = 200
const NOTHING_BEFORE: IncidentHistory = { about: async () => [], openedBefore: async () => [] }
type Saved = { incidents: Incident[]; held: [IncidentId, Clip[]][] }

function unlessUnknown(error: unknown): null {
  if (error instanceof Failure && error.code === 'incident/unknown') return null
  throw error
}

export function createIncidentBook(history: IncidentHistory = NOTHING_BEFORE) {
  const unfinished = new Map<IncidentId, Incident>()
  const closed = new Map<IncidentId, Incident>()
  const openAt = new Map<HelpPointId, IncidentId>()
  /** Every clip that any incident holds, also of those that nobody looks at any more. */
  const held = new Map<IncidentId, readonly Clip[]>()
  /** Read as closed long ago and opened again since: folded anew from their own entries once everything was read. */
  const reopened = new Set<IncidentId>()

  /** What is recorded of an incident while it is read from the ledger, for each who reads it. */
  const reading = new Map<IncidentId, Recorded[][]>()

  const inMemory = (id: IncidentId): Incident | null => unfinished.get(id) ?? closed.get(id) ?? null
  const openedAt = ({ log }: Incident): number => log[0]?.seq ?? 0

  function keep(incident: Incident): void {
    const { id, helpPoint } = incident
    if (incident.state !== 'closed') {
      unfinished.set(id, incident)
      closed.delete(id)
      openAt.set(helpPoint, id)
      return
    }
    unfinished.delete(id)
    if (openAt.get(helpPoint) === id) openAt.delete(helpPoint)
    closed.set(id, incident)
    const [oldest] = closed.keys()
    if (closed.size > CLOSED_IN_MEMORY && oldest !== undefined) closed.delete(oldest)
  }
  function holdAsIn(id: IncidentId, clips: readonly Clip[]): void {
    if (clips.length > 0) held.set(id, clips)
    else held.delete(id)
  }

  function joinedBy(helpPoint: HelpPointId): Incident | null {
    const id = openAt.get(helpPoint)
    return (id && unfinished.get(id)) ?? null
  }

  const book = {
    apply(entry: Recorded): void {
      const id = incidentOf(entry)
      if (id === null) return
      for (const each of reading.get(id) ?? []) each.push(entry)
      const incident = foldIncident(inMemory(id), entry)
      if (incident) {
        keep(incident)
        holdAsIn(id, incident.clips)
      } else if (entry.kind === 'incident.reopened') reopened.add(id)
      else if (entry.kind === 'clip.released' || entry.kind === 'clip.deleted')
        holdAsIn(
          id,
          (held.get(id) ?? []).filter(({ camera }) => camera !== entry.body.camera),
        )
    },
    save: (): Saved => ({
      incidents: [...closed.values(), ...unfinished.values()],
      held: [...held].map(([id, clips]) => [id, [...clips]]),
    }),
    restore({ incidents, held: clips }: Saved): void {
      incidents.forEach(keep)
      for (const [id, each] of clips) held.set(id, each)
    },
    /** The incident that a press of this help point joins. */
    openAt: joinedBy,
    /** The same incident by its id alone. */
    idAt: (helpPoint: string): IncidentId | null => joinedBy(helpPoint as HelpPointId)?.id ?? null,
    /** One that is in memory: unfinished, loaded, or closed lately. @throws incident/unknown */
    get(id: string): Incident {
      const incident = inMemory(id as IncidentId)
      if (!incident) throw new Failure('incident/unknown', `There is no incident "${id}".`)
      return incident
    },
    /** Any incident there ever was; from now on `get` has it. @throws incident/unknown */
    async load(id: string): Promise<Incident> {
      const incident = await book.read(id)
      if (!inMemory(incident.id)) keep(incident)
      return book.get(id)
    },
    /** The same, for who only reads: a long list does not take those out of memory that somebody works on. */
    async read(id: string): Promise<Incident> {
      const known = inMemory(id as IncidentId)
      if (known) return known
      const meanwhile: Recorded[] = []
      reading.set(id as IncidentId, [...(reading.get(id as IncidentId) ?? []), meanwhile])
      const entries = await history.about(id).finally(() => {
        const others = (reading.get(id as IncidentId) ?? []).filter((each) => each !== meanwhile)
        if (others.length > 0) reading.set(id as IncidentId, others)
        else reading.delete(id as IncidentId)
      })
      const last = entries.at(-1)?.seq ?? 0
      const incident = [...entries, ...meanwhile.filter(({ seq }) => seq > last)].reduce<Incident | null>(
        foldIncident,
        null,
      )
      return incident ?? book.get(id)
    },
    /** Those that can be read; one whose entries are damaged is left out. */
    async readAll(ids: readonly string[]): Promise<Incident[]> {
      const found = await Promise.all(ids.map((id) => book.read(id).catch(unlessUnknown)))
      return found.filter((incident) => incident !== null)
    },
    /** After everything was read. */
    async settle(): Promise<void> {
      for (const id of reopened) {
        const incident = (await history.about(id)).reduce<Incident | null>(foldIncident, null)
        if (!incident) continue
        keep(incident)
        holdAsIn(id, incident.clips)
      }
      reopened.clear()
    },
    clipsOf: (incident: IncidentId): number => held.get(incident)?.length ?? 0,
    heldClips: (): { incident: IncidentId; clips: readonly Clip[] }[] =>
      [...held].map(([incident, clips]) => ({ incident, clips })),
    isOpen: (id: IncidentId): boolean => unfinished.has(id),
    unfinished: (): Incident[] => [...unfinished.values()],
    /** Another press, unfinished, whose help point one of these presets shows; null when there is none. */
    claimedBy(incident: IncidentId, presets: ReadonlyMap<HelpPointId, unknown>): IncidentId | null {
      for (const { id, kind, helpPoint } of unfinished.values())
        if (kind === 'press' && id !== incident && presets.has(helpPoint)) return id
      return null
    },
    /**
     * An unfinished incident whose tile shows this camera, as its first or as a further view, or that holds its clip;
     * null when there is none.
     */
    showing(camera: CameraId): IncidentId | null {
      for (const { id, framings, clips } of unfinished.values())
        if (framings.some((framing) => framing.camera === camera) || clips.some((clip) => clip.camera === camera))
          return id
      return null
    },
    /**
     * An unfinished incident that wants this camera's head to stay where it is, as its first camera or as a further
     * view; null when there is none.
     */
    using(camera: CameraId): IncidentId | null {
      for (const { id, framings } of unfinished.values())
        if (framings.some((framing) => framing.camera === camera && usesHead(framing))) return id
      return null
    },
    /**
     * Newest first; `after` is the id of the last one already seen.
     * @throws incident/unknown when there is no such one
     */
    async page(
      state: IncidentState | null,
      after: string | null,
      limit: number,
    ): Promise<{ items: Incident[]; next: IncidentId | null }> {
      const before = after === null ? Number.MAX_SAFE_INTEGER : openedAt(await book.load(after))
      const items: Incident[] = []
      const wanted = (incident: Incident): boolean => state === null || incident.state === state
      // What is unfinished is all in memory, durable or not; what is closed is all in the ledger.
      const young = [...unfinished.values(), ...closed.values()]
        .filter((incident) => openedAt(incident) < before)
        .sort((a, b) => openedAt(b) - openedAt(a))
      if (state === 'open' || state === 'acknowledged') items.push(...young.filter(wanted).slice(0, limit + 1))
      else
        for (let at = before; items.length <= limit;) {
          const found = await history.openedBefore(at, limit + 1)
          const floor = found.at(-1)?.seq ?? 0
          const ids = new Map([
            ...found.map(({ seq, subject }) => [subject, seq] as const),
            ...young.flatMap((incident) =>
              openedAt(incident) >= floor && openedAt(incident) < at
                ? [[incident.id as string, openedAt(incident)] as const]
                : [],
            ),
          ])
          for (const [id] of [...ids].sort((a, b) => b[1] - a[1]))
            items.push(...(await book.readAll([id])).filter(wanted))
          if (found.length <= limit) break
          at = floor
        }
      const page = items.slice(0, limit)
      return { items: page, next: items.length > limit ? (page.at(-1)?.id ?? null) : null }
    },
  } satisfies Fold & Record<string, unknown>
  return book
}
