/**
 * The master's pictures in a wrapping that any player takes: one MP4 whose header comes first. Its media are the
 * bytes between the segments' own headers, in their order and untouched. Pure.
 */
import { crc32 } from 'node:zlib'
import { box, boxesIn, readTracks, u32 } from '../../tools/media/fmp4-boxes.ts'
import { type Sample, readMoof } from '../../tools/media/fmp4-samples.ts'
import { firstPictureAt, movieHeader } from './movie-header.ts'
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

/** @param init of the run: ftyp and moov. @throws when it has no tracks that anybody can play */
export function createViewingMovie(init: Buffer) {
  const all = readTracks(init)
  const tracks = all.filter(({ kind }) => kind !== 'other').map((track) => ({ track, table: createSampleTable() }))
  let bytes = 0
  let crc = 0

  return {
    /**
     * @param onPicture hears each picture's bytes, in the order of decoding.
     * @throws when a byte of its media belongs to no sample, or to two: such a copy would not be the whole master.
     */
    add(segment: Buffer, onPicture: (sample: Buffer) => void = () => {}): void {
      for (const { moof, bytes: media, at: first } of mediaOf(segment)) {
        const found: Sample[] = []
        for (const run of readMoof(moof, all)) {
          found.push(...run.samples)
          const kept = tracks.find(({ track }) => track.id === run.track)
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
    },
    /** Whether anything of it is heard: a stretch may have none, though its run declares it. */
    hasSound: (): boolean => tracks.some(({ track, table }) => track.kind === 'audio' && table.samples() > 0),
    /** Everything before the media, and when its first picture is shown (seconds); no more may be added. */
    head(): { head: Buffer; firstPictureAt: number } {
      const filled = tracks
        .filter(({ table }) => table.samples() > 0)
        .map((each) => ({ ...each, timing: each.table.close() }))
      if (!filled.some(({ track }) => track.kind === 'video')) throw new Error('it has no pictures')
      // Where the media begin does not change how long it is: built once to know that, and once with the places.
      const narrow = bytes >= LARGE ? null : movieHeader(init, filled, 0, false)
      const sized =
        narrow !== null && FTYP.length + narrow.length + 16 + bytes < LARGE
          ? narrow
          : movieHeader(init, filled, 0, true)
      const wide = sized !== narrow
      const mdat = wide
        ? Buffer.concat([u32(1), Buffer.from('mdat'), u32(Math.floor((bytes + 16) / LARGE), (bytes + 16) % LARGE)])
        : Buffer.concat([u32(bytes + 8), Buffer.from('mdat')])
      const base = FTYP.length + sized.length + mdat.length
      return {
        head: Buffer.concat([FTYP, movieHeader(init, filled, base, wide), mdat]),
        firstPictureAt: firstPictureAt(filled),
      }
    },
    /** Of the media: how many, and their CRC-32. */
    media: (): { bytes: number; crc: number } => ({ bytes, crc }),
  }
}
