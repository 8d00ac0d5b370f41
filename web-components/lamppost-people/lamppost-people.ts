/** Who may do what: accounts, where they are signed in, and tokens, for supervisors; one's own account for everybody. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { ref } from 'lit/directives/ref.js'
import { openAtOnce } from '../browser/open-dialog.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { dayAndTime } from '../theme/times.ts'
import type { Account, Role, SessionView, TokenView, WhoIsHere } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import { Refusal } from '../wall-client/refusal.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import './lamppost-factors.ts'
import { accountsTable, sessionList, tokensTable } from './people-tables.ts'
import { peopleStyles } from './people-styles.ts'

const ROLES = ['operator', 'engineer', 'evidence', 'supervisor'] as const
const LOOK_EVERY_MS = 5000
type Sure = { words: string; submit: string; act(): Promise<unknown> }
/** An account that is being changed; null: a new one is being made. */
type Editing = { account: Account | null; sessions: readonly SessionView[] }

const fieldsOf = (event: SubmitEvent): { fields: FormData; form: HTMLFormElement } => {
  event.preventDefault()
  const form = event.target as HTMLFormElement
  return { fields: new FormData(form), form }
}
const textIn = (fields: FormData, name: string): string => {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token of a supervisor; empty uses the session cookie
 */
@element('lamppost-people')
export class LamppostPeople extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words['people'] {
    return this.#language.words.people
  }
  static override styles = [look, peopleStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private me: WhoIsHere | null = null
  @state() private accounts: readonly Account[] = []
  @state() private tokens: readonly TokenView[] = []
  @state() private mySessions: readonly SessionView[] = []
  @state() private editing: Editing | null = null
  @state() private sure: Sure | null = null
  @state() private refusal: string | null = null
  @state() private done: string | null = null

  #isBusy = false
  #looking: ReturnType<typeof setInterval> | null = null
  #client = new ClientController(this)
  #confirmation = new Confirmation(this, () => this.#client.client)

  override connectedCallback(): void {
    super.connectedCallback()
    this.#looking = setInterval(() => void this.#load().catch(() => {}), LOOK_EVERY_MS)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    if (this.#looking) clearInterval(this.#looking)
  }
  protected override firstUpdated(): void {
    void this.#try(() => this.#load())
  }
  get #isSupervisor(): boolean {
    return this.me?.scope === null && this.me.roles.includes('supervisor')
  }
  async #load(): Promise<void> {
    const { client } = this.#client
    this.me = await client.whoIsHere()
    if (this.#isSupervisor) [this.accounts, this.tokens] = await Promise.all([client.accounts(), client.tokens()])
    if (this.me.how === 'account' && this.me.user !== null && this.me.roles.length > 0)
      this.mySessions = await client.sessionsOf(this.me.user)
  }
  /** Says what went wrong where the person is looking. Returns whether nothing did. */
  async #try(work: () => Promise<unknown>): Promise<boolean> {
    // Pressed twice is once.
    if (this.#isBusy) return false
    this.#isBusy = true
    this.refusal = null
    this.done = null
    try {
      await work()
      return true
    } catch (error) {
      // Which password, and why not: only the server knows.
      const own = error instanceof Refusal && error.problem.code.startsWith('user/')
      this.refusal = own ? error.problem.detail : refusalText(error, this.#language.words)
      return false
    } finally {
      this.#isBusy = false
    }
  }
  #time(iso: string): string {
    return dayAndTime(iso, this.#client.client.state().site?.timezone ?? 'UTC', this.#language.locale)
  }

  #open(account: Account | null): void {
    this.refusal = null
    this.done = null
    this.editing = { account, sessions: [] }
    if (account) void this.#try(() => this.#loadSessions(account))
  }
  async #loadSessions(account: Account): Promise<void> {
    const sessions = await this.#client.client.sessionsOf(account.user)
    if (this.editing?.account?.user === account.user) this.editing = { account, sessions }
  }
  #save(event: SubmitEvent): void {
    const { fields } = fieldsOf(event)
    const roles = ROLES.filter((role) => fields.has(`role-${role}`)) as Role[]
    if (roles.length === 0) return void (this.refusal = this.words.noRole)
    const name = textIn(fields, 'name').trim()
    const before = this.editing?.account ?? null
    void this.#try(async () => {
      const { client } = this.#client
      const user = textIn(fields, 'user').trim()
      const saved = await this.#confirmation.go(() =>
        before
          ? client.changeAccount(before.user, { name, roles: inOrder(roles, before.roles) })
          : client.addAccount({ user, name, roles, password: textIn(fields, 'password') }),
      )
      if (!saved) return
      this.editing = null
      await this.#load()
      this.done = this.words.saved
    })
  }
  #setPassword(event: SubmitEvent, user: string): void {
    const { fields, form } = fieldsOf(event)
    void this.#try(async () => {
      const password = textIn(fields, 'password')
      const saved = await this.#confirmation.go(() => this.#client.client.changeAccount(user, { password }))
      if (!saved) return
      form.reset()
      await this.#load()
      if (this.editing?.account) await this.#loadSessions(saved)
      this.done = this.words.passwordSet
    })
  }
  #remove({ user, name }: Account): void {
    this.sure = {
      words: this.words.removeSure(name),
      submit: this.words.removeDo,
      act: async () => {
        const removed = await this.#confirmation.go(() => this.#client.client.removeAccount(user))
        if (removed) this.editing = null
      },
    }
  }
  #resetFactors({ user, name }: Account): void {
    this.sure = {
      words: this.words.resetSure(name),
      submit: this.words.resetFactors,
      act: async () => {
        if (await this.#confirmation.go(() => this.#client.client.removeFactor(user, null))) this.editing = null
      },
    }
  }
  #end(user: string, id: string | null): void {
    void this.#try(async () => {
      await this.#client.client.endSession(user, id)
      const { account } = this.editing ?? {}
      if (account) await this.#loadSessions(account)
      await this.#load()
    })
  }
  #takeAway({ id, name }: TokenView): void {
    this.sure = {
      words: this.words.takeAwaySure(name),
      submit: this.words.takeAway,
      act: () => this.#confirmation.go(() => this.#client.client.removeToken(id)),
    }
  }

  #signOut(): void {
    void this.#try(async () => {
      await this.#client.client.signOut()
      // What this page has shown goes with it.
      location.reload()
    })
  }

  protected override render() {
    const { words } = this
    const { link } = this.#client.client.state()
    return html`<main>
      <h1>${words.title}</h1>
      ${this.editing === null ? this.#said() : nothing}
      ${this.me === null && link === 'connecting' ? html`<p class="quiet">${this.#language.words.connecting}</p>` : nothing}
      ${this.#isSupervisor ? this.#ofSupervisors() : nothing} ${this.me ? this.#ofOneself(this.me) : nothing}
      ${this.editing ? this.#editor(this.editing) : nothing} ${this.sure ? this.#sureDialog(this.sure) : nothing}
      ${this.#confirmation.dialog(this.#language.words)}
    </main>`
  }
  #said() {
    return html`<p class="refusal" role="alert" ?hidden=${this.refusal === null}>${this.refusal}</p>
      <p class="done" role="status" ?hidden=${this.done === null}>${this.done ?? ''}</p>`
  }
  #ofSupervisors() {
    const { words } = this
    const { helpPoints } = this.#client.client.state()
    return html`<section class="accounts">
        <div class="top">
          <h2>${words.accounts}</h2>
          <button class="main" @click=${() => this.#open(null)}>${words.add}</button>
        </div>
        ${accountsTable(this.accounts, words, (account) => this.#open(account))}
      </section>
      <section class="tokens">
        <h2>${words.tokens}</h2>
        <p class="quiet">${words.tokensWhy}</p>
        ${tokensTable(this.tokens, words, {
          timeOf: (iso) => this.#time(iso),
          nameOf: (id) => helpPoints.find((helpPoint) => helpPoint.id === id)?.name ?? id,
          takeAway: (token) => this.#takeAway(token),
        })}
      </section>`
  }
  #ofOneself({ user, name, how, roles, withheld }: WhoIsHere) {
    const { words } = this
    const mayNothing = roles.length === 0
    return html`<section class="own">
      <div class="top">
        <h2>${words.mine}: ${name}</h2>
        ${this.token === '' ? html`<button class="out" @click=${() => this.#signOut()}>${words.signOut}</button>` : nothing}
      </div>
      ${
        user === null || how !== 'account'
          ? html`${withheld.length > 0 ? html`<p class="withheld" role="alert">${words.askThere}</p>` : nothing}
              <p class="quiet">${how === 'directory' ? words.ofDirectory : words.noAccountOfOwn}</p>`
          : html`<lamppost-factors
                .client=${this.#client.client}
                .user=${user}
                .timezone=${this.#client.client.state().site?.timezone ?? 'UTC'}
                ?withheld=${withheld.length > 0}
                @factors-changed=${() => void this.#try(() => this.#load())}
              ></lamppost-factors>
              ${
                mayNothing
                  ? nothing
                  : [
                      this.#passwordForm(user),
                      sessionList(this.mySessions, words, {
                        timeOf: (iso) => this.#time(iso),
                        end: (id) => this.#end(user, id),
                      }),
                    ]
              }`
      }
      ${this.#isSupervisor || mayNothing ? nothing : html`<p class="quiet">${words.onlySupervisors}</p>`}
    </section>`
  }
  #passwordForm(user: string) {
    const { words } = this
    return html`<form class="password" @submit=${(event: SubmitEvent) => this.#setPassword(event, user)}>
      <input type="text" name="user" autocomplete="username" .value=${user} hidden />
      <label
        >${words.newPassword}<input
          type="password"
          name="password"
          required
          maxlength="1000"
          autocomplete="new-password"
        /><span class="quiet">${words.passwordHelp}</span></label
      >
      <div class="do"><button>${words.setPassword}</button></div>
    </form>`
  }
  #editor({ account, sessions }: Editing) {
    const { words } = this
    const close = (): void => {
      this.editing = null
      this.refusal = null
    }
    return html`<dialog class="editor" aria-label=${account?.name ?? words.add} ${ref(openAtOnce)} @close=${close}>
      <h2>${account?.name ?? words.add}</h2>
      ${this.#said()}
      <form class="account" @submit=${(event: SubmitEvent) => this.#save(event)}>
        ${
          account
            ? html`<p class="quiet">${words.user}: ${account.user}</p>`
            : html`<label
                >${words.user}<input
                  type="text"
                  name="user"
                  required
                  maxlength="100"
                  pattern="[^\\s\\/]+"
                  autocomplete="off"
              /></label>`
        }
        <label
          >${words.name}<input
            type="text"
            name="name"
            required
            maxlength="100"
            autocomplete="off"
            .value=${account?.name ?? ''}
        /></label>
        <fieldset>
          <legend>${words.roles}</legend>
          ${ROLES.map(
            (role) =>
              html`<label class="choice"
                ><input type="checkbox" name="role-${role}" ?checked=${account?.roles.includes(role) ?? false} />
                <span>${words.role[role]}</span><span class="quiet">${words.roleDoes[role]}</span></label
              >`,
          )}
        </fieldset>
        ${
          account
            ? nothing
            : html`<label
                >${words.password}<input
                  type="password"
                  name="password"
                  required
                  maxlength="1000"
                  autocomplete="new-password"
                /><span class="quiet">${words.passwordHelp}</span></label
              >`
        }
        <div class="do">
          <button type="button" @click=${close}>${words.back}</button><button class="main">${words.save}</button>
        </div>
      </form>
      ${
        account
          ? html`<div class="part">${this.#passwordForm(account.user)}</div>
              <div class="part">
                ${sessionList(sessions, words, {
                  timeOf: (iso) => this.#time(iso),
                  end: (id) => this.#end(account.user, id),
                })}
              </div>
              ${
                account.factors > 0
                  ? html`<div class="part top">
                      <span>${words.factorCount(account.factors)}</span>
                      <button class="reset" @click=${() => this.#resetFactors(account)}>${words.resetFactors}</button>
                    </div>`
                  : nothing
              }
              <div class="part do">
                <button class="danger" @click=${() => this.#remove(account)}>${words.remove}</button>
              </div>`
          : nothing
      }
    </dialog>`
  }
  #sureDialog({ words, submit, act }: Sure) {
    const close = (): void => void (this.sure = null)
    const go = (): void => {
      close()
      void this.#try(async () => {
        await act()
        await this.#load()
      })
    }
    return html`<dialog class="sure" aria-label=${words} ${ref(openAtOnce)} @close=${close}>
      <p>${words}</p>
      <div class="do">
        <button @click=${close}>${this.words.never}</button><button class="danger" @click=${go}>${submit}</button>
      </div>
    </dialog>`
  }
}

/** Those of before in their order, then new ones: the first is the one that a person has where several would do. */
function inOrder(roles: readonly Role[], before: readonly Role[]): Role[] {
  return [...before.filter((role) => roles.includes(role)), ...roles.filter((role) => !before.includes(role))]
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-people': LamppostPeople
  }
}
