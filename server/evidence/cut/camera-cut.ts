/** One camera's part of a package: what was recorded and its viewing copies, or a redacted copy of its parent's. */
import { rm } from 'node:fs/promises'
import type { Cut, ExportCamera, Redaction, StoredRange } from '../../glossary/evidence.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import {
  type Stretch,
  incompleteIn,
  initNames,
  nativePlaylist,
  segmentName,
  stamp,
  stretchesOf,
  timedByArrivalIn,
} from './cut-plan.ts'
import type { VoiceSource } from './call-voice.ts'
import type { CameraFacts, ViewFile } from '../order/export-manifest.ts'
import { fileParts, fileSums } from '../package/file-source.ts'
import type { Packing } from '../package/packing.ts'
import { type ParentCamera, redactedView } from './redaction.ts'
import { type NativeNames, packView } from './view-packing.ts'
import type { ViewingCopy } from './viewing-copy.ts'
import { subtitles } from './wall-clock-subtitles.ts'

export type CameraCut = {
  camera: ExportCamera
  cut: Cut
  range: StoredRange
  /** Of a redacted export. */ parent: (ParentCamera & { file: string; redactions: Redaction[] }) | null
}
/** What a camera's master needs beside it. */
type Beside = { range: StoredRange; voices: readonly VoiceSource[] }
type Range = { from: string; to: string }

const viewName = ({ id }: Packing, camera: ExportCamera, start: number): string =>
  `data/view/${id}_${camera.id}_${stamp(start)}`
const endOf = (clock: readonly { start: number; duration: number }[]): string =>
  isoTime(clock.reduce((end, { start, duration }) => Math.max(end, start + duration * 1000), 0))

/** @param voices recordings of calls that are heard beside it. @throws clip/none, export/changed, export/unplayable */
export const cutCamera = (
  packing: Packing,
  { camera, cut: { from, to }, range, parent }: CameraCut,
  voices: readonly VoiceSource[],
): Promise<CameraFacts> =>
  parent
    ? cutRedacted(packing, camera, { from, to }, parent)
    : cutMaster(packing, camera, { from, to }, { range, voices })

async function cutMaster(
  packing: Packing,
  camera: ExportCamera,
  requested: Range,
  { range, voices }: Beside,
): Promise<CameraFacts> {
  const { segments } = range
  const [first] = segments
  if (!first)
    throw new Failure(
      'clip/none',
      `The clip buffer of ${camera.id} has no picture between ${requested.from} and ${requested.to}.`,
    )
  const views: ViewFile[] = []
  const names: NativeNames = {
    inits: initNames(segments),
    segments: new Map(segments.map(({ number }, i) => [number, segmentName(i)])),
  }
  for (const stretch of stretchesOf(segments))
    views.push(await viewOf(packing, camera, stretch, { names, range, voices }))
  await packing.addOnce(`data/native/${camera.id}/index.m3u8`, nativePlaylist(segments))
  return {
    ...camera,
    requested,
    actual: { from: isoTime(first.start), to: endOf(segments) },
    segments: segments.map(({ start, duration, bytes, sha256, lostPackets = null }, i) => ({
      file: `data/native/${camera.id}/${segmentName(i)}`,
      start: isoTime(start),
      duration,
      bytes,
      sha256,
      lostPackets,
    })),
    gaps: range.gaps.map(({ from, to }) => ({ from: isoTime(from), to: isoTime(to) })),
    incomplete: incompleteIn(segments),
    timedByArrival: timedByArrivalIn(segments),
    uncounted: segments.filter(({ lostPackets }) => lostPackets === undefined).length,
    views,
    codecs: [...new Set(Object.values(range.inits).map(({ codec }) => codec))],
    redacted: null,
  }
}

async function viewOf(
  packing: Packing,
  camera: ExportCamera,
  stretch: Stretch,
  beside: Beside & { names: NativeNames },
): Promise<ViewFile> {
  const { segments } = stretch
  const base = viewName(packing, camera, segments[0]?.start ?? 0)
  const name = packing.inZip(`${base}.mp4`)
  const known = packing.zip.has(name)
  if (known) for (const { bytes } of segments) packing.advance(3 * bytes)
  const { sha256, bytes, note } = known ?? (await packView(packing, camera.id, stretch, { ...beside, name }))
  const stream = note as ViewingCopy
  const text = await packing.addOnce(`${base}.srt`, subtitles(segments, packing.timezone, stream.firstPictureAt))
  return {
    file: `${base}.mp4`,
    subtitles: text.path,
    from: isoTime(segments[0]?.start ?? 0),
    to: endOf(segments.slice(-1)),
    sha256,
    bytes,
    stream,
  }
}

async function cutRedacted(
  packing: Packing,
  camera: ExportCamera,
  requested: Range,
  parent: NonNullable<CameraCut['parent']>,
): Promise<CameraFacts> {
  const { folder, signal, timezone, zip, inZip } = packing
  const views: ViewFile[] = []
  for (const view of parent.views) {
    const from = Math.max(Date.parse(view.from), Date.parse(requested.from))
    if (from >= Math.min(Date.parse(view.to), Date.parse(requested.to))) continue
    const made = await redactedView({
      packageFile: parent.file,
      view,
      requested,
      redactions: parent.redactions,
      folder,
      signal,
    })
    const base = viewName(packing, camera, made.start)
    const text = await packing.addText(`${base}.srt`, subtitles(made.clock, timezone))
    const added = await zip.addParts(inZip(`${base}.mp4`), await fileSums(made.file), fileParts(made.file), { signal })
    await rm(made.file, { force: true })
    views.push({
      file: `${base}.mp4`,
      subtitles: text.path,
      from: isoTime(made.start),
      to: endOf([{ start: made.start, duration: 0 }, ...made.clock]),
      sha256: added.sha256,
      bytes: added.bytes,
      stream: { codec: 'avc1', firstPictureAt: 0, master: [], view: made.streams, equal: false, voice: [] },
    })
  }
  const [first, last] = [views[0], views.at(-1)]
  if (!first || !last)
    throw new Failure(
      'clip/none',
      `The parent export has no picture of ${camera.id} between ${requested.from} and ${requested.to}.`,
    )
  // What the parent lacks, this lacks.
  const within = ({ from, to }: Range): boolean => from < requested.to && to > requested.from
  return {
    ...camera,
    requested,
    actual: { from: first.from, to: last.to },
    segments: [],
    gaps: parent.gaps.filter(within),
    incomplete: parent.incomplete.filter(within),
    timedByArrival: parent.timedByArrival.filter(within),
    uncounted: parent.uncounted,
    views,
    codecs: ['avc1'],
    redacted: { from: parent.views.map(({ file }) => file).join(', '), regions: parent.redactions },
  }
}
