/** Simulated towns: Darlington, or a council's own for practice; their site file, and the cameras that it names. */
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Site } from '../glossary/site.ts'
import { packageRoot } from '../tools/package-root.ts'
import { utf8Text } from '../tools/utf8-text.ts'
import { startSimulator } from './simulator.ts'
import { planTown } from './town-plan.ts'
import { PASSWORD, referencesOf, trainingText } from './training-town.ts'

type Credentials = Parameters<typeof startSimulator>[0]['credentials']
type ReadTown = (file: string, text: string) => Site
type Ports = Readonly<Record<string, { onvif: number; rtsp: number }>>

/** A data folder that has this is for practice: no real town is started on it. */
export const TRAINING_FOLDER = 'training'

/** A file of the package in the data folder: the engineer's page edits the copy, and Git stays clean. */
async function copied(name: string, dataFolder: string): Promise<string> {
  const file = join(dataFolder, name)
  if (!existsSync(file)) writeFileSync(file, await readFile(join(packageRoot, 'camera-presets', name)))
  return file
}

/** The ports that the machine gave, under the names by which the site file refers to them. */
const portReferences = (ports: Ports): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ports).flatMap(([id, { onvif, rtsp }]) => {
      const name = id.toUpperCase().replaceAll('-', '_')
      return [
        [`${name}_PORT`, String(onvif)],
        [`${name}_RTSP_PORT`, String(rtsp)],
      ]
    }),
  )
const secretOf = (credentials: Credentials, what: string): string =>
  createHash('sha256').update(`${what}${credentials.password}`).digest('hex').slice(0, 24)

async function darlington(dataFolder: string, read: ReadTown) {
  const file = await copied('darlington.yaml', dataFolder)
  await copied('darlington-streets.geojson', dataFolder)
  return {
    file,
    site: read(file, await readFile(file, 'utf8')),
    label: '',
    environmentOf: (ports: Ports, credentials: Credentials): Record<string, string> => ({
      ...portReferences(ports),
      CAMERA_PASSWORD: credentials.password,
      PUSH_3_KEY: secretOf(credentials, ''),
      BLACKWELLGATE_SIP: secretOf(credentials, 'sip '),
    }),
  }
}
/** @param real a council's own site file, which is only read */
async function training(real: string, dataFolder: string, read: ReadTown) {
  const text = trainingText(utf8Text(await readFile(real)))
  // Of its own: whatever the site file calls its streets, nothing of the data is written over.
  const folder = join(dataFolder, TRAINING_FOLDER)
  const file = join(folder, 'site.yaml')
  const site = read(file, text)
  const { cameras, streets } = site
  mkdirSync(dirname(join(folder, streets ?? 'site.yaml')), { recursive: true })
  if (streets !== null) copyFileSync(join(dirname(real), streets), join(folder, streets))
  writeFileSync(file, text, { mode: 0o600 })
  return {
    file,
    site,
    label: 'TRAINING  ',
    environmentOf: (ports: Ports, credentials: Credentials): Record<string, string> =>
      Object.fromEntries([
        [PASSWORD, credentials.password],
        ...cameras.flatMap(({ id }, i) => {
          const { onvif, rtsp, key } = referencesOf(i)
          return [
            [onvif, String(ports[id]?.onvif ?? 0)],
            [rtsp, String(ports[id]?.rtsp ?? 0)],
            [key, secretOf(credentials, id)],
          ]
        }),
      ]),
  }
}

/**
 * @param real a council's own site file; null: Darlington
 * @param credentials of the cameras
 * @param read the town of a site file's text, whatever its references
 */
export async function openDemoTown({
  real,
  dataFolder,
  credentials,
  read,
  onError,
}: {
  real: string | null
  dataFolder: string
  credentials: Credentials
  read: ReadTown
  onError(words: string): void
}) {
  const opened = real === null ? darlington(dataFolder, read) : training(real, dataFolder, read)
  const { file, site, label, environmentOf } = await opened
  // What the camera writes over its picture is in each recording, too.
  const plans = planTown(site).map((plan) => ({ ...plan, name: label + plan.name }))
  const simulator = await startSimulator({ plans, folder: join(dataFolder, 'simulator'), credentials }, onError)
  return {
    file,
    environment: environmentOf(simulator.ports, credentials),
    /** Where its cameras that push find their receiver, by camera. */
    push: simulator.push,
    plug: simulator.plug,
    close: simulator.close,
  }
}
