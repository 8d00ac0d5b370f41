/** One question that wants a reason before anything happens. */
import { type ReactiveController, type ReactiveControllerHost, html, nothing } from 'lit'
import { ref } from 'lit/directives/ref.js'
import { openAtOnce } from '../browser/open-dialog.ts'
import type { Words } from '../words/en.ts'

type Question = { title: string; submit: string; danger: boolean; act(reason: string): void }

export class ReasonDialog implements ReactiveController {
  #host: ReactiveControllerHost
  #question: Question | null = null

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {}
  ask(question: Question): void {
    this.#question = question
    this.#host.requestUpdate()
  }
  #close = (): void => {
    this.#question = null
    this.#host.requestUpdate()
  }
  render(words: Words) {
    const question = this.#question
    if (!question) return nothing
    const submit = (event: SubmitEvent): void => {
      event.preventDefault()
      const reason = ((new FormData(event.target as HTMLFormElement).get('reason') as string | null) ?? '').trim()
      if (reason === '') return
      this.#close()
      question.act(reason)
    }
    return html`<dialog aria-label=${question.title} ${ref(openAtOnce)} @close=${this.#close}>
      <form @submit=${submit}>
        <h3>${question.title}</h3>
        <input type="text" name="reason" maxlength="1000" required autocomplete="off" aria-label=${question.title} />
        <div class="do">
          <button type="button" @click=${this.#close}>${words.officer.never}</button
          ><button class=${question.danger ? 'danger' : 'main'}>${question.submit}</button>
        </div>
      </form>
    </dialog>`
  }
}
