/** The large picture with what is known about it, the seconds before the press beside it, and further views. */
import { html, nothing } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { repeat } from 'lit/directives/repeat.js'
import '../lamppost-player/lamppost-player.ts'
import '../lamppost-steer/lamppost-steer.ts'
import type { Framing } from '../wall-client/api-shapes.ts'
import { keyHint } from './incident-actions.ts'
import { type Tile, cameraName, callOf } from './tile-context.ts'

/** As many as have a key. */
export const MOST_FURTHER = 6
const VIEW_KEYS = ['view1', 'view2', 'view3', 'view4', 'view5', 'view6'] as const
export type Looking = {
  replaying: boolean
  steering: boolean
  /** Later than the most urgent tile's. */ behind: boolean
  replay(): void
  steer(): void
  choose(camera: string): void
}

/** Anything but a preset that was reached can be asked again; a fixed camera cannot. */
const canSendBack = ({ way }: Framing): boolean => way !== 'fixed'

export function mainView(framing: Framing, tile: Tile, { replaying, steering, behind, replay, steer }: Looking) {
  const { words, client, town, incident, key, request } = tile
  // A hand is on one camera: when another becomes the large one, it has let go of this.
  const camera = town.cameras.find(({ id }) => id === framing.camera)
  const hand = camera?.steeredBy
  return html`<figure class="main">
    <lamppost-player class="live" ?small=${behind} .client=${client} .camera=${framing.camera}></lamppost-player>
    <figcaption>
      <div class="known">
        <strong>${cameraName(town, framing.camera)}</strong>
        <span class="proof ${framing.state}" data-state=${framing.state}>${words.framing(framing)}</span>
        ${
          hand
            ? html`<span class="hand">${words.tile.steeredBy(hand.name)}</span>`
            : framing.reason && framing.way !== 'fixed'
              ? html`<span class="reason">${framing.reason}</span>`
              : nothing
        }
      </div>
      <div class="tools">
        ${
          canSendBack(framing)
            ? html`<button class="preset" @click=${() => request({ ask: 'bring', camera: framing.camera })}>
                ${words.tile.backToPreset}${keyHint(key('preset'))}
              </button>`
            : nothing
        }
        ${
          camera?.ptz
            ? html`<button class="steer" aria-expanded=${steering} @click=${steer}>
                ${steering ? words.tile.stopSteering : words.tile.steer}${keyHint(key('steer'))}
              </button>`
            : nothing
        }
        ${
          incident.clips.some((clip) => clip.camera === framing.camera)
            ? html`<button class="replay" aria-expanded=${replaying} @click=${replay}>
                ${replaying ? words.backToLive : `⟲ ${words.replay}`}${keyHint(key('replay'))}
              </button>`
            : nothing
        }
      </div>
    </figcaption>
  </figure>`
}

/** Below the picture, or beside it where the recorded one leaves room: a low screen shows all of it. */
export function steerOf({ camera }: Framing, { client, town }: Tile) {
  return town.cameras.find(({ id }) => id === camera)?.ptz
    ? keyed(camera, html`<lamppost-steer .client=${client} .camera=${camera}></lamppost-steer>`)
    : nothing
}

export function replayOf({ camera }: Framing, { words, client, incident }: Tile) {
  return html`<section class="recorded" aria-label=${words.replayTitle}>
    <lamppost-player
      class="clip"
      .client=${client}
      .camera=${camera}
      .incident=${incident.id}
      .pressedAt=${callOf(incident).at}
    ></lamppost-player>
  </section>`
}

/**
 * A late press moves no camera by itself: the operator sends one by a button. The recording from the time of the
 * press is shown.
 */
export function noView({ words, client, incident, town, request }: Tile) {
  const { at, late } = callOf(incident)
  const [first] = incident.clips
  return html`<div class="none">
    <p>${late ? words.noneMoved : words.noCamera}</p>
    ${
      late && first
        ? keyed(
            first.camera,
            html`<lamppost-player
              class="clip"
              .client=${client}
              .camera=${first.camera}
              .incident=${incident.id}
              .pressedAt=${at}
            ></lamppost-player>`,
          )
        : nothing
    }
    ${
      late
        ? html`<div class="offer">
            ${incident.clips.map(
              ({ camera }) =>
                html`<button class="main" @click=${() => request({ ask: 'bring', camera })}>
                  ${words.bring(cameraName(town, camera))}
                </button>`,
            )}
          </div>`
        : nothing
    }
  </div>`
}

/** @param played whether they move: a browser without the page's own connection has six for all pictures. */
export function furtherViews(
  further: readonly Framing[],
  { words, client, town, key }: Tile,
  { choose }: Pick<Looking, 'choose'>,
  played: boolean,
) {
  if (further.length === 0) return nothing
  return html`<div class="further" role="group" aria-label=${words.furtherViews}>
    ${repeat(
      further.slice(0, MOST_FURTHER),
      ({ camera }) => camera,
      (framing, i) => {
        const name = cameraName(town, framing.camera)
        const action = VIEW_KEYS[i]
        return html`<button class="view" @click=${() => choose(framing.camera)} aria-label=${words.showLarge(name)}>
          ${played ? html`<lamppost-player small .client=${client} .camera=${framing.camera}></lamppost-player>` : nothing}
          <span class="name">${keyHint(action ? key(action) : null)} ${name}</span
          ><span class="proof ${framing.state}">${words.framing(framing)}</span>
        </button>`
      },
    )}
  </div>`
}
