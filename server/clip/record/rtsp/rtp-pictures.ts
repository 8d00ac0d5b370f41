/**
 * Puts pictures together from RTP packets (RFC 6184 for H.264, RFC 7798 for H.265), as length-prefixed NAL units:
 * exactly the bytes the camera sent. How long a picture lasts is known when the next one begins: a camera whose
 * pictures are as long as each other, and whose last packets say that they are, is not waited for, since it would
 * cost a whole picture's time. Pure.
 */
import type { Lease } from '../fragment-reader.ts'
import { NAL_HEADER, type NalCodec, type StreamSets, createParameterSets, readNal } from './nal-units.ts'
import { createPacketNumbers } from './packet-numbers.ts'
import { createPictureCompletion } from './picture-completion.ts'
import { type Field, type FieldRules, fieldOf, fieldRulesOf, isOtherField, sliceStart } from './picture-starts.ts'
import { type SlabPool, createFrameSlab } from './frame-slab.ts'

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
  early: boolean
}
export type RtpPictures = {
  /** One RTP packet, bytes[from, to). @throws when the stream is not what it was announced to be. */
  push(bytes: Buffer, from: number, to: number): void
  /**
   * The stream has ended: the last picture lasts as long as the one before it.
   * @returns packets that never came after it, and nobody was told of
   */
  finish(): number
  /** Packets that never came, or could not be used. */
  lost(): number
  /**
   * It marks places from which a decoder recovers without a keyframe (SEI recovery point): only ffmpeg knows how to
   * begin there.
   */
  recovers(): boolean
  /** Bytes between packets belonged to nothing: what they were to be is lost. */
  stray(): void
  /** Pictures are not told before the next has begun any more. */
  waitForNext(): void
}

const MOST_PICTURE_BYTES = 16 * 1024 * 1024
/** No camera sends less than a picture in so many seconds: a longer step is a clock that was set. */
const LONGEST_S = 5
/** Pictures that are sent in another order than they are shown need the whole of ffmpeg; a clock is put back once. */
const MOST_REORDERED_S = 1
const REORDERED_WITHIN = 50
/** Packets of a kind that only ffmpeg reads, among so many: one may be a damaged one. */
const ODD_PACKETS = 8
const ODD_AMONG = 200
/** Seconds: a picture is not shorter, or it would be taken for a clock that stands still. */
const SHORTEST_S = 0.003
const RECOVERY_POINT = 6
/** Enough of a slice to read which field it is of. */
const SLICE_HEAD = 24

export class UnfitForRtp extends Error {}

const FRAGMENT = { h264: 28, h265: 49 } satisfies Record<NalCodec, number>

export function createRtpPictures(options: {
  codec: NalCodec
  payload: number
  clockRate: number
  sets: readonly Buffer[]
  headroom: number
  slabs: SlabPool
  now(): number
  onPicture(picture: Picture): void
  /** Ticks that a picture which was completed early really lasted; its bytes may be written to until this returns. */
  onLasted(duration: number): void
}): RtpPictures {
  const { codec, payload, clockRate, headroom, slabs, now, onPicture, onLasted } = options
  const slab = createFrameSlab(slabs)
  const sets = createParameterSets(codec)
  for (const bytes of options.sets) sets.learn(readNal[codec](bytes[0] ?? 0).set, bytes)
  const numbers = createPacketNumbers({ payload, onUnnumbered: () => loseBefore(1) })
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
  const completion = createPictureCompletion()
  /** Whether the newest packet had the marker, and whether it was a keyframe's. */
  let marked = false
  let ofKeyframe = false
  let completedEarly: { duration: number; release(): void } | null = null
  /** Where in the open picture its last slice ends: what follows may be the next picture's. */
  let slicesEnd = 0
  let field: Field | null = null
  let fieldRules: FieldRules | null = null
  /** The parameter set that they are of. */
  let rulesOf: Buffer | null = null
  /** We came in the middle of it: its first slices were sent before. */
  let isRest = false
  /** Ticks of the newest step that pictures before this one have had of it: they have the same timestamp. */
  let given = 0
  let lastStep = lastDuration
  const least = Math.ceil(SHORTEST_S * clockRate)
  /** What comes is the rest of something that was counted as lost already. */
  let skipping = false
  let odd = 0
  let packets = 0
  let recoveryPoints = 0

  function closePicture(duration: number, early = false): void {
    if (!open) return
    const { arrivedAt } = open
    const keyframe = open.keyframe && !isRest
    open = null
    isRest = false
    const { bytes, lease } = slab.take()
    pictures += 1
    if (early) completedEarly = { duration, release: lease.keep() }
    ofKeyframe = keyframe
    const missing = { lostBefore, lostWithin }
    lostBefore = 0
    lostWithin = 0
    onPicture({
      bytes,
      lease,
      keyframe,
      time,
      duration,
      sets: keyframe ? sets.complete() : null,
      arrivedAt,
      ...missing,
      early,
    })
  }
  function noteBackward(): void {
    if (pictures - backwardAt <= REORDERED_WITHIN)
      throw new UnfitForRtp('its pictures come in another order than they are shown')
    backwardAt = pictures
  }
  function noteStep(step: number): void {
    completion.stepped(step, lastDuration)
    lastDuration = step
    lastStep = step
  }
  function loseBefore(packets: number): void {
    lost += packets
    lostBefore += packets
  }
  /** One that never came, or could not be used, though its number was not missing. */
  function loseOne(): void {
    if (skipping) return
    lost += 1
    if (open?.vcl && !completedEarly) lostWithin += 1
    else lostBefore += 1
  }
  /**
   * A first slice after a picture that has some: two pictures have one timestamp, and share the time until the next.
   */
  function beginNextOfSameStamp(): void {
    const share = Math.max(least, Math.round(lastStep / 2))
    completion.failed()
    const arrivedAt = now()
    if (completedEarly) {
      const { release } = completedEarly
      completedEarly = null
      onLasted(share)
      release()
    } else if (open?.vcl) {
      // What came after its last slice is the next one's: parameter sets, messages.
      const ahead = Buffer.from(slab.slice(slicesEnd, slab.length()))
      slab.cut(slicesEnd)
      closePicture(share)
      if (ahead.length > 0) {
        slab.skip(headroom)
        slab.add(ahead, 0, ahead.length)
      }
    } else return
    time += share
    given += share
    open = { arrivedAt, vcl: false, keyframe: false }
    marked = false
  }
  /**
   * Another timestamp in the middle of a picture: of a camera whose markers are right, its last packet was not
   * marked, and this one does not begin a picture.
   */
  function goesOn(bytes: Buffer, at: number, end: number): boolean {
    if (marked || !open?.vcl || completedEarly || !completion.marksEnds() || end - at < 4) return false
    const { kind } = readNal[codec](bytes[at] ?? 0)
    if (kind !== FRAGMENT[codec]) return sliceStart[codec](kind, bytes[at + NAL_HEADER[codec]] ?? 0)?.first === false
    const mark = bytes[at + NAL_HEADER[codec]] ?? 0
    return (mark & 0x80) === 0
      ? nalAt !== null
      : sliceStart[codec](mark & (codec === 'h264' ? 0x1f : 0x3f), bytes[at + NAL_HEADER[codec] + 1] ?? 0)?.first ===
          false
  }
  /** A later slice comes first: the ones before it never came, or were sent before we listened. */
  function beginInItsMiddle(): void {
    if (pictures === 0) isRest = true
    else if (lostBefore > 0) {
      lostBefore -= 1
      lostWithin += 1
    }
  }
  /** Before a NAL unit is put down: whose picture is it of? */
  function beforeSlice(kind: number, payloadByte: number, head: () => Buffer): void {
    const start = sliceStart[codec](kind, payloadByte)
    if (!start) return
    if (!start.first && !open?.vcl && !completedEarly) beginInItsMiddle()
    if (!start.first) return
    if (codec === 'h264' && rulesOf !== sets.sps()) {
      rulesOf = sets.sps()
      fieldRules = fieldRulesOf(rulesOf)
    }
    const ownField = fieldRules && fieldOf(fieldRules, head())
    if ((open?.vcl || completedEarly) && !isOtherField(field, ownField)) beginNextOfSameStamp()
    field = ownField
  }
  /** All of the picture is here, if this camera's marker says so. */
  function perhapsForetell(): void {
    if (marked && open?.vcl && nalAt === null && completion.isGood()) closePicture(lastDuration, true)
  }
  function endForetold(step: number): void {
    if (!completedEarly) return
    const { duration, release } = completedEarly
    completedEarly = null
    const lasted = plausible(step) ? step : duration
    if (plausible(step)) noteStep(step)
    onLasted(lasted)
    release()
    time += lasted
  }
  /** A packet with another timestamp ends the picture before it. */
  function moveTo(next: number): void {
    const whole = (next - (stamp ?? next)) | 0
    // Pictures of the same timestamp have had their share of it.
    // A clock that counts too slowly is told from its arrival; a picture is never taken for a clock that stands still.
    const step = whole > 0 ? Math.max(least, whole - given) : whole
    given = 0
    stamp = next
    if (completedEarly) {
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
    const { vcl, keyframe, set, message } = readNal[codec](slab.peek(from))
    if (vcl && completedEarly) {
      // The rest of a picture that has been told: it can only be said that it is not there.
      slab.cut(from - 4)
      loseBefore(1)
      return
    }
    open.vcl ||= vcl
    open.keyframe ||= keyframe
    if (vcl) slicesEnd = slab.length()
    if (message && slab.peek(from + (codec === 'h264' ? 1 : 2)) === RECOVERY_POINT) recoveryPoints += 1
    if (set !== null) sets.learn(set, slab.slice(from, slab.length()))
  }
  /** Half a NAL unit is worse than none: decoders stumble. */
  function dropHalf(): void {
    if (nalAt === null) return
    slab.cut(nalAt)
    nalAt = null
    // Its end was not among what is missing by number: it went astray all the same.
    loseOne()
  }
  function whole(bytes: Buffer, from: number, to: number): void {
    dropHalf()
    skipping = false
    if (to <= from) return
    beforeSlice(readNal[codec](bytes[from] ?? 0).kind, bytes[from + NAL_HEADER[codec]] ?? 0, () =>
      bytes.subarray(from, Math.min(to, from + SLICE_HEAD)),
    )
    beginNal()
    slab.add(bytes, from, to)
    endNal()
  }
  function several(bytes: Buffer, begin: number, to: number): void {
    for (let at = begin; at + 2 < to;) {
      const size = bytes.readUInt16BE(at)
      if (at + 2 + size > to) return loseOne()
      whole(bytes, at + 2, at + 2 + size)
      at += 2 + size
    }
  }
  function fragment(bytes: Buffer, from: number, to: number, mark: number, head: readonly number[]): void {
    if ((mark & 0x80) !== 0) {
      dropHalf()
      skipping = false
      beforeSlice(readNal[codec](head[0] ?? 0).kind, bytes[from] ?? 0, () =>
        Buffer.concat([Buffer.from(head.slice(0, 1)), bytes.subarray(from, Math.min(to, from + SLICE_HEAD))]),
      )
      beginNal()
      for (const byte of head) slab.byte(byte)
    }
    // Its beginning was lost.
    if (nalAt === null) {
      loseOne()
      skipping = true
      return
    }
    slab.add(bytes, from, to)
    mustEnd()
    if ((mark & 0x40) !== 0) endNal()
  }
  /** A fragment without its head: no part of anything, unless it was one of those that are awaited. */
  function cutFragment(): void {
    if (nalAt === null) return
    dropHalf()
    skipping = true
  }
  /** Of a kind that only ffmpeg reads, or damaged: one alone is lost. */
  function beOdd(kind: number): void {
    odd += 1
    dropHalf()
    loseOne()
    if (odd > ODD_PACKETS && odd * ODD_AMONG > packets) throw new UnfitForRtp(`its RTP packets are of kind ${kind}`)
  }
  const take = {
    h264(bytes: Buffer, from: number, to: number): void {
      const first = bytes[from] ?? 0
      const kind = first & 0x1f
      if (kind === 28) {
        if (to - from < 2) return cutFragment()
        const mark = bytes[from + 1] ?? 0
        fragment(bytes, from + 2, to, mark, [(first & 0xe0) | (mark & 0x1f)])
      } else if (kind === 24) several(bytes, from + 1, to)
      else if (kind >= 1 && kind <= 23) whole(bytes, from, to)
      else beOdd(kind)
    },
    h265(bytes: Buffer, from: number, to: number): void {
      const first = bytes[from] ?? 0
      const kind = (first >> 1) & 0x3f
      if (kind === 49) {
        if (to - from < 3) return cutFragment()
        const mark = bytes[from + 2] ?? 0
        fragment(bytes, from + 3, to, mark, [(first & 0x81) | ((mark & 0x3f) << 1), bytes[from + 1] ?? 0])
      } else if (kind === 48) several(bytes, from + 2, to)
      else if (kind < 48) whole(bytes, from, to)
      else beOdd(kind)
    },
  } satisfies Record<NalCodec, (bytes: Buffer, from: number, to: number) => void>

  return {
    push(bytes, from, to) {
      if (to - from < 12) return
      const flags = bytes[from] ?? 0
      if (flags >> 6 !== 2 || !numbers.isOurs((bytes[from + 1] ?? 0) & 0x7f)) return
      packets += 1
      let at = from + 12 + (flags & 0x0f) * 4
      if ((flags & 0x10) !== 0) at += at + 4 <= to ? 4 + bytes.readUInt16BE(at + 2) * 4 : to
      const end = (flags & 0x20) === 0 ? to : to - (bytes[to - 1] ?? 0)
      const missing = numbers.missingBefore(bytes.readUInt16BE(from + 2))
      if (missing === null) {
        // Of a later picture it is no packet that came before: its number was given twice.
        if (stamp !== null && ((bytes.readUInt32BE(from + 4) - stamp) | 0) > 0) {
          dropHalf()
          loseBefore(1)
        }
        return
      }
      if (missing > 0) {
        lost += missing
        skipping = true
        dropHalf()
      }
      const next = bytes.readUInt32BE(from + 4)
      if (next === stamp || (missing === 0 && goesOn(bytes, at, end))) {
        if (completedEarly) lostBefore += missing
        else lostWithin += missing
        // A marker that was not the last one of its picture.
        if (marked) completion.markedWrongly()
        if (completedEarly) completion.failed()
      } else {
        if (marked) completion.markedLast(open?.keyframe ?? ofKeyframe)
        else if (missing === 0) completion.markedWrongly()
        dropHalf()
        moveTo(next)
        lostBefore += missing
      }
      marked = ((bytes[from + 1] ?? 0) & 0x80) !== 0
      if (at < end) take[codec](bytes, at, end)
      // Padding that is longer than its packet, or a packet of nothing: what it was to bring is not there.
      else if (end < at) loseOne()
      perhapsForetell()
    },
    finish() {
      // Slices without the rest of their picture: how much is missing nobody knows, but it is not whole.
      const isCut = open?.vcl && (nalAt !== null || (!marked && completion.marksEnds()))
      skipping = true
      dropHalf()
      if (isCut) {
        lost += 1
        lostWithin += 1
      }
      if (open?.vcl) closePicture(lastDuration)
      completedEarly?.release()
      completedEarly = null
      slab.close()
      return lostBefore
    },
    lost: () => lost,
    recovers: () => recoveryPoints > 1,
    stray: loseOne,
    waitForNext: completion.failed,
  }
}
