/** Does the stream's own clock make sense? Pure. Cameras restart their clocks without a word (RFC 3550 allows it). */

/**
 * `fine`: keep it. `jump`: this picture's time makes no sense, a new timeline begins. `stuck`: time no longer passes.
 */
export type TimelineVerdict = 'fine' | 'jump' | 'stuck'
export type Timing = { /** Seconds. */ decodeTime: number; duration: number }

/** No camera sends less than a picture in so many seconds. */
const LONGEST_FRAME_S = 5
/** A clock that went back makes ffmpeg count by single ticks until the old time is reached: hours, perhaps. */
const SHORTEST_FRAME_S = 0.002
const STUCK_AFTER = 12
const TOLERANCE_S = 1

export type TimelineWatch = {
  look(frame: Timing): TimelineVerdict
  /** The newest frame is so many seconds longer than it said. */ lasted(more: number): void
}

export function createTimelineWatch(): TimelineWatch {
  let expected: number | null = null
  let short = 0
  return {
    look({ decodeTime, duration }) {
      const jumped = duration > LONGEST_FRAME_S || (expected !== null && Math.abs(decodeTime - expected) > TOLERANCE_S)
      short = duration < SHORTEST_FRAME_S ? short + 1 : 0
      expected = duration > LONGEST_FRAME_S ? null : decodeTime + duration
      if (jumped) return 'jump'
      return short >= STUCK_AFTER ? 'stuck' : 'fine'
    },
    lasted(more) {
      if (expected !== null) expected += more
    },
  }
}
