/**
 * Keeps one live video close behind its newest picture, from one beginning of the stream to the next. How quickly:
 * edge-governor.
 */
import { EARLY_S, type SpareWish, createSpareWatch, firstStep, govern } from './live-edge-rate.ts'
import { watchShown } from './shown-picture.ts'

/** After one wait pictures are shown as they come, and each is waited for: all that is one ill, but not for ever. */
const APART_MS = 1000
const ONE_ILL_MS = 2000
/** Pictures that are left: the one that is shown, and more than half of another. */
const NEXT_IS_HERE = 1.5
/** Seconds; a place nearer than this is not worth a jump. */
const AS_GOOD_S = 0.2

/**
 * When it has begun it is known after a moment how much is left when a part comes; and for a while nobody has
 * followed what it shows.
 */
const OPENING_MS = { from: 1000, to: 8000 }

export type EdgeKeeper = {
  /** A part is in the buffer; its duration, seconds. */ appended(duration: number): void
  /** To be called about ten times a second. */ look(): void
  close(): void
}

/**
 * @param startS where playing begins and jumps land: seconds before the end of what is here, by the length of the
 * newest part.
 * @param wish outlives this beginning.
 * @param hasMoved whether it has played since: every beginning waits, and has not run out.
 * @param isSeen whether the page is shown
 */
export function createEdgeKeeper({
  video,
  startS,
  wish,
  hasMoved,
  isSeen,
}: {
  video: HTMLVideoElement
  startS(part: number): number
  wish: SpareWish
  hasMoved(): boolean
  isSeen(): boolean
}): EdgeKeeper {
  let spare = createSpareWatch()
  let passing = false
  let part = 0
  let begun = false
  let begunAt = 0
  let unseen = false
  let waitedAt = Number.NEGATIVE_INFINITY
  let illSince = Number.NEGATIVE_INFINITY
  const end = (): number =>
    video.buffered.length === 0 ? video.currentTime : video.buffered.end(video.buffered.length - 1)
  const shown = watchShown(video, (early) => (passing || early > EARLY_S) && look())
  // One that waits although its next picture is here waits for its decoder: more to play would not help it.
  const lacksNext = (): boolean =>
    shown.step() === 0 || end() - video.currentTime - Math.max(0, shown.ahead()) < NEXT_IS_HERE * shown.step()
  const onWaiting = (): void => {
    const now = performance.now()
    if (!hasMoved() || !isSeen() || video.seeking || passing) return
    const another = now - waitedAt > APART_MS || now - illSince > ONE_ILL_MS
    waitedAt = now
    if (!another) return
    illSince = now
    if (lacksNext()) wish.ranOut(now)
  }
  // What was left when a part came was counted from elsewhere.
  const forget = (): void => {
    spare = createSpareWatch()
  }
  video.addEventListener('waiting', onWaiting)
  video.addEventListener('seeking', forget)

  function look(): void {
    const { buffered } = video
    if (buffered.length === 0 || part === 0) return
    const start = buffered.start(buffered.length - 1)
    const now = performance.now()
    const back = unseen && isSeen()
    unseen = !isSeen()
    const place = Math.max(start, end() - startS(part))
    const [left, wanted] = [spare.least(now, video.currentTime), wish.wanted(now)]
    const { rate, jump, pass } = govern({
      ahead: end() - video.currentTime,
      spare: left,
      wanted,
      shown: shown.ahead(),
      part,
      rate: video.playbackRate,
      unseen: back,
    })
    // Nobody knew how long parts are before the first came: whoever began nearer to its end would run out long before
    // the next.
    const tooNear = !begun && !video.seeking && video.currentTime > place + AS_GOOD_S
    if (!begun && !video.seeking && video.currentTime >= start) [begun, begunAt] = [true, now]
    const opening = begun && now - begunAt > OPENING_MS.from && now - begunAt < OPENING_MS.to
    const step = opening ? firstStep(left, wanted) : 0
    if (step > 0) return void (video.currentTime += step)
    if (jump || tooNear || video.currentTime < start) video.currentTime = place
    if (jump || (passing && !pass)) forget()
    passing = pass
    if (video.playbackRate !== rate) video.playbackRate = rate
    // A refusal means the tab is hidden; the next look tries again.
    if (video.paused && isSeen()) video.play().catch(() => {})
  }

  return {
    appended(duration) {
      part = duration
      spare.appended(end() - video.currentTime, duration, performance.now(), video.currentTime)
    },
    look,
    close() {
      shown.close()
      video.removeEventListener('waiting', onWaiting)
      video.removeEventListener('seeking', forget)
    },
  }
}
