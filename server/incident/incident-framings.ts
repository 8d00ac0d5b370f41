/** Brings cameras to incidents: asks, records each answer, falls to the next when the first fails. */
import type { CameraId, Framing, FramingRole, FramingWay, PresetToken } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Draft } from '../glossary/ledger.ts'
import type { HelpPointId, PressKind } from '../glossary/press.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { turns, usesHead } from './incident-machine.ts'

export type Chosen = { camera: CameraId; preset: PresetToken | null; way: FramingWay }
export type CameraPort = {
  /**
   * `wanted`: a nearer one that another incident holds.
   * @param holders who has a camera, where that is another than holds it: null is nobody.
   */
  choose(
    helpPoint: HelpPointId,
    incident: IncidentId,
    holders: ReadonlyMap<CameraId, IncidentId | null>,
  ): {
    primary: Chosen | null
    secondary: Chosen[]
    passedOver: { camera: CameraId; reason: string }[]
    wanted: { camera: CameraId; heldBy: IncidentId } | null
  }
  /** Returns the undo. */
  hold(camera: CameraId, incident: IncidentId): () => void
  heldBy(camera: CameraId): IncidentId | null
  /** The command leaves before this returns; `onJudgement` hears each change until settled or aborted. */
  frame(
    chosen: Chosen,
    helpPoint: HelpPointId,
    signal: AbortSignal,
    onJudgement: (
      judgement: Pick<Framing, 'proofs' | 'reason'> & {
        state: Framing['state']
        /** What is known so far; more may follow. */ checking?: true
      },
    ) => void,
  ): Promise<unknown>
  /** An incident that sent this camera is over; nobody of this room needs it now. */
  sendBackAfterIncident(camera: CameraId): void
}

type Run = { incident: IncidentId; role: FramingRole; stop: AbortController; ended: Promise<unknown> }
const SETTLED = new Set(['framed', 'unproven', 'failed'])

export function createIncidentFramings(options: {
  clock: Clock
  cameras: CameraPort
  record(drafts: Draft[]): void
  incident(id: IncidentId): Incident
  helpPointName(id: HelpPointId): string
}) {
  const { clock, cameras, record, incident, helpPointName } = options
  /** At most one move per camera at any time. */
  const runs = new Map<CameraId, Run>()
  const holds = new Map<IncidentId, Map<CameraId, () => void>>()

  const draftOf = (id: IncidentId, framing: Framing, actor = `camera:${framing.camera}`): Draft => ({
    kind: 'framing.changed',
    actor,
    subject: id,
    body: { incident: id, framing },
  })

  function hold(id: IncidentId, camera: CameraId): void {
    const held = holds.get(id) ?? new Map<CameraId, () => void>()
    if (!held.has(camera)) held.set(camera, cameras.hold(camera, id))
    holds.set(id, held)
  }

  /**
   * A camera that another incident had goes to the one that needs it: lent as a further view, a drill's, or given up.
   */
  function takeFromOthers(camera: CameraId, id: IncidentId): void {
    const run = runs.get(camera)
    run?.stop.abort()
    runs.delete(camera)
    for (const [other, held] of holds) {
      if (other === id) continue
      held.get(camera)?.()
      held.delete(camera)
    }
  }

  function notifyPreempted(taken: readonly CameraId[], id: IncidentId, others: readonly Incident[]): void {
    if (taken.length === 0) return
    const mine = new Set(taken.filter((camera) => (cameras.heldBy(camera) ?? id) === id))
    for (const other of others) {
      if (other.id === id || other.state === 'closed') continue
      const lost = other.framings.filter((framing) => mine.has(framing.camera) && usesHead(framing))
      if (lost.length === 0) continue
      const words = `This camera now shows ${helpPointName(incident(id).helpPoint)}: a press there needed it.`
      // All of them first: none may become the first camera of who loses it, too.
      record(
        lost.map((framing) =>
          draftOf(other.id, {
            ...framing,
            state: 'failed',
            proofs: [],
            settledAt: isoTime(clock.now()),
            reason: words,
          }),
        ),
      )
      for (const { camera, role } of lost) if (role === 'primary') fallToNext(other.id, camera)
    }
  }

  /** Sends the camera now; returns its framing in state asked, to be recorded by the caller. */
  function ask(id: IncidentId, helpPoint: HelpPointId, { camera, preset, way }: Chosen, role: FramingRole): Framing {
    const askedAt = isoTime(clock.now())
    if (!turns(way))
      return {
        camera,
        preset,
        way,
        role,
        state: 'unproven',
        proofs: [],
        askedAt,
        settledAt: askedAt,
        reason:
          way === 'fixed'
            ? 'A fixed camera near the help point: it does not move.'
            : 'Brought as it looks now: it has no preset for this help point. Steer it, or send it to one of its presets.',
      }
    takeFromOthers(camera, id)
    if (role === 'primary') hold(id, camera)
    const stop = new AbortController()
    const asked: Framing = {
      camera,
      preset,
      way,
      role,
      state: 'asked',
      proofs: [],
      askedAt,
      settledAt: null,
      reason: null,
    }
    let known = false
    const onJudgement: Parameters<CameraPort['frame']>[3] = ({ state, proofs, reason, checking = false }) => {
      const settled = SETTLED.has(state)
      known ||= settled
      const current = currentRole(id, camera) ?? role
      record([
        draftOf(id, {
          ...asked,
          role: current,
          state,
          proofs,
          reason,
          settledAt: settled ? isoTime(clock.now()) : null,
        }),
      ])
      if (settled && !checking && runs.get(camera)?.stop === stop) runs.delete(camera)
      if (state === 'failed' && current === 'primary') fallToNext(id, camera)
    }
    // Nothing that a camera does may cost the press: a surprise is a failed framing.
    const ended = startFrame({ camera, preset, way }, helpPoint, stop.signal, onJudgement)
      .catch((error: unknown) => onJudgement({ state: 'failed', proofs: [], reason: messageOf(error) }))
      .finally(() => {
        // The picture was looked at and had nothing to add.
        if (known && runs.get(camera)?.stop === stop) runs.delete(camera)
      })
    runs.set(camera, { incident: id, role, stop, ended })
    return asked
  }

  /** A drill gives its cameras to a person; a person's are all taken for a drill, the further views, too. */
  function holdersFor(kind: PressKind, others: readonly Incident[]): ReadonlyMap<CameraId, IncidentId | null> {
    const used = others
      .filter((other) => other.kind !== kind)
      .flatMap((other) =>
        other.framings.flatMap((framing) => (usesHead(framing) ? [{ camera: framing.camera, other }] : [])),
      )
    const drills = used.filter(({ other, camera }) => other.kind === 'drill' && cameras.heldBy(camera) === other.id)
    return kind === 'press'
      ? new Map(drills.map(({ camera }) => [camera, null]))
      : new Map(used.map(({ camera, other }) => [camera, other.id]))
  }

  const startFrame: CameraPort['frame'] = (...move) => {
    try {
      return cameras.frame(...move)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  const currentRole = (id: IncidentId, camera: CameraId): FramingRole | null =>
    incident(id).framings.find((framing) => framing.camera === camera)?.role ?? null

  /** Its first camera becomes a further view, which nobody holds: another one comes. */
  function demotePrimary({ id, framings }: Incident): Draft[] {
    const first = framings.find(({ role }) => role === 'primary')
    if (!first) return []
    releaseCamera(id, first.camera)
    return [draftOf(id, { ...first, role: 'secondary' })]
  }
  function releaseCamera(id: IncidentId, camera: CameraId): void {
    holds.get(id)?.get(camera)?.()
    holds.get(id)?.delete(camera)
  }

  /** The nearest further view that can still be had becomes the first; it may already look at the place. */
  function fallToNext(id: IncidentId, failed: CameraId): void {
    releaseCamera(id, failed)
    const next = incident(id).framings.find(
      (framing) =>
        framing.camera !== failed &&
        usesHead(framing) &&
        (cameras.heldBy(framing.camera) ?? id) === id &&
        (runs.get(framing.camera)?.incident ?? id) === id,
    )
    if (!next || incident(id).state === 'closed') return
    hold(id, next.camera)
    record([...demotePrimary(incident(id)), draftOf(id, { ...next, role: 'primary' })])
  }

  return {
    /** Chooses and sends; the PTZ command is on its way when this returns. */
    begin(
      id: IncidentId,
      helpPoint: HelpPointId,
      kind: PressKind,
      others: readonly Incident[],
    ): { framings: Framing[]; drafts: Draft[] } {
      const { primary, secondary, passedOver, wanted } = cameras.choose(helpPoint, id, holdersFor(kind, others))
      const framings = [
        ...(primary ? [ask(id, helpPoint, primary, 'primary')] : []),
        ...secondary.map((each) => ask(id, helpPoint, each, 'secondary')),
      ]
      // A drill asks nobody for anything.
      const asking =
        wanted && kind === 'press'
          ? [
              {
                kind: 'camera.wanted',
                actor: 'lamppost',
                subject: wanted.heldBy,
                body: { incident: wanted.heldBy, camera: wanted.camera, by: id, helpPoint },
              } satisfies Draft,
            ]
          : []
      const reasons = passedOver.map(({ camera, reason }): Draft => ({
        kind: 'camera.passed-over',
        actor: 'lamppost',
        subject: id,
        body: { incident: id, camera, reason },
      }))
      return { framings, drafts: [...framings.map((framing) => draftOf(id, framing)), ...reasons, ...asking] }
    },
    /** The cameras that would come for this help point now; none is asked. */
    near(id: IncidentId, helpPoint: HelpPointId): CameraId[] {
      const { primary, secondary } = cameras.choose(helpPoint, id, new Map())
      return [...(primary ? [primary] : []), ...secondary].map(({ camera }) => camera)
    },
    /** Asks one camera again, or brings another one. @param actor who wants it, where that is a person */
    bring(
      { id, helpPoint }: Pick<Incident, 'id' | 'helpPoint'>,
      chosen: Chosen,
      role: FramingRole,
      actor?: string,
    ): { framing: Framing; draft: Draft } {
      const framing = ask(id, helpPoint, chosen, role)
      return { framing, draft: draftOf(id, framing, actor) }
    },
    notifyPreempted,
    /** What was asked of this camera is over, and what was proven is not any more. */
    steered(camera: CameraId, reason: string, unfinished: readonly Incident[]): void {
      runs.get(camera)?.stop.abort()
      runs.delete(camera)
      for (const { id, framings } of unfinished)
        for (const framing of framings)
          if (framing.camera === camera && usesHead(framing) && framing.reason !== reason)
            record([
              draftOf(id, { ...framing, state: 'unproven', proofs: [], settledAt: isoTime(clock.now()), reason }),
            ])
    },
    demotePrimary,
    resume(open: Incident): void {
      for (const { camera, role, state } of open.framings)
        if (role === 'primary' && state !== 'failed') hold(open.id, camera)
    },
    /** @param others incidents that go on: a camera that one of them uses stays where it is. */
    async end(id: IncidentId, others: readonly Incident[]): Promise<void> {
      const mine = [...runs].filter(([, run]) => run.incident === id)
      for (const [camera, run] of mine) {
        run.stop.abort()
        runs.delete(camera)
      }
      for (const release of holds.get(id)?.values() ?? []) release()
      holds.delete(id)
      await Promise.all(mine.map(([, run]) => run.ended))
      const inUse = (camera: CameraId): boolean =>
        cameras.heldBy(camera) !== null ||
        others.some(
          (other) =>
            other.id !== id && other.framings.some((framing) => framing.camera === camera && usesHead(framing)),
        )
      for (const framing of incident(id).framings)
        if (usesHead(framing) && !inUse(framing.camera)) cameras.sendBackAfterIncident(framing.camera)
    },
    async close(): Promise<void> {
      const all = [...runs.values()]
      for (const run of all) run.stop.abort()
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}
