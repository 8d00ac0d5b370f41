/**
 * The sound of a press, made of tones: nothing is loaded, so a strict page lets it be. It goes on until nobody waits
 * any more. A browser that blocks sound until somebody touches the page is found out, and said. Not here: who waits
 * (lamppost-wall).
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

/**
 * `press`: a person waits. `lost`: this screen would not hear of one. `reminder`: something that was offered or put
 * off waits. `drill`: a test; one soft tone, so that nobody takes it for a person.
 */
export type Calling = 'press' | 'lost' | 'reminder' | 'drill' | null
type Tone = { at: number; hertz: number; seconds: number; loud: number }

/** Two falling pairs, then silence: told apart from telephones and from other walls' single tones. Seconds. */
const PRESS: readonly Tone[] = [0, 0.22, 0.5, 0.72].map((at, i) => ({
  at,
  hertz: i % 2 === 0 ? 988 : 740,
  seconds: 0.18,
  loud: 0.5,
}))
const PRESS_EVERY_MS = 1600
const REMINDER: readonly Tone[] = [0, 0.35].map((at) => ({ at, hertz: 523, seconds: 0.25, loud: 0.25 }))
const REMINDER_EVERY_MS = 8000
/** Low and falling: like nothing that calls for a person. */
const LOST: readonly Tone[] = [0, 0.5].map((at, i) => ({ at, hertz: i === 0 ? 294 : 196, seconds: 0.4, loud: 0.35 }))
const LOST_EVERY_MS = 15_000
const DRILL: readonly Tone[] = [{ at: 0, hertz: 392, seconds: 0.6, loud: 0.15 }]
const SOUNDS: Record<NonNullable<Calling>, { tones: readonly Tone[]; everyMs: number | null }> = {
  press: { tones: PRESS, everyMs: PRESS_EVERY_MS },
  lost: { tones: LOST, everyMs: LOST_EVERY_MS },
  reminder: { tones: REMINDER, everyMs: REMINDER_EVERY_MS },
  drill: { tones: DRILL, everyMs: null },
}
/** A sine that starts at once clicks. */
const EDGE_SECONDS = 0.02
/** A sound that is allowed needs a moment to begin: until then nothing is said. */
const SETTLE_MS = 500

export class AlarmSound implements ReactiveController {
  #host: ReactiveControllerHost
  #context: AudioContext | null = null
  #timer: ReturnType<typeof setInterval> | null = null
  #calling: Calling = null
  #settled = false
  #wake = (): void => void this.#context?.resume()

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {
    this.#settled = false
    setTimeout(() => {
      this.#settled = true
      this.#host.requestUpdate()
    }, SETTLE_MS)
    // Any touch of the page is what browsers wait for; a finger counts when it is lifted.
    for (const kind of ['pointerdown', 'pointerup', 'keydown'] as const)
      addEventListener(kind, this.#wake, { capture: true, passive: true })
  }
  hostDisconnected(): void {
    this.call(null)
    for (const kind of ['pointerdown', 'pointerup', 'keydown'] as const)
      removeEventListener(kind, this.#wake, { capture: true })
    this.#context?.removeEventListener('statechange', this.#onState)
    void this.#context?.close()
    this.#context = null
  }
  #onState = (): void => this.#host.requestUpdate()
  /** Only a wall that may sound has one: browsers allow few. */
  open(): void {
    if (this.#context) return
    try {
      this.#context = new AudioContext()
      this.#context.addEventListener('statechange', this.#onState)
    } catch {
      // None is left: said as blocked.
    }
  }

  /** Whether a sound would be heard now. */
  get blocked(): boolean {
    return this.#settled && this.#context?.state !== 'running'
  }
  get calling(): Calling {
    return this.#calling
  }

  /** Who waits now. A press sounds again and again, a reminder now and then, a drill once. */
  call(who: Calling): void {
    if (who === this.#calling) return
    this.#calling = who
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    if (who === null) return
    const { tones, everyMs } = SOUNDS[who]
    this.#play(tones)
    if (everyMs !== null) this.#timer = setInterval(() => this.#play(tones), everyMs)
  }
  /** What a press sounds like, once; and whatever blocked it is asked to let go. */
  async test(): Promise<void> {
    this.open()
    await this.#context?.resume()
    this.#play(PRESS)
  }

  #play(tones: readonly Tone[]): void {
    const context = this.#context
    // What is blocked now must not all be heard at once later.
    if (!context || context.state !== 'running') return
    for (const { at, hertz, seconds, loud } of tones) {
      const start = context.currentTime + at
      const tone = new OscillatorNode(context, { type: 'triangle', frequency: hertz })
      const volume = new GainNode(context, { gain: 0 })
      volume.gain.setValueAtTime(0, start)
      volume.gain.linearRampToValueAtTime(loud, start + EDGE_SECONDS)
      volume.gain.setValueAtTime(loud, start + seconds - EDGE_SECONDS)
      volume.gain.linearRampToValueAtTime(0, start + seconds)
      tone.connect(volume).connect(context.destination)
      tone.start(start)
      tone.stop(start + seconds)
    }
  }
}
