/** The band: where, how long, and whether anybody has it. */
import { html, nothing } from 'lit'
import { clockTime, elapsed, shortTime } from '../theme/times.ts'
import { type Tile, callOf, closedBy, closingReason, nameOf } from './tile-context.ts'

/** A person in danger, a drill, and one that somebody has are told apart by shape, too. */
const SHAPES = {
  press: 'M12 2 23 21H1ZM11 9h2v6h-2zm0 7.5h2v2h-2z',
  drill: 'M3 3h18v18H3zM6 6v12h12V6zM9 9h6v2h-2v6h-2v-6H9z',
  taken: 'M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22Zm-1.6 15.6-4.6-4.5 1.9-1.9 2.7 2.6 5.9-5.9 1.9 1.9z',
  hold: 'M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22ZM8 7h3v10H8zm5 0h3v10h-3z',
}
export const sign = ({ incident }: Tile) =>
  html`<svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
    <path
      fill-rule="evenodd"
      d=${SHAPES[incident.kind === 'drill' ? 'drill' : incident.onHold ? 'hold' : incident.state === 'open' ? 'press' : 'taken']}
    />
  </svg>`

/** Quiet: whoever presses now is somebody else. */
const misuseLine = ({ words, timezone }: Tile, misuse: { count: number; since: string } | null) =>
  misuse === null
    ? nothing
    : html`<p class="misuse quiet">${words.tile.misuse(misuse.count, shortTime(misuse.since, timezone))}</p>`

export function heading(tile: Tile, misuse: { count: number; since: string } | null) {
  const { words, client, incident, helpPoint, timezone } = tile
  const { at } = callOf(incident)
  const since = client.now() - Date.parse(at)
  return html`<header part="heading">
    ${sign(tile)}
    <div class="where">
      <h2>${nameOf(tile)}</h2>
      <p class="what">
        ${incident.number === null ? nothing : html`<b class="number">${incident.number}</b> · `}
        ${incident.kind === 'drill' ? words.drill : words.pressed} ·
        ${words.pressedTimes(incident.presses.length + incident.repeats)}${
          incident.presses[0]?.clockOff ? ` · ${words.deviceClockOff}` : ''
        }${betweenText(tile)}
      </p>
      <p class="address">${helpPoint?.address ?? ''}</p>
      ${lateLine(tile)} ${misuseLine(tile, misuse)}
    </div>
    <div class="when">
      <p class="elapsed" role="timer" aria-label=${words.sincePress}>${elapsed(since)}</p>
      <p>${words.sincePress}, ${clockTime(at, timezone)}</p>
    </div>
  </header>`
}

/** A button that was found pressed when its device was heard again: how long its person may have waited. */
function betweenText({ words, incident, timezone }: Tile): string {
  const between = incident.presses[0]?.between
  return between ? ` · ${words.pressedBetween(clockTime(between.from, timezone), clockTime(between.to, timezone))}` : ''
}

/** How long nobody has taken it, and who has been called. Null while that is not so. */
export function escalationLine({ words, incident, client, town }: Tile) {
  const { escalation } = incident
  if (incident.state !== 'open' || incident.kind !== 'press' || escalation.step === 0) return null
  const waited = Math.floor((client.now() - Date.parse(callOf(incident).at)) / 1000)
  const told = (town.site?.escalation ?? []).slice(0, escalation.step).flatMap(({ to }) => to)
  return html`<p class="line escalated">
    <strong>${words.tile.waited(waited)}</strong> ·
    <span role="alert"
      >${words.tile.screensCalled}${told.length > 0 ? ` · ${words.tile.told([...new Set(told)].join(', '))}` : ''}</span
    >
  </p>`
}
/** A press that was held on its way. */
export function lateLine({ words, incident, client }: Tile) {
  const { at, late } = callOf(incident)
  return late
    ? html`<p class="late">${words.pressedLate(Math.round((client.now() - Date.parse(at)) / 60_000))}</p>`
    : nothing
}

/** What must be known before anything else is done: nobody has it, it is offered, it waits. */
export function standing(tile: Tile) {
  const { words, incident, client, town, timezone, me } = tile
  const { handover, onHold } = incident
  const lines: unknown[] = []
  if (incident.state === 'closed')
    lines.push(
      html`<p class="line held" role="status">
        <strong>${words.wall.closedBy(closedBy(incident), closingReason(incident, words))}</strong> ·
        ${words.tile.closedWhileWriting}
      </p>`,
    )
  const waited = escalationLine(tile)
  if (waited) lines.push(waited)
  if (incident.recalledAt)
    lines.push(
      html`<p class="line held over" role="alert">
        <strong>${words.tile.pressedAgain(clockTime(incident.recalledAt, timezone, false))}</strong>
      </p>`,
    )
  if (handover)
    lines.push(
      html`<p class="line offered" role="status">
        <strong>${words.tile.offered(handover.from, handover.to)}</strong>${
          handover.from === me
            ? html` <button @click=${() => tile.request({ ask: 'withdraw-offer' })}>${words.tile.keepIt}</button>`
            : nothing
        }
      </p>`,
    )
  if (onHold) {
    const over = onHold.until !== null && Date.parse(onHold.until) <= client.now()
    lines.push(
      html`<p class="line held ${over ? 'over' : ''}" role=${over ? 'alert' : 'status'}>
        <strong>${over ? `${words.tile.holdOver}. ` : ''}${words.tile.onHold(onHold.by, onHold.reason)}</strong
        >${onHold.until ? ` · ${words.tile.holdUntil(shortTime(onHold.until, timezone))}` : ''}
      </p>`,
    )
  }
  const others = town.people
    .filter(({ name, looking }) => name !== me && looking.includes(incident.id))
    .map(({ name }) => name)
  if (others.length > 0) lines.push(html`<p class="line looking">${words.tile.lookingToo(others.join(', '))}</p>`)
  return lines
}
