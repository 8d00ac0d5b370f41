/** Snapshots: still pictures that operators keep with an incident. */
import { join } from 'node:path'
import type { Door } from '../door/door.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Recorded, Append } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createSnapshotBook } from './snapshot-book.ts'
import { type SnapshotDeskOptions, createSnapshotDesk } from './snapshot-desk.ts'
import { snapshotRoutes } from './snapshot-routes.ts'

export type SnapshotNeeds = {
  clock: Clock
  dataFolder: string
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site }
  ledger: { append: Append; recorded(listener: (entry: Recorded) => void): () => void }
  clips: { still: SnapshotDeskOptions['still'] }
  cameras: { knows(camera: string): CameraId }
  incidents: SnapshotDeskOptions['incidents']
}
const SWEEP_EVERY_MS = 3_600_000

export function openSnapshots({ clock, dataFolder, closing, onError, town, ledger, clips, ...rest }: SnapshotNeeds) {
  const { cameras, incidents } = rest
  const book = createSnapshotBook()
  const folder = join(dataFolder, 'snapshots')
  const desk = createSnapshotDesk({ clock, folder, book, append: ledger.append, incidents, still: clips.still })
  const sweeping = new AbortController()
  closing.add('the snapshots’ retention', () => sweeping.abort())
  async function sweepNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, signal)
      if (!signal.aborted) await desk.sweep(town.site().evidence.keepMs).catch(onError)
    }
  }
  return {
    folds: { snapshots: book },
    resume: desk.tidy,
    begin(): void {
      ledger.recorded((entry) => {
        if (entry.kind !== 'clip.deleted' || incidents.clipsOf(entry.body.incident) > 0) return
        desk.drop(entry.body.incident, entry.body.why).catch(onError)
      })
      void sweepNowAndThen(sweeping.signal)
    },
    routes: ({ app, admit, played }: Door): void =>
      snapshotRoutes(app, { ...desk, knows: cameras.knows, admit, played }),
  }
}
