/** What the room does about presses: incidents, the cameras that come for them, and who is called when nobody comes. */
import { createHash } from 'node:crypto'
import { type Door } from '../door/door.ts'
import { type IncidentPort, incidentRoutes } from './incident-routes.ts'
import { createIncidentNumbers } from './incident-numbers.ts'
import { type RegisterNeeds, openRegister } from './register/register.ts'
import type { CameraId, PresetToken } from '../glossary/camera.ts'
import type { Clip, ClipView, Gap } from '../glossary/clip.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append, Entry } from '../glossary/ledger.ts'
import type { HelpPointId, Place } from '../glossary/press.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { startEscalation } from './escalation.ts'
import { type IncidentHistory, createIncidentBook } from './incident-book.ts'
import { type ClipPort, createIncidentDesk } from './incident-desk.ts'
import type { CameraPort, Chosen } from './incident-framings.ts'

type At = { id: HelpPointId; location: Place | null }
export type IncidentNeeds = Pick<RegisterNeeds, 'dataFolder'> & {
  clock: Clock
  logger: { warn(facts: object, words: string): void }
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  basePath: string
  town: {
    site(): Site
    nameOf(id: string): string
    placeOf(id: string): Place | null
    instructionsOf(id: string): string[]
  }
  ledger: Omit<IncidentHistory, 'about'> &
    RegisterNeeds['ledger'] & { append: Append; about(subject: string): Promise<Entry[]> }
  clips: Pick<ClipPort, 'hold' | 'release'> & { gaps(clip: Clip): Promise<Gap[]> }
  cameras: Pick<CameraPort, 'hold' | 'heldBy'> & {
    /** @throws camera/unknown */
    siteCamera(id: string): SiteCamera
    /** @param claimedBy another open press whose help point has one of these presets */
    choose(
      at: At,
      incident: IncidentId,
      holders: ReadonlyMap<CameraId, IncidentId | null>,
      claimedBy: (presets: ReadonlyMap<HelpPointId, unknown>) => IncidentId | null,
    ): ReturnType<CameraPort['choose']>
    /** A check of a preset gives way. */
    yieldTo(camera: CameraId): void
    frameAt: CameraPort['frame']
    sendBack(camera: CameraId, to: SiteCamera['after']): Promise<void>
    /** @throws preset/unknown */
    mustHave(camera: CameraId, token: PresetToken): Promise<void>
    /** @throws preset/unknown */
    wayTo(camera: CameraId, asked: PresetToken | null, helpPoint: HelpPointId): Chosen
    steered(listener: (steered: { camera: CameraId; by: string }) => void): () => void
    usersAre(users: (camera: CameraId) => IncidentId | null): void
  }
}

/** The incident's entries as the ledger has them: a printed report can be held against them. */
const recordOf =
  (about: IncidentNeeds['ledger']['about']): IncidentPort['record'] =>
  async (id) => {
    const entries = await about(id)
    const [first, last] = [entries[0], entries.at(-1)]
    if (!first || !last) throw new Failure('incident/unknown', `There is no incident "${id}".`)
    const sha256 = createHash('sha256')
    for (const { hash } of entries) sha256.update(`${hash}\n`)
    return { first: first.seq, last: last.seq, entries: entries.length, sha256: sha256.digest('hex') }
  }

const clipViewOf =
  ({ basePath, clips }: IncidentNeeds) =>
  async (incident: IncidentId, clip: Clip): Promise<ClipView> => ({
    ...clip,
    playlist: `${basePath}/api/v1/incidents/${incident}/clips/${clip.camera}/index.m3u8`,
    gaps: await clips.gaps(clip),
  })

/** The cameras as the incident desk asks for them. */
function cameraPort({ cameras, town, logger }: IncidentNeeds, book: ReturnType<typeof createIncidentBook>): CameraPort {
  const at = (id: HelpPointId): At => ({ id, location: town.placeOf(id) })
  return {
    choose: (id, incident, holders) =>
      cameras.choose(at(id), incident, holders, (presets) => book.claimedBy(incident, presets)),
    hold: cameras.hold,
    heldBy: cameras.heldBy,
    frame: (chosen, id, signal, onJudgement) => {
      cameras.yieldTo(chosen.camera)
      return cameras.frameAt(chosen, id, signal, onJudgement)
    },
    sendBackAfterIncident: (camera) =>
      void cameras
        .sendBack(camera, cameras.siteCamera(camera).after)
        .catch((error: unknown) => logger.warn({ err: error, camera }, 'the camera could not be sent back')),
  }
}

export function openIncidents(needs: IncidentNeeds) {
  const { clock, closing, onError, town, ledger, clips, cameras } = needs
  const { append, about, openedBefore } = ledger
  const book = createIncidentBook({ about, openedBefore })
  const numbers = createIncidentNumbers(town.site)
  const register = openRegister(needs)
  cameras.usersAre(book.using)
  const { hold, release } = clips
  const desk = createIncidentDesk({
    clock,
    book,
    append,
    cameras: cameraPort(needs, book),
    clips: { preRollMs: (camera) => cameras.siteCamera(camera).buffer.preRollMs, hold, release },
    helpPointName: town.nameOf,
    instructions: town.instructionsOf,
  })
  closing.add('the incident desk', desk.closeDesk)
  cameras.steered(({ camera, by }) => desk.steered(camera, by))
  return {
    ...desk,
    load: book.load,
    /** How many clips it still holds; none for one that nobody remembers. */
    clipsOf: book.clipsOf,
    book,
    numberOf: numbers.of,
    folds: { incidents: book, numbers },
    begin(): void {
      register.begin()
      const steps = () => town.site().escalation
      const escalation = startEscalation({ clock, unfinished: book.unfinished, steps, append, onError })
      closing.add('the escalation', escalation.close)
    },
    routes({ app }: Door): void {
      register.routes(app)
      incidentRoutes(app, {
        ...desk,
        get: book.load,
        page: book.page,
        readAll: book.readAll,
        record: recordOf(about),
        search: register.search,
        numbers,
        timezone: () => town.site().timezone,
        clipView: clipViewOf(needs),
        bring: async (id, camera, preset, actor) => {
          const { id: known } = cameras.siteCamera(camera)
          if (preset !== null) await cameras.mustHave(known, preset)
          const { helpPoint } = await book.load(id)
          return desk.bring(id, cameras.wayTo(known, preset, helpPoint), actor)
        },
        answerRequest: (id, answer, actor) =>
          desk.answerRequest(id, answer, actor, ({ helpPoint }) => cameras.wayTo(answer.camera, null, helpPoint)),
      })
    },
  }
}
