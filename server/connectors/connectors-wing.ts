/** The VMS connectors: each incident is told to the room's own VMS, and what it has of it is read back. */
import type { Door } from '../door/door.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Entry } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { createConnectorBook } from './connector-book.ts'
import { makeConnector } from './connector-kinds.ts'
import { createConnectorRegistry } from './connector-registry.ts'
import { connectorRoutes } from './connector-routes.ts'
import { startDailyTrials } from './daily-trial.ts'

export type ConnectorNeeds = {
  clock: Clock
  closing: { add(what: string, close: () => unknown): void }
  news: { publish(news: LiveNews): void }
  onError(error: unknown): void
  town: {
    site(): Site
    nameOf(id: string): string
    editVmsCamera(connector: string, camera: CameraId, theirs: string | null): Promise<void>
  }
  ledger: { append: Append; tail(listener: (entry: Entry) => void): () => void }
  incidents: { load(id: string): Promise<Incident>; numberOf(id: IncidentId): string | null }
  clips: { streamAt(camera: CameraId): string | null }
}

export function openConnectors({ clock, closing, news, onError, town, ledger, incidents, clips }: ConnectorNeeds) {
  const book = createConnectorBook()
  const registry = createConnectorRegistry({
    clock,
    book,
    town: () => {
      const { id, timezone, evidence, cameras } = town.site()
      const cameraName = (camera: string): string => cameras.find((each) => each.id === camera)?.name ?? camera
      return { id, timezone, keepMs: evidence.keepMs, nameOf: town.nameOf, cameraName, numberOf: incidents.numberOf }
    },
    cameras: () => town.site().cameras,
    streamAt: clips.streamAt,
    load: (incident: IncidentId) => incidents.load(incident),
    append: ledger.append,
    make: (site) => makeConnector(site, clock),
    onChange: (state) => news.publish({ event: 'connector.health', data: state }),
    onError,
  })
  closing.add('the connectors', registry.close)
  return {
    connectors: registry.state,
    folds: { connectors: book },
    begin(): void {
      closing.add('the connectors’ tail', ledger.tail(registry.heard))
      const lastTested = (id: string): number | null => {
        const at = book.heard(id)?.lastTested
        return at ? Date.parse(at) : null
      }
      const test = (id: string, pressed: boolean): Promise<unknown> => registry.test(id, pressed, 'lamppost')
      const trials = startDailyTrials({ clock, site: town.site, lastTested, test, onError })
      closing.add('the daily trials of connectors', trials.close)
    },
    // Once everything was read, and before presses come in: a new VMS is told of the first of them.
    listen: {
      'the connectors': async ({ connectors }: Site): Promise<void> => {
        registry.forgetMatches()
        await registry.follow(connectors)
      },
    },
    routes: ({ app }: Door): void =>
      connectorRoutes(app, {
        ...registry,
        say: async (connector, camera, theirs) => {
          registry.mustKnow(connector)
          const known = town.site().cameras.find(({ id }) => id === camera)
          if (!known) throw new Failure('camera/unknown', `There is no camera "${camera}".`)
          await town.editVmsCamera(connector, known.id, theirs)
        },
      }),
  }
}
