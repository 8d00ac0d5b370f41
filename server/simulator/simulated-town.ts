/** All simulated cameras of a town. They keep their ports from one start to the next where they can. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawGlyphs } from './picture/picture-text.ts'
import { startDiscoveryResponder } from './onvif/discovery-responder.ts'
import { startPushingCamera } from './stream/pushing-camera.ts'
import { type CameraPlan, type Credentials, type SimulatedCamera, startSimulatedCamera } from './simulated-camera.ts'

export type Ports = { onvif: number; rtsp: number }
export type SimulatedTown = Awaited<ReturnType<typeof startSimulatedTown>>

export async function startSimulatedTown({
  plans,
  folder,
  credentials,
  onError,
}: {
  plans: readonly CameraPlan[]
  folder: string
  credentials: Credentials
  onError(words: string): void
}) {
  mkdirSync(folder, { recursive: true })
  const portsFile = join(folder, 'ports.json')
  const remembered: Record<string, Ports> = existsSync(portsFile) ? JSON.parse(readFileSync(portsFile, 'utf8')) : {}
  const glyphs = await drawGlyphs()
  const start = async (plan: CameraPlan): Promise<SimulatedCamera> => {
    const say = (words: string): void => onError(`${plan.id}: ${words}`)
    const options = { plan, folder, credentials, glyphs, onError: say }
    const ports = remembered[plan.id]
    if (ports) {
      try {
        return await startSimulatedCamera({ ...options, ports })
      } catch {
        // Somebody else has the port now, perhaps another Lamppost: take any other.
      }
    }
    return startSimulatedCamera({ ...options, ports: { onvif: 0, rtsp: 0 } })
  }
  const cameras = new Map<string, SimulatedCamera>()
  for (const plan of plans) if (!plan.pushes) cameras.set(plan.id, await start(plan))
  const responder = startDiscoveryResponder(
    plans.flatMap(({ id, name }) => {
      const camera = cameras.get(id)
      return camera && camera.ports.onvif !== 0 ? [{ id, name, address: camera.url }] : []
    }),
    onError,
  )
  const pushing = new Map<string, { close(): Promise<void> }>()
  const ports = Object.fromEntries([...cameras].map(([id, camera]) => [id, camera.ports]))
  writeFileSync(portsFile, JSON.stringify(ports))
  return {
    ports,
    camera(id: string): SimulatedCamera {
      const found = cameras.get(id)
      if (!found) throw new Error(`there is no simulated camera ${id}`)
      return found
    },
    /** The cameras that push begin to, once it is known where to. */
    push(addresses: Readonly<Record<string, string>>): void {
      for (const plan of plans) {
        const publishTo = addresses[plan.id]
        if (plan.pushes && publishTo && !pushing.has(plan.id))
          pushing.set(plan.id, startPushingCamera({ plan, folder, glyphs, publishTo }))
      }
    },
    /** A camera without power or network, and with it again. One that pushes stays as it is. */
    async plug(id: string, isIn: boolean): Promise<void> {
      const camera = cameras.get(id)
      await (isIn ? camera?.plugIn() : camera?.unplug())
    },
    async close(): Promise<void> {
      await Promise.all([responder, ...cameras.values(), ...pushing.values()].map((camera) => camera.close()))
    },
  }
}
