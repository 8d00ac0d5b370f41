/** What every room's wing hands to the house: the phases that it takes part in, in the order in which they come. */
import type { Fold } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'

/** Parts that follow the site file, by a name for the log; one that fails is tried again and holds no other up. */
export type Followers = Readonly<Record<string, (site: Site) => Promise<void> | void>>

export type Phases<App> = {
  /** State that is a fold of the ledger, by a name that stays: the snapshot has it. */
  folds?: Readonly<Record<string, Fold>>
  /** From the first reading of the site file on. */
  follow?: Followers
  /** What was held before this start is held again, before anything may be evicted. */
  resume?(): Promise<void> | void
  /** Loops begin. */
  begin?(): Promise<void> | void
  /** As `follow`, from `begin` on: what lets presses in, and what calls others. */
  listen?: Followers
  routes?(app: App): Promise<void> | void
}
