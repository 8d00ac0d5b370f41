/** Whether the picture shows the preset's place: a frame that arrived after the head stood still, beside what was taught. */
import type { CameraId, PresetToken } from '../glossary/camera.ts'
import type { Clock } from '../tools/clock.ts'
import type { PictureReferences } from './picture-references.ts'
import { type Mask, type PictureVerdict, judgeMatch } from './picture-match.ts'
import type { Comparison } from './picture-thread.ts'

/** A camera's newest keyframe as a JPEG, and when it arrived. @throws live/none */
export type Still = (camera: CameraId) => Promise<{ picture: Uint8Array; at: number }>
export type PictureProof = (camera: CameraId, token: PresetToken, masks: readonly Mask[], signal: AbortSignal) => Promise<PictureVerdict | null>

/** A new keyframe comes within a few seconds, or the picture is no proof of anything now. */
const PATIENCE_MS = 6000
const LOOK_EVERY_MS = 200
const BLIND = { dark: 'The picture is dark: nothing can be seen in it.', covered: 'The picture is blank: the lens may be covered.' }

/** Null when the preset has no reference picture: then nothing is claimed either way. */
export function createPictureProof({ references, still, compare, clock }: { references: Pick<PictureReferences, 'all'>; still: Still; compare(picture: Uint8Array, references: Uint8Array[], masks: Mask[]): Promise<Comparison>; clock: Clock }): PictureProof {
  return async (camera, token, masks, signal) => {
    const taught = await references.all(camera, token)
    if (taught.length === 0) return null
    const since = clock.now()
    while (!signal.aborted && clock.now() - since < PATIENCE_MS) {
      const found = await still(camera).catch(() => null)
      if (found && found.at >= since) {
        const { match, blind } = await compare(found.picture, taught, [...masks])
        return blind ? { proves: false, words: BLIND[blind] } : judgeMatch(match)
      }
      await clock.sleep(LOOK_EVERY_MS, signal)
    }
    return { proves: false, words: 'No new picture came to compare with the reference.' }
  }
}
