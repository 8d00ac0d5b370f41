/** The copy that plays in any player: the master's pictures in another wrapping, and the proof that they are the same. */
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Failure } from '../tools/failure.ts'
import { runFfmpeg } from '../tools/ffmpeg-run.ts'

/** SHA-256 of each elementary stream, in the words of `ffmpeg -f streamhash`: `0,v,SHA256=…`. */
export type StreamHashes = string[]
export type ViewingCopy = { codec: string; master: StreamHashes; view: StreamHashes; equal: boolean }
/** `sound`: it has some beside the picture. */
export type Form = { codec: string; sound: boolean }

/** In Annex B both have the same bytes, however they are wrapped; the raw format is those bytes and nothing else. */
const raw = (codec: string): string => (codec.startsWith('avc') ? 'h264' : /^h[ev]/.test(codec) ? 'hevc' : 'data')
/** Players of Apple's want H.265 under this name. */
const named = (codec: string): string[] => (/^h[ev]/.test(codec) ? ['-tag:v', 'hvc1'] : [])
const SOUND_FILE = 'sound-hash.txt'
/** Hashed here and not by ffmpeg, whose own SHA-256 does without the processor's help. */
const hashed = ({ codec }: Form): string[] => ['-map', '0:v', '-c', 'copy', '-f', raw(codec)]
const soundHashed = ({ sound }: Form): string[] => (sound ? ['-map', '0:a', '-c', 'copy', '-f', 'streamhash', '-hash', 'sha256', SOUND_FILE] : [])

async function hashesOf(video: string, folder: string, { sound }: Form): Promise<StreamHashes> {
  if (!sound) return [`0,v,SHA256=${video}`]
  const lines = (await readFile(join(folder, SOUND_FILE), 'utf8')).split('\n').filter(Boolean)
  await rm(join(folder, SOUND_FILE), { force: true })
  return [`0,v,SHA256=${video}`, ...lines.map((line, i) => line.replace(/^\d+/, String(i + 1)))]
}

/**
 * @param chunks an initialisation section, then segments. They are read once: by the remux and by the hash of the master.
 * @param name of the copy in `folder`.
 * @returns the hashes of the master's streams. @throws export/unplayable in ffmpeg's own words
 */
export async function makeViewingCopy({ chunks, form, folder, name, signal }: { chunks: AsyncIterable<Buffer>; form: Form; folder: string; name: string; signal: AbortSignal }): Promise<StreamHashes> {
  const from = Readable.from(chunks, { objectMode: false, highWaterMark: 8 * 1024 * 1024 })
  const failed = new Promise<Error>((resolve) => from.once('error', resolve))
  const hash = createHash('sha256')
  const { ended } = runFfmpeg({
    input: from,
    inputOptions: ['-y', '-f', 'mp4', '-protocol_whitelist', 'pipe'],
    // Names without a folder: options are split at spaces.
    outputOptions: ['-map', '0:v', '-map', '0:a?', '-c', 'copy', ...named(form.codec), '-movflags', '+faststart', '-f', 'mp4', name, ...soundHashed(form), ...hashed(form)],
    onOutput: (chunk) => void hash.update(chunk),
    folder,
    signal,
  })
  const problem = await Promise.race([ended, failed])
  if (problem instanceof Error) throw problem
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The viewing copy could not be made: ${problem}`)
  return hashesOf(hash.digest('hex'), folder, form)
}

/** Of a copy in `folder`. @throws export/unplayable */
export async function streamHashes({ form, folder, name, signal }: { form: Form; folder: string; name: string; signal: AbortSignal }): Promise<StreamHashes> {
  const hash = createHash('sha256')
  const { ended } = runFfmpeg({ input: join(folder, name), inputOptions: ['-y', '-protocol_whitelist', 'file'], outputOptions: [...soundHashed(form), ...hashed(form)], onOutput: (chunk) => void hash.update(chunk), folder, signal })
  const problem = await ended
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The viewing copy cannot be read: ${problem}`)
  return hashesOf(hash.digest('hex'), folder, form)
}
