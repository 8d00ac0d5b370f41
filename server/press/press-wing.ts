/** Presses: every source brings them to one desk. */
import type { Door } from '../door/door.ts'
import { pressRoutes } from './press-routes.ts'
import type { HelpPointId, OrElsewhere } from '../glossary/press.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Recorded } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createTopic } from '../tools/topic.ts'
import type { HeardInput } from './sources/onvif-input.ts'
import { type OpenIncident, createPressDesk, openIncident } from './press-desk.ts'
import { type CountedPress, createPressReception } from './press-reception.ts'
import { createPressSources } from './sources/press-sources.ts'
import { checkSignature } from './signed-press.ts'

type DeskOptions = Parameters<typeof createPressDesk>[0]
export type PressNeeds = {
  clock: Clock
  logger: Record<'info' | 'warn', (facts: object, words: string) => void>
  /** In a town on several machines. */
  orElsewhere?: OrElsewhere | undefined
  host: string
  dataFolder: string
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: {
    site(): Site
    knows(id: string): boolean
    idOf(id: string): HelpPointId | null
    secretOf(id: string): string | null
  }
  ledger: {
    append: Append
    whenDurable(seq: number): Promise<void>
    pressWithKey(helpPoint: string, key: string): Promise<Recorded | null>
  }
  incidents: Pick<DeskOptions, 'pressed' | 'coalesced'> & {
    book: { openAt(helpPoint: HelpPointId): Incident | null; isOpen(id: IncidentId): boolean }
  }
  cameras: {
    inputs(listener: (input: { camera: CameraId; event: HeardInput }) => void): () => void
    health(camera: CameraId): { clockOffsetMs: number | null }
  }
}

/** The desk, the sources that bring to it, and what is told of each press. */
function openSources({
  clock,
  logger,
  host,
  dataFolder,
  closing,
  onError,
  town,
  ledger,
  incidents,
  cameras,
  orElsewhere,
}: PressNeeds) {
  const heard = createTopic<HelpPointId>(onError)
  const counted = createTopic<CountedPress>(onError)
  const { append, whenDurable, pressWithKey: lookUp } = ledger
  const { pressed, coalesced, book } = incidents
  const openAt = (id: HelpPointId): OpenIncident | null => openIncident(book.openAt(id))
  const desk = createPressDesk({ clock, knows: town.knows, openAt, pressed, coalesced, whenDurable, lookUp, onError })
  closing.add('the press desk', desk.close)
  const reception = createPressReception({
    clock,
    accept: desk.accept,
    orElsewhere,
    idOf: town.idOf,
    append,
    onHeard: heard.publish,
    onCounted: counted.publish,
    onTaken: (press) => logger.info(press, 'a press was taken'),
  })
  closing.add('the refusals that are counted', reception.close)
  const sources = createPressSources({
    site: town.site,
    host,
    dataFolder,
    clock,
    accept: reception.accept,
    isOpen: book.isOpen,
    heard: heard.publish,
    clockOffsetMs: (camera) => cameras.health(camera).clockOffsetMs,
    onRefused: reception.refused,
    onLink: (id, problem) =>
      problem === null
        ? logger.info({ helpPoint: id }, 'its broker is heard')
        : logger.warn({ helpPoint: id, problem }, 'its broker is not heard'),
    onError,
  })
  closing.add('the sources', sources.close)
  cameras.inputs(({ camera, event }) => sources.heardInput(camera, event))
  return { desk, reception, sources, heard, counted }
}

export function openPresses(needs: PressNeeds) {
  const { clock, town } = needs
  const { desk, reception, sources, heard, counted } = openSources(needs)
  return {
    accept: reception.accept,
    refused: reception.refused,
    /** It is registered at the voice edge, for example. @throws help-point/unknown */
    alive: reception.alive,
    /** A help point lives: a press, a heartbeat, a joined radio. */
    heard: heard.subscribe,
    counted: counted.subscribe,
    folds: { presses: desk },
    listen: { 'the MQTT sessions': sources.followBroker, 'the SIA receiver': sources.followReceiver },
    routes({ app }: Door): void {
      pressRoutes(app, {
        accept: reception.accept,
        signedAt: (id, request) => checkSignature(request, town.secretOf(id), clock.now()),
        lorawan: sources.lorawan,
        alive: reception.alive,
        onRefused: (from, reason, id) => reception.refused('http', from, reason, id),
      })
    },
  }
}
