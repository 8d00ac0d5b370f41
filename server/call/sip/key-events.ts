/**
 * Keys of a telephone as events beside the sound (RFC 4733 2.3): what opens a gate at a help point. Pure: a packet each
 * 20 ms, as the sound has.
 */
import { FRAME_BYTES } from '../../tools/media/g711.ts'

const KEYS = '0123456789*#ABCD'
/** Long enough for every device that was made for people's fingers. */
const LASTS_FRAMES = 8
/** The last is said three times, because nothing else says that the key was let go. */
const ENDS = 3
const PAUSE_FRAMES = 4
/** -10 dBm0. */
const VOLUME = 10
const END = 0x80

/** `first`: its packet carries the marker, and all of a key carry the first one's time. */
export type KeyEvent = { payload: Uint8Array; first: boolean }

/** @returns null: 20 ms in which nothing is sent. @param keys of `0-9`, `A-D`, `*`, `#` */
export function keyEvents(keys: string): (KeyEvent | null)[] {
  return [...keys].flatMap((key) => {
    const event = KEYS.indexOf(key)
    if (event === -1) throw new Error(`a telephone has no key ${key}`)
    const packet = (frames: number, end: number): KeyEvent => {
      const lasted = frames * FRAME_BYTES
      return { payload: Uint8Array.of(event, end | VOLUME, lasted >> 8, lasted & 0xff), first: frames === 1 }
    }
    return [
      ...Array.from({ length: LASTS_FRAMES }, (_, i) => packet(i + 1, 0)),
      ...Array.from({ length: ENDS }, () => packet(LASTS_FRAMES, END)),
      ...Array.from({ length: PAUSE_FRAMES }, () => null),
    ]
  })
}
