/** The operator's hand on a camera: a pad to drag, zoom buttons, keys while it has the focus, and a game controller. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { STEERING_KEYS, STILL, createSteering, keyVelocity, padVelocity, stickVelocity } from './steering.ts'
import { steerStyles } from './steer-styles.ts'

const ZOOM_SPEED = 0.5
const NOTCH_MS = 260
/** Those that are open on this page; the newest has the controller. */
const steering: LamppostSteer[] = []

/** One finger or the main button; others open menus, and their end is not told. */
const isHand = ({ isPrimary, type, button }: PointerEvent): boolean =>
  isPrimary && (type !== 'pointerdown' || button === 0)

/**
 * @attr camera - its id
 * @csspart pad - the field to drag in
 */
@element('lamppost-steer')
export class LamppostSteer extends LitElement {
  static override styles = [look, steerStyles]
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true }

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @property() camera = ''
  @state() private problem: string | null = null
  @state() private knob = { x: 0, y: 0 }
  @state() private controller = false

  #client = new ClientController(this)
  #language = new LanguageController(this)
  /** By the place of each key: what it writes may change while it is held, with Shift. */
  #keys = new Map<string, string>()
  #takeOver = false
  #frame = 0
  #byController = false
  #armed = false
  #steering = createSteering({
    move: async (velocity) => {
      await this.#client.client.move(this.camera, velocity, this.#takeOver)
      this.#takeOver = false
      this.problem = null
    },
    stop: () => this.#client.client.stopMoving(this.camera),
    onProblem: (error) => (this.problem = refusalText(error, this.#language.words)),
  })

  override connectedCallback(): void {
    super.connectedCallback()
    // A hand that cannot be seen to let go, has let go.
    addEventListener('blur', this.#stopMoving)
    document.addEventListener('visibilitychange', this.#stopMoving)
    this.#frame = requestAnimationFrame(this.#poll)
    steering.push(this)
  }
  override disconnectedCallback(): void {
    steering.splice(steering.indexOf(this), 1)
    removeEventListener('blur', this.#stopMoving)
    document.removeEventListener('visibilitychange', this.#stopMoving)
    cancelAnimationFrame(this.#frame)
    this.#stopMoving()
    super.disconnectedCallback()
  }
  /** From a picture around: as the pad is dragged, -1 to 1, right and down. */
  want(x: number, y: number): void {
    const length = Math.max(1, Math.hypot(x, y))
    this.knob = { x: x / length, y: y / length }
    this.#steering.want({ ...stickVelocity(this.knob.x, this.knob.y), zoom: 0 })
  }
  /** A click on the picture: that place comes into its middle. */
  async centre(x: number, y: number): Promise<void> {
    try {
      await this.#client.client.centre(this.camera, { x, y }, this.#takeOver)
      this.#takeOver = false
      this.problem = null
    } catch (error) {
      this.problem = refusalText(error, this.#language.words)
    }
  }
  /** A notch of a wheel: closer, or wider, for a moment. */
  nudgeZoom(direction: 1 | -1): void {
    clearTimeout(this.#notch)
    this.#steering.want({ ...STILL, zoom: direction * ZOOM_SPEED })
    this.#notch = setTimeout(this.#stopMoving, NOTCH_MS)
  }
  /** The hand on the picture lets go. */
  letGo(): void {
    this.#stopMoving()
  }
  #notch: ReturnType<typeof setTimeout> | undefined
  #stopMoving = (): void => {
    clearTimeout(this.#notch)
    this.#keys.clear()
    this.knob = { x: 0, y: 0 }
    this.#byController = false
    this.#takeOver = false
    this.#steering.stopMoving()
  }

  /** From the pad to a button is no letting go. */
  #onLeave = ({ relatedTarget }: FocusEvent): void => {
    if (!(relatedTarget instanceof Node && this.renderRoot.contains(relatedTarget))) this.#stopMoving()
  }

  get #other(): string | null {
    const { cameras, me } = this.#client.client.state()
    const by = cameras.find(({ id }) => id === this.camera)?.steeredBy?.name ?? null
    return by !== null && by !== me?.name ? by : null
  }

  #onKey = (event: KeyboardEvent): void => {
    // While it is held, some systems tell of no key that is let go.
    if (event.key === 'Meta') return this.#stopMoving()
    const zoom = (event.target as HTMLElement).dataset.zoom
    const key = zoom && (event.key === 'Enter' || event.key === ' ') ? zoom : event.key
    if (
      event.type === 'keyup'
        ? !this.#keys.has(event.code)
        : !STEERING_KEYS.has(key) || event.ctrlKey || event.altKey || event.metaKey
    )
      return
    // Arrows would scroll the page; and no single key of the wall is meant here.
    event.preventDefault()
    event.stopPropagation()
    if (event.type === 'keydown') this.#keys.set(event.code, key)
    else this.#keys.delete(event.code)
    this.#steering.want(keyVelocity(new Set(this.#keys.values()), event.shiftKey && !/^[+_]$/.test(key)))
  }
  #onDrag = (event: PointerEvent): void => {
    const pad = event.currentTarget as HTMLElement
    if (!isHand(event)) return
    if (event.type === 'pointerdown') pad.setPointerCapture(event.pointerId)
    if (!pad.hasPointerCapture(event.pointerId)) return
    // Let go where nobody told us of it, as over a menu.
    if (event.buttons === 0) return this.#stopMoving()
    const { left, top, width, height } = pad.getBoundingClientRect()
    this.want(((event.clientX - left) / width) * 2 - 1, ((event.clientY - top) / height) * 2 - 1)
  }
  #zoom =
    (direction: 1 | -1) =>
    (event: PointerEvent): void => {
      if (!isHand(event)) return
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      this.#steering.want({ ...STILL, zoom: direction * ZOOM_SPEED })
    }
  /** A controller says nothing by itself: it is looked at with each frame, and only while somebody sits here. */
  #poll = (): void => {
    this.#frame = requestAnimationFrame(this.#poll)
    // Other devices' axes mean other things, and may rest at their end: only the standard layout, and only one hand
    // of this page.
    const mine = steering.at(-1) === this
    const pad =
      mine && document.hasFocus()
        ? (navigator.getGamepads?.().find((each) => each?.connected && each.mapping === 'standard') ?? null)
        : null
    if (this.controller !== (pad !== null)) this.controller = pad !== null
    if (!pad) {
      this.#armed = false
      if (this.#byController) this.#stopMoving()
      return
    }
    const velocity = padVelocity(pad)
    const still = velocity.pan === 0 && velocity.tilt === 0 && velocity.zoom === 0
    // A stick that is held from before is no wish.
    this.#armed ||= still
    if (!this.#armed || (still && !this.#byController)) return
    this.#byController = !still
    this.#steering.want(velocity)
  }

  protected override render() {
    const { words } = this.#language
    const name = this.#client.client.state().cameras.find(({ id }) => id === this.camera)?.name ?? this.camera
    const other = this.#other
    return html`<div
      class="steer"
      role="group"
      aria-label=${words.steering.title(name)}
      @keydown=${this.#onKey}
      @keyup=${this.#onKey}
      @focusout=${this.#onLeave}
    >
      <div
        part="pad"
        class="pad"
        tabindex="0"
        role="application"
        aria-label=${`${words.steering.title(name)}. ${words.steering.pad}`}
        @pointerdown=${this.#onDrag}
        @pointermove=${this.#onDrag}
        @pointerup=${this.#stopMoving}
        @pointercancel=${this.#stopMoving}
        @lostpointercapture=${this.#stopMoving}
      >
        <svg viewBox="-100 -100 200 200" aria-hidden="true">
          <circle r="97" class="rim" />
          <path class="arrows" d="M0-88 10-70H-10ZM0 88 10 70H-10ZM-88 0-70 10V-10ZM88 0 70 10V-10Z" />
          <circle r="26" class="knob" cx=${this.knob.x * 70} cy=${this.knob.y * 70} />
        </svg>
      </div>
      <div class="zoom">
        ${([1, -1] as const).map(
          (direction) =>
            html`<button
              data-zoom=${direction > 0 ? '+' : '-'}
              aria-label=${direction > 0 ? words.steering.closer : words.steering.wider}
              @pointerdown=${this.#zoom(direction)}
              @pointerup=${this.#stopMoving}
              @pointercancel=${this.#stopMoving}
              @lostpointercapture=${this.#stopMoving}
            >
              ${direction > 0 ? '+' : '−'}
            </button>`,
        )}
      </div>
      <div class="say">
        <p class="quiet">${words.steering.pad}</p>
        ${this.controller ? html`<p class="good">${words.steering.gamepad}</p>` : nothing}
        ${
          other
            ? html`<p class="other">
                <strong>${words.steering.inHand(other)}</strong>
                <button
                  @click=${() => (this.#takeOver = true)}
                  @pointerdown=${(event: Event) => event.stopPropagation()}
                >
                  ${words.steering.takeOver}
                </button>
              </p>`
            : nothing
        }
        <p class="bad" role="status">${this.problem ?? ''}</p>
      </div>
    </div>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-steer': LamppostSteer
  }
}
