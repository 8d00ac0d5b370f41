/**
 * Ports that a simulated device can have again when its cable was out: no outgoing connection is given one of them
 * meanwhile.
 */
import type { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Below what Linux and macOS give to outgoing connections, above what services have. */
const [LEAST, MOST] = [20_000, 30_000]
const TRIES = 50
/** A port that it had before may not be given back yet. */
const AGAIN_MS = 100

/**
 * @param port 0 for a free one; its own is waited for a few seconds.
 * @returns the port.
 * @throws what listening throws when it is taken.
 */
export async function listenOnOwnPort(server: Server, port: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const wanted = port || LEAST + Math.floor(Math.random() * (MOST - LEAST))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(wanted, '127.0.0.1', () => {
          server.off('error', reject)
          resolve()
        })
      })
      return wanted
    } catch (error) {
      if (tries === TRIES || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (port !== 0) await sleep(AGAIN_MS)
    }
  }
}
