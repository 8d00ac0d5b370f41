/**
 * Pictures that come part by part over HTTP cost a browser two requests for each part. Where it, or the way to it, is
 * not done with them in time, all of them are late: they give way one by one, the large one last, and come by whole
 * segments for a while.
 */

/**
 * So much more of its time a picture is behind than not before one gives way; and then it is seen whether that was
 * enough.
 */
const PATIENCE_MS = 4000
/** Time between two looks counts up to this: a browser that was asleep saw nothing. */
const LONGEST_LOOK_MS = 500
const DOWN_MS = { first: 60_000, most: 600_000 }
/** They come back as they went: one, and then what it does to the others is seen. */
const BACK_APART_MS = 15_000
/** Who has not been looked at for so long is not there. */
const THERE_MS = 1500

type View = {
  lookedAt: number
  lateMs: number
  small: boolean
  live: boolean
  downUntil: number | null
  downFor: number
  backAt: number
}
/**
 * `behind`: there is more to play than has come; null where nothing is known. `small`: whether it gives way before a
 * large one. `live`: whether it comes part by part over HTTP, or would if it had not given way.
 */
export type Look = { behind: boolean | null; small: boolean; live: boolean }

/** Seconds of what the list names that have not been played, although little of it is here. */
const BEHIND_S = { listed: 1.2, left: 1 }
/**
 * Whether more is there to be played than has come, and more than whole segments would leave. No clock is asked:
 * those of a room may differ by more. A camera that stops names no more, and who has played all of it is not behind.
 * Everything in seconds.
 * @param listed from the playhead to the end of what the list names.
 * @param left of it here.
 * @param longest segment of the list.
 * @param part the list's longest
 */
export const isBehind = ({
  listed,
  left,
  longest,
  part,
}: {
  listed: number
  left: number
  longest: number
  part: number
}): boolean => listed > Math.max(BEHIND_S.listed, longest) + part && left < BEHIND_S.left

/** Pure: time comes in with each look, milliseconds that only grow. */
export function createStepDown() {
  const views = new Map<object, View>()
  let changedAt = Number.NEGATIVE_INFINITY

  /**
   * Who has come back lately came back too early; else a small one, who is late itself before any other; else who is
   * late.
   */
  function whoGives(late: View, now: number): View {
    const there = [...views.values()].filter(
      ({ live, downUntil, lookedAt }) => live && downUntil === null && now - lookedAt < THERE_MS,
    )
    const early = there.filter(({ backAt }) => now - backAt < DOWN_MS.first).sort((a, b) => b.backAt - a.backAt)[0]
    return early ?? (late.small ? late : (there.find(({ small }) => small) ?? late))
  }
  function giveWay(view: View, now: number): void {
    view.downFor = now - view.backAt < DOWN_MS.first ? Math.min(DOWN_MS.most, view.downFor * 2) : DOWN_MS.first
    view.downUntil = now + view.downFor
    changedAt = now
    for (const each of views.values()) each.lateMs = 0
  }

  return {
    /** To be called some times a second for each picture. @returns whether it should come by whole segments */
    look(key: object, { behind, small, live }: Look, now: number): boolean {
      const view = views.get(key) ?? {
        lookedAt: now,
        lateMs: 0,
        small,
        live,
        downUntil: null,
        downFor: DOWN_MS.first,
        backAt: Number.NEGATIVE_INFINITY,
      }
      views.set(key, view)
      const passed = Math.min(LONGEST_LOOK_MS, now - view.lookedAt)
      Object.assign(view, { small, live, lookedAt: now })
      if (view.downUntil !== null && now >= view.downUntil && now - changedAt >= BACK_APART_MS) {
        view.downUntil = null
        view.backAt = now
        changedAt = now
      } else if (view.downUntil === null && live && behind !== null) {
        view.lateMs = Math.max(0, view.lateMs + (behind ? passed : -passed))
        if (view.lateMs >= PATIENCE_MS) giveWay(whoGives(view, now), now)
      }
      return view.downUntil !== null
    },
    /** It is shown no more, or shows something else. */
    leave: (key: object): boolean => views.delete(key),
  }
}

/** All pictures of a page share its browser and its way. */
export const pageStepDown = createStepDown()
