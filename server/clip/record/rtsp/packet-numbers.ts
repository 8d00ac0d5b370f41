/**
 * Which RTP packets are a stream's own, and how many of them never came: by their payload type and their sequence
 * number (RFC 3550). Cameras whose packet numbers or payload types break the standard are recognised here. Pure.
 */

/** More numbers left out at once is a camera that counts anew: how much is missing, nobody knows (RFC 3550, A.1). */
const MOST_DROPOUT = 3000
/** A packet that is so little behind the newest came twice, or late: its place is taken. */
const MOST_BEHIND = 100
/** So many of those in a row: the camera does not count its packets at all. */
const UNNUMBERED_AFTER = 30
/**
 * So many packets of another payload type than was announced, and none of that one: the camera sends by the other
 * type.
 */
const OTHER_PAYLOAD_AFTER = 50
const LEAST_DYNAMIC_PAYLOAD = 96
const MOST_OTHERS = 8

/**
 * @param options.onUnnumbered this camera's numbers mean nothing from now on; how much went astray before that,
 * nobody knows
 */
export function createPacketNumbers(options: { payload: number; onUnnumbered(): void }) {
  const { payload, onUnnumbered } = options
  let newest: number | null = null
  let behindInRow = 0
  let numbered = true
  let wantedPayload = payload
  let announced = 0
  const others = new Map<number, number>()

  return {
    /** Whether a packet of this payload type is the stream's own. */
    isOurs(type: number): boolean {
      if (type === wantedPayload) {
        announced += 1
        return true
      }
      const count = (others.get(type) ?? 0) + 1
      if (others.size < MOST_OTHERS || others.has(type)) others.set(type, count)
      if (announced > 0 || type < LEAST_DYNAMIC_PAYLOAD || count < OTHER_PAYLOAD_AFTER) return false
      wantedPayload = type
      return true
    },
    /** @returns how many packets are missing before this one; null for one whose place is taken */
    missingBefore(number: number): number | null {
      const behind = newest === null || !numbered ? MOST_BEHIND : (newest - number) & 0xffff
      if (behind < MOST_BEHIND) {
        behindInRow += 1
        if (behindInRow < UNNUMBERED_AFTER) return null
        numbered = false
        onUnnumbered()
      }
      behindInRow = 0
      const leftOut = newest === null || !numbered ? 0 : (number - newest - 1) & 0xffff
      newest = number
      return leftOut < MOST_DROPOUT ? leftOut : 1
    },
  }
}
