/** Cameras that push: received by node-media-server, which is started for the first of them, and recorded like others. */
import type { CameraId } from '../../glossary/camera.ts'
import type { SiteCamera } from '../../glossary/site.ts'
import type { startRtmpIngest } from './rtmp-ingest.ts'

export type RtmpIngest = Pick<Awaited<ReturnType<typeof startRtmpIngest>>, 'setKeys' | 'streamOf' | 'close'>
export type PushedStreamsPort = {
  start(keys: string[]): Promise<RtmpIngest>
  record(camera: SiteCamera, stream: URL, key: string): Promise<void>
  /** Where each camera finds its receiver. */
  onAddresses(addresses: Readonly<Record<CameraId, string>>): void
}

const keysOf = (cameras: readonly SiteCamera[]): { camera: SiteCamera; key: string }[] =>
  cameras.flatMap((camera) => (camera.rtmp ? [{ camera, key: camera.rtmp.streamKey }] : []))

export function createPushedStreams({ start, record, onAddresses }: PushedStreamsPort) {
  let ingest: RtmpIngest | null = null
  return {
    async follow(cameras: readonly SiteCamera[]): Promise<void> {
      const found = keysOf(cameras)
      const keys = found.map(({ key }) => key)
      if (ingest) ingest.setKeys(keys)
      if (found.length === 0) return
      const receiver = (ingest ??= await start(keys))
      for (const { camera, key } of found) await record(camera, receiver.streamOf(key), key)
      onAddresses(Object.fromEntries(found.map(({ camera, key }) => [camera.id, receiver.streamOf(key).href])))
    },
    close: async (): Promise<void> => ingest?.close(),
  }
}
