/** What a preset was taught beside what its newest check saw: a person sees at a glance whether it really drifted. */
import { LitElement, css, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'

const ASK_AGAIN_MS = 15_000
const MOST_TRIES = 20

@element('lamppost-check-pictures')
export class LamppostCheckPictures extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words {
    return this.#language.words
  }

  static override styles = [
    look,
    css`
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 10px;
        padding-top: 8px;
      }
      figure {
        margin: 0;
      }
      img {
        display: block;
        width: 100%;
        aspect-ratio: 16 / 9;
        object-fit: cover;
        border-radius: 4px;
        background: #000;
      }
      figcaption {
        font-size: 14px;
        padding-top: 4px;
      }
    `,
  ]
  @property({ attribute: false }) client: WallClient | null = null
  @property() camera = ''
  @property() preset = ''
  /** When the check was: another one brings another picture. */
  @property() at = ''
  @state() private pictures: { taught: string | null; seen: string | null } = { taught: null, seen: null }
  #asked = ''
  #tries = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  protected override updated(): void {
    const wanted = [this.camera, this.preset, this.at].join(' ')
    if (wanted === this.#asked || !this.client) return
    this.#asked = wanted
    this.#tries = 0
    clearTimeout(this.#retry)
    void this.#load(this.client)
  }
  async #load(client: WallClient): Promise<void> {
    const [taught, seen] = await Promise.all([
      client.presetPicture(this.camera, this.preset, 'reference'),
      client.presetPicture(this.camera, this.preset, 'check'),
    ])
    this.#forget()
    this.pictures = { taught, seen }
    // There was a check, so there is a picture: refused for now, until somebody has said why they look.
    this.#tries += 1
    if (!seen && this.isConnected && this.#tries < MOST_TRIES)
      this.#retry = setTimeout(() => void this.#load(client), ASK_AGAIN_MS)
  }
  #forget(): void {
    for (const picture of Object.values(this.pictures)) if (picture) URL.revokeObjectURL(picture)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#retry)
    this.#forget()
    this.#asked = ''
  }
  protected override render() {
    const { taught, seen } = this.pictures
    if (!seen) return nothing
    const one = (picture: string, label: string) =>
      html`<figure>
        <img src=${picture} alt=${label} />
        <figcaption>${label}</figcaption>
      </figure>`
    return html`<div class="pair">
      ${taught ? one(taught, this.words.pictures.taught) : nothing}${one(seen, this.words.pictures.seen)}
    </div>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-check-pictures': LamppostCheckPictures
  }
}
