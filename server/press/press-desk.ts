/**
 * The one place every source brings its presses to: known help point, idempotency key, receipt after the fsync.
 * Not here: how a press arrived (one file per source), what the room does with it (incident).
 */
import type { IncidentId } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'
import type { HelpPointId, Press, PressId, PressKind, Receipt } from '../glossary/press.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'

export type Arrival = { helpPoint: string; key: string | null; pressedAt: string | null; kind: PressKind; source: string }
type Known = { receipt: Receipt; last: number }

export function createPressDesk(options: {
  clock: Clock
  knows(helpPoint: string): boolean
  /** Opens or joins an incident; cameras are on their way when it returns. */
  pressed(press: Press): { incident: IncidentId; last: number; durable: Promise<unknown> }
  whenDurable(seq: number): Promise<void>
}) {
  const { clock, knows, pressed, whenDurable } = options
  const byKey = new Map<string, Known>()
  const keyOf = (helpPoint: string, key: string): string => `${helpPoint}\n${key}`

  return {
    /** Rebuilds what was already received, from the ledger. */
    follow(entry: Recorded): void {
      if (entry.kind !== 'press.received') return
      const { press, incident } = entry.body
      byKey.set(keyOf(press.helpPoint, press.key), { receipt: { press: press.id, incident, receivedAt: press.receivedAt }, last: entry.seq })
    },
    /**
     * Resolves once the press is on disk. `repeated` when this key was known: the receipt is the first one's.
     * @throws help-point/unknown, ledger/unavailable
     */
    async accept(arrival: Arrival): Promise<{ receipt: Receipt; repeated: boolean }> {
      if (!knows(arrival.helpPoint)) throw new Failure('help-point/unknown', `There is no help point "${arrival.helpPoint}" in this town's site file.`)
      const known = arrival.key === null ? undefined : byKey.get(keyOf(arrival.helpPoint, arrival.key))
      if (known) {
        await whenDurable(known.last)
        return { receipt: known.receipt, repeated: true }
      }
      const now = clock.now()
      const id = newId<PressId>('prs', now)
      const press: Press = {
        id,
        key: arrival.key ?? id,
        helpPoint: arrival.helpPoint as HelpPointId,
        kind: arrival.kind,
        pressedAt: deviceTime(arrival.pressedAt, now),
        receivedAt: isoTime(now),
        source: arrival.source,
      }
      const { incident, last, durable } = pressed(press)
      const receipt: Receipt = { press: id, incident, receivedAt: press.receivedAt }
      byKey.set(keyOf(press.helpPoint, press.key), { receipt, last })
      await durable
      return { receipt, repeated: false }
    },
  }
}

/** A time that cannot be read (a leap second, a short offset) never costs the press: ours is taken. */
function deviceTime(pressedAt: string | null, now: number): string {
  const said = pressedAt === null ? Number.NaN : Date.parse(pressedAt)
  return isoTime(Number.isNaN(said) ? now : said)
}
