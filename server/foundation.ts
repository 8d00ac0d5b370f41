/** What all wings stand on. Knows no room. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import type { LiveNews } from './glossary/news.ts'
import { type Clock, realClock } from './tools/clock.ts'
import { createClosingStack } from './tools/process/closing-stack.ts'
import { lockFolder } from './tools/process/folder-lock.ts'
import { type Topic, createTopic } from './tools/topic.ts'

export type Ground = {
  clock: Clock
  logger: Logger
  dataFolder: string
  /** Where receivers listen when the site file does not say. */
  host: string
  news: Topic<LiveNews>
  closing: ReturnType<typeof createClosingStack>
  onError(error: unknown): void
}

/** @throws when another server uses the folder, or it cannot be written */
export function openGround({ dataFolder, host }: { dataFolder: string; host: string }): Ground {
  mkdirSync(dataFolder, { recursive: true })
  const log = pino.destination({ dest: join(dataFolder, 'lamppost.log'), append: true, sync: true })
  // A full disk must not end the process with its log: presses and cameras go on.
  log.on('error', () => {})
  const logger = pino({ level: 'info' }, log)
  const closing = createClosingStack((what, error) => logger.error({ err: error }, `closing ${what} failed`))
  const onError = (error: unknown): void => logger.error({ err: error }, 'something went wrong')
  closing.add('the folder lock', lockFolder(dataFolder))
  return { clock: realClock, logger, dataFolder, host, news: createTopic<LiveNews>(onError), closing, onError }
}
