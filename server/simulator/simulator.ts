/** Starts the simulated town as a child process and waits until its cameras answer. */
import { builtEntry } from '../tools/package-root.ts'
import { guardedSpawn } from '../tools/media/guarded-spawn.ts'
import type { SimulatorNews, SimulatorPlug, SimulatorPush, SimulatorStart } from './simulator-process.ts'
import type { Ports } from './simulated-town.ts'

export async function startSimulator(
  start: SimulatorStart,
  onError: (words: string) => void,
): Promise<{
  ports: Record<string, Ports>
  push(addresses: Record<string, string>): void
  plug(camera: string, isIn: boolean): void
  close(): Promise<void>
}> {
  const child = guardedSpawn(process.execPath, [builtEntry('simulator/simulator-process.js')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let closing = false
  const ports = await new Promise<Record<string, Ports>>((resolve, reject) => {
    child.on('message', (news: SimulatorNews) => ('ready' in news ? resolve(news.ready) : onError(news.error)))
    child.once('error', reject)
    child.once('exit', (code) => {
      if (!closing) onError(`the simulated town has ended (${code})`)
      reject(new Error(`the simulated town ended before it was ready (${code})`))
    })
    child.send(start)
  })
  return {
    ports,
    push(addresses) {
      if (child.connected) child.send({ push: addresses } satisfies SimulatorPush)
    },
    plug(camera, isIn) {
      if (child.connected) child.send({ plug: camera, isIn } satisfies SimulatorPlug)
    },
    async close() {
      closing = true
      if (child.connected) child.disconnect()
      const tooLong = setTimeout(() => child.kill('SIGKILL'), 1000)
      await ended
      clearTimeout(tooLong)
    },
  }
}
