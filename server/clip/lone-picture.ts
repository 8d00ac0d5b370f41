/** A keyframe with all that its decoder must know, as one sample: parameter sets in front, each unit after its length in four bytes. Pure. */
import { avcConfigIn, hevcConfigIn } from '../tools/avc-config.ts'
import { boxesIn, need, readTracks } from '../tools/fmp4-boxes.ts'
import { readMoof } from '../tools/fmp4-samples.ts'
import { writeInit } from './rtsp/fmp4-writer.ts'
import { type NalCodec, type StreamSets, createParameterSets, readNal } from './rtsp/nal-units.ts'

export type LonePicture = { codec: NalCodec; sets: StreamSets; sample: Buffer }

const LENGTH_BYTES = 4
const withLength = (unit: Buffer): Buffer[] => {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(unit.length)
  return [length, unit]
}

/**
 * @param init the initialisation section of the stream; @param fragment begins with a moof whose first video sample is the keyframe
 * @returns null when it is neither H.264 nor H.265, or no keyframe, or its bytes make no sense: there is nothing to decode
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
  const moof = need(boxesIn(fragment).find(({ type }) => type === 'moof'), 'moof')
  const bytes = fragment.subarray(moof.start)
  const video = tracks.find(({ kind }) => kind === 'video')
  const sample = readMoof(bytes, tracks).find(({ track }) => track === video?.id)?.samples[0]
  return sample?.sync ? bytes.subarray(sample.offset, sample.offset + sample.bytes) : null
}

function asOne({ codec, lengthBytes, units }: { codec: NalCodec; lengthBytes: number; units: readonly Buffer[] }, sample: Buffer): LonePicture | null {
  const known = createParameterSets(codec)
  const pieces: Buffer[] = []
  const put = (unit: Buffer): void => {
    known.learn(readNal[codec](unit[0] ?? 0).set, unit)
    pieces.push(...withLength(unit))
  }
  for (const unit of units) put(unit)
  for (let at = 0; at < sample.length; ) {
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
  return { codec, sets, sample: Buffer.concat(pieces) }
}
