/**
 * One picture that goes on: whoever reads it sees the board, then a camera, then another, in one RTP stream whose
 * numbers and times continue. The picture changes at a key picture, and so may its size: facts (tried with ZoneMinder
 * 1.36): a stream that is cut costs it the event and every press that follows, a stream whose size changes costs it
 * nothing. While nobody reads, nothing is followed.
 */
import { randomInt } from 'node:crypto'
import type { CameraId } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { type PictureFormat, withSets } from './access-units.ts'
import { BOARD_RATE, type Board } from './board-picture.ts'
import { type FollowLive, followCamera } from './camera-source.ts'
import { type RtpPlace, packetsOf, senderReport } from './rtp-packets.ts'
import { createRtpTimeline } from './rtp-timeline.ts'

export type StageReader = {
  /**
   * A picture at a time: RTP and RTCP, with RTSP's four bytes before each.
   * @param isKey a reader may begin here
   */
  send(packets: readonly Buffer[], isKey: boolean): void
  end(): void
}
export type Stage = ReturnType<typeof createStage>
/** Why the board is shown: a camera whose picture is not here, a press that no camera shows, or nothing at all. */
export type Missing = { camera: CameraId } | 'any camera' | null
/** What is shown, or waits to be. */
type Source = { camera: CameraId | null; missing: Missing; stop(): void }

const REPORT_EVERY_MS = 5000
const BOARD_AGAIN_MS = 2000
/** A camera that was asked for, and whose picture does not come: the board says so. */
const PATIENCE_MS = 3000
/** How long whoever asks what the picture is waits for it, and how long it goes on when nobody reads. */
const DESCRIBED_MS = 8000
const LINGER_MS = 6000
/** What a reader that comes later is given at once: everything since the newest key picture. */
const MOST_KEPT = 16 * 1024 * 1024

export function createStage({
  clock,
  follow,
  board,
  onError,
}: {
  clock: Clock
  follow: FollowLive
  /**
   * @param like the picture in whose size it is shown; null: the usual one of this town
   * @param missing why there is no picture
   */
  board(like: PictureFormat | null, missing: Missing): Promise<Board>
  onError(error: unknown): void
}) {
  const readers = new Set<StageReader>()
  const closed = new AbortController()
  const place: RtpPlace = { sequence: randomInt(0x1_0000), ssrc: randomInt(0x1_0000_0000) }
  const times = createRtpTimeline(() => clock.monotonic(), randomInt(0x1000_0000))
  const sent = { packets: 0, bytes: 0 }
  let reportedAt = Number.NEGATIVE_INFINITY
  let wanted: CameraId | null = null
  let isOpen = false
  let format: PictureFormat | null = null
  /** Since the newest key picture; null: nothing, or too much. */
  let kept: { packets: Buffer[]; bytes: number } | null = null
  let source: Source | null = null
  let next: Source | null = null
  let resting = new AbortController()
  const waiters = new Set<() => void>()

  function send(units: readonly Buffer[], isKey: boolean, time: number): void {
    const packets = packetsOf(units, time, place)
    const bytes = packets.reduce((sum, { length }) => sum + length, 0)
    sent.packets += packets.length
    sent.bytes += bytes - 16 * packets.length
    if (isKey) kept = { packets: [], bytes: 0 }
    if (kept) {
      kept.packets.push(...packets)
      kept.bytes += bytes
      if (kept.bytes > MOST_KEPT) kept = null
    }
    const isDue = clock.monotonic() - reportedAt >= REPORT_EVERY_MS
    if (isDue) reportedAt = clock.monotonic()
    const all = isDue ? [...packets, senderReport(clock.now(), time, place.ssrc, sent)] : packets
    for (const reader of readers) reader.send(all, isKey)
  }
  /** From here on the picture is of this form, which may be another than before: its parameter sets come with it. */
  function becomes(now: PictureFormat): void {
    format = now
    kept = null
    for (const waiter of [...waiters]) waiter()
  }

  function camera(id: CameraId): Source {
    const patience = new AbortController()
    let isLate = false
    let stop = (): void => {}
    const mine: Source = {
      camera: id,
      missing: null,
      stop: () => {
        patience.abort()
        stop()
      },
    }
    stop = followCamera({
      camera: id,
      clock,
      follow,
      times,
      isShown: () => source === mine,
      send,
      onPicture(now) {
        if (id !== wanted) return drop(mine)
        if (source !== mine) source?.stop()
        source = mine
        if (next === mine) next = null
        becomes(now)
      },
      // One that was never here has its time yet.
      onLost: () => void (next === mine && !isLate ? null : lost(mine, id)),
      onError,
    })
    void clock.sleep(PATIENCE_MS, patience.signal).then(() => {
      isLate = true
      if (!patience.signal.aborted && next === mine) lost(mine, id)
    })
    return mine
  }
  function drop(mine: Source): void {
    mine.stop()
    if (next === mine) next = null
    if (source === mine) source = null
  }
  /** An old picture must not stand there as if it were now: the board says what is missing, and it is waited for. */
  function lost(mine: Source, id: CameraId): void {
    if (source !== mine && next !== mine) return
    if (id !== wanted) {
      drop(mine)
      source ??= boardOf(missing())
      return
    }
    if (next !== mine) next?.stop()
    next = mine
    if (source !== mine) source?.stop()
    source = boardOf({ camera: id })
  }
  function boardOf(why: Missing): Source {
    const stopped = new AbortController()
    const { signal } = stopped
    async function shown(): Promise<void> {
      const { format: now, pictures } = await board(format, why)
      if (signal.aborted) return
      becomes(now)
      for (let i = 0; !signal.aborted; i += 1) {
        const picture = pictures[i % pictures.length]
        if (!picture) return
        send(picture.isKey ? withSets(picture.units, now) : picture.units, picture.isKey, times.now())
        await clock.sleep(1000 / BOARD_RATE, signal)
      }
    }
    void (async () => {
      while (!signal.aborted) {
        await shown().catch(onError)
        // It could not be drawn: the picture before it must not stand for long.
        await clock.sleep(BOARD_AGAIN_MS, signal)
      }
    })()
    return { camera: null, missing: why, stop: () => stopped.abort() }
  }
  /** Why no camera is wanted. */
  const missing = (): Missing => (isOpen ? 'any camera' : null)

  /** What is shown becomes what should be; a picture that is shown stays until the new one is here. */
  function look(): void {
    if (wanted === null) {
      next?.stop()
      next = null
      if (source?.camera === null && source.missing === missing()) return
      source?.stop()
      source = boardOf(missing())
    } else if (next?.camera !== wanted && source?.camera !== wanted) {
      next?.stop()
      next = camera(wanted)
    } else if (source?.camera === wanted) {
      next?.stop()
      next = null
    }
  }
  function rest(): void {
    source?.stop()
    next?.stop()
    source = null
    next = null
    kept = null
    format = null
  }
  function restSoon(): void {
    resting.abort()
    resting = new AbortController()
    const { signal } = resting
    void clock.sleep(LINGER_MS, signal).then(() => {
      if (!signal.aborted && readers.size === 0 && waiters.size === 0) rest()
    })
  }

  return {
    /** From now on it is this camera, or the board. */
    show(now: { camera: CameraId | null; isOpen: boolean }): void {
      if (now.camera === wanted && now.isOpen === isOpen) return
      wanted = now.camera
      ;({ isOpen } = now)
      if (source || next) look()
    },
    /** What a reader is told before it reads; null when no picture came in time. */
    async describe(): Promise<PictureFormat | null> {
      look()
      restSoon()
      if (source && format) return format
      let wake = (): void => {}
      const come = new Promise<void>((resolve) => (wake = resolve))
      waiters.add(wake)
      await Promise.race([come, clock.sleep(DESCRIBED_MS, closed.signal)])
      waiters.delete(wake)
      restSoon()
      return format
    },
    /** Returns the undo. */
    join(reader: StageReader): () => void {
      resting.abort()
      readers.add(reader)
      look()
      if (kept) reader.send(kept.packets, true)
      return () => {
        readers.delete(reader)
        if (readers.size === 0) restSoon()
      }
    },
    close(): void {
      closed.abort()
      resting.abort()
      for (const reader of [...readers]) reader.end()
      readers.clear()
      rest()
    },
  }
}
