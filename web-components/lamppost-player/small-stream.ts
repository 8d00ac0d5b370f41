/**
 * Whether a small view takes its camera's small stream. One that brings no picture is left for the large one, and
 * tried again later. Pure. Not here: which stream has which address (lamppost-player).
 */

/** A small stream may take so long to bring its first picture. */
const WITHIN_MS = 8000
const AGAIN_MS = 10 * 60_000

/**
 * `wanted`: the view is small, and its camera has a small stream. `blameless`: it plays, or there is another reason
 * why it does not.
 */
export type SmallLook = { camera: string; wanted: boolean; blameless: boolean }

export function createSmallStream() {
  let failed: { camera: string; at: number } | null = null
  let waits: { camera: string; since: number } | null = null
  return {
    takes: ({ camera, wanted }: Omit<SmallLook, 'blameless'>): boolean => wanted && failed?.camera !== camera,
    /** @param now milliseconds of any clock that only grows; asked again and again */
    look(view: SmallLook, now: number): void {
      if (failed && (failed.camera !== view.camera || now - failed.at > AGAIN_MS)) failed = null
      if (!this.takes(view) || view.blameless) waits = null
      else if (waits?.camera !== view.camera) waits = { camera: view.camera, since: now }
      else if (now - waits.since > WITHIN_MS) this.fail(view.camera, now)
    },
    fail(camera: string, now: number): void {
      failed = { camera, at: now }
      waits = null
    },
  }
}
