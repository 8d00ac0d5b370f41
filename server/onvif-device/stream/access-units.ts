/** Pictures out of the parts of a live view: the NAL units of each, with its times. Pure: bytes in, values out. */
import { avcConfigIn } from '../../tools/media/avc-config.ts'
import { type Box, type Track, boxesIn, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'

/** Of H.264. Parameter sets as the stream begins with them; later ones come in the pictures. */
export type PictureFormat = { width: number; height: number; sps: Buffer[]; pps: Buffer[] }
/** Times are ticks of 90 kHz. */
export type AccessUnit = {
  units: Buffer[]
  isKey: boolean
  decodeTime: number
  /** From decoding to showing. */ composition: number
}
export type PartReader = { format: PictureFormat; read(part: Uint8Array): AccessUnit[] }

const CLOCK_HZ = 90_000
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength)

/** @throws when the initialisation section is not one of H.264 */
export function createPartReader(init: Uint8Array): PartReader {
  const bytes = asBuffer(init)
  const tracks = readTracks(bytes)
  const video = tracks.find(({ kind }) => kind === 'video')
  const config = avcConfigIn(bytes)
  if (!video || !config) throw new Error('this is no picture in H.264')
  return {
    format: { width: video.width, height: video.height, sps: config.sps, pps: config.pps },
    /** @throws when its boxes make no sense */
    read(part) {
      const all = asBuffer(part)
      return boxesIn(all)
        .filter(({ type }) => type === 'moof')
        .flatMap((moof) => picturesOf(all, moof, tracks, video, config.lengthBytes))
    },
  }
}

function picturesOf(all: Buffer, moof: Box, tracks: readonly Track[], video: Track, lengthBytes: number): AccessUnit[] {
  const scale = CLOCK_HZ / video.timescale
  return readMoof(all.subarray(moof.start), tracks)
    .filter(({ track }) => track === video.id)
    .flatMap(({ samples }) =>
      samples.map((sample) => {
        const from = moof.start + sample.offset
        return {
          units: unitsIn(all.subarray(from, from + sample.bytes), lengthBytes),
          isKey: sample.sync,
          decodeTime: sample.decodeTime * scale,
          composition: sample.composition * scale,
        }
      }),
    )
}

function unitsIn(sample: Buffer, lengthBytes: number): Buffer[] {
  const units: Buffer[] = []
  for (let at = 0; at + lengthBytes <= sample.length;) {
    const from = at + lengthBytes
    at = from + sample.readUIntBE(at, lengthBytes)
    if (at > sample.length) throw new Error('a picture breaks off')
    if (at > from) units.push(sample.subarray(from, at))
  }
  return units
}

const START_CODE = Buffer.of(0, 0, 1)
const [SLICE, IDR, SPS, PPS, DELIMITER] = [1, 5, 7, 8, 9]
export const kindOf = (unit: Buffer): number => (unit[0] ?? 0) & 0x1f

/** NAL units of a byte stream (ISO/IEC 14496-10, Annex B). */
export function annexB(stream: Buffer): Buffer[] {
  const units: Buffer[] = []
  for (let at = stream.indexOf(START_CODE); at !== -1;) {
    const next = stream.indexOf(START_CODE, at + 3)
    // A start code may have one more zero before it; a unit never ends with one.
    let end = next === -1 ? stream.length : next
    while (end > at + 3 && stream[end - 1] === 0) end -= 1
    if (end > at + 3) units.push(stream.subarray(at + 3, end))
    at = next
  }
  return units
}

/** Pictures of a byte stream in which each is one slice; parameter sets apart. */
export function picturesIn(stream: Buffer): { units: Buffer[]; isKey: boolean }[] {
  return annexB(stream)
    .filter((unit) => kindOf(unit) === SLICE || kindOf(unit) === IDR)
    .map((unit) => ({ units: [unit], isKey: kindOf(unit) === IDR }))
}
export const setsIn = (units: readonly Buffer[]): { sps: Buffer[]; pps: Buffer[] } => ({
  sps: units.filter((unit) => kindOf(unit) === SPS),
  pps: units.filter((unit) => kindOf(unit) === PPS),
})
/** A key picture with the parameter sets that it needs before it: whoever joins there can show it. */
export function withSets(picture: readonly Buffer[], known: { sps: Buffer[]; pps: Buffer[] }): Buffer[] {
  const own = setsIn(picture)
  const rest = picture.filter((unit) => ![SPS, PPS, DELIMITER].includes(kindOf(unit)))
  return [...(own.sps.length > 0 ? own.sps : known.sps), ...(own.pps.length > 0 ? own.pps : known.pps), ...rest]
}
