/** What heads tell, and whom it concerns. */
import type { CameraId, Preset, PresetToken } from '../glossary/camera.ts'
import type { Append } from '../glossary/ledger.ts'
import type { createPresetMemory } from './presets/preset-memory.ts'

/** What was read of a camera's presets: new ones are learned, changed ones told. */
export const presetNews =
  (port: {
    presetMemory: Pick<ReturnType<typeof createPresetMemory>, 'read'>
    append: Append
    onChanged(changed: { camera: CameraId; token: PresetToken; words: string }): void
  }) =>
  (camera: CameraId, listed: readonly Preset[], mapped: ReadonlySet<PresetToken>): void => {
    const { learned, changed } = port.presetMemory.read(camera, listed, mapped)
    if (learned.length > 0) port.append(learned)
    for (const { token, words } of changed) port.onChanged({ camera, token, words })
  }

/** Which cameras' digital inputs are heard. */
export function createListening(logger: Record<'info' | 'warn', (facts: object, words: string) => void>) {
  const listening = new Set<CameraId>()
  return {
    to: (camera: CameraId): boolean => listening.has(camera),
    /** @param problem null: it is heard */
    changed(camera: CameraId, problem: string | null): void {
      if (problem === null) {
        listening.add(camera)
        logger.info({ camera }, 'its digital inputs are heard')
      } else {
        listening.delete(camera)
        logger.warn({ camera, problem }, 'its digital inputs are not heard')
      }
    },
  }
}
