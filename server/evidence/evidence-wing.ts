/** Evidence: who signs, the packages that are ordered, how long recordings are kept, and who they are handed to. */
import { join } from 'node:path'
import { disclosureRoutes } from './keep/disclosure-routes.ts'
import type { Door } from '../door/door.ts'
import { exportRoutes } from './order/export-routes.ts'
import { retentionRoutes } from './keep/retention-routes.ts'
import type { Incident, IncidentId, IncidentState } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Place } from '../glossary/press.ts'
import type { HelpPoint, Site } from '../glossary/site.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { createLater } from '../tools/pace/later.ts'
import { packageRoot, version } from '../tools/package-root.ts'
import { startClockWatch } from './clock-watch.ts'
import { createDisclosureBook } from './keep/disclosure-book.ts'
import { createDisclosureDesk } from './keep/disclosure-desk.ts'
import { disclosurePage } from './keep/disclosure-page.ts'
import { createEvidenceDesk } from './evidence-desk.ts'
import { openEvidenceKeys } from './sign/evidence-keys.ts'
import { createExportBook } from './order/export-book.ts'
import { type ExportPort, createExportDesk } from './order/export-desk.ts'
import { exportCamera, exportPresses } from './order/export-port.ts'
import { oneByOne } from './keep/one-by-one.ts'
import { searchRecordings } from './keep/recording-search.ts'
import { createRetentionBook } from './keep/retention-book.ts'
import { type RetentionPort, startRetention } from './keep/retention-desk.ts'

type Keys = Awaited<ReturnType<typeof openEvidenceKeys>>
type Search = Parameters<typeof searchRecordings>[1]
export type EvidenceNeeds = {
  clock: Clock
  logger: { warn(words: string): void }
  dataFolder: string
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  /** Before each path that an answer names. */
  basePath: string
  town: { site(): Site; helpPoint(id: string): HelpPoint | undefined; placeOf(id: string): Place | null }
  ledger: Pick<ExportPort, 'about' | 'inclusion'> & { append: Append }
  clips: Pick<ExportPort, 'stored' | 'hold' | 'release'> &
    Pick<RetentionPort, 'release'> & { hasRing(camera: string): boolean; recorded: Search['recorded'] }
  cameras: Parameters<typeof exportCamera>[1]
  calls: { recordings: ExportPort['calls'] }
  incidents: {
    numberOf(id: IncidentId): string | null
    book: {
      load(id: string): Promise<Incident>
      page(
        state: IncidentState | null,
        after: string | null,
        limit: number,
      ): Promise<{ items: Incident[]; next: IncidentId | null }>
    }
  }
}

const DAY = 86_400_000
/** A recorder whose clock was set by more than that lately lets nothing go by it. */
const CLOCK_SET_MS = 3_600_000

const signerKeys = ({ dataFolder, clock, town, ledger, logger }: EvidenceNeeds): Promise<Keys> =>
  openEvidenceKeys({
    folder: join(dataFolder, 'evidence-keys'),
    siteName: town.site().name,
    now: clock.now,
    supplied: () => town.site().evidence.signer,
    onSigner: ({ signer, root, signerUntil }) => {
      const body = { fingerprint: signer, root, from: isoTime(clock.now()), to: signerUntil }
      ledger.append([{ kind: 'evidence.signer-changed', actor: 'lamppost', subject: 'evidence', body }])
    },
    onWarning: (words) => logger.warn(words),
  })

function openExports(
  { dataFolder, clock, news, closing, onError, town, ledger, clips, cameras, calls, incidents }: EvidenceNeeds,
  book: ReturnType<typeof createExportBook>,
  keys: () => Keys,
) {
  const { stored, hold, release } = clips
  const { append, about, inclusion } = ledger
  const exports = createExportDesk({
    folder: join(dataFolder, 'exports'),
    clock,
    book,
    append,
    port: {
      site: town.site,
      camera: (id) => exportCamera(id, cameras),
      incident: incidents.book.load,
      numberOf: incidents.numberOf,
      presses: (incident) => exportPresses(incident, town.helpPoint),
      stored,
      hold,
      release,
      calls: calls.recordings,
      about,
      inclusion,
      signing: () => keys().signing(),
      software: () => ({ name: 'lamppost', version, node: process.version }),
    },
    onProgress: (id, progress) => news.publish({ event: 'export.progress', data: { export: id, progress } }),
    onError,
  })
  closing.add('the exports', exports.close)
  return exports
}

/** A step of the recorder's own clock is an entry; before the replay is over, the folds would have it twice. */
function watchClock({ clock, closing, ledger }: EvidenceNeeds): void {
  const onStep = (ms: number): void =>
    void ledger.append([{ kind: 'clock.stepped', actor: 'lamppost', subject: 'clock', body: { ms } }])
  closing.add('the clock watch', startClockWatch({ clock, onStep }).close)
}

/** Recordings that nobody needs any more go by the site's rule. */
function openRetention(
  { clock, closing, onError, town, ledger, clips }: EvidenceNeeds,
  {
    books,
    exports,
  }: {
    books: { exports: ReturnType<typeof createExportBook>; retention: ReturnType<typeof createRetentionBook> }
    exports: ReturnType<typeof openExports>
  },
) {
  const retention = startRetention({
    clock,
    book: books.retention,
    append: ledger.append,
    port: {
      rule: () => town.site().evidence,
      stored: clips.stored,
      hasCamera: clips.hasRing,
      clockWasSet: () =>
        books.exports
          .steps(isoTime(clock.now() - DAY), isoTime(clock.now()))
          .some(({ ms }) => Math.abs(ms) > CLOCK_SET_MS),
      release: clips.release,
      about: ledger.about,
      packages: exports.all,
      removePackage: (id, reason) => exports.remove(id, reason, 'lamppost'),
    },
    onError,
  })
  closing.add('the retention', retention.close)
  return retention
}

/** What is found of a time and a place. */
function openSearch({ clock, town, clips, incidents }: EvidenceNeeds, placeOf: (id: string) => Place | null) {
  const port: Search = {
    now: clock.now,
    cameras: () => town.site().cameras,
    recorded: clips.recorded,
    incidents: (after) => incidents.book.page(null, after, 100),
    placeOf,
  }
  return oneByOne((order: Parameters<typeof searchRecordings>[0]) => searchRecordings(order, port))
}

export function openEvidence(needs: EvidenceNeeds) {
  const { clock, basePath, town, ledger, clips, calls, incidents } = needs
  const { append } = ledger
  const books = { exports: createExportBook(), retention: createRetentionBook(), disclosures: createDisclosureBook() }
  const keys = createLater<Keys>('the evidence')
  const retention = createLater<ReturnType<typeof openRetention>>('the retention')
  const exports = openExports(needs, books.exports, keys.get)
  const { made } = exports
  const disclosures = createDisclosureDesk({ clock, book: books.disclosures, append, made, onError: needs.onError })
  needs.closing.add('the hand-overs', disclosures.close)
  const { placeOf } = town
  return {
    folds: books,
    async resume(): Promise<void> {
      keys.is(await signerKeys(needs))
      watchClock(needs)
      exports.reacquireHolds()
    },
    begin(): void {
      retention.is(openRetention(needs, { books, exports }))
      // Packages that a death cut short.
      exports.resumeExports()
    },
    routes({ app }: Door): void {
      const { root, state, renew } = keys.get()
      const verifierPage = join(packageRoot, 'dist', 'web', 'verify.html')
      const { load: incident } = incidents.book
      const desk = createEvidenceDesk({
        exports,
        incident,
        calls: calls.recordings,
        hasCamera: clips.hasRing,
        append,
        clock,
        root,
        verifierPage,
      })
      const { packageEnds: ends } = retention.get()
      exportRoutes(app, { ...desk, ends, root, keys: state, renewSigner: renew, basePath })
      disclosureRoutes(app, {
        ...desk,
        ...disclosures,
        page: (disclosure, made, secret) => disclosurePage(disclosure, made, town.site(), secret),
        basePath,
      })
      retentionRoutes(app, {
        ...retention.get(),
        rule: () => ({ keepDays: town.site().evidence.keepMs / DAY, warnDays: town.site().evidence.warnMs / DAY }),
        placeOf,
        search: openSearch(needs, placeOf),
        onSearch: async (order, actor) =>
          void (await append([{ kind: 'evidence.searched', actor, subject: 'evidence', body: order }]).durable),
      })
    },
  }
}
