/** Several cameras' clips at one moment of the wall clock: the first one leads, the others follow. */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { LamppostPlayer } from '../lamppost-player/lamppost-player.ts'
import { followAt } from './cut-marks.ts'

const TICK_MS = 100
const PATIENCE_MS = 4000

export class CutPlayers implements ReactiveController {
  #host: ReactiveControllerHost
  #players: () => LamppostPlayer[]
  #timer: ReturnType<typeof setInterval> | null = null
  #wanted: number | null = null
  #wantedAt = 0
  playing = false
  /** Milliseconds since 1970; null before a picture is there. */
  at: number | null = null

  constructor(host: ReactiveControllerHost, players: () => LamppostPlayer[]) {
    this.#host = host
    this.#players = players
    host.addController(this)
  }
  hostConnected(): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }
  hostDisconnected(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  /** The moment that is shown, or is on its way: keys may come faster than pictures. */
  now(): number | null {
    return this.#wanted ?? this.#players()[0]?.wallTime() ?? this.at
  }
  seek(moment: number): void {
    this.#wanted = moment
    this.#wantedAt = performance.now()
    this.#settle()
  }
  run(playing: boolean): void {
    this.playing = playing
    for (const player of this.#players()) player.run(playing)
    this.#host.requestUpdate()
  }
  /** All stand still then. */
  step(frames: 1 | -1): void {
    this.run(false)
    const [lead] = this.#players()
    lead?.stepFrame(frames)
    this.#wanted = null
    setTimeout(() => {
      const at = lead?.wallTime() ?? null
      if (at !== null) for (const other of this.#players().slice(1)) other.seekToWall(at)
    }, TICK_MS)
  }

  /** A moment that was asked for before anything was loaded is gone to as soon as it can be. */
  #settle(): void {
    if (this.#wanted === null) return
    const reached = this.#players().map((player) => player.seekToWall(this.#wanted ?? 0))
    // One that shows nothing must not hold all others where they are.
    if ((reached.length > 0 && reached.every(Boolean)) || performance.now() - this.#wantedAt > PATIENCE_MS)
      this.#wanted = null
  }
  #tick(): void {
    this.#settle()
    const players = this.#players()
    const [lead, ...others] = players
    const at = lead?.wallTime() ?? null
    if (at === null) return
    for (const other of others) {
      const theirs = other.wallTime()
      if (theirs === null) continue
      const { rate, jump } = followAt(at - theirs)
      if (jump) other.seekToWall(at)
      other.run(this.playing, rate)
    }
    // At its end it stands, and does not begin again.
    if (lead?.ended()) this.playing = false
    lead?.run(this.playing)
    if (at !== this.at) {
      this.at = at
      this.#host.requestUpdate()
    }
  }
}
