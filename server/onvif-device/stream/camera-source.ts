/** A camera's live picture as pictures that a stage can send: from the newest key picture on. */
import type { CameraId } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import {
  type AccessUnit,
  type PartReader,
  type PictureFormat,
  createPartReader,
  setsIn,
  withSets,
} from './access-units.ts'
import type { RtpTimeline } from './rtp-timeline.ts'

/** A camera's newest picture, as the clip room has it: from the newest key picture on, then part by part. */
export type LiveStart = { init: Uint8Array; parts: readonly { bytes: Uint8Array }[] }
export type FollowLive = (
  camera: CameraId,
  listener: {
    begin(start: LiveStart): void
    part(live: { part: { bytes: Uint8Array } }): void
    gone(why?: Error): void
  },
) => { again(): void; leave(): void }
/** Sends one picture. @param time when it is shown; 90 kHz */
export type SendPicture = (units: readonly Buffer[], isKey: boolean, time: number) => void

const AGAIN_MS = 2000
const LOOK_MS = 10_000

/** Returns the undo. `isShown`: whether its pictures are wanted now, beyond those that it begins with. */
export function followCamera({
  camera,
  clock,
  follow,
  times,
  isShown,
  send,
  onPicture,
  onLost,
  onError,
}: {
  camera: CameraId
  clock: Clock
  follow: FollowLive
  times: RtpTimeline
  isShown(): boolean
  send: SendPicture
  /** There is a picture, of this form; what it begins with is sent after this. */
  onPicture(format: PictureFormat): void
  /** There is none now; it may come again. */
  onLost(): void
  onError(error: unknown): void
}): () => void {
  const stopped = new AbortController()
  let reader: PartReader | null = null
  let lastDecode = 0
  let sets: Pick<PictureFormat, 'sps' | 'pps'> = { sps: [], pps: [] }
  let isLive = false
  let viewing: { again(): void; leave(): void } | null = null
  const { signal } = stopped

  function sendPicture({ units, isKey, decodeTime, composition }: AccessUnit, out: number): void {
    const own = setsIn(units)
    if (own.sps.length > 0 && own.pps.length > 0) sets = own
    lastDecode = decodeTime
    send(isKey ? withSets(units, sets) : units, isKey, out + composition)
  }
  function fails(problem: unknown): void {
    onError(new Error(`The ONVIF device cannot pass on the picture of ${camera}: ${messageOf(problem)}`))
    reader = null
    isLive = false
    onLost()
    void soon()
  }
  async function soon(): Promise<void> {
    await clock.sleep(AGAIN_MS, signal)
    if (!signal.aborted) viewing?.again()
  }

  viewing = follow(camera, {
    begin({ init, parts }) {
      if (signal.aborted) return
      try {
        const fresh = createPartReader(init)
        const all = parts.flatMap(({ bytes }) => fresh.read(bytes))
        const from = all.findIndex(({ isKey }) => isKey)
        if (from === -1) return
        const pictures = all.slice(from)
        reader = fresh
        sets = fresh.format
        isLive = true
        onPicture(fresh.format)
        // It is not wanted any more.
        if (signal.aborted) return
        const outs = times.spread(pictures.map(({ decodeTime }) => decodeTime))
        pictures.forEach((picture, i) => sendPicture(picture, outs[i] ?? 0))
      } catch (error) {
        fails(error)
      }
    },
    part({ part }) {
      if (signal.aborted || !reader || !isShown()) return
      try {
        for (const picture of reader.read(part.bytes))
          sendPicture(picture, times.after(picture.decodeTime - lastDecode))
      } catch (error) {
        fails(error)
      }
    },
    gone(why) {
      if (signal.aborted) return
      isLive = false
      onLost()
      // With a reason it does not come again by itself.
      if (why) void soon()
    },
  })
  /** Whatever was missed: a camera that is not live is asked for again. */
  void (async () => {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal)
      if (!signal.aborted && !isLive) viewing?.again()
    }
  })()
  return () => {
    stopped.abort()
    viewing?.leave()
  }
}
