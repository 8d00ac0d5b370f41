/** Types only: the clip buffer and the ranges of it that incidents hold. */
import type { CameraId, Reachability } from './camera.ts'

/** Of what is recorded of a camera: whether it comes, or whether it reaches the disk. */
export type RecordingNews = { camera: CameraId; state: Reachability; reason: string | null }

export type Gap = { from: string; to: string }

/** A range of one camera's clip buffer that an incident holds: never evicted. Times are UTC ISO 8601. */
export type Clip = { camera: CameraId; from: string; to: string | null }
export type ClipView = Clip & { playlist: string; gaps: Gap[] }

/**
 * `copy`: as the camera sends it. `h264`: made anew, or its H.264 sub-stream, for browsers that cannot show what it
 * sends.
 */
export type PictureForm = 'copy' | 'h264'

/** `unmasked`: as the camera sends it, whatever its privacy masks are; it never leaves this server. */
export type LiveForm = PictureForm | 'unmasked'

/** Wall-clock milliseconds since 1970, as everywhere inside the clip room. */
export type Range = { from: number; to: number | null }

/** One segment as the recorder closed it; its bytes are never touched again. */
export type Segment = {
  /** Counts up per camera for ever, across restarts. */
  number: number
  /** One run is one initialisation section and one timeline. */
  run: number
  /** Arrival wall clock of its first byte, milliseconds. */
  start: number
  /** Media seconds. */
  duration: number
  bytes: number
  /** SHA-256 of the bytes, hex, taken when the segment was closed. */
  sha256: string
  /**
   * Packets of the camera's stream that never came: pictures of it are damaged or not there. Left out where nobody
   * counted them.
   */
  lostPackets?: number
  /** Its camera's own timestamps were of no use: each picture has the time at which it arrived. */ timedByArrival?: true
}

/** What becomes of sound: `keep` copies AAC, `convert` makes AAC of it (G.711 fits no MP4). */
export type Sound = 'drop' | 'keep' | 'convert'

/** Who reads a camera's stream: this process, or an ffmpeg for streams that need one. */
export type Reader = 'direct' | 'ffmpeg'

export type TimedBy = 'camera' | 'arrival'

/** For the engineer: what is recorded of a camera, and what went wrong before. Times are UTC ISO 8601. */
export type RecorderReport = {
  codec: string | null
  picture: PictureForm
  sound: Sound
  reader: Reader
  /** Whose times pictures have: the camera's own, or those of their arrival, where its own are of no use. */
  timedBy: TimedBy
  startedAt: string | null
  /** How often recording began. */ runs: number
  lastEnd: { at: string; reason: string; words: string[] } | null
}
