/** Whether this page can answer calls: its microphone, made ready at the start of the shift; nothing where all is well. */
import { LitElement, nothing } from 'lit'
import { property } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import { LanguageController } from '../words/language.ts'
import { callStyles } from './call-styles.ts'
import { microphoneView } from './call-view.ts'
import { type CallVoice, voiceOf } from './call-voice.ts'

/** Part of the wall. */
@element('lamppost-microphone')
export class LamppostMicrophone extends LitElement {
  static override styles = [look, callStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #voice: CallVoice | null = null
  #leave: () => void = () => {}

  override disconnectedCallback(): void {
    this.#leave()
    this.#voice = null
    super.disconnectedCallback()
  }
  protected override willUpdate(): void {
    const { voice, me } = this.#client.client.state()
    if (this.#voice || !this.isConnected || voice === null || me === null) return
    this.#voice = voiceOf(this.#client.client)
    this.#leave = this.#voice.subscribe(() => this.requestUpdate())
    void this.#voice.prepareIfAllowed()
  }
  protected override render() {
    const { me } = this.#client.client.state()
    // Who takes no calls needs no microphone.
    if (!this.#voice || (me?.role !== 'operator' && me?.role !== 'supervisor')) return nothing
    return microphoneView(this.#voice.state().microphone, this.#language.words.call, () => void this.#voice?.prepare())
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-microphone': LamppostMicrophone
  }
}
