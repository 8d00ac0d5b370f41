/** The presets that live in a simulated camera; kept in its own file, so that it still has them after a reboot. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Pose } from './motors.ts'
import { SoapFault } from '../tools/onvif-server/soap-words.ts'

export type StoredPreset = { token: string; name: string; pose: Pose }
export type PresetStore = ReturnType<typeof createPresetStore>

export function createPresetStore({
  file,
  factory,
  home,
}: {
  file: string
  factory: readonly StoredPreset[]
  home: Pose
}) {
  const kept = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { presets: StoredPreset[]; home: Pose })
    : { presets: [...factory], home }
  const save = (): void => writeFileSync(file, JSON.stringify(kept))
  const indexOf = (token: string): number => {
    const index = kept.presets.findIndex((preset) => preset.token === token)
    if (index === -1) throw new SoapFault(['Sender', 'ter:InvalidArgVal', 'ter:NoToken'], `There is no preset ${token}`)
    return index
  }
  return {
    all: (): readonly StoredPreset[] => kept.presets,
    get: (token: string): StoredPreset => kept.presets[indexOf(token)] as StoredPreset,
    /** A token that is known is overwritten; none makes a new one. */
    save(token: string | null, name: string, pose: Pose): string {
      if (token === null) {
        const numbers = kept.presets
          .map((preset) => Number(preset.token))
          .filter((number) => Number.isSafeInteger(number))
        const fresh = String(Math.max(100, ...numbers) + 1)
        kept.presets.push({ token: fresh, name, pose })
        save()
        return fresh
      }
      const index = indexOf(token)
      kept.presets[index] = { token, name: name || (kept.presets[index]?.name ?? ''), pose }
      save()
      return token
    },
    remove(token: string): void {
      kept.presets.splice(indexOf(token), 1)
      save()
    },
    /** As some cameras do when they start again. */
    lose(): void {
      kept.presets = []
      save()
    },
    home: (): Pose => kept.home,
    setHome(pose: Pose): void {
      kept.home = pose
      save()
    },
  }
}
