/** Questions that need an answer before anything happens: why closed, why on hold, to whom, and really from whom. */
import { type TemplateResult, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Asking } from './incident-actions.ts'
import { type Tile, nameOf } from './tile-context.ts'

const HOLD_MINUTES = [5, 10, 20, 30]
const valueOf = (form: HTMLFormElement, name: string): string =>
  ((new FormData(form).get(name) as string | null) ?? '').trim()
const submitted =
  (act: (form: HTMLFormElement) => void) =>
  (event: SubmitEvent): void => {
    event.preventDefault()
    act(event.target as HTMLFormElement)
  }

const OTHER = ':other'
/** Choices, and one's own words. */
function reasons(tile: Tile, choices: readonly string[]) {
  const { words } = tile
  const choose = (event: Event): void => {
    const form = (event.target as HTMLInputElement).form
    const other = form?.elements.namedItem('other') as HTMLInputElement
    other.hidden = valueOf(form as HTMLFormElement, 'reason') !== OTHER
    if (!other.hidden) other.focus()
  }
  return html`<div class="choices" role="radiogroup" aria-labelledby="question" @change=${choose}>
      ${choices.map((choice) => html`<label><input type="radio" name="reason" required value=${choice} /><span>${choice}</span></label>`)}
      <label><input type="radio" name="reason" required value=${OTHER} /><span>${words.closeOther}</span></label>
    </div>
    <input type="text" name="other" maxlength="400" aria-label=${words.closeOther} hidden />`
}
/** Empty when the words are still missing; the field is shown then. */
function reasonOf(form: HTMLFormElement): string {
  const chosen = valueOf(form, 'reason')
  if (chosen !== OTHER) return chosen
  const other = form.elements.namedItem('other') as HTMLInputElement
  if (!other.value.trim()) other.focus()
  return other.value.trim()
}

/** @param seen the newest entry of its log when the question came up; null: it is to be closed whatever came since */
export function question(
  tile: Tile,
  asking: Asking,
  seen: number | null,
  done: () => void,
): TemplateResult | typeof nothing {
  const { words, incident, town, me } = tile
  const sheet = (
    title: string,
    body: unknown,
    confirm: string,
    act: (form: HTMLFormElement) => boolean,
    kind = 'main',
  ) =>
    html`<form
      @submit=${submitted((form) => {
        if (act(form)) done()
      })}
    >
      <h3 id="question">${title}</h3>
      <p class="quiet">${nameOf(tile)}</p>
      ${body}
      <div class="row">
        <button type="button" class="cancel" @click=${done}>${words.cancel}</button
        ><button class=${kind}>${confirm}</button>
      </div>
    </form>`
  switch (asking) {
    case 'close':
      return sheet(
        words.closeTitle,
        reasons(tile, Object.values(words.closeReasons)),
        words.closeConfirm,
        (form) => {
          const reason = reasonOf(form)
          if (reason) tile.request({ ask: 'close', reason, ...(seen === null ? {} : { seen }) })
          return reason !== ''
        },
        'danger',
      )
    case 'hold':
      return sheet(
        words.tile.holdTitle,
        html`${reasons(tile, Object.values(words.tile.holdReasons))}
          <div class="choices minutes" role="radiogroup" aria-label=${words.tile.holdConfirm}>
            ${HOLD_MINUTES.map(
              (minutes, i) =>
                html`<label
                  ><input type="radio" name="minutes" value=${minutes} ?checked=${i === 1} /><span
                    >${words.tile.holdFor(minutes)}</span
                  ></label
                >`,
            )}
            <label class="wide"
              ><input type="radio" name="minutes" value="" /><span>${words.tile.holdUntilOff}</span></label
            >
          </div>`,
        words.tile.holdConfirm,
        (form) => {
          const reason = reasonOf(form)
          const minutes = valueOf(form, 'minutes')
          if (reason) tile.request({ ask: 'hold', reason, minutes: minutes === '' ? null : Number(minutes) })
          return reason !== ''
        },
      )
    case 'hand-over': {
      const others = town.people.filter(
        ({ name, role }) => name !== me && (role === 'operator' || role === 'supervisor'),
      )
      return sheet(
        words.tile.handOverTitle,
        html`<div class="choices" role="radiogroup" aria-labelledby="question">
          ${repeat(
            others,
            ({ name }) => name,
            ({ name }) =>
              html`<label><input type="radio" name="to" required value=${name} /><span>${name}</span></label>`,
          )}
          <label
            ><input type="radio" name="to" required value="" ?checked=${others.length === 0} /><span
              >${words.tile.whoever}</span
            ></label
          >
        </div>`,
        words.tile.handOver.replace('…', ''),
        (form) => {
          const to = valueOf(form, 'to')
          tile.request({ ask: 'offer', to: to === '' ? null : to })
          return true
        },
      )
    }
    case 'take-over': {
      const { owner } = incident
      if (owner === null) return nothing
      return sheet(words.tile.takeOverSure(owner), nothing, words.tile.takeOver(owner), () => {
        tile.request({ ask: 'acknowledge', from: owner })
        return true
      })
    }
    case null:
      return nothing
    default:
      return asking satisfies never
  }
}
