/** Figures for the partnership: is the button a success, and where should the next one stand? Names nobody. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import type { HelpPointFigures, PressReport, Spread } from '../../server/glossary/register.ts'
import { saveFile } from '../browser/save-file.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { bars, parts } from './figures-charts.ts'
import { figuresStyles } from './figures-styles.ts'
import { PERIODS, type Period, groupsOf, periodFrom, spanText, sumOf } from './figures-sums.ts'
import { figuresWords } from './figures-words.ts'

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token of a supervisor; empty uses the session cookie
 * @attr theme - dark (left out), light or auto
 */
@element('lamppost-figures')
export class LamppostFigures extends LitElement {
  static override styles = [look, figuresStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property({ reflect: true }) theme = ''
  @state() private report: PressReport | null = null
  @state() private isLoading = true
  @state() private refusal: string | null = null
  /** Dates; the last belongs to it. */
  @state() private period = { from: '', to: '' }

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #asked = 0

  override connectedCallback(): void {
    super.connectedCallback()
    void this.updateComplete.then(() => this.#load('', ''))
  }
  async #load(from: string, to: string): Promise<void> {
    const mine = (this.#asked += 1)
    this.isLoading = true
    this.refusal = null
    try {
      const report = await this.#client.client.pressReport(from, to)
      if (mine !== this.#asked) return
      this.report = report
      const { timezone } = report
      this.period = {
        from: localDate(report.from, timezone),
        to: localDate(new Date(Date.parse(report.to) - 1).toISOString(), timezone),
      }
    } catch (error) {
      if (mine === this.#asked) this.refusal = refusalText(error, this.#language.words)
    } finally {
      if (mine === this.#asked) this.isLoading = false
    }
  }
  #choose(period: Period): void {
    const { client } = this.#client
    const timezone = this.report?.timezone ?? client.state().site?.timezone ?? 'UTC'
    const { from, to } = periodFrom(period, localDate(new Date(client.now()).toISOString(), timezone))
    void this.#load(from, to)
  }
  async #save(): Promise<void> {
    try {
      const { blob, name } = await this.#client.client.pressTable(this.period.from, this.period.to)
      saveFile(blob, name)
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    }
  }

  get #page() {
    return figuresWords(this.#language.words)
  }

  protected override render() {
    const page = this.#page
    const { site } = this.#client.client.state()
    return html`<main>
      <p class="paper">${site?.name ?? ''}</p>
      <h1>${page.title}</h1>
      ${this.#controls()}
      <p class="refusal" role="alert">${this.refusal ?? ''}</p>
      <p class="quiet status" role="status">${this.isLoading ? page.loading : ''}</p>
      ${this.report ? this.#figures(this.report) : nothing}
    </main>`
  }
  #controls() {
    const page = this.#page
    const show = (event: SubmitEvent): void => {
      event.preventDefault()
      const fields = new FormData(event.target as HTMLFormElement)
      void this.#load(String(fields.get('from') ?? ''), String(fields.get('to') ?? ''))
    }
    return html`<form @submit=${show}>
      <div class="row">
        ${PERIODS.map((period) => html`<button type="button" @click=${() => this.#choose(period)}>${page[period]}</button>`)}
      </div>
      <label>${page.from}<input type="date" name="from" .value=${this.period.from} /></label>
      <label>${page.to}<input type="date" name="to" .value=${this.period.to} /></label>
      <button class="main">${page.show}</button>
      <div class="row end">
        <button type="button" @click=${() => void this.#save()}>${page.table}</button>
        <button type="button" @click=${() => window.print()}>${page.print}</button>
      </div>
    </form>`
  }
  #figures(report: PressReport) {
    const page = this.#page
    const sums = sumOf(report)
    const day = new Intl.DateTimeFormat(this.#language.locale, { dateStyle: 'long', timeZone: report.timezone })
    const last = new Date(Date.parse(report.to) - 1)
    const drills = sums.drills.passed + sums.drills.failed
    return html`<p class="period">
        ${page.period(day.format(new Date(report.from)), day.format(last), report.timezone)}
      </p>
      <div class="cards">
        ${card(page.presses, String(sums.presses), `${sums.repeats} ${page.repeats}`)}
        ${card(page.incidents, String(sums.incidents))} ${card(page.genuine, String(sums.groups.genuine))}
        ${card(page.malicious, String(sums.groups.malicious))}
        ${card(page.drills, drills === 0 ? '–' : `${sums.drills.passed} / ${drills}`)}
      </div>
      ${sums.presses === 0 ? html`<p class="none">${page.none}</p>` : nothing}
      ${parts(page.byOutcome, sums.groups, page)}
      <div class="charts">
        ${bars(page.byHour, report.byHour, (hour) => (hour % 3 === 0 ? String(hour).padStart(2, '0') : ''))}
        ${bars(page.byWeekday, report.byWeekday, (day) => page.weekdays[day] ?? '')}
      </div>
      ${this.#table(report)}
      <p class="quiet notes">${page.notes}</p>`
  }
  #table({ helpPoints }: PressReport) {
    const page = this.#page
    const { helpPoints: known } = this.#client.client.state()
    const nameOf = (id: string): string => known.find((each) => each.id === id)?.name ?? id
    const spreads = ['toAccept', 'toFirstWords', 'toArranged', 'toClose'] as const
    const spread = ({ p50, p90 }: Spread) =>
      html`<td>${spanText(p50)}</td>
        <td>${spanText(p90)}</td>`
    const row = (each: HelpPointFigures) => {
      const groups = groupsOf(each)
      return html`<tr>
        <th scope="row">${nameOf(each.helpPoint)}</th>
        <td>${each.presses}</td>
        <td>${each.incidents}</td>
        <td>${groups.genuine}</td>
        <td>${groups.mistake}</td>
        <td>${groups.malicious}</td>
        <td>${groups.unclear}</td>
        ${spreads.map((name) => spread(each[name]))}
        <td>${each.drills.passed} / ${each.drills.passed + each.drills.failed}</td>
      </tr>`
    }
    // Those that are used most stand first.
    const sorted = helpPoints.toSorted((a, b) => b.incidents - a.incidents)
    return html`<div class="wide" tabindex="0" role="region" aria-label=${page.helpPoint}>
      <table>
        <thead>
          <tr>
            <th scope="col" rowspan="2">${page.helpPoint}</th>
            <th scope="col" rowspan="2">${page.presses}</th>
            <th scope="col" rowspan="2">${page.incidents}</th>
            <th scope="col" rowspan="2">${page.genuine}</th>
            <th scope="col" rowspan="2">${page.mistake}</th>
            <th scope="col" rowspan="2">${page.malicious}</th>
            <th scope="col" rowspan="2">${page.unclear}</th>
            ${spreads.map((name) => html`<th scope="colgroup" colspan="2">${page[name]}</th>`)}
            <th scope="col" rowspan="2">${page.drills}</th>
          </tr>
          <tr>
            ${spreads.map(
              () =>
                html`<th scope="col">${page.half}</th>
                  <th scope="col">${page.nine}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${sorted.map(row)}
        </tbody>
      </table>
    </div>`
  }
}

const card = (name: string, value: string, more = '') =>
  html`<div class="card">
    <p class="value">${value}</p>
    <p>${name}</p>
    ${more ? html`<p class="quiet">${more}</p>` : nothing}
  </div>`

/** As 2026-11-30. */
function localDate(iso: string, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(new Date(iso))
  const part = (name: string): string => parts.find(({ type }) => type === name)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-figures': LamppostFigures
  }
}
