/** Keeps playback close behind the newest picture by small changes of speed; jumps only when it is hopelessly behind. Pure. */

export type Buffer = { /** Seconds of media ahead of the playhead. */ ahead: number; /** Wanted seconds ahead. */ target: number }
export type Step = { rate: number; jump: boolean }

const JUMP_BEHIND_S = 4

export function govern({ ahead, target }: Buffer): Step {
  if (ahead > JUMP_BEHIND_S) return { rate: 1, jump: true }
  const excess = ahead - target
  if (excess > 0.4) return { rate: 1.25, jump: false }
  if (excess > 0.08) return { rate: 1.08, jump: false }
  if (excess < -0.1) return { rate: 0.95, jump: false }
  return { rate: 1, jump: false }
}
