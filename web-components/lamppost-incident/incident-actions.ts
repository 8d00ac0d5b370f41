/** Taking it, handing it over, putting it on hold, closing it. */
import { html, nothing } from 'lit'
import type { Tile } from './tile-context.ts'

export type Asking = 'close' | 'hold' | 'hand-over' | 'take-over' | null
export const keyHint = (key: string | null) => (key === null ? nothing : html` <kbd aria-hidden="true">${key}</kbd>`)

/** Whether this person may take it with one press: nobody has it, it calls again, or it is offered to them. */
export function mayTake({ incident: { state, handover, recalledAt }, me }: Tile): boolean {
  return (
    state === 'open' ||
    recalledAt !== null ||
    (handover !== null && handover.from !== me && (handover.to === null || handover.to === me))
  )
}

export function actions(tile: Tile, refusal: string | null, ask: (what: Asking) => void) {
  const { words, incident, me, key } = tile
  const mine = incident.owner !== null && incident.owner === me
  const { owner } = incident
  if (incident.state === 'closed')
    return html`<div class="actions"><p class="refusal" role="status">${refusal ?? ''}</p></div>`
  return html`<div class="actions">
    ${owner === null ? nothing : html`<p class="owner"><span aria-hidden="true">✓</span> ${words.takenBy(owner)}</p>`}
    ${
      mayTake(tile)
        ? html`<button class="main take" @click=${() => tile.request({ ask: 'acknowledge' })}>
            ${words.take}${keyHint(key('take'))}
          </button>`
        : nothing
    }
    ${
      owner !== null && !mine && !mayTake(tile)
        ? html`<button class="over" @click=${() => ask('take-over')}>
            ${words.tile.takeOver(owner)}${keyHint(key('take'))}
          </button>`
        : nothing
    }
    ${
      incident.onHold
        ? html`<button class="main go-on" @click=${() => tile.request({ ask: 'take-up' })}>
            ${words.tile.goOn}${keyHint(key('hold'))}
          </button>`
        : nothing
    }
    <div class="lesser">
      ${
        mine && !incident.onHold
          ? html`<button class="hold" @click=${() => ask('hold')}>${words.tile.hold}${keyHint(key('hold'))}</button>`
          : nothing
      }
      ${
        mine && !incident.handover
          ? html`<button class="hand-over" @click=${() => ask('hand-over')}>
              ${words.tile.handOver}${keyHint(key('handOver'))}
            </button>`
          : nothing
      }
      <button class="close" @click=${() => ask('close')}>${words.close}${keyHint(key('close'))}</button>
    </div>
    <p class="refusal" role="status">${refusal ?? ''}</p>
  </div>`
}
