/** One MP4 out of a range of the ring, by stream copy: every frame as the camera sent it. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Range, Segment } from '../../glossary/clip.ts'
import { whatRemains } from '../../tools/what-remains.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { gapsIn } from './clip-gaps.ts'
import type { ClipRing } from './clip-ring.ts'
import { formIn } from '../../tools/media/fmp4-boxes.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'

export type CutResult = {
  bytes: number
  sha256: string
  from: number
  to: number
  segments: number
  /** Where it jumps, because nothing was recorded or kept. */ gaps: { from: number; to: number }[]
}

/**
 * Writes `file`; `folder` is scratch space of its own that is removed again. The range is widened to whole segments.
 * @throws clip/none when the range is empty, clip/unreadable when bytes are missing or no longer match their hash, or
 * cannot be one film.
 */
export async function cutClip({
  ring,
  range,
  folder,
  file,
  signal,
}: {
  ring: ClipRing
  range: Range
  folder: string
  file: string
  signal: AbortSignal
}): Promise<CutResult> {
  const segments = await ring.within(range)
  const [first, last] = [segments[0], segments.at(-1)]
  if (!first || !last) throw new Failure('clip/none', 'The clip buffer has no picture of that time.')
  await mkdir(folder, { recursive: true })
  try {
    const runs = await writeRuns(ring, segments, folder)
    const list = join(folder, 'runs.txt')
    await writeFile(list, ['ffconcat version 1.0', ...runs.map((name) => `file '${name}'`), ''].join('\n'))
    const input =
      runs.length === 1 && runs[0]
        ? { input: join(folder, runs[0]), inputOptions: ['-protocol_whitelist', 'file'] }
        : { input: list, inputOptions: ['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'file'] }
    const { ended } = runFfmpeg({
      ...input,
      outputOptions: ['-map', '0:v', '-map', '0:a?', '-c', 'copy', '-movflags', '+faststart', '-f', 'mp4'],
      output: file,
      signal,
    })
    const problem = await ended
    if (problem) throw new Failure('clip/unreadable', `The clip could not be put together: ${problem}`)
    const to = last.start + last.duration * 1000
    return {
      ...(await fingerprint(file)),
      from: first.start,
      to,
      segments: segments.length,
      gaps: gapsIn(segments, first.start, to),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * One file per run: its initialisation section and its segments, each checked against the hash taken when it was
 * closed.
 */
async function writeRuns(ring: ClipRing, segments: readonly Segment[], folder: string): Promise<string[]> {
  const names: string[] = []
  let run: number | null = null
  let codec: string | null = null
  for (const segment of segments) {
    const name = `run-${segment.run}.mp4`
    if (segment.run !== run) {
      const init = await readFile(ring.initFile(segment.run)).catch(() => null)
      // As players tell codecs apart: avc1, hvc1.
      const found = formIn(init).codec.slice(0, 4)
      if (!init || found === '')
        throw new Failure(
          'clip/unreadable',
          `The initialisation section of run ${segment.run} (from ${isoTime(segment.start)} on) is missing ` +
            'from the clip buffer, or damaged: what was recorded in that run cannot be shown.',
        )
      if (codec !== null && found !== codec)
        throw new Failure(
          'clip/unreadable',
          `At ${isoTime(segment.start)} the camera's picture changes from ${codec} to ${found}, which one MP4 ` +
            'cannot have: what was recorded until then, and from then on, can be had by itself.',
        )
      codec = found
      await writeFile(join(folder, name), init)
      names.push(name)
      run = segment.run
    }
    const found = await ring.read(segment.number).catch(() => null)
    const intact = found && createHash('sha256').update(found.bytes).digest('hex') === segment.sha256
    if (!found || !intact)
      throw new Failure(
        'clip/unreadable',
        `Segment ${segment.number} (${isoTime(segment.start)}) ` +
          `is ${found ? 'not as it was recorded: its bytes do not give its hash' : 'missing from the clip buffer'}. ` +
          whatRemains(segment),
      )
    await appendFile(join(folder, name), found.bytes)
  }
  return names
}

async function fingerprint(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return { bytes: (await stat(file)).size, sha256: hash.digest('hex') }
}
