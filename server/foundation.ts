/** What all wings stand on. Knows no room. */
import { chmodSync, mkdirSync, statSync } from 'node:fs'
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

/** Ledger, clips and keys are no other account's. Whether it is so now. */
function keepFromOthers(folder: string): boolean {
  try {
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700)
  } catch {
    // Of another owner: who may write in it is theirs to say.
  }
  return (statSync(folder).mode & 0o077) === 0
}

/** @throws when another server uses the folder, or it cannot be written */
export function openGround({ dataFolder, host }: { dataFolder: string; host: string }): Ground {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const isOurs = keepFromOthers(dataFolder)
  const log = pino.destination({ dest: join(dataFolder, 'lamppost.log'), append: true, sync: true })
  // A full disk must not end the process with its log: presses and cameras go on.
  log.on('error', () => {})
  const logger = pino({ level: 'info' }, log)
  if (!isOurs)
    logger.warn({ folder: dataFolder }, 'other accounts of this machine can read the data folder: make it 0700')
  const closing = createClosingStack((what, error) => logger.error({ err: error }, `closing ${what} failed`))
  const onError = (error: unknown): void => logger.error({ err: error }, 'something went wrong')
  closing.add('the folder lock', lockFolder(dataFolder))
  // What failed while nobody waited for it must not take presses and cameras with it.
  process.on('unhandledRejection', onError)
  closing.add('the ear for what nobody waited for', () => process.off('unhandledRejection', onError))
  return { clock: realClock, logger, dataFolder, host, news: createTopic<LiveNews>(onError), closing, onError }
}
