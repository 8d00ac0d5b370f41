/** What proves that a press reaches a picture: chains of real presses, drills, and signs of life. */
import type { Door } from '../door/door.ts'
import { helpPointRoutes } from './help-point-routes.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { HelpPointId, PressKind } from '../glossary/press.ts'
import type { HelpPointProof, Stage } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import { createTopic } from '../tools/topic.ts'
import { createChainWatch } from './chain-watch.ts'
import { startDrillSchedule } from './drill-schedule.ts'
import { createDrillEnds } from './drill-ends.ts'
import { drillPort } from './drill-port.ts'
import { createProofNews } from './proof-news.ts'
import type { ProofNeeds } from './readiness-needs.ts'
import { createProofBook } from './readiness-book.ts'

export function openProof(needs: ProofNeeds) {
  const { clock, news, closing, onError, town, ledger, clips, incidents, presses } = needs
  const stages = createTopic<{ stage: Stage; kind: PressKind; ms: number }>(onError)
  const proofs = createProofBook({ startedAt: clock.now() })
  const proofOf = (each: HelpPoint): HelpPointProof => proofs.proofOf(each, clock.now(), town.timezone())
  const incidentAt = (id: string): IncidentId | null => incidents.book.openAt(id as HelpPointId)?.id ?? null
  const proofNews = createProofNews({
    helpPoint: town.helpPoint,
    incidentAt,
    incident: incidents.book.get,
    proofOf,
    publish: news.publish,
  })
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
      closing.add('the news of help points', ledger.tail(proofNews.onEntry))
      const port = drillPort(needs, { endDrill: ends.end, drillOf: proofs.drillOf, onChange: proofNews.publish })
      closing.add('the drills', startDrillSchedule({ clock, book: proofs, port, onError }).close)
    },
    routes({ app }: Door): void {
      const { accept } = presses
      const { broken: record } = ledger
      helpPointRoutes(app, { ...town, storage: clips.diskState, record, accept, incidentAt, proofOf })
    },
  }
}
