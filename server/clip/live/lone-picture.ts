/**
 * A keyframe with all that its decoder must know, as one sample: parameter sets in front, each unit after its length
 * in four bytes. Pure.
 */
import { avcConfigIn, hevcConfigIn } from '../../tools/media/avc-config.ts'
import { boxesIn, need, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'
import { writeInit } from '../record/rtsp/fmp4-writer.ts'
import { type NalCodec, type StreamSets, createParameterSets, readNal } from '../record/rtsp/nal-units.ts'

/** `begins`: it begins a sequence: nothing that was decoded before it counts for it, whatever camera that was of. */
export type LonePicture = { codec: NalCodec; sets: StreamSets; sample: Buffer; begins: boolean }

const LENGTH_BYTES = 4
const withLength = (unit: Buffer): Buffer[] => {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(unit.length)
  return [length, unit]
}

/**
 * @param init the initialisation section of the stream;
 * @param fragment begins with a moof whose first video sample is the keyframe
 * @returns null when it is neither H.264 nor H.265, or no keyframe, or its bytes make no sense: there is nothing to
 * decode
 */
export function lonePicture(init: Buffer, fragment: Buffer): LonePicture | null {
  try {
    const avc = avcConfigIn(init)
    const hevc = avc ? null : hevcConfigIn(init)
    const sample = firstSample(init, fragment)
    if (!sample) return null
    if (avc) return asOne({ codec: 'h264', lengthBytes: avc.lengthBytes, units: [...avc.sps, ...avc.pps] }, sample)
    return hevc && asOne({ codec: 'h265', ...hevc }, sample)
  } catch {
    return null
  }
}

/** Null when the first video sample is no keyframe. */
function firstSample(init: Buffer, fragment: Buffer): Buffer | null {
  const tracks = readTracks(init)
  const moof = need(
    boxesIn(fragment).find(({ type }) => type === 'moof'),
    'moof',
  )
  const bytes = fragment.subarray(moof.start)
  const video = tracks.find(({ kind }) => kind === 'video')
  const sample = readMoof(bytes, tracks).find(({ track }) => track === video?.id)?.samples[0]
  return sample?.sync ? bytes.subarray(sample.offset, sample.offset + sample.bytes) : null
}

/** H.265 NAL unit types (7.4.2.2), and where they stand in the first byte of a unit. */
const [BLA_N_LP, CRA] = [18, 21]
const TYPE_BITS = 0x7e
/**
 * A clean random access picture (CRA) continues the numbers of the pictures before it; in a shared decoder those are
 * another camera's. The same unit as a broken link picture begins anew (8.1.3): its slice header is the same, and so is its
 * picture.
 */
function beginning(unit: Buffer): Buffer {
  const first = unit[0] ?? 0
  if ((first & TYPE_BITS) >> 1 !== CRA) return unit
  return Buffer.concat([Buffer.of((first & ~TYPE_BITS) | (BLA_N_LP << 1)), unit.subarray(1)])
}

function asOne(
  { codec, lengthBytes, units }: { codec: NalCodec; lengthBytes: number; units: readonly Buffer[] },
  sample: Buffer,
): LonePicture | null {
  const known = createParameterSets(codec)
  const pieces: Buffer[] = []
  // Of H.264 only an IDR picture does; keyframes of open GOPs are others. Of H.265 each does, as it is written here.
  let begins = codec === 'h265'
  const put = (unit: Buffer): void => {
    const { set, keyframe } = readNal[codec](unit[0] ?? 0)
    known.learn(set, unit)
    begins ||= keyframe
    pieces.push(...withLength(codec === 'h265' ? beginning(unit) : unit))
  }
  for (const unit of units) put(unit)
  for (let at = 0; at < sample.length;) {
    const length = sample.readUIntBE(at, lengthBytes)
    const unit = sample.subarray(at + lengthBytes, at + lengthBytes + length)
    if (unit.length < length) return null
    if (length > 0) put(unit)
    at += lengthBytes + length
  }
  const sets = known.complete()
  if (!sets) return null
  // Parameter sets that make no sense throw: nothing could be begun with them.
  writeInit(codec, sets, 1)
  return { codec, sets, sample: Buffer.concat(pieces), begins }
}
