/**
 * H.264 parameter sets (ISO/IEC 14496-10 7.3.2, carried as ISO/IEC 14496-15 says): a camera whose resolution is changed
 * sends new ones in the middle of its stream. Found in a keyframe, and written into an initialisation section. Pure.
 */
import { wayToAvcC } from '../../tools/media/avc-config.ts'
import { boxesIn } from '../../tools/media/fmp4-boxes.ts'

export type ParameterSets = { sps: Buffer; pps: Buffer }

const SPS = 7
const PPS = 8

/** The parameter sets in a keyframe's fragment (moof + mdat, four-byte lengths), or null when it brings none. */
export function parameterSetsIn(fragment: Buffer): ParameterSets | null {
  const mdat = boxesIn(fragment).find(({ type }) => type === 'mdat')
  if (!mdat) return null
  let sps: Buffer | null = null
  let pps: Buffer | null = null
  for (let at = mdat.content; at + 5 <= mdat.end;) {
    const length = fragment.readUInt32BE(at)
    const kind = (fragment[at + 4] ?? 0) & 0x1f
    if (length === 0 || at + 4 + length > mdat.end) return null
    if (kind === SPS) sps = fragment.subarray(at + 4, at + 4 + length)
    else if (kind === PPS) pps = fragment.subarray(at + 4, at + 4 + length)
    // They come first: pictures follow.
    else if (kind >= 1 && kind <= 5) break
    at += 4 + length
  }
  return sps && pps ? { sps, pps } : null
}

/** The same initialisation section with other parameter sets; null when it is no H.264. */
export function withParameterSets(init: Buffer, { sps, pps }: ParameterSets): Buffer | null {
  const way = wayToAvcC(init)
  const avcC = way?.at(-1)
  if (!way || !avcC) return null
  const length = (bytes: Buffer): Buffer => Buffer.of(bytes.length >> 8, bytes.length & 0xff)
  // AVCDecoderConfigurationRecord; decoders find chroma and depth in the SPS itself.
  const record = Buffer.concat([
    Buffer.of(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    length(sps),
    sps,
    Buffer.of(1),
    length(pps),
    pps,
  ])
  const made = Buffer.concat([init.subarray(0, avcC.content), record, init.subarray(avcC.end)])
  const grown = record.length - (avcC.end - avcC.content)
  for (const { start } of way) made.writeUInt32BE(init.readUInt32BE(start) + grown, start)
  return made
}
