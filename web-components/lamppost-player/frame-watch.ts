/** Which frame a video shows, and how long one lasts: for stepping through a recording. */

const SHORTEST_S = 1 / 120
const LONGEST_S = 1
const REMEMBERED = 30
const ROUNDING_S = 0.001

export class FrameWatch {
  #video: HTMLVideoElement | null = null
  /** Media seconds of the frame that is shown, as far as we have heard. */
  #shownAt: number | null = null
  /** Where the video was sent, until its frame is shown: who steps quickly steps on from there. */
  #sentTo: number | null = null
  #sentAgain = false
  /**
   * Seconds: a short one of the distances seen lately. Frames may be left out while playing, and some cameras' come
   * unevenly.
   */
  frame = 1 / 15
  #steps: number[] = []

  /**
   * The middle of the neighbouring frame, so that no rounding falls on the wrong side of it. A paused video may stand
   * further on than the frame it shows: the frame counts.
   */
  neighbour(video: HTMLVideoElement, frames: 1 | -1): number {
    const here = this.#sentTo ?? (this.#shownAt === null ? video.currentTime : this.#shownAt + this.frame / 2)
    const end = Number.isFinite(video.duration) ? video.duration : Number.POSITIVE_INFINITY
    this.#sentTo = Math.min(Math.max(here + frames * this.frame, 0), end)
    this.#sentAgain = false
    return this.#sentTo
  }

  watch(video: HTMLVideoElement): void {
    if (this.#video !== video) {
      this.#video?.removeEventListener('seeking', this.#onSeeking)
      this.#video?.removeEventListener('emptied', this.#forget)
      this.#video = video
      this.#forget()
      video.addEventListener('seeking', this.#onSeeking)
      video.addEventListener('emptied', this.#forget)
      // A browser that does not tell which frame it shows is stepped by the likely length of one.
      if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(this.#onFrame)
    }
    this.#sendAgain(video)
  }

  /** Chromium shows the frame after a place that is not loaded yet, and leaves it at that when the place is loaded. */
  #sendAgain(video: HTMLVideoElement): void {
    const place = this.#sentTo
    if (
      place === null ||
      this.#sentAgain ||
      video.seeking ||
      !video.paused ||
      (this.#shownAt ?? 0) <= place + ROUNDING_S
    )
      return
    const isLoaded = Array.from({ length: video.buffered.length }, (_, i) => i).some(
      (i) => video.buffered.start(i) <= place && video.buffered.end(i) > place,
    )
    if (!isLoaded) return
    this.#sentAgain = true
    video.currentTime = place
  }
  /** Another recording: nothing of it is known. */
  #forget = (): void => {
    this.#shownAt = null
    this.#sentTo = null
  }
  #onSeeking = (): void => {
    const place = this.#video?.currentTime ?? null
    if (place !== this.#sentTo) this.#sentAgain = false
    this.#sentTo = place
  }
  #onFrame = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    const step = this.#shownAt === null ? 0 : Math.abs(mediaTime - this.#shownAt)
    if (step >= SHORTEST_S && step <= LONGEST_S) {
      this.#steps = [...this.#steps, step].slice(-REMEMBERED)
      const sorted = [...this.#steps].sort((a, b) => a - b)
      this.frame = sorted[Math.floor(sorted.length / 4)] ?? this.frame
    }
    const isAnother = mediaTime !== this.#shownAt
    this.#shownAt = mediaTime
    // A frame from before the seek may still come; the one that lies there ends the waiting. The same one once more
    // does not: it lasts longer than others (one was lost), and the next step must lead on from where this one ended.
    const place = this.#sentTo
    if (
      place !== null &&
      (!this.#video?.paused || (isAnother && mediaTime <= place + ROUNDING_S && mediaTime > place - 2 * this.frame))
    )
      this.#sentTo = null
    this.#video?.requestVideoFrameCallback(this.#onFrame)
  }
}
