/** What is asked for after the right password: a code, or a passkey. As a form, for dialogs and for signatures. */
import { html, nothing } from 'lit'
import { ref } from 'lit/directives/ref.js'
import { passkeysWork, usePasskey } from '../browser/passkeys.ts'
import type { Problem } from '../wall-client/api-shapes.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { Words } from '../words/en.ts'

export type Step = { ticket: string; ways: readonly ('totp' | 'passkey')[]; passkey: object | null }
export type StepGiven = { ticket: string; code: string } | { passkey: object }

export const stepIn = ({ code, ticket, ways, passkey = null }: Problem): Step | null =>
  code === 'people/second-step' && ticket !== undefined ? { ticket, ways: ways ?? [], passkey } : null
/** Null: something else was refused. */
export const stepOf = (error: unknown): Step | null => (error instanceof Refusal ? stepIn(error.problem) : null)

/** It is what the person came for. */
const focusOnce = (element: Element | undefined): void =>
  queueMicrotask(() => element instanceof HTMLElement && element.isConnected && element.focus())

/** Six digits, with a gap or without. @param first whether the person came for it */
export const codeField = (label: string, first = false) =>
  html`<label
    >${label}<input
      type="text"
      name="code"
      inputmode="numeric"
      autocomplete="one-time-code"
      maxlength="7"
      pattern="\\s*\\d{3}\\s*\\d{3}\\s*"
      required
      ${first ? ref(focusOnce) : nothing}
  /></label>`

/** Whether nothing that this page could ask for would do. */
export const isPasskeyElsewhere = ({ ways, passkey }: Step): boolean =>
  !ways.includes('totp') && (passkey === null || !passkeysWork())

export function secondStepForm(
  step: Step,
  words: Words['people'],
  {
    go,
    never,
    options,
    onError,
  }: {
    go(given: StepGiven): void
    never(): void
    /** What a passkey is asked for now: it does not last. */
    options(): Promise<object>
    onError(error: unknown): void
  },
) {
  const { passkey } = step
  const withCode = (event: SubmitEvent): void => {
    event.preventDefault()
    const code = new FormData(event.target as HTMLFormElement).get('code')
    if (typeof code === 'string') go({ ticket: step.ticket, code })
  }
  const withPasskey = async (): Promise<void> => {
    try {
      const used = await usePasskey(await options())
      if (used) go({ passkey: used })
    } catch (error) {
      onError(error)
    }
  }
  return html`<form class="second" @submit=${withCode}>
    <p>${isPasskeyElsewhere(step) ? words.passkeyElsewhere : words.second}</p>
    ${step.ways.includes('totp') ? codeField(words.code, true) : nothing}
    <div class="do">
      <button type="button" @click=${never}>${words.never}</button>
      ${
        passkey && passkeysWork()
          ? html`<button type="button" class=${step.ways.includes('totp') ? '' : 'main'} @click=${withPasskey}>
              ${words.usePasskey}
            </button>`
          : nothing
      }
      ${step.ways.includes('totp') ? html`<button class="main">${words.goOn}</button>` : nothing}
    </div>
  </form>`
}
