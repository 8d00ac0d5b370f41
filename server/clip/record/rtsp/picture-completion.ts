/**
 * Whether a picture may be taken for whole with its last packet, and for as long as the one before it: nothing else
 * is known before the next one begins, a whole picture's time later. A camera must have shown that its markers and
 * its steps can be relied on. Pure.
 */

/**
 * Pictures in a row, keyframes among them, whose last packet and no other had the marker: some cameras mark each
 * slice, or each set.
 */
const TRUSTED_AFTER = 25
const TRUSTED_KEYFRAMES = 2
/** Pictures in a row that lasted about as long as the one before. */
const EVEN_AFTER = 8
const UNEVEN = 0.25

export function createPictureCompletion() {
  let rightMarks = 0
  let rightKeyframes = 0
  let even = 0
  let wrong = false
  return {
    /** Ticks from one picture to the next, and those of the step before it. */
    stepped(step: number, before: number): void {
      even = Math.abs(step - before) <= UNEVEN * before ? even + 1 : 0
    },
    /** A picture's last packet had the marker. */
    markedLast(keyframe: boolean): void {
      rightMarks += 1
      rightKeyframes += keyframe ? 1 : 0
    },
    /** A last packet had none, or another one had it. */
    markedWrongly(): void {
      rightMarks = 0
      rightKeyframes = 0
    },
    /** A picture that was told before it was whole: once is enough. */
    failed(): void {
      wrong = true
    },
    /** Whether a last packet without a marker is a picture without its end. */
    marksEnds: (): boolean => rightMarks >= TRUSTED_AFTER,
    isGood: (): boolean =>
      !wrong && even >= EVEN_AFTER && rightMarks >= TRUSTED_AFTER && rightKeyframes >= TRUSTED_KEYFRAMES,
  }
}
