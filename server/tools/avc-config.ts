/** What an initialisation section declares of an H.264 stream: its AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). Pure. */
import { type Box, boxesIn } from './fmp4-boxes.ts'

export type AvcConfig = { /** Of the number before each unit. */ lengthBytes: number; sps: Buffer[]; pps: Buffer[] }

const PATH = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'avc1', 'avcC'] as const
/** Bytes before the boxes inside: a full box's header and its entry count; a sample entry's fields. */
const SKIP: Record<string, number> = { stsd: 8, avc1: 78 }

/** The way to the first video track's avcC, from the outside in; null when the stream is no H.264. */
export function wayToAvcC(init: Buffer): Box[] | null {
  const walk = (from: number, to: number, depth: number): Box[] | null => {
    const wanted = PATH[depth]
    if (wanted === undefined) return []
    for (const box of boxesIn(init, from, to)) {
      if (box.type !== wanted) continue
      const rest = walk(box.content + (SKIP[wanted] ?? 0), wanted === 'avcC' ? box.content : box.end, depth + 1)
      if (rest) return [box, ...rest]
    }
    return null
  }
  return walk(0, init.length, 0)
}

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
