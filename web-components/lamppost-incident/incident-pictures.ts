/** The large picture with what is known about it, the seconds before the press beside it, and further views. */
import { html, nothing } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { repeat } from 'lit/directives/repeat.js'
import '../lamppost-player/lamppost-player.ts'
import '../lamppost-steer/lamppost-steer.ts'
import type { Call, Framing } from '../wall-client/api-shapes.ts'
import { clockTime } from '../theme/times.ts'
import { keyHint } from './incident-actions.ts'
import { proofSign } from './proof-sign.ts'
import { type Tile, cameraName, callOf, takenTo } from './tile-context.ts'

/** As many as have a key: the digit of a camera is its place among those of the incident, and stays. */
export const VIEW_KEYS = ['view1', 'view2', 'view3', 'view4', 'view5', 'view6', 'view7', 'view8', 'view9'] as const
const MOST_FURTHER = VIEW_KEYS.length - 1
const keyOf = ({ incident, key }: Tile, camera: string): string | null => {
  const action = VIEW_KEYS[incident.framings.findIndex((each) => each.camera === camera)]
  return action ? key(action) : null
}
export type Looking = {
  replaying: boolean
  /** Live is large beside the recording, which is the inset. */ swapped: boolean
  steering: boolean
  /** Later than the most urgent tile's. */ behind: boolean
  replay(): void
  /** Recorded and live change places. */ swap(): void
  /** A hand that drags or turns the wheel on the picture itself. */ hand: PictureHand
  steer(): void
  choose(camera: string): void
}

export type PictureHand = {
  down(event: PointerEvent): void
  move(event: PointerEvent): void
  up(event?: PointerEvent): void
  wheel(event: WheelEvent): void
}

const isThrough = ({ camera, state }: Call, of: string): boolean => camera === of && state !== 'ended'
/** Anything but a preset that was reached can be asked again; a fixed camera, or one that was sent nowhere, cannot. */
export const canSendBack = ({ way }: Framing): boolean => way !== 'fixed' && way !== 'as-is'

export function mainView(
  framing: Framing,
  tile: Tile,
  { replaying, steering, behind, replay, steer, hand: onPicture }: Looking,
) {
  const { words, client, town, incident, key, request } = tile
  // A hand is on one camera: when another becomes the large one, it has let go of this.
  const camera = town.cameras.find(({ id }) => id === framing.camera)
  const hand = camera?.steeredBy
  return html`<figure class="main">
    <lamppost-player
      class="live"
      ?small=${behind}
      ?zoomable=${!steering}
      .client=${client}
      .camera=${framing.camera}
    ></lamppost-player>
    ${
      steering && camera?.ptz
        ? html`<div
            class="grab"
            title=${words.tile.clickToCentre}
            @pointerdown=${onPicture.down}
            @pointermove=${onPicture.move}
            @pointerup=${onPicture.up}
            @pointercancel=${onPicture.up}
            @lostpointercapture=${onPicture.up}
            @wheel=${onPicture.wheel}
          ></div>`
        : nothing
    }
    <figcaption>
      <div class="known">
        <strong>${keyHint(keyOf(tile, framing.camera))} ${cameraName(town, framing.camera)}</strong>
        ${proofSign(framing, words, takenTo(tile, framing.camera))} ${snapped(tile, framing.camera)}
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
          canSendBack(framing) && (framing.state !== 'framed' || hand)
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
          camera?.speaker && incident.state !== 'closed' && !town.calls.some((call) => isThrough(call, framing.camera))
            ? html`<button
                class="speak"
                title=${words.call.to.speakThroughLong(camera.name)}
                @click=${() => request({ ask: 'speak', camera: framing.camera })}
              >
                ${words.call.to.speakThrough}
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
        ${
          incident.state === 'closed'
            ? nothing
            : html`<button
                class="snap"
                aria-label=${words.tile.snapshot}
                title=${words.tile.snapshot}
                @click=${() => request({ ask: 'snapshot', camera: framing.camera })}
              >
                <svg viewBox="0 0 24 24" aria-hidden="true">
                  <path d="M4 8h3l2-3h6l2 3h3v11H4Z"></path>
                  <circle cx="12" cy="13" r="3.5"></circle></svg
                >${keyHint(key('snapshot'))}
              </button>`
        }
        <button class="full" aria-label=${words.tile.fullScreen} title=${words.tile.fullScreen} @click=${showFull}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"></path></svg
          >${keyHint(key('full'))}
        </button>
      </div>
    </figcaption>
  </figure>`
}

/** For as long as an eye needs: that it is kept, and which moment it shows. */
const SNAPPED_MS = 6000
function snapped({ incident, client, words, timezone }: Tile, camera: string) {
  const last = incident.log.findLast(({ kind }) => kind === 'snapshot.taken')
  const body = last?.body as { camera: string; at: string } | undefined
  const isNew = last !== undefined && client.now() - Date.parse(last.at) < SNAPPED_MS
  return html`<span class="snapped" role="status"
    >${isNew && body?.camera === camera ? words.tile.snapped(clockTime(body.at, timezone, false)) : nothing}</span
  >`
}
/** The picture with its bar fills the screen; once more, or Escape, ends it. */
const showFull = (event: Event): void => toggleFull((event.currentTarget as HTMLElement).closest('figure'))
export function toggleFull(figure: Element | null): void {
  const root = figure?.getRootNode()
  const isFull = root instanceof ShadowRoot && root.fullscreenElement === figure
  const change = isFull ? document.exitFullscreen() : figure?.requestFullscreen()
  change?.catch(() => {})
}

/** Below the picture, or beside it where the recorded one leaves room: a low screen shows all of it. */
export function steerOf({ camera }: Framing, { client, town }: Tile) {
  return town.cameras.find(({ id }) => id === camera)?.ptz
    ? keyed(camera, html`<lamppost-steer .client=${client} .camera=${camera}></lamppost-steer>`)
    : nothing
}

export function replayOf(
  { camera }: Framing,
  { words, client, incident, key }: Tile,
  { swap, swapped, replay }: Looking,
) {
  return html`<div class="replay-bar">
      <button class="swap" @click=${swap}>
        ${swapped ? words.tile.recordedLarge : words.tile.liveLarge}${keyHint(key('swap'))}
      </button>
      <button class="end" @click=${replay}>${words.backToLive}${keyHint(key('replay'))}</button>
    </div>
    <section class="recorded" aria-label=${words.replayTitle}>
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
  tile: Tile,
  { choose }: Pick<Looking, 'choose'>,
  played: boolean,
) {
  const { words, client, town } = tile
  if (further.length === 0) return nothing
  return html`<div class="further" role="group" aria-label=${words.furtherViews}>
    ${repeat(
      further.slice(0, MOST_FURTHER),
      ({ camera }) => camera,
      (framing) => {
        const name = cameraName(town, framing.camera)
        return html`<button class="view" @click=${() => choose(framing.camera)} aria-label=${words.showLarge(name)}>
          ${played ? html`<lamppost-player small .client=${client} .camera=${framing.camera}></lamppost-player>` : nothing}
          <span class="name">${keyHint(keyOf(tile, framing.camera))} ${name}</span>
          ${proofSign(framing, words, takenTo(tile, framing.camera))}
        </button>`
      },
    )}
  </div>`
}
