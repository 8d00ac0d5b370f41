/**
 * Groups fragments into parts and parts into segments (RFC 8216bis). Segments begin at keyframes; their times are the
 * wall clock at arrival, never sums of durations. Pure: time comes in with each fragment.
 */
import { type Hash, createHash } from 'node:crypto'
import type { Segment } from '../../glossary/clip.ts'
import type { Fragment, Lease } from '../record/fragment-reader.ts'
import { joined } from '../live/concat-buffers.ts'

/**
 * `at`: wall-clock milliseconds at which its first picture arrived. `live`: the bytes for viewers, where they are
 * others.
 */
export type Part<Bytes extends Uint8Array = Buffer> = {
  bytes: Bytes
  live?: Bytes
  duration: number
  independent: boolean
  at: number
}
export type OpenSegment = { start: number; duration: number; parts: Part[] }
/**
 * `chunks`: its bytes, in order; nobody copies them together to write them down. `sha256`: of those bytes, hex.
 * `lostPackets`: of it, or at one of its ends, that never came; left out where nobody counts them.
 */
export type ClosedSegment = Pick<Segment, 'start' | 'duration' | 'sha256' | 'lostPackets' | 'timedByArrival'> & {
  chunks: Buffer[]
}
/** `release`: nobody reads the bytes any more; they may be written over. */
export type LentSegment = ClosedSegment & { release(): void }

/** Seconds: as short as a picture's age wants it, where nobody says otherwise. */
export const WANTED_PART_S = 0.08
/** Keyframes that come closer than this share a segment. */
const SHORTEST_SEGMENT_S = 0.9
/** Room for frames that come a little unevenly: parts are then 85 to 100 % of the target, as the draft wants. */
const PART_SLACK = 1.1
/**
 * A stream whose keyframes are further apart cannot be cut, and would fill the memory. Smart codecs leave a minute
 * and a half between them.
 */
const LONGEST_SEGMENT_S = 150
const MOST_SEGMENT_BYTES = 192 * 1024 * 1024
/**
 * Keyframes further apart than this are reported: a power cut would lose the whole segment, and an operator waits
 * that long for a picture.
 */
const LONG_GOP_S = 12

/** What is between keyframes would fill the memory; another reader may know keyframes that this one does not. */
export class NoKeyframe extends Error {}

export type PackagerEvents = {
  /** Seconds a part should last; asked when a segment begins. Shorter parts are younger, and cost more. */
  wantedPart?(): number
  /** The open segment has one more part. */
  onPart(segment: OpenSegment): void
  /** The segment is whole: a keyframe begins the next one. */
  onSegment(segment: LentSegment): void
  /** No keyframe for so many seconds; said once a segment, and null when one came in time again. */
  onLongGop?(seconds: number | null): void
}

export function createPackager({
  onPart,
  onSegment,
  onLongGop = () => {},
  wantedPart = () => WANTED_PART_S,
  longestSegmentS = LONGEST_SEGMENT_S,
}: PackagerEvents & { /** Without a keyframe. */ longestSegmentS?: number }) {
  let segment: OpenSegment | null = null
  let part: {
    fragments: Buffer[]
    live: Buffer | null
    duration: number
    frames: number
    independent: boolean
    at: number
  } | null = null
  let framesPerPart = 0
  /** Seconds between frames; 0 until the first one came. */
  let pace = 0
  let segmentBytes = 0
  let longGop = false
  let toldLong = false
  let lostPackets = 0
  let counted = true
  /** Of some of its pictures at least. */
  let timedByArrival = false
  /** Fed part by part: many cameras' segments close at the same moment. */
  let hash: Hash = createHash('sha256')
  /** The newest part waits: how long its last picture lasts may not be known yet. */
  let unhashed: Buffer | null = null
  let lastLength = 0
  let partTarget = WANTED_PART_S
  let leases = new Map<Lease, () => void>()

  function closePart(): void {
    if (!part || !segment) return
    const bytes = joined(part.fragments)
    if (unhashed) hash.update(unhashed)
    unhashed = bytes
    segment.parts.push({
      bytes,
      ...(part.live ? { live: Buffer.concat([part.live, ...part.fragments.slice(1)]) } : {}),
      duration: part.duration,
      independent: part.independent,
      at: part.at,
    })
    part = null
    onPart(segment)
  }
  function closeSegment(): void {
    closePart()
    if (!segment) return
    const { start, duration, parts } = segment
    segment = null
    if (unhashed) hash.update(unhashed)
    unhashed = null
    const sha256 = hash.digest('hex')
    hash = createHash('sha256')
    const kept = leases
    leases = new Map()
    const loss = counted ? { lostPackets } : {}
    const times = timedByArrival ? { timedByArrival: true as const } : {}
    lostPackets = 0
    counted = true
    timedByArrival = false
    onSegment({
      start,
      duration,
      chunks: parts.map(({ bytes }) => bytes),
      sha256,
      ...loss,
      ...times,
      release: () => kept.forEach((release) => release()),
    })
  }
  function lose(packets: number): void {
    if (segment) lostPackets += packets
  }
  function setPace(): void {
    framesPerPart = Math.max(1, Math.round(wantedPart() / pace))
    partTarget = Math.ceil(framesPerPart * pace * PART_SLACK * 1000) / 1000
  }

  return {
    /** @param now wall-clock milliseconds when the fragment arrived. @throws when no keyframe comes for too long. */
    push(fragment: Fragment, now: number): void {
      if (pace === 0 && fragment.video) {
        pace = fragment.duration > 0.004 && fragment.duration < 1 ? fragment.duration : 0.04
        setPace()
      }
      const { lostBefore = 0, lostWithin = 0 } = fragment
      // They may have been the end of a segment or the beginning of the next: neither is said to be whole.
      lose(lostBefore)
      if (fragment.keyframe && segment && segment.duration >= SHORTEST_SEGMENT_S) {
        if (toldLong && !longGop) onLongGop(null)
        toldLong &&= longGop
        longGop = false
        closeSegment()
        setPace()
      }
      // Nothing can be shown before the first keyframe.
      if (!segment && !fragment.keyframe) return
      lostPackets += lostWithin + (segment ? 0 : lostBefore)
      if (fragment.lostBefore === undefined && fragment.video) counted = false
      if (!segment) segmentBytes = 0
      segment ??= { start: now, duration: 0, parts: [] }
      timedByArrival ||= fragment.timedByArrival === true
      segmentBytes += fragment.bytes.length
      if (segment.duration > LONG_GOP_S && !longGop) {
        longGop = true
        toldLong = true
        onLongGop(segment.duration)
      }
      if (segment.duration > longestSegmentS || segmentBytes > MOST_SEGMENT_BYTES)
        throw new NoKeyframe(
          `the camera sent no keyframe for ${Math.round(segment.duration)} s; set its GOP to a few seconds`,
        )
      if (part && part.frames > 0 && part.duration + fragment.duration > partTarget) closePart()
      part ??= {
        fragments: [],
        live: fragment.live ?? null,
        duration: 0,
        frames: 0,
        independent: fragment.keyframe,
        at: now,
      }
      part.fragments.push(fragment.bytes)
      lastLength = fragment.bytes.length
      if (fragment.lease && !leases.has(fragment.lease)) leases.set(fragment.lease, fragment.lease.keep())
      part.duration += fragment.duration + (fragment.liveMore ?? 0)
      part.frames += fragment.video ? 1 : 0
      segment.duration += fragment.duration
      if (part.frames >= framesPerPart) closePart()
    },
    /**
     * The newest fragment is `more` seconds longer than it said. A part that is listed already keeps its length in
     * the list; the bytes and the segment are corrected.
     * @returns whether it is listed already
     */
    lasted(more: number, rewrite: (bytes: Buffer) => void): boolean {
      if (!segment) return false
      segment.duration += more
      if (part) part.duration += more
      const newest = part ? part.fragments.at(-1) : unhashed?.subarray(unhashed.length - lastLength)
      if (newest) rewrite(newest)
      return part === null
    },
    /** Packets that never came, before something else begins: the open segment may lack its end. */
    lost: lose,
    /** The stream has ended: what is here is kept. */
    finish: closeSegment,
    /** Seconds; no part is longer. */
    partTarget: () => partTarget,
  }
}
