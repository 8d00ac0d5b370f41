/** What was recorded near a place in a time. */
import { html, nothing } from 'lit'
import { dayAndTime } from '../theme/times.ts'
import type { FoundRecordings, HelpPoint } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'
import { type Answered, orderForm } from './order-form.ts'

export type Search = { from: string; to: string; helpPoint: string; metres: number; reason: string }
export type SearchView = {
  words: Words
  timezone: string
  locale: string
  helpPoints: readonly HelpPoint[]
  found: { search: Search; recordings: FoundRecordings } | null
  chosen: ReadonlySet<string>
  busy: boolean
  onSearch(search: Search): void
  onChoose(camera: string, chosen: boolean): void
  onOrder(answered: Answered, search: Search): void
}

/** The moment that a zone's clocks show so: guessed as UTC, then put right by what the zone shows there. Pure. */
export function momentIn(timezone: string, local: string): string {
  const asUtc = Date.parse(`${local}Z`)
  const shown = (moment: number): number => {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }).formatToParts(moment)
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
    return Date.parse(
      `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`,
    )
  }
  const first = asUtc - (shown(asUtc) - asUtc)
  return new Date(first - (shown(first) - asUtc)).toISOString()
}

export function searchSection(view: SearchView) {
  const { words, timezone, helpPoints, busy, onSearch } = view
  const { search } = words.officer
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const {
      helpPoint = '',
      metres = '',
      from = '',
      to = '',
      reason = '',
    } = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>
    onSearch({
      helpPoint,
      metres: Number(metres),
      from: momentIn(timezone, from),
      to: momentIn(timezone, to),
      reason: reason.trim(),
    })
  }
  return html`<section class="search">
    <form aria-label=${search.title} @submit=${submit}>
      <h3>${search.title}</h3>
      <p class="quiet">${search.hint}</p>
      <div class="fields">
        <label
          >${search.helpPoint}<select name="helpPoint">
            ${helpPoints.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
          </select></label
        >
        <label>${search.metres}<input type="number" name="metres" min="1" max="5000" value="100" required /></label>
        <label
          >${search.from} <small>${search.zone(timezone)}</small
          ><input type="datetime-local" name="from" step="1" required
        /></label>
        <label
          >${search.to} <small>${search.zone(timezone)}</small><input type="datetime-local" name="to" step="1" required
        /></label>
      </div>
      <label>${search.reason}<input type="text" name="reason" maxlength="1000" required autocomplete="off" /></label>
      <button class="main" ?disabled=${busy}>${search.submit}</button>
    </form>
    ${view.found ? results(view, view.found) : nothing}
  </section>`
}

function results(
  { words, timezone, locale, helpPoints, chosen, busy, onChoose, onOrder }: SearchView,
  { search: asked, recordings }: NonNullable<SearchView['found']>,
) {
  const { search } = words.officer
  const time = (iso: string): string => dayAndTime(iso, timezone, locale)
  return html`<article>
      <p class="visually-hidden" role="status">
        ${search.cameras}: ${recordings.cameras.length}. ${search.incidents}: ${recordings.incidents.length}.
      </p>
      <h4>${search.cameras}</h4>
      ${recordings.cameras.length === 0 ? html`<p class="quiet">${search.noCameras}</p>` : nothing}
      <ul>
        ${recordings.cameras.map(
          ({ camera, name, metres, recorded }) =>
            html`<li>
              <label
                ><input
                  type="checkbox"
                  .checked=${chosen.has(camera)}
                  ?disabled=${recorded.length === 0}
                  @change=${(event: Event) => onChoose(camera, (event.target as HTMLInputElement).checked)}
                /><strong>${name}</strong></label
              >
              <span class="quiet">${search.away(metres)}</span>
              <span
                >${recorded.length === 0 ? search.nothing : recorded.map(({ from, to }) => html`${time(from)} – ${time(to)}<br />`)}</span
              >
            </li>`,
        )}
      </ul>
      <h4>${search.incidents}</h4>
      ${
        recordings.incidents.length === 0
          ? html`<p class="quiet">${search.noIncidents}</p>`
          : html`<ul class="incidents">
              ${recordings.incidents.map(
                ({ id, helpPoint, openedAt }) =>
                  html`<li>
                    <strong>${helpPoints.find((each) => each.id === helpPoint)?.name ?? helpPoint}</strong>
                    <span>${time(openedAt)}</span> <span class="quiet">${id}</span>
                  </li>`,
              )}
            </ul>`
      }
    </article>
    ${
      recordings.cameras.some(({ recorded }) => recorded.length > 0)
        ? orderForm({
            words,
            title: search.export,
            summary: `${time(asked.from)} – ${time(asked.to)}`,
            submit: words.officer.order.submit(chosen.size),
            disabled: chosen.size === 0,
            busy,
            onSubmit: (answered) => onOrder(answered, asked),
          })
        : nothing
    }`
}
