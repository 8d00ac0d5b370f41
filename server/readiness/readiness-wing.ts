/** What proves that a press reaches a picture: chains of real presses, drills, and signs of life. */
import type { Door } from '../door/door.ts'
import { helpPointRoutes } from './help-point-routes.ts'
import type { Draft } from '../glossary/ledger.ts'
import type { PressKind } from '../glossary/press.ts'
import type { HelpPointProof, Stage } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import { createTopic } from '../tools/topic.ts'
import { createChainWatch } from './chain-watch.ts'
import { startDrillSchedule } from './drill-schedule.ts'
import { createDrillEnds } from './drill-ends.ts'
import { drillPort } from './drill-port.ts'
import { createReadinessNews } from './readiness-news.ts'
import type { ReadinessNeeds } from './readiness-needs.ts'
import { createReadinessBook } from './readiness-book.ts'
import { createVoiceDrills } from './voice-drill.ts'

export function openReadiness(needs: ReadinessNeeds) {
  const { clock, logger, news, closing, onError, town, ledger, clips, incidents, presses, calls } = needs
  const stages = createTopic<{ stage: Stage; kind: PressKind; ms: number }>(onError)
  const book = createReadinessBook({ startedAt: clock.now() })
  const proofOf = (each: HelpPoint): HelpPointProof => book.proofOf(each, clock.now(), town.timezone())
  const { idAt: incidentAt } = incidents.book
  const readinessNews = createReadinessNews({
    helpPoint: town.helpPoint,
    incidentAt,
    incident: incidents.book.get,
    proofOf,
    publish: news.publish,
  })
  const write = (draft: Draft): void => void ledger.append([draft])
  const chains = createChainWatch({
    clock,
    port: {
      whenDurable: ledger.whenDurable,
      watchPicture: (camera, part) =>
        clips.watchLive(camera, 'unmasked', { begin: () => {}, part, gone: () => {} }).leave,
      write,
      onStage(stage, kind, ms, of) {
        logger.info({ ...of, stage, ms }, 'a press went on')
        stages.publish({ stage, kind, ms })
      },
    },
    onError,
  })
  const isRegistered = (id: HelpPoint['id']): boolean => calls.voiceOf(id)?.registered === true
  const voices = createVoiceDrills({ clock, isRegistered, tryTone: calls.tryTone, usualDb: book.usualDb, write })
  closing.add('the chain watch', chains.close)
  presses.heard((id) => book.heard(id, clock.now()))
  ledger.recorded(chains.heard)
  return {
    proofOf,
    overdue: () =>
      town.site().helpPoints.flatMap((each) => proofOf(each).overdue.map((what) => ({ helpPoint: each.id, what }))),
    stages: stages.subscribe,
    // The name under which checkpoints keep it.
    folds: { proofs: book },
    begin(): void {
      const { releaseDrillClips, close } = incidents
      const ends = createDrillEnds({ clock, load: incidents.book.load, close, releaseDrillClips, onError })
      closing.add('the drills by hand', ends.close)
      closing.add('their results', ledger.tail(ends.onEntry))
      closing.add('the news of help points', ledger.tail(readinessNews.onEntry))
      const { drillOf } = book
      const port = drillPort(needs, { endDrill: ends.end, drillOf, voices, onChange: readinessNews.publish })
      closing.add('the drills', startDrillSchedule({ clock, book, port, onError }).close)
    },
    routes({ app }: Door): void {
      const { accept } = presses
      const { broken: record } = ledger
      const { voice, voiceOf, phrases } = calls
      const { sound } = voices
      const port = { storage: clips.diskState, record, accept, incidentAt, proofOf, voice, voiceOf, phrases, sound }
      helpPointRoutes(app, { ...town, ...port })
    },
  }
}
