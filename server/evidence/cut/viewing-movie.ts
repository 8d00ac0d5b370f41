/**
 * The master's pictures in a wrapping that any player takes: one MP4 whose header comes first. Its media are the
 * bytes between the segments' own headers, in their order and untouched. Pure.
 */
import { crc32 } from 'node:zlib'
import { type Track, box, boxesIn, readTracks, u32 } from '../../tools/media/fmp4-boxes.ts'
import { type Sample, readMoof } from '../../tools/media/fmp4-samples.ts'
import { type FilledTrack, firstPictureAt, movieHeader } from './movie-header.ts'
import { createSampleTable } from './sample-table.ts'

/** `at`: of its bytes, from the moof's first one. */
type Media = { moof: Buffer; bytes: Buffer; at: number }

/** Larger than this, boxes count in 64 bits. */
const LARGE = 2 ** 32
const FTYP = box('ftyp', Buffer.from('isom'), u32(512), Buffer.from('isomiso4avc1mp41'))

/** The moofs of a segment, each with the bytes of the mdat behind it. @throws when it is no segment */
function mediaOf(segment: Buffer): Media[] {
  const media: Media[] = []
  let moof: { start: number; end: number } | null = null
  for (const { type, start, content, end } of boxesIn(segment)) {
    if (type === 'moof') moof = { start, end }
    else if (type === 'mdat' && moof) {
      media.push({
        moof: segment.subarray(moof.start, moof.end),
        bytes: segment.subarray(content, end),
        at: content - moof.start,
      })
      moof = null
    }
  }
  return media
}
/** What of a segment goes into the movie. */
export const mediaIn = (segment: Buffer): Buffer[] => mediaOf(segment).map(({ bytes }) => bytes)

/** `begin`: seconds from the first picture to the first sound. */
export type VoiceOfMovie = { init: Buffer; begin: number }
/** An encoder of AAC begins with a packet before the first sound (ISO/IEC 14496-3). */
const AAC_BEFORE = 1024

/**
 * @param init of the run: ftyp and moov
 * @param voice sound of calls that goes beside it, on tracks of its own
 * @throws when it has no tracks that anybody can play
 */
export function createViewingMovie(init: Buffer, voice: VoiceOfMovie | null = null) {
  const filling = (all: readonly Track[]) =>
    all.filter(({ kind }) => kind !== 'other').map((track) => ({ track, table: createSampleTable() }))
  const all = readTracks(init)
  const tracks = filling(all)
  const voiceTracks = voice ? readTracks(voice.init) : []
  const voices = filling(voiceTracks)
  let bytes = 0
  let crc = 0

  /** @throws when a byte of the media belongs to no sample, or to two */
  function addMedia(
    segment: Buffer,
    known: readonly Track[],
    into: ReturnType<typeof filling>,
    onPicture: (sample: Buffer) => void,
  ): void {
    for (const { moof, bytes: media, at: first } of mediaOf(segment)) {
      const found: Sample[] = []
      for (const run of readMoof(moof, known)) {
        found.push(...run.samples)
        const kept = into.find(({ track }) => track.id === run.track)
        if (!kept) continue
        for (const sample of run.samples) {
          kept.table.push(sample, bytes + sample.offset - first)
          if (kept.track.kind === 'video')
            onPicture(media.subarray(sample.offset - first, sample.offset - first + sample.bytes))
        }
      }
      let end = first
      for (const sample of found.toSorted((a, b) => a.offset - b.offset)) {
        if (sample.offset !== end) throw new Error('its header does not say where all of its pictures lie')
        end += sample.bytes
      }
      if (end - first !== media.length) throw new Error('its header does not say where all of its pictures lie')
      bytes += media.length
      crc = crc32(media, crc)
    }
  }
  function filledTracks(): FilledTrack[] {
    const own = tracks
      .filter(({ table }) => table.samples() > 0)
      .map(({ track, table }): FilledTrack => {
        const timing = table.close()
        const start = (timing.begin + timing.shown) / track.timescale
        return { init, track, id: track.id, table, timing, start, quiet: false }
      })
    const pictures = own.filter(({ track }) => track.kind === 'video').map(({ start }) => start)
    if (pictures.length === 0) throw new Error('it has no pictures')
    if (!voice) return own
    const free = Math.max(...all.map(({ id }) => id)) + 1
    const spoken = voices
      .filter(({ table }) => table.samples() > 0)
      .map(({ track, table }, i): FilledTrack => {
        const timing = table.close()
        const heard = { ...timing, shown: AAC_BEFORE, length: Math.max(1, timing.length - AAC_BEFORE) }
        const start = Math.min(...pictures) + voice.begin
        return { init: voice.init, track, id: free + i, table, timing: heard, start, quiet: i > 0 }
      })
    return [...own, ...spoken]
  }

  return {
    /**
     * @param onPicture hears each picture's bytes, in the order of decoding.
     * @throws when a byte of its media belongs to no sample, or to two: such a copy would not be the whole master.
     */
    add: (segment: Buffer, onPicture: (sample: Buffer) => void = () => {}): void =>
      addMedia(segment, all, tracks, onPicture),
    /** A piece of the calls' sound, behind what was added last. @throws as `add` does */
    addVoice: (fragment: Buffer): void => addMedia(fragment, voiceTracks, voices, () => {}),
    /** Whether anything of it is heard: a stretch may have none, though its run declares it. */
    hasSound: (): boolean => tracks.some(({ track, table }) => track.kind === 'audio' && table.samples() > 0),
    /** Everything before the media, and when its first picture is shown (seconds); no more may be added. */
    head(): { head: Buffer; firstPictureAt: number } {
      const filled = filledTracks()
      // Where the media begin does not change how long it is: built once to know that, and once with the places.
      const narrow = bytes >= LARGE ? null : movieHeader(filled, 0, false)
      const sized =
        narrow !== null && FTYP.length + narrow.length + 16 + bytes < LARGE ? narrow : movieHeader(filled, 0, true)
      const wide = sized !== narrow
      const mdat = wide
        ? Buffer.concat([u32(1), Buffer.from('mdat'), u32(Math.floor((bytes + 16) / LARGE), (bytes + 16) % LARGE)])
        : Buffer.concat([u32(bytes + 8), Buffer.from('mdat')])
      const base = FTYP.length + sized.length + mdat.length
      return {
        head: Buffer.concat([FTYP, movieHeader(filled, base, wide), mdat]),
        firstPictureAt: firstPictureAt(filled),
      }
    },
    /** Of the media: how many, and their CRC-32. */
    media: (): { bytes: number; crc: number } => ({ bytes, crc }),
  }
}
