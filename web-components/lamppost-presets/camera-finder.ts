/**
 * For cameras that are not in the site file yet: found on the network, asked what they are, written out for the site
 * file.
 */
import { LitElement, css, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import type { CameraInquiry, FoundCamera } from '../wall-client/api-shapes.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import { LanguageController } from '../words/language.ts'

@element('lamppost-camera-finder')
export class LamppostCameraFinder extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words {
    return this.#language.words
  }

  static override styles = [
    look,
    css`
      :host {
        display: grid;
        gap: 14px;
        align-content: start;
        max-width: 1100px;
      }
      ul {
        list-style: none;
        display: grid;
        gap: 8px;
        padding: 0;
        margin: 0;
      }
      .channels {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(180px, 1fr));
        gap: 8px;
        max-height: 420px;
        overflow: auto;
        padding: 0;
        list-style: none;
      }
      .channels img,
      .channels .none {
        display: grid;
        place-items: center;
        width: 100%;
        aspect-ratio: 16 / 9;
        object-fit: cover;
        background: #0006;
      }
      li,
      .answer {
        background: var(--_panel);
        border-radius: 6px;
        padding: 10px 14px;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 14px;
      }
      li button {
        margin-inline-start: auto;
      }
      form,
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 10px;
      }
      label {
        display: grid;
        gap: 4px;
        font-size: 14px;
      }
      label.wide {
        flex: 1 1 340px;
      }
      input,
      select {
        font: inherit;
        min-height: 44px;
        padding: 6px 10px;
        color: var(--_ink);
        background: var(--_ground);
        border: 1px solid var(--_line);
        border-radius: 6px;
      }
      input::placeholder {
        color: var(--_quiet);
      }
      form button {
        min-height: 44px;
      }
      pre {
        overflow: auto;
        padding: 12px;
        border-radius: 6px;
        background: #05070c;
        font-size: 14px;
      }
      .bad {
        color: #ff9aa6;
        font-weight: 600;
      }
      .good {
        color: var(--_good);
      }
      .doubt {
        color: var(--_doubt);
      }
    `,
  ]

  @property({ attribute: false }) client: WallClient | null = null
  @state() private found: FoundCamera[] | null = null
  @state() private devices: string[] = []
  @state() private device = ''
  @state() private busy = false
  @state() private url = ''
  @state() private inquiry: CameraInquiry | null = null
  @state() private message: string | null = null
  @state() private copied = false

  #asked = false
  #confirmation = new Confirmation(this, () => this.client as WallClient)

  protected override updated(): void {
    if (!this.client || this.#asked) return
    this.#asked = true
    void this.#act(async (client) => void (this.devices = await client.networks()))
  }
  async #act(work: (client: WallClient) => Promise<void>): Promise<void> {
    if (!this.client || this.busy) return
    this.busy = true
    this.message = null
    try {
      await work(this.client)
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error)
    } finally {
      this.busy = false
    }
  }
  #look(): Promise<void> {
    return this.#act(async (client) => {
      this.found = await client.discover(this.device || null)
    })
  }
  #ask(event: SubmitEvent): void {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    const field = (name: string): string => String(form.get(name) ?? '')
    void this.#act(async (client) => {
      this.inquiry = null
      const access = { url: field('url').trim(), username: field('username'), password: field('password') }
      this.inquiry = await this.#confirmation.go(() => client.inquire(access))
      this.copied = false
    })
  }

  protected override render() {
    return html`<h2>${this.words.finder.title}</h2>
      <div class="row">
        <button class="main look" ?disabled=${this.busy} @click=${() => void this.#look()}>
          ${this.busy && this.found === null ? this.words.finder.looking : this.words.finder.look}
        </button>
        ${
          this.devices.length > 1
            ? html`<label
                >${this.words.finder.device}<select
                  @change=${(event: Event) => (this.device = (event.target as HTMLSelectElement).value)}
                >
                  <option value="">${this.words.finder.anyDevice}</option>
                  ${this.devices.map((device) => html`<option value=${device}>${device}</option>`)}
                </select></label
              >`
            : nothing
        }
        <span role="status" class="quiet"
          >${this.busy ? this.words.finder.looking : this.found ? this.words.finder.found(this.found.length) : ''}</span
        >
      </div>
      ${
        this.found && this.found.length > 0
          ? html`<ul>
              ${this.found.map(
                ({ url, name, hardware, elsewhere, camera }) =>
                  html`<li>
                    <strong>${name || hardware || url}</strong> <code>${url}</code>
                    ${camera ? html`<span class="good">${this.words.finder.known(camera)}</span>` : nothing}
                    ${elsewhere ? html`<span class="doubt">${this.words.finder.elsewhere}</span>` : nothing}
                    <button @click=${() => (this.url = url)}>${this.words.finder.choose}</button>
                  </li>`,
              )}
            </ul>`
          : nothing
      }
      <form @submit=${(event: SubmitEvent) => this.#ask(event)}>
        <label class="wide"
          >${this.words.finder.address}<input
            name="url"
            required
            .value=${this.url}
            placeholder="http://10.0.4.12/onvif/device_service"
            autocomplete="off"
        /></label>
        <label>${this.words.finder.username}<input name="username" autocomplete="off" /></label>
        <label
          >${this.words.finder.password}<input name="password" type="password" autocomplete="new-password"
        /></label>
        <button ?disabled=${this.busy}>${this.words.finder.ask}</button>
      </form>
      <p class="bad" role="status">${this.message ?? ''}</p>
      ${this.inquiry ? this.#answer(this.inquiry) : nothing}${this.#confirmation.dialog(this.#language.words)}`
  }

  #answer({
    manufacturer,
    model,
    serial,
    firmware,
    ptz,
    presets,
    clockOffsetMs,
    siteFile,
    channels,
    problem,
  }: CameraInquiry) {
    const copy = (): void => void navigator.clipboard?.writeText(siteFile).then(() => (this.copied = true))
    const late = clockOffsetMs !== null && Math.abs(clockOffsetMs) > 2000
    return html`<section class="answer">
      <h3>${manufacturer} ${model}</h3>
      <p>
        ${this.words.finder.serial(serial, firmware)} ·
        ${ptz ? this.words.finder.moves(presets.length) : this.words.finder.fixed}
      </p>
      ${late ? html`<p class="doubt">${this.words.clockOff(clockOffsetMs)}</p>` : nothing}
      ${problem ? html`<p class="doubt">${problem}</p>` : nothing}
      ${
        channels.length > 1
          ? html`<h3>${this.words.finder.channels(channels.length)}</h3>
              <ul class="channels">
                ${channels.map(
                  ({ source, profiles, still }) =>
                    html`<li>
                      ${still ? html`<img src=${still} alt="" />` : html`<span class="none">${this.words.finder.noStill}</span>`}
                      <strong>${source}</strong>
                      <span
                        >${profiles.map(({ codec, width, height }) => `${codec} ${width}×${height}`).join(', ')}</span
                      >
                    </li>`,
                )}
              </ul>`
          : nothing
      }
      <h3>${this.words.finder.siteFile}</h3>
      <pre tabindex="0">${siteFile}</pre>
      <button @click=${copy}>${this.copied ? this.words.finder.copied : this.words.finder.copy}</button>
    </section>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-camera-finder': LamppostCameraFinder
  }
}
