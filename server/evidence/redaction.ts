/** A derivative with places made unrecognisable. Made from the viewing copy of a package, never from the master, which stays as it is. */
import { createHash } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redaction } from '../glossary/evidence.ts'
import { Failure } from '../tools/failure.ts'
import { runFfmpeg } from '../tools/ffmpeg-run.ts'
import { fileSource } from './file-source.ts'
import { statedIn } from './package-manifest.ts'
import { streamHashes } from './viewing-copy.ts'
import { readZip } from './zip-reader.ts'

/** A viewing copy inside a parent's package. */
export type ParentView = { file: string; from: string; to: string; sha256: string }

/** Coarse squares, then a blur over them: what is gone cannot be sharpened back. */
const BLOCK = 24
const COPY_BYTES = 4 * 1024 * 1024

/**
 * Times are seconds of the output. Each place is cut out, made coarse, and laid over the picture while it is wanted.
 * @returns a filter graph from [0:v] to [out].
 */
export function redactionGraph(regions: readonly { from: number; to: number; x: number; y: number; width: number; height: number }[]): string {
  if (regions.length === 0) return '[0:v]null[out]'
  const copies = regions.map((_, i) => `[c${i}]`).join('')
  const cuts = regions.map(({ x, y, width, height }, i) => {
    const side = (share: number, of: string): string => `max(2\\,2*ceil(${of}*${share}/2))`
    return `[c${i}]crop=w='${side(width, 'iw')}':h='${side(height, 'ih')}':x='iw*${x}':y='ih*${y}',pixelize=w=${BLOCK}:h=${BLOCK},boxblur=lr='min(${BLOCK}\\,min(w\\,h)/2.5)':lp=2:cr='min(${BLOCK / 2}\\,min(cw\\,ch)/2.5)':cp=2[b${i}]`
  })
  const overlays = regions.map(({ from, to, x, y }, i) => `[${i === 0 ? 'base' : `o${i - 1}`}][b${i}]overlay=x='main_w*${x}':y='main_h*${y}':enable='between(t,${from},${to})'[${i === regions.length - 1 ? 'out' : `o${i}`}]`)
  return [`[0:v]split=${regions.length + 1}[base]${copies}`, ...cuts, ...overlays].join(';')
}

/** @throws export/unplayable in ffmpeg's words */
export async function redactedView({ packageFile, view, requested, redactions, folder, signal }: { packageFile: string; view: ParentView; requested: { from: string; to: string }; redactions: readonly Redaction[]; folder: string; signal: AbortSignal }): Promise<{ file: string; start: number; seconds: number; streams: string[] }> {
  const [begin, end] = [Date.parse(view.from), Date.parse(view.to)]
  const start = Math.max(begin, Date.parse(requested.from))
  const seconds = (Math.min(end, Date.parse(requested.to)) - start) / 1000
  const input = join(folder, 'parent.mp4')
  await takeOut(packageFile, view, input, signal)
  const regions = redactions.map(({ from, to, ...place }) => ({ ...place, from: (Date.parse(from) - start) / 1000, to: (Date.parse(to) - start) / 1000 })).filter(({ from, to }) => to > 0 && from < seconds)
  const graph = join(folder, 'redaction.txt')
  await writeFile(graph, redactionGraph(regions))
  const file = join(folder, 'redacted.mp4')
  const { ended } = runFfmpeg({
    input,
    inputOptions: ['-protocol_whitelist', 'file', '-ss', String((start - begin) / 1000)],
    outputOptions: ['-t', String(seconds), '-filter_complex_script', graph, '-map', '[out]', '-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p', '-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
    output: file,
    signal,
  })
  const problem = await ended
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The redacted copy could not be made: ${problem}`)
  return { file, start, seconds, streams: await streamHashes(file, 'avc1', signal) }
}

/** The viewing copies in a package, by camera. @throws export/changed */
export async function parentViews(packageFile: string): Promise<Map<string, ParentView[]>> {
  const { cameras = [] } = (await statedIn(packageFile)) as { cameras?: { id: string; viewCopy: ParentView[] }[] }
  return new Map(cameras.map(({ id, viewCopy }) => [id, viewCopy.map(({ file, from, to, sha256 }) => ({ file, from, to, sha256 }))]))
}

/** One file out of a package. @throws export/changed when the package is not as it was made */
async function takeOut(packageFile: string, { file: path, sha256 }: ParentView, to: string, signal: AbortSignal): Promise<void> {
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
      await target.write(bytes)
    }
    if (hash.digest('hex') !== sha256) throw new Failure('export/changed', `${path} in the parent’s package is not as it was exported; nothing was made of it.`)
  } finally {
    await target.close()
    await source.close()
  }
}
