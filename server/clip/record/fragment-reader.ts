/** Cuts ffmpeg's byte stream into its initialisation section and its fragments, however the bytes are split. Pure. */
import { type Track, boxSizeAt, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'
import { joined } from '../live/concat-buffers.ts'

export type Init = { bytes: Buffer; tracks: Track[]; video: Track }
/** Memory that is used again when nobody keeps it. */
export type Lease = { /** Returns the undo. */ keep(): () => void }
/**
 * One moof with its mdat. Seconds are the video track's; an audio-only fragment has duration 0. `lease`: of the
 * bytes, where they are lent. `lostBefore`, `lostWithin`: packets that never came, where the reader counts them.
 * `live`: its bytes for those who were told that the picture before it was `liveMore` seconds shorter: nothing is
 * missing between the two. `timedByArrival`: its times are not the camera's own.
 */
export type Fragment = {
  bytes: Buffer
  lease?: Lease
  keyframe: boolean
  video: boolean
  decodeTime: number
  duration: number
  lostBefore?: number
  lostWithin?: number
  live?: Buffer
  liveMore?: number
  timedByArrival?: boolean
  /** It is shown at another place than it is sent: the stream has B-frames. */ reordered?: boolean
}

/** A frame of 16 MB is no frame of a CCTV camera. */
const MOST_BOX_BYTES = 16 * 1024 * 1024

export function createFragmentReader({
  onInit,
  onFragment,
}: {
  onInit(init: Init): void
  onFragment(fragment: Fragment): void
}) {
  let chunks: Buffer[] = []
  let waiting = 0
  let wanted = 8
  let head: Buffer[] = []
  let init: Init | null = null
  let moof: Buffer | null = null

  function take(bytes: number): Buffer {
    const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
    chunks = all.length > bytes ? [all.subarray(bytes)] : []
    waiting -= bytes
    return all.subarray(0, bytes)
  }
  /** A look at the first bytes without taking them. */
  function peek(bytes: number): Buffer {
    if ((chunks[0]?.length ?? 0) < bytes) chunks = [Buffer.concat(chunks)]
    return chunks[0]?.subarray(0, bytes) ?? Buffer.alloc(0)
  }

  function onBox(box: Buffer): void {
    const type = box.toString('latin1', 4, 8)
    if (type === 'ftyp') head = [box]
    else if (type === 'moov') {
      const bytes = Buffer.concat([...head, box])
      const tracks = readTracks(bytes)
      const video = tracks.find(({ kind }) => kind === 'video')
      if (!video) throw new Error('the stream has no video')
      init = { bytes, tracks, video }
      onInit(init)
    } else if (type === 'moof') moof = box
    else if (type === 'mdat' && moof && init) {
      const { video, tracks } = init
      const run = readMoof(moof, tracks).find(({ track }) => track === video.id)
      onFragment({
        bytes: joined([moof, box]),
        video: run !== undefined,
        keyframe: run?.samples[0]?.sync ?? false,
        ...(run?.samples.some(({ composition }) => composition !== 0) ? { reordered: true } : {}),
        decodeTime: (run?.decodeTime ?? 0) / video.timescale,
        duration: (run?.duration ?? 0) / video.timescale,
      })
      moof = null
    }
  }

  return {
    /** @throws when the bytes are no fragmented MP4. */
    push(chunk: Buffer): void {
      chunks.push(chunk)
      waiting += chunk.length
      while (waiting >= wanted) {
        const { size } = boxSizeAt(peek(Math.min(16, waiting)), 0)
        if (size === Number.POSITIVE_INFINITY && waiting < 16) {
          wanted = 16
          return
        }
        if (size < 8 || size > MOST_BOX_BYTES) throw new Error(`a box of ${size} bytes is no part of a video stream`)
        if (waiting < size) {
          wanted = size
          return
        }
        wanted = 8
        onBox(take(size))
      }
    },
  }
}
