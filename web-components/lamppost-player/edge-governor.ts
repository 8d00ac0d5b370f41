/** Keeps playback close behind the newest picture by small changes of speed; jumps only when it is hopelessly behind. Pure. */

export type Buffer = { /** Seconds of media ahead of the playhead. */ ahead: number; /** The least that was left when a part came, lately; null when none came. */ spare: number | null; /** How much should be left. */ wanted: number }
export type Step = { rate: number; jump: boolean }

const JUMP_BEHIND_S = 4

export function govern({ ahead, spare, wanted }: Buffer): Step {
  if (ahead > JUMP_BEHIND_S) return { rate: 1, jump: true }
  if (spare === null) return { rate: 1, jump: false }
  const excess = spare - wanted
  if (excess > 0.4) return { rate: 1.25, jump: false }
  if (excess > 0.1) return { rate: 1.1, jump: false }
  if (excess > 0.03) return { rate: 1.04, jump: false }
  if (excess < -0.03) return { rate: 0.95, jump: false }
  return { rate: 1, jump: false }
}

const WINDOW_MS = 1500

/** Remembers how much was left to play whenever a part came: what the network and the camera make of it, not what they promise. */
export function createSpareWatch() {
  let seen: { at: number; spare: number }[] = []
  return {
    /** @param ahead seconds ahead after the part was added. @param duration the part's, seconds. @param now milliseconds that only grow. */
    appended(ahead: number, duration: number, now: number): void {
      seen = [...seen.filter(({ at }) => now - at < WINDOW_MS), { at: now, spare: Math.max(0, ahead - duration) }]
    },
    least(now: number): number | null {
      const recent = seen.filter(({ at }) => now - at < WINDOW_MS)
      return recent.length === 0 ? null : Math.min(...recent.map(({ spare }) => spare))
    },
  }
}
