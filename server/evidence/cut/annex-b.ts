/**
 * An H.264 stream as ffmpeg's raw format has it (ISO/IEC 14496-10, Annex B): start codes for lengths, and parameter
 * sets before pictures that others do not follow from. Hashed as it is made, since it is wanted for nothing else.
 * Pure.
 */
import { createHash } from 'node:crypto'
import { avcConfigIn } from '../../tools/media/avc-config.ts'

const KIND = { slice: 1, idr: 5, sps: 7, pps: 8 } as const
const LONG = Buffer.of(0, 0, 0, 1)
const SHORT = Buffer.of(0, 0, 1)
/** The first bit of a slice's header: it is the first one of its picture. */
const FIRST_SLICE = 0x80

const coded = (sets: readonly Buffer[]): Buffer => Buffer.concat(sets.flatMap((set) => [LONG, set]))

/** @returns null when the stream is no H.264. */
export function createAnnexBHash(init: Buffer) {
  const declared = avcConfigIn(init)
  if (!declared) return null
  const { lengthBytes } = declared
  const [sps, pps] = [coded(declared.sps), coded(declared.pps)]
  const hash = createHash('sha256')
  /**
   * A picture that needs them may follow; which of them the stream has brought itself since the last one that did
   * not.
   */
  let due = true
  let seen = { sps: false, pps: false }

  return {
    /** @param picture one sample. @throws when its lengths do not fit */
    update(picture: Buffer): void {
      let first = true
      const put = (unit: Buffer, code: Buffer | null): void => {
        if (code) hash.update(code)
        hash.update(unit)
        first &&= unit.length === 0
      }
      for (let at = 0; at < picture.length;) {
        const bytes = picture.readUIntBE(at, lengthBytes)
        const unit = picture.subarray(at + lengthBytes, at + lengthBytes + bytes)
        if (unit.length < bytes) throw new Error('a picture is longer than its sample')
        at += lengthBytes + bytes
        if (bytes === 0) continue
        const kind = (unit[0] ?? 0) & 0x1f
        if (kind === KIND.sps) [due, seen] = [true, { ...seen, sps: true }]
        else if (kind === KIND.pps) {
          if (!seen.sps && sps.length > 0) put(sps, null)
          ;[due, seen] = [true, { sps: seen.sps || sps.length > 0, pps: true }]
        } else if (kind === KIND.idr) {
          due ||= ((unit[1] ?? 0) & FIRST_SLICE) !== 0
          if (due && !seen.sps && !seen.pps) {
            put(sps, null)
            put(pps, null)
            due = false
          } else if (due && seen.sps && !seen.pps) put(pps, null)
        }
        put(unit, first || kind === KIND.sps || kind === KIND.pps ? LONG : SHORT)
        if (!due && kind === KIND.slice) [due, seen] = [true, { sps: false, pps: false }]
      }
    },
    digest: (): string => hash.digest('hex'),
  }
}
