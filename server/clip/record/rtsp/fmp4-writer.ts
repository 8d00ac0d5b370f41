/**
 * Writes fragmented MP4 (ISO/IEC 14496-12, -15) for one video track: its initialisation section, and a fragment per
 * picture. Pure.
 */
import { box, readTracks, u16, u32 } from '../../../tools/media/fmp4-boxes.ts'
import type { Init } from '../fragment-reader.ts'
import { h264Format, h265Format } from './picture-format.ts'
import type { NalCodec, StreamSets } from './nal-units.ts'

const zeros = (bytes: number): Buffer => Buffer.alloc(bytes)
const MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
const TRACK = 1

/** AVCDecoderConfigurationRecord, 5.3.3.1; what it says of chroma and depth only where the profile demands it. */
function avcC({ sps, pps }: StreamSets): Buffer {
  const { chroma, depthLuma, depthChroma } = h264Format(sps)
  const high = [100, 110, 122, 144].includes(sps[1] ?? 0)
    ? Buffer.of(0xfc | chroma, 0xf8 | (depthLuma - 8), 0xf8 | (depthChroma - 8), 0)
    : zeros(0)
  return box(
    'avcC',
    Buffer.of(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    u16(sps.length),
    sps,
    Buffer.of(pps.length),
    ...pps.flatMap((set) => [u16(set.length), set]),
    high,
  )
}
/** HEVCDecoderConfigurationRecord, 8.3.3.1. */
function hvcC({ vps, sps, pps }: StreamSets): Buffer {
  const { profile, chroma, depthLuma, depthChroma } = h265Format(sps)
  const array = (kind: number, sets: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.of(kind), u16(sets.length), ...sets.flatMap((set) => [u16(set.length), set])])
  const arrays = [array(32, vps ? [vps] : []), array(33, [sps]), array(34, pps)]
  return box(
    'hvcC',
    Buffer.of(1),
    profile,
    u16(0xf000),
    Buffer.of(0xfc, 0xfc | chroma, 0xf8 | (depthLuma - 8), 0xf8 | (depthChroma - 8)),
    u16(0),
    Buffer.of(0x0f, arrays.length),
    ...arrays,
  )
}

/** @param timescale ticks per second. @throws when the parameter sets make no sense. */
export function writeInit(codec: NalCodec, sets: StreamSets, timescale: number): Init {
  const { width, height } = codec === 'h264' ? h264Format(sets.sps) : h265Format(sets.sps)
  const entry = box(
    codec === 'h264' ? 'avc1' : 'hev1',
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    u32(0x48_0000, 0x48_0000, 0),
    u16(1),
    zeros(32),
    u16(0x18),
    u16(0xffff),
    codec === 'h264' ? avcC(sets) : hvcC(sets),
  )
  const stbl = box(
    'stbl',
    box('stsd', u32(0, 1), entry),
    box('stts', u32(0, 0)),
    box('stsc', u32(0, 0)),
    box('stsz', u32(0, 0, 0)),
    box('stco', u32(0, 0)),
  )
  const minf = box('minf', box('vmhd', u32(1, 0, 0)), box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))), stbl)
  const mdia = box(
    'mdia',
    box('mdhd', u32(0, 0, 0, timescale, 0), u16(0x55c4), u16(0)),
    box('hdlr', u32(0, 0), Buffer.from('vide'), zeros(12), Buffer.from('Lamppost\0')),
    minf,
  )
  const tkhd = box('tkhd', u32(3, 0, 0, TRACK, 0, 0, 0, 0, 0, 0), MATRIX, u32(width * 0x1_0000, height * 0x1_0000))
  const mvhd = box('mvhd', u32(0, 0, 0, 1000, 0, 0x1_0000), u16(0x0100), zeros(10), MATRIX, zeros(24), u32(TRACK + 1))
  const moov = box('moov', mvhd, box('trak', tkhd, mdia), box('mvex', box('trex', u32(0, TRACK, 1, 0, 0, 0))))
  const bytes = Buffer.concat([box('ftyp', Buffer.from('iso5'), u32(512), Buffer.from('iso5iso6mp41')), moov])
  const tracks = readTracks(bytes)
  const [video] = tracks
  if (!video) throw new Error('its parameter sets make no sense')
  return { bytes, tracks, video }
}

const SYNC = 0x0200_0000
const NOT_SYNC = 0x0101_0000
/** moof (mfhd, traf: tfhd, tfdt, trun of one sample) and mdat's own head. */
const HEAD = Buffer.concat([
  box(
    'moof',
    box('mfhd', u32(0, 0)),
    box(
      'traf',
      box('tfhd', u32(0x02_0000, TRACK)),
      box('tfdt', u32(0x0100_0000, 0, 0)),
      box('trun', u32(0x0701, 1, 0, 0, 0, 0)),
    ),
  ),
  u32(0),
  Buffer.from('mdat'),
])
export const FRAGMENT_HEAD_BYTES = HEAD.length
const MOOF_BYTES = HEAD.length - 8
const place = (type: string): number => HEAD.indexOf(type, 0, 'latin1') + 4
const [SEQUENCE_AT, TIME_AT, RUN_AT] = [place('mfhd') + 4, place('tfdt') + 4, place('trun') + 8]

/**
 * Fills the first `FRAGMENT_HEAD_BYTES` of a picture's bytes, which were left free for it. Times are ticks of the
 * track.
 */
export function writeFragmentHead(
  bytes: Buffer,
  { sequence, time, duration, keyframe }: { sequence: number; time: number; duration: number; keyframe: boolean },
): void {
  HEAD.copy(bytes)
  bytes.writeUInt32BE(sequence >>> 0, SEQUENCE_AT)
  bytes.writeUInt32BE(Math.floor(time / 2 ** 32), TIME_AT)
  bytes.writeUInt32BE(time % 2 ** 32, TIME_AT + 4)
  bytes.writeUInt32BE(HEAD.length, RUN_AT)
  bytes.writeUInt32BE(duration, RUN_AT + 4)
  bytes.writeUInt32BE(bytes.length - HEAD.length, RUN_AT + 8)
  bytes.writeUInt32BE(keyframe ? SYNC : NOT_SYNC, RUN_AT + 12)
  bytes.writeUInt32BE(bytes.length - MOOF_BYTES, MOOF_BYTES)
}
/**
 * The same picture `earlier` ticks before its time and as much longer: it follows one that was said to be so much
 * shorter than it was.
 */
export function followingSooner(bytes: Buffer, earlier: number): Buffer {
  const sooner = Buffer.from(bytes)
  const time = sooner.readUInt32BE(TIME_AT) * 2 ** 32 + sooner.readUInt32BE(TIME_AT + 4) - earlier
  sooner.writeUInt32BE(Math.floor(time / 2 ** 32), TIME_AT)
  sooner.writeUInt32BE(time % 2 ** 32, TIME_AT + 4)
  sooner.writeUInt32BE(sooner.readUInt32BE(RUN_AT + 4) + earlier, RUN_AT + 4)
  return sooner
}
/** Ticks that the picture really lasted. */
export const rewriteDuration = (bytes: Buffer, duration: number): void => void bytes.writeUInt32BE(duration, RUN_AT + 4)
