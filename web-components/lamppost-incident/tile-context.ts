/** What every part of a tile is drawn from, and what it can ask for. */
import type { Action } from '../lamppost-wall/wall-keys.ts'
import type { HelpPoint, Incident } from '../wall-client/api-shapes.ts'
import type { WallClient, WallState } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { inAllLanguages } from '../words/language.ts'
import type { IncidentRequest } from './incident-events.ts'

/** `request` without the incident: a tile asks about its own. */
export type Wish = IncidentRequest extends infer Each
  ? Each extends { incident: string }
    ? Omit<Each, 'incident'>
    : never
  : never
export type Tile = {
  words: Words
  locale: string
  timezone: string
  client: WallClient
  town: WallState
  incident: Incident
  helpPoint: HelpPoint | undefined
  /** Who is signed in here; '' until that is known. */
  me: string
  /** The key of an action as it is shown; null where keys are off. */
  key(action: Action): string | null
  /** The digit that makes a card the large tile, with Shift; null: none does. */
  cardKey: number | null
  /** Leaves a note, beside Escape; null: Escape only. */
  leaveKey: string | null
  request(wish: Wish): void
}

/**
 * The moment everything is counted from: since when somebody calls, or when a late press was made by its device's
 * clock.
 */
export function callOf({ presses, calledAt, openedAt }: Incident): { at: string; late: boolean } {
  const late = calledAt === null && presses.length > 0
  return { late, at: (late ? presses[0]?.pressedAt : calledAt) ?? openedAt }
}
/** Who closed it, by name. */
export function closedBy({ log }: Incident): string {
  const actor = log.findLast(({ kind }) => kind === 'incident.closed')?.actor ?? ''
  return actor.slice(actor.indexOf(':') + 1)
}
/** Why it was closed, in the reader's language where that was one of Lamppost's own reasons. */
export function closingReason({ closureCode: code, closureReason }: Incident, words: Words): string {
  const reason = closureReason ?? ''
  if (code === null || code === 'other') return reason
  return inAllLanguages(({ closeReasons }) => closeReasons[code]).includes(reason) ? words.closeReasons[code] : reason
}
export const nameOf = ({ helpPoint, incident }: Pick<Tile, 'helpPoint' | 'incident'>): string =>
  helpPoint?.name ?? incident.helpPoint
export const cameraName = (town: WallState, camera: string): string =>
  town.cameras.find(({ id }) => id === camera)?.name ?? camera

/** The help point of another open incident that has this camera now; null: none has. */
export function takenTo({ town, incident }: Pick<Tile, 'town' | 'incident'>, camera: string): string | null {
  const holder = town.cameras.find(({ id }) => id === camera)?.heldBy ?? null
  const other = holder === incident.id ? undefined : town.incidents.find(({ id }) => id === holder)
  return other ? (town.helpPoints.find(({ id }) => id === other.helpPoint)?.name ?? other.helpPoint) : null
}
