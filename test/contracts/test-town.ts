/** One simulated camera or a few, in this process, for tests against the real thing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SimulatedTown, startSimulatedTown } from '../../server/simulator/simulated-town.ts'
import { FRAME, type Frame } from '../../server/simulator/picture/camera-picture.ts'
import type { CameraPlan } from '../../server/simulator/simulated-camera.ts'

export const CREDENTIALS = { username: 'lamppost', password: 'p&ss £word' }
export const HOME = { pan: -90, tilt: -12, zoom: 1 }
export const PRESET = { token: '20000000000000000001', name: 'A & B <corner>', pose: { pan: 30, tilt: -15, zoom: 2 } }

export const plan = (id: string, ptz = true, frame: Partial<Frame> = {}): CameraPlan => ({
  frame: { ...FRAME, ...frame },
  id,
  name: `Camera ${id}`,
  seed: 11,
  ptz,
  home: HOME,
  presets: ptz ? [PRESET] : [],
  landmarks: [{ bearing: 30, sign: 'Number One Bar', helpPoint: true }],
  pushes: false,
})

export const startTestTown = (...plans: CameraPlan[]) => startTestTownFor(CREDENTIALS, ...plans)

export async function startTestTownFor(
  credentials: { username: string; password: string },
  ...plans: CameraPlan[]
): Promise<SimulatedTown & { folder: string; end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-town-'))
  const town = await startSimulatedTown({ plans, folder: join(folder, 'simulator'), credentials, onError: () => {} })
  return {
    ...town,
    folder,
    async end() {
      await town.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * A machine that is busy with something else is slow, not wrong: what a test waits for may take so long,
 * milliseconds.
 */
export const PATIENCE_MS = 120_000

/**
 * Asks again until it is so.
 * @throws after `withinMs`, or the tests' common patience where that is longer, with what was asked last.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  so: (value: T) => boolean,
  withinMs = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + Math.max(withinMs, PATIENCE_MS)
  for (;;) {
    const value = await ask()
    if (so(value)) return value
    if (performance.now() > end)
      throw new Error(`still not so after ${Math.max(withinMs, PATIENCE_MS)} ms: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
