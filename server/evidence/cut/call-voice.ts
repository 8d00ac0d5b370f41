/**
 * The sound of calls for a viewing copy: two tracks beside the picture, both sides mixed, and the help point left with
 * the room right. Made out of the recordings that lie in the package; the package's own are not touched.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { CallId } from '../../glossary/call.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { HEADER_BYTES } from '../../tools/media/a-law-wav.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { boxSizeAt } from '../../tools/media/fmp4-boxes.ts'
import { SAMPLES_PER_MS, toLinear } from '../../tools/media/g711.ts'
import { readFully } from '../../tools/read-fully.ts'
import { STEP_MS, placeVoice } from './voice-placement.ts'

/** A recording on disk. `from` and `to`: milliseconds since 1970. */
export type VoiceSource = { call: CallId; file: string; from: number; to: number }
/** `begin`: seconds from the first picture to the first sound. */
export type CallVoice = {
  calls: CallId[]
  begin: number
  init: Buffer
  /** A second or so of both tracks each, in order. `at`: seconds from the first sound. */
  fragments: { at: number; offset: number; bytes: number }[]
  read(offset: number, bytes: number): Promise<Buffer>
  close(): Promise<void>
}

const VOICE_FILE = 'voice.mp4'
const FRAGMENT_S = 1
/** Of A-law on both sides in a step. */
const STEP_SAMPLES = STEP_MS * SAMPLES_PER_MS
const WINDOW = 64 * 1024
/** So that two people who speak at once are not cut off at the loudest. */
const SHARE = 0.7

/** Reads a recording's samples in order, a window at a time. */
async function openSamples({ file, from, to }: VoiceSource) {
  const handle = await open(file, 'r')
  let window = Buffer.alloc(0)
  let windowAt = 0
  return {
    /** Adds a step's samples of each side, from `wall` on. */
    async addTo(sum: Int32Array, wall: number): Promise<void> {
      if (wall >= to) return
      const first = Math.round((wall - from) * SAMPLES_PER_MS)
      const begin = HEADER_BYTES + 2 * Math.max(0, first)
      const end = HEADER_BYTES + 2 * (first + STEP_SAMPLES)
      if (end <= begin) return
      if (begin < windowAt || end > windowAt + window.length) {
        windowAt = begin
        const bytes = Buffer.alloc(WINDOW)
        window = bytes.subarray(0, await readFully(handle, bytes, begin))
      }
      const skip = 2 * Math.max(0, -first)
      for (let at = begin; at < Math.min(end, windowAt + window.length); at += 1)
        sum[skip + at - begin] = (sum[skip + at - begin] ?? 0) + toLinear(window[at - windowAt] ?? 0)
    },
    close: () => handle.close(),
  }
}

/** Linear samples of 16 bits, left and right in turn. */
async function* pcmOf(sources: readonly VoiceSource[], steps: readonly number[]): AsyncGenerator<Buffer> {
  const readers = await Promise.all(sources.map(openSamples))
  try {
    const sum = new Int32Array(2 * STEP_SAMPLES)
    for (const wall of steps) {
      sum.fill(0)
      for (const reader of readers) await reader.addTo(sum, wall)
      const bytes = Buffer.allocUnsafe(2 * sum.length)
      for (let i = 0; i < sum.length; i += 1)
        bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, sum[i] ?? 0)), 2 * i)
      yield bytes
    }
  } finally {
    await Promise.all(readers.map(({ close }) => close()))
  }
}

/**
 * @param segments of the stretch that it goes beside, in order
 * @param folder for a file that `close` takes away
 * @returns null where no call lies beside the stretch. @throws export/unplayable in ffmpeg's words
 */
export async function encodeVoice(
  segments: readonly { start: number; duration: number }[],
  sources: readonly VoiceSource[],
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<CallVoice | null> {
  const placed = placeVoice(segments, sources)
  if (!placed) return null
  const [begun, ended] = [placed.steps[0] ?? 0, (placed.steps.at(-1) ?? 0) + STEP_MS]
  const beside = sources.filter(({ from, to }) => from < ended && to > begun)
  const file = join(folder, VOICE_FILE)
  const input = Readable.from(pcmOf(beside, placed.steps), { objectMode: false })
  const run = runFfmpeg({
    input,
    inputOptions: ['-y', '-f', 's16le', '-ar', '8000', '-ac', '2', '-protocol_whitelist', 'pipe'],
    outputOptions: [
      ...['-filter_complex', `[0:a]aresample=48000,asplit[a][b];[a]pan=mono|c0=${SHARE}*c0+${SHARE}*c1[m]`],
      ...['-map', '[m]', '-map', '[b]', '-c:a', 'aac', '-b:a:0', '48k', '-b:a:1', '64k'],
      ...['-movflags', 'empty_moov+default_base_moof', '-frag_duration', `${FRAGMENT_S * 1_000_000}`, '-f', 'mp4'],
    ],
    output: file,
    signal,
  })
  const unreadable = new Promise<string>((resolve) => void input.once('error', (error) => resolve(messageOf(error))))
  const problem = await Promise.race([run.ended, unreadable])
  // Also where ffmpeg has had enough before the end: the recordings are closed.
  input.destroy()
  signal.throwIfAborted()
  if (problem !== null && /No space left/i.test(problem))
    throw new Failure('export/no-room', 'The disk of the packages is full. Make room, then go on with this export.')
  if (problem !== null) throw new Failure('export/unplayable', `The sound of a call cannot be converted: ${problem}`)
  const handle = await open(file, 'r')
  const read = async (offset: number, bytes: number): Promise<Buffer> => {
    const into = Buffer.alloc(bytes)
    return into.subarray(0, await readFully(handle, into, offset))
  }
  return {
    calls: beside.map(({ call }) => call),
    begin: placed.begin / 1000,
    ...(await partsOf(read, (await handle.stat()).size)),
    read,
    async close() {
      await handle.close()
      await rm(file, { force: true })
    },
  }
}

/** The initialisation section, and where each fragment lies: a moof and its mdat. */
async function partsOf(read: CallVoice['read'], size: number): Promise<Pick<CallVoice, 'init' | 'fragments'>> {
  const fragments: CallVoice['fragments'] = []
  let init: Buffer = Buffer.alloc(0)
  let begin = 0
  for (let at = 0; at + 8 <= size;) {
    const head = await read(at, 16)
    const { size: bytes } = boxSizeAt(head, 0)
    const type = head.toString('latin1', 4, 8)
    if (type === 'moof') begin = at
    at += bytes
    if (type === 'moov') init = await read(0, at)
    if (type === 'mdat') fragments.push({ at: fragments.length * FRAGMENT_S, offset: begin, bytes: at - begin })
  }
  return { init, fragments }
}
