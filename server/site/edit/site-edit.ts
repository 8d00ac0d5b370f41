/** Changes that pages and cameras make to a site file's text; everything else in it stays as it was written. Pure. */
import type { CameraId, PresetToken } from '../../glossary/camera.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import { changed } from './site-things.ts'
import { type Plain, isPlain } from './values.ts'

const itemOf = (town: Plain, list: string, id: string): Plain | undefined => {
  const items = town[list]
  return Array.isArray(items) ? items.filter(isPlain).find((item) => item['id'] === id) : undefined
}

/**
 * Says which camera of a VMS one of ours is; null takes that away, so that it is matched by its address again. Returns
 * the new text.
 */
export function editVmsCamera(text: string, connector: string, camera: CameraId, theirs: string | null): string {
  return changed(text, (town) => {
    const item = itemOf(town, 'connectors', connector)
    if (!item) return
    const before = isPlain(item['cameras']) ? item['cameras'] : {}
    const { [camera]: _, ...others } = before
    const said = theirs === null ? others : { ...before, [camera]: theirs }
    if (Object.keys(said).length > 0) item['cameras'] = said
    else delete item['cameras']
  })
}

/** Maps the help point to the preset; null takes every mapping to `token` away. Returns the new text. */
export function editPreset(
  text: string,
  camera: CameraId,
  change: { helpPoint: HelpPointId; token: PresetToken; name: string } | { forget: PresetToken },
): string {
  return changed(text, (town) => {
    const item = itemOf(town, 'cameras', camera)
    if (!item) return
    const presets = isPlain(item['presets']) ? item['presets'] : {}
    const known = 'helpPoint' in change ? presets[change.helpPoint] : undefined
    const left =
      'helpPoint' in change
        ? {
            ...presets,
            // What else the engineer wrote about it, such as masks, stays.
            [change.helpPoint]: { ...(isPlain(known) ? known : {}), token: change.token, name: change.name },
          }
        : Object.fromEntries(
            Object.entries(presets).filter(
              ([, preset]) => !isPlain(preset) || String(preset['token']) !== change.forget,
            ),
          )
    if (Object.keys(left).length > 0) item['presets'] = left
    else delete item['presets']
  })
}
