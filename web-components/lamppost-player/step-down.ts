/**
 * Pictures that come part by part over HTTP cost a browser two requests for each part. Where it, or the way to it, is not done with them
 * in time, all of them are late: they give way one by one, the large one last, and come by whole segments for a while.
 */

/** So long a picture may be behind before one gives way; and so long it takes to see whether that was enough. */
const PATIENCE_MS = 4000
/** A large one waits for small ones to give way for it; where none does, a picture that moves is worth more than a young one. */
const LARGE_PATIENCE_MS = 8000
/** What is behind again after less than this has been behind all the time. */
const ONE_TROUBLE_MS = 2000
const DOWN_MS = { first: 60_000, most: 600_000 }
/** They come back as they went: one, and then what it does to the others is seen. */
const BACK_APART_MS = 15_000

type View = { since: number | null; behindAt: number; downUntil: number | null; downFor: number; backAt: number }

/** Pure: time comes in with each look, milliseconds that only grow. */
export function createStepDown() {
  const views = new Map<object, View>()
  let wentAt = Number.NEGATIVE_INFINITY
  let backAt = Number.NEGATIVE_INFINITY
  /** A large picture has been behind for so long that a small one should give way for it. */
  let neededAt = Number.NEGATIVE_INFINITY

  function giveWay(view: View, now: number): void {
    // It came back too early: longer this time.
    view.downFor = now - view.backAt < DOWN_MS.first ? Math.min(DOWN_MS.most, view.downFor * 2) : DOWN_MS.first
    view.downUntil = now + view.downFor
    wentAt = now
    neededAt = Number.NEGATIVE_INFINITY
    // Whether that was enough is seen from here on.
    for (const each of views.values()) each.since = null
  }
  /** Milliseconds for which it has been behind. */
  function behindFor(view: View, behind: boolean, now: number): number {
    if (!behind) return 0
    if (view.since === null || now - view.behindAt > ONE_TROUBLE_MS) view.since = now
    view.behindAt = now
    return now - view.since
  }

  return {
    /**
     * To be called some times a second for each picture that plays.
     * @param behind what it shows was old when it came. @param small whether it gives way first. @returns whether it should come by whole segments
     */
    look(key: object, { behind, small }: { behind: boolean; small: boolean }, now: number): boolean {
      const view = views.get(key) ?? { since: null, behindAt: 0, downUntil: null, downFor: DOWN_MS.first, backAt: Number.NEGATIVE_INFINITY }
      views.set(key, view)
      if (view.downUntil !== null) {
        if (now < view.downUntil || now - Math.max(wentAt, backAt) < BACK_APART_MS) return true
        view.downUntil = null
        view.backAt = now
        backAt = now
        return false
      }
      const trouble = behindFor(view, behind, now)
      if (!small && trouble >= PATIENCE_MS) neededAt = now
      const isNeeded = small && now - neededAt < ONE_TROUBLE_MS
      if (trouble < (small ? PATIENCE_MS : LARGE_PATIENCE_MS) && !isNeeded) return false
      giveWay(view, now)
      return true
    },
    /** It is shown no more, or shows something else. */
    leave: (key: object): boolean => views.delete(key),
  }
}

/** All pictures of a page share its browser and its way. */
export const pageStepDown = createStepDown()
