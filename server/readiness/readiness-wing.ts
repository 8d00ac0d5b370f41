/** What proves that a press reaches a picture: chains of real presses, drills, and signs of life. */
import type { Door } from '../door/door.ts'
import { type HelpPointPort, helpPointRoutes } from './help-point-routes.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Entry, Recorded } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPointId, PressKind } from '../glossary/press.ts'
import type { HelpPointProof, Stage } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createTopic } from '../tools/topic.ts'
import { createChainWatch } from './chain-watch.ts'
import { type DrillPort, drillResult, startDrillSchedule } from './drill-schedule.ts'
import { createDrillEnds, cutShort } from './drill-ends.ts'
import { createProofBook } from './readiness-book.ts'

export type ProofNeeds = {
  clock: Clock
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: Pick<HelpPointPort, 'site' | 'streets' | 'openings' | 'walk'> & {
    helpPoint(id: string): HelpPoint | undefined
    timezone(): string
  }
  ledger: {
    append: Append
    whenDurable(seq: number): Promise<void>
    recorded(listener: (entry: Recorded) => void): () => void
    tail(listener: (entry: Entry) => void): () => void
    broken(): string | null
  }
  clips: {
    watchLive(
      camera: CameraId,
      form: 'copy',
      listener: { begin(): void; part(): void; gone(): void },
    ): { leave(): void }
    diskState: HelpPointPort['storage']
  }
  cameras: { listens(camera: CameraId): boolean }
  incidents: {
    close(id: IncidentId, reason: string, actor: string): Promise<unknown>
    letGo(id: IncidentId): Promise<void>
    book: {
      load(id: string): Promise<Incident>
      get(id: string): Incident
      openAt(helpPoint: HelpPointId): Incident | null
      unfinished(): Incident[]
    }
  }
  presses: Pick<HelpPointPort, 'accept'> & { heard(listener: (helpPoint: HelpPointId) => void): () => void }
}

/** The help points whose proof an entry changes. */
const changedBy = (entry: Entry, incident: (id: IncidentId) => Incident): HelpPointId | null => {
  switch (entry.kind) {
    case 'drill.finished':
    case 'chain.finished':
    case 'incident.opened':
      return entry.body.helpPoint
    case 'incident.closed':
    case 'incident.reopened':
      return incident(entry.body.incident).helpPoint
    default:
      return null
  }
}

/** What the drill schedule asks of the town. */
function drillPort(
  { town, ledger, cameras, incidents, presses }: ProofNeeds,
  {
    endDrill,
    drillOf,
    onChange,
  }: Pick<DrillPort, 'endDrill' | 'onChange'> & { drillOf: ReturnType<typeof createProofBook>['drillOf'] },
): DrillPort {
  const { book } = incidents
  return {
    helpPoints: () => town.site().helpPoints,
    timezone: town.timezone,
    openAt: (id) => book.openAt(id)?.id ?? null,
    drill: async (id, key) => {
      const arrival = { helpPoint: id, key, pressedAt: null, kind: 'drill', source: 'schedule' } as const
      const { receipt, repeated } = await presses.accept(arrival)
      return repeated ? null : receipt.incident
    },
    cutShort: () => cutShort(book.unfinished(), drillOf),
    whenFinished: (incident, signal) => drillResult(ledger.tail, incident, signal),
    endDrill,
    alive: ({ wired }) => wired.some(({ camera }) => cameras.listens(camera)),
    write: (draft) => void ledger.append([draft]),
    onChange,
  }
}

export function openProof(needs: ProofNeeds) {
  const { clock, news, closing, onError, town, ledger, clips, incidents, presses } = needs
  const stages = createTopic<{ stage: Stage; kind: PressKind; ms: number }>(onError)
  const proofs = createProofBook({ startedAt: clock.now() })
  const proofOf = (each: HelpPoint): HelpPointProof => proofs.proofOf(each, clock.now(), town.timezone())
  const incidentAt = (id: string): IncidentId | null => incidents.book.openAt(id as HelpPointId)?.id ?? null
  const publishProof = (id: HelpPointId | null): void => {
    const found = id === null ? undefined : town.helpPoint(id)
    if (found)
      news.publish({
        event: 'help-point.health',
        data: { helpPoint: id, incident: incidentAt(found.id), ...proofOf(found) },
      })
  }
  const chains = createChainWatch({
    clock,
    port: {
      whenDurable: ledger.whenDurable,
      watchPicture: (camera, part) => clips.watchLive(camera, 'copy', { begin: () => {}, part, gone: () => {} }).leave,
      write: (draft) => void ledger.append([draft]),
      onStage: (stage, kind, ms) => stages.publish({ stage, kind, ms }),
    },
    onError,
  })
  closing.add('the chain watch', chains.close)
  presses.heard((id) => proofs.heard(id, clock.now()))
  ledger.recorded(chains.heard)
  return {
    proofOf,
    overdue: () =>
      town.site().helpPoints.flatMap((each) => proofOf(each).overdue.map((what) => ({ helpPoint: each.id, what }))),
    stages: stages.subscribe,
    folds: { proofs },
    begin(): void {
      const { letGo, close, book } = incidents
      const ends = createDrillEnds({ clock, load: book.load, close, letGo, onError })
      closing.add('the drills by hand', ends.close)
      closing.add('their results', ledger.tail(ends.onEntry))
      closing.add(
        'the news of help points',
        ledger.tail((entry) => publishProof(changedBy(entry, book.get))),
      )
      const port = drillPort(needs, { endDrill: ends.end, drillOf: proofs.drillOf, onChange: publishProof })
      closing.add('the drills', startDrillSchedule({ clock, book: proofs, port, onError }).close)
    },
    routes({ app }: Door): void {
      const { accept } = presses
      const { broken: record } = ledger
      helpPointRoutes(app, { ...town, storage: clips.diskState, record, accept, incidentAt, proofOf })
    },
  }
}
