/** Types only: what the rooms that stand above the cameras give them. */
import type { CameraId, HeadLook } from '../glossary/camera.ts'
import type { RecorderReport, RecordingNews } from '../glossary/clip.ts'
import type { Append } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Place } from '../glossary/press.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import type { Glimpse } from './watch/blind-watch.ts'
import type { SiteEdit } from './presets/preset-keeping.ts'

export type CameraNeeds = {
  clock: Clock
  logger: Record<'info' | 'warn', (facts: object, words: string) => void>
  dataFolder: string
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  /** Before each path that an answer names. */
  basePath: string
  /** Where cameras are looked for when nobody names a network interface; null for the machine's own choice. */
  findingDevice: string | null
  /** Whether this server still moves the town's cameras; left out: nobody else could. */
  mayMove?: (() => boolean) | undefined
  town: {
    site(): Site
    placeOf(id: string): Place | null
    knows(id: string): boolean
    editPreset(edit: SiteEdit): Promise<void>
  }
  ledger: { append: Append }
  clips: {
    video(listener: (news: RecordingNews) => void): () => void
    buffer(listener: (news: RecordingNews) => void): () => void
    announced(camera: SiteCamera, stream: URL, substream: URL | null): Promise<void>
    pushed(cameras: readonly SiteCamera[]): Promise<void>
    codec(camera: CameraId): string | null
    hasSubstream(camera: CameraId): boolean
    /** For proofs; it must not leave this server. */
    unmaskedStill(camera: CameraId): Promise<{ picture: Uint8Array; at: number }>
    glimpses(cameras: readonly CameraId[], size: { width: number; height: number }): Promise<(Glimpse | null)[]>
    report(camera: CameraId): Promise<RecorderReport>
    /** A kept picture as it may be shown. */
    covered(camera: CameraId, jpeg: Uint8Array, position: HeadLook['position']): Promise<Uint8Array>
    /** Where the head of a camera with privacy masks looks. */
    look(camera: CameraId, look: HeadLook): void
  }
}
