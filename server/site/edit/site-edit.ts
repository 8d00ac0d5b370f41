/** Edits a site file's text the way an engineer would: comments, order and references survive. Pure. */
import { isMap, isSeq, parseDocument } from 'yaml'
import type { CameraId, PresetToken } from '../../glossary/camera.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import { textOf } from './yaml-merge.ts'

/**
 * Says which camera of a VMS one of ours is; null takes that away, so that it is matched by its address again. Returns
 * the new text.
 */
export function editVmsCamera(text: string, connector: string, camera: CameraId, theirs: string | null): string {
  const document = parseDocument(text)
  const connectors = document.get('connectors')
  const node = isSeq(connectors)
    ? connectors.items.find((item) => isMap(item) && item.get('id') === connector)
    : undefined
  if (!isMap(node)) return text
  if (theirs === null) {
    const said = node.get('cameras')
    if (!isMap(said)) return text
    said.delete(camera)
    if (said.items.length === 0) node.delete('cameras')
  } else {
    if (!isMap(node.get('cameras'))) node.set('cameras', document.createNode({}))
    node.setIn(['cameras', camera], document.createNode(theirs))
  }
  return textOf(document, text)
}

/** Maps the help point to the preset; null takes every mapping to `token` away. Returns the new text. */
export function editPreset(
  text: string,
  camera: CameraId,
  change: { helpPoint: HelpPointId; token: PresetToken; name: string } | { forget: PresetToken },
): string {
  const document = parseDocument(text)
  const cameras = document.get('cameras')
  const node = isSeq(cameras) ? cameras.items.find((item) => isMap(item) && item.get('id') === camera) : undefined
  if (!isMap(node)) return text
  if ('helpPoint' in change) {
    if (!isMap(node.get('presets'))) node.set('presets', document.createNode({}))
    const known = node.getIn(['presets', change.helpPoint])
    // What else the engineer wrote about it, such as masks, stays.
    if (isMap(known)) {
      known.set('token', document.createNode(change.token))
      known.set('name', document.createNode(change.name))
    } else
      node.setIn(
        ['presets', change.helpPoint],
        document.createNode({ token: change.token, name: change.name }, { flow: true }),
      )
  } else {
    const presets = node.get('presets')
    if (!isMap(presets)) return text
    for (const pair of [...presets.items])
      if (isMap(pair.value) && String(pair.value.get('token')) === change.forget) presets.delete(pair.key)
    if (presets.items.length === 0) node.delete('presets')
  }
  return textOf(document, text)
}
