/**
 * The newest seconds of one camera, for players: what is listed, and who waits for what comes next. Bounded in
 * memory.
 */
import type { Segment } from '../../glossary/clip.ts'
import { Failure } from '../../tools/failure.ts'
import { type OpenSegment, type Part, WANTED_PART_S } from '../ring/clip-packager.ts'
import { type ListedSegment, livePlaylist } from '../ring/hls-playlist.ts'

const LISTED_SEGMENTS = 30
/** Older segments are read from the ring; their parts are no longer listed (RFC 8216bis 6.2.2). */
const SEGMENTS_WITH_PARTS = 3
const WAIT_MS = 4000
const ADVANCE_S = 3
/** Until a camera has shown how far apart its keyframes are; most send one every second or two. */
const LIKELY_SEGMENT_S = 2
/** Seconds of picture a viewer begins with, at least: it plays a little behind their end. */
const LEAST_START_S = 0.4

type Kept = Segment & { parts: Part[] | null; forget(): void }
/**
 * What a viewer needs to show the newest picture at once: everything since a keyframe, and never less than a moment.
 * `index`: the newest part's in its segment.
 */
export type LiveStart = {
  run: number
  partTarget: number
  number: number
  index: number
  start: number
  parts: Part[]
  /** The segments before, oldest first. */ before: Pick<Segment, 'number' | 'start' | 'duration'>[]
}
/** One part as it became known, told to whoever follows. */
export type LivePart<Bytes extends Uint8Array = Buffer> = {
  run: number
  number: number
  index: number
  start: number
  part: Part<Bytes>
}
export type Query = { msn: number | null; part: number | null; skip: boolean; plain?: boolean }
export type LiveWindow = ReturnType<typeof createLiveWindow>

/**
 * @param longest seconds of the longest segment already recorded, so that the target duration need not change later.
 * @param listed how many closed segments a playlist names.
 * @param wantedPart seconds that a part should last now.
 */
export function createLiveWindow({
  longest: known = 0,
  listed: mostListed = LISTED_SEGMENTS,
  wantedPart = () => WANTED_PART_S,
}: { longest?: number; listed?: number; wantedPart?(isAsked: boolean): number } = {}) {
  let segments: Kept[] = []
  let open: { number: number; run: number; segment: OpenSegment } | null = null
  let newestTarget = 0.1
  let longest = Math.max(LIKELY_SEGMENT_S, known)
  let running = false
  /** A part was asked for over HTTP: since the newest segment ended, or while it grew. */
  let asked = { now: false, before: false }
  const waiters = new Set<() => void>()
  const followers = new Set<(news: LivePart | null) => void>()

  const wake = (): void => {
    for (const waiter of [...waiters]) waiter()
  }
  const isAsked = (): boolean => asked.now || asked.before
  const nextNumber = (): number => open?.number ?? (segments.at(-1)?.number ?? -1) + 1
  const has = (msn: number, part: number | null): boolean =>
    nextNumber() > msn || (part !== null && open?.number === msn && open.segment.parts.length > part)

  /** @throws live/none when the camera stops or takes too long: a player is told, never left hanging. */
  function waitFor(ready: () => boolean, patient = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Failure | null): void => {
        clearTimeout(timer)
        waiters.delete(look)
        if (error) reject(error)
        else resolve()
      }
      const look = (): void => {
        if (ready()) done(null)
        else if (!running && !patient) done(new Failure('live/none', 'There is no live picture from this camera now.'))
      }
      const timer = setTimeout(
        () => done(new Failure('live/none', 'The camera sent no new picture in time.')),
        Math.max(WAIT_MS, 1000 * (longest + 2)),
      )
      waiters.add(look)
      look()
    })
  }

  /** No part that is listed may be longer, whatever the newest ones are. */
  const partTarget = (): number =>
    Math.max(
      newestTarget,
      ...[...segments.flatMap(({ parts }) => parts ?? []), ...(open?.segment.parts ?? [])].map(
        ({ duration }) => duration,
      ),
    )

  const listed = (): { closed: ListedSegment[]; open: (ListedSegment & { parts: Part[] }) | null } => ({
    closed: segments.map(({ number, run, start, duration, parts }) => ({ number, run, start, duration, parts })),
    open: open && {
      number: open.number,
      run: open.run,
      start: open.segment.start,
      duration: open.segment.duration,
      parts: open.segment.parts,
    },
  })

  return {
    onPart(number: number, run: number, segment: OpenSegment, target: number): void {
      open = { number, run, segment }
      newestTarget = target
      running = true
      const index = segment.parts.length - 1
      const part = segment.parts[index]
      if (part) for (const follower of followers) follower({ run, number, index, start: segment.start, part })
      wake()
    },
    /** @param release called once, when this window reads the segment's bytes no more. */
    onSegment(segment: Segment, release: () => void = () => {}): void {
      const parts = open?.number === segment.number ? open.segment.parts : null
      segments.push({ ...segment, parts, forget: release })
      for (const old of segments.slice(0, -SEGMENTS_WITH_PARTS)) {
        old.parts = null
        old.forget()
        old.forget = () => {}
      }
      segments = segments.slice(-mostListed)
      longest = Math.max(longest, ...segments.map(({ duration }) => duration))
      open = null
      asked = { now: false, before: asked.now }
      wake()
    },
    /** The recorder has ended; nobody should wait for it. */
    stopped(): void {
      running = false
      open = null
      asked = { now: false, before: false }
      for (const follower of followers) follower(null)
      wake()
    },
    /** Null when there is no live picture now. The bytes are good until the next turn of the event loop. */
    newest(): LiveStart | null {
      if (!running) return null
      const last = segments.findLast(({ parts }) => parts?.length)
      const found = open?.segment.parts.length
        ? { number: open.number, run: open.run, start: open.segment.start, parts: open.segment.parts }
        : last && { ...last, parts: last.parts ?? [] }
      if (!found) return null
      // A keyframe that has only just come leaves nothing to play from: then the one before it.
      const short = found.parts.reduce((sum, { duration }) => sum + duration, 0) < LEAST_START_S
      const previous = short
        ? segments.find(({ number, run, parts }) => number === found.number - 1 && run === found.run && parts?.length)
        : undefined
      const before = segments
        .filter(({ number, run }) => number < (previous ?? found).number && run === found.run)
        .slice(-2)
      return {
        run: found.run,
        partTarget: partTarget(),
        number: found.number,
        index: found.parts.length - 1,
        start: (previous ?? found).start,
        parts: [...(previous?.parts ?? []), ...found.parts],
        before: before.map(({ number, start, duration }) => ({ number, start, duration })),
      }
    },
    /** Hears every part as it comes, and null when the recorder has ended. Returns the undo. */
    follow(follower: (news: LivePart | null) => void): () => void {
      followers.add(follower)
      return () => followers.delete(follower)
    },
    /** Blocks until the segment or part asked for is here (RFC 8216bis 6.2.5.2). @throws live/ahead, live/none */
    async playlist({ msn, part, skip, plain = false }: Query): Promise<string> {
      // A recorder that is just starting, or starting again, is worth a short wait.
      if (msn === null) await waitFor(() => running, true)
      if (msn !== null) {
        if (msn > nextNumber() + 1)
          throw new Failure('live/ahead', `Segment ${msn} is too far ahead; the newest is ${nextNumber()}.`)
        // A part that is not announced yet, and not the next few either, will not come in time (RFC 8216bis 6.2.5.2,
        // advance part limit).
        const here = open?.number === msn ? open.segment.parts.length : 0
        if (part !== null && msn >= nextNumber() && part > here + Math.ceil(ADVANCE_S / Math.min(1, partTarget())))
          throw new Failure('live/ahead', `Part ${part} of segment ${msn} is too far ahead; it has ${here} so far.`)
        asked.now ||= running && part !== null
        await waitFor(() => has(msn, part))
      }
      const now = listed()
      return livePlaylist(
        {
          segments: now.closed,
          open: now.open,
          partTarget: partTarget(),
          targetDuration: Math.max(1, Math.round(longest)),
        },
        skip,
        plain,
      )
    },
    /**
     * Waits for a part that was announced. Null when it is not, or no longer, here. The bytes are good until the next
     * turn of the event loop.
     */
    async part(number: number, index: number): Promise<Buffer | null> {
      if (number > nextNumber() || (open?.number === number && index > open.segment.parts.length)) return null
      if (number === nextNumber()) await waitFor(() => has(number, index))
      const parts =
        open?.number === number ? open.segment.parts : segments.find((segment) => segment.number === number)?.parts
      const found = parts?.[index]
      return found?.live ?? found?.bytes ?? null
    },
    /** The newest keyframe's part, to make a still picture of; good until the next turn of the event loop. */
    newestKeyframe(): { run: number; bytes: Buffer; at: number } | null {
      if (open?.segment.parts[0]) return { run: open.run, bytes: open.segment.parts[0].bytes, at: open.segment.start }
      const last = segments.findLast(({ parts }) => parts?.[0])
      return last?.parts?.[0] ? { run: last.run, bytes: last.parts[0].bytes, at: last.start } : null
    },
    /**
     * What a live picture is: what is listed, and as much again that a player may just have read of (RFC 8216bis
     * 6.2.2). Further back is a recording, which is not for everybody.
     */
    isLive: (number: number): boolean =>
      number >= (segments[0]?.number ?? open?.number ?? Number.POSITIVE_INFINITY) - mostListed,
    isLiveRun: (run: number): boolean => run >= (segments[0]?.run ?? open?.run ?? Number.POSITIVE_INFINITY) - 1,
    wantedPart: (): number => wantedPart(isAsked()),
    running: () => running,
    /** Wall-clock milliseconds up to which every picture is in a closed segment. */
    closedUntil: (): number => open?.segment.start ?? Number.NEGATIVE_INFINITY,
    /** Seconds between keyframes, at most, as far as is known. */
    longest: () => longest,
    followed: (): boolean => followers.size > 0,
    /** Some player asks for it part by part, over HTTP. */
    isAsked,
  }
}
