/** The cameras: their heads and health, what comes of their moves, and the people who steer them. */
import { join } from 'node:path'
import type { CameraId, CameraView, PresetToken } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import { cameraRoutes } from './camera-routes.ts'
import type { Door } from '../door/door.ts'
import { findingRoutes } from './finding-routes.ts'
import { builtEntry } from '../tools/package-root.ts'
import { createTopic } from '../tools/topic.ts'
import { keepWorker } from '../tools/process/worker-calls.ts'
import { startBlindWatch } from './watch/blind-watch.ts'
import { createCameraDesk } from './camera-desk.ts'
import { createManualControl } from './control/manual-control.ts'
import type { CameraNeeds } from './camera-needs.ts'
import { createListening, presetNews } from './head-news.ts'
import { chooseCameras } from './camera-choice.ts'
import { cameraRoutesPort } from './camera-port.ts'
import { type Users, createUsers } from './camera-users.ts'
import { cameraView } from './camera-view.ts'
import { createDriftPort } from './watch/drift-port.ts'
import { startDriftWatch } from './watch/drift-watch.ts'
import { createPrivacyWatch } from './watch/privacy-watch.ts'
import { shiftBetween } from '../tools/masks/head-projection.ts'
import { openHeadMemories } from './head/head-memory.ts'
import { createManualMove } from './control/manual-move.ts'
import { createMoves } from './framing/moves.ts'
import { ipv4Devices } from './network-devices.ts'
import type { InputEvent } from './onvif/onvif-events.ts'
import { MATCH_SIZE } from './framing/picture-match.ts'
import { createFreshStill, createPictureProof, SETTLING_MS } from './framing/picture-proof.ts'
import { createPictureReferences } from './framing/picture-references.ts'
import type { PictureThread } from './framing/picture-thread.ts'
import { createPresetKeeping } from './presets/preset-keeping.ts'
import { createPresetMemory } from './presets/preset-memory.ts'

/** The heads of the town, and what they tell. */
function openHeads(needs: CameraNeeds) {
  const { clock, logger, dataFolder, news, closing, onError, town, ledger, clips } = needs
  const inputs = createTopic<{ camera: CameraId; event: InputEvent }>(onError)
  const presetChanged = createTopic<{ camera: CameraId; token: PresetToken; words: string }>(onError)
  const presetGone = createTopic<{ camera: CameraId; token: PresetToken; away: boolean }>(onError)
  const interrupted = createTopic<CameraId>(onError)
  const memories = openHeadMemories({ file: join(dataFolder, 'heads.json'), clock, onError })
  closing.add('what is remembered of the heads', memories.close)
  const presetMemory = createPresetMemory()
  const listening = createListening(logger)
  const desk = createCameraDesk({
    clock,
    memories,
    presetConfirmed: (camera, token) => presetMemory.change(camera, token) === null,
    onPresets: presetNews({ presetMemory, append: ledger.append, onChanged: presetChanged.publish }),
    onHealth: (change) => {
      logger.info(change, 'camera health')
      news.publish({ event: 'camera.health', data: { ...change, codec: clips.codec(change.camera) } })
    },
    onStream: (camera, stream, substream) => void clips.announced(camera, stream, substream).catch(onError),
    listened: (camera) => town.site().helpPoints.some(({ wired }) => wired.some((input) => input.camera === camera)),
    onInput: (camera, event) => inputs.publish({ camera, event }),
    onListening: listening.changed,
    onPresetGone: (camera, token, away) => presetGone.publish({ camera, token, away }),
    onInterrupted: interrupted.publish,
    onTurn: (camera) => privacy.turned(camera),
    mayChange: needs.mayMove,
    onMet: (camera) => privacy.met(camera),
    onError,
  })
  closing.add('the cameras', desk.close)
  const privacy = createPrivacyWatch({
    clock,
    headOf: desk.turningHead,
    shift: shiftBetween,
    look: clips.look,
    onError,
  })
  closing.add('the watch over privacy masks', privacy.close)
  clips.video(({ camera, state, reason }) => desk.videoIs(camera, state, reason))
  clips.buffer(({ camera, state, reason }) => desk.bufferIs(camera, state, reason))
  return { desk, privacy, presetMemory, listening, inputs, interrupted, presetChanged, presetGone }
}

/** What presets should show, and whether the picture shows it. */
function openPictures(
  { clock, dataFolder, closing, onError, clips }: CameraNeeds,
  isFrozen: (camera: CameraId) => boolean,
) {
  const references = createPictureReferences({ folder: join(dataFolder, 'references'), now: clock.now })
  const pictures = keepWorker<PictureThread>(builtEntry('camera/framing/picture-thread.js'), {
    clock,
    onDeath: onError,
  })
  closing.add('the picture thread', pictures.terminate)
  const freshStill = createFreshStill({ still: clips.unmaskedStill, clock })
  const { compare, look } = pictures.calls
  return {
    references,
    freshStill,
    look,
    lookAt: createPictureProof({ references, freshStill, compare, isFrozen, clock }),
  }
}

/** Presets are compared with what they should show when their cameras are free. */
function openDriftWatch(
  { clock, closing, onError, town, ledger }: CameraNeeds,
  { desk, presetChanged, presetGone }: ReturnType<typeof openHeads>,
  { references, frame, usedBy }: Pick<Parameters<typeof createDriftPort>[0], 'references' | 'frame' | 'usedBy'>,
) {
  const { site } = town
  const { append } = ledger
  const port = createDriftPort({
    site,
    now: clock.now,
    desk,
    standing: desk.standing,
    references,
    frame,
    usedBy,
    append,
    onError,
  })
  const drift = startDriftWatch({ clock, port })
  closing.add('the drift watch', drift.close)
  presetChanged.subscribe(({ camera, token, words }) => drift.changed({ camera, token }, words))
  presetGone.subscribe(({ camera, token, away }) => void drift.gone({ camera, token }, away))
  return drift
}

type Holders = Parameters<ReturnType<typeof createCameraDesk>['candidates']>[1]
type ClaimedBy = Parameters<ReturnType<typeof createCameraDesk>['candidates']>[2]

/** Presets on the cameras, in the site file and in the record. */
function openPresets(
  { town, ledger }: CameraNeeds,
  { desk, presetMemory }: ReturnType<typeof openHeads>,
  { references, freshStill }: Pick<ReturnType<typeof openPictures>, 'references' | 'freshStill'>,
  { neededBy, lastCheck }: { neededBy: Users['neededBy']; lastCheck: ReturnType<typeof startDriftWatch>['last'] },
) {
  return createPresetKeeping({
    head: desk.head,
    siteCamera: desk.siteCamera,
    heldBy: neededBy,
    knowsHelpPoint: town.knows,
    async teach(id, token, { alone }) {
      const { picture: jpeg } = await freshStill(id, undefined, SETTLING_MS)
      await references.teach(id, token, { jpeg, position: desk.standing(id), alone })
    },
    forgetPictures: references.forget,
    reference: references.newest,
    checked: references.checked,
    pictures: references.count,
    lastCheck,
    saving: presetMemory.saving,
    notSaved: presetMemory.notSaved,
    changed: presetMemory.change,
    confirmation: presetMemory.confirmation,
    editSite: town.editPreset,
    append: ledger.append,
  })
}

/** Who steers by hand. */
function openManualControl(
  { clock, news, closing, onError, ledger }: CameraNeeds,
  { desk }: ReturnType<typeof openHeads>,
  { neededBy }: Users,
) {
  const steered = createTopic<{ camera: CameraId; by: string }>(onError)
  const manual = createManualControl({
    clock,
    onChange: (camera, hand) => news.publish({ event: 'camera.hand', data: { camera, hand } }),
  })
  closing.add('the control by hand', manual.close)
  const port = { ...desk, manual, neededBy, onSteered: steered.publish, append: ledger.append }
  return { manual, steered, byHand: createManualMove(port) }
}

export function openCameras(needs: CameraNeeds) {
  const { clock, closing, onError, basePath, findingDevice, town, clips } = needs
  const heads = openHeads(needs)
  const { desk } = heads
  const users = createUsers(desk.heldBy)
  const pictures = openPictures(needs, (id) => desk.health(id).blind === 'frozen')
  const { lookAt, references } = pictures
  const moves = createMoves({ ...desk, clock, lookAt, placeOf: town.placeOf })
  const drift = openDriftWatch(needs, heads, { references, frame: moves.frame, usedBy: users.usedBy })
  const presets = openPresets(needs, heads, pictures, { neededBy: users.neededBy, lastCheck: drift.last })
  const steering = openManualControl(needs, heads, users)
  const viewPort = { ...desk, ...clips, neededBy: users.neededBy, steeredBy: steering.manual.who }
  return {
    ...desk,
    ...moves,
    inputs: heads.inputs.subscribe,
    interrupted: heads.interrupted.subscribe,
    steered: steering.steered.subscribe,
    listens: heads.listening.to,
    knows: (id: string): CameraId => desk.siteCamera(id).id,
    usersAre: users.answeredBy,
    /** The cameras that come. @param claimedBy another open press whose help point has one of these presets */
    choose: (at: Parameters<typeof chooseCameras>[0], incident: IncidentId, holders: Holders, claimedBy: ClaimedBy) =>
      chooseCameras(at, desk.candidates(at, holders, claimedBy), incident),
    yieldTo: drift.yieldTo,
    folds: { presets: heads.presetMemory },
    follow: {
      'the cameras': desk.follow,
      'the privacy masks of heads': ({ cameras }: Site) => heads.privacy.follow(cameras),
      'the streams that the site file names': ({ cameras }: Site) => followNamedStreams(cameras, clips.announced),
      'the cameras that push': ({ cameras }: Site) => clips.pushed(cameras),
    },
    begin(): void {
      const glimpse = (some: readonly CameraId[]) => clips.glimpses(some, MATCH_SIZE)
      const port = { cameras: desk.ids, glimpse, look: pictures.look, onSeen: desk.seen }
      closing.add('the blind watch', startBlindWatch({ ...port, onError, clock }).close)
    },
    routes({ app, admit }: Door): void {
      const view = (id: CameraId): CameraView => cameraView(id, viewPort, basePath)
      const { byHand, manual } = steering
      cameraRoutes(
        app,
        cameraRoutesPort({
          desk,
          presets,
          drift,
          manual,
          byHand,
          view,
          admit,
          recorder: clips.report,
          covered: clips.covered,
        }),
      )
      const { discover, inquire } = desk.finding
      findingRoutes(app, { devices: ipv4Devices, discover: (device) => discover(device ?? findingDevice), inquire })
    },
  }
}

async function followNamedStreams(
  cameras: readonly SiteCamera[],
  announced: CameraNeeds['clips']['announced'],
): Promise<void> {
  for (const camera of cameras) {
    if (!camera.stream || !URL.canParse(camera.stream.url)) continue
    const { url, substream } = camera.stream
    await announced(camera, new URL(url), substream === null ? null : new URL(substream))
  }
}
