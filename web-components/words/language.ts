/** Which language an element speaks: its own `lang`, else that of what it stands in, else English. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { cy } from './cy.ts'
import { type Words, en } from './en.ts'

const LANGUAGES: Record<string, Words> = { en, cy }
/** For dates and numbers. */
const BRITISH = 'en-GB'
/** A browser that knows no Welsh dates would write those of its own country. */
const LOCALES: Record<string, string> = { en: BRITISH, cy: Intl.DateTimeFormat.supportedLocalesOf('cy')[0] ?? BRITISH }

/** "en", "cy". A region is no other language: "cy-GB" is Welsh. */
export function languageOf(element: Element): string {
  for (let place: Element | null = element; place;) {
    const found: Element | null = place.closest('[lang]')
    const code = found?.getAttribute('lang')?.split('-')[0]?.toLowerCase()
    if (code !== undefined && code in LANGUAGES) return code
    const root: Node = (found ?? place).getRootNode()
    place = found?.parentElement ?? (root instanceof ShadowRoot ? root.host : null)
  }
  return 'en'
}
/** Every language's word for the same thing. */
export const inAllLanguages = (word: (words: Words) => string): string[] => Object.values(LANGUAGES).map(word)

const speaking = new Set<ReactiveControllerHost>()
let watching: MutationObserver | null = null

export class LanguageController implements ReactiveController {
  #host: ReactiveControllerHost & Element

  constructor(host: ReactiveControllerHost & Element) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {
    speaking.add(this.#host)
    // The page's own language, or an element's, may be changed while the wall is open.
    watching ??= new MutationObserver(() => speaking.forEach((host) => host.requestUpdate()))
    watching.observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ['lang'] })
  }
  hostDisconnected(): void {
    speaking.delete(this.#host)
    if (speaking.size > 0) return
    watching?.disconnect()
    watching = null
  }
  get words(): Words {
    return LANGUAGES[languageOf(this.#host)] ?? en
  }
  get locale(): string {
    return LOCALES[languageOf(this.#host)] ?? BRITISH
  }
}
