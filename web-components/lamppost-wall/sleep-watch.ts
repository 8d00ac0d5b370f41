/**
 * Whether the browser puts this page to sleep: a tab behind others is woken once a minute by some, or frozen, and a press
 * is told late there. Seen by a clock of the page's own that should tick each second.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

const TICK_MS = 1000
/** A machine that is busy is late by a second or two; this is a page that did not run. */
const ASLEEP_MS = 10_000
/** So long it is said after the page runs again. */
const SAID_MS = 120_000

/** Milliseconds since 1970. */
export type Sleep = { from: number; to: number }

/** The page's sleep that ends now, if it slept since it was last awake. Pure. */
export const sleptSince = (lastAwake: number, now: number): Sleep | null =>
  now - lastAwake > ASLEEP_MS ? { from: lastAwake, to: now } : null

export class SleepWatch implements ReactiveController {
  #host: ReactiveControllerHost
  #timer: ReturnType<typeof setInterval> | undefined
  #awake = Date.now()
  #last: Sleep | null = null

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {
    this.#awake = Date.now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }
  hostDisconnected(): void {
    clearInterval(this.#timer)
  }
  /** The sleep that is worth saying; null: none is. */
  get last(): Sleep | null {
    return this.#last
  }
  /** Who has read it need not read it again. */
  forget(): void {
    this.#last = null
    this.#host.requestUpdate()
  }
  #tick(): void {
    const now = Date.now()
    const slept = sleptSince(this.#awake, now)
    this.#awake = now
    // One that is woken now and then has slept since the first time.
    const before = this.#last
    if (slept) this.#last = { from: before?.from ?? slept.from, to: slept.to }
    else if (before && now - before.to >= SAID_MS) this.#last = null
    if (this.#last !== before) this.#host.requestUpdate()
  }
}
