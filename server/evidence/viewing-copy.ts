/** The copy that plays in any player: the master's pictures in another wrapping, and the proof that they are the same. */
import { Readable } from 'node:stream'
import { Failure } from '../tools/failure.ts'
import { runFfmpeg } from '../tools/ffmpeg-run.ts'

/** SHA-256 of each elementary stream, as `ffmpeg -f streamhash` writes it: `0,v,SHA256=…`. */
export type StreamHashes = string[]
export type ViewingCopy = { codec: string; master: StreamHashes; view: StreamHashes; equal: boolean }

/** In Annex B both have the same bytes, however they are wrapped. */
const annexB = (codec: string): string[] => (codec.startsWith('avc') ? ['-bsf:v', 'h264_mp4toannexb'] : /^h[ev]/.test(codec) ? ['-bsf:v', 'hevc_mp4toannexb'] : [])
const hashing = (codec: string): string[] => ['-map', '0:v', '-map', '0:a?', '-c', 'copy', ...annexB(codec), '-f', 'streamhash', '-hash', 'sha256']
const hashesIn = (printed: string): StreamHashes => printed.split('\n').filter((line) => /^\d+,[va],SHA256=[0-9a-f]{64}$/.test(line))
/** Players of Apple's want H.265 under this name. */
const named = (codec: string): string[] => (/^h[ev]/.test(codec) ? ['-tag:v', 'hvc1'] : [])

/**
 * @param chunks an initialisation section, then segments. They are read once: by the remux and by the hash of the master.
 * @param codec as in an HLS CODECS attribute.
 * @throws export/unplayable in ffmpeg's own words, export/changed when the two do not hold the same pictures.
 */
export async function makeViewingCopy({ chunks, codec, output, signal }: { chunks: AsyncIterable<Buffer>; codec: string; output: string; signal: AbortSignal }): Promise<ViewingCopy> {
  const from = Readable.from(chunks, { objectMode: false, highWaterMark: 8 * 1024 * 1024 })
  const failed = new Promise<Error>((resolve) => from.once('error', resolve))
  const remux = runFfmpeg({
    input: from,
    inputOptions: ['-f', 'mp4', '-protocol_whitelist', 'pipe'],
    outputOptions: [...hashing(codec), 'pipe:1', '-map', '0:v', '-map', '0:a?', '-c', 'copy', ...named(codec), '-movflags', '+faststart', '-f', 'mp4'],
    output,
    signal,
  })
  const problem = await Promise.race([remux.ended, failed])
  if (problem instanceof Error) throw problem
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The viewing copy could not be made: ${problem}`)
  const master = hashesIn(remux.printed())
  const view = await streamHashes(output, codec, signal)
  return { codec, master, view, equal: master.length > 0 && master.join() === view.join() }
}

/** Of a file on disk. */
export async function streamHashes(file: string, codec: string, signal: AbortSignal): Promise<StreamHashes> {
  const { stdout, ended } = runFfmpeg({ input: file, inputOptions: ['-protocol_whitelist', 'file'], outputOptions: hashing(codec), signal })
  let printed = ''
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const problem = await ended
  signal.throwIfAborted()
  if (problem !== null) throw new Failure('export/unplayable', `The viewing copy cannot be read: ${problem}`)
  return hashesIn(printed)
}
