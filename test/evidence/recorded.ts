/**
 * A clip buffer that was recorded some time ago: what the recorder writes, by its own packager and ring, out of
 * ffmpeg's bytes.
 */
import { join } from 'node:path'
import { createPackager } from '../../server/clip/ring/clip-packager.ts'
import { openClipRing } from '../../server/clip/ring/clip-ring.ts'
import { createFragmentReader } from '../../server/clip/record/fragment-reader.ts'
import { makeStream } from '../clip/made-streams.ts'

export type Recorded = { from: number; to: number }
type Options = {
  seconds?: number
  rate?: number
  extra?: string[]
  /** Milliseconds: when the first picture arrived. */ at: number
  /** How fast the camera's clock goes against ours. */ speed?: number
  /** Packets that never came just before one of its pictures, of a reader that counts them. */ lost?: {
    picture: number
    packets: number
  } | null
  /** The first picture whose time is that of its arrival. */ timedByArrivalFrom?: number
}

/** @param clips the folder of all clip buffers. @returns where the recording lies in time. */
export async function recordClip(
  clips: string,
  camera: string,
  { seconds = 12, rate = 15, extra = [], at, speed = 1, lost = null, timedByArrivalFrom = Infinity }: Options,
): Promise<Recorded> {
  const ring = openClipRing({ folder: join(clips, camera), limits: { keepMs: 86_400_000, mostBytes: null } })
  let run = 0
  let arrived = at
  let picture = 0
  const packager = createPackager({ onPart: () => {}, onSegment: (segment) => void ring.append({ ...segment, run }) })
  const reader = createFragmentReader({
    onInit: ({ bytes }) => (run = ring.beginRun(bytes)),
    onFragment(fragment) {
      packager.push(
        {
          ...fragment,
          ...(lost === null ? {} : { lostBefore: picture === lost.picture ? lost.packets : 0 }),
          ...(picture >= timedByArrivalFrom ? { timedByArrival: true } : {}),
        },
        Math.round(arrived),
      )
      picture += 1
      arrived += (fragment.duration * 1000) / speed
    },
  })
  reader.push(makeStream({ seconds, rate, gop: rate, extra }))
  packager.finish()
  await ring.settled()
  await ring.close()
  return { from: at, to: Math.round(arrived) }
}
