/** Which presets a head was seen to have, so that one that is no longer there is told once. */
import type { Preset, PresetToken } from '../../glossary/camera.ts'

/**
 * @param onPresets its presets were read
 * @param onPresetsGone presets that it had are no longer there; `away`: it was not reached for a while before
 */
export function createHeadPresets({
  onPresets,
  onPresetsGone,
}: {
  onPresets(presets: readonly Preset[]): void
  onPresetsGone(tokens: PresetToken[], away: boolean): void
}) {
  let had: ReadonlySet<PresetToken> | null = null
  return {
    /** Tokens that were there when they were last read; null until then. */
    known: () => had,
    /** What was read. @returns the same */
    note(presets: Preset[], away: boolean): Preset[] {
      const now = new Set(presets.map(({ token }) => token))
      const gone = [...(had ?? [])].filter((token) => !now.has(token))
      had = now
      onPresets(presets)
      if (gone.length > 0) onPresetsGone(gone, away)
      return presets
    },
    /** An engineer has removed it: that it is gone is no news. */
    forget(token: PresetToken): void {
      had = had && new Set([...had].filter((each) => each !== token))
    },
  }
}
