/** Cuts what an incident holds into an export: several cameras at one moment, the range, and who answers for it. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import '../lamppost-player/lamppost-player.ts'
import type { LamppostPlayer } from '../lamppost-player/lamppost-player.ts'
import { nameOfOther } from '../lamppost-call/call-view.ts'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { clockTime, elapsed, preciseTime } from '../theme/times.ts'
import type { ClipView, ExportView, Incident } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import { LanguageController } from '../words/language.ts'
import type { RecordedCall } from '../wall-client/requests/evidence-requests.ts'
import { refusalText } from '../words/refusal-words.ts'
import { type Region, drawing, newRegion, regionList } from './blur-regions.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import { type Silenced, callRows, callSounds, silenceList } from './cut-calls.ts'
import { type Span, marksOf, spanOf } from './cut-marks.ts'
import { CutPlayers } from './cut-players.ts'
import { cutStyles } from './cut-styles.ts'
import { markList, timeline } from './cut-timeline.ts'
import { dialogStyles } from './evidence-styles.ts'
import { type Answered, orderForm } from './order-form.ts'
import { ThumbnailStrip } from './thumbnail-strip.ts'

const iso = (moment: number): string => new Date(moment).toISOString()
const MOST_PLAYERS = 4

/**
 * @fires lamppost-export-ordered - an export was ordered; its id is in the detail
 * @fires lamppost-cut-left - the person goes back
 */
@element('lamppost-cut')
export class LamppostCut extends LitElement {
  static override styles = [look, dialogStyles, cutStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  /** What is cut. */
  @property({ attribute: false }) of: Incident | null = null
  /** A master that a redacted copy is made of; null makes a master. */
  @property({ attribute: false }) parent: ExportView | null = null
  @state() private range: Span | null = null
  @state() private leftOut: ReadonlySet<string> = new Set()
  @state() private regions: Region[] = []
  /** Null until they are known: then the server chooses. */
  @state() private calls: readonly RecordedCall[] | null = null
  /** Whose sound somebody has fetched, as addresses for a player. */
  @state() private sounds: ReadonlyMap<string, string> = new Map()
  @state() private silences: Silenced[] = []
  @state() private busy = false
  @state() private refusal: string | null = null

  #language = new LanguageController(this)
  #client = new ClientController(this)
  #players = new CutPlayers(this, () => [...this.renderRoot.querySelectorAll<LamppostPlayer>('lamppost-player')])
  #pictures = new ThumbnailStrip(this, (camera, at) =>
    this.#client.client.thumbnail(this.of?.id ?? '', camera, iso(at)),
  )
  #confirmation = new Confirmation(this, () => this.#client.client)

  /** A redacted copy is of what its master is of, and of no more. */
  get #clips(): ClipView[] {
    const clips = this.of?.clips ?? []
    const cuts = this.parent?.cuts
    return cuts
      ? clips.flatMap((clip) =>
          cuts.filter((cut) => cut.camera === clip.camera).map(({ from, to }) => ({ ...clip, from, to })),
        )
      : clips
  }
  get #span(): Span {
    return spanOf(this.#clips, this.#until)
  }
  /**
   * What still grows ends where it was when somebody began to cut it: a timeline that moves under the hand could not
   * be cut, and would want other pictures for ever.
   */
  get #until(): number {
    if (this.#begun?.of !== this.of?.id) this.#begun = { of: this.of?.id, at: this.#client.client.now() }
    return this.#begun?.at ?? 0
  }
  #begun: { of: Incident['id'] | undefined; at: number } | null = null
  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }
  #nameOf = (camera: string): string =>
    this.#client.client.state().cameras.find((each) => (each.id as string) === camera)?.name ?? camera
  /** A redacted copy has what its parent has; silenced ones are in it, others where they are chosen. */
  get #callRows() {
    return (this.calls ?? []).map((call) => ({
      call,
      name: nameOfOther(call, this.#client.client.state()),
      included: !this.leftOut.has(call.id),
    }))
  }
  async #loadCalls(): Promise<void> {
    const { of, parent } = this
    if (!of) return
    const calls = await this.#client.client.recordedCalls(of.id)
    if (this.of !== of || this.parent !== parent) return
    const known = parent ? calls.filter(({ id }) => parent.calls.some((each) => (each as string) === id)) : calls
    // Of another time than the pictures; and what is made to be handed out has no voices unless somebody wants them.
    const { from, to } = this.#span
    const beside = ({ recording }: RecordedCall): boolean =>
      Date.parse(recording.from) < to && Date.parse(recording.to) > from
    this.calls = known
    const without = known.filter((call) => parent !== null || !beside(call))
    this.leftOut = new Set([...this.leftOut, ...without.map(({ id }) => id as string)])
  }
  #listen = async (id: string): Promise<void> => {
    try {
      const sound = await this.#confirmation.go(() => this.#client.client.callSound(id))
      if (sound) this.sounds = new Map([...this.sounds, [id, URL.createObjectURL(sound)]])
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    }
  }
  #silence = (silences: Silenced[]): void => {
    // The marks were the silence's: what is exported is not only what nobody is to hear.
    if (silences.length > this.silences.length) this.range = null
    this.silences = silences
  }
  get #included(): ClipView[] {
    return this.#clips.filter(({ camera }) => !this.leftOut.has(camera))
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.addEventListener('keydown', this.#onKey)
    // Without them the pictures are cut all the same, and the server says which calls it takes.
    this.#loadCalls().catch((error: unknown) => (this.refusal = refusalText(error, this.#language.words)))
    void this.updateComplete.then(() => {
      this.#seek(this.#pressedAt() ?? this.#span.from)
      // The keys are for whoever has just come here, without a further click.
      this.renderRoot.querySelector<HTMLElement>('.play')?.focus({ preventScroll: true })
    })
  }
  override disconnectedCallback(): void {
    this.removeEventListener('keydown', this.#onKey)
    for (const sound of this.sounds.values()) URL.revokeObjectURL(sound)
    this.sounds = new Map()
    super.disconnectedCallback()
  }
  #pressedAt(): number | null {
    const pressed = this.of?.presses[0]?.receivedAt
    return pressed ? Date.parse(pressed) : null
  }
  #seek = (moment: number): void => {
    const { from, to } = this.#span
    this.#players.seek(Math.min(to, Math.max(from, moment)))
  }
  get #at(): number {
    return this.#players.now() ?? this.#pressedAt() ?? this.#span.from
  }
  #setFrom = (): void => {
    const at = Math.round(this.#at)
    this.range = { from: at, to: Math.max(this.range?.to ?? this.#span.to, at + 1000) }
  }
  #setTo = (): void => {
    const at = Math.round(this.#at)
    this.range = { from: Math.min(this.range?.from ?? this.#span.from, at - 1000), to: at }
  }

  /** Nothing that is typed into a field moves a picture. */
  #onKey = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0] as HTMLElement
    const typing =
      target instanceof HTMLInputElement
        ? !['range', 'checkbox'].includes(target.type)
        : target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
    if (
      typing ||
      event.ctrlKey ||
      event.altKey ||
      event.metaKey ||
      (target instanceof HTMLButtonElement && event.key === ' ')
    )
      return
    const range = this.range ?? this.#span
    const act = {
      ' ': () => this.#players.run(!this.#players.playing),
      i: this.#setFrom,
      o: this.#setTo,
      j: () => this.#seek(this.#at - 10_000),
      l: () => this.#seek(this.#at + 10_000),
      ',': () => this.#players.step(-1),
      '.': () => this.#players.step(1),
      p: () => this.#seek(this.#pressedAt() ?? this.#span.from),
      '[': () => this.#seek(range.from),
      ']': () => this.#seek(range.to),
    }[event.key.toLowerCase()]
    if (!act) return
    event.preventDefault()
    act()
  }

  #order = async (answered: Answered): Promise<void> => {
    const { from, to } = this.range ?? this.#span
    this.busy = true
    this.refusal = null
    try {
      const cameras = this.#included.map(({ camera }) => camera)
      const wanted = this.parent
        ? {
            kind: 'redacted' as const,
            parentExport: this.parent.id,
            silences: this.silences
              .filter(({ call }) => !this.leftOut.has(call))
              .map((each) => ({ call: each.call, from: iso(each.from), to: iso(each.to) })),
            redactions: this.regions
              .filter(({ camera }) => cameras.some((each) => (each as string) === camera))
              .map(({ camera, x, y, width, height, span }) => ({
                camera,
                x,
                y,
                width,
                height,
                from: iso((span ?? { from, to }).from),
                to: iso((span ?? { from, to }).to),
              })),
          }
        : { incident: this.of?.id ?? '' }
      const ordered = await this.#confirmation.go(() =>
        this.#client.client.orderExport({
          ...wanted,
          ...answered,
          ...(cameras.length > 0 ? { cameras } : {}),
          ...(this.calls ? { calls: this.#callRows.flatMap(({ call, included }) => (included ? [call.id] : [])) } : {}),
          ...(this.range ? { from: iso(from), to: iso(to) } : {}),
        }),
      )
      if (ordered)
        this.dispatchEvent(
          new CustomEvent('lamppost-export-ordered', { detail: { export: ordered.id }, bubbles: true, composed: true }),
        )
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    } finally {
      this.busy = false
    }
  }

  protected override render() {
    const { words } = this.#language
    const { of, parent } = this
    if (!of) return nothing
    const { cutting, order } = words.officer
    if (this.#clips.length === 0)
      return html`<main>
        <header>
          <h3>${words.officer.nothingHeld}</h3>
          <button @click=${this.#leave}>${cutting.back}</button>
        </header>
      </main>`
    const helpPoint = this.#client.client.state().helpPoints.find(({ id }) => id === of.helpPoint)?.name ?? of.helpPoint
    const span = this.#span
    const range = this.range ?? span
    const at = this.#at
    const marks = marksOf(of, {
      press: cutting.press,
      framed: (camera, framing) => cutting.framed(this.#nameOf(camera), framing),
    })
    const time = (moment: number): string => clockTime(iso(moment), this.#timezone)
    const summary = `${cutting.range(time(range.from), time(range.to), elapsed(range.to - range.from))}${
      this.range ? '' : ` · ${cutting.whole}`
    }`
    return html`<main>
      <header>
        <h3>${parent ? order.redactTitle(parent.id) : cutting.title(helpPoint)}</h3>
        <button @click=${this.#leave}>${cutting.back}</button>
      </header>
      <div class="desk">
        <div class="pictures" data-count=${Math.min(MOST_PLAYERS, this.#included.length)}>
          ${this.#included.slice(0, MOST_PLAYERS).map(
            (clip) =>
              html`<figure>
                <div class="picture">
                  <lamppost-player
                    bare
                    .client=${this.#client.client}
                    .camera=${clip.camera}
                    .incident=${of.id}
                  ></lamppost-player
                  >${
                    parent
                      ? drawing({
                          regions: this.regions.filter(({ camera }) => camera === (clip.camera as string)),
                          at,
                          onDrawn: (place) =>
                            (this.regions = [...this.regions, newRegion(this.regions, clip.camera, place)]),
                        })
                      : nothing
                  }
                </div>
                <figcaption>${this.#nameOf(clip.camera)}</figcaption>
              </figure>`,
          )}
          ${
            this.#included.length > MOST_PLAYERS
              ? html`<p class="quiet">
                  ${cutting.further(
                    this.#included
                      .slice(MOST_PLAYERS)
                      .map(({ camera }) => this.#nameOf(camera))
                      .join(', '),
                  )}
                </p>`
              : nothing
          }
        </div>
        ${markList(words, marks, this.#timezone, this.#seek)}
      </div>
      ${timeline({
        words,
        timezone: this.#timezone,
        span,
        range,
        at,
        marks,
        rows: this.#clips.map((clip) => ({
          clip,
          name: this.#nameOf(clip.camera),
          included: !this.leftOut.has(clip.camera),
        })),
        more: callRows({
          words,
          timezone: this.#timezone,
          span,
          rows: this.#callRows,
          onInclude: this.#include,
        }),
        now: this.#until,
        picture: (camera, moment) => this.#pictures.picture(camera, moment),
        onInclude: this.#include,
        onSeek: this.#seek,
      })}
      <div class="moves" role="group" aria-label=${cutting.position}>
        <span class="clock">${preciseTime(iso(at), this.#timezone)}</span>
        <button class="play" @click=${() => this.#players.run(!this.#players.playing)}>
          ${this.#players.playing ? cutting.pause : cutting.play}
        </button>
        <button @click=${() => this.#seek(at - 10_000)}>${cutting.back10}</button>
        <button @click=${() => this.#seek(at + 10_000)}>${cutting.on10}</button>
        <button @click=${() => this.#players.step(-1)} aria-label=${cutting.frameBack} title=${cutting.frameBack}>
          ◂❘
        </button>
        <button @click=${() => this.#players.step(1)} aria-label=${cutting.frameOn} title=${cutting.frameOn}>❘▸</button>
        <button @click=${() => this.#seek(this.#pressedAt() ?? span.from)}>${cutting.toPress}</button>
        <button class="set-from" @click=${this.#setFrom}>${cutting.setFrom} <kbd>i</kbd></button>
        <button class="set-to" @click=${this.#setTo}>${cutting.setTo} <kbd>o</kbd></button>
        <button @click=${() => this.#seek(range.from)}>${cutting.toFrom}</button>
        <button @click=${() => this.#seek(range.to)}>${cutting.toTo}</button>
      </div>
      <p class="quiet keys">${cutting.keys}</p>
      ${callSounds({
        words,
        timezone: this.#timezone,
        rows: this.#callRows,
        sounds: this.sounds,
        onListen: (call) => void this.#listen(call),
      })}
      ${
        parent
          ? regionList({
              words,
              regions: this.regions,
              cameras: this.#clips.map(({ camera }) => ({ id: camera, name: this.#nameOf(camera) })),
              at,
              whole: range,
              timezone: this.#timezone,
              onChange: (regions) => (this.regions = regions),
            })
          : nothing
      }
      ${
        parent
          ? silenceList({
              words,
              timezone: this.#timezone,
              rows: this.#callRows,
              range: this.range,
              silences: this.silences,
              onChange: this.#silence,
            })
          : nothing
      }
      ${this.refusal ? html`<p class="refusal" role="alert">${this.refusal}</p>` : nothing}
      ${orderForm({
        words,
        title: order.title,
        summary,
        submit: parent ? order.submitRedacted : order.submit(this.#included.length),
        disabled: this.#included.length === 0,
        busy: this.busy,
        onSubmit: this.#order,
      })}
      ${this.#confirmation.dialog(words)}
    </main>`
  }
  #leave = (): void => void this.dispatchEvent(new CustomEvent('lamppost-cut-left', { bubbles: true, composed: true }))
  #include = (camera: string, included: boolean): void => {
    const leftOut = new Set(this.leftOut)
    if (included) leftOut.delete(camera)
    else leftOut.add(camera)
    this.leftOut = leftOut
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-cut': LamppostCut
  }
}
