/** When nobody takes it: further screens, then other systems, after the site's times. */
import type { Incident } from '../glossary/incident.ts'
import type { Draft } from '../glossary/ledger.ts'
import type { EscalationStep } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'

const LOOK_EVERY_MS = 500

/**
 * Since when somebody waits for this room, milliseconds since 1970; null while nobody does. A drill waits for nobody.
 * Pure.
 */
export function waitingSince(
  { kind, state, openedAt, presses, handover, onHold, recalledAt }: Incident,
  now: number,
): number | null {
  if (kind === 'drill' || state === 'closed') return null
  if (state === 'open') return Date.parse(presses.find((press) => press.kind === 'press')?.receivedAt ?? openedAt)
  if (recalledAt) return Date.parse(recalledAt)
  if (handover) return Date.parse(handover.at)
  const until = onHold?.until ? Date.parse(onHold.until) : Number.POSITIVE_INFINITY
  return until <= now ? until : null
}

/** The next step that is due, with its number from 1; null when none is. Pure. */
export function dueStep(
  incident: Incident,
  steps: readonly EscalationStep[],
  now: number,
): { number: number; step: EscalationStep; waitedMs: number } | null {
  const since = waitingSince(incident, now)
  const step = steps[incident.escalation.step]
  if (since === null || !step || now - since < step.afterMs) return null
  return { number: incident.escalation.step + 1, step, waitedMs: now - since }
}

export function startEscalation({
  clock,
  unfinished,
  steps,
  append,
  onError,
}: {
  clock: Clock
  unfinished(): Incident[]
  steps(): readonly EscalationStep[]
  append(drafts: Draft[]): { durable: Promise<unknown> }
  onError(error: unknown): void
}) {
  const stopped = new AbortController()

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      for (const incident of unfinished()) {
        const due = dueStep(incident, steps(), clock.now())
        if (due)
          append([
            {
              kind: 'incident.escalated',
              actor: 'lamppost',
              subject: incident.id,
              body: { incident: incident.id, step: due.number, waitedMs: Math.round(due.waitedMs), to: due.step.to },
            },
          ]).durable.catch(onError)
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
