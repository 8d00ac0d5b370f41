/**
 * The header of a viewing copy (ISO/IEC 14496-12, 8.2): what the master's initialisation section says of each track,
 * and where its samples lie. Pure.
 */
import { type Box, type Track, box, boxesIn, child, need, u16, u32 } from '../../tools/media/fmp4-boxes.ts'
import type { SampleTable } from './sample-table.ts'

/**
 * `init`: ftyp and moov that tell of it. `id`: in the movie. `start`: seconds, in the time of the pictures. `quiet`: a
 * player takes it only when it is chosen.
 */
export type FilledTrack = {
  init: Buffer
  track: Track
  id: number
  table: SampleTable
  timing: ReturnType<SampleTable['close']>
  start: number
  quiet: boolean
}
/** Ticks of the movie: when a track begins after the first one, and how long it lasts. */
type Stay = { delay: number; length: number }

const u64 = (value: number): Buffer => u32(Math.floor(value / 2 ** 32), value % 2 ** 32)
const MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
/** Version 1: times in 64 bits. */
const WIDE = 0x0100_0000
const ENABLED_IN_MOVIE = 3
const IN_MOVIE = 2
/** What follows a track's duration in its header: layer, volume, matrix, size. */
const TRACK_LOOKS = 60
const ONCE = 0x1_0000

/** Seconds of the film when the first picture is shown: sound may begin before it. */
export const firstPictureAt = (tracks: readonly FilledTrack[]): number =>
  Math.min(...tracks.filter(({ track }) => track.kind === 'video').map(({ start }) => start)) -
  Math.min(...tracks.map(({ start }) => start))

/**
 * @param base of the media in the file.
 * @param wide places are counted in 64 bits
 */
export function movieHeader(tracks: readonly FilledTrack[], base: number, wide: boolean): Buffer {
  const scale = Math.max(...tracks.map(({ track }) => track.timescale))
  const first = Math.min(...tracks.map(({ start }) => start))
  let length = 0
  const traks = tracks.map((filled) => {
    const stay = {
      delay: Math.round((filled.start - first) * scale),
      length: Math.ceil((filled.timing.length / filled.track.timescale) * scale),
    }
    length = Math.max(length, stay.delay + stay.length)
    return trackBox(filled, stay, filled.table.boxes(base, wide))
  })
  const next = Math.max(...tracks.map(({ id }) => id)) + 1
  return box(
    'moov',
    box(
      'mvhd',
      u32(WIDE),
      u64(0),
      u64(0),
      u32(scale),
      u64(length),
      u32(ONCE),
      u16(0x0100),
      Buffer.alloc(10),
      MATRIX,
      Buffer.alloc(24),
      u32(next),
    ),
    ...traks,
  )
}

/**
 * The same, read out of a film's header: how long its picture waits (an edit without media).
 * @param moov the whole box
 */
export function firstPictureIn(moov: Buffer): number {
  const whole = need(boxesIn(moov)[0], 'moov')
  const mvhd = need(child(moov, whole, 'mvhd'), 'mvhd').content
  const scale = moov.readUInt32BE(mvhd + (moov[mvhd] === 1 ? 20 : 12))
  for (const trak of boxesIn(moov, whole.content, whole.end)) {
    const hdlr = trak.type === 'trak' && child(moov, need(child(moov, trak, 'mdia'), 'mdia'), 'hdlr')
    if (!hdlr || moov.toString('latin1', hdlr.content + 8, hdlr.content + 12) !== 'vide') continue
    const edts = child(moov, trak, 'edts')
    const elst = edts && child(moov, edts, 'elst')
    if (!elst || moov.readUInt32BE(elst.content + 4) === 0) return 0
    const at = elst.content + 8
    const [length, media] =
      moov[elst.content] === 1
        ? [Number(moov.readBigUInt64BE(at)), Number(moov.readBigInt64BE(at + 8))]
        : [moov.readUInt32BE(at), moov.readInt32BE(at + 4)]
    return media === -1 ? length / scale : 0
  }
  return 0
}

function idOf(init: Buffer, trak: Box): number {
  const { content } = need(child(init, trak, 'tkhd'), 'tkhd')
  return init.readUInt32BE(content + (init[content] === 1 ? 20 : 12))
}

/** What its initialisation section says of a track. */
function trakOf({ init, track }: FilledTrack): Box {
  const moov = need(
    boxesIn(init).find(({ type }) => type === 'moov'),
    'moov',
  )
  const traks = boxesIn(init, moov.content, moov.end).filter(({ type }) => type === 'trak')
  return need(
    traks.find((found) => idOf(init, found) === track.id),
    'trak',
  )
}

function trackBox(filled: FilledTrack, { delay, length }: Stay, tables: readonly Buffer[]): Buffer {
  const { init, track, id, timing, quiet } = filled
  const trak = trakOf(filled)
  const looks = need(child(init, trak, 'tkhd'), 'tkhd').end
  const mdia = need(child(init, trak, 'mdia'), 'mdia')
  const mdhd = need(child(init, mdia, 'mdhd'), 'mdhd')
  const minf = need(child(init, mdia, 'minf'), 'minf')
  const whole = ({ start, end }: Box): Buffer => init.subarray(start, end)
  // A track that begins later waits; one whose pictures are shown after they are decoded begins with the first that
  // is shown.
  const edits = [
    ...(delay > 0 ? [[u64(delay), u32(0xffff_ffff, 0xffff_ffff, ONCE)]] : []),
    [u64(length), u64(timing.shown), u32(ONCE)],
  ]
  const edited =
    delay > 0 || timing.shown > 0 ? [box('edts', box('elst', u32(WIDE, edits.length), ...edits.flat()))] : []
  const inside = boxesIn(init, minf.content, minf.end)
    .filter(({ type }) => type !== 'stbl')
    .map(whole)
  const stsd = whole(need(child(init, need(child(init, minf, 'stbl'), 'stbl'), 'stsd'), 'stsd'))
  return box(
    'trak',
    box(
      'tkhd',
      u32(WIDE | (quiet ? IN_MOVIE : ENABLED_IN_MOVIE)),
      u64(0),
      u64(0),
      u32(id, 0),
      u64(delay + length),
      init.subarray(looks - TRACK_LOOKS, looks),
    ),
    ...edited,
    box(
      'mdia',
      box(
        'mdhd',
        u32(WIDE),
        u64(0),
        u64(0),
        u32(track.timescale),
        u64(timing.length),
        init.subarray(mdhd.end - 4, mdhd.end),
      ),
      whole(need(child(init, mdia, 'hdlr'), 'hdlr')),
      box('minf', ...inside, box('stbl', named(stsd), ...tables)),
    ),
  )
}

/** Players of Apple's want H.265 under another name than recorders give it. */
function named(stsd: Buffer): Buffer {
  const [entry] = boxesIn(stsd, 16)
  if (entry?.type !== 'hev1') return stsd
  const renamed = Buffer.from(stsd)
  renamed.write('hvc1', entry.start + 4, 'latin1')
  return renamed
}
