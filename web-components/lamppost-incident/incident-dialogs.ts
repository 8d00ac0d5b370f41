/** Questions that need an answer before anything happens: why closed, why on hold, to whom, and really from whom. */
import { type TemplateResult, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { ClosureCode } from '../wall-client/api-shapes.ts'
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

const OTHER = 'other'
/** In words, or by a code that stands for them. */
type Choice = { value: string; words: string }
/**
 * Choices, each with the digit that takes it at once, and one's own words. Two keys close an incident: the one that asks, and
 * a digit.
 */
function reasons({ words }: Tile, choices: readonly Choice[]) {
  const choose = (event: Event): void => {
    const form = (event.target as HTMLInputElement).form
    const other = form?.elements.namedItem('other') as HTMLInputElement
    other.hidden = valueOf(form as HTMLFormElement, 'reason') !== OTHER
    if (!other.hidden) other.focus()
  }
  const offered = [...choices, { value: OTHER, words: words.closeOther }]
  return html`<div class="choices" role="radiogroup" aria-labelledby="question" @change=${choose}>
      ${offered.map(
        ({ value, words: said }, i) =>
          html`<label
            ><input type="radio" name="reason" required value=${value} /><span>${said}</span
            ><kbd aria-hidden="true">${i + 1}</kbd></label
          >`,
      )}
    </div>
    <input type="text" name="other" maxlength="400" aria-label=${words.closeOther} hidden />`
}
/** Takes the reason with this digit and answers the question by it, unless words are still missing. False: there is none. */
export function takeReason(form: HTMLFormElement, digit: number): boolean {
  const choice = form.querySelectorAll<HTMLInputElement>('input[name=reason]')[digit - 1]
  if (!choice) return false
  choice.click()
  if (choice.value !== OTHER) form.requestSubmit()
  return true
}
function takeByDigit(event: KeyboardEvent): void {
  const form = event.currentTarget as HTMLFormElement
  const isText = event.target instanceof HTMLInputElement && event.target.type === 'text'
  if (isText || event.ctrlKey || event.altKey || event.metaKey || event.repeat || !/^[1-9]$/.test(event.key)) return
  if (takeReason(form, Number(event.key))) event.preventDefault()
}
/** The chosen one; `own`: in one's own words. Null when those are still missing: the field is shown then. */
function reasonOf(form: HTMLFormElement): { value: string; own: string } | null {
  const value = valueOf(form, 'reason')
  if (value !== OTHER) return { value, own: '' }
  const other = form.elements.namedItem('other') as HTMLInputElement
  const own = other.value.trim()
  if (!own) other.focus()
  return own ? { value, own } : null
}
const choicesOf = (words: Readonly<Record<string, string>>): Choice[] =>
  Object.entries(words).map(([value, said]) => ({ value, words: said }))

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
      @keydown=${takeByDigit}
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
        reasons(tile, choicesOf(words.closeReasons)),
        words.closeConfirm,
        (form) => {
          const chosen = reasonOf(form)
          if (!chosen) return false
          const code = chosen.value as ClosureCode
          const reason = code === 'other' ? chosen.own : words.closeReasons[code]
          tile.request({ ask: 'close', reason, code, ...(seen === null ? {} : { seen }) })
          return true
        },
        'danger',
      )
    case 'hold':
      return sheet(
        words.tile.holdTitle,
        html`${reasons(tile, choicesOf(words.tile.holdReasons))}
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
          const chosen = reasonOf(form)
          if (!chosen) return false
          const minutes = valueOf(form, 'minutes')
          const said: Readonly<Record<string, string>> = words.tile.holdReasons
          const reason = said[chosen.value] ?? chosen.own
          tile.request({ ask: 'hold', reason, minutes: minutes === '' ? null : Number(minutes) })
          return true
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
