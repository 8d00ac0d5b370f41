/** The record: opened first, read through once before anything else begins, and cared for. */
import { join } from 'node:path'
import type { Credential, Door } from '../door/door.ts'
import { actingAs } from '../door/rights.ts'
import { EVENT_ACCESS, EVENT_SOCKET_PATH, eventSocket } from './tail/event-socket.ts'
import { createPast } from './tail/event-tail.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import type { Agreement } from '../glossary/member.ts'
import type { Fold, Recorded } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Person } from '../glossary/people.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { version } from '../tools/package-root.ts'
import { type Topic, createTopic } from '../tools/topic.ts'
import { createCheckpointPost } from './checkpoints/checkpoint-post.ts'
import { createProjections, isOf, readSnapshot } from './fold-snapshot.ts'
import { startLedgerCare } from './ledger-care.ts'
import { brokenNews, verdictTo } from './ledger-news.ts'
import { type Ledger, openLedger } from './ledger.ts'

export type LedgerNeeds = {
  clock: Clock
  logger: Record<'info' | 'error', (facts: object, words: string) => void>
  dataFolder: string
  news: Topic<LiveNews>
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site }
  /** In a town on several machines: what this server leads with. */
  leads?: (Agreement & { member: string; clockOffsetMs: number | null }) | null
}

/** The start stands in the record, too. */
function recordStart(
  { append, state }: Pick<Ledger, 'append' | 'state'>,
  { logger, onError, site }: Pick<LedgerNeeds, 'logger' | 'onError'> & { site: Site },
): void {
  const body = { version, site: site.name }
  // On a full disk a town starts all the same, and makes room: presses are taken from what was kept for them.
  void append([{ kind: 'house.started', actor: 'lamppost', subject: site.id, body }]).durable.catch(onError)
  const { room } = state()
  if (room) logger.info(room, 'room for presses on a full disk')
}

/** Under each term the first of its lead's own entries. */
function recordLead(
  { append }: Pick<Ledger, 'append'>,
  leads: NonNullable<LedgerNeeds['leads']> | null,
  site: Site,
): void {
  if (!leads) return
  const { member, term, clockOffsetMs } = leads
  append([{ kind: 'town.led', actor: `member:${member}`, subject: site.id, body: { member, term, clockOffsetMs } }])
}

export async function openLedgerWing(needs: LedgerNeeds) {
  const { clock, logger, dataFolder, news, closing, onError, town, leads = null } = needs
  const { site } = town
  const snapshotFile = join(dataFolder, 'ledger-fold.json')
  const snapshot = readSnapshot(snapshotFile)
  const recorded = createTopic<Recorded>(onError)
  let projections: ReturnType<typeof createProjections> | null = null
  /** The folds first: those who hear of an entry ask them what it has changed. */
  const onRecorded = (entry: Recorded): void => {
    projections?.apply(entry)
    recorded.publish(entry)
  }
  const checkpointPost = createCheckpointPost({ addresses: () => site().checkpointsTo, onError })
  const ledger = await openLedger({
    file: join(dataFolder, 'ledger.sqlite'),
    knownSeq: snapshot?.seq ?? 0,
    clock,
    agreement: leads,
    onError,
    onCheckpoint: checkpointPost.newest,
    onRecorded,
  })
  closing.add('the ledger', ledger.close)
  closing.add('the checkpoints’ other places', checkpointPost.close)
  return {
    ...ledger,
    /** Each entry as soon as it has its place, durable or not; after the folds have taken it. */
    recorded: recorded.subscribe,
    /** What was found broken since this start. */
    broken: (): string | null => ledger.state().broken,
    /** The folds take every entry, those of before first, and keep their snapshot from then on. */
    async replay(folds: Record<string, Fold>): Promise<void> {
      const { whenDurable, keepSnapshot: write } = ledger
      projections = createProjections(snapshotFile, folds, { whenDurable, write, clock, onError })
      const fits = snapshot !== null && isOf(snapshot, await ledger.hashAt(snapshot.seq), ledger.state().chainFirst)
      await ledger.replay(fits ? projections.restore(snapshot) : 0, projections.apply)
      await projections.settle()
      closing.add('the folds', projections.close)
      closing.add('their snapshot', ledger.tail(projections.saveWhenDue))
    },
    begin(): void {
      recordLead(ledger, leads, site())
      recordStart(ledger, { logger, onError, site: site() })
      const timezone = (): string => site().timezone
      const care = startLedgerCare({ verify: ledger.verify, clock, timezone, onVerdict: verdictTo(logger), onError })
      closing.add('the ledger’s care', care.close)
      closing.add('the news of the ledger', ledger.tail(brokenNews(news)))
    },
    routes({ app, whoHas, socket }: Door): void {
      const events = { page: createPast(ledger.page), tail: ledger.tail, news: news.subscribe }
      socket(EVENT_SOCKET_PATH, eventSocket({ ...events, whoHas, onError }))
      const { page: entries, verify, checkpoint } = ledger
      const whoListens = (credential: Credential | null): Person | null =>
        actingAs(credential && whoHas(credential), EVENT_ACCESS)
      ledgerRoutes(app, { ...events, entries, verify, checkpoint, whoListens })
    },
  }
}
