/** The composition root: reads top to bottom in the river's order. With house-evidence it alone knows every room. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { startBlindWatch } from './camera/blind-watch.ts'
import { MATCH_SIZE } from './camera/picture-match.ts'
import { chooseCameras } from './camera/camera-choice.ts'
import { type HealthChange, createCameraDesk } from './camera/camera-desk.ts'
import { createCameraHands } from './camera/camera-hands.ts'
import { isQuiet, startDriftWatch } from './camera/drift-watch.ts'
import type { Judgement } from './camera/framing-proof.ts'
import { type FramingNews, type Move, runFraming } from './camera/framing-run.ts'
import { openHeadMemories } from './camera/head-memory.ts'
import { createFreshStill, createPictureProof, SETTLING_MS } from './camera/picture-proof.ts'
import { createPictureReferences } from './camera/picture-references.ts'
import type { PictureThread } from './camera/picture-thread.ts'
import { createPresetKeeping } from './camera/preset-keeping.ts'
import { createPresetMemory } from './camera/preset-memory.ts'
import { createClipDesk } from './clip/clip-desk.ts'
import { startRtmpIngest } from './clip/rtmp-ingest.ts'
import { cameraRoutes } from './door/camera-routes.ts'
import { clipRoutes } from './door/clip-routes.ts'
import { type Credential, createDoor, credentialOf } from './door/door.ts'
import { findingRoutes } from './door/finding-routes.ts'
import { helpPointRoutes } from './door/help-point-routes.ts'
import { incidentRoutes } from './door/incident-routes.ts'
import { EVENT_SOCKET_PATH, eventSocket } from './door/event-socket.ts'
import { type LiveNews, createPast } from './door/event-tail.ts'
import { ledgerRoutes } from './door/ledger-routes.ts'
import { liveRoutes } from './door/live-routes.ts'
import { LIVE_SOCKET_PATH, liveSocket } from './door/live-socket.ts'
import { outboxRoutes } from './door/outbox-routes.ts'
import { nothingHerePage, pageRoutes } from './door/page-routes.ts'
import { peopleRoutes } from './door/people-routes.ts'
import { pressRoutes } from './door/press-routes.ts'
import { createSignIn, sessionRoutes } from './door/session-routes.ts'
import { shiftRoutes } from './door/shift-routes.ts'
import { AT_THE_ROOT, type PublicAddress } from './door/public-address.ts'
import { openSockets } from './door/sockets.ts'
import { stateRoutes } from './door/state-routes.ts'
import { createDisclosureBook } from './evidence/disclosure-book.ts'
import { createExportBook } from './evidence/export-book.ts'
import { createRetentionBook } from './evidence/retention-book.ts'
import type { CameraId, CameraView, FramingWay, PresetToken } from './glossary/camera.ts'
import type { IncidentId } from './glossary/incident.ts'
import type { Person } from './glossary/people.ts'
import type { HelpPointId, Place } from './glossary/press.ts'
import type { HelpPoint, Site, SiteCamera } from './glossary/site.ts'
import { openEvidence } from './house-evidence.ts'
import { startEscalation } from './incident/escalation.ts'
import { createIncidentBook } from './incident/incident-book.ts'
import { createIncidentDesk } from './incident/incident-desk.ts'
import { createCheckpointPost } from './ledger/checkpoint-post.ts'
import { createFolds, isOf, readSnapshot } from './ledger/fold-snapshot.ts'
import { startLedgerCare } from './ledger/ledger-care.ts'
import { type Ledger, openLedger } from './ledger/ledger.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createOutboxBook } from './outbox/outbox-book.ts'
import { createOutboxDesk } from './outbox/outbox-desk.ts'
import { postWebhook } from './outbox/webhook-post.ts'
import { type DemoCredentials, demoPeople, readDemoCredentials, writeDemoCredentials } from './people/demo-people.ts'
import { openPeopleFile } from './people/people-file.ts'
import { createPresence } from './people/presence.ts'
import { createSessions } from './people/sessions.ts'
import { createViewing } from './people/viewing.ts'
import { createWallTokens } from './people/wall-tokens.ts'
import { type Accepted, type Arrival, createPressDesk } from './press/press-desk.ts'
import { createPressSources } from './press/press-sources.ts'
import { checkSignature } from './press/signed-press.ts'
import { createChainWatch } from './proof/chain-watch.ts'
import { drillResult, drillWords, startDrillSchedule } from './proof/drill-schedule.ts'
import { createProofBook } from './proof/proof-book.ts'
import { createShiftBook } from './shift/shift-book.ts'
import { createShiftDesk } from './shift/shift-desk.ts'
import { shiftFaults } from './shift/shift-faults.ts'
import { startSimulator } from './simulator/simulator.ts'
import { planTown } from './simulator/town-plan.ts'
import { readSite } from './site/site-check.ts'
import { openings } from './site/opening-hours.ts'
import { editPreset } from './site/site-edit.ts'
import { openSiteFile } from './site/site-file.ts'
import { createHelpPointIndex } from './site/help-point-index.ts'
import { createResolver } from './site/site-references.ts'
import { createWalks } from './site/walking.ts'
import { realClock } from './tools/clock.ts'
import { createClosingStack } from './tools/closing-stack.ts'
import { Failure } from './tools/failure.ts'
import { createHandleShare } from './tools/handle-share.ts'
import { createFollowers } from './tools/followers.ts'
import { lockFolder } from './tools/folder-lock.ts'
import { builtEntry, packageRoot, version } from './tools/package-root.ts'
import { createTopic } from './tools/topic.ts'
import { keepWorker } from './tools/worker-calls.ts'

export type HouseOptions = {
  /** Null starts the simulated Darlington. */ siteFile: string | null
  dataFolder: string
  port: number
  host: string
  /** PEM texts. */ tls?: { cert: string; key: string } | null
  /** Where cameras push to, when the town has such; 0 picks a free one. */ rtmpPort: number
  /** Where the server is to its users; left out: at the root of each request's host. */ address?: PublicAddress
}
export type House = { url: string; demo: DemoCredentials | null; close(): Promise<void> }

/** What a camera's stream is read with: its own credentials where the site file has some, else those of ONVIF. */
const streamSecrets = ({ onvif, stream }: SiteCamera): { username: string; password: string } | null =>
  stream?.username != null ? { username: stream.username, password: stream.password ?? '' } : onvif

/** How long the tile of a drill by hand stays after its result. */
const HAND_DRILL_SEEN_MS = 30_000

/** What the shift must know of a disk that another program has filled. */
const reserveWords = (room: ReturnType<Ledger['state']>['room']): string | null =>
  room?.onReserve ? `The disk is full: presses are running on the reserve, ${room.hoursLeft} h left.` : null

/** The simulated town's site file is a copy in the data folder: the engineer's page edits it, and git stays clean. */
async function openDemoTown(dataFolder: string, onError: (words: string) => void) {
  const file = join(dataFolder, 'darlington.yaml')
  if (!existsSync(file)) writeFileSync(file, await readFile(join(packageRoot, 'camera-presets', 'darlington.yaml')))
  const streets = join(dataFolder, 'darlington-streets.geojson')
  if (!existsSync(streets))
    writeFileSync(streets, await readFile(join(packageRoot, 'camera-presets', 'darlington-streets.geojson')))
  const credentials = readDemoCredentials(join(dataFolder, 'demo-credentials.json'))
  const { site, problems } = readSite(await readFile(file, 'utf8'), (text) => ({
    value: text.replaceAll(/\$\{\w+\}/g, '1'),
  }))
  if (!site)
    throw new Failure(
      'site/invalid',
      problems.map(({ line, key, problem }) => `${file}:${line}: ${key}: ${problem}`).join('\n'),
    )
  const simulator = await startSimulator(
    { plans: planTown(site), folder: join(dataFolder, 'simulator'), credentials: credentials.simulator },
    onError,
  )
  const ports = Object.entries(simulator.ports).flatMap(([id, { onvif, rtsp }]) => {
    const name = id.toUpperCase().replaceAll('-', '_')
    return [
      [`${name}_PORT`, String(onvif)],
      [`${name}_RTSP_PORT`, String(rtsp)],
    ]
  })
  return {
    file,
    credentials,
    simulator,
    environment: {
      ...Object.fromEntries(ports),
      CAMERA_PASSWORD: credentials.simulator.password,
      PUSH_3_KEY: createHash('sha256').update(credentials.simulator.password).digest('hex').slice(0, 24),
    } as Record<string, string>,
  }
}

/** @throws with words for a person when the town cannot be opened. */
export async function openHouse({
  siteFile,
  dataFolder,
  port,
  host,
  tls = null,
  rtmpPort,
  address = AT_THE_ROOT,
}: HouseOptions): Promise<House> {
  const clock = realClock
  mkdirSync(dataFolder, { recursive: true })
  const log = pino.destination({ dest: join(dataFolder, 'lamppost.log'), append: true, sync: true })
  // A full disk must not end the process with its log: presses and cameras go on.
  log.on('error', () => {})
  const logger = pino({ level: 'info' }, log)
  const closing = createClosingStack((what, error) => logger.error({ err: error }, `closing ${what} failed`))
  const onError = (error: unknown): void => logger.error({ err: error }, 'something went wrong')

  try {
    closing.add('the folder lock', lockFolder(dataFolder))

    // The town: its site file and, in the demo, its cameras.
    const demoTown =
      siteFile === null ? await openDemoTown(dataFolder, (words) => logger.warn(`simulator: ${words}`)) : null
    if (demoTown) closing.add('the simulated town', demoTown.simulator.close)
    const resolve = createResolver({ ...process.env, ...demoTown?.environment })
    const news = createTopic<LiveNews>(onError)
    let onSiteChange: (site: Site) => Promise<void> = async () => {}
    const siteFileOpen = await openSiteFile({
      file: siteFile ?? demoTown?.file ?? '',
      resolve,
      clock,
      onChange: (site) => onSiteChange(site),
      onProblem: (problem) => {
        if (problem) logger.error(`the site file was changed and is not valid; the town stays as it was:\n${problem}`)
        news.publish({ event: 'site.problem', data: { problem } })
      },
    })
    closing.add('the site file', siteFileOpen.close)
    const { site } = siteFileOpen
    const helpPoint = createHelpPointIndex(site)

    // The ledger, and what is folded from it. Every entry is followed at once; whoever needs it durable waits for that.
    const snapshotFile = join(dataFolder, 'ledger-fold.json')
    const snapshot = readSnapshot(snapshotFile)
    const checkpointPost = createCheckpointPost({ addresses: () => site().checkpointsTo, onError })
    const ledger = await openLedger({
      file: join(dataFolder, 'ledger.sqlite'),
      knownSeq: snapshot?.seq ?? 0,
      clock,
      onError,
      onCheckpoint: checkpointPost.newest,
      onRecorded: (entry) => {
        folds.follow(entry)
        chains.heard(entry)
      },
    })
    closing.add('the ledger', ledger.close)
    closing.add('the checkpoints’ other places', checkpointPost.close)
    const book = createIncidentBook({ about: ledger.about, openedBefore: ledger.openedBefore })
    const proofs = createProofBook({ startedAt: clock.now() })
    const told = createOutboxBook()
    const shifts = createShiftBook()
    const exported = createExportBook()
    const kept = createRetentionBook()
    const disclosures = createDisclosureBook()
    const { append } = ledger

    const listening = new Set<CameraId>()

    // Cameras and their clip buffers. Video runs in a thread of its own.
    const clips = createClipDesk({
      folder: join(dataFolder, 'clips'),
      scratch: join(dataFolder, 'scratch'),
      now: clock.now,
      disk: site().storage,
      onVideo: (camera, state, reason) => {
        if (state === 'down' && cameras.hasVideo(camera)) metrics.gap(camera)
        cameras.videoIs(camera, state, reason)
      },
      onBuffer: (camera, state, reason) => cameras.bufferIs(camera, state, reason),
      onDisk: (state) => {
        if (state.problem) logger.error(state, 'the disk of the clip buffers')
        news.publish({ event: 'storage.health', data: state })
      },
      onError,
    })
    closing.add('the clip buffers', clips.close)
    const memories = openHeadMemories({ file: join(dataFolder, 'heads.json'), clock, onError })
    closing.add('what is remembered of the heads', memories.close)
    const presetMemory = createPresetMemory()
    const cameras = createCameraDesk({
      clock,
      memories,
      presetConfirmed: (camera, token) => presetMemory.change(camera, token) === null,
      onPresets: (camera, listed, mapped) => {
        const { learned, changed } = presetMemory.read(camera, listed, mapped)
        if (learned.length > 0) append(learned)
        for (const { token, words } of changed) drift.changed({ camera, token }, words)
      },
      onHealth: (change: HealthChange) => {
        logger.info(change, 'camera health')
        news.publish({ event: 'camera.health', data: { ...change, codec: clips.codec(change.camera) } })
      },
      onStream: (camera, stream, substream) =>
        void clips.stream(camera, stream, streamSecrets(camera), [], substream).catch(onError),
      listened: (camera) => site().helpPoints.some(({ wired }) => wired.some((input) => input.camera === camera)),
      onInput: (camera, event) => sources.heardInput(camera, event),
      onListening: (camera, problem) => {
        if (problem === null) listening.add(camera)
        else listening.delete(camera)
        if (problem === null) logger.info({ camera }, 'its digital inputs are heard')
        else logger.warn({ camera, problem }, 'its digital inputs are not heard')
      },
      onPresetGone: (camera, token, away) => void drift.gone({ camera, token }, away),
      onError,
    })
    closing.add('the cameras', cameras.close)
    const hands = createCameraHands({
      clock,
      onChange: (camera, hand) => news.publish({ event: 'camera.hand', data: { camera, hand } }),
    })
    closing.add('the hands', hands.close)

    // Cameras that push, received by node-media-server and recorded like all others.
    const pushers = (town: Site) =>
      town.cameras.flatMap((camera) => (camera.rtmp ? [{ camera, key: camera.rtmp.streamKey }] : []))
    let ingest: Awaited<ReturnType<typeof startRtmpIngest>> | null = null
    const followPushers = async (town: Site): Promise<void> => {
      const found = pushers(town)
      if (found.length === 0) return ingest?.setKeys([])
      if (!ingest) {
        ingest = await startRtmpIngest({
          port: rtmpPort,
          host,
          scratch: join(dataFolder, 'scratch', 'rtmp'),
          keys: found.map(({ key }) => key),
          clock,
          onError: (words) => logger.error(words),
        })
        closing.add('the RTMP ingest', ingest.close)
      } else ingest.setKeys(found.map(({ key }) => key))
      for (const { camera, key } of found) await clips.stream(camera, ingest.streamOf(key), null, [key])
      demoTown?.simulator.push(
        Object.fromEntries(found.map(({ camera, key }) => [camera.id, ingest?.streamOf(key).href ?? ''])),
      )
    }

    // Cameras whose stream the site file names.
    const followStreams = async (town: Site): Promise<void> => {
      for (const camera of town.cameras)
        if (camera.stream && URL.canParse(camera.stream.url))
          await clips.stream(
            camera,
            new URL(camera.stream.url),
            streamSecrets(camera),
            [],
            camera.stream.substream === null ? null : new URL(camera.stream.substream),
          )
    }

    // What presets should show, and whether the picture shows it.
    const references = createPictureReferences({ folder: join(dataFolder, 'references'), now: clock.now })
    const pictures = keepWorker<PictureThread>(builtEntry('camera/picture-thread.js'), { clock, onDeath: onError })
    closing.add('the picture thread', pictures.terminate)
    const freshStill = createFreshStill({ still: clips.still, clock })
    const lookAt = createPictureProof({ references, freshStill, compare: pictures.calls.compare, clock })

    const frame = (
      camera: CameraId,
      move: Move,
      signal: AbortSignal,
      onJudgement: (news: FramingNews) => void,
      onSeen: (picture: Uint8Array) => void = () => {},
    ): Promise<Judgement> => {
      cameras.rememberPosition(camera)
      const masks =
        move.way === 'preset'
          ? ([...cameras.siteCamera(camera).presets.values()].find((preset) => preset.token === move.token)?.mask ?? [])
          : []
      const look =
        move.way === 'preset' ? { look: (stop: AbortSignal) => lookAt(camera, move.token, masks, stop, onSeen) } : {}
      return runFraming({ head: cameras.head(camera), move, clock, signal, ...look, onJudgement })
    }
    const locationOf = (id: HelpPointId): Place => helpPoint(id)?.location ?? { lat: 0, lon: 0 }
    const moveOf = (
      { camera, preset, way }: { camera: CameraId; preset: PresetToken | null; way: FramingWay },
      place: Place,
    ): Move => {
      if (preset !== null) return { way: 'preset', token: preset }
      return way === 'aim' ? { way: 'aim', aim: () => cameras.aimAt(camera, place) } : { way: 'home' }
    }
    /** By hand: the preset that is named, else its own for the place, else by coordinates. */
    const wayTo = (
      camera: CameraId,
      asked: PresetToken | null,
      id: HelpPointId,
    ): { camera: CameraId; preset: PresetToken | null; way: FramingWay } => {
      const preset = asked ?? cameras.siteCamera(camera).presets.get(id)?.token ?? null
      if (preset !== null) return { camera, preset, way: 'preset' }
      if (!cameras.ptz(camera)) return { camera, preset, way: 'fixed' }
      if (cameras.aimAt(camera, locationOf(id))) return { camera, preset, way: 'aim' }
      throw new Failure(
        'preset/unknown',
        `${camera} has no preset for this help point, and cannot be turned by coordinates; name a preset.`,
      )
    }
    const drift = startDriftWatch({
      clock,
      port: {
        mapped: () =>
          site().cameras.flatMap(({ id, presets: mapped }) =>
            [...new Set([...mapped.values()].map(({ token }) => token))].map((token) => ({ camera: id, token })),
          ),
        busy: (camera) => (book.using(camera) === null ? cameras.busy(camera) : 'an open incident looks by it'),
        lists: (camera, token) => cameras.head(camera).knownTokens()?.has(token) ?? true,
        taught: async (camera, token) => (await references.count(camera, token)) > 0,
        frame: async (camera, token, signal) => {
          // Somebody may have saved another view over it since it was last read: that is what a check should find.
          await references.forgetCheck(camera, token)
          await cameras.head(camera).presets()
          return frame(
            camera,
            { way: 'preset', token },
            signal,
            () => {},
            (picture) => void references.noteCheck(camera, token, picture).catch(onError),
          )
        },
        sendBack: (camera) => {
          const { after } = cameras.siteCamera(camera)
          return cameras.sendBack(camera, typeof after === 'object' ? after : 'before')
        },
        quiet: () => {
          const { quietHours, timezone } = site()
          return quietHours !== null && isQuiet(clock.now(), timezone, quietHours)
        },
        onChecked: (check) =>
          void append([{ kind: 'preset.checked', actor: 'lamppost', subject: check.camera, body: check }]),
      },
    })
    closing.add('the drift watch', drift.close)

    // A press: the desk, the incident it opens, the cameras that come.
    const incidents = createIncidentDesk({
      clock,
      book,
      append,
      cameras: {
        choose: (id, incident, holders) => {
          const place = { id, location: locationOf(id) }
          return chooseCameras(
            place,
            cameras.candidates(
              place,
              holders,
              (presets) =>
                book
                  .unfinished()
                  .find((open) => open.kind === 'press' && open.id !== incident && presets.has(open.helpPoint))?.id ??
                null,
            ),
            incident,
          )
        },
        hold: cameras.hold,
        heldBy: cameras.heldBy,
        frame: (chosen, id, signal, onJudgement) => {
          drift.yieldTo(chosen.camera)
          return frame(chosen.camera, moveOf(chosen, locationOf(id)), signal, onJudgement)
        },
        parted: (camera) =>
          void cameras
            .sendBack(camera, cameras.siteCamera(camera).after)
            .catch((error: unknown) => logger.warn({ err: error, camera }, 'the camera could not be sent back')),
      },
      clips: {
        preRollMs: (camera) => cameras.siteCamera(camera).buffer.preRollMs,
        hold: clips.hold,
        release: clips.release,
      },
      helpPointName: (id) => helpPoint(id)?.name ?? id,
      instructions: (id) => helpPoint(id)?.instructions ?? [],
    })
    closing.add('the incident desk', incidents.closeDesk)
    const presses = createPressDesk({
      clock,
      knows: (id) => helpPoint(id) !== undefined,
      openAt: (id) => {
        const open = book.openAt(id)
        return (
          open && {
            id: open.id,
            kind: open.kind,
            live: open.presses.some(({ kind, late }) => kind === 'press' && !late),
          }
        )
      },
      pressed: incidents.pressed,
      coalesced: incidents.coalesced,
      whenDurable: ledger.whenDurable,
      lookUp: ledger.pressWithKey,
      onError,
    })
    closing.add('the press desk', presses.close)

    // What proves that a press reaches a picture.
    const chains = createChainWatch({
      clock,
      port: {
        whenDurable: ledger.whenDurable,
        watchPicture: (camera, onPicture) =>
          clips.watchLive(camera, 'copy', { begin: () => {}, part: onPicture, gone: () => {} }).leave,
        write: (draft) => void append([draft]),
        onStage: (stage, kind, ms) => metrics.stage(stage, kind, ms),
      },
      onError,
    })
    closing.add('the chain watch', chains.close)
    const proofOf = (each: HelpPoint) => proofs.proofOf(each, clock.now(), site().timezone)
    const tellProof = (id: HelpPointId): void => {
      const found = helpPoint(id)
      if (found)
        news.publish({
          event: 'help-point.health',
          data: { helpPoint: id, incident: book.openAt(id)?.id ?? null, ...proofOf(found) },
        })
    }

    // What other systems must hear.
    const outbox = createOutboxDesk({
      clock,
      site: () => site().id,
      book: told,
      post: postWebhook,
      append,
      whenDurable: ledger.whenDurable,
      entry: async (seq) => (await ledger.page(seq - 1, 1)).find((entry) => entry.seq === seq) ?? null,
      onError,
    })
    closing.add('the outbox', outbox.close)
    const metrics = createMetrics({
      ledger: ledger.state,
      cameras: () => cameras.ids().map((id) => ({ id, health: cameras.health(id) })),
      bufferBytes: clips.bytes,
      incidents: book.unfinished,
      overdue: () =>
        site().helpPoints.flatMap((each) => proofOf(each).overdue.map((what) => ({ helpPoint: each.id, what }))),
      outbox: outbox.state,
    })

    // What happened before this start.
    const folds = createFolds(
      snapshotFile,
      {
        presets: presetMemory,
        incidents: book,
        presses,
        proofs,
        outbox: told,
        shifts,
        exports: exported,
        retention: kept,
        disclosures,
      },
      { whenDurable: ledger.whenDurable, write: ledger.keepSnapshot, clock, onError },
    )
    const fits = snapshot !== null && isOf(snapshot, await ledger.hashAt(snapshot.seq), ledger.state().chainFirst)
    await ledger.replay(fits ? folds.restore(snapshot) : 0, folds.follow)
    await book.settle()
    closing.add('the folds', folds.close)
    closing.add(
      'the tail',
      ledger.tail((entry) => {
        folds.saveWhenDue()
        outbox.wake()
        if (entry.kind === 'drill.finished') {
          metrics.drill(entry.body.passed)
          tellProof(entry.body.helpPoint)
        } else if (entry.kind === 'chain.finished' || entry.kind === 'incident.opened') tellProof(entry.body.helpPoint)
        else if (entry.kind === 'incident.closed' || entry.kind === 'incident.reopened')
          tellProof(book.get(entry.body.incident).helpPoint)
        else if (entry.kind === 'ledger.broken')
          news.publish({ event: 'ledger.health', data: { problem: entry.body.problem } })
      }),
    )

    // The sources, all into the same desk.
    const heard = (id: HelpPointId): void => proofs.heard(id, clock.now())
    const acceptPress = async (arrival: Arrival): Promise<Accepted> => {
      const source = arrival.source.startsWith('drill by') ? 'drill' : arrival.source
      try {
        const accepted = await presses.accept(arrival)
        // A drill that we run ourselves is no sign of the help point's life.
        if (arrival.kind !== 'drill') heard(arrival.helpPoint as HelpPointId)
        metrics.press(source, arrival.kind, accepted.repeated ? 'repeated' : (accepted.as ?? 'accepted'))
        return accepted
      } catch (error) {
        metrics.press(
          source,
          arrival.kind,
          error instanceof Failure && error.code !== 'ledger/unavailable' ? 'refused' : 'failed',
        )
        throw error
      }
    }
    let refusedAt = Number.NEGATIVE_INFINITY
    const onRefusedPress = (source: string, from: string, reason: string, id = ''): void => {
      metrics.press(source, 'press', 'refused')
      // One entry a second says enough of a flood.
      if (clock.monotonic() - refusedAt < 1000) return
      refusedAt = clock.monotonic()
      append([
        {
          kind: 'press.refused',
          actor: `address:${from}`,
          subject: 'presses',
          body: { helpPoint: id, reason, source },
        },
      ])
    }
    const sources = createPressSources({
      site,
      host,
      clock,
      accept: acceptPress,
      isOpen: book.isOpen,
      heard,
      clockOffsetMs: (camera) => cameras.health(camera).clockOffsetMs,
      onRefused: onRefusedPress,
      onLink: (id, problem) =>
        problem === null
          ? logger.info({ helpPoint: id }, 'its broker is heard')
          : logger.warn({ helpPoint: id, problem }, 'its broker is not heard'),
      onError,
    })
    closing.add('the sources', sources.close)
    const followers = createFollowers({
      clock,
      onError: (what, error) =>
        logger.error({ err: error }, `${what} could not follow the site file; it is tried again`),
    })
    closing.add('the followers', followers.close)
    const followSources = async (town: Site): Promise<void> => {
      await followers.follow('the MQTT sessions', () => sources.followBroker(town))
      await followers.follow('the SIA receiver', () => sources.followReceiver(town))
      await followers.follow('the outbox', () => outbox.follow(town.destinations))
    }

    // Evidence: who signs, the packages that are ordered, and how long recordings are kept.
    const evidence = await openEvidence({
      dataFolder,
      clock,
      site,
      helpPoint,
      books: { incidents: book, exports: exported, retention: kept, disclosures },
      ledger,
      clips,
      cameras,
      publish: news.publish,
      closing,
      onWarning: (words) => logger.warn(words),
      onError,
    })

    await clips.follow(site().cameras)
    await cameras.follow(site())
    await followStreams(site())
    await followPushers(site())
    const blindWatch = startBlindWatch({
      cameras: cameras.ids,
      glimpse: (some) => clips.glimpses(some, MATCH_SIZE),
      look: pictures.calls.look,
      onSeen: cameras.seen,
      onError,
      clock,
    })
    closing.add('the blind watch', blindWatch.close)
    incidents.resume()
    evidence.begin()
    clips.evictFromNowOn()
    evidence.goOn()
    // On a full disk a town starts all the same: presses are taken from what was kept for them.
    await append([
      { kind: 'house.started', actor: 'lamppost', subject: site().id, body: { version, site: site().name } },
    ]).durable.catch(onError)
    const { room } = ledger.state()
    if (room) logger.info(room, 'room for presses on a full disk')
    await followSources(site())
    const care = startLedgerCare({
      verify: ledger.verify,
      clock,
      timezone: () => site().timezone,
      onVerdict: ({ ok, entries, problem }) =>
        ok
          ? logger.info({ entries }, 'the ledger is intact')
          : logger.error({ entries, problem }, 'THE LEDGER IS BROKEN'),
      onError,
    })
    closing.add('the ledger’s care', care.close)
    const escalation = startEscalation({
      clock,
      unfinished: book.unfinished,
      steps: () => site().escalation,
      append,
      onError,
    })
    closing.add('the escalation', escalation.close)
    const endDrill = async (id: IncidentId, result: Parameters<typeof drillWords>[0]): Promise<void> => {
      const incident = await book.load(id)
      if (incident.kind !== 'drill' || incident.state !== 'open') return
      await incidents.close(id, drillWords(result), 'lamppost')
      await incidents.letGo(id)
    }
    // A drill by hand, or by a press that says so, ends itself as a scheduled one does, after the operator who began
    // it has seen its result. One that an operator has taken stays open.
    const ending = new AbortController()
    const noHandDrills = ledger.tail((entry) => {
      if (entry.kind !== 'drill.finished' || entry.body.by === 'schedule') return
      void clock
        .sleep(HAND_DRILL_SEEN_MS, ending.signal)
        .then(async () => {
          if (!ending.signal.aborted) await endDrill(entry.body.incident, entry.body)
        })
        .catch(onError)
    })
    closing.add('the drills by hand', () => {
      noHandDrills()
      ending.abort()
    })
    const drills = startDrillSchedule({
      clock,
      book: proofs,
      port: {
        helpPoints: () => site().helpPoints,
        timezone: () => site().timezone,
        openAt: (id) => book.openAt(id)?.id ?? null,
        drill: async (id, key) => {
          const { receipt, repeated } = await acceptPress({
            helpPoint: id,
            key,
            pressedAt: null,
            kind: 'drill',
            source: 'schedule',
          })
          return repeated ? null : receipt.incident
        },
        cutShort: () =>
          book.unfinished().flatMap(({ id, helpPoint: at, kind, state, openedAt, presses: of }) => {
            if (kind !== 'drill' || state !== 'open') return []
            const last = proofs.drillOf(at)
            return [
              {
                incident: id,
                helpPoint: at,
                at: openedAt,
                by: of[0]?.source ?? 'schedule',
                result: last?.incident === id ? last : null,
              },
            ]
          }),
        whenFinished: (incident, signal) => drillResult(ledger.tail, incident, signal),
        endDrill,
        alive: (each) => each.wired.some(({ camera }) => listening.has(camera)),
        write: (draft) => void append([draft]),
        onChange: tellProof,
      },
      onError,
    })
    closing.add('the drills', drills.close)
    onSiteChange = async (changed) => {
      logger.info('the site file has changed')
      await followSources(changed)
      clips.limitDisk(changed.storage)
      await clips.follow(changed.cameras)
      await cameras.follow(changed)
      await followStreams(changed)
      await followPushers(changed)
    }

    // The door.
    const people = openPeopleFile(join(dataFolder, 'people.json'))
    const sessions = createSessions(clock.now)
    const demo = demoTown ? demoPeople(demoTown.credentials) : new Map<string, Person>()
    const wallTokens = createWallTokens(clock.now)
    const presence = createPresence({
      clock,
      known: (id) => book.isOpen(id as IncidentId),
      onChange: (present) => news.publish({ event: 'people.present', data: { items: present } }),
    })
    closing.add('presence', presence.close)
    const viewing = createViewing({
      clock,
      append,
      whenDurable: ledger.whenDurable,
      incidentOf: (camera) => cameras.heldBy(camera) ?? book.showing(camera),
      reasonWanted: () => site().viewReason === 'required',
    })
    const byToken = (token: string): Person | null => demo.get(token) ?? wallTokens.who(token) ?? people.byToken(token)
    const whoHas = (credential: Credential): Person | null =>
      'bearer' in credential ? byToken(credential.bearer) : sessions.who(credential.cookie)
    const pages = join(packageRoot, 'dist', 'web')
    const handles = createHandleShare()
    const door = await createDoor({
      logger,
      handles,
      nothingHere: nothingHerePage(pages, address.basePath),
      address,
      tls,
      whoHas,
      onRefusedPress: (from, reason) => onRefusedPress('http', from, reason),
      embedding: () => site().embedding,
    })
    closing.add('the door', () => door.close())

    /**
     * Only its first camera is an incident's alone; to whoever would turn one away for no press, a further view is
     * needed as much.
     */
    const neededBy = (id: CameraId): IncidentId | null => cameras.heldBy(id) ?? book.using(id)
    const cameraView = (id: CameraId): CameraView => {
      const camera = cameras.siteCamera(id)
      return {
        id,
        name: camera.name,
        ptz: cameras.ptz(id),
        location: camera.location,
        onvifUrl: camera.onvif?.url ?? null,
        detail: cameras.detail(id),
        health: cameras.health(id),
        heldBy: neededBy(id),
        steeredBy: hands.who(id),
        bearing: camera.bearing,
        live: `${address.basePath}/api/v1/cameras/${encodeURIComponent(id)}/live/index.m3u8`,
        codec: clips.codec(id),
        converted: clips.hasSubstream(id) ? 'sub-stream' : 'transcoded',
      }
    }
    const presets = createPresetKeeping({
      head: cameras.head,
      siteCamera: cameras.siteCamera,
      heldBy: neededBy,
      knowsHelpPoint: (id) => helpPoint(id) !== undefined,
      teach: async (id, token, options) =>
        references.teach(id, token, (await freshStill(id, undefined, SETTLING_MS)).picture, options),
      forgetPictures: references.forget,
      reference: references.newest,
      checked: references.checked,
      pictures: references.count,
      lastCheck: drift.last,
      saving: presetMemory.saving,
      notSaved: presetMemory.notSaved,
      changed: presetMemory.change,
      confirmation: presetMemory.confirmation,
      editSite: ({ camera, change }) => siteFileOpen.edit((text) => editPreset(text, camera, change)),
      append,
    })

    pressRoutes(door, {
      accept: acceptPress,
      signedAt: (id, request) => checkSignature(request, helpPoint(id)?.secret ?? null, clock.now()),
      lorawan: sources.lorawan,
      alive: (id) => {
        const found = helpPoint(id)
        if (!found) throw new Failure('help-point/unknown', `There is no help point "${id}" in this town's site file.`)
        heard(found.id)
      },
      onRefused: (from, reason, id) => onRefusedPress('http', from, reason, helpPoint(id)?.id ?? ''),
    })
    const walks = createWalks()
    helpPointRoutes(door, {
      site,
      storage: clips.diskState,
      record: () => ledger.state().broken,
      accept: acceptPress,
      incidentAt: (id) => book.openAt(id as HelpPointId)?.id ?? null,
      proofOf,
      streets: siteFileOpen.streets,
      openings: ({ open }) => openings(open, clock.now(), site().timezone),
      walk: (from, to) => walks(siteFileOpen.streets(), to.location)(from.location),
    })
    outboxRoutes(door, outbox)
    incidentRoutes(door, {
      ...incidents,
      get: book.load,
      page: book.page,
      clipView: async (incident, clip) => ({
        ...clip,
        playlist: `${address.basePath}/api/v1/incidents/${incident}/clips/${clip.camera}/index.m3u8`,
        gaps: await clips.gaps(clip),
      }),
      bring: async (id, camera, preset, actor) => {
        const { id: known } = cameras.siteCamera(camera)
        if (preset !== null) await cameras.mustHave(known, preset)
        return incidents.bring(id, wayTo(known, preset, (await book.load(id)).helpPoint), actor)
      },
      answerRequest: (id, answer, actor) =>
        incidents.answerRequest(id, answer, actor, (other) => wayTo(answer.camera, null, other.helpPoint)),
    })
    cameraRoutes(door, {
      all: () => cameras.ids().map(cameraView),
      get: (id) => cameraView(cameras.siteCamera(id).id),
      presets: presets.list,
      savePreset: presets.save,
      removePreset: presets.remove,
      recall: (id, token, { name, actor }) => {
        hands.check(id, name)
        return presets.recall(id, token, actor)
      },
      teach: presets.teach,
      confirmPreset: presets.confirm,
      reference: presets.reference,
      checkPicture: presets.checkPicture,
      check: (camera, token) => drift.check({ camera, token }),
      move: async (id, velocity, timeoutMs, { name, takeOver, actor }) => {
        const head = cameras.head(id)
        const { fresh, from } = hands.take(id, name, takeOver, cameras.heldBy(id))
        try {
          await head.move(velocity, timeoutMs)
        } catch (error) {
          if (fresh) hands.undo(id)
          throw error
        }
        cameras.movedByHand(id)
        // Also when it was sent back in between by the same hand.
        incidents.steered(id, name)
        const incident = neededBy(id)
        if (fresh)
          append([
            {
              kind: 'camera.moved',
              actor,
              subject: incident ?? id,
              body: {
                camera: id,
                ...velocity,
                by: name,
                ...(from === null ? {} : { from }),
                ...(incident === null ? {} : { incident }),
              },
            },
          ])
      },
      stop: (id) => cameras.head(id).stop(),
      recorder: clips.report,
      admit: viewing.admit,
    })
    findingRoutes(door, {
      devices: () =>
        Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
          addresses?.some(({ family }) => family === 'IPv4') ? [name] : [],
        ),
      discover: (device) => cameras.finding.discover(device ?? (demoTown ? 'lo' : null)),
      inquire: cameras.finding.inquire,
    })
    liveRoutes(door, { ...clips, admit: viewing.admit, knows: (id) => cameras.siteCamera(id).id })
    const mustBeConfirmed = ({ headers }: { headers: IncomingHttpHeaders }): void => {
      const credential = credentialOf(headers)
      if (credential && 'cookie' in credential && !sessions.isConfirmed(credential.cookie))
        throw new Failure(
          'people/confirm-first',
          'This hands recordings out: say your password again first (PUT /api/v1/session/confirmation).',
        )
    }
    clipRoutes(door, {
      ...clips,
      mustBeConfirmed,
      played: viewing.played,
      incident: book.load,
      now: clock.now,
      onDownload: async ({ incident, actor, ...download }) => {
        await append([
          { kind: 'clip.downloaded', actor, subject: incident.id, body: { incident: incident.id, ...download } },
        ]).durable
      },
    })
    const events = { page: createPast(ledger.page), tail: ledger.tail, news: news.subscribe }
    openSockets(
      door,
      {
        [LIVE_SOCKET_PATH]: liveSocket({
          whoHas,
          admit: viewing.admit,
          knows: (id) => cameras.siteCamera(id).id,
          watchLive: clips.watchLive,
          now: clock.now,
          enter: presence.enter,
        }),
        [EVENT_SOCKET_PATH]: eventSocket({ ...events, whoHas, onError }),
      },
      address,
      handles,
    )
    ledgerRoutes(door, {
      ...events,
      entries: ledger.page,
      verify: ledger.verify,
      checkpoint: ledger.checkpoint,
      whoListens: (headers) => {
        const credential = credentialOf(headers)
        return credential && whoHas(credential)
      },
    })
    evidence.routes(door, mustBeConfirmed, address.basePath)
    const signIn = createSignIn({ byPassword: people.byPassword, byToken })
    peopleRoutes(door, {
      present: presence.view,
      giveReason: (person, reason, camera) =>
        viewing.give(person, reason, camera === null ? null : cameras.siteCamera(camera).id),
      issue: (holder, minutes, by) => {
        const maker = whoHas(by)
        return wallTokens.issue(holder, minutes, () => {
          const now = whoHas(by)
          return now !== null && now.name === maker?.name && now.role === maker.role
        })
      },
      onIssued: async ({ name, role }, through, until, actor) =>
        void (await append([{ kind: 'token.issued', actor, subject: 'session', body: { name, role, through, until } }])
          .durable),
    })
    const shiftDesk = createShiftDesk({
      clock,
      book: shifts,
      append,
      summary: () => ({
        incidents: book.unfinished().map(({ id, helpPoint: at, state, owner, openedAt, onHold }) => ({
          incident: id,
          helpPoint: at,
          state,
          owner,
          openedAt,
          onHold: onHold?.reason ?? null,
        })),
        faults: shiftFaults({
          cameras: cameras.ids().map((id) => ({ id, health: cameras.health(id) })),
          helpPoints: site().helpPoints.map((each) => ({ id: each.id, proof: proofOf(each) })),
          storage: reserveWords(ledger.state().room) ?? clips.diskState()?.problem ?? null,
          record: ledger.state().broken,
          destinations: outbox.state(),
        }),
      }),
    })
    shiftRoutes(door, shiftDesk, signIn)
    sessionRoutes(
      door,
      {
        byPassword: people.byPassword,
        byToken,
        // Who is removed, has another password or another role has no session any more.
        open: (person, given) => {
          const standing = 'token' in given ? null : people.standing(given.user)
          return sessions.open(person, () =>
            'token' in given
              ? byToken(given.token)
              : people.standing(given.user)?.password === standing?.password
                ? (people.standing(given.user)?.person ?? null)
                : null,
          )
        },
        close: sessions.close,
        confirm: sessions.confirm,
        onOpened: async ({ name, role }) =>
          void (await append([
            { kind: 'session.opened', actor: `${role}:${name}`, subject: 'session', body: { name, role } },
          ]).durable),
        demoTokens: demoTown?.credentials.tokens ?? null,
      },
      signIn,
      address,
    )
    stateRoutes(door, { notReady: ledger.notReady, metrics: metrics.text, metricsType: metrics.type })
    await pageRoutes(door, pages)

    const url = (await door.listen({ port, host })).replace('[::1]', 'localhost')
    if (demoTown) writeDemoCredentials(join(dataFolder, 'demo-credentials.json'), { ...demoTown.credentials, url })
    return { url, demo: demoTown ? { ...demoTown.credentials, url } : null, close: closing.close }
  } catch (error) {
    await closing.close()
    throw error
  }
}
