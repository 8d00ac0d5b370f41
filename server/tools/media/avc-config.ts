/**
 * What an initialisation section declares of its video for the decoder: AVCDecoderConfigurationRecord (ISO/IEC
 * 14496-15, 5.3.3.1) and HEVCDecoderConfigurationRecord (8.3.3.1). Pure.
 */
import { type Box, boxesIn } from './fmp4-boxes.ts'

export type AvcConfig = { /** Of the number before each unit. */ lengthBytes: number; sps: Buffer[]; pps: Buffer[] }
/** `units`: VPS, SPS, PPS and whatever else stands there, in its order. */
export type HevcConfig = { lengthBytes: number; units: Buffer[] }

const TO_ENTRY = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']
const AVC = [...TO_ENTRY, 'avc1', 'avcC'] as const
const HEVC = [
  [...TO_ENTRY, 'hvc1', 'hvcC'],
  [...TO_ENTRY, 'hev1', 'hvcC'],
] as const
/** Bytes before the boxes inside: a full box's header and its entry count; a sample entry's fields. */
const SKIP: Record<string, number> = { stsd: 8, avc1: 78, hvc1: 78, hev1: 78 }

/** The boxes along this path, from the outside in; null when there is none. */
function wayTo(init: Buffer, path: readonly string[]): Box[] | null {
  const walk = (from: number, to: number, depth: number): Box[] | null => {
    const wanted = path[depth]
    if (wanted === undefined) return []
    for (const box of boxesIn(init, from, to)) {
      if (box.type !== wanted) continue
      const isLast = depth === path.length - 1
      const rest = walk(box.content + (SKIP[wanted] ?? 0), isLast ? box.content : box.end, depth + 1)
      if (rest) return [box, ...rest]
    }
    return null
  }
  return walk(0, init.length, 0)
}

/** The way to the first video track's avcC, from the outside in; null when the stream is no H.264. */
export const wayToAvcC = (init: Buffer): Box[] | null => wayTo(init, AVC)

/** @returns null when the stream is no H.264. @throws when the record breaks off */
export function avcConfigIn(init: Buffer): AvcConfig | null {
  const avcC = wayToAvcC(init)?.at(-1)
  if (!avcC) return null
  let at = avcC.content + 5
  const sets = (mask: number): Buffer[] => {
    const count = init.readUInt8(at++) & mask
    return Array.from({ length: count }, () => {
      const from = at + 2
      at = from + init.readUInt16BE(at)
      return init.subarray(from, at)
    })
  }
  return { lengthBytes: (init.readUInt8(avcC.content + 4) & 3) + 1, sps: sets(0x1f), pps: sets(0xff) }
}

/** @returns null when the stream is no H.265. @throws when the record breaks off */
export function hevcConfigIn(init: Buffer): HevcConfig | null {
  const hvcC = HEVC.map((path) => wayTo(init, path)?.at(-1)).find((box) => box !== undefined)
  if (!hvcC) return null
  let at = hvcC.content + 22
  const units: Buffer[] = []
  for (let arrays = init.readUInt8(at++); arrays > 0; arrays -= 1) {
    // Their kind stands in each unit, too.
    at += 1
    const count = init.readUInt16BE(at)
    at += 2
    for (let i = 0; i < count; i += 1) {
      const from = at + 2
      at = from + init.readUInt16BE(at)
      units.push(init.subarray(from, at))
    }
  }
  return { lengthBytes: (init.readUInt8(hvcC.content + 21) & 3) + 1, units }
}
