/** Runs each help point's daily drill when it is due, one after the other, and tells which help points have fallen silent. */
import type { IncidentId } from '../glossary/incident.ts'
import type { Draft, Entry } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { DrillResult } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { lastLocal, localDate } from '../tools/local-time.ts'
import type { ProofBook } from './proof-book.ts'

export type DrillPort = {
  helpPoints(): readonly HelpPoint[]
  timezone(): string
  /** The incident that a press there would join. */
  openAt(helpPoint: HelpPointId): IncidentId | null
  drill(helpPoint: HelpPointId, key: string): Promise<IncidentId>
  /** Resolves with what became of the drill. */
  whenFinished(incident: IncidentId, signal: AbortSignal): Promise<DrillResult | null>
  /** Closes it, unless a person has joined it or somebody has taken it. */
  endDrill(incident: IncidentId, result: DrillResult): Promise<void>
  /** What it is wired to is heard just now. */
  alive(helpPoint: HelpPoint): boolean
  write(draft: Draft): void
  onChange(helpPoint: HelpPointId): void
}

const LOOK_EVERY_MS = 15_000
/** Later it would no longer be the hour that the town has chosen. */
const TRY_FOR_MS = 6 * 3_600_000

/** Which of them is due now. Pure. */
export function dueDrill({ drillAt }: Pick<HelpPoint, 'drillAt'>, lastScheduled: number | null, now: number, timezone: string): number | null {
  if (drillAt === null) return null
  const due = lastLocal(now, timezone, drillAt)
  return now - due < TRY_FOR_MS && (lastScheduled === null || lastScheduled < due) ? due : null
}

export function startDrillSchedule({ clock, book, port, onError }: { clock: Clock; book: ProofBook; port: DrillPort; onError(error: unknown): void }) {
  const stopped = new AbortController()
  const putOff = new Map<HelpPointId, number>()

  async function runDrill({ id }: HelpPoint, due: number): Promise<void> {
    if (port.openAt(id) !== null) {
      // A test must never mix with a person; it comes when they have been helped.
      if (putOff.get(id) !== due) port.write({ kind: 'drill.put-off', actor: 'lamppost', subject: id, body: { helpPoint: id, reason: 'An incident is open there.' } })
      putOff.set(id, due)
      return
    }
    const incident = await port.drill(id, `drill ${localDate(due, port.timezone())}`)
    const result = await port.whenFinished(incident, stopped.signal)
    if (result) await port.endDrill(incident, result)
  }

  function tellSilence(helpPoint: HelpPoint): void {
    if (port.alive(helpPoint)) book.heard(helpPoint.id, clock.now())
    const change = book.silenceChanged(helpPoint, clock.now())
    if (change === null) return
    const { id } = helpPoint
    if (change === 'silent') port.write({ kind: 'help-point.silent', actor: 'lamppost', subject: id, body: { helpPoint: id, lastHeard: book.lastHeard(id) } })
    else port.write({ kind: 'help-point.heard', actor: 'lamppost', subject: id, body: { helpPoint: id } })
    port.onChange(id)
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      for (const helpPoint of port.helpPoints()) {
        if (stopped.signal.aborted) return
        tellSilence(helpPoint)
        const due = dueDrill(helpPoint, book.lastScheduled(helpPoint.id), clock.now(), port.timezone())
        if (due !== null) await runDrill(helpPoint, due).catch(onError)
      }
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  const watching = watch()
  return {
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}

/** The drill's result from the ledger's tail; null when the signal fires first. */
export function drillResult(tail: (listener: (entry: Entry) => void) => () => void, incident: IncidentId, signal: AbortSignal): Promise<DrillResult | null> {
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
export const drillWords = ({ passed, problem, framing }: DrillResult): string => (passed ? `Drill passed: a moving picture was reached${framing === 'framed' ? ', and the framing is proven' : '; the framing is not proven'}.` : `Drill FAILED: ${problem}`)
