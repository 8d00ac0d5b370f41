/** The evidence officer's page: what incidents hold, the packages cut from it, and what was recorded near a place. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import '../lamppost-player/lamppost-player.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { saveFile } from '../browser/save-file.ts'
import { saveStream } from '../browser/save-stream.ts'
import { dayAndTime } from '../theme/times.ts'
import type {
  ClipView,
  Disclosure,
  ExportView,
  FoundRecordings,
  Incident,
  Keeping,
  KeyState,
} from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import { dialogStyles, evidenceStyles } from './evidence-styles.ts'
import './lamppost-cut.ts'
import type { Answered } from './order-form.ts'
import { type PackageAct, packagesList } from './packages-list.ts'
import { ReasonDialog } from './reason-dialog.ts'
import { recordingsList } from './recordings-list.ts'
import { type Search, searchSection } from './search-section.ts'

const RELOAD_MS = 5000
const KEEPING_AT_ONCE = 100
const RELOAD_WHILE_MAKING_MS = 1000
const TABS = ['recordings', 'packages', 'search'] as const
type Tab = (typeof TABS)[number]

@element('lamppost-evidence')
export class LamppostEvidence extends LitElement {
  static override styles = [look, dialogStyles, evidenceStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private tab: Tab = 'recordings'
  @state() private incidents: Incident[] | null = null
  @state() private next: string | null = null
  @state() private nextExports: string | null = null
  private exportPages = 1
  @state() private exports: ExportView[] = []
  @state() private keeping = new Map<string, Keeping>()
  @state() private keys: KeyState | null = null
  @state() private playing: { key: string; unmasked: boolean } | null = null
  @state() private downloading: string | null = null
  @state() private hashes = new Map<string, { name: string; sha256: string }>()
  @state() private cut: { incident: Incident; parent: ExportView | null } | null = null
  @state() private fetching: { id: string; share: string } | null = null
  @state() private opened: { id: string; disclosures: Disclosure[]; link: string | null; copied: boolean } | null = null
  @state() private found: { search: Search; recordings: FoundRecordings } | null = null
  @state() private chosen: ReadonlySet<string> = new Set()
  @state() private busy = false
  @state() private refusal: string | null = null

  #listRefusal: string | null = null
  #language = new LanguageController(this)
  #client = new ClientController(this)
  #confirmation = new Confirmation(this, () => this.#client.client)
  #reason = new ReasonDialog(this)
  #timer: ReturnType<typeof setTimeout> | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    void this.updateComplete.then(() => this.#reload())
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    super.disconnectedCallback()
  }

  #reload = async (): Promise<void> => {
    if (this.#timer) clearTimeout(this.#timer)
    await this.#load()
    if (this.isConnected)
      this.#timer = setTimeout(
        this.#making ? this.#reloadExports : this.#reload,
        this.#making ? RELOAD_WHILE_MAKING_MS : RELOAD_MS,
      )
  }
  get #making(): boolean {
    return this.exports.some(({ state: of }) => of === 'queued' || of === 'cutting')
  }
  /** While one is made, only that is asked for often. */
  #reloadExports = async (): Promise<void> => {
    await this.#loadExports().catch(() => {})
    if (!this.isConnected) return
    this.#timer = this.#making ? setTimeout(this.#reloadExports, RELOAD_WHILE_MAKING_MS) : setTimeout(this.#reload, 0)
  }
  /**
   * As many pages as are shown: an older export changes, too, when it is deleted or gone on with. A page that did not
   * change costs a line.
   */
  async #loadExports(): Promise<void> {
    const found: ExportView[] = []
    let after: string | null = null
    for (let page = 0; page < this.exportPages; page += 1) {
      const { items, next } = await this.#client.client.exports(after)
      found.push(...items)
      after = next
      if (next === null) break
    }
    this.exports = found
    this.nextExports = after
  }
  /** Only the first page renews itself; older incidents do not change any more. */
  async #load(): Promise<void> {
    const { client } = this.#client
    try {
      const [{ items, next }, keys] = await Promise.all([
        client.incidents(null),
        client.evidenceKeys(),
        this.#loadExports(),
      ])
      const older = (this.incidents ?? []).filter(({ id }) => !items.some((item) => item.id === id))
      if (older.length === 0) this.next = next
      this.incidents = [...items, ...older]
      await this.#loadKeeping()
      this.keys = keys
      this.#listRefusal = null
    } catch (error) {
      this.#listRefusal = refusalText(error, this.#language.words)
    }
    this.requestUpdate()
  }
  /** Until when those in the list are kept; asked for in parts that an address has room for. */
  async #loadKeeping(): Promise<void> {
    const ids = (this.incidents ?? []).map(({ id }) => id)
    const parts = Array.from({ length: Math.ceil(ids.length / KEEPING_AT_ONCE) }, (_, i) =>
      ids.slice(i * KEEPING_AT_ONCE, (i + 1) * KEEPING_AT_ONCE),
    )
    const found = await Promise.all(parts.map((incidents) => this.#client.client.retention({ incidents })))
    this.keeping = new Map(found.flatMap(({ items }) => items).map((each) => [each.incident, each]))
  }
  /** Does it, and says in words when it cannot be. */
  async #try(act: () => Promise<unknown>): Promise<void> {
    this.refusal = null
    try {
      await act()
      await this.#reload()
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    }
  }
  #older = (): Promise<void> =>
    this.#try(async () => {
      const { items, next } = await this.#client.client.incidents(this.next)
      this.next = next
      this.incidents = [...(this.incidents ?? []), ...items]
    })

  #olderExports = (): Promise<void> =>
    this.#try(async () => {
      this.exportPages += 1
    })

  /** Of a camera with privacy masks the MP4 has none: that wants a reason. */
  #download = (incident: Incident, clip: ClipView): void => {
    const { client } = this.#client
    const { officer, download } = this.#language.words
    const masks = client.state().cameras.find(({ id }) => id === clip.camera)?.masks ?? []
    if (masks.length === 0) return void this.#fetchClip(incident, clip)
    this.#ask(officer.unmaskedDownload, download, async (reason) => {
      await client.giveReason(reason, clip.camera)
      await this.#fetchClip(incident, clip)
    })
  }
  #fetchClip = async (incident: Incident, clip: ClipView): Promise<void> => {
    const key = `${incident.id} ${clip.camera}`
    this.downloading = key
    await this.#try(async () => {
      const found = await this.#confirmation.go(() => this.#client.client.download(incident.id, clip.camera))
      if (!found) return
      const { blob, sha256, name } = found
      this.hashes = new Map(this.hashes).set(key, { name, sha256 })
      saveFile(blob, name)
    })
    this.downloading = null
  }
  #ask(title: string, submit: string, act: (reason: string) => Promise<unknown>, danger = false): void {
    this.#reason.ask({ title, submit, danger, act: (reason) => void this.#try(() => act(reason)) })
  }

  #act = (act: PackageAct, of: ExportView): void => {
    const { client } = this.#client
    const { officer } = this.#language.words
    const acts: Record<PackageAct, () => unknown> = {
      fetch: () => this.#try(() => this.#fetch(of)),
      companion: () =>
        this.#try(async () => {
          const found = await this.#confirmation.go(() => client.companion(of.id))
          if (found) saveFile(found.blob, found.name)
        }),
      receipt: () =>
        this.#try(async () => {
          saveFile(await client.receipt(of.id), `${of.id}_receipt.html`)
        }),
      cancel: () => this.#try(() => client.cancelExport(of.id)),
      resume: () => this.#try(() => client.resumeExport(of.id)),
      redact: () => void this.#redact(of),
      remove: () =>
        this.#ask(
          officer.packages.removeWhy,
          officer.packages.removeDo,
          (reason) => this.#confirmation.go(() => client.deleteExport(of.id, reason)),
          true,
        ),
      handOver: () => void (this.opened?.id === of.id ? (this.opened = null) : this.#openHandOvers(of.id)),
    }
    void acts[act]()
  }
  async #fetch({ id }: ExportView): Promise<void> {
    this.fetching = { id, share: '' }
    try {
      await saveStream(
        () => this.#confirmation.go(() => this.#client.client.packageBytes(id)),
        `${id}.zip`,
        (share) => (this.fetching = { id, share: `${Math.round(share * 100)} %` }),
      )
    } finally {
      this.fetching = null
    }
  }
  async #redact(of: ExportView): Promise<void> {
    await this.#try(async () => {
      if (of.incident) this.cut = { incident: await this.#client.client.incident(of.incident), parent: of }
    })
  }
  #openHandOvers = (id: string, link: string | null = null): Promise<void> =>
    this.#try(async () => {
      this.opened = { id, disclosures: await this.#client.client.disclosures(id), link, copied: false }
    })
  #disclose = (of: ExportView, form: HTMLFormElement): void => {
    const {
      recipient = '',
      organisation = '',
      purpose = '',
      days = '',
    } = Object.fromEntries(new FormData(form)) as Record<string, string>
    void this.#try(async () => {
      const made = await this.#confirmation.go(() =>
        this.#client.client.disclose(of.id, { recipient, organisation, purpose, days: Number(days) }),
      )
      if (!made) return
      form.reset()
      await this.#openHandOvers(of.id, new URL(this.#client.client.absolute(made.link), location.href).href)
    })
  }
  #search = (search: Search): void => {
    this.busy = true
    void this.#try(async () => {
      const recordings = await this.#confirmation.go(() => this.#client.client.searchRecordings(search))
      if (!recordings) return
      this.found = { search, recordings }
      this.chosen = new Set(
        recordings.cameras.filter(({ recorded }) => recorded.length > 0).map(({ camera }) => camera),
      )
    }).finally(() => (this.busy = false))
  }
  #orderFound = (answered: Answered, { from, to }: Search): void => {
    this.busy = true
    void this.#try(async () => {
      const ordered = await this.#confirmation.go(() =>
        this.#client.client.orderExport({ ...answered, cameras: [...this.chosen], from, to }),
      )
      if (ordered) this.tab = 'packages'
    }).finally(() => (this.busy = false))
  }

  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }

  protected override render() {
    const { words } = this.#language
    const refusal = this.refusal ?? this.#listRefusal
    return html`<main>
      ${
        this.cut
          ? html`<lamppost-cut
              .client=${this.#client.client}
              .of=${this.cut.incident}
              .parent=${this.cut.parent}
              @lamppost-cut-left=${() => (this.cut = null)}
              @lamppost-export-ordered=${() => {
                this.cut = null
                this.tab = 'packages'
                void this.#reload()
              }}
            ></lamppost-cut>`
          : html`<h2>${words.evidence}</h2>
              ${this.keys?.problem ? html`<p class="refusal" role="alert">${this.keys.problem}</p>` : nothing}
              <nav aria-label=${words.evidence}>
                ${TABS.map(
                  (tab) =>
                    html`<button aria-pressed=${tab === this.tab} @click=${() => (this.tab = tab)}>
                      ${words.officer.tabs[tab]}${
                        tab === 'packages' && this.exports.length > 0
                          ? html` <span class="count">${this.exports.length}${this.nextExports ? '+' : ''}</span>`
                          : nothing
                      }
                    </button>`,
                )}
              </nav>
              ${refusal ? html`<p class="refusal" role="alert">${refusal}</p>` : nothing} ${this.#content()}`
      }
      ${this.#reason.render(words)} ${this.#confirmation.dialog(words)}
    </main>`
  }

  #content() {
    const { words, locale } = this.#language
    const { client } = this.#client
    const { helpPoints, cameras, exporting } = client.state()
    const { officer } = words
    const around = { words, timezone: this.#timezone, locale }
    if (this.tab === 'packages')
      return html`${packagesList({
        ...around,
        now: client.now(),
        items: this.exports,
        progress: (id) => exporting[id] ?? 0,
        fetching: this.fetching,
        nameOf: (camera) => cameras.find(({ id }) => id === camera)?.name ?? camera,
        opened: this.opened,
        onAct: this.#act,
        onDisclose: this.#disclose,
        onRevoke: ({ id, export: of }) =>
          this.#ask(
            officer.handOver.revokeWhy,
            officer.handOver.revokeDo,
            async (reason) => (
              await this.#confirmation.go(() => client.revokeDisclosure(id, reason)),
              this.#openHandOvers(of)
            ),
            true,
          ),
        onCopy: (link) =>
          void navigator.clipboard
            .writeText(link)
            .then(() => this.opened && (this.opened = { ...this.opened, copied: true })),
      })}${
        this.nextExports
          ? html`<div class="do"><button @click=${this.#olderExports}>${words.more}</button></div>`
          : nothing
      }${this.#keys()}`
    if (this.tab === 'search')
      return searchSection({
        ...around,
        helpPoints,
        found: this.found,
        chosen: this.chosen,
        busy: this.busy,
        onSearch: this.#search,
        onOrder: this.#orderFound,
        onChoose: (camera, chosen) =>
          (this.chosen = new Set(
            chosen ? [...this.chosen, camera] : [...this.chosen].filter((each) => each !== camera),
          )),
      })
    return html`${this.incidents === null ? html`<p class="quiet">${words.connecting}</p>` : nothing}
      ${this.incidents?.length === 0 ? html`<p class="quiet">${words.noIncidents}</p>` : nothing}
      ${recordingsList({
        ...around,
        client,
        incidents: this.incidents ?? [],
        keeping: this.keeping,
        playing: this.playing,
        cutting: this.downloading,
        hashes: this.hashes,
        onPlay: (key) => (this.playing = this.playing?.key === key ? null : { key, unmasked: false }),
        onUnmask: (key, camera) =>
          this.#ask(officer.unmaskWhy, officer.unmaskDo, async (reason) => {
            await client.giveReason(reason, camera)
            this.playing = { key, unmasked: true }
          }),
        onDownload: this.#download,
        onCut: (incident) => (this.cut = { incident, parent: null }),
        onLock: ({ id }) =>
          this.#ask(officer.lockWhy, officer.lockDo, (reason) =>
            this.#confirmation.go(() => client.lockClips(id, reason)),
          ),
        onUnlock: ({ id }) =>
          this.#ask(officer.unlockWhy, officer.unlockDo, (reason) =>
            this.#confirmation.go(() => client.unlockClips(id, reason)),
          ),
      })}
      <div class="do">
        ${this.next ? html`<button @click=${this.#older}>${words.more}</button>` : nothing}<button
          @click=${() => this.#try(async () => saveFile(await client.retentionTable(), 'retention.csv'))}
        >
          ${officer.retentionTable}
        </button>
      </div>`
  }
  #keys() {
    const { words, locale } = this.#language
    const { keys } = words.officer
    if (!this.keys) return nothing
    return html`<article class="keys">
      <h3>${keys.title}</h3>
      <p class="hash"><span>${keys.root}</span> <code>${this.keys.root}</code></p>
      <p class="quiet">${keys.until(dayAndTime(this.keys.signerUntil, this.#timezone, locale))}</p>
      <div class="do">
        <button
          @click=${() => this.#try(async () => saveFile(await this.#client.client.evidenceRoot(), 'evidence-root.pem'))}
        >
          ${keys.fetch}
        </button>
      </div>
    </article>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-evidence': LamppostEvidence
  }
}
