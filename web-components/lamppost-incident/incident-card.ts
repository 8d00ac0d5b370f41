/** One of several incidents, small: where, how long, what is seen, who has it, and the one button that matters. */
import { html, nothing } from 'lit'
import { elapsed } from '../theme/times.ts'
import type { Framing } from '../wall-client/api-shapes.ts'
import { isUnanswered, takenFrom } from '../lamppost-call/call-view.ts'
import { mayTake } from './incident-actions.ts'
import { escalationLine, lateLine, sign } from './incident-heading.ts'
import { proofSign } from './proof-sign.ts'
import { type Tile, callOf, cameraName, nameOf } from './tile-context.ts'

export function card(
  tile: Tile,
  main: Framing | null,
  refusal: string | null,
  { choose, accept }: { choose(): void; accept(): void },
  wishes: unknown,
) {
  const { words, incident, client, town, request } = tile
  const state = incident.onHold
    ? words.tile.onHold(incident.onHold.by, incident.onHold.reason)
    : incident.owner === null
      ? words.tile.nobodyYet
      : words.takenBy(incident.owner)
  const waits = town.calls.find((call) => call.incident === incident.id && isUnanswered(call))
  const another = incident.owner !== null && incident.owner !== tile.me
  return html`<header part="heading">
      ${sign(tile)}
      <div class="where">
        ${incident.kind === 'drill' ? html`<p class="what">${words.drill}</p>` : nothing}
        <h3>
          <button class="choose" @click=${choose} aria-label=${words.wall.takeInHand(nameOf(tile))}>
            ${nameOf(tile)}
          </button>
        </h3>
      </div>
      ${tile.cardKey === null ? nothing : html`<kbd class="card-key" aria-hidden="true">⇧${tile.cardKey}</kbd>`}
      <p class="elapsed" role="timer" aria-label=${words.sincePress}>
        ${elapsed(client.now() - Date.parse(callOf(incident).at))}
      </p>
    </header>
    <div class="inside">
      ${main ? html`<lamppost-player small .client=${client} .camera=${main.camera}></lamppost-player>` : nothing}
      <div class="rest">
        <p class="shown">
          ${
            main
              ? html`<span class="camera">${cameraName(town, main.camera)}</span> ${proofSign(main, words)}`
              : callOf(incident).late
                ? words.noneMoved
                : words.noCamera
          }
        </p>
        ${waits ? html`<p class="state offered">${words.call.unanswered}</p>` : nothing}
        ${lateLine(tile)}${escalationLine(tile) ?? nothing}
        <p class="state">
          ${state}${
            incident.presses.length + incident.repeats > 1
              ? html` · ${words.pressedTimes(incident.presses.length + incident.repeats)}`
              : nothing
          }
        </p>
        ${
          incident.handover
            ? html`<p class="state offered">${words.tile.offered(incident.handover.from, incident.handover.to)}</p>`
            : nothing
        }
        ${wishes}
        ${
          waits && takenFrom(waits, another ? incident.owner : null) === null
            ? html`<button class="main take accept" @click=${accept}>${words.call.accept}</button>`
            : mayTake(tile)
              ? html`<button class="main take" @click=${() => request({ ask: 'acknowledge' })}>${words.take}</button>`
              : nothing
        }
        ${refusal ? html`<p class="refusal" role="status">${refusal}</p>` : nothing}
      </div>
    </div>`
}
