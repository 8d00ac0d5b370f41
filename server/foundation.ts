/** What all wings stand on, and the phases that they go through. Knows no room. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import type { Fold } from './glossary/ledger.ts'
import type { LiveNews } from './glossary/news.ts'
import type { Site } from './glossary/site.ts'
import { type Clock, realClock } from './tools/clock.ts'
import { createClosingStack } from './tools/process/closing-stack.ts'
import { lockFolder } from './tools/process/folder-lock.ts'
import { createFollowers } from './tools/process/followers.ts'
import { type Topic, createTopic } from './tools/topic.ts'
import type { Followers, Phases } from './tools/wing.ts'

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

/** Takes the wings in, in the river's order, and leads them through their phases. */
export function createFoundation<App>({ clock, logger, closing }: Pick<Ground, 'clock' | 'logger' | 'closing'>) {
  const wings: Phases<App>[] = []
  let begun = false
  const followers = createFollowers({
    clock,
    onError: (what, error) => logger.error({ err: error }, `${what} could not follow the site file; it is tried again`),
  })

  async function each(pick: (wing: Phases<App>) => Followers | undefined, site: Site): Promise<void> {
    for (const wing of wings)
      for (const [name, follow] of Object.entries(pick(wing) ?? {}))
        await followers.follow(name, async () => follow(site))
  }

  /** The site file has changed; before `begin` there is nothing that could follow it. */
  async function follow(site: Site): Promise<void> {
    if (!begun) return
    logger.info('the site file has changed')
    await each(({ listen }) => listen, site)
    await each(({ follow }) => follow, site)
  }

  return {
    /** A wing stands from here on. Returns it as it is, so that those below may take what they need of it. */
    add<Wing extends Phases<App>>(wing: Wing): Wing {
      wings.push(wing)
      return wing
    },
    folds: (): Record<string, Fold> => Object.assign({}, ...wings.map(({ folds }) => folds ?? {})),
    /** Once everything was read: what was held is held again, loops begin, and only then presses come in. */
    async begin(site: () => Site): Promise<void> {
      // Here, so that they are closed before what they follow: a late try must not open what nobody closes.
      closing.add('the followers', followers.close)
      const first = site()
      await each(({ follow }) => follow, first)
      for (const wing of wings) await wing.resume?.()
      for (const wing of wings) await wing.begin?.()
      await each(({ listen }) => listen, first)
      begun = true
      // The file may have changed meanwhile.
      if (site() !== first) await follow(site())
    },
    follow,
    async routes(app: App): Promise<void> {
      for (const wing of wings) await wing.routes?.(app)
    },
  }
}
