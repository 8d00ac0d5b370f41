/** Whose hand is on which head: one at a time, and whoever takes it out of another's hand says so. */
import type { CameraId, CameraHand } from '../../glossary/camera.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'

/** A hand that has not moved it for so long has let go. */
const LET_GO_MS = 5000
/** Commands come faster than this while a stick is held. */
const HELD_MS = 1000

export function createManualControl({
  clock,
  onChange,
}: {
  clock: Clock
  onChange(camera: CameraId, hand: CameraHand | null): void
}) {
  const hands = new Map<CameraId, CameraHand & { movedAt: number; during: string | null; stop: AbortController }>()

  function endControl(camera: CameraId): void {
    hands.get(camera)?.stop.abort()
    hands.delete(camera)
    onChange(camera, null)
  }
  /** Waits until it has not been moved for a while. */
  async function watch(camera: CameraId): Promise<void> {
    for (let hand = hands.get(camera); hand; hand = hands.get(camera)) {
      const left = hand.movedAt + LET_GO_MS - clock.monotonic()
      if (left <= 0) return endControl(camera)
      await clock.sleep(left, hand.stop.signal)
      if (hand.stop.signal.aborted) return
    }
  }

  function check(camera: CameraId, name: string): void {
    const now = hands.get(camera)
    if (now && now.name !== name)
      throw new Failure('camera/in-hand', `${now.name} steers ${camera} now.`, { extra: { owner: now.name } })
  }

  return {
    /** @throws camera/in-hand when somebody else steers it */
    check,
    who(camera: CameraId): CameraHand | null {
      const hand = hands.get(camera)
      return hand ? { name: hand.name, since: hand.since } : null
    },
    /**
     * @param during what the camera is needed for now: the same hand in another incident is told anew.
     * @returns whether this is a new hand, and whose it was before.
     * @throws camera/in-hand with the name
     */
    take(
      camera: CameraId,
      name: string,
      takeOver: boolean,
      during: string | null = null,
    ): { fresh: boolean; from: string | null } {
      const now = hands.get(camera)
      if (!takeOver) check(camera, name)
      if (now?.name === name) {
        const held = clock.monotonic() - now.movedAt < HELD_MS
        const fresh = now.during !== during
        now.movedAt = clock.monotonic()
        now.during = during
        // A stick that was held before the press must not turn the camera away from who pressed: let go, and move it
        // anew.
        if (fresh && held && during !== null) {
          endControl(camera)
          throw new Failure(
            'camera/held',
            `A press has just called ${camera}; let go, and steer it again if you mean to.`,
          )
        }
        return { fresh, from: null }
      }
      now?.stop.abort()
      const hand = {
        name,
        since: isoTime(clock.now()),
        movedAt: clock.monotonic(),
        during,
        stop: new AbortController(),
      }
      hands.set(camera, hand)
      onChange(camera, { name, since: hand.since })
      void watch(camera)
      return { fresh: true, from: now?.name ?? null }
    },
    /** The camera did not follow: nobody has it. */
    undo: endControl,
    close(): void {
      for (const { stop } of hands.values()) stop.abort()
      hands.clear()
    },
  }
}
