/**
 * The composition of everything about evidence: keys, packages, retention, hand-overs. Knows the rooms that they are
 * made of; the house knows it.
 */
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import type { createCameraDesk } from './camera/camera-desk.ts'
import type { createClipDesk } from './clip/clip-desk.ts'
import { disclosureRoutes } from './door/disclosure-routes.ts'
import type { App } from './door/door.ts'
import { exportRoutes } from './door/export-routes.ts'
import type { LiveNews } from './door/event-tail.ts'
import { retentionRoutes } from './door/retention-routes.ts'
import { startClockWatch } from './evidence/clock-watch.ts'
import type { createDisclosureBook } from './evidence/disclosure-book.ts'
import { createDisclosureDesk } from './evidence/disclosure-desk.ts'
import { disclosurePage } from './evidence/disclosure-page.ts'
import { createEvidenceDesk } from './evidence/evidence-desk.ts'
import { openEvidenceKeys } from './evidence/evidence-keys.ts'
import type { ExportBook } from './evidence/export-book.ts'
import { createExportDesk } from './evidence/export-desk.ts'
import { searchRecordings } from './evidence/recording-search.ts'
import type { RetentionBook } from './evidence/retention-book.ts'
import { startRetention } from './evidence/retention-desk.ts'
import type { FoundRecordings } from './glossary/evidence.ts'
import type { Place } from './glossary/press.ts'
import type { HelpPoint, Site } from './glossary/site.ts'
import type { createIncidentBook } from './incident/incident-book.ts'
import type { openLedger } from './ledger/ledger.ts'
import { type Clock, isoTime } from './tools/clock.ts'
import type { createClosingStack } from './tools/closing-stack.ts'
import { packageRoot, version } from './tools/package-root.ts'

type Surroundings = {
  dataFolder: string
  clock: Clock
  site(): Site
  helpPoint(id: string): HelpPoint | undefined
  books: {
    incidents: ReturnType<typeof createIncidentBook>
    exports: ExportBook
    retention: RetentionBook
    disclosures: ReturnType<typeof createDisclosureBook>
  }
  ledger: Awaited<ReturnType<typeof openLedger>>
  clips: ReturnType<typeof createClipDesk>
  cameras: ReturnType<typeof createCameraDesk>
  publish(news: LiveNews): void
  closing: ReturnType<typeof createClosingStack>
  onWarning(words: string): void
  onError(error: unknown): void
}

const DAY = 86_400_000
const NOWHERE: Place = { lat: 0, lon: 0 }

export async function openEvidence({
  dataFolder,
  clock,
  site,
  helpPoint,
  books,
  ledger,
  clips,
  cameras,
  publish,
  closing,
  onWarning,
  onError,
}: Surroundings) {
  const { append } = ledger
  const evidenceKeys = await openEvidenceKeys({
    folder: join(dataFolder, 'evidence-keys'),
    siteName: site().name,
    now: clock.now,
    supplied: () => site().evidence.signer,
    onSigner: ({ signer, root, signerUntil }) =>
      void append([
        {
          kind: 'evidence.signer-changed',
          actor: 'lamppost',
          subject: 'evidence',
          body: { fingerprint: signer, root, from: isoTime(clock.now()), to: signerUntil },
        },
      ]),
    onWarning,
  })
  const exports = createExportDesk({
    folder: join(dataFolder, 'exports'),
    clock,
    book: books.exports,
    append,
    port: {
      site,
      camera: (id) => {
        // One that has left the town still has what was recorded of it.
        if (!cameras.ids().includes(id))
          return { id, name: id, serial: null, mac: null, model: null, firmware: null, clockOffsetMs: null }
        const device = cameras.device(id)
        return {
          id,
          name: cameras.siteCamera(id).name,
          serial: device?.serial || null,
          mac: device?.mac ?? null,
          model: device ? `${device.manufacturer} ${device.model}`.trim() : null,
          firmware: device?.firmware || null,
          clockOffsetMs: cameras.health(id).clockOffsetMs,
        }
      },
      incident: books.incidents.load,
      presses: ({ presses: of }) =>
        of.map(({ id, receivedAt, helpPoint: at }) => ({
          id,
          receivedAt,
          helpPoint: helpPoint(at)?.name ?? at,
          address: helpPoint(at)?.address ?? '',
          ...(helpPoint(at)?.location ?? NOWHERE),
        })),
      stored: clips.stored,
      hold: clips.hold,
      release: clips.release,
      about: ledger.about,
      inclusion: ledger.inclusion,
      signing: evidenceKeys.signing,
      software: () => ({ name: 'lamppost', version, node: process.version }),
    },
    onProgress: (id, progress) => publish({ event: 'export.progress', data: { export: id, progress } }),
    onError,
  })
  closing.add('the exports', exports.close)
  const clockWatch = startClockWatch({
    clock,
    onStep: (ms) => void append([{ kind: 'clock.stepped', actor: 'lamppost', subject: 'clock', body: { ms } }]),
  })
  closing.add('the clock watch', clockWatch.close)

  let retention: ReturnType<typeof startRetention> | null = null
  const begun = (): ReturnType<typeof startRetention> => {
    if (!retention) throw new Error('the retention has not begun')
    return retention
  }

  return {
    /** What happened before this start is known now: what must be held is held again, and what is over may end. */
    begin(): void {
      exports.holdAgain()
      retention = startRetention({
        clock,
        book: books.retention,
        append,
        port: {
          rule: () => site().evidence,
          stored: clips.stored,
          hasCamera: clips.hasRing,
          clockWasSet: () =>
            books.exports
              .steps(isoTime(clock.now() - DAY), isoTime(clock.now()))
              .some(({ ms }) => Math.abs(ms) > 3_600_000),
          release: clips.release,
          packages: exports.all,
          removePackage: (id, reason) => exports.remove(id, reason, 'lamppost'),
        },
        onError,
      })
      closing.add('the retention', retention.close)
    },
    /** Packages that a death cut short. */
    goOn: exports.goOn,
    /** @param basePath before each path that an answer names. */
    routes(door: App, mustBeConfirmed: (request: FastifyRequest) => void, basePath = ''): void {
      const evidence = createEvidenceDesk({
        exports,
        incident: books.incidents.load,
        hasCamera: clips.hasRing,
        append,
        clock,
        root: evidenceKeys.root,
        verifierPage: join(packageRoot, 'dist', 'web', 'verify.html'),
      })
      exportRoutes(door, {
        ...evidence,
        ends: begun().packageEnds,
        root: evidenceKeys.root,
        keys: evidenceKeys.state,
        renewSigner: evidenceKeys.renew,
        mustBeConfirmed,
        basePath,
      })
      disclosureRoutes(door, {
        ...evidence,
        ...createDisclosureDesk({ clock, book: books.disclosures, append, made: exports.made }),
        page: (disclosure, made, secret) => disclosurePage(disclosure, made, site(), secret),
        mustBeConfirmed,
        basePath,
      })
      // One after the other: a search reads much.
      let searching: Promise<FoundRecordings> = Promise.resolve({ incidents: [], cameras: [] })
      const placeOf = (id: string): Place | null => helpPoint(id)?.location ?? null
      retentionRoutes(door, {
        ...begun(),
        rule: () => ({ keepDays: site().evidence.keepMs / DAY, warnDays: site().evidence.warnMs / DAY }),
        placeOf,
        search: (order) =>
          (searching = searching
            .catch(() => {})
            .then(() =>
              searchRecordings(order, {
                now: clock.now,
                cameras: () => site().cameras,
                recorded: clips.recorded,
                incidents: (after) => books.incidents.page(null, after, 100),
                placeOf,
              }),
            )),
        onSearch: async (order, actor) =>
          void (await append([{ kind: 'evidence.searched', actor, subject: 'evidence', body: order }]).durable),
      })
    },
  }
}
