/** One incident as the operator sees it: where, how long, the picture and what is known about it, and what to do. */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import '../lamppost-player/lamppost-player.ts'
import { look } from '../look/look.ts'
import { clockTime, elapsed } from '../look/times.ts'
import type { Framing, HelpPoint, Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import { Refusal, type WallClient } from '../wall-client/wall-client.ts'
import { en as words } from '../words/en.ts'
import { type RequestNames, askedFor, askedOthers } from './camera-requests.ts'
import { type IncidentRequest, IncidentRequestEvent } from './incident-events.ts'
import { incidentStyles } from './incident-styles.ts'
import { arrangeViews } from './incident-views.ts'

/** All of its presses were held on their way. */
const isLate = ({ presses }: Incident): boolean => presses.length > 0 && presses.every(({ late }) => late)
const MOST_FURTHER = 3

/**
 * @fires lamppost-incident-request - what the operator asks for; a page that handles it itself calls preventDefault
 * @csspart tile - the whole tile
 * @csspart heading - the band with the help point's name
 */
@customElement('lamppost-incident')
export class LamppostIncident extends LitElement {
  static override styles = [look, incidentStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  /** The incident's id. */
  @property() incident = ''
  /** One of several tiles: further views are named, not played, because a browser has six connections for all of them. */
  @property({ type: Boolean }) crowded = false
  /** Not the most urgent tile: its picture is a little later, for the same reason. */
  @property({ type: Boolean }) behind = false
  /** Its place among the tiles by urgency; through the style object, which a strict content security policy allows. */
  @property({ type: Number }) rank = 0
  @state() private chosen: string | null = null
  @state() private replaying = false
  @state() private closing = false
  @state() private reason = ''
  @state() private refusal: string | null = null
  @query('dialog') private dialog!: HTMLDialogElement

  #client = new ClientController(this)
  #timer: ReturnType<typeof setInterval> | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => this.requestUpdate(), 500)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    super.disconnectedCallback()
  }
  protected override updated(changed: PropertyValues): void {
    if (changed.has('rank')) this.style.order = String(this.rank)
    // A native dialog keeps the keyboard inside and gives it back where it was.
    if (changed.has('closing' as keyof LamppostIncident) && this.dialog) {
      if (this.closing && !this.dialog.open) this.dialog.showModal()
      if (!this.closing && this.dialog.open) this.dialog.close()
    }
  }

  /** One event per wish; unless the page forbids it, the client acts. */
  async #request(request: IncidentRequest): Promise<void> {
    if (!this.dispatchEvent(new IncidentRequestEvent(request))) return
    this.refusal = null
    const { client } = this.#client
    try {
      if (request.ask === 'acknowledge') await client.acknowledge(request.incident)
      else if (request.ask === 'close') await client.close(request.incident, request.reason)
      else if (request.ask === 'note') await client.note(request.incident, request.text)
      else if (request.ask === 'bring') await client.bring(request.incident, request.camera)
      else if (request.ask === 'answer-camera') await client.answerCamera(request.incident, request)
      else await client.tick(request.incident, request.step)
    } catch (error) {
      const taken = error instanceof Refusal && error.problem.code === 'incident/taken' ? error.problem.owner : undefined
      this.refusal = taken ? words.alreadyTaken(taken) : error instanceof Error ? error.message : String(error)
      await client.refresh(request.incident)
    }
  }

  protected override render() {
    const town = this.#client.client.state()
    const incident = town.incidents.find(({ id }) => id === this.incident)
    if (!incident) return nothing
    const helpPoint = town.helpPoints.find(({ id }) => id === incident.helpPoint)
    const { main, further } = arrangeViews(incident.framings, this.chosen)
    return html`<article part="tile" class="tile ${incident.state} ${incident.kind}" aria-label=${helpPoint?.name ?? incident.helpPoint}>
      ${this.#heading(incident, helpPoint)} ${askedFor(incident, town.incidents, this.#names, (answer) => void this.#request({ ask: 'answer-camera', incident: incident.id, ...answer }))}
      <div class="body">
        <div class="pictures">
          ${askedOthers(incident, town.incidents, this.#names)}
          ${main ? this.#mainView(main, incident) : this.#noView(incident)}
          ${this.replaying && main ? this.#replay(main, incident) : nothing}
        </div>
        <div class="side">
          ${this.#actions(incident)}
          ${further.length > 0 ? html`<div class="further" role="group" aria-label=${words.furtherViews}>${repeat(further.slice(0, MOST_FURTHER), ({ camera }) => camera, (framing) => this.#furtherView(framing))}</div>` : nothing}
          ${this.#instructions(incident, helpPoint)} ${this.#notes(incident)}
        </div>
      </div>
      ${this.#closeDialog(incident, helpPoint)}
    </article>`
  }

  #heading(incident: Incident, helpPoint: HelpPoint | undefined) {
    const { client } = this.#client
    const timezone = client.state().site?.timezone ?? 'UTC'
    const press = incident.presses[0]
    const late = isLate(incident)
    const first = (late ? press?.pressedAt : press?.receivedAt) ?? incident.openedAt
    return html`<header part="heading">
      <svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2 23 21H1Z" /><path class="bang" d="M11 9h2v6h-2zm0 7.5h2v2h-2z" /></svg>
      <div class="where">
        <p class="what">${incident.kind === 'drill' ? words.drill : words.pressed} · ${words.pressedTimes(incident.presses.length + incident.repeats)}${press?.clockOff ? ` · ${words.deviceClockOff}` : ''}</p>
        <h2>${helpPoint?.name ?? incident.helpPoint}</h2>
        <p class="address">${helpPoint?.address ?? ''}</p>
        ${late ? html`<p class="late">${words.pressedLate(Math.round((client.now() - Date.parse(first)) / 60_000))}</p>` : nothing}
      </div>
      <div class="when">
        <p class="elapsed" role="timer">${elapsed(client.now() - Date.parse(first))}</p>
        <p>${words.sincePress}, ${clockTime(first, timezone)}</p>
      </div>
    </header>`
  }

  readonly #names: RequestNames = {
    camera: (id) => this.#nameOf(id),
    helpPoint: (id) => this.#client.client.state().helpPoints.find((each) => each.id === id)?.name ?? id,
  }

  #nameOf(camera: string): string {
    return this.#client.client.state().cameras.find(({ id }) => id === camera)?.name ?? camera
  }

  #mainView(framing: Framing, incident: Incident) {
    return html`<figure class="main">
      <lamppost-player class="live" ?small=${this.behind} .client=${this.#client.client} .camera=${framing.camera}></lamppost-player>
      <figcaption>
        <strong>${this.#nameOf(framing.camera)}</strong>
        <span class="proof ${framing.state}" data-state=${framing.state}>${words.framing(framing)}</span>
        ${framing.reason && framing.way !== 'fixed' ? html`<span class="reason">${framing.reason}</span>` : nothing}
        ${incident.clips.some(({ camera }) => camera === framing.camera)
          ? html`<button class="replay" aria-expanded=${this.replaying} @click=${() => (this.replaying = !this.replaying)}>${this.replaying ? words.backToLive : `⟲ ${words.replay}`}</button>`
          : nothing}
      </figcaption>
    </figure>`
  }

  /** A late press moves no camera by itself: whoever wants one brings it by a button. */
  #noView(incident: Incident) {
    const late = isLate(incident)
    return html`<div class="none">
      <p>${late ? words.noneMoved : words.noCamera}</p>
      ${late ? html`<div class="offer">${incident.clips.map(({ camera }) => html`<button class="main" @click=${() => this.#request({ ask: 'bring', incident: incident.id, camera })}>${words.bring(this.#nameOf(camera))}</button>`)}</div>` : nothing}
    </div>`
  }

  #replay({ camera }: Framing, incident: Incident) {
    return html`<section class="recorded" aria-label=${words.replayTitle}>
      <h3>${words.replayTitle}</h3>
      <lamppost-player class="clip" .client=${this.#client.client} .camera=${camera} .incident=${incident.id} .pressedAt=${incident.presses[0]?.receivedAt ?? ''}></lamppost-player>
    </section>`
  }

  #furtherView(framing: Framing) {
    const name = this.#nameOf(framing.camera)
    return html`<button class="view" @click=${() => (this.chosen = framing.camera)} aria-label=${words.showLarge(name)}>
      ${this.crowded && !this.#client.client.carrier.isOpen() ? nothing : html`<lamppost-player small .client=${this.#client.client} .camera=${framing.camera}></lamppost-player>`}
      <span class="name">${name}</span><span class="proof ${framing.state}">${words.framing(framing)}</span>
    </button>`
  }

  #actions(incident: Incident) {
    const taken = incident.state === 'acknowledged'
    return html`<div class="actions">
      ${taken
        ? html`<p class="owner"><span aria-hidden="true">✓</span> ${words.takenBy(incident.owner ?? '')}</p>`
        : html`<button class="main take" @click=${() => this.#request({ ask: 'acknowledge', incident: incident.id })}>${words.take}</button>`}
      <button class="close" @click=${() => (this.closing = true)}>${words.close}</button>
      <p class="refusal" role="status">${this.refusal ?? ''}</p>
    </div>`
  }

  #instructions(incident: Incident, helpPoint: HelpPoint | undefined) {
    const steps = helpPoint?.instructions ?? []
    if (steps.length === 0) return nothing
    const timezone = this.#client.client.state().site?.timezone ?? 'UTC'
    return html`<section class="steps" aria-label=${words.instructions}>
      <h3>${words.instructions}</h3>
      <ol>
        ${steps.map((step, i) => {
          const done = incident.steps.find((each) => each.step === i)
          return html`<li>
            <button class="step ${done ? 'done' : ''}" ?disabled=${done !== undefined} aria-label=${words.tick(step)} @click=${() => this.#request({ ask: 'tick', incident: incident.id, step: i })}>
              <span class="box" aria-hidden="true">${done ? '✓' : ''}</span><span>${step}</span>${done ? html`<span class="quiet">${clockTime(done.at, timezone, false)}</span>` : nothing}
            </button>
          </li>`
        })}
      </ol>
    </section>`
  }

  #notes(incident: Incident) {
    const timezone = this.#client.client.state().site?.timezone ?? 'UTC'
    const notes = incident.log.filter(({ kind }) => kind === 'incident.noted').slice(-3)
    const write = (event: SubmitEvent): void => {
      event.preventDefault()
      const input = (event.target as HTMLFormElement).elements.namedItem('note') as HTMLInputElement
      const text = input.value.trim()
      if (!text) return
      input.value = ''
      void this.#request({ ask: 'note', incident: incident.id, text })
    }
    return html`<section class="notes">
      ${notes.map(({ at, body }) => html`<p><span class="quiet">${clockTime(at, timezone, false)}</span> ${(body as { text: string }).text}</p>`)}
      <form @submit=${write}>
        <label class="visually-hidden" for="note">${words.note}</label>
        <input id="note" name="note" type="text" maxlength="4000" autocomplete="off" placeholder=${words.notePlaceholder} />
        <button>${words.addNote}</button>
      </form>
    </section>`
  }

  #closeDialog(incident: Incident, helpPoint: HelpPoint | undefined) {
    const confirm = (event: SubmitEvent): void => {
      event.preventDefault()
      const other = (event.target as HTMLFormElement).elements.namedItem('other') as HTMLInputElement
      const reason = (this.reason === words.closeOther ? other.value : this.reason).trim()
      if (!reason) return void other.focus()
      this.closing = false
      void this.#request({ ask: 'close', incident: incident.id, reason })
    }
    const choices = [...words.closeReasons, words.closeOther]
    return html`<dialog @close=${() => (this.closing = false)} aria-label=${words.closeTitle}>
      <form @submit=${confirm}>
        <h3>${words.closeTitle}</h3>
        <p class="quiet">${helpPoint?.name ?? ''}</p>
        <div class="reasons">
          ${choices.map((choice) => html`<label><input type="radio" name="reason" required .checked=${this.reason === choice} @change=${() => (this.reason = choice)} /><span>${choice}</span></label>`)}
        </div>
        <input type="text" name="other" maxlength="400" aria-label=${words.closeOther} ?hidden=${this.reason !== words.closeOther} />
        <div class="row">
          <button type="button" @click=${() => (this.closing = false)}>${words.cancel}</button>
          <button class="danger">${words.closeConfirm}</button>
        </div>
      </form>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-incident': LamppostIncident
  }
}
