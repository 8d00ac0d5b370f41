/** Whose hand is on which head: one at a time, and whoever takes it out of another's hand says so. */
import type { CameraId, CameraHand } from '../glossary/camera.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'

/** A hand that has not moved it for so long has let go. */
const LET_GO_MS = 5000

export function createCameraHands({ clock, onChange }: { clock: Clock; onChange(camera: CameraId, hand: CameraHand | null): void }) {
  const hands = new Map<CameraId, CameraHand & { movedAt: number; during: string | null; stop: AbortController }>()

  function letGo(camera: CameraId): void {
    hands.get(camera)?.stop.abort()
    hands.delete(camera)
    onChange(camera, null)
  }
  /** Waits until it has not been moved for a while. */
  async function watch(camera: CameraId): Promise<void> {
    for (let hand = hands.get(camera); hand; hand = hands.get(camera)) {
      const left = hand.movedAt + LET_GO_MS - clock.monotonic()
      if (left <= 0) return letGo(camera)
      await clock.sleep(left, hand.stop.signal)
      if (hand.stop.signal.aborted) return
    }
  }

  return {
    who(camera: CameraId): CameraHand | null {
      const hand = hands.get(camera)
      return hand ? { name: hand.name, since: hand.since } : null
    },
    /** @param during what the camera is needed for now: the same hand in another incident is told anew. @returns whether this is a new hand, and whose it was before. @throws camera/in-hand with the name */
    take(camera: CameraId, name: string, takeOver: boolean, during: string | null = null): { fresh: boolean; from: string | null } {
      const now = hands.get(camera)
      if (now && now.name !== name && !takeOver) throw new Failure('camera/in-hand', `${now.name} steers ${camera} now.`, { extra: { owner: now.name } })
      if (now?.name === name) {
        now.movedAt = clock.monotonic()
        const fresh = now.during !== during
        now.during = during
        return { fresh, from: null }
      }
      now?.stop.abort()
      const hand = { name, since: isoTime(clock.now()), movedAt: clock.monotonic(), during, stop: new AbortController() }
      hands.set(camera, hand)
      onChange(camera, { name, since: hand.since })
      void watch(camera)
      return { fresh: true, from: now?.name ?? null }
    },
    close(): void {
      for (const { stop } of hands.values()) stop.abort()
      hands.clear()
    },
  }
}
