/**
 * What the video thread has of one camera: its ring, its live window, its recorder while it records, and whether the
 * disk takes it.
 */
import { join } from 'node:path'
import type { PictureForm, Range, Reader, Sound } from '../glossary/clip.ts'
import type { Recorder } from './record/clip-recorder.ts'
import { type ClipRing, type DiskGate, type RingLimits, openClipRing } from './ring/clip-ring.ts'
import type { ConvertedView } from './live/converted-view.ts'
import { type LiveWindow, createLiveWindow } from './live/live-window.ts'
import { messageOf } from '../tools/failure.ts'
import type { StreamAddress } from './record/recording-run.ts'

/** `substream`: the camera's own H.264, where what is recorded is something else. */
export type CameraToRecord = {
  id: string
  address: StreamAddress | null
  substream: StreamAddress | null
  mode: 'always' | 'on-press'
  sound: Sound
  reader: Reader
  limits: RingLimits
}
export type Hold = { name: string; range: Range }
export type BufferState = { buffer: 'up' | 'down'; reason: string | null }
export type Channel = {
  ring: ClipRing
  window: LiveWindow
  recorder: Recorder | null
  wanted: CameraToRecord
  view: ConvertedView | null
  buffer: BufferState
  unfollow: Map<PictureForm, () => void>
}

/**
 * @param publishFirst whether somebody was told before, by a thread that has ended: what is found first is news,
 * whatever it is.
 * @param wantedPart seconds that a part of its live picture should last now.
 * @param onBuffer hears when the disk stops taking its pictures, and when it takes them again
 */
export function openChannel({
  wanted,
  folder,
  gate,
  wantedPart,
  publishFirst,
  onBuffer,
  onError,
}: {
  wanted: CameraToRecord
  folder: string
  gate: DiskGate
  wantedPart(isAsked: boolean): number
  publishFirst: boolean
  onBuffer(state: BufferState): void
  onError(error: unknown): void
}): Channel {
  const buffer: BufferState = { buffer: 'up', reason: null }
  let mustPublish = publishFirst
  const onWritten = (problem: string | null): void => {
    const now: BufferState =
      problem === null
        ? { buffer: 'up', reason: null }
        : { buffer: 'down', reason: `The clip buffer cannot be written: ${problem}` }
    if (!mustPublish && buffer.buffer === now.buffer && buffer.reason === now.reason) return
    mustPublish = false
    Object.assign(buffer, now)
    onBuffer(now)
  }
  const ring = openClipRing({
    folder: join(folder, wanted.id),
    limits: wanted.limits,
    gate,
    onWritten,
    onStuck: (file, error) =>
      onError(new Error(`${file} of ${wanted.id}'s clip buffer should go, and the disk keeps it: ${messageOf(error)}`)),
  })
  return {
    ring,
    window: createLiveWindow({ longest: ring.longest, wantedPart }),
    recorder: null,
    wanted,
    view: null,
    buffer,
    unfollow: new Map(),
  }
}
