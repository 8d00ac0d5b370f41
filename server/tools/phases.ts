/** The phases of a town (`wing.ts`), led for all of its wings. Knows no room. */
import type { Fold } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from './clock.ts'
import { createFollowers } from './process/followers.ts'
import type { Followers, Phases } from './wing.ts'

type PhasesPort = {
  clock: Clock
  logger: { info(words: string): void; error(about: object, words: string): void }
  closing: { add(what: string, close: () => unknown): void }
}

/** Takes the wings in, in the order of the list, and leads them through their phases. */
export function createPhases<App>({ clock, logger, closing }: PhasesPort) {
  const wings: Phases<App>[] = []
  let begun = false
  const followers = createFollowers({
    clock,
    onError: (what, error) => logger.error({ err: error }, `${what} could not follow the site file; it is tried again`),
  })

  /** @returns those that could not follow yet */
  async function each(pick: (wing: Phases<App>) => Followers | undefined, site: Site): Promise<string[]> {
    const late: string[] = []
    for (const wing of wings)
      for (const [name, follow] of Object.entries(pick(wing) ?? {}))
        if (!(await followers.follow(name, async () => follow(site)))) late.push(name)
    return late
  }

  /** The site file has changed; before `begin` there is nothing that could follow it. @returns those that cannot yet */
  async function follow(site: Site): Promise<string[]> {
    if (!begun) return []
    logger.info('the site file has changed')
    const late = await each(({ listen }) => listen, site)
    return [...late, ...(await each(({ follow }) => follow, site))]
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
