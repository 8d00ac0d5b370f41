/** The state of the disk of the clip buffers, for the log and for open pages. */
import type { LiveNews } from '../glossary/news.ts'
import type { DiskState } from './ring/clip-disk.ts'

/** Every change of state is published to open pages; a state with a problem is logged as well. */
export const diskNews =
  (
    logger: { error(state: DiskState, words: string): void },
    news: { publish(news: LiveNews): void },
  ): ((state: DiskState) => void) =>
  (state) => {
    if (state.problem) logger.error(state, 'the disk of the clip buffers')
    news.publish({ event: 'storage.health', data: state })
  }
