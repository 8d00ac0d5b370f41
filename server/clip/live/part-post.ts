/**
 * Parts on their way out of the video thread: each message wakes the other thread, and costs as much as what it
 * carries. Those of one turn go together.
 */
import type { LiveForm } from '../../glossary/clip.ts'
import type { LivePart } from './live-window.ts'

/** `live`: null when there is no picture now; `words`: why, where that is known. */
export type PartNews = { camera: string; form: LiveForm; live: LivePart<Uint8Array> | null; words?: string }

/** While a whole town is watched: those of a moment. */
const TOGETHER_MS = 20

/**
 * @param post hands over parts in the order they were told, and their memory.
 * @param isBusy whether many cameras are watched now
 */
export function createPartPost({
  post,
  isBusy,
}: {
  post(parts: PartNews[], memory: ArrayBuffer[]): void
  isBusy(): boolean
}): (news: PartNews) => void {
  let waiting: PartNews[] = []
  function flush(): void {
    const parts = waiting
    waiting = []
    post(
      parts,
      parts.flatMap(({ live }) => (live ? [live.part.bytes.buffer as ArrayBuffer] : [])),
    )
  }
  return (news) => {
    waiting.push(news)
    if (waiting.length > 1) return
    if (isBusy()) setTimeout(flush, TOGETHER_MS)
    else setImmediate(flush)
  }
}
