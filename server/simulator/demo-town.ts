/** The simulated Darlington: its site file, and the cameras that it names. */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Site } from '../glossary/site.ts'
import { packageRoot } from '../tools/package-root.ts'
import { startSimulator } from './simulator.ts'
import { planTown } from './town-plan.ts'

type Credentials = Parameters<typeof startSimulator>[0]['credentials']

/** A file of the package in the data folder: the engineer's page edits the copy, and Git stays clean. */
async function copied(name: string, dataFolder: string): Promise<string> {
  const file = join(dataFolder, name)
  if (!existsSync(file)) writeFileSync(file, await readFile(join(packageRoot, 'camera-presets', name)))
  return file
}

/** The ports that the machine gave, under the names by which the site file refers to them. */
const portReferences = (ports: Readonly<Record<string, { onvif: number; rtsp: number }>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ports).flatMap(([id, { onvif, rtsp }]) => {
      const name = id.toUpperCase().replaceAll('-', '_')
      return [
        [`${name}_PORT`, String(onvif)],
        [`${name}_RTSP_PORT`, String(rtsp)],
      ]
    }),
  )

/**
 * @param credentials of the cameras
 * @param read the town of a site file's text, whatever its references
 */
export async function openDemoTown({
  dataFolder,
  credentials,
  read,
  onError,
}: {
  dataFolder: string
  credentials: Credentials
  read(file: string, text: string): Site
  onError(words: string): void
}) {
  const file = await copied('darlington.yaml', dataFolder)
  await copied('darlington-streets.geojson', dataFolder)
  const plans = planTown(read(file, await readFile(file, 'utf8')))
  const simulator = await startSimulator({ plans, folder: join(dataFolder, 'simulator'), credentials }, onError)
  return {
    file,
    environment: {
      ...portReferences(simulator.ports),
      CAMERA_PASSWORD: credentials.password,
      PUSH_3_KEY: createHash('sha256').update(credentials.password).digest('hex').slice(0, 24),
      BLACKWELLGATE_SIP: createHash('sha256').update(`sip ${credentials.password}`).digest('hex').slice(0, 24),
    },
    /** Where its cameras that push find their receiver, by camera. */
    push: simulator.push,
    close: simulator.close,
  }
}
