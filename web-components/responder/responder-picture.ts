/** The live picture of one camera on a responder's page: Low-Latency HLS, or still pictures where a browser has no other way. */
import Hls from 'hls.js/light'
import { configs } from '../lamppost-player/hls-settings.ts'
import type { ResponderLink } from './responder-link.ts'

export type PictureState = {
  /** Seconds since the picture last moved; null: there was none yet. */
  still: number | null
  stills: boolean
}
const RESTART_MS = 1200
const STILL_EVERY_MS = 1000

/** Whether this browser can be fed with a live picture. */
const isFed = (): boolean => Hls.isSupported()

export function createPicture(video: HTMLVideoElement, image: HTMLImageElement) {
  let stop: (() => void) | null = null
  let shown = ''
  let movedAt: number | null = null
  let time = -1

  function live(link: ResponderLink, camera: string): () => void {
    let hls: Hls | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    function begin(): void {
      hls = new Hls({
        ...configs.edge,
        liveSyncDuration: 0.6,
        xhrSetup: (request) => request.setRequestHeader('authorization', `Bearer ${link.bearer()}`),
      })
      hls.on(Hls.Events.ERROR, (_, { fatal }) => {
        if (!fatal) return
        link.check()
        hls?.destroy()
        clearTimeout(again)
        again = setTimeout(begin, RESTART_MS)
      })
      hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => {}))
      hls.loadSource(link.pictureAt(camera, 'index.m3u8'))
      hls.attachMedia(video)
    }
    begin()
    return () => {
      clearTimeout(again)
      hls?.destroy()
      video.removeAttribute('src')
      video.load()
    }
  }
  function stills(link: ResponderLink, camera: string): () => void {
    const over = new AbortController()
    const show = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const blob = await link.still(camera).catch(() => null)
        if (over.signal.aborted) return
        if (blob) {
          const old = image.src
          image.src = URL.createObjectURL(blob)
          if (old) URL.revokeObjectURL(old)
          movedAt = performance.now()
        }
        await new Promise((resolve) => setTimeout(resolve, STILL_EVERY_MS))
      }
    }
    void show()
    return () => {
      over.abort()
      if (image.src) URL.revokeObjectURL(image.src)
      image.removeAttribute('src')
    }
  }
  return {
    /** The same camera twice is no news. */
    show(link: ResponderLink, camera: string | null): void {
      if (camera === (shown || null)) return
      stop?.()
      stop = null
      shown = camera ?? ''
      movedAt = null
      time = -1
      if (camera !== null) stop = (isFed() ? live : stills)(link, camera)
    },
    state(): PictureState {
      if (video.currentTime !== time) {
        if (time >= 0 && video.currentTime > 0) movedAt = performance.now()
        time = video.currentTime
      }
      return { still: movedAt === null ? null : (performance.now() - movedAt) / 1000, stills: !isFed() }
    },
  }
}
