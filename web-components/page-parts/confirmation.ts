/** The password once more, when the server wants it: what was begun goes on by itself afterwards. */
import { type ReactiveController, type ReactiveControllerHost, html, nothing } from 'lit'
import { ref } from 'lit/directives/ref.js'
import type { WhoIsHere } from '../wall-client/api-shapes.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Confirmation as Given } from '../wall-client/requests/evidence-requests.ts'
import { passkeysWork, usePasskey } from '../browser/passkeys.ts'
import { type Step, secondStepForm, stepOf } from './second-step.ts'
import { openAtOnce } from '../browser/open-dialog.ts'
import type { Words } from '../words/en.ts'
import { refusalText } from '../words/refusal-words.ts'

const LOOK_AGAIN_MS = 1000

export class Confirmation implements ReactiveController {
  #host: ReactiveControllerHost
  #client: () => WallClient
  #waiting: ((confirmed: boolean) => void) | null = null
  #refusal: string | null = null
  #who: WhoIsHere | null = null
  #step: Step | null = null
  #isSaying = false

  constructor(host: ReactiveControllerHost, client: () => WallClient) {
    this.#host = host
    this.#client = client
    host.addController(this)
  }
  hostDisconnected(): void {
    this.#waiting?.(false)
  }

  /**
   * Does it; asks for the password and does it again when the server wants that. Null when the person would rather
   * not.
   */
  async go<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof Refusal) || error.problem.code !== 'people/confirm-first') throw error
    }
    this.#refusal = null
    this.#step = null
    this.#who = await this.#client()
      .whoIsHere()
      .catch(() => null)
    const confirmed = await new Promise<boolean>((resolve) => {
      this.#waiting = resolve
      this.#host.requestUpdate()
    })
    this.#waiting = null
    this.#host.requestUpdate()
    return confirmed ? act() : null
  }

  dialog(words: Words) {
    if (!this.#waiting) return nothing
    const { confirm } = words.officer
    if (this.#who?.how === 'directory') return this.#byDirectory(words)
    const never = (): void => this.#waiting?.(false)
    return html`<dialog
      aria-label=${confirm.title}
      ${ref(openAtOnce)}
      @cancel=${(event: Event) => {
        event.preventDefault()
        never()
      }}
    >
      <h3>${confirm.title}</h3>
      <p class="refusal" role="alert" ?hidden=${this.#refusal === null}>${this.#refusal}</p>
      ${
        this.#step
          ? secondStepForm(this.#step, words.people, {
              go: (given) => void this.#say(given, words),
              never,
              options: () => this.#client().passkeyOptions(),
              onError: (error) => this.#refuse(error, words),
            })
          : this.#byPassword(words, never)
      }
    </dialog>`
  }
  #byPassword(words: Words, never: () => void) {
    const { confirm } = words.officer
    return html`<form @submit=${(event: SubmitEvent) => this.#submit(event, words)}>
      <p>${confirm.why}</p>
      <label
        >${confirm.user}<input type="text" name="user" required autocomplete="username" .value=${this.#who?.user ?? ''}
      /></label>
      <label
        >${confirm.password}<input type="password" name="password" required autocomplete="current-password"
      /></label>
      <div class="do">
        <button type="button" @click=${never}>${words.officer.never}</button>
        ${
          this.#who?.factor === 'passkey' && passkeysWork()
            ? html`<button type="button" @click=${() => this.#usePasskey(words)}>${words.people.usePasskey}</button>`
            : nothing
        }
        <button class="main">${confirm.submit}</button>
      </div>
    </form>`
  }
  async #usePasskey(words: Words): Promise<void> {
    try {
      const passkey = await usePasskey(await this.#client().passkeyOptions())
      if (passkey) await this.#say({ passkey }, words)
    } catch (error) {
      this.#refuse(error, words)
    }
  }
  /** In a window of its own; this one asks until it was done there. */
  #byDirectory(words: Words) {
    const { confirm } = words.officer
    const never = (): void => this.#waiting?.(false)
    return html`<dialog
      aria-label=${confirm.title}
      ${ref(openAtOnce)}
      @cancel=${(event: Event) => {
        event.preventDefault()
        never()
      }}
    >
      <h3>${confirm.title}</h3>
      <p>${confirm.whyDirectory}</p>
      <div class="do">
        <button type="button" @click=${never}>${words.officer.never}</button
        ><button class="main" type="button" @click=${() => this.#askDirectory()}>${confirm.directory}</button>
      </div>
    </dialog>`
  }
  #askDirectory(): void {
    const client = this.#client()
    window.open(client.absolute('/api/v1/session/directory?again=true'), '_blank', 'noopener')
    const look = async (): Promise<void> => {
      if (!this.#waiting) return
      if ((await client.whoIsHere().catch(() => null))?.confirmed) return this.#waiting(true)
      setTimeout(() => void look(), LOOK_AGAIN_MS)
    }
    void look()
  }
  async #submit(event: SubmitEvent, words: Words): Promise<void> {
    event.preventDefault()
    const { user, password } = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<
      string,
      string
    >
    await this.#say({ user: user ?? '', password: password ?? '' }, words)
  }
  async #say(given: Given, words: Words): Promise<void> {
    // Pressed twice is once.
    if (this.#isSaying) return
    this.#isSaying = true
    this.#refusal = null
    try {
      await this.#client().confirm(given)
      this.#waiting?.(true)
    } catch (error) {
      const step = stepOf(error)
      if (!step) return this.#refuse(error, words)
      this.#step = step
      this.#host.requestUpdate()
    } finally {
      this.#isSaying = false
    }
  }
  #refuse(error: unknown, words: Words): void {
    this.#refusal = error instanceof Refusal ? error.problem.detail : refusalText(error, words)
    this.#host.requestUpdate()
  }
}
