/**
 * No open incident shows it, and this town wants to know why somebody looks: that stands in the record beside the
 * look.
 */
import { type LitElement, html } from 'lit'
import type { Words } from '../words/en.ts'
import { refusalText } from '../words/refusal-words.ts'

export class ReasonForm {
  #host: LitElement
  #give: (reason: string) => Promise<void>
  /** What the server said to the last reason. */
  #refusal = ''

  /** @param give throws when the server does not take it */
  constructor(host: LitElement, give: (reason: string) => Promise<void>) {
    this.#host = host
    this.#give = give
  }

  /** It is about another camera now. */
  forget(): void {
    this.#refusal = ''
  }
  /** Somebody is in the middle of a word: letters that lose their field would be commands of the wall around. */
  get typing(): boolean {
    const field = this.#host.renderRoot.querySelector<HTMLInputElement>('.why input')
    return field !== null && field.value !== '' && (this.#host.renderRoot as ShadowRoot).activeElement === field
  }
  /** @param playing the picture is there again: the form lies over only a strip of it */
  form(words: Words, playing: boolean) {
    const give = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault()
      const form = event.target as HTMLFormElement
      const reason = ((new FormData(form).get('reason') as string | null) ?? '').trim()
      try {
        await this.#give(reason)
        this.#refusal = ''
        form.reset()
      } catch (error) {
        this.#refusal = refusalText(error, words)
      }
      this.#host.requestUpdate()
    }
    return html`<form class="why ${playing ? 'strip' : 'cover'}" @submit=${give}>
      <label
        >${words.sayWhy}<input
          type="text"
          name="reason"
          required
          pattern="\\s*\\S.*\\S.*\\S\\s*"
          maxlength="500"
          autocomplete="off"
          title=${words.sayWhyHint}
      /></label>
      <button class="main">${words.look}</button>
      <p role="status">${this.#refusal}</p>
    </form>`
  }
}
