/**
 * Keeps playback close behind the newest picture by small changes of speed; jumps only when it is hopelessly behind.
 * Pure.
 */

export type Buffer = {
  /** Seconds of media ahead of the playhead. */ ahead: number
  /** The least that was left when a part came, lately; null when none came. */ spare: number | null
  /** How much should be left. */ wanted: number
  /** How far the picture that is shown already is ahead of the playhead. */ shown: number
  /** How long the newest part lasts: so long it may take until there is more. */ part: number
  /** How fast it plays now. */ rate: number
  /** Nobody has looked for a while. */ unseen: boolean
}
/** `pass`: what is shown already is passed over; what was known of the buffer counts no more afterwards. */
export type Step = { rate: number; jump: boolean; pass: boolean }

/**
 * Seconds behind what had come before the newest part: a long one is no fault of the playhead's. Who has not been
 * looking is not made to watch it catch up.
 */
const JUMP_BEHIND_S = { seen: 4, unseen: 1 }
/**
 * A browser shows a picture a few hundredths of a second before its time. More than that, and the playhead has fallen
 * behind.
 */
export const EARLY_S = 0.15
/**
 * Seconds in which what is shown should be passed. The playhead is looked at with each picture, and ten times a
 * second: where the next part is long in coming, a late look must not run out of what is here; where it comes at
 * once, running out costs nothing.
 */
const CATCH_UP_S = { least: 0.04, most: 0.125, ofPart: 0.6 }
const LATE_LOOK = 1.2
/** Seconds; less than this comes of parts that are not all equally quick. */
const AMISS_S = 0.02
/** Browsers refuse more than sixteen times. */
const MOST_RATE = 8

/**
 * Whenever Chromium runs out of decoded pictures it shows each new one as soon as it has it, and its clock runs only
 * a moment for each: the playhead falls behind the picture. When there is enough again the clock goes on from there,
 * and until it has come to what is shown already the picture stands still, a second at times. What was shown is
 * therefore passed over as quickly as the browser can.
 */
export function govern({ ahead, spare, wanted, shown, part, rate, unseen }: Buffer): Step {
  if (ahead - part > JUMP_BEHIND_S[unseen ? 'unseen' : 'seen']) return { rate: 1, jump: true, pass: false }
  const within = Math.min(CATCH_UP_S.most, Math.max(CATCH_UP_S.least, CATCH_UP_S.ofPart * part))
  if (shown > EARLY_S && shown <= ahead)
    return { rate: Math.min(MOST_RATE, shown / within, ahead / (within * LATE_LOOK)), jump: false, pass: true }
  return { rate: rateFor(spare, wanted, rate), jump: false, pass: false }
}
/**
 * What has begun is finished: who ends where correcting begins comes to rest anywhere between, and is that much
 * older.
 */
function rateFor(spare: number | null, wanted: number, rate: number): number {
  if (spare === null) return 1
  const excess = spare - wanted
  if (excess > 0.2) return 1.25
  if (excess > 0.06) return 1.15
  if (excess > AMISS_S || (excess > 0 && rate > 1)) return 1.04
  if (excess < -AMISS_S || (excess < 0 && rate < 1)) return 0.95
  return 1
}

/** Seconds: so much more than should be left that catching up by speed would be watched for seconds. */
const FAR_S = 0.35
/**
 * A picture that has just been opened, with eight others perhaps, began with what had become old while the page was
 * busy. Nobody has followed it yet: it goes to where it should be at once.
 * @returns seconds to go forward; 0 where speed will do
 */
export const firstStep = (spare: number | null, wanted: number): number =>
  spare !== null && spare - wanted > FAR_S ? spare - wanted : 0

const WINDOW_MS = 1500

/**
 * Remembers how much was left to play whenever a part came: what the network and the camera make of it, not what they
 * promise. What the playhead has lost or won since then counts as if it had been so when the part came: a correction
 * is seen at once, not after the window.
 */
export function createSpareWatch() {
  let seen: { at: number; spare: number; playhead: number }[] = []
  return {
    /**
     * @param ahead seconds ahead after the part was added.
     * @param duration the part's, seconds.
     * @param now milliseconds that only grow.
     * @param playhead seconds
     */
    appended(ahead: number, duration: number, now: number, playhead: number): void {
      seen = [
        ...seen.filter(({ at }) => now - at < WINDOW_MS),
        { at: now, spare: Math.max(0, ahead - duration), playhead },
      ]
    },
    least(now: number, playhead: number): number | null {
      const recent = seen.filter(({ at }) => now - at < WINDOW_MS)
      return recent.length === 0
        ? null
        : Math.min(...recent.map((then) => then.spare + (now - then.at) / 1000 - (playhead - then.playhead)))
    },
  }
}

const RAISE_S = 0.02
const MOST_MORE_S = 0.12
/** So long without running out, and a little less is tried again. */
const LOWER_EVERY_MS = 20_000
const LOWER_S = 0.01

export type SpareWish = ReturnType<typeof createSpareWish>

/**
 * How much should be left to play: the least, and more for a while where that was too little for this browser, camera
 * and network.
 * @param least seconds
 */
export function createSpareWish(least: number) {
  let more = 0
  let changedAt = 0
  return {
    /** What should have been played was not here in time. @param now milliseconds that only grow. */
    ranOut(now: number): void {
      changedAt = now
      more = Math.min(MOST_MORE_S, more + RAISE_S)
    },
    wanted(now: number): number {
      const steps = Math.floor((now - changedAt) / LOWER_EVERY_MS)
      if (steps > 0) {
        more = Math.max(0, more - steps * LOWER_S)
        changedAt += steps * LOWER_EVERY_MS
      }
      return least + more
    },
  }
}
