/** The composition root: the town's wings in the river's order. Each takes what stands above it, and nothing else. */
import { join } from 'node:path'
import { openCalls } from './call/call-wing.ts'
import { openCameras } from './camera/camera-wing.ts'
import { openClips } from './clip/clip-wing.ts'
import { openConnectors } from './connectors/connectors-wing.ts'
import { openPlayback } from './clip/playback-wing.ts'
import { type Door, createDoor, openDoor, renewCertificate as renew } from './door/door.ts'
import { nothingHerePage, pageRoutes } from './door/page-routes.ts'
import { AT_THE_ROOT } from './door/public-address.ts'
import { type Stream, openSockets } from './door/sockets.ts'
import { openEvidence } from './evidence/evidence-wing.ts'
import { openGround } from './foundation.ts'
import { openIncidents } from './incident/incident-wing.ts'
import { openLedgerWing } from './ledger/ledger-wing.ts'
import { openMetrics } from './metrics/metrics-wing.ts'
import type { House, HouseOptions } from './options.ts'
import { openOnvifDevice } from './onvif-device/onvif-device-wing.ts'
import { openOutbox } from './outbox/outbox-wing.ts'
import { readDemoCredentials, writeDemoCredentials } from './people/accounts/demo-people.ts'
import { openPeople } from './people/people-wing.ts'
import { openPresses } from './press/press-wing.ts'
import { openCertificates } from './readiness/certificates/certificate-wing.ts'
import { openResponders } from './responders/responders-wing.ts'
import { openReadiness } from './readiness/readiness-wing.ts'
import { openShifts } from './people/shift/shift-wing.ts'
import { openDemoTown } from './simulator/demo-town.ts'
import { DARLINGTON } from './simulator/night.ts'
import { startSimulatedPeople } from './simulator/simulated-people.ts'
import { readDemoSite } from './site/site-file.ts'
import { openSnapshots } from './snapshots/snapshots-wing.ts'
import { openSiteEditor, openTown } from './site/site-wing.ts'
import { createHandleShare } from './tools/process/handle-share.ts'
import { builtPages as pages } from './tools/package-root.ts'
import { createPhases } from './tools/phases.ts'

/** @throws with words for a person when the town cannot be opened. */
export async function openHouse({
  siteFile,
  practice = DARLINGTON,
  tls = null,
  address = AT_THE_ROOT,
  demoVoice = false,
  leads,
  ...options
}: HouseOptions): Promise<House> {
  const { dataFolder, host, port, rtmpPort } = options
  const ground = openGround({ dataFolder, host })
  const { logger, closing } = ground
  try {
    const house = createPhases<Door>(ground)
    const handles = leads?.handles ?? createHandleShare()
    const { basePath } = address
    const credentialsFile = join(dataFolder, 'demo-credentials.json')
    const demo = siteFile === null ? readDemoCredentials(credentialsFile) : null
    const onError = (words: string): void => logger.warn(`simulator: ${words}`)
    const simulation = demo && { ...practice, dataFolder, credentials: demo.simulator, read: readDemoSite, onError }
    const simulated = simulation && (await openDemoTown(simulation))
    if (simulated) closing.add('the simulated town', simulated.close)
    const file = siteFile ?? simulated?.file ?? ''
    const environment = { ...(options.environment ?? process.env), ...simulated?.environment }
    const town = await openTown({ ...ground, file, environment, onChange: house.follow })
    const ledger = house.add(await openLedgerWing({ ...ground, town, leads: leads?.agreement ?? null }))
    house.add(openSiteEditor({ ...ground, town, ledger }))
    const clips = house.add(openClips({ ...ground, rtmpPort, town, pushTo: simulated?.push ?? (() => {}) }))
    const findingDevice = simulated ? 'lo' : null
    const cameras = house.add(openCameras({ ...ground, ...leads, basePath, findingDevice, town, ledger, clips }))
    const incidents = house.add(openIncidents({ ...ground, basePath, town, ledger, clips, cameras }))
    const presses = house.add(openPresses({ ...ground, ...leads, town, ledger, incidents, cameras }))
    const engines = siteFile !== null ? 'required' : demoVoice ? 'if-there' : 'never'
    const calls = house.add(
      openCalls({ ...ground, file, environment, engines, town, ledger, clips, incidents, presses }),
    )
    if (simulated) {
      const heard = { folder: join(dataFolder, 'simulator'), site: town.site, presses, onError, ...calls, ...ledger }
      const people = startSimulatedPeople({ ...ground, ...heard, ...practice, talks: demoVoice, plug: simulated.plug })
      closing.add('the people of the simulated town', people.close)
    }
    const readiness = house.add(openReadiness({ ...ground, town, ledger, clips, cameras, incidents, presses, calls }))
    const outbox = house.add(openOutbox({ ...ground, town, ledger }))
    const vms = house.add(openConnectors({ ...ground, town, ledger, clips, incidents }))
    const device = house.add(openOnvifDevice({ ...ground, handles, town, ledger, clips, incidents }))
    const playback = house.add(openPlayback({ ...ground, ledger, clips, cameras, incidents }))
    house.add(openSnapshots({ ...ground, town, ledger, clips, cameras, incidents }))
    house.add(openEvidence({ ...ground, basePath, town, ledger, clips, cameras, calls, incidents }))
    house.add(openResponders({ ...ground, address, town, ledger, cameras, incidents, playback }))
    const people = house.add(openPeople({ ...ground, address, demo, town, ledger, cameras, incidents }))
    const certificates = house.add(openCertificates({ ...ground, tls, town }))
    const shown = { outbox, vms, device, calls, people, certificates }
    const rooms = { town, ledger, clips, cameras, incidents, presses, readiness, ...shown }
    house.add(openMetrics({ ...ground, ...leads, ...rooms }))
    house.add(openShifts({ ...ground, address, ...rooms }))
    await ledger.replay(house.folds())
    await house.begin(town.site)
    const nothingHere = nothingHerePage(pages, basePath)
    const heard = { onRefusedPress: (from: string, reason: string) => presses.refused('http', from, reason) }
    const embedding = (): readonly string[] => town.site().embedding
    const door = { logger, handles, nothingHere, address, tls, embedding, ...leads, behindFront: leads !== undefined }
    const app = await createDoor({ ...people, ...heard, ...door })
    closing.add('the door', () => app.close())
    const sockets: Record<string, Stream> = {}
    await house.routes({ ...people, app, socket: (path, stream) => (sockets[path] = stream) })
    openSockets(app, sockets, address, { handles, onRefused: people.onRefused })
    await pageRoutes(app, pages)
    const url = await openDoor(app, leads ?? { port, host })
    if (demo) writeDemoCredentials(credentialsFile, { ...demo, url })
    const taken = { accept: presses.accept, append: ledger.append, close: closing.close }
    return { url, demo: demo && { ...demo, url }, renewCertificate: (pems) => renew(app, pems), ...taken }
  } catch (error) {
    await closing.close()
    throw error
  }
}
