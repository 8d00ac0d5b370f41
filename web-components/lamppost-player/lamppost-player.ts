/** A camera's live picture, or the clip that an incident holds of it. Says how old the picture is, always. */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { property, query, state } from 'lit/decorators.js'
import { keyed } from 'lit/directives/keyed.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { preciseTime } from '../theme/times.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { CameraView, PictureForm } from '../wall-client/api-shapes.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { ClipHand } from './clip-hand.ts'
import { HlsController } from './hls-controller.ts'
import type { Mode } from './hls-settings.ts'
import { playerStyles } from './player-styles.ts'
import { ReasonForm } from './reason-form.ts'
import { createDigitalZoom } from './digital-zoom.ts'
import { createSmallStream } from './small-stream.ts'
import { pageStepDown } from './quality-downgrade.ts'

/** Older than this is said in a warning colour; a frozen picture is covered. */
const LATE_S = { carried: 1.5, edge: 1.5, plain: 6 }
const FROZEN_MS = 1500
/** Ages are told in tenths; nothing finer than the server's clock is known. */
const FINEST_S = 0.1
/** About to be scrolled to: it plays by then. */
const NEAR_WINDOW = '120px'

const canShow = (codec: string): boolean =>
  typeof MediaSource === 'undefined' || MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`)

/**
 * @csspart frame - the picture with what is said on it
 * @csspart controls - the buttons and the track of a clip
 * @csspart video - the picture
 * @csspart age - the line that tells its age
 * @csspart form - the line that says when the picture is a converted one, or has privacy masks
 */
@element('lamppost-player')
export class LamppostPlayer extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words {
    return this.#language.words
  }

  static override styles = [look, playerStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  /** A camera's id: its live picture. */
  @property() camera = ''
  /** With an incident's id: the clip it holds of that camera, from before the press. */
  @property() incident = ''
  /** A clip without its camera’s privacy masks, once a reason was given. */
  @property({ type: Boolean }) unmasked = false
  /** For small further views: frugal where connections are few. */
  @property({ type: Boolean }) small = false
  /** A wheel and a hand enlarge the picture in the page; the camera stays as it is. */
  @property({ type: Boolean }) zoomable = false
  /** A clip without controls of its own: somebody around moves it. */
  @property({ type: Boolean }) bare = false
  /** When the press came (UTC ISO 8601): marked in a clip. */
  @property({ attribute: 'pressed-at' }) pressedAt = ''
  @query('video') private video!: HTMLVideoElement
  @state() private unshowable = ''
  /** A small one plays only while it is in the window. */
  @state() private inWindow = true

  #zoom = createDigitalZoom({ video: () => this.video, onChange: () => this.requestUpdate() })
  #inView: IntersectionObserver | null = null
  #client = new ClientController(this)
  #hls = new HlsController(this)
  #hand = new ClipHand({ hls: this.#hls, video: () => this.video, pressedAt: () => this.pressedAt })
  #reason = new ReasonForm(this, async (reason) => {
    await this.#client.client.giveReason(reason, this.camera)
    // The field goes; what is pressed next must not be lost on the page.
    this.video.focus()
    this.#hls.askAgain()
  })

  /** The page has more live pictures than it can keep up with: this one is frugal for a while. */
  #givesWay = false

  private get mode(): Mode {
    if (this.incident) return 'clip'
    if (this.#client.client.carrier.isOpen()) return 'carried'
    return this.#givesWay || this.#isFrugal ? 'plain' : 'edge'
  }
  /** Over HTTP/1.1 a page has six connections, which the large one needs. */
  get #isFrugal(): boolean {
    return this.small && !this.#client.client.takesMany()
  }
  #view(): CameraView | undefined {
    const wanted = this.camera
    return this.#client.client.state().cameras.find(({ id }) => id === wanted)
  }
  #smallStream = createSmallStream()
  get #wantsSmall(): { camera: string; wanted: boolean } {
    return { camera: this.camera, wanted: this.small && !this.incident && this.#view()?.converted === 'sub-stream' }
  }
  get #takesSmall(): boolean {
    return this.#smallStream.takes(this.#wantsSmall)
  }
  get #masks(): readonly string[] {
    return this.#view()?.masks ?? []
  }
  /** This browser cannot show what the camera sends. */
  get #isConverted(): boolean {
    const codec = this.#view()?.codec
    return (!!codec && !canShow(codec)) || this.unshowable === this.#showing
  }
  get #form(): PictureForm {
    return this.#isConverted || this.#takesSmall ? 'h264' : 'copy'
  }
  #fallBack(): boolean {
    if (this.#isConverted) return false
    if (this.#takesSmall) this.#smallStream.fail(this.camera, performance.now())
    else this.unshowable = this.#showing
    this.requestUpdate()
    return true
  }
  #lookAtSmall(): void {
    const { state } = this.#hls.picture
    // While the server is away, nobody can see it, or a reason is asked for, no stream could play.
    const blameless =
      this.#isConverted ||
      !this.inWindow ||
      state === 'playing' ||
      state === 'unasked' ||
      this.#client.client.state().link === 'lost' ||
      document.visibilityState !== 'visible'
    this.#smallStream.look({ ...this.#wantsSmall, blameless }, performance.now())
  }
  /** A clip may have been recorded in another codec than its camera sends now: then only the try tells. */
  get #showing(): string {
    return `${this.camera} ${this.incident} ${this.#view()?.codec ?? ''}`
  }
  private get url(): string {
    const camera = encodeURIComponent(this.camera)
    const place = this.incident
      ? `incidents/${encodeURIComponent(this.incident)}/clips/${camera}${this.unmasked ? '/unmasked' : ''}`
      : `cameras/${camera}/live`
    return this.#client.client.absolute(
      `/api/v1/${place}/${this.#form === 'h264' ? 'h264/' : ''}index.m3u8${this.mode === 'plain' ? '?plain=YES' : ''}`,
    )
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('camera')) {
      this.#reason.forget()
      this.#shown = false
      this.#zoom.reset()
      pageStepDown.leave(this)
    }
    // Nobody could make it whole again: neither the wheel nor its button is the picture's any more.
    if (changed.has('zoomable') && !this.zoomable) this.#zoom.reset()
    this.#lookAtSmall()
    this.#givesWay = this.isConnected && this.#mayGiveWay()
  }
  #mayGiveWay(): boolean {
    if (this.incident) return false
    const { behind, state } = this.#hls.picture
    const live = state === 'playing' && !this.#isFrugal && !this.#client.client.carrier.isOpen()
    return pageStepDown.look(this, { behind, small: this.small, live }, performance.now())
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.#inView = new IntersectionObserver((seen) => (this.inWindow = seen.at(-1)?.isIntersecting ?? true), {
      rootMargin: NEAR_WINDOW,
    })
    this.#inView.observe(this)
  }
  override disconnectedCallback(): void {
    this.#inView?.disconnect()
    super.disconnectedCallback()
    pageStepDown.leave(this)
  }
  protected override updated(): void {
    // For the page around: what is said beside an old picture must not look as sure as beside a live one.
    const link = this.#client.client.state().link
    this.setAttribute('shows', link === 'lost' ? 'gone' : this.#ageClass())
    if (!this.camera) return
    if (this.small && !this.inWindow) return this.#hls.rest()
    const { client } = this.#client
    this.#noteIncident()
    if (this.mode === 'clip') this.#hand.watch(this.video)
    this.#hls.play(this.video, {
      url: this.url,
      mode: this.mode,
      camera: this.camera,
      form: this.#form,
      carrier: client.carrier,
      headers: () => client.headers(),
      now: client.now,
      onUnshowable: () => this.#fallBack(),
    })
  }

  protected override render() {
    const zoom = this.zoomable ? this.#zoom : null
    return html`<div
        part="frame"
        class="frame ${zoom && zoom.scale() > 1 ? 'enlarged' : ''}"
        @wheel=${zoom?.onWheel}
        @pointerdown=${zoom?.onDown}
        @pointermove=${zoom?.onMove}
        @pointerup=${zoom?.onUp}
        @pointercancel=${zoom?.onUp}
        @dblclick=${zoom?.reset}
      >
        <video
          part="video"
          tabindex="-1"
          muted
          ?autoplay=${!this.bare}
          playsinline
          disablepictureinpicture
          @pause=${this.#noteRun}
          @play=${this.#noteRun}
        ></video>
        ${this.#cover()}
        ${
          this.#isConverted
            ? html`<p part="form" class="form">
                ${this.words.converted(this.mode === 'clip' ? 'transcoded' : (this.#view()?.converted ?? 'transcoded'))}
              </p>`
            : nothing
        }
        ${
          this.#masks.length > 0 && !this.#isConverted
            ? html`<p part="form" class="form" title=${this.#masks.join(', ')}>
                ${this.unmasked ? this.words.withoutMasks : this.words.withMasks(this.#masks.length)}
              </p>`
            : nothing
        }
        ${
          zoom && zoom.scale() > 1
            ? html`<button class="whole" @click=${zoom.reset}>${this.words.enlarged(zoom.scale().toFixed(1))}</button>`
            : nothing
        }
        <p part="age" class="age ${this.#ageClass()}">${this.#ageText()}</p>
      </div>
      ${this.incident && !this.bare ? this.#hand.controls(this.words, this.#ageText()) : nothing}`
  }

  #noteRun = (): void => this.requestUpdate()

  get #timezone(): string {
    return this.#client.client.state().site?.timezone ?? 'UTC'
  }
  get #sure(): number {
    return Math.max(FINEST_S, Math.ceil((this.#client.client.doubt() / 1000) * 10) / 10)
  }
  #ageClass(): string {
    const { state, age, still } = this.#hls.picture
    if (this.mode === 'clip') return 'recorded'
    if (state !== 'playing' || still > FROZEN_MS) return 'gone'
    return age === null || age < -0.75 || age > LATE_S[this.mode] ? 'late' : 'live'
  }
  #ageText(): string {
    const { state, age, still, at } = this.#hls.picture
    if (this.mode === 'clip')
      return at === null
        ? this.words.starting
        : this.words.recorded(preciseTime(new Date(at).toISOString(), this.#timezone))
    if (state === 'starting') return this.words.starting
    if (state === 'gone' || state === 'unasked') return this.words.gone
    if (still > FROZEN_MS) return this.words.frozen((still / 1000).toFixed(0))
    // A picture from the future means that a clock was changed: its age is not known.
    if (age === null || age < -0.75) return this.words.ageUnknown
    const sure = this.#sure
    return age > LATE_S[this.mode]
      ? this.words.late(age.toFixed(1))
      : age < sure
        ? this.words.liveUnder(sure.toFixed(1))
        : this.words.live(age.toFixed(1))
  }
  /** Nothing that does not move may look live. */
  #cover() {
    const { state, still, why } = this.#hls.picture
    if (this.mode !== 'clip' && (state === 'unasked' || this.#reason.typing))
      return this.small
        ? html`<div class="cover"><span>${this.words.sayWhy}</span></div>`
        : keyed(this.camera, this.#reason.form(this.words, state === 'playing'))
    if (this.mode === 'clip' ? state === 'playing' : state === 'playing' && still <= FROZEN_MS) return nothing
    return html`<div class="cover">
      <span>${this.#ageText()}${why === null ? nothing : html`<small lang="en" title=${why}>${why}</small>`}</span>
    </div>`
  }

  /** An open incident needs this picture now: who was refused before is not kept waiting. */
  #noteIncident(): void {
    const { camera } = this
    const shown = this.#client.client
      .state()
      .incidents.some(({ framings }) => framings.some((framing) => framing.camera === camera))
    if (shown && !this.#shown) this.#hls.askAgain()
    this.#shown = shown
  }
  #shown = false

  /** In a clip: the wall clock's time of what is shown, milliseconds; null before it is known. */
  wallTime = (): number | null => this.#hand.wallTime()
  /** In a clip: to the picture of that moment, or the nearest after it. @returns false when nothing is known yet */
  seekToWall = (moment: number): boolean => this.#hand.seekToWall(moment)
  /** In a clip: a frame on, or back; it stands still then. */
  stepFrame = (frames: 1 | -1): void => this.#hand.step(frames)
  /** In a clip: nothing more comes. */
  ended = (): boolean => this.video?.ended ?? false
  /** In a clip. @param rate of the camera's own time */
  run = (playing: boolean, rate = 1): void => this.#hand.run(playing, rate)
  /** In a clip: back to the moment of the press. */
  toPress = (): void => this.#hand.toPress()
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-player': LamppostPlayer
  }
}
