/**
 * Runs each help point's daily drill when it is due, one after the other, and tells which help points have fallen
 * silent.
 */
import type { IncidentId } from '../glossary/incident.ts'
import type { Draft, Entry } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { DrillResult } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { lastLocal } from '../tools/local-time.ts'
import type { ReadinessBook } from './readiness-book.ts'
import { voiceProofOf } from './voice-drill.ts'

export type DrillPort = {
  helpPoints(): readonly HelpPoint[]
  timezone(): string
  /** The incident that a press there would join. */
  openAt(helpPoint: HelpPointId): IncidentId | null
  /** Null when this very drill was already run. */
  drill(helpPoint: HelpPointId, key: string): Promise<IncidentId | null>
  /** Scheduled drills that a restart has cut short. */
  /** `by`: who began it. `result`: it was finished, and only not ended. */
  cutShort(): { incident: IncidentId; helpPoint: HelpPointId; at: string; by: string; result: DrillResult | null }[]
  /** Resolves with what became of the drill. */
  whenFinished(incident: IncidentId, signal: AbortSignal): Promise<DrillResult | null>
  /** Closes it, unless a person has joined it or somebody has taken it. */
  endDrill(incident: IncidentId, result: DrillResult): Promise<void>
  /**
   * Tries its voice, as the site has it; how it went is an entry. Nothing happens at an hour at which the street must
   * not hear it.
   */
  tryVoice(helpPoint: HelpPoint): Promise<void>
  /** What it is wired to is heard just now. */
  alive(helpPoint: HelpPoint): boolean
  write(draft: Draft): void
  onChange(helpPoint: HelpPointId): void
}

const LOOK_EVERY_MS = 15_000
/** Later it would no longer be the hour that the town has chosen. */
const TRY_FOR_MS = 6 * 3_600_000
/** Longer than a chain is watched: then its result was missed. */
const FINISHED_WITHIN_MS = 60_000

/** A help point that was busy, or that somebody needed, is not called again at once. */
const VOICE_AGAIN_MS = 10 * 60_000

/** A start takes its time; a drill that was due just before is still that day's. */
const START_MS = 2 * 60_000

/**
 * Since when a drill is due; null when none is. A help point that never had one waits for the next time. Pure.
 * @param startedAt of the server
 */
export function dueDrill(
  { drillAt }: Pick<HelpPoint, 'drillAt'>,
  lastScheduled: number | null,
  now: number,
  timezone: string,
  startedAt: number,
): number | null {
  if (drillAt === null) return null
  const due = lastLocal(now, timezone, drillAt)
  return now - due < TRY_FOR_MS && (lastScheduled ?? startedAt - START_MS) < due ? due : null
}

export function startDrillSchedule({
  clock,
  book,
  port,
  onError,
}: {
  clock: Clock
  book: ReadinessBook
  port: DrillPort
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  const putOff = new Map<HelpPointId, number>()
  const voiceTriedAt = new Map<HelpPointId, number>()
  const startedAt = clock.now()

  async function runDrill({ id }: HelpPoint, due: number): Promise<void> {
    if (port.openAt(id) !== null) {
      // A test must never mix with a person; it comes when they have been helped.
      if (putOff.get(id) !== due)
        port.write({
          kind: 'drill.put-off',
          actor: 'lamppost',
          subject: id,
          body: { helpPoint: id, reason: 'An incident is open there.' },
        })
      putOff.set(id, due)
      return
    }
    const incident = await port.drill(id, `drill ${isoTime(due)}`)
    if (incident === null) return
    const over = new AbortController()
    const result = await Promise.race([
      port.whenFinished(incident, AbortSignal.any([stopped.signal, over.signal])),
      clock.sleep(FINISHED_WITHIN_MS, AbortSignal.any([stopped.signal, over.signal])).then(() => null),
    ])
    over.abort()
    if (result) await port.endDrill(incident, result)
  }

  /** After the drill of the same hour, and not while somebody may need the help point. */
  async function tryVoice(helpPoint: HelpPoint): Promise<void> {
    if (voiceProofOf(helpPoint) === null || port.openAt(helpPoint.id) !== null) return
    const last = book.lastVoiceScheduled(helpPoint.id)
    if (dueDrill(helpPoint, last, clock.now(), port.timezone(), startedAt) === null) return
    const before = voiceTriedAt.get(helpPoint.id)
    if (before !== undefined && clock.monotonic() - before < VOICE_AGAIN_MS) return
    voiceTriedAt.set(helpPoint.id, clock.monotonic())
    const over = new AbortController()
    const late = clock.sleep(FINISHED_WITHIN_MS, AbortSignal.any([stopped.signal, over.signal]))
    await Promise.race([port.tryVoice(helpPoint), late])
    over.abort()
  }

  /** Nobody watches them any more, and an open one would keep the next from running. */
  async function endCutShort(): Promise<void> {
    for (const { incident, helpPoint, at, by, result: known } of port.cutShort()) {
      if (known) {
        await port.endDrill(incident, known).catch(onError)
        continue
      }
      const result: DrillResult = {
        incident,
        helpPoint,
        kind: 'drill',
        at,
        stages: {},
        camera: null,
        framing: null,
        proofs: [],
        problem: 'The server was started again during the drill.',
        passed: false,
        by,
      }
      port.write({ kind: 'drill.finished', actor: 'lamppost', subject: incident, body: result })
      await port.endDrill(incident, result).catch(onError)
    }
  }

  function publishSilence(helpPoint: HelpPoint): void {
    if (port.alive(helpPoint)) book.heard(helpPoint.id, clock.now())
    const change = book.silenceChanged(helpPoint, clock.now())
    if (change === null) return
    const { id } = helpPoint
    if (change === 'silent')
      port.write({
        kind: 'help-point.silent',
        actor: 'lamppost',
        subject: id,
        body: { helpPoint: id, lastHeard: book.lastHeard(id) },
      })
    else port.write({ kind: 'help-point.heard', actor: 'lamppost', subject: id, body: { helpPoint: id } })
    port.onChange(id)
  }

  async function watchSilence(): Promise<void> {
    for (; !stopped.signal.aborted; await clock.sleep(LOOK_EVERY_MS, stopped.signal))
      port.helpPoints().forEach(publishSilence)
  }
  async function watchDrills(): Promise<void> {
    await endCutShort()
    while (!stopped.signal.aborted) {
      for (const helpPoint of port.helpPoints()) {
        if (stopped.signal.aborted) return
        const due = dueDrill(helpPoint, book.lastScheduled(helpPoint.id), clock.now(), port.timezone(), startedAt)
        if (due !== null) await runDrill(helpPoint, due).catch(onError)
        if (stopped.signal.aborted) return
        await tryVoice(helpPoint).catch(onError)
      }
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  const watching = Promise.all([watchSilence(), watchDrills()])
  return {
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}

/** The drill's result from the ledger's tail; null when the signal fires first. */
export function drillResult(
  tail: (listener: (entry: Entry) => void) => () => void,
  incident: IncidentId,
  signal: AbortSignal,
): Promise<DrillResult | null> {
  return new Promise((resolve) => {
    const done = (result: DrillResult | null): void => {
      leave()
      signal.removeEventListener('abort', aborted)
      resolve(result)
    }
    const aborted = (): void => done(null)
    const leave = tail((entry) => {
      if (entry.kind === 'drill.finished' && entry.body.incident === incident) done(entry.body)
    })
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
  })
}

/** Why a drill's incident is closed, for a person. */
export const drillText = ({ passed, problem, framing }: DrillResult): string =>
  passed
    ? `Drill passed: a moving picture was reached${framing === 'framed' ? ', and the framing is proven' : '; the framing is not proven'}.`
    : `Drill FAILED: ${problem}`
