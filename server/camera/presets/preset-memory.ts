/**
 * What the presets that show help points are, as an engineer confirmed them: their names and places. A fold of the
 * ledger. A token that somebody saved another view under is another preset. What the first read shows counts as
 * confirmed, until an engineer says otherwise.
 */
import type { CameraId, Preset, PresetToken } from '../../glossary/camera.ts'
import type { Draft, Recorded } from '../../glossary/ledger.ts'
import { areOtherUnits, isAway, isThere } from '../framing/framing-proof.ts'

export type KnownPreset = Pick<Preset, 'name' | 'position'>
type Saved = [CameraId, [PresetToken, KnownPreset][]][]

/**
 * How a preset differs from what was confirmed: a sentence; null when it does not. Pure. A name or a place that is
 * not told says nothing.
 */
export function presetChange(confirmed: KnownPreset, now: KnownPreset): string | null {
  if (confirmed.name !== '' && now.name !== '' && confirmed.name !== now.name)
    return `On the camera it was named “${confirmed.name}” and is now “${now.name}”.`
  if (isAway(confirmed.position, now.position))
    return 'On the camera it has another position than when it was confirmed.'
  return areOtherUnits(confirmed.position, now.position)
    ? 'The camera tells its position in other units than when it was confirmed: nobody can say whether it is the same.'
    : null
}

/**
 * Whether a preset certainly is the one that was confirmed: by its name or its place, and by neither of them another
 * one. What is not told says nothing. Pure.
 */
export function isAsConfirmed(confirmed: KnownPreset, now: KnownPreset): boolean {
  const named = confirmed.name === '' || now.name === '' ? null : confirmed.name === now.name
  const placed = confirmed.position === null ? null : isThere(confirmed.position, now.position)
  return placed === true ? named !== false : named === true && confirmed.position === null
}

export function createPresetMemory() {
  let known = new Map<CameraId, Map<PresetToken, KnownPreset>>()
  /** What the camera said last. */
  const seen = new Map<CameraId, Map<PresetToken, KnownPreset>>()
  const changes = new Map<string, string>()
  /** What an engineer saves over a preset is not news when it is read next. */
  const ownSaves = new Set<string>()
  const keyOf = (camera: CameraId, token: PresetToken): string => `${camera}\n${token}`
  const remember = (camera: CameraId, token: PresetToken, preset: KnownPreset): void => {
    known.set(camera, (known.get(camera) ?? new Map<PresetToken, KnownPreset>()).set(token, preset))
    changes.delete(keyOf(camera, token))
    ownSaves.delete(keyOf(camera, token))
  }

  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'preset.learned' || entry.kind === 'preset.confirmed')
        remember(entry.body.camera, entry.body.token, { name: entry.body.name, position: entry.body.position })
      else if (entry.kind === 'preset.removed') {
        known.get(entry.body.camera)?.delete(entry.body.token)
        changes.delete(keyOf(entry.body.camera, entry.body.token))
      }
    },
    save: (): Saved => [...known].map(([camera, presets]) => [camera, [...presets]]),
    restore: (saved: Saved): void =>
      void (known = new Map(saved.map(([camera, presets]) => [camera, new Map(presets)]))),
    /**
     * What the camera lists now. @param mapped the tokens that show help points.
     * @returns what is new and to be recorded as learnt, and what has changed since it was last read.
     */
    read(
      camera: CameraId,
      presets: readonly Preset[],
      mapped: ReadonlySet<PresetToken>,
    ): { learned: Draft[]; changed: { token: PresetToken; words: string }[] } {
      seen.set(camera, new Map(presets.map(({ token, name, position }) => [token, { name, position }])))
      const learned: Draft[] = []
      const changed: { token: PresetToken; words: string }[] = []
      for (const { token, name, position } of presets) {
        if (!mapped.has(token)) continue
        const confirmed = known.get(camera)?.get(token)
        // A place that was not told when it was learnt: from now on a change of it is one.
        const isNowPlaced =
          confirmed?.position === null && position !== null && presetChange(confirmed, { name, position }) === null
        if (!confirmed || (isNowPlaced && !changes.has(keyOf(camera, token)))) {
          remember(camera, token, { name, position })
          learned.push({
            kind: 'preset.learned',
            actor: `camera:${camera}`,
            subject: camera,
            body: { camera, token, name, position },
          })
          continue
        }
        const words = presetChange(confirmed, { name, position })
        const before = changes.get(keyOf(camera, token)) ?? null
        if (words !== null) changes.set(keyOf(camera, token), words)
        else if (isAsConfirmed(confirmed, { name, position })) changes.delete(keyOf(camera, token))
        if (words !== null && words !== before && !ownSaves.delete(keyOf(camera, token))) changed.push({ token, words })
      }
      // One that comes back may be another view that was saved under its number.
      for (const token of known.get(camera)?.keys() ?? []) {
        if (mapped.has(token) && !seen.get(camera)?.has(token) && !changes.has(keyOf(camera, token)))
          changes.set(keyOf(camera, token), 'The camera did not list it for a while: it may be another view now.')
      }
      return { learned, changed }
    },
    /** An engineer saves another view under this preset now; the entry that confirms it follows. */
    saving: (camera: CameraId, token: PresetToken): void => void ownSaves.add(keyOf(camera, token)),
    /** The camera refused it: what it lists next is not the engineer's. */
    notSaved: (camera: CameraId, token: PresetToken): void => void ownSaves.delete(keyOf(camera, token)),
    /** Why its own words about this preset prove nothing; null when it is the one that was confirmed. */
    change: (camera: CameraId, token: PresetToken): string | null => changes.get(keyOf(camera, token)) ?? null,
    /**
     * The entry by which an engineer says that this preset is right as the camera has it now; null when the camera
     * does not list it.
     */
    confirmation(camera: CameraId, token: PresetToken, actor: string): Draft | null {
      const preset = seen.get(camera)?.get(token)
      return preset
        ? {
            kind: 'preset.confirmed',
            actor,
            subject: camera,
            body: { camera, token, name: preset.name, position: preset.position },
          }
        : null
    },
  }
}
