/** One shift hands over to the next: what is open, what is broken, what waits; who leaves signs, and then who comes. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { live } from 'lit/directives/live.js'
import { type Step, secondStepForm, stepOf } from '../page-parts/second-step.ts'
import { element } from '../theme/element.ts'
import { browserStore } from '../browser/browser-store.ts'
import { look } from '../theme/theme.ts'
import { dayAndTime, shortTime } from '../theme/times.ts'
import type { Shift, ShiftFault, ShiftSummary } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { Refusal } from '../wall-client/refusal.ts'
import { refusalText } from '../words/refusal-words.ts'
import { shiftStyles } from './shift-styles.ts'

const NOTES = 'lamppost shift notes'
const RELOAD_MS = 5000
const SHOWN = 5

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token; empty uses the session cookie
 * @attr theme - dark (left out), light or auto
 */
@element('lamppost-shift')
export class LamppostShift extends LitElement {
  static override styles = [look, shiftStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property({ reflect: true }) theme = ''
  @state() private now: ShiftSummary | null = null
  @state() private shifts: Shift[] = []
  @state() private retention: Awaited<ReturnType<WallClient['retention']>> | null = null
  @state() private refusal: string | null = null
  @state() private loadRefused: string | null = null
  /** What somebody is writing for the next shift: nothing that comes in between may take it away. */
  @state() private notes = ''

  /** Why the signature of who comes was not taken. */
  /** The password was right, and the account has a second factor. */
  @state() private step: Step | null = null
  @state() private unsigned: string | null = null

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #timer: ReturnType<typeof setInterval> | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    void this.updateComplete.then(() => this.#load())
    this.#timer = setInterval(() => void this.#load(), RELOAD_MS)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    super.disconnectedCallback()
  }
  async #load(): Promise<void> {
    const { client } = this.#client
    try {
      ;[this.now, this.shifts, this.retention] = await Promise.all([
        client.shiftNow(),
        client.shifts(),
        client.retention({ expiring: true }),
      ])
      this.loadRefused = null
      this.#recall(client.state().me?.name ?? '')
    } catch (error) {
      this.loadRefused = refusalText(error, this.#language.words)
    }
  }
  /** @param exact in the server's own words */
  async #sign(act: () => Promise<unknown>, exact = false): Promise<boolean> {
    // A second click while the first is on its way would be a second hand-over.
    if (this.#signing) return false
    this.#signing = true
    this.refusal = null
    try {
      await act()
      await this.#load()
      return true
    } catch (error) {
      this.refusal = exact && error instanceof Refusal ? error.problem.detail : refusalText(error, this.#language.words)
      return false
    } finally {
      this.#signing = false
    }
  }
  #signing = false
  /** What is being written outlives a reload; not the end of the browser. */
  #note(notes: string): void {
    this.notes = notes
    if (notes === '') this.#store.removeItem(`${NOTES} ${this.#notesOf}`)
    else this.#store.setItem(`${NOTES} ${this.#notesOf}`, notes)
  }
  #store = browserStore('sessionStorage')
  #notesOf = ''
  /** A desk is shared: nobody signs another's words. */
  #recall(me: string): void {
    if (me === '' || me === this.#notesOf) return
    const typed = this.#notesOf === '' ? this.notes : ''
    this.#notesOf = me
    this.notes = typed || (this.#store.getItem(`${NOTES} ${me}`) ?? '')
  }
  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }
  #time = (iso: string | null): string => (iso === null ? '' : dayAndTime(iso, this.#timezone, this.#language.locale))

  protected override render() {
    const { words } = this.#language
    const { link, me } = this.#client.client.state()
    const waiting = this.shifts.find(({ acceptedBy }) => acceptedBy === null)
    return html`<main>
      <h2>${words.shift.title}</h2>
      ${link === 'lost' ? html`<p class="refusal" role="alert">${words.serverLost}</p>` : nothing}
      <p class="refusal" role="alert">${this.refusal ?? this.loadRefused ?? ''}</p>
      ${
        this.now
          ? html`<div class="two">${this.#open()} ${this.#holds()} ${this.#faults(this.now.faults)}</div>`
          : html`<p class="quiet">${words.connecting}</p>`
      }
      ${waiting && waiting === this.shifts[0] && this.notes.trim() === '' ? this.#signature(waiting, me?.name ?? '') : this.#offer()}
      ${this.#before(this.shifts.filter((shift) => shift !== waiting || shift !== this.shifts[0]))}
    </main>`
  }

  #place(helpPoint: string): string {
    return this.#client.client.state().helpPoints.find(({ id }) => id === helpPoint)?.name ?? helpPoint
  }
  #open() {
    const { words } = this.#language
    const incidents = this.now?.incidents ?? []
    return html`<section>
      <h3>${words.shift.open}</h3>
      ${
        incidents.length === 0
          ? html`<p class="good">${words.shift.noneOpen}</p>`
          : html`<ul>
              ${incidents.map(
                ({ helpPoint, owner, openedAt }) =>
                  html`<li class=${owner === null ? 'waits' : ''}>
                    <strong>${this.#place(helpPoint)}</strong
                    ><span
                      >${owner === null ? words.tile.nobodyYet : words.takenBy(owner)} · ${this.#time(openedAt)}</span
                    >
                  </li>`,
              )}
            </ul>`
      }
    </section>`
  }
  /** By the moment at which each comes back. */
  #holds() {
    const { words } = this.#language
    const held = this.#client.client
      .state()
      .incidents.flatMap(({ helpPoint, onHold }) => (onHold ? [{ helpPoint, ...onHold }] : []))
    const order = held.sort((a, b) => ((a.until ?? '9') < (b.until ?? '9') ? -1 : 1))
    return html`<section>
      <h3>${words.shift.holds}</h3>
      ${
        order.length === 0
          ? html`<p class="good">${words.shift.noHolds}</p>`
          : html`<ul>
              ${order.map(
                ({ helpPoint, by, reason, until }) =>
                  html`<li class="wrong">
                    <strong>${this.#place(helpPoint)}</strong
                    ><span
                      >${words.tile.onHold(by, reason)}${until ? ` · ${words.tile.holdUntil(shortTime(until, this.#timezone))}` : ''}</span
                    >
                  </li>`,
              )}
            </ul>`
      }
      ${this.#ending()}
    </section>`
  }
  /** Recordings that the site's rule lets go soon: somebody may want to lock them. */
  #ending() {
    const { words } = this.#language
    if (!this.retention) return nothing
    const { items: ending, next } = this.retention
    return html`<p class="quiet">${words.shift.clips(this.retention.keepDays)}</p>
      ${
        ending.length === 0
          ? html`<p class="good">${words.shift.noClips}</p>`
          : html`<ul>
              ${ending.map(
                ({ helpPoint, openedAt, endsAt }) =>
                  html`<li class="wrong">
                    <strong>${this.#place(helpPoint)}, ${this.#time(openedAt)}</strong
                    ><span>${words.shift.clipEnds(this.#time(endsAt))}</span>
                  </li>`,
              )}${next === null ? nothing : html`<li class="quiet">${words.shift.moreClips}</li>`}
            </ul>`
      }`
  }
  #faults(faults: readonly ShiftFault[]) {
    const { words } = this.#language
    const nameOf = ({ what, subject }: ShiftFault): string =>
      what === 'help-point'
        ? this.#place(subject)
        : (this.#client.client.state().cameras.find(({ id }) => id === subject)?.name ?? subject)
    return html`<section>
      <h3>${words.shift.faults}</h3>
      ${
        faults.length === 0
          ? html`<p class="good">${words.shift.noFaults}</p>`
          : html`<ul>
              ${faults.map(
                (fault) =>
                  html`<li class="wrong">
                    <strong>${words.shift.faultOf[fault.what]}${fault.subject ? `: ${nameOf(fault)}` : ''}</strong
                    ><span class="quiet">${fault.detail ?? ''}</span>
                  </li>`,
              )}
            </ul>`
      }
    </section>`
  }

  #offer() {
    const { words } = this.#language
    const offer = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault()
      if (await this.#sign(() => this.#client.client.offerShift(this.notes.trim()))) this.#note('')
    }
    return html`<section>
      <form @submit=${offer}>
        <label
          >${words.shift.notes}<textarea
            name="notes"
            maxlength="4000"
            .value=${live(this.notes)}
            @input=${(event: Event) => this.#note((event.target as HTMLTextAreaElement).value)}
          ></textarea>
        </label>
        <p></p>
        <button class="main">${words.shift.offer}</button>
      </form>
    </section>`
  }

  /** At the same screen, each by their own name: a shared desk is no signature. */
  #signature(shift: Shift, me: string) {
    const { words } = this.#language
    const sign =
      (who: (form: FormData) => Parameters<WallClient['acceptShift']>[1]) =>
      async (event: SubmitEvent): Promise<void> => {
        event.preventDefault()
        const form = event.target as HTMLFormElement
        this.unsigned = null
        if (await this.#accept(shift, who(new FormData(form)))) form.reset()
      }
    return html`<section>
      <h3>${words.shift.offeredBy(shift.from, this.#time(shift.offeredAt))}</h3>
      ${shift.notes ? html`<p class="notes">${shift.notes}</p>` : nothing}
      <p class="quiet">${words.shift.waiting}</p>
      ${
        me !== '' && me !== shift.from
          ? html`<form @submit=${sign(() => null)}><button class="main">${words.shift.signMine(me)}</button></form>`
          : nothing
      }
      <fieldset>
        <legend>${words.shift.signHere}</legend>
        <p class="refusal" role="alert">${this.unsigned ?? ''}</p>
        ${this.step ? this.#secondStep(shift, this.step) : this.#signHere(sign)}
      </fieldset>
    </section>`
  }

  #signHere(sign: (who: (form: FormData) => Parameters<WallClient['acceptShift']>[1]) => (event: SubmitEvent) => void) {
    const { words } = this.#language
    const text = (form: FormData, name: string): string => (form.get(name) as string | null) ?? ''
    return html`<form
        class="row"
        aria-label=${words.shift.withPassword}
        @submit=${sign((form) => ({ user: text(form, 'user'), password: text(form, 'password') }))}
      >
        <label>${words.shift.user}<input type="text" name="user" required autocomplete="off" /></label>
        <label>${words.shift.password}<input type="password" name="password" required autocomplete="off" /></label>
        <button>${words.shift.sign}</button>
      </form>
      <form class="row" aria-label=${words.shift.withToken} @submit=${sign((form) => ({ token: text(form, 'token') }))}>
        <label>${words.shift.token}<input type="password" name="token" required autocomplete="off" /></label>
        <button>${words.shift.sign}</button>
      </form>`
  }
  /** Whether it is signed now. */
  async #accept(shift: Shift, who: Parameters<WallClient['acceptShift']>[1]): Promise<boolean> {
    this.unsigned = null
    let step: Step | null = null
    const accept = () =>
      this.#client.client.acceptShift(shift.shift, who).catch((error: unknown) => {
        step = stepOf(error)
        throw error
      })
    const isSigned = await this.#sign(accept, true)
    // Beside the form, and exactly: it may be the name, the password, or whose they are.
    if (!isSigned && !step) this.unsigned = this.refusal
    if (!isSigned) this.refusal = null
    this.step = isSigned ? null : (step ?? this.step)
    return isSigned
  }
  #secondStep(shift: Shift, step: Step) {
    const never = (): void => void (this.step = null)
    return secondStepForm(step, this.#language.words.people, {
      go: (given) => void this.#accept(shift, given),
      never,
      options: () => this.#client.client.passkeyOptions(),
      onError: (error) => void (this.unsigned = refusalText(error, this.#language.words)),
    })
  }

  #before(shifts: readonly Shift[]) {
    const { words } = this.#language
    if (shifts.length === 0) return nothing
    return html`<section>
      <h3>${words.shift.before}</h3>
      <ul>
        ${shifts
          .slice(0, SHOWN)
          .map(
            (shift) =>
              html`<li>
                <strong>${words.shift.offeredBy(shift.from, this.#time(shift.offeredAt))}</strong
                ><span
                  >${
                    shift.acceptedBy === null
                      ? words.shift.waiting
                      : words.shift.acceptedBy(shift.acceptedBy, this.#time(shift.acceptedAt))
                  }
                  · ${words.shift.toDo(shift.incidents.length)}</span
                >${shift.notes ? html`<span class="notes">${shift.notes}</span>` : nothing}
              </li>`,
          )}
      </ul>
    </section>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-shift': LamppostShift
  }
}
