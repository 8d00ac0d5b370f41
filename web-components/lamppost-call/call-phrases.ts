/** What an operator has said to the caller by one key, in the caller's language. Draws; decides nothing. */
import { html, nothing } from 'lit'
import type { Site } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

export type PhraseAction = { say: string; language: string }
export type PhraseView = {
  words: Words['call']
  phrases: Site['phrases']
  /** Of the page, for the names of languages. */
  locale: string
  /** What the operator has chosen; null: the list is closed. */
  language: string | null
  setLanguage(language: string | null): void
  ask(action: PhraseAction): void
}

/** Each language by its own name first: the caller may point at it, or say it. */
function languageName(language: string, locale: string): string {
  const own = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  const here = new Intl.DisplayNames([locale], { type: 'language' }).of(language) ?? language
  return own.toLowerCase() === here.toLowerCase() ? own : `${own} (${here})`
}

export function phrasesView({ words, phrases, locale, language, setLanguage, ask }: PhraseView) {
  const languages = [...new Set(phrases.flatMap((each) => each.languages))]
  if (languages.length === 0) return nothing
  const open = language !== null
  return html`<div class="buttons">
      <button aria-expanded=${open} @click=${() => setLanguage(open ? null : (languages[0] ?? null))}>
        ${words.sayPhrase}
      </button>
    </div>
    ${
      open
        ? html`<div class="buttons languages" role="group" aria-label=${words.language}>
              ${languages.map(
                (each) =>
                  html`<button aria-pressed=${each === language} lang=${each} @click=${() => setLanguage(each)}>
                    ${languageName(each, locale)}
                  </button>`,
              )}
            </div>
            <div class="buttons phrases" role="group" aria-label=${words.sayPhrase}>
              ${phrases
                .filter((each) => each.languages.includes(language))
                .map(
                  ({ id, name }) =>
                    html`<button @click=${() => ask({ say: id, language })}>${name ?? words.phrase(id)}</button>`,
                )}
            </div>`
        : nothing
    }`
}
