/**
 * Puts pictures together from RTP packets (RFC 6184 for H.264, RFC 7798 for H.265), as length-prefixed NAL units: exactly
 * the bytes the camera sent. How long a picture lasts is known when the next one begins: a camera whose pictures are as long
 * as each other, and whose last packets say that they are, is not waited for, since it would cost a whole picture's time. Pure.
 */
import type { Lease } from '../fragment-reader.ts'
import { createPictureForesight } from './picture-foresight.ts'
import { type SlabPool, createFrameSlab } from './frame-slab.ts'

export type RtpCodec = 'h264' | 'h265'
/** What a decoder must know first. `vps`: H.265 only. `pps`: one for each of their ids. */
export type StreamSets = { vps: Buffer | null; sps: Buffer; pps: readonly Buffer[] }
export type Picture = {
  /** `headroom` bytes to be filled by whoever asked for them, then NAL units with four-byte lengths. */
  bytes: Buffer
  lease: Lease
  keyframe: boolean
  /** Ticks of the RTP clock since the first picture; it only ever grows, whatever the camera does to its clock. */
  time: number
  duration: number
  /** Of a keyframe: the newest parameter sets so far; null until they are complete. */
  sets: StreamSets | null
  /** Wall-clock milliseconds at which its first packet came. */
  arrivedAt: number
  /** Packets that never came: between the picture before it and this one, and among its own. */
  lostBefore: number
  lostWithin: number
  /** It is told before the next one has begun: `duration` is that of the one before it, and `onLasted` follows. */
  foretold: boolean
}
export type RtpPictures = {
  /** One RTP packet, bytes[from, to). @throws when the stream is not what it was announced to be. */
  push(bytes: Buffer, from: number, to: number): void
  /** The stream has ended: the last picture lasts as long as the one before it. @returns packets that never came after it, and nobody was told of */
  finish(): number
  /** Packets that never came. */
  lost(): number
}

const MOST_PICTURE_BYTES = 16 * 1024 * 1024
/** No camera sends less than a picture in so many seconds: a longer step is a clock that was set. */
const LONGEST_S = 5
/** Pictures that are sent in another order than they are shown need the whole of ffmpeg; a clock is put back once. */
const MOST_REORDERED_S = 1
const REORDERED_WITHIN = 50
const MOST_SET_BYTES = 4096
/** More numbers left out at once is a camera that counts anew: how much is missing, nobody knows (RFC 3550, A.1). */
const MOST_DROPOUT = 3000

export class UnfitForRtp extends Error {}

type SetName = 'vps' | 'sps' | 'pps'
type Nal = { vcl: boolean; keyframe: boolean; set: SetName | null }
const H264_SETS = new Map<number, SetName>([[7, 'sps'], [8, 'pps']])
const H265_SETS = new Map<number, SetName>([[32, 'vps'], [33, 'sps'], [34, 'pps']])
/** PPS of one stream, told apart by the byte that begins with their id (ue(v)): more than most cameras have. */
const MOST_PPS = 8
const PPS_ID_AT = { h264: 1, h265: 2 } satisfies Record<RtpCodec, number>
const readNal = {
  h264: (first: number): Nal => {
    const kind = first & 0x1f
    return { vcl: kind >= 1 && kind <= 5, keyframe: kind === 5, set: H264_SETS.get(kind) ?? null }
  },
  h265: (first: number): Nal => {
    const kind = (first >> 1) & 0x3f
    return { vcl: kind < 32, keyframe: kind >= 16 && kind <= 21, set: H265_SETS.get(kind) ?? null }
  },
} satisfies Record<RtpCodec, (first: number) => Nal>

export function createRtpPictures(options: { codec: RtpCodec; payload: number; clockRate: number; sets: readonly Buffer[]; headroom: number; slabs: SlabPool; now(): number; onPicture(picture: Picture): void; /** Ticks that the foretold picture really lasted; its bytes may be written to until this returns. */ onLasted(duration: number): void }): RtpPictures {
  const { codec, payload, clockRate, headroom, slabs, now, onPicture, onLasted } = options
  const slab = createFrameSlab(slabs)
  const known: { vps: Buffer | null; sps: Buffer | null; pps: Buffer[] } = { vps: null, sps: null, pps: [] }
  for (const bytes of options.sets) learnSet(readNal[codec](bytes[0] ?? 0).set, bytes)
  let sequence: number | null = null
  let stamp: number | null = null
  let time = 0
  let lastDuration = Math.round(clockRate / 25)
  let open: { arrivedAt: number; vcl: boolean; keyframe: boolean } | null = null
  /** Where the NAL unit begins whose fragments are coming. */
  let nalAt: number | null = null
  let lost = 0
  let lostBefore = 0
  let lostWithin = 0
  let pictures = 0
  let backwardAt = Number.NEGATIVE_INFINITY
  const foresight = createPictureForesight()
  /** Whether the newest packet had the marker, and whether it was a keyframe's. */
  let marked = false
  let ofKeyframe = false
  let foretold: { duration: number; letGo(): void } | null = null

  function learnSet(name: SetName | null, bytes: Buffer): void {
    if (bytes.length > MOST_SET_BYTES) return
    if (name === 'pps') {
      if (known.pps.some((pps) => pps.equals(bytes))) return
      const others = known.pps.filter((pps) => pps[PPS_ID_AT[codec]] !== bytes[PPS_ID_AT[codec]])
      known.pps = [...others, Buffer.from(bytes)].slice(-MOST_PPS)
    } else if (name !== null && !known[name]?.equals(bytes)) known[name] = Buffer.from(bytes)
  }
  function completeSets(): StreamSets | null {
    const { vps, sps, pps } = known
    return sps && pps.length > 0 && (vps || codec === 'h264') ? { vps, sps, pps } : null
  }
  function closePicture(duration: number, early = false): void {
    if (!open) return
    const { arrivedAt, keyframe } = open
    open = null
    const { bytes, lease } = slab.take()
    pictures += 1
    if (early) foretold = { duration, letGo: lease.keep() }
    ofKeyframe = keyframe
    const missing = { lostBefore, lostWithin }
    lostBefore = 0
    lostWithin = 0
    onPicture({ bytes, lease, keyframe, time, duration, sets: keyframe ? completeSets() : null, arrivedAt, ...missing, foretold: early })
  }
  function noteBackward(): void {
    if (pictures - backwardAt <= REORDERED_WITHIN) throw new UnfitForRtp('its pictures come in another order than they are shown')
    backwardAt = pictures
  }
  function noteStep(step: number): void {
    foresight.stepped(step, lastDuration)
    lastDuration = step
  }
  /** All of the picture is here, if this camera's marker says so. */
  function perhapsForetell(): void {
    if (marked && open?.vcl && nalAt === null && foresight.isGood()) closePicture(lastDuration, true)
  }
  function endForetold(step: number): void {
    if (!foretold) return
    const { duration, letGo } = foretold
    foretold = null
    const lasted = plausible(step) ? step : duration
    if (plausible(step)) noteStep(step)
    onLasted(lasted)
    letGo()
    time += lasted
  }
  /** A packet with another timestamp ends the picture before it. */
  function moveTo(next: number): void {
    const step = (next - (stamp ?? next)) | 0
    stamp = next
    if (foretold) {
      if (step < 0 && step >= -MOST_REORDERED_S * clockRate) noteBackward()
      return endForetold(step)
    }
    // Parameter sets that come with a time of their own belong to the picture they precede.
    if (!open?.vcl) {
      if (plausible(step)) time += step
      return
    }
    if (step < 0 && step >= -MOST_REORDERED_S * clockRate) noteBackward()
    if (plausible(step)) noteStep(step)
    closePicture(lastDuration)
    // A clock that was set: its pictures still follow one another.
    time += plausible(step) ? step : lastDuration
  }
  const plausible = (step: number): boolean => step > 0 && step <= LONGEST_S * clockRate

  function mustEnd(): void {
    if (slab.length() > MOST_PICTURE_BYTES) throw new Error('a picture of this camera has no end')
  }
  function beginNal(): void {
    open ??= { arrivedAt: now(), vcl: false, keyframe: false }
    if (slab.length() === 0) slab.skip(headroom)
    nalAt = slab.length()
    slab.skip(4)
  }
  function endNal(): void {
    if (nalAt === null || !open) return
    const from = nalAt + 4
    nalAt = null
    mustEnd()
    slab.writeLength(from - 4, slab.length() - from)
    const { vcl, keyframe, set } = readNal[codec](slab.peek(from))
    if (vcl && foretold) {
      // The rest of a picture that has been told: it can only be said that it is not there.
      slab.cut(from - 4)
      lost += 1
      lostBefore += 1
      return
    }
    open.vcl ||= vcl
    open.keyframe ||= keyframe
    if (set !== null) learnSet(set, slab.slice(from, slab.length()))
  }
  /** Half a NAL unit is worse than none: decoders stumble. */
  function dropHalf(): void {
    if (nalAt !== null) slab.cut(nalAt)
    nalAt = null
  }
  function whole(bytes: Buffer, from: number, to: number): void {
    dropHalf()
    if (to <= from) return
    beginNal()
    slab.add(bytes, from, to)
    endNal()
  }
  function several(bytes: Buffer, begin: number, to: number): void {
    for (let at = begin; at + 2 < to; ) {
      const size = bytes.readUInt16BE(at)
      if (at + 2 + size > to) return
      whole(bytes, at + 2, at + 2 + size)
      at += 2 + size
    }
  }
  function fragment(bytes: Buffer, from: number, to: number, mark: number, head: readonly number[]): void {
    if ((mark & 0x80) !== 0) {
      dropHalf()
      beginNal()
      for (const byte of head) slab.byte(byte)
    }
    // Its beginning was lost.
    if (nalAt === null) return
    slab.add(bytes, from, to)
    mustEnd()
    if ((mark & 0x40) !== 0) endNal()
  }
  const take = {
    h264(bytes: Buffer, from: number, to: number): void {
      const first = bytes[from] ?? 0
      const kind = first & 0x1f
      if (kind === 28) {
        // Nothing but its own head: no part of anything.
        if (to - from < 2) return
        const mark = bytes[from + 1] ?? 0
        fragment(bytes, from + 2, to, mark, [(first & 0xe0) | (mark & 0x1f)])
      } else if (kind === 24) several(bytes, from + 1, to)
      else if (kind >= 1 && kind <= 23) whole(bytes, from, to)
      else throw new UnfitForRtp(`its RTP packets are of kind ${kind}`)
    },
    h265(bytes: Buffer, from: number, to: number): void {
      const first = bytes[from] ?? 0
      const kind = (first >> 1) & 0x3f
      if (kind === 49) {
        if (to - from < 3) return
        const mark = bytes[from + 2] ?? 0
        fragment(bytes, from + 3, to, mark, [(first & 0x81) | ((mark & 0x3f) << 1), bytes[from + 1] ?? 0])
      } else if (kind === 48) several(bytes, from + 2, to)
      else if (kind < 48) whole(bytes, from, to)
      else throw new UnfitForRtp(`its RTP packets are of kind ${kind}`)
    },
  } satisfies Record<RtpCodec, (bytes: Buffer, from: number, to: number) => void>

  return {
    push(bytes, from, to) {
      if (to - from < 12) return
      const flags = bytes[from] ?? 0
      if (flags >> 6 !== 2 || ((bytes[from + 1] ?? 0) & 0x7f) !== payload) return
      let at = from + 12 + (flags & 0x0f) * 4
      if ((flags & 0x10) !== 0) at += at + 4 <= to ? 4 + bytes.readUInt16BE(at + 2) * 4 : to
      const end = (flags & 0x20) === 0 ? to : to - (bytes[to - 1] ?? 0)
      const number = bytes.readUInt16BE(from + 2)
      const leftOut = sequence === null ? 0 : (number - sequence - 1) & 0xffff
      const missing = leftOut < MOST_DROPOUT ? leftOut : 1
      sequence = number
      if (missing > 0) {
        lost += missing
        dropHalf()
      }
      const next = bytes.readUInt32BE(from + 4)
      if (next === stamp) {
        if (foretold) lostBefore += missing
        else lostWithin += missing
        // A marker that was not the last one of its picture.
        if (marked) foresight.markedWrongly()
        if (foretold) foresight.failed()
      } else {
        if (marked) foresight.markedLast(open?.keyframe ?? ofKeyframe)
        else if (missing === 0) foresight.markedWrongly()
        dropHalf()
        moveTo(next)
        lostBefore += missing
      }
      marked = ((bytes[from + 1] ?? 0) & 0x80) !== 0
      if (at < end) take[codec](bytes, at, end)
      perhapsForetell()
    },
    finish() {
      // Slices without the rest of their picture: how much is missing nobody knows, but it is not whole.
      const isCut = open?.vcl && (nalAt !== null || (!marked && foresight.marksEnds()))
      dropHalf()
      if (isCut) {
        lost += 1
        lostWithin += 1
      }
      if (open?.vcl) closePicture(lastDuration)
      foretold?.letGo()
      foretold = null
      slab.close()
      return lostBefore
    },
    lost: () => lost,
  }
}
