/**
 * The server's clock, as well as it can be known from here: ages of pictures and times since a press are told by it.
 */

/** Somebody may set this machine's clock in the middle of the night: this goes on. Milliseconds since 1970. */
const steadyNow = (): number => performance.timeOrigin + performance.now()
/** What a Date header says is cut to whole seconds: less than this is no difference. */
const FINEST_MS = 750

export function createServerClock() {
  /** The server's clock minus ours, from the best answer so far. */
  let best = { offset: 0, doubt: Number.POSITIVE_INFINITY, at: 0 }
  /** Clocks drift apart again: a millisecond a second is more than any does. */
  const doubt = (): number => best.doubt + (performance.now() - best.at) / 1000
  /**
   * The better answer counts; and one that cannot be true beside the other means that a clock was set, or that this
   * machine slept.
   */
  function trust(offset: number, by: number, kept = offset): void {
    if (by <= doubt() || Math.abs(offset - best.offset) > by + doubt())
      best = { offset: kept, doubt: by, at: performance.now() }
  }
  return {
    steadyNow,
    now: (): number => steadyNow() + best.offset,
    /** How far `now` may be off, milliseconds. */
    doubt,
    /** @param by how far it may be off. */
    isNow: (serverNow: number, by: number): void => trust(serverNow - steadyNow(), by),
    /** Half a second is the middle of what a Date header can mean. @param sentAt by `steadyNow` */
    heard(date: string | null, sentAt: number): void {
      const said = Date.parse(date ?? '')
      if (!Number.isFinite(said)) return
      const offset = said + 500 - (sentAt + steadyNow()) / 2
      trust(offset, steadyNow() - sentAt + 1000, Math.abs(offset) < FINEST_MS ? 0 : offset)
    },
  }
}
