/** Types only: what the rooms that stand above the readiness give it. */
import type { HelpPointPort } from './help-point-routes.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Entry, Recorded } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { HelpPoint } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import type { VoiceDrillPort } from './voice-drill.ts'

export type ReadinessNeeds = {
  clock: Clock
  logger: { info(facts: object, words: string): void }
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
      form: 'unmasked',
      listener: { begin(): void; part(): void; gone(): void },
    ): { leave(): void }
    diskState: HelpPointPort['storage']
  }
  cameras: { listens(camera: CameraId): boolean }
  incidents: {
    close(id: IncidentId, reason: string, actor: string, how: { code: 'drill' }): Promise<unknown>
    releaseDrillClips(id: IncidentId): Promise<void>
    book: {
      load(id: string): Promise<Incident>
      get(id: string): Incident
      idAt(helpPoint: string): IncidentId | null
      unfinished(): Incident[]
    }
  }
  calls: Pick<HelpPointPort, 'voice' | 'voiceOf' | 'phrases'> & Pick<VoiceDrillPort, 'tryTone'>
  presses: Pick<HelpPointPort, 'accept'> & { heard(listener: (helpPoint: HelpPointId) => void): () => void }
}
