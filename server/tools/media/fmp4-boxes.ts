/** Reads and writes ISO BMFF boxes (ISO/IEC 14496-12). Pure: bytes in, values out. */

export type Box = {
  type: string
  /** Offset of the box in the bytes given. */ start: number
  /** Of its content. */ content: number
  end: number
}

/** The boxes that lie directly in bytes[from, to). @throws when a size makes no sense. */
export function boxesIn(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const boxes: Box[] = []
  for (let start = from; start + 8 <= to;) {
    const { size, header } = boxSizeAt(bytes, start)
    if (size < header || start + size > to)
      throw new Error(`a ${bytes.toString('latin1', start + 4, start + 8)} box has an impossible size`)
    boxes.push({ type: typeAt(bytes, start + 4), start, content: start + header, end: start + size })
    start += size
  }
  return boxes
}

/** There are few, and a clip buffer asks for them hundreds of thousands of times. */
const types = new Map<number, string>()
const MOST_TYPES = 256
function typeAt(bytes: Buffer, at: number): string {
  const code = bytes.readUInt32BE(at)
  const known = types.get(code)
  if (known !== undefined) return known
  const type = bytes.toString('latin1', at, at + 4)
  if (types.size < MOST_TYPES) types.set(code, type)
  return type
}

/** Needs 8 bytes, or 16 when the size is a large one. */
export function boxSizeAt(bytes: Buffer, at: number): { size: number; header: number } {
  const size = bytes.readUInt32BE(at)
  if (size !== 1) return { size, header: 8 }
  return {
    size: bytes.length >= at + 16 ? Number(bytes.readBigUInt64BE(at + 8)) : Number.POSITIVE_INFINITY,
    header: 16,
  }
}

export const child = (bytes: Buffer, parent: Box, type: string, skip = 0): Box | undefined =>
  boxesIn(bytes, parent.content + skip, parent.end).find((box) => box.type === type)

/** @throws naming the box that is missing */
export function need(box: Box | undefined, type: string): Box {
  if (!box) throw new Error(`the ${type} box is missing`)
  return box
}

export const u16 = (value: number): Buffer => Buffer.of((value >> 8) & 0xff, value & 0xff)
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4)
  return bytes
}
export function box(type: string, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([u32(content.length + 8), Buffer.from(type, 'latin1'), content])
}

export type Track = {
  id: number
  kind: 'video' | 'audio' | 'other'
  timescale: number
  codec: string
  width: number
  height: number
  defaultDuration: number
  defaultBytes: number
  defaultFlags: number
}

/** The tracks of an initialisation section (ftyp + moov). */
export function readTracks(init: Buffer): Track[] {
  const moov = need(
    boxesIn(init).find(({ type }) => type === 'moov'),
    'moov',
  )
  const mvex = child(init, moov, 'mvex')
  const defaults = new Map(
    (mvex ? boxesIn(init, mvex.content, mvex.end) : [])
      .filter(({ type }) => type === 'trex')
      .map(({ content }) => [
        init.readUInt32BE(content + 4),
        {
          duration: init.readUInt32BE(content + 12),
          bytes: init.readUInt32BE(content + 16),
          flags: init.readUInt32BE(content + 20),
        },
      ]),
  )
  return boxesIn(init, moov.content, moov.end)
    .filter(({ type }) => type === 'trak')
    .map((trak) => {
      const tkhd = need(child(init, trak, 'tkhd'), 'tkhd')
      const id = init.readUInt32BE(tkhd.content + (init[tkhd.content] === 1 ? 20 : 12))
      const mdia = need(child(init, trak, 'mdia'), 'mdia')
      const mdhd = need(child(init, mdia, 'mdhd'), 'mdhd')
      const timescale = init.readUInt32BE(mdhd.content + (init[mdhd.content] === 1 ? 20 : 12))
      const hdlr = need(child(init, mdia, 'hdlr'), 'hdlr')
      const handler = init.toString('latin1', hdlr.content + 8, hdlr.content + 12)
      const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other'
      const { duration = 0, bytes = 0, flags = 0 } = defaults.get(id) ?? {}
      return {
        id,
        kind,
        timescale,
        ...readSampleEntry(init, mdia, kind),
        defaultDuration: duration,
        defaultBytes: bytes,
        defaultFlags: flags,
      }
    })
}

function readSampleEntry(
  init: Buffer,
  mdia: Box,
  kind: Track['kind'],
): { codec: string; width: number; height: number } {
  const stbl = need(child(init, need(child(init, mdia, 'minf'), 'minf'), 'stbl'), 'stbl')
  const stsd = need(child(init, stbl, 'stsd'), 'stsd')
  const entry = need(boxesIn(init, stsd.content + 8, stsd.end)[0], 'sample entry')
  if (kind !== 'video') return { codec: entry.type === 'mp4a' ? 'mp4a.40.2' : entry.type, width: 0, height: 0 }
  const size = { width: init.readUInt16BE(entry.content + 24), height: init.readUInt16BE(entry.content + 26) }
  const hvcC = child(init, entry, 'hvcC', 78)
  if (hvcC) return { codec: `${entry.type}.${hevcCodec(init, hvcC)}`, ...size }
  const avcC = child(init, entry, 'avcC', 78)
  if (!avcC) return { codec: entry.type, ...size }
  // AVCDecoderConfigurationRecord: version, profile, compatibility, level.
  return { codec: `${entry.type}.${init.toString('hex', avcC.content + 1, avcC.content + 4)}`, ...size }
}

/**
 * ISO/IEC 14496-15 E.3: profile, compatibility bits in reverse, tier and level, then the constraint bytes that are
 * set.
 */
function hevcCodec(init: Buffer, { content }: Box): string {
  const profile = init[content + 1] ?? 0
  const space = ['', 'A', 'B', 'C'][profile >> 6] ?? ''
  let bits = init.readUInt32BE(content + 2)
  let reversed = 0
  for (let i = 0; i < 32; i += 1, bits >>>= 1) reversed = ((reversed << 1) | (bits & 1)) >>> 0
  const constraints = [...init.subarray(content + 6, content + 12)]
  while (constraints.at(-1) === 0) constraints.pop()
  return [
    `${space}${profile & 0x1f}`,
    reversed.toString(16),
    `${(profile & 0x20) === 0 ? 'L' : 'H'}${init[content + 12] ?? 0}`,
    ...constraints.map((byte) => byte.toString(16)),
  ].join('.')
}

/** What an initialisation section is of. `codec`: '' when it is missing or damaged; whoever reads it says so. */
export function formIn(init: Buffer | null): { codec: string; sound: boolean } {
  try {
    const tracks = readTracks(init ?? Buffer.alloc(0))
    return {
      codec: tracks.find(({ kind }) => kind === 'video')?.codec ?? '',
      sound: tracks.some(({ kind }) => kind === 'audio'),
    }
  } catch {
    return { codec: '', sound: false }
  }
}
