/**
 * Whether the picture shows the preset's place: a frame that arrived after the head stood still, beside what was
 * taught.
 */
import type { CameraId, PresetToken } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { PictureReferences } from './picture-references.ts'
import { type Mask, type PictureVerdict, judgeMatch } from './picture-match.ts'
import type { Comparison } from './picture-thread.ts'

/** A camera's newest keyframe as a JPEG, and when it arrived. @throws live/none */
export type Still = (camera: CameraId) => Promise<{ picture: Uint8Array; at: number }>
/** `onSeen` hears the picture that was looked at. */
export type PictureProof = (
  camera: CameraId,
  token: PresetToken,
  masks: readonly Mask[],
  signal: AbortSignal,
  onSeen?: (picture: Uint8Array) => void,
) => Promise<PictureVerdict | null>

/** A new keyframe comes within a few seconds, or the picture is no proof of anything now. */
const PATIENCE_MS = 6000
const LOOK_EVERY_MS = 200
/**
 * A camera takes its time from the lens to the wire: what arrives sooner than this may still show the move, or the
 * lens finding its focus.
 */
export const SETTLING_MS = 1500
const BLIND = {
  dark: 'The picture is dark: nothing can be seen in it.',
  covered: 'The picture is blank: the lens may be covered.',
}
const FROZEN =
  'The picture has not changed by a single point for a while: the camera’s encoder is frozen, so it shows what was.'

export type FreshStill = (camera: CameraId, signal?: AbortSignal, afterMs?: number) => ReturnType<Still>

/**
 * A keyframe that arrived after it was asked for, or `afterMs` later: what the camera shows, not what it showed.
 * @throws live/none when none comes
 */
export function createFreshStill({ still, clock }: { still: Still; clock: Clock }): FreshStill {
  return async (camera, signal = new AbortController().signal, afterMs = 0) => {
    const since = clock.now() + afterMs
    if (afterMs > 0) await clock.sleep(afterMs, signal)
    while (!signal.aborted && clock.now() - since < PATIENCE_MS) {
      const found = await still(camera).catch(() => null)
      if (found && found.at >= since) return found
      await clock.sleep(LOOK_EVERY_MS, signal)
    }
    throw new Failure('live/none', 'No new picture came in time.')
  }
}

/**
 * Null when the preset has no reference picture: then nothing is claimed either way. The first picture that agrees
 * proves; one that disagrees is believed once the head has settled.
 */
export function createPictureProof({
  references,
  freshStill,
  compare,
  isFrozen = () => false,
  clock,
}: {
  references: Pick<PictureReferences, 'all'>
  freshStill: FreshStill
  compare(picture: Uint8Array, references: Uint8Array[], masks: Mask[]): Promise<Comparison>
  /** Whether the camera sends one picture over and over. */ isFrozen?(camera: CameraId): boolean
  clock: Clock
}): PictureProof {
  return async (camera, token, masks, signal, onSeen = () => {}) => {
    const taught = await references.all(camera, token)
    if (taught.length === 0) return null
    const settledAt = clock.now() + SETTLING_MS
    for (let wait = 0; ; wait = Math.max(0, settledAt - clock.now())) {
      const found = await freshStill(camera, signal, wait).catch(() => null)
      // One that came too early to be believed is none.
      if (!found || signal.aborted)
        return { proves: false, compared: false, words: 'No new picture came to compare with the reference.' }
      onSeen(found.picture)
      const { match, blind } = await compare(found.picture, taught, [...masks])
      const verdict: PictureVerdict = blind
        ? { proves: false, compared: false, words: BLIND[blind] }
        : judgeMatch(match)
      // A frozen picture of the right place would prove it for ever; one that was frozen may have begun to change.
      if (isFrozen(camera)) {
        const next = await freshStill(camera, signal).catch(() => null)
        if (!next || Buffer.compare(next.picture, found.picture) === 0)
          return { proves: false, compared: false, words: FROZEN }
      }
      if (verdict.proves || found.at >= settledAt) return verdict
    }
  }
}
