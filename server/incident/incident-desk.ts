/**
 * What the room does with presses: opens, notes, closes; who has one is incident-ownership's. State is the book's,
 * which has followed every entry when `append` returns, so that the next decision already knows; durability is the
 * caller's to await.
 */
import type { CameraId, Framing, FramingRole } from '../glossary/camera.ts'
import type { ClosureCode, Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Draft, Entry, EntryBodies } from '../glossary/ledger.ts'
import type { HelpPointId, Press } from '../glossary/press.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import type { IncidentBook } from './incident-book.ts'
import { needsRecall, turns, usesHead } from './incident-machine.ts'
import { createIncidentOwnership, mustBeOwner } from './incident-ownership.ts'
import { type CameraPort, type Chosen, createIncidentFramings } from './incident-framings.ts'

/** How much of what followed a late press is held. */
const LATE_HOLD_MS = 10 * 60_000
/** Long enough to notice a mistake; a clip of many hours of other people would be one. */
const REOPEN_WITHIN_MS = 60 * 60_000

export type ClipPort = {
  preRollMs(camera: CameraId): number
  hold(incident: IncidentId, clip: { camera: CameraId; from: string; to: string | null }): void
  release(incident: IncidentId, camera: CameraId): void
}

/** `by`: the person who closes it; null: Lamppost itself. `seen`: the newest entry that this person has seen. */
type Closing = { code?: ClosureCode; seen?: number | null; by?: string | null }

export function createIncidentDesk(options: {
  clock: Clock
  book: IncidentBook
  append: Append
  cameras: CameraPort
  clips: ClipPort
  helpPointName(id: HelpPointId): string
  instructions(id: HelpPointId): string[]
}) {
  const { clock, book, cameras, clips, helpPointName, instructions } = options

  function append(drafts: Draft[]): { last: number; durable: Promise<Entry[]> } {
    const { recorded, durable } = options.append(drafts)
    return { last: recorded.at(-1)?.seq ?? 0, durable }
  }

  const framings = createIncidentFramings({ clock, cameras, record: append, incident: book.get, helpPointName })

  /** @param to null while the incident goes on. */
  function holdDrafts(
    id: IncidentId,
    wanted: readonly CameraId[],
    pressedAt: number,
    to: string | null = null,
  ): Draft[] {
    const known = new Map(book.get(id).clips.map((clip) => [clip.camera, clip]))
    return wanted
      .filter((camera) => known.get(camera)?.to !== null)
      .map((camera): Draft => {
        // What a late press holds of before stays held: the clip begins there.
        const from = Math.min(
          pressedAt - clips.preRollMs(camera),
          Date.parse(known.get(camera)?.from ?? '') || Number.POSITIVE_INFINITY,
        )
        const clip = { camera, from: isoTime(from), to }
        clips.hold(id, clip)
        return { kind: 'clip.held', actor: 'lamppost', subject: id, body: { incident: id, ...clip } }
      })
  }

  /**
   * Call it after the incident was loaded, and do not await between it and what is written: another hand may be
   * quicker.
   * @throws incident/closed
   */
  function unfinished(id: string): Incident {
    const incident = book.get(id)
    if (incident.state === 'closed')
      throw new Failure('incident/closed', `Incident ${id} is closed; it takes no more changes.`)
    return incident
  }

  /** @param actor whose doing it is for this incident; without one it is the camera's */
  async function brought(incident: Incident, chosen: Chosen, role: FramingRole, actor?: string): Promise<void> {
    const another = incident.framings.some((framing) => framing.role === 'primary' && framing.camera !== chosen.camera)
    const before = role === 'primary' && another ? framings.demotePrimary(incident) : []
    const { draft } = framings.bring(incident, chosen, role, actor)
    const { durable } = append([...before, draft, ...holdDrafts(incident.id, [chosen.camera], clock.now())])
    framings.notifyPreempted([chosen.camera], incident.id, book.unfinished())
    await durable
  }

  async function write(id: IncidentId, draft: Draft): Promise<Incident> {
    await append([draft]).durable
    return book.load(id)
  }

  return {
    /**
     * A press opens an incident, or joins the one its help point has. Cameras are on their way when this returns.
     * @returns the incident, and the sequence number whose fsync the acknowledgement waits for.
     */
    pressed(press: Press): { incident: IncidentId; last: number; durable: Promise<unknown> } {
      const actor = `help-point:${press.helpPoint}`
      const open = book.openAt(press.helpPoint)
      if (open) {
        const first = open.kind === 'drill' && press.kind === 'press'
        // A test that is made where a person waits moves nothing of theirs.
        const test = press.kind === 'drill' && open.kind === 'press'
        const again =
          !press.late && !test && (open.state === 'open' || first || needsRecall(open, press.receivedAt))
            ? comeFor(open)
            : []
        const { last, durable } = append([
          { kind: 'press.received', actor, subject: open.id, body: { press, incident: open.id } },
          ...again,
        ])
        return { incident: open.id, last, durable }
      }
      const id = newId<IncidentId>('inc', clock.now())
      if (press.late) return pressedLate(id, press)
      // A drill gives way to a person.
      const { framings: asked, drafts } = framings.begin(id, press.helpPoint, press.kind, book.unfinished())
      const opened = append([
        {
          kind: 'incident.opened',
          actor,
          subject: id,
          body: { incident: id, helpPoint: press.helpPoint, kind: press.kind },
        },
        { kind: 'press.received', actor, subject: id, body: { press, incident: id } },
        ...drafts,
      ])
      const holds = holdDrafts(
        id,
        asked.map(({ camera }) => camera),
        Date.parse(press.receivedAt),
      )
      const held = holds.length > 0 ? append(holds) : opened
      framings.notifyPreempted(
        asked.flatMap(({ camera, way }) => (turns(way) ? [camera] : [])),
        id,
        book.unfinished(),
      )
      return { incident: id, last: held.last, durable: Promise.all([opened.durable, held.durable]) }
    },

    ...createIncidentOwnership({ clock, load: book.load, unfinished, write }),
    /**
     * It was closed too soon: it is the one's who opens it again, its clips go on, and cameras come as for a press.
     * Not for a drill, nor long after: everything recorded in between would be held.
     * @throws incident/not-closed, incident/closed, incident/other-open when its help point was pressed since
     */
    async reopen(id: string, owner: string, reason: string, actor: string): Promise<Incident> {
      const incident = await book.load(id)
      if (incident.state !== 'closed') throw new Failure('incident/not-closed', `Incident ${id} is not closed.`)
      if (incident.kind === 'drill')
        throw new Failure('incident/closed', 'A drill is not opened again; run another one.')
      if (clock.now() - Date.parse(incident.closedAt ?? '') > REOPEN_WITHIN_MS)
        throw new Failure(
          'incident/closed',
          `Incident ${id} was closed more than an hour ago: it takes notes, and a further press opens a new one.`,
        )
      const other = book.openAt(incident.helpPoint)
      if (other)
        throw new Failure(
          'incident/other-open',
          `${helpPointName(incident.helpPoint)} was pressed again since: that incident is open.`,
          { extra: { incident: other.id } },
        )
      // A late press moved nothing, and what was recorded then is held already.
      const late = incident.presses.every((press) => press.late)
      const heldAgain = late ? [] : incident.clips.map(({ camera, from }) => ({ camera, from, to: null }))
      // None of them is the first any more: whichever comes now is.
      const gone = incident.framings
        .filter((framing) => usesHead(framing) || framing.role === 'primary')
        .map((framing): Draft => ({
          kind: 'framing.changed',
          actor: 'lamppost',
          subject: incident.id,
          body: {
            incident: incident.id,
            framing: {
              ...framing,
              role: 'secondary',
              ...(usesHead(framing)
                ? { state: 'unproven', proofs: [], reason: 'It went back when the incident was closed.' }
                : {}),
            },
          },
        }))
      const { durable } = append([
        { kind: 'incident.reopened', actor, subject: incident.id, body: { incident: incident.id, owner, reason } },
        ...gone,
        ...heldAgain.map((clip): Draft => ({
          kind: 'clip.held',
          actor: 'lamppost',
          subject: incident.id,
          body: { incident: incident.id, ...clip },
        })),
      ])
      for (const clip of heldAgain) clips.hold(incident.id, clip)
      if (!late) {
        const { framings: asked, drafts } = framings.begin(
          incident.id,
          incident.helpPoint,
          incident.kind,
          book.unfinished(),
        )
        append([
          ...drafts,
          ...holdDrafts(
            incident.id,
            asked.map(({ camera }) => camera),
            clock.now(),
          ),
        ])
        framings.notifyPreempted(
          asked.flatMap(({ camera, way }) => (turns(way) ? [camera] : [])),
          incident.id,
          book.unfinished(),
        )
      }
      await durable
      return book.load(incident.id)
    },
    /**
     * @param replaces the number of the entry that this is a later version of: one's own note of the same incident.
     * @throws request/invalid
     */
    async note(id: string, text: string, actor: string, replaces: number | null = null): Promise<Incident> {
      const incident = await book.load(id)
      if (
        replaces !== null &&
        !incident.log.some((line) => line.seq === replaces && line.kind === 'incident.noted' && line.actor === actor)
      )
        throw new Failure('request/invalid', `Entry ${replaces} is no note of yours on this incident.`)
      return write(incident.id, {
        kind: 'incident.noted',
        actor,
        subject: incident.id,
        body: { incident: incident.id, text, ...(replaces === null ? {} : { replaces }) },
      })
    },
    /** Somebody steers a camera by hand: it is not known any more that it shows the place, and everybody is told. */
    steered(camera: CameraId, by: string): void {
      framings.steered(camera, `${by} has steered it by hand.`, book.unfinished())
    },
    async contacted(id: string, contact: string, outcome: string, actor: string): Promise<Incident> {
      await book.load(id)
      const incident = unfinished(id)
      return write(incident.id, {
        kind: 'incident.contacted',
        actor,
        subject: incident.id,
        body: { incident: incident.id, contact, outcome },
      })
    },
    /** @throws request/invalid when the help point has no such step */
    async tick(id: string, step: number, actor: string): Promise<Incident> {
      await book.load(id)
      const incident = unfinished(id)
      const text = instructions(incident.helpPoint)[step]
      if (text === undefined)
        throw new Failure(
          'request/invalid',
          `${helpPointName(incident.helpPoint)} has no instruction number ${step}; they count from 0.`,
        )
      if (incident.steps.some((ticked) => ticked.step === step)) return incident
      return write(incident.id, {
        kind: 'incident.step-ticked',
        actor,
        subject: incident.id,
        body: { incident: incident.id, step, text },
      })
    },
    /**
     * @throws incident/not-yours when a colleague has it
     * @throws incident/pressed-again when a press came after `seen`: nobody is closed away unseen
     */
    async close(
      id: string,
      reason: string,
      actor: string,
      { code = 'other', seen = null, by = null }: Closing = {},
    ): Promise<Incident> {
      await book.load(id)
      const incident = unfinished(id)
      if (by !== null && incident.owner !== null) mustBeOwner(incident, by)
      const press = incident.log.findLast(({ kind }) => kind === 'press.received' || kind === 'press.coalesced')
      if (seen !== null && press && press.seq > seen)
        throw new Failure(
          'incident/pressed-again',
          `${helpPointName(incident.helpPoint)} was pressed again meanwhile, at ${press.at}. Look once more, then close it.`,
          { extra: { pressedAt: press.at } },
        )
      const now = isoTime(clock.now())
      const ends = incident.clips.filter(({ to }) => to === null).map((clip) => ({ ...clip, to: now }))
      const { durable } = append([
        ...ends.map((clip): Draft => ({
          kind: 'clip.held',
          actor: 'lamppost',
          subject: incident.id,
          body: { incident: incident.id, ...clip },
        })),
        { kind: 'incident.closed', actor, subject: incident.id, body: { incident: incident.id, reason, code } },
      ])
      for (const clip of ends) clips.hold(incident.id, clip)
      await framings.end(incident.id, book.unfinished())
      await durable
      return book.load(incident.id)
    },
    /** Brings a camera by hand, or asks one again. @throws camera/held */
    async bring(id: string, chosen: Chosen, actor: string): Promise<Incident> {
      await book.load(id)
      const incident = unfinished(id)
      const { camera } = chosen
      const holder = cameras.heldBy(camera)
      if (holder !== null && holder !== incident.id)
        throw new Failure('camera/held', `${camera} is held by another open incident.`, { extra: { heldBy: holder } })
      const known = incident.framings.find((framing) => framing.camera === camera)
      const hasFirst = incident.framings.some(({ role, state }) => role === 'primary' && state !== 'failed')
      await brought(incident, chosen, hasFirst ? (known?.role ?? 'secondary') : 'primary', actor)
      return book.load(incident.id)
    },
    /**
     * The operator's word on a camera that another incident asked for. Given, it goes there at once and is that
     * incident's first camera; whoever else asked for it asks there.
     * @throws incident/not-asked, incident/closed, camera/held when it is not this incident's to give any more
     */
    async answerRequest(
      id: string,
      { camera, by, answer }: { camera: CameraId; by: IncidentId; answer: 'give' | 'keep' },
      actor: string,
      chosenFor: (other: Incident) => Chosen,
    ): Promise<Incident> {
      await book.load(id)
      const incident = unfinished(id)
      const open = incident.requests.filter((request) => request.camera === camera && request.answer === null)
      if (!open.some((request) => request.by === by))
        throw new Failure('incident/not-asked', `Incident ${by} does not ask incident ${id} for ${camera} now.`)
      const other = book.get(by)
      const gives = answer === 'give' && other.state !== 'closed'
      if (gives && cameras.heldBy(camera) !== incident.id)
        throw new Failure('camera/held', `${camera} is not this incident’s to give any more.`)
      const chosen = gives ? chosenFor(other) : null
      const answered = (request: (typeof open)[number], word: 'give' | 'keep'): Draft => ({
        kind: 'camera.request-answered',
        actor,
        subject: incident.id,
        body: { incident: incident.id, camera, by: request.by, answer: word },
      })
      const passedOn = chosen ? open.filter((request) => request.by !== by) : []
      const { durable } = append([
        ...open.filter((request) => request.by === by).map((request) => answered(request, answer)),
        ...passedOn.flatMap((request): Draft[] => [
          answered(request, 'keep'),
          {
            kind: 'camera.wanted',
            actor: 'lamppost',
            subject: by,
            body: { incident: by, camera, by: request.by, helpPoint: request.helpPoint },
          },
        ]),
      ])
      if (chosen) {
        // Who gives it away has not looked at the other incident.
        await brought(other, chosen, 'primary')
      }
      await durable
      return book.load(incident.id)
    },
    /** After a start: unfinished incidents hold their cameras and clips again, and unanswered moves are asked again. */
    resume(): void {
      for (const { incident, clips: held } of book.heldClips()) for (const clip of held) clips.hold(incident, clip)
      for (const incident of book.unfinished()) {
        framings.resume(incident)
        const cut = incident.framings.filter(
          ({ state, way }) => turns(way) && (state === 'asked' || state === 'moving'),
        )
        const drafts = cut.map((framing) => framings.bring(incident, framing, framing.role).draft)
        if (drafts.length > 0) append(drafts)
      }
    },
    /** A drill that has ended and nobody joined is no evidence: what it held may grow old. @throws incident/unknown */
    async releaseDrillClips(id: IncidentId): Promise<void> {
      const incident = await book.load(id)
      if (incident.kind !== 'drill' || incident.state !== 'closed') return
      for (const { camera } of incident.clips) clips.release(id, camera)
      if (incident.clips.length > 0)
        await append(
          incident.clips.map(({ camera }): Draft => ({
            kind: 'clip.released',
            actor: 'lamppost',
            subject: id,
            body: { incident: id, camera },
          })),
        ).durable
    },
    /**
     * Presses that came faster than anybody can press: one entry counts them all. Null when their incident is not
     * open any more.
     */
    coalesced(
      helpPoint: HelpPointId,
      batch: Omit<EntryBodies['press.coalesced'], 'incident' | 'helpPoint'>,
    ): { incident: IncidentId; last: number; durable: Promise<unknown> } | null {
      const open = book.openAt(helpPoint)
      if (!open) return null
      const { last, durable } = append([
        {
          kind: 'press.coalesced',
          actor: `help-point:${helpPoint}`,
          subject: open.id,
          body: { ...batch, incident: open.id, helpPoint },
        },
      ])
      return { incident: open.id, last, durable }
    },
    closeDesk: (): Promise<void> => framings.close(),
  }

  /**
   * It is told at once and moves nothing: who pressed may be gone, and a camera may be needed where somebody is. What
   * was recorded then is held.
   */
  function pressedLate(id: IncidentId, press: Press): ReturnType<typeof append> & { incident: IncidentId } {
    const { helpPoint, kind } = press
    const actor = `help-point:${helpPoint}`
    append([
      { kind: 'incident.opened', actor, subject: id, body: { incident: id, helpPoint, kind } },
      { kind: 'press.received', actor, subject: id, body: { press, incident: id } },
    ])
    const near = framings.near(id, helpPoint)
    const pressedAt = Date.parse(press.pressedAt)
    const held = append([
      ...near.map((camera): Draft => ({
        kind: 'camera.passed-over',
        actor: 'lamppost',
        subject: id,
        body: { incident: id, camera, reason: 'The press came late: it moves no camera by itself.' },
      })),
      ...holdDrafts(id, near, pressedAt, isoTime(Math.min(Date.parse(press.receivedAt), pressedAt + LATE_HOLD_MS))),
    ])
    return { incident: id, last: held.last, durable: held.durable }
  }

  /**
   * Cameras come for a person who presses where so far only late presses or a drill were; else the first is sent
   * again.
   */
  function comeFor(open: Incident): Draft[] {
    if (open.framings.length > 0 || open.presses.some(({ late }) => !late)) return askAgain(open)
    const { framings: asked, drafts } = framings.begin(open.id, open.helpPoint, open.kind, book.unfinished())
    return [
      ...drafts,
      ...holdDrafts(
        open.id,
        asked.map(({ camera }) => camera),
        clock.now(),
      ),
    ]
  }

  /**
   * Until somebody has taken the incident, a repeat press sends its first camera again: it may have been moved away.
   */
  function askAgain(open: Incident): Draft[] {
    // One that somebody has steered since stays in their hand, when the incident is theirs.
    const inHand = ({ state, proofs }: Framing): boolean =>
      open.state === 'acknowledged' && state === 'unproven' && proofs.length === 0
    const first = open.framings.find(
      (framing) =>
        framing.role === 'primary' &&
        turns(framing.way) &&
        (framing.state === 'framed' || framing.state === 'unproven') &&
        !inHand(framing),
    )
    return first ? [framings.bring(open, first, 'primary').draft] : []
  }
}
