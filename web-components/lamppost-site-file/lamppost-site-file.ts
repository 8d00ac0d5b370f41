/** The engineer's site file as text: changed, checked, saved, taken back. What is wrong is said with its line. */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { property, query, state } from 'lit/decorators.js'
import { live } from 'lit/directives/live.js'
import { Confirmation } from '../page-parts/confirmation.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { SiteFileEdit, SiteFileState } from '../wall-client/requests/site-file-requests.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { RenewToken } from '../wall-client/wall-token.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { outlineOf, spanOfLine } from './site-outline.ts'
import { siteFileStyles } from './site-file-styles.ts'
import { siteFileWords } from './site-file-words.ts'

type Problem = { line: number; key: string; problem: string }
/** As in the styles. */
const LINE_PX = 20

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token of an engineer; empty uses the session cookie
 * @attr theme - dark (left out), light or auto
 */
@element('lamppost-site-file')
export class LamppostSiteFile extends LitElement {
  static override styles = [look, siteFileStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property({ attribute: false }) renewToken: RenewToken | null = null
  @property({ reflect: true }) theme = ''
  @state() private file: SiteFileState | null = null
  /** What stands in the field. */
  @state() private text = ''
  @state() private problems: readonly Problem[] = []
  /** What somebody else has saved meanwhile. */
  @state() private theirs: { text: string; version: string } | null = null
  @state() private said = ''
  @state() private refusal: string | null = null
  @state() private isBusy = false
  @query('textarea.own') private field!: HTMLTextAreaElement | null

  #client = new ClientController(this)
  #language = new LanguageController(this)
  #confirmation = new Confirmation(this, () => this.#client.client)

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('beforeunload', this.#keepUnsaved)
    void this.updateComplete.then(() => this.#read())
  }
  override disconnectedCallback(): void {
    removeEventListener('beforeunload', this.#keepUnsaved)
    super.disconnectedCallback()
  }
  /** The browser asks before what was typed is gone. */
  #keepUnsaved = (event: BeforeUnloadEvent): void => {
    if (this.#isChanged) event.preventDefault()
  }
  get #isChanged(): boolean {
    return this.file !== null && this.text !== this.file.text
  }
  get #page() {
    return siteFileWords(this.#language.words)
  }

  async #act(act: () => Promise<void>): Promise<void> {
    // Pressed twice is once.
    if (this.isBusy) return
    this.isBusy = true
    this.refusal = null
    this.problems = []
    this.said = ''
    try {
      await act()
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.isBusy = false
    }
  }
  #refuse(error: unknown): void {
    const problem = error instanceof Refusal ? (error.problem as unknown as Record<string, unknown>) : null
    if (problem?.code === 'site/invalid' && Array.isArray(problem.problems))
      this.problems = problem.problems as Problem[]
    else if (problem?.code === 'site/changed')
      this.theirs = { text: String(problem.text), version: String(problem.version) }
    else this.refusal = refusalText(error, this.#language.words)
  }
  #read(): Promise<void> {
    return this.#act(async () => {
      this.file = await this.#client.client.siteFile()
      this.text = this.file.text
      this.theirs = null
    })
  }
  #save(seen: string | undefined): Promise<void> {
    return this.#act(async () => {
      if (!this.file || seen === undefined) return
      const { text } = this
      this.#saved(
        await this.#confirmation.go(() => this.#client.client.saveSiteFile(text, seen)),
        this.#page.saved,
        text,
      )
    })
  }
  #undo(): Promise<void> {
    return this.#act(async () => {
      if (!this.file) return
      const { version } = this.file
      const edit = await this.#confirmation.go(() => this.#client.client.undoSiteFile(version))
      if (!edit) return
      const file = await this.#client.client.siteFile()
      this.text = file.text
      this.#saved(edit, this.#page.takenBack, file.text)
    })
  }
  #saved(edit: SiteFileEdit | null, words: string, text: string): void {
    if (!edit || !this.file) return
    this.file = { ...this.file, text, version: edit.version, undo: true, undoes: null, problem: null }
    this.theirs = null
    this.said = edit.following ? words : this.#page.notFollowing(edit.why ?? '')
  }

  #goTo(line: number): void {
    const { field } = this
    if (!field) return
    const { from, to } = spanOfLine(this.text, line)
    field.focus()
    field.setSelectionRange(from, to)
    field.scrollTop = Math.max(0, (line - 6) * LINE_PX)
  }
  #onKey = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    if (this.#isChanged) void this.#save(this.file?.version)
  }
  protected override updated(changed: PropertyValues<this>): void {
    if ((changed as ReadonlyMap<PropertyKey, unknown>).has('problems') && this.problems[0])
      this.#goTo(this.problems[0].line)
  }

  protected override render() {
    const page = this.#page
    const { file } = this
    return html`<main @keydown=${this.#onKey}>
      <h1>${page.title}</h1>
      <div class="bar">
        <button
          class="main"
          ?disabled=${!this.#isChanged || this.isBusy || file?.writable === false}
          @click=${() => void this.#save(file?.version)}
        >
          ${page.save} <kbd>Ctrl S</kbd>
        </button>
        <button ?disabled=${!file?.undo || this.#isChanged || this.isBusy} @click=${() => void this.#undo()}>
          ${page.undo}${file?.undo && file.undoes ? html`: <code>${file.undoes}</code>` : nothing}
        </button>
        <button ?disabled=${this.isBusy} @click=${() => void this.#read()}>${page.reload}</button>
        <p class="state ${this.#isChanged ? 'changed' : ''}" role="status">${this.#status()}</p>
      </div>
      <p class="refusal" role="alert">${this.refusal ?? ''}</p>
      ${file && !file.writable ? html`<p class="refusal">${page.readOnly}</p>` : nothing}
      ${
        file?.problem
          ? html`<p class="refusal">${page.broken}</p>
              <pre class="refusal">${file.problem}</pre>`
          : nothing
      }
      ${this.#problems()}
      <div class="columns ${this.theirs ? 'two' : ''}">
        ${this.theirs ? this.#conflict(this.theirs) : nothing} ${this.#editor()}
        ${this.theirs ? nothing : this.#outline()}
      </div>
      <p class="quiet">${page.secrets}</p>
      ${this.#confirmation.dialog(this.#language.words)}
    </main>`
  }
  #status(): string {
    const page = this.#page
    if (this.file === null) return this.refusal === null ? page.loading : ''
    if (this.isBusy) return page.saving
    if (this.#isChanged) return page.changed
    return this.said || (this.file.problem === null ? page.unchanged : '')
  }
  #problems() {
    const page = this.#page
    if (this.problems.length === 0) return nothing
    return html`<section class="problems" role="alert">
      <h2>${page.problems(this.problems.length)}</h2>
      <ul>
        ${this.problems.map(
          ({ line, key, problem }) =>
            html`<li>
              <button @click=${() => this.#goTo(line)}>${page.line(line)}</button>
              <span>${key ? html`<code>${key}</code>: ` : nothing}${problem}</span>
            </li>`,
        )}
      </ul>
    </section>`
  }
  #editor() {
    const wrong = new Set(this.problems.map(({ line }) => line))
    const count = this.text.split('\n').length
    const follow = (event: Event): void => {
      const field = event.target as HTMLTextAreaElement
      const gutter = field.parentElement?.querySelector('.gutter')
      if (gutter) gutter.scrollTop = field.scrollTop
    }
    return html`<div class="editor">
      <div class="gutter" aria-hidden="true">
        ${Array.from({ length: count }, (_, i) => html`<span class=${wrong.has(i + 1) ? 'wrong' : ''}>${i + 1}</span>`)}
      </div>
      <textarea
        class="own"
        aria-label=${this.#page.text}
        spellcheck="false"
        autocapitalize="off"
        wrap="off"
        ?readonly=${this.file?.writable === false}
        .value=${live(this.text)}
        @input=${(event: Event) => (this.text = (event.target as HTMLTextAreaElement).value)}
        @scroll=${follow}
      ></textarea>
    </div>`
  }
  #outline() {
    return html`<nav aria-label=${this.#page.outline}>
      <ul>
        ${outlineOf(this.text).map(
          ({ line, name, isThing }) =>
            html`<li class=${isThing ? 'thing' : ''}><button @click=${() => this.#goTo(line)}>${name}</button></li>`,
        )}
      </ul>
    </nav>`
  }
  #conflict(theirs: { text: string; version: string }) {
    const page = this.#page
    const take = (): void => {
      if (this.file) this.file = { ...this.file, ...theirs }
      this.text = theirs.text
      this.theirs = null
    }
    return html`<section class="conflict" role="alert">
      <h2>${page.conflict}</h2>
      <p>${page.conflictHelp}</p>
      <textarea class="theirs" readonly wrap="off" aria-label=${page.theirs} .value=${theirs.text}></textarea>
      <div class="bar">
        <button @click=${take}>${page.takeTheirs}</button
        ><button class="danger" @click=${() => void this.#save(theirs.version)}>${page.keepMine}</button>
      </div>
    </section>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-site-file': LamppostSiteFile
  }
}
