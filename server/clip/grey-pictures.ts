/**
 * Small grey pictures of many cameras' newest keyframes, by one ffmpeg for all of them: its start costs four times what a picture does.
 * Each picture has an input and an output of its own, so that none is taken for another camera's. Not here: what they show (camera).
 */
import type { Readable, Writable } from 'node:stream'
import { guardedSpawn } from '../tools/guarded-spawn.ts'

export type Size = { width: number; height: number }

/** Pictures at once: more would hold too many file handles, and cost hardly less. */
const MOST_AT_ONCE = 16
const WITHIN_MS = 20_000
const FIRST_HANDLE = 3

/**
 * @param fragments each an initialisation section and a fragment that begins with a keyframe.
 * @returns for each its pixels, row by row, 0 to 255; null for one that ffmpeg cannot read
 */
export async function greyPictures(fragments: readonly Buffer[], size: Size, signal: AbortSignal): Promise<(Buffer | null)[]> {
  if (fragments.length === 0 || signal.aborted) return fragments.map(() => null)
  if (fragments.length > MOST_AT_ONCE) return inHalves(fragments, size, signal)
  const { pictures: found, late } = await decoded(fragments, size, signal)
  // A machine that has no time for these has none for the same once more.
  if (late) return found
  // One that cannot be read ends the run for all: the others are tried without it.
  if (fragments.length > 1 && found.includes(null) && !signal.aborted) {
    const missing = fragments.filter((_, i) => found[i] === null)
    const again = missing.length === fragments.length ? await inHalves(missing, size, signal) : await greyPictures(missing, size, signal)
    return found.map((picture) => picture ?? again.shift() ?? null)
  }
  return found
}

async function inHalves(fragments: readonly Buffer[], size: Size, signal: AbortSignal): Promise<(Buffer | null)[]> {
  const middle = Math.ceil(fragments.length / 2)
  return [...(await greyPictures(fragments.slice(0, middle), size, signal)), ...(await greyPictures(fragments.slice(middle), size, signal))]
}

function decoded(fragments: readonly Buffer[], { width, height }: Size, signal: AbortSignal): Promise<{ pictures: (Buffer | null)[]; late: boolean }> {
  const inputs = fragments.flatMap((_, i) => ['-threads', '1', '-f', 'mp4', '-protocol_whitelist', 'pipe', '-i', `pipe:${FIRST_HANDLE + i}`])
  const outputs = fragments.flatMap((_, i) => ['-map', `${i}:v:0`, '-frames:v', '1', '-vf', `scale=${width}:${height}:flags=area:out_range=full,format=gray`, '-f', 'rawvideo', `pipe:${FIRST_HANDLE + fragments.length + i}`])
  const ffmpeg = guardedSpawn('nice', ['-n', '19', 'ffmpeg', '-hide_banner', '-loglevel', 'quiet', '-nostats', ...inputs, ...outputs], { stdio: ['ignore', 'ignore', 'ignore', ...fragments.flatMap(() => ['pipe', 'pipe'] as const)] })
  const pieces: Buffer[][] = fragments.map(() => [])
  return new Promise((resolve) => {
    let wasLate = false
    const stop = (): void => void ffmpeg.kill('SIGKILL')
    const late = setTimeout(() => {
      wasLate = true
      stop()
    }, WITHIN_MS)
    signal.addEventListener('abort', stop, { once: true })
    const end = (): void => {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      resolve({ pictures: pieces.map((piece) => Buffer.concat(piece)).map((pixels) => (pixels.length === width * height ? pixels : null)), late: wasLate })
    }
    ffmpeg.once('close', end)
    ffmpeg.once('error', end)
    fragments.forEach((fragment, i) => {
      // ffmpeg stops reading once it has its picture.
      const input = ffmpeg.stdio[FIRST_HANDLE + i] as Writable | null | undefined
      input?.on('error', () => {}).end(fragment)
      const output = ffmpeg.stdio[FIRST_HANDLE + fragments.length + i] as Readable | null | undefined
      output?.on('error', () => {}).on('data', (chunk: Buffer) => pieces[i]?.push(chunk))
    })
  })
}
