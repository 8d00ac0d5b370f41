/**
 * NAL units of H.264 and H.265 by their headers: kinds, and the parameter sets among them (RFC 6184, RFC 7798). Pure.
 */

export type NalCodec = 'h264' | 'h265'
/** What a decoder must know first. `vps`: H.265 only. `pps`: one for each of their ids. */
export type StreamSets = { vps: Buffer | null; sps: Buffer; pps: readonly Buffer[] }
type SetName = 'vps' | 'sps' | 'pps'
/** `vcl`: it is part of a picture. `message`: it carries SEI messages. */
export type Nal = { kind: number; vcl: boolean; keyframe: boolean; set: SetName | null; message: boolean }

const H264_SETS = new Map<number, SetName>([
  [7, 'sps'],
  [8, 'pps'],
])
const H265_SETS = new Map<number, SetName>([
  [32, 'vps'],
  [33, 'sps'],
  [34, 'pps'],
])
const PPS_ID_AT = { h264: 1, h265: 2 } satisfies Record<NalCodec, number>
/** PPS of one stream, told apart by the byte that begins with their id (ue(v)): more than most cameras have. */
const MOST_PPS = 8
const MOST_SET_BYTES = 4096

/** Bytes of a NAL unit's header. */
export const NAL_HEADER = { h264: 1, h265: 2 } satisfies Record<NalCodec, number>
/** @param first the header's first byte */
export const readNal = {
  h264: (first: number): Nal => {
    const kind = first & 0x1f
    return {
      kind,
      vcl: kind >= 1 && kind <= 5,
      keyframe: kind === 5,
      set: H264_SETS.get(kind) ?? null,
      message: kind === 6,
    }
  },
  h265: (first: number): Nal => {
    const kind = (first >> 1) & 0x3f
    return {
      kind,
      vcl: kind < 32,
      keyframe: kind >= 16 && kind <= 21,
      set: H265_SETS.get(kind) ?? null,
      message: kind === 39,
    }
  },
} satisfies Record<NalCodec, (first: number) => Nal>

/** The newest parameter sets of one stream. */
export function createParameterSets(codec: NalCodec) {
  const known: { vps: Buffer | null; sps: Buffer | null; pps: Buffer[] } = { vps: null, sps: null, pps: [] }
  return {
    /** @param bytes of one NAL unit, copied when they are new; @param name null: it is no parameter set */
    learn(name: SetName | null, bytes: Buffer): void {
      if (bytes.length > MOST_SET_BYTES) return
      if (name === 'pps') {
        if (known.pps.some((pps) => pps.equals(bytes))) return
        const others = known.pps.filter((pps) => pps[PPS_ID_AT[codec]] !== bytes[PPS_ID_AT[codec]])
        known.pps = [...others, Buffer.from(bytes)].slice(-MOST_PPS)
      } else if (name !== null && !known[name]?.equals(bytes)) known[name] = Buffer.from(bytes)
    },
    /** The same buffer until a different one comes. */
    sps: (): Buffer | null => known.sps,
    /** Null until a decoder could begin with them. */
    complete(): StreamSets | null {
      const { vps, sps, pps } = known
      return sps && pps.length > 0 && (vps || codec === 'h264') ? { vps, sps, pps } : null
    },
  }
}
