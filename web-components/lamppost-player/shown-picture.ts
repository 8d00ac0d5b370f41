/** Which picture of a live stream is shown: it may be far ahead of the playhead (edge-governor). */

export type ShownPicture = {
  /** Seconds ahead of the playhead; 0 while nothing is known. */ ahead(): number
  /** Seconds from the one before it to it; 0 while nothing is known. */ step(): number
  close(): void
}

/**
 * @param onPicture hears of each picture that is shown how far it is ahead. A hidden page shows none; a browser that
 * does not tell is believed to be on time.
 */
export function watchShown(video: HTMLVideoElement, onPicture: (ahead: number) => void): ShownPicture {
  if (!('requestVideoFrameCallback' in video)) return { ahead: () => 0, step: () => 0, close: () => {} }
  let at: number | null = null
  let step = 0
  let open = true
  let wish = video.requestVideoFrameCallback(onFrame)
  function onFrame(_: number, { mediaTime }: VideoFrameCallbackMetadata): void {
    if (!open) return
    if (at !== null && mediaTime > at) step = mediaTime - at
    at = mediaTime
    wish = video.requestVideoFrameCallback(onFrame)
    onPicture(mediaTime - video.currentTime)
  }
  // What was shown before a jump, or of another stream, says nothing.
  const forget = (): void => {
    at = null
  }
  video.addEventListener('seeking', forget)
  video.addEventListener('emptied', forget)
  return {
    ahead: () => (at === null ? 0 : at - video.currentTime),
    step: () => step,
    close() {
      open = false
      video.cancelVideoFrameCallback(wish)
      video.removeEventListener('seeking', forget)
      video.removeEventListener('emptied', forget)
    },
  }
}
