/** Types only: the clip buffer and the ranges of it that incidents hold. */
import type { CameraId } from './camera.ts'

export type Gap = { from: string; to: string }

/** A range of one camera's clip buffer that an incident holds: never evicted. Times are UTC ISO 8601. */
export type Clip = { camera: CameraId; from: string; to: string | null }
export type ClipView = Clip & { playlist: string; gaps: Gap[] }

/** Wall-clock milliseconds since 1970, as everywhere inside the clip room. */
export type Range = { from: number; to: number | null }

/** One segment as the recorder closed it; its bytes are never touched again. */
export type Segment = {
  /** Counts up per camera for ever, across restarts. */
  number: number
  /** One ffmpeg run is one initialisation section and one timeline. */
  run: number
  /** Arrival wall clock of its first byte, milliseconds. */
  start: number
  /** Media seconds. */
  duration: number
  bytes: number
  /** SHA-256 of the bytes, hex, taken when the segment was closed. */
  sha256: string
}
