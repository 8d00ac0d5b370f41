/**
 * What a person would see, measured in the page from the pixels of a playing video: when the first picture came, how
 * old each one is (its mark tells when it was drawn, or when a recorded one was to be sent; camera and browser share
 * a clock), and whether it ever stood still.
 */

/**
 * Runs in the page. `find` returns the video once there is one. Resolves after `ms`. With a `loop` the camera sends a
 * marked film again and again: `origin` is the wall clock's time of its very first picture, and a mark says only
 * which picture it is. Ages count from its sending, and one as old as the film is long would look young: such a one
 * is a stall long before. `held`: how often nothing at all ran in the page for that long.
 */
export function meterInPage({ find, ms, stillMs = 400, loop = null }) {
  // oxlint-disable-next-line typescript/no-implied-eval -- our own words, sent into a page of ours
  const look = new Function(`return ${find}`)
  // The mark's rows of brightness as they were decoded: a canvas would paint the whole picture, and nine tiles would
  // wait for their meter.
  const readBrightness = async (frame) => {
    try {
      if (!/^(I4|NV12)/.test(frame.format ?? ''))
        throw new Error(`pictures of the form ${frame.format} are not read here`)
      const rect = { x: 0, y: frame.visibleRect.height - 16, width: 480, height: 16 }
      const bytes = new Uint8Array(frame.allocationSize({ rect }))
      const [{ offset, stride }] = await frame.copyTo(bytes, { rect })
      return window.readMark((x, y) => bytes[offset + y * stride + x], 16)
    } finally {
      frame.close()
    }
  }
  const startedAt = performance.now()
  const found = { first: null, ages: [], stalls: [], waiting: 0, held: 0, unread: 0 }
  const reading = new Set()
  const sentAt = ({ time }, now) => {
    if (!loop) return time
    const newest = Math.floor((now - loop.origin) / loop.frameMs)
    const late = (((newest - Math.round(time / loop.frameMs)) % loop.pictures) + loop.pictures) % loop.pictures
    return loop.origin + (newest - late) * loop.frameMs
  }
  let beat = startedAt
  const beats = setInterval(() => {
    if (performance.now() - beat > stillMs) found.held += 1
    beat = performance.now()
  }, 50)
  return new Promise((resolve, reject) => {
    let last = null
    const onFrame = (video) => () => {
      const now = performance.now()
      found.first ??= now - startedAt
      if (last !== null && now - last > stillMs) found.stalls.push(Math.round(now - last))
      last = now
      if (now - startedAt < ms) video.requestVideoFrameCallback(onFrame(video))
      const at = performance.timeOrigin + now
      // The first second is the start, not the steady state.
      if (now - startedAt <= found.first + 1000) return
      const read = Promise.try(() => readBrightness(new VideoFrame(video)))
        .then((mark) => (mark ? found.ages.push(at - sentAt(mark, at)) : Promise.reject(new Error('no mark'))))
        .catch(() => (found.unread += 1))
        .finally(() => reading.delete(read))
      reading.add(read)
    }
    const wait = () => {
      const video = look()
      if (video) {
        video.addEventListener('waiting', () => found.first !== null && (found.waiting += 1))
        video.requestVideoFrameCallback(onFrame(video))
      } else requestAnimationFrame(wait)
    }
    wait()
    setTimeout(() => {
      clearInterval(beats)
      if (last === null || performance.now() - last > stillMs * 4)
        found.stalls.push(Math.round(performance.now() - (last ?? startedAt)))
      // A picture of which nothing could be read is none that was young.
      void Promise.allSettled([...reading]).then(() =>
        found.ages.length === 0 && found.unread > 0
          ? reject(new Error(`none of ${found.unread} pictures could be read`))
          : resolve(found),
      )
    }, ms)
  })
}
