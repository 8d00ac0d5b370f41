/**
 * A derivative with places made unrecognisable. Made from the viewing copy of a package, never from the master, which
 * stays as it is.
 */
import { createHash } from 'node:crypto'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallRecording } from '../../glossary/call.ts'
import type { Redaction } from '../../glossary/evidence.ts'
import { Failure } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { boxSizeAt } from '../../tools/media/fmp4-boxes.ts'
import type { Incomplete } from './cut-plan.ts'
import { fileSource } from '../package/file-source.ts'
import { firstPictureIn } from './movie-header.ts'
import { statedIn } from '../package/package-manifest.ts'
import { streamHashes } from './viewing-copy.ts'
import { readZip } from '../package/zip-reader.ts'

/** A viewing copy inside a parent's package. */
export type ParentView = {
  file: string
  from: string
  to: string
  sha256: string
  /** Those that it shows, in order. */ segments: { start: string; duration: number }[]
}
/** All of them of one camera, and what the parent says is missing. */
export type ParentCamera = {
  views: ParentView[]
  gaps: { from: string; to: string }[]
  incomplete: Incomplete[]
  /** Where pictures have the time of their arrival. */ timedByArrival: { from: string; to: string }[]
  /** Segments whose packets nobody counted. */ uncounted: number
}

/** Coarse squares, then a blur over them: what is gone cannot be sharpened back. */
const BLOCK = 24
/** Wider on both sides than any frame is long: a picture too many is blurred rather than one too few. */
const MARGIN_S = 0.25
const COPY_BYTES = 4 * 1024 * 1024

/**
 * Times are seconds of the output. Each place is cut out, made coarse, and laid over the picture while it is wanted.
 * @returns a filter graph from [0:v] to [out].
 */
export function redactionGraph(
  regions: readonly { from: number; to: number; x: number; y: number; width: number; height: number }[],
): string {
  if (regions.length === 0) return '[0:v]null[out]'
  const copies = regions.map((_, i) => `[c${i}]`).join('')
  // Chroma is of two by two pixels: the place is widened to whole ones, and stays within the picture.
  const low = (share: number, of: string): string => `2*floor(${of}*${share}/2)`
  const high = (share: number, of: string): string => `min(2*floor(${of}/2)\\,2*ceil(${of}*${share}/2))`
  const cuts = regions.map(({ x, y, width, height }, i) => {
    const side = (at: number, length: number, of: string): string => `max(2\\,${high(at + length, of)}-${low(at, of)})`
    return (
      `[c${i}]crop=w='${side(x, width, 'iw')}':` +
      `h='${side(y, height, 'ih')}':x='min(iw-ow\\,${low(x, 'iw')})':y='min(ih-oh\\,${low(y, 'ih')})',` +
      `pixelize=w=${BLOCK}:h=${BLOCK},boxblur=lr='min(${BLOCK}\\,min(w\\,` +
      `h)/2.5)':lp=2:cr='min(${BLOCK / 2}\\,min(cw\\,ch)/2.5)':cp=2[b${i}]`
    )
  })
  const overlays = regions.map(
    ({ from, to, x, y }, i) =>
      `[${i === 0 ? 'base' : `o${i - 1}`}][b${i}]overlay=x='min(main_w-overlay_w\\,${low(x, 'main_w')})':` +
      `y='min(main_h-overlay_h\\,${low(y, 'main_h')})':enable='between(t,${from.toFixed(3)},${to.toFixed(3)})'` +
      `[${i === regions.length - 1 ? 'out' : `o${i}`}]`,
  )
  return [`[0:v]split=${regions.length + 1}[base]${copies}`, ...cuts, ...overlays].join(';')
}

/**
 * Media seconds of a wall-clock moment in a viewing copy: by the arrival of its segments, since a camera's seconds
 * are not the wall's. Beyond the ends it goes on evenly. Pure.
 */
export function mediaSecondsAt(segments: readonly { start: string; duration: number }[], moment: number): number {
  let media = 0
  for (const [i, { start, duration }] of segments.entries()) {
    const next = segments[i + 1]
    const begin = Date.parse(start)
    const length = next ? Date.parse(next.start) - begin : duration * 1000
    if (!next || moment < begin + length) return media + ((moment - begin) / Math.max(1, length)) * duration
    media += duration
  }
  return 0
}

/** @throws export/unplayable in ffmpeg's words */
export async function redactedView({
  packageFile,
  view,
  requested,
  redactions,
  folder,
  signal,
}: {
  packageFile: string
  view: ParentView
  requested: { from: string; to: string }
  redactions: readonly Redaction[]
  folder: string
  signal: AbortSignal
}): Promise<{ file: string; start: number; clock: { start: number; duration: number }[]; streams: string[] }> {
  const [begin, end] = [Date.parse(view.from), Date.parse(view.to)]
  const start = Math.max(begin, Date.parse(requested.from))
  const media = (moment: number): number => mediaSecondsAt(view.segments, moment)
  const skipped = Math.max(0, media(start))
  const seconds = media(Math.min(end, Date.parse(requested.to))) - skipped
  const input = join(folder, 'parent.mp4')
  await takeOut(packageFile, view, input, signal)
  const regions = redactions
    .map(({ from, to, ...place }) => ({
      ...place,
      from: media(Date.parse(from)) - skipped - MARGIN_S,
      to: media(Date.parse(to)) - skipped + MARGIN_S,
    }))
    .filter(({ from, to }) => to > 0 && from < seconds)
  const graph = join(folder, 'redaction.txt')
  await writeFile(graph, redactionGraph(regions))
  const file = join(folder, 'redacted.mp4')
  const { ended } = runFfmpeg({
    input,
    inputOptions: ['-protocol_whitelist', 'file', '-ss', ((await firstPictureOf(input)) + skipped).toFixed(3)],
    outputOptions: [
      '-t',
      seconds.toFixed(3),
      '-filter_complex_script',
      graph,
      '-map',
      '[out]',
      '-an',
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-crf',
      '18',
      '-pix_fmt',
      'yuv420p',
      '-map_metadata',
      '-1',
      '-movflags',
      '+faststart',
      '-f',
      'mp4',
    ],
    output: file,
    signal,
  })
  const problem = await ended
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The redacted copy could not be made: ${problem}`)
  // The picture that was not redacted must not stay beside the one that is.
  await Promise.all([rm(input, { force: true }), rm(graph, { force: true })])
  return {
    file,
    start,
    clock: clockOf(view.segments, skipped, seconds),
    streams: await streamHashes({ file }, { form: { codec: 'avc1', sound: false }, folder, signal }),
  }
}

/**
 * The part of a viewing copy that is left, as segments whose times begin at its first picture: for its subtitles.
 * Pure.
 */
function clockOf(
  segments: ParentView['segments'],
  skipped: number,
  seconds: number,
): { start: number; duration: number }[] {
  const left: { start: number; duration: number }[] = []
  let media = 0
  for (const [i, { start, duration }] of segments.entries()) {
    const [from, to] = [Math.max(media, skipped), Math.min(media + duration, skipped + seconds)]
    const next = segments[i + 1]
    const speed = next && duration > 0 ? (Date.parse(next.start) - Date.parse(start)) / duration : 1000
    if (to > from) left.push({ start: Date.parse(start) + (from - media) * speed, duration: to - from })
    media += duration
  }
  return left
}

/** A call's sound in a package. */
export type ParentCall = { id: string; helpPoint: string; ringingAt: string; file: string; sha256: string } & Pick<
  CallRecording,
  'bytes' | 'from' | 'to' | 'gaps'
>
/** The calls in a package. @throws export/changed */
export async function parentCalls(packageFile: string): Promise<ParentCall[]> {
  const { calls = [] } = (await statedIn(packageFile)) as { calls?: ParentCall[] }
  return calls
}

/** The viewing copies in a package and what is missing from them, by camera. @throws export/changed */
export async function parentCameras(packageFile: string): Promise<Map<string, ParentCamera>> {
  const { cameras = [] } = (await statedIn(packageFile)) as {
    cameras?: {
      id: string
      segments: (ParentView['segments'][number] & { lostPackets?: number | null })[]
      viewCopy: ParentView[]
      gaps?: ParentCamera['gaps']
      /** Packages of before do not say. */ incomplete?: Incomplete[]
      timedByArrival?: ParentCamera['timedByArrival']
    }[]
  }
  const views = (segments: ParentView['segments'], viewCopy: readonly ParentView[]): ParentView[] =>
    viewCopy.map(({ file, from, to, sha256 }) => ({
      file,
      from,
      to,
      sha256,
      segments: segments
        .filter(({ start }) => start >= from && start < to)
        .map(({ start, duration }) => ({ start, duration })),
    }))
  return new Map(
    cameras.map(({ id, segments, viewCopy, gaps = [], incomplete = [], timedByArrival = [] }) => [
      id,
      {
        views: views(segments, viewCopy),
        gaps,
        incomplete,
        timedByArrival,
        uncounted: segments.filter(({ lostPackets = null }) => lostPackets === null).length,
      },
    ]),
  )
}

/**
 * Seconds of the film: what is heard may begin before what is seen, and all times here count from the first picture.
 */
async function firstPictureOf(film: string): Promise<number> {
  const source = await fileSource(film)
  try {
    for (let at = 0; at + 16 <= source.size;) {
      const head = await source.read(at, 16)
      const { size } = boxSizeAt(head, 0)
      if (head.toString('latin1', 4, 8) === 'moov') return firstPictureIn(await source.read(at, size))
      at += Math.max(8, size)
    }
    return 0
  } finally {
    await source.close()
  }
}

/** One file out of a package. @throws export/changed when the package is not as it was made */
export async function takeOut(
  packageFile: string,
  { file: path, sha256 }: Pick<ParentView, 'file' | 'sha256'>,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const source = await fileSource(packageFile)
  const target = await open(to, 'w')
  try {
    const entry = (await readZip(source)).find(({ name }) => name.slice(name.indexOf('/') + 1) === path)
    if (!entry) throw new Failure('export/changed', `${path} is not in the parent’s package.`)
    const hash = createHash('sha256')
    for (let at = 0; at < entry.bytes; at += COPY_BYTES) {
      signal.throwIfAborted()
      const bytes = await source.read(entry.start + at, Math.min(COPY_BYTES, entry.bytes - at))
      hash.update(bytes)
      // All of them: a single write may take fewer.
      await target.writeFile(bytes)
    }
    if (hash.digest('hex') !== sha256)
      throw new Failure(
        'export/changed',
        `${path} in the parent’s package is not as it was exported; nothing was made of it.`,
      )
  } finally {
    await target.close()
    await source.close()
  }
}
