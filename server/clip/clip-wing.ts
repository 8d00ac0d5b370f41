/** The clip buffers: what is recorded of every camera, and the receiver of cameras that push. Video runs in a thread. */
import { join } from 'node:path'
import type { CameraId } from '../glossary/camera.ts'
import type { RecordingNews } from '../glossary/clip.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createTopic } from '../tools/topic.ts'
import { diskNews } from './disk-news.ts'
import { createClipDesk } from './clip-desk.ts'
import { createPushedStreams } from './record/pushed-streams.ts'
import { startRtmpIngest } from './record/rtmp-ingest.ts'
import { streamSecrets } from '../tools/rtsp/stream-secrets.ts'

export type ClipNeeds = {
  clock: Clock
  logger: { error(facts: object | string, words?: string): void }
  dataFolder: string
  host: string
  rtmpPort: number
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site }
  /** Where the simulated cameras that push find their receiver. */
  pushTo(addresses: Readonly<Record<CameraId, string>>): void
}

export function openClips({
  clock,
  logger,
  dataFolder,
  host,
  rtmpPort,
  news,
  closing,
  onError,
  town,
  pushTo,
}: ClipNeeds) {
  const addresses = new Map<CameraId, string>()
  const video = createTopic<RecordingNews>(onError)
  const buffer = createTopic<RecordingNews>(onError)
  const desk = createClipDesk({
    folder: join(dataFolder, 'clips'),
    scratch: join(dataFolder, 'scratch'),
    now: clock.now,
    disk: town.site().storage,
    onVideo: (camera, state, reason) => video.publish({ camera, state, reason }),
    onBuffer: (camera, state, reason) => buffer.publish({ camera, state, reason }),
    onDisk: diskNews(logger, news),
    onError,
  })
  closing.add('the clip buffers', desk.close)
  const scratch = join(dataFolder, 'scratch', 'rtmp')
  const pushed = createPushedStreams({
    start: (keys) =>
      startRtmpIngest({ port: rtmpPort, host, scratch, keys, clock, onError: (words) => logger.error(words) }),
    record: (camera, stream, key) => desk.stream(camera, stream, null, [key]),
    onAddresses: pushTo,
  })
  closing.add('the RTMP ingest', pushed.close)

  return {
    ...desk,
    video: video.subscribe,
    buffer: buffer.subscribe,
    pushed: pushed.follow,
    /** A stream as its camera, or the site file, names it. */
    announced(camera: SiteCamera, stream: URL, substream: URL | null): Promise<void> {
      addresses.set(camera.id, stream.href)
      return desk.stream(camera, stream, streamSecrets(camera), [], substream)
    },
    /** Where that camera’s stream is read, as it was last announced; it may have a password in it. Null: not known. */
    streamAt: (camera: CameraId): string | null => addresses.get(camera) ?? null,
    follow: {
      'the clip buffers': async ({ storage, cameras }: Site): Promise<void> => {
        desk.limitDisk(storage)
        await desk.follow(cameras)
      },
    },
    begin: desk.evictFromNowOn,
  }
}
