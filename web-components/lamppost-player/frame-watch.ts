/** Which frame a video shows, and how long one lasts: for stepping through a recording. */

const SHORTEST_S = 1 / 120
const LONGEST_S = 1

export class FrameWatch {
  #video: HTMLVideoElement | null = null
  #last: number | null = null
  /** Media seconds of the frame that is shown. */
  shownAt = 0
  /** Seconds; the shortest distance seen, since frames may be left out while playing. */
  frame = 1 / 15

  watch(video: HTMLVideoElement): void {
    if (this.#video === video) return
    this.#video = video
    this.#last = null
    video.requestVideoFrameCallback(this.#onFrame)
  }
  #onFrame = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    const step = this.#last === null ? 0 : Math.abs(mediaTime - this.#last)
    if (step >= SHORTEST_S && step <= LONGEST_S) this.frame = this.#seen === 0 ? step : Math.min(this.frame, step)
    if (step > 0) this.#seen += 1
    this.#last = mediaTime
    this.shownAt = mediaTime
    this.#video?.requestVideoFrameCallback(this.#onFrame)
  }
  #seen = 0
}
