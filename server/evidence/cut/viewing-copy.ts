/**
 * The proof that a viewing copy holds the master's pictures: both are read by ffmpeg, or by our own reader where that
 * is quicker, and hashed.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { CallId } from '../../glossary/call.ts'
import { Failure } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'

/** SHA-256 of each elementary stream, in the words of `ffmpeg -f streamhash`: `0,v,SHA256=…`. */
export type StreamHashes = string[]
/**
 * `firstPictureAt`: seconds of the film; what is heard may begin before what is seen. `voice`: calls that are heard
 * beside the picture, on two tracks more than the master has.
 */
export type ViewingCopy = {
  codec: string
  firstPictureAt: number
  master: StreamHashes
  view: StreamHashes
  equal: boolean
  voice: CallId[]
}
/** `sound`: it has some beside the picture. */
export type Form = { codec: string; sound: boolean }
/** A file, a part of one, or an initialisation section and segments as they come. */
export type Film = { file: string; part?: { start: number; bytes: number } } | { chunks: AsyncIterable<Buffer> }

/** In Annex B both have the same bytes, however they are wrapped; the raw format is those bytes and nothing else. */
const raw = (codec: string): string => (codec.startsWith('avc') ? 'h264' : /^h[ev]/.test(codec) ? 'hevc' : 'data')
const SOUND_FILE = 'sound-hash.txt'
/** Hashed here and not by ffmpeg, whose own SHA-256 does without the processor's help. */
const hashed = ({ codec }: Form): string[] => ['-map', '0:v', '-c', 'copy', '-f', raw(codec)]
const soundHashed = ({ sound }: Form): string[] =>
  sound ? ['-map', '0:a:0', '-c', 'copy', '-f', 'streamhash', '-hash', 'sha256', SOUND_FILE] : []

export const pictureHash = (sha256: string): string => `0,v,SHA256=${sha256}`

function inputOf(film: Film): { input: string | Readable; protocol: string } {
  if ('chunks' in film)
    return {
      input: Readable.from(film.chunks, { objectMode: false, highWaterMark: 8 * 1024 * 1024 }),
      protocol: 'pipe',
    }
  const { file, part } = film
  return part
    ? { input: `subfile,,start,${part.start},end,${part.start + part.bytes},,:${file}`, protocol: 'subfile,file' }
    : { input: file, protocol: 'file' }
}

/**
 * @param folder for what ffmpeg writes; nothing of it stays.
 * @throws export/unplayable in ffmpeg's own words; or whatever ended the chunks
 */
export async function streamHashes(
  film: Film,
  { form, folder, signal }: { form: Form; folder: string; signal: AbortSignal },
): Promise<StreamHashes> {
  const { input, protocol } = inputOf(film)
  const failed = new Promise<Error>((resolve) => void (input instanceof Readable && input.once('error', resolve)))
  const hash = createHash('sha256')
  try {
    // A film that it stumbles over in the middle is no film whose hash means anything.
    const { ended } = runFfmpeg({
      input,
      inputOptions: ['-y', '-xerror', '-f', 'mp4', '-protocol_whitelist', protocol],
      outputOptions: [...soundHashed(form), ...hashed(form)],
      onOutput: (chunk) => void hash.update(chunk),
      folder,
      signal,
    })
    const problem = await Promise.race([ended, failed])
    if (problem instanceof Error) throw problem
    signal.throwIfAborted()
    if (problem !== null) throw new Failure('export/unplayable', `The recording cannot be read: ${problem}`)
    if (input instanceof Readable && !input.readableEnded)
      throw new Failure('export/unplayable', 'The recording cannot be read to its end.')
    return [pictureHash(hash.digest('hex')), ...(form.sound ? await soundHashes(folder) : [])]
  } finally {
    // Whoever hands out the chunks has come to an end, too, before anybody goes on.
    if (input instanceof Readable && !input.closed) {
      // What ends it now is not why it ended.
      const closed = once(input, 'close').catch(() => {})
      input.destroy()
      await closed
    }
    await rm(join(folder, SOUND_FILE), { force: true })
  }
}

async function soundHashes(folder: string): Promise<StreamHashes> {
  const lines = (await readFile(join(folder, SOUND_FILE), 'utf8')).split('\n').filter(Boolean)
  return lines.map((line, i) => line.replace(/^\d+/, String(i + 1)))
}
