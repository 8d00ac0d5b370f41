/** Which frame a video shows, and how long one lasts: for stepping through a recording. */

const SHORTEST_S = 1 / 120
const LONGEST_S = 1
const REMEMBERED = 30
/** Before the frame that we heard of, another one is shown. */
const ROUNDING_S = 0.001

export class FrameWatch {
  #video: HTMLVideoElement | null = null
  #last: number | null = null
  /** Media seconds of the frame that is shown. */
  shownAt = 0
  /** Seconds: a short one of the distances seen lately. Frames may be left out while playing, and some cameras' come unevenly. */
  frame = 1 / 15
  #steps: number[] = []

  /** The middle of the neighbouring frame, so that no rounding falls on the wrong side of it. */
  neighbour(video: HTMLVideoElement, frames: 1 | -1): number {
    // A frame that was shown without our hearing of it: where the video stands lies somewhere in it.
    const heard = video.currentTime >= this.shownAt - ROUNDING_S && video.currentTime < this.shownAt + this.frame
    return (heard ? this.shownAt + this.frame / 2 : video.currentTime) + frames * this.frame
  }

  watch(video: HTMLVideoElement): void {
    if (this.#video === video) return
    this.#video = video
    this.#last = null
    video.requestVideoFrameCallback(this.#onFrame)
  }
  #onFrame = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    const step = this.#last === null ? 0 : Math.abs(mediaTime - this.#last)
    if (step >= SHORTEST_S && step <= LONGEST_S) {
      this.#steps = [...this.#steps, step].slice(-REMEMBERED)
      const sorted = [...this.#steps].sort((a, b) => a - b)
      this.frame = sorted[Math.floor(sorted.length / 4)] ?? this.frame
    }
    this.#last = mediaTime
    this.shownAt = mediaTime
    this.#video?.requestVideoFrameCallback(this.#onFrame)
  }
}
