/** Which incident is large, and in what order the others stand. Pure. */
import type { Incident } from '../wall-client/api-shapes.ts'

export type Room = {
  /** Who sits here. */ me: string
  /** By the server's clock. */ now: number
  /** Incidents whose caller nobody speaks with. */
  unanswered?: ReadonlySet<string>
}

const waits = ({ id, state, handover, onHold, recalledAt }: Incident, { me, now, unanswered }: Room): boolean =>
  state === 'open' ||
  unanswered?.has(id) === true ||
  recalledAt !== null ||
  (handover !== null && handover.from !== me && (handover.to === null || handover.to === me)) ||
  (onHold?.until != null && Date.parse(onHold.until) <= now)

/** 0: a person whom nobody helps. 1: mine. 2: somebody's. 3: on hold. 4: a drill. */
export function urgency(incident: Incident, room: Room): number {
  if (incident.kind === 'drill') return 4
  if (waits(incident, room)) return 0
  if (incident.onHold) return 3
  return incident.owner === room.me ? 1 : 2
}

/** Who waits longest for help comes first; called further, pressed more often, before that. */
export function byUrgency(incidents: readonly Incident[], room: Room): Incident[] {
  const presses = ({ presses: all, repeats }: Incident): number => all.length + repeats
  return [...incidents].sort(
    (a, b) =>
      urgency(a, room) - urgency(b, room) ||
      b.escalation.step - a.escalation.step ||
      Number(presses(b) > 1) - Number(presses(a) > 1) ||
      (a.openedAt < b.openedAt ? -1 : 1),
  )
}

/** The newest that nobody has taken stands before all others: it is never below the edge. */
export function arranged(incidents: readonly Incident[], inHand: string | null, room: Room): Incident[] {
  const others = byUrgency(incidents, room).filter(({ id }) => id !== inHand)
  const newest = others
    .filter(({ state, kind }) => state === 'open' && kind === 'press')
    .sort((a, b) => (a.openedAt > b.openedAt ? -1 : 1))[0]
  return newest ? [newest, ...others.filter((incident) => incident !== newest)] : others
}

/**
 * The large one. What a person has chosen, or works on, is never taken out of their hands; else the most urgent.
 * @param held the one that is large now and that this person has touched; null when they have not
 */
export function inHand(incidents: readonly Incident[], held: string | null, room: Room): string | null {
  if (held !== null && incidents.some(({ id }) => id === held)) return held
  return byUrgency(incidents, room)[0]?.id ?? null
}

/**
 * Incidents that this screen shows: a further screen waits until so many steps were taken because nobody took it, and
 * keeps what was taken there.
 * @param here what it showed until now
 */
export function shownHere(
  incidents: readonly Incident[],
  fromStep: number,
  here: ReadonlySet<string>,
  { me }: Room,
): Incident[] {
  return fromStep <= 0
    ? [...incidents]
    : incidents.filter(
        ({ id, escalation, owner }) => escalation.step >= fromStep || (owner !== null && owner === me && here.has(id)),
      )
}
