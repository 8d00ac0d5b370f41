/** The usual size of this town's pictures: what streams begin with, so that it changes as seldom as it can. */
import type { CameraId } from '../glossary/camera.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { readTracks } from '../tools/media/fmp4-boxes.ts'
import type { FollowLive } from './stream/camera-source.ts'

export type Size = { width: number; height: number }
/** While no camera has shown anything yet. */
const DEFAULT: Size = { width: 1280, height: 720 }
const WITHIN_MS = 2500
const AGAIN_MS = 10 * 60_000
const SOON_MS = 20_000
const MOST_ASKED = 8

/** Cameras that look at help points, which are those that will be shown. */
export function usualCameras({ cameras }: Site): CameraId[] {
  const looking = cameras.filter(({ presets }) => presets.size > 0)
  return (looking.length > 0 ? looking : cameras)
    .filter(({ buffer }) => buffer.mode === 'always')
    .slice(0, MOST_ASKED)
    .map(({ id }) => id)
}

export function createPictureSize({
  clock,
  follow,
  cameras,
}: {
  clock: Clock
  follow: FollowLive
  cameras(): CameraId[]
}) {
  const seen = new Map<CameraId, Size>()
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  async function sizeOf(camera: CameraId): Promise<Size | null> {
    const late = new AbortController()
    let viewing: { leave(): void } | null = null
    const found = await Promise.race([
      new Promise<Size | null>((resolve) => {
        viewing = follow(camera, {
          begin({ init }) {
            try {
              const video = readTracks(Buffer.from(init)).find(({ kind }) => kind === 'video')
              resolve(video ? { width: video.width, height: video.height } : null)
            } catch {
              resolve(null)
            }
          },
          part: () => {},
          gone: () => {},
        })
      }),
      clock.sleep(WITHIN_MS, late.signal).then(() => null),
    ])
    late.abort()
    ;(viewing as { leave(): void } | null)?.leave()
    return found
  }
  async function ask(): Promise<void> {
    askedAt = clock.monotonic()
    const all = cameras()
    const sizes = await Promise.all(all.map(sizeOf))
    sizes.forEach((size, i) => {
      const camera = all[i]
      if (size && camera !== undefined) seen.set(camera, size)
    })
    // A town that is just starting is asked again soon.
    if (seen.size === 0) askedAt = clock.monotonic() - AGAIN_MS + SOON_MS
  }
  function most(): Size {
    const counts = new Map<string, { size: Size; count: number }>()
    for (const size of seen.values()) {
      const key = `${size.width}x${size.height}`
      counts.set(key, { size, count: (counts.get(key)?.count ?? 0) + 1 })
    }
    const [first] = [...counts.values()].toSorted((one, other) => other.count - one.count)
    return first?.size ?? DEFAULT
  }
  return {
    /** Asked of the cameras now and then. */
    async usual(): Promise<Size> {
      if (clock.monotonic() - askedAt > AGAIN_MS) asking ??= ask().finally(() => (asking = null))
      if (seen.size === 0) await asking
      return most()
    },
  }
}
