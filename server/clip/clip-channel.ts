/**
 * What the video thread has of one camera: its ring, its live window, its recorder while it records, and whether the
 * disk takes it.
 */
import { dirname, join } from 'node:path'
import type { LiveForm, Range, Reader, Sound } from '../glossary/clip.ts'
import type { Privacy } from '../glossary/site.ts'
import type { Recorder } from './record/clip-recorder.ts'
import { type ClipRing, type DiskGate, type RingLimits, openClipRing } from './ring/clip-ring.ts'
import type { ConvertedView } from './live/converted-view.ts'
import { type LiveWindow, createLiveWindow } from './live/live-window.ts'
import { type Coverage, createCoverage } from './privacy/cover.ts'
import { type HeadTrack, openHeadTrack } from './privacy/head-track.ts'
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
  /** What of its picture is nobody’s business; null: nothing. */
  privacy: Privacy | null
}
export type Hold = { name: string; range: Range }
export type BufferState = { buffer: 'up' | 'down'; reason: string | null }
export type Channel = {
  ring: ClipRing
  window: LiveWindow
  recorder: Recorder | null
  wanted: CameraToRecord
  view: ConvertedView | null
  /** What must be covered of it; null: nothing. */
  coverage: Coverage | null
  track: HeadTrack | null
  buffer: BufferState
  unfollow: Map<LiveForm, () => void>
}

/** What must be covered of a camera, by its masks; of one that turns, by where it looked. */
export function coverageOf(
  { id, privacy }: Pick<CameraToRecord, 'id' | 'privacy'>,
  before: Pick<Channel, 'track'> | null,
  {
    folder,
    now,
    mayTurn = false,
    onError,
  }: { folder: string; now: number; mayTurn?: boolean; onError(error: unknown): void },
): Pick<Channel, 'coverage' | 'track'> {
  if (!privacy) return { coverage: null, track: null }
  const file = join(dirname(folder), 'clip-heads', `${id}.jsonl`)
  const turns = privacy.masks.some((mask) => 'box' in mask) || mayTurn
  const track = turns ? (before?.track ?? openHeadTrack({ file, now, onError })) : null
  return { coverage: createCoverage(privacy, track), track }
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
  now,
  gate,
  wantedPart,
  publishFirst,
  onBuffer,
  onError,
}: {
  wanted: CameraToRecord
  folder: string
  /** Milliseconds since 1970. */
  now: number
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
    ...coverageOf(wanted, null, { folder, now, onError }),
    buffer,
    unfollow: new Map(),
  }
}
