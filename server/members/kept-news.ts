/** What a server that does not lead tells of presses: on its event stream, and to a source that sends one again. Pure. */
import type { LiveNews } from '../glossary/news.ts'
import type { Arrival, PressKind, Receipt } from '../glossary/press.ts'
import type { KeptPress } from './town-state.ts'

/** As a wall hears of it, which cannot show an incident yet. */
export function keptNews({ arrival, press, receivedAt }: KeptPress, copies: number): LiveNews {
  const { helpPoint, kind } = arrival as unknown as Arrival
  return { event: 'press.kept', data: { press, helpPoint, kind, receivedAt, copies } }
}
/** What its source was told. @param row of `press.received`; null: there is none */
export function receiptIn(
  row: { body: string } | null,
): { receipt: Receipt; pressedAt: string; kind: PressKind } | null {
  if (!row) return null
  const { press, incident } = JSON.parse(row.body) as {
    press: { id: Receipt['press']; receivedAt: string; pressedAt: string; kind: PressKind }
    incident: Receipt['incident']
  }
  return {
    receipt: { press: press.id, incident, receivedAt: press.receivedAt },
    pressedAt: press.pressedAt,
    kind: press.kind,
  }
}
