/** One's own second factors: an authenticator app by its QR code and first code, passkeys of this browser; and removing. */
import { LitElement, html, nothing, svg } from 'lit'
import { property, state } from 'lit/decorators.js'
import { ref } from 'lit/directives/ref.js'
import { openAtOnce } from '../browser/open-dialog.ts'
import { makePasskey, passkeysWork } from '../browser/passkeys.ts'
import { codeField } from '../page-parts/second-step.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { dayAndTime } from '../theme/times.ts'
import type { CodesOffer, Factor } from '../wall-client/api-shapes.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { factorStyles, peopleStyles } from './people-styles.ts'

/** In groups of four: it may be typed by hand. */
const inFours = (secret: string): string => secret.replaceAll(/(.{4})(?=.)/g, '$1 ')

@element('lamppost-factors')
export class LamppostFactors extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words['people'] {
    return this.#language.words.people
  }
  static override styles = [look, peopleStyles, factorStyles]

  @property({ attribute: false }) client!: WallClient
  @property() user = ''
  @property() timezone = 'UTC'
  @property({ type: Boolean }) withheld = false
  @state() private factors: readonly Factor[] = []
  @state() private offer: CodesOffer | null = null
  @state() private removing: Factor | null = null
  @state() private refusal: string | null = null
  @state() private done: string | null = null

  #isBusy = false
  #confirmation = new Confirmation(this, () => this.client)

  protected override firstUpdated(): void {
    void this.#try(() => this.#load())
  }
  async #load(): Promise<void> {
    this.factors = await this.client.factorsOf(this.user)
  }
  async #try(work: () => Promise<unknown>): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    this.refusal = null
    this.done = null
    try {
      await work()
    } catch (error) {
      const own = error instanceof Refusal && error.problem.code.startsWith('factor/')
      this.refusal =
        error instanceof DOMException && error.name === 'InvalidStateError'
          ? this.words.passkeyThere
          : own
            ? error.problem.detail
            : refusalText(error, this.#language.words)
    } finally {
      this.#isBusy = false
    }
  }
  async #changed(said: string): Promise<void> {
    this.offer = null
    await this.#load()
    this.done = said
    this.dispatchEvent(new CustomEvent('factors-changed'))
  }
  #offerCodes(): void {
    void this.#try(async () => {
      const offered = await this.#confirmation.go(() => this.client.offerFactor(this.user, 'totp'))
      if (offered) this.offer = offered.codes
    })
  }
  #addCodes(event: SubmitEvent): void {
    event.preventDefault()
    const code = new FormData(event.target as HTMLFormElement).get('code')
    const { offer } = this
    if (!offer || typeof code !== 'string') return
    void this.#try(async () => {
      const made = await this.#confirmation.go(() =>
        this.client.addFactor(this.user, { kind: 'totp', name: this.words.appName, offer: offer.offer, code }),
      )
      if (made) await this.#changed(this.words.appAdded)
    })
  }
  #addPasskey(): void {
    void this.#try(async () => {
      const offered = await this.#confirmation.go(() => this.client.offerFactor(this.user, 'passkey'))
      const passkey = offered?.passkey && (await makePasskey(offered.passkey))
      if (!passkey) return
      const name = this.words.passkeyName(this.factors.filter(({ kind }) => kind === 'passkey').length + 1)
      const made = await this.#confirmation.go(() =>
        this.client.addFactor(this.user, { kind: 'passkey', name, passkey }),
      )
      if (made) await this.#changed(this.words.passkeyAdded)
    })
  }
  #remove({ id }: Factor): void {
    this.removing = null
    void this.#try(async () => {
      if (await this.#confirmation.go(() => this.client.removeFactor(this.user, id)))
        await this.#changed(this.words.factorRemoved)
    })
  }

  override render() {
    const { words, refusal, done } = this
    const hasApp = this.factors.some(({ kind }) => kind === 'totp')
    return html`<h3>${words.factors}</h3>
      ${this.withheld ? html`<p class="withheld" role="alert">${words.setOneUp}</p>` : nothing}
      <p class="refusal" role="alert" ?hidden=${refusal === null}>${refusal}</p>
      <p class="done" role="status" ?hidden=${done === null}>${done}</p>
      ${this.factors.length === 0 ? html`<p class="quiet">${words.noFactors}</p>` : this.#list()}
      <div class="do start">
        <button class="codes" @click=${() => this.#offerCodes()}>${hasApp ? words.otherApp : words.addApp}</button>
        <button class="passkey" ?disabled=${!passkeysWork()} @click=${() => this.#addPasskey()}>
          ${words.addPasskey}
        </button>
      </div>
      ${passkeysWork() ? nothing : html`<p class="quiet">${words.passkeysNotHere}</p>`} ${this.#enrolment()}
      ${this.#removal()} ${this.#confirmation.dialog(this.#language.words)}`
  }
  #list() {
    const { words } = this
    return html`<ul>
      ${this.factors.map((factor) => {
        const { id, kind, name, since } = factor
        return html`<li data-factor=${id}>
          <span>
            ${name}
            <span class="quiet"
              >${words.factorKind[kind]}, ${words.since(dayAndTime(since, this.timezone, this.#language.locale))}</span
            >
          </span>
          <button aria-label="${words.remove1}: ${name}" @click=${() => void (this.removing = factor)}>
            ${words.remove1}
          </button>
        </li>`
      })}
    </ul>`
  }
  #enrolment() {
    const { words, offer } = this
    if (!offer) return nothing
    const close = (): void => void (this.offer = null)
    const { size, path } = offer.qr
    return html`<dialog class="enrol" aria-label=${words.addApp} ${ref(openAtOnce)} @close=${close}>
      <h2>${words.addApp}</h2>
      <p>${words.scan}</p>
      <div class="qr">
        <svg viewBox="-4 -4 ${size + 8} ${size + 8}" role="img" aria-label=${words.qrCode} shape-rendering="crispEdges">
          ${svg`<rect x="-4" y="-4" width=${size + 8} height=${size + 8} fill="#fff"></rect><path d=${path} fill="#000"></path>`}
        </svg>
        <p>${words.orType}<br /><code>${inFours(offer.secret)}</code></p>
      </div>
      <p class="refusal" role="alert" ?hidden=${this.refusal === null}>${this.refusal}</p>
      <form @submit=${(event: SubmitEvent) => this.#addCodes(event)}>
        ${codeField(words.firstCode)}
        <div class="do">
          <button type="button" @click=${close}>${words.never}</button><button class="main">${words.goOn}</button>
        </div>
      </form>
    </dialog>`
  }
  #removal() {
    const { words, removing } = this
    if (!removing) return nothing
    const close = (): void => void (this.removing = null)
    const sure = this.factors.length > 1 ? words.removeFactorSure(removing.name) : words.removeLastSure(removing.name)
    return html`<dialog class="sure" aria-label=${sure} ${ref(openAtOnce)} @close=${close}>
      <p>${sure}</p>
      <div class="do">
        <button @click=${close}>${words.never}</button
        ><button class="danger" @click=${() => this.#remove(removing)}>${words.remove1}</button>
      </div>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-factors': LamppostFactors
  }
}
