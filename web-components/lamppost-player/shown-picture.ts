/** Which picture of a live stream is shown: it may be far ahead of the playhead (edge-governor). */

export type ShownPicture = { /** Seconds ahead of the playhead; 0 while nothing is known. */ ahead(): number; close(): void }

/** @param onPicture hears each picture that is shown. A hidden page shows none. */
export function watchShown(video: HTMLVideoElement, onPicture: () => void): ShownPicture {
  let at: number | null = null
  let open = true
  let wish = video.requestVideoFrameCallback(onFrame)
  function onFrame(_: number, { mediaTime }: VideoFrameCallbackMetadata): void {
    if (!open) return
    at = mediaTime
    wish = video.requestVideoFrameCallback(onFrame)
    onPicture()
  }
  // What was shown before a jump, or of another stream, says nothing.
  const forget = (): void => {
    at = null
  }
  video.addEventListener('seeking', forget)
  video.addEventListener('emptied', forget)
  return {
    ahead: () => (at === null ? 0 : at - video.currentTime),
    close() {
      open = false
      video.cancelVideoFrameCallback(wish)
      video.removeEventListener('seeking', forget)
      video.removeEventListener('emptied', forget)
    },
  }
}
