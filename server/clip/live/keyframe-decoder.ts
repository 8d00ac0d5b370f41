/**
 * Small grey pictures of many cameras' keyframes by an ffmpeg that stays, one for each kind of stream: starting one
 * costs twenty times as much as a picture. Each picture goes in with a number as its time and comes out with that
 * number, so that a picture that is left out shifts no other camera's. Not here: what the pictures show (camera).
 */
import type { ChildProcess } from 'node:child_process'
import { guardedSpawn } from '../../tools/media/guarded-spawn.ts'
import type { LonePicture } from './lone-picture.ts'
import { FRAGMENT_HEAD_BYTES, writeFragmentHead, writeInit } from '../record/rtsp/fmp4-writer.ts'
import type { NalCodec } from '../record/rtsp/nal-units.ts'
import { h264FullRange } from '../record/rtsp/picture-format.ts'

export type Size = { width: number; height: number }
export type KeyframeDecoder = {
  /**
   * @returns for each its pixels, row by row, 0 to 255; null for one that is null, that cannot be decoded, or when
   * `signal` fires
   */
  decode(pictures: readonly (LonePicture | null)[], signal: AbortSignal): Promise<(Buffer | null)[]>
  close(): void
}

/** No picture comes out for so long: the rest of them cannot be decoded, or the machine has no time for them. */
const SILENCE_MS = 5000
/**
 * A decoder that holds pictures back (it expects B pictures) gives them up for the next ones: one that is known to be
 * good is sent after them, again and again.
 */
const PUSH_EVERY_MS = 100
/** Its demuxer keeps a line for each picture for ever: a new one takes over before that is felt. */
const MOST_PICTURES = 4096
/** Not needed for so long, it goes. */
const IDLE_MS = 120_000

/** One ffmpeg of one codec. `seen`: the number of the newest picture that came out; `good`: it. */
type Run = {
  child: ChildProcess
  sent: number
  seen: number
  good: LonePicture
  found: Map<number, Buffer>
  ended: boolean
  onNews: () => void
}

export function createKeyframeDecoder(
  size: Size,
  { silenceMs = SILENCE_MS }: { silenceMs?: number } = {},
): KeyframeDecoder {
  const decoders = {
    h264: createCodecDecoder('h264', size, silenceMs),
    full: createCodecDecoder('h264', size, silenceMs),
    h265: createCodecDecoder('h265', size, silenceMs),
  }
  // ffmpeg's H.264 decoder takes a picture that does not say what its levels are to have those of the one before it.
  const kindOf = ({ codec, sets }: LonePicture): keyof typeof decoders =>
    codec === 'h264' && h264FullRange(sets.sps) ? 'full' : codec
  return {
    async decode(pictures, signal) {
      const found: (Buffer | null)[] = pictures.map(() => null)
      const ofKind = async (kind: keyof typeof decoders): Promise<void> => {
        const places = pictures.flatMap((picture, i) =>
          picture?.begins && kindOf(picture) === kind ? [{ picture, i }] : [],
        )
        const grey = await decoders[kind].decode(
          places.map(({ picture }) => picture),
          signal,
        )
        places.forEach(({ i }, n) => (found[i] = grey[n] ?? null))
      }
      await Promise.all([ofKind('h264'), ofKind('full'), ofKind('h265')])
      for (const [i, picture] of pictures.entries())
        if (picture && !picture.begins) found[i] = await alone(picture, size, silenceMs, signal)
      return found
    },
    close: () => Object.values(decoders).forEach(({ close }) => close()),
  }
}

/**
 * One that does not begin a sequence would be ordered by the numbers of the picture before it, and come out as
 * another: it has a decoder for itself.
 */
async function alone(picture: LonePicture, size: Size, silenceMs: number, signal: AbortSignal): Promise<Buffer | null> {
  const decoder = createCodecDecoder(picture.codec, size, silenceMs)
  const [found = null] = await decoder.decode([picture], signal)
  decoder.close()
  return found
}

function createCodecDecoder(codec: NalCodec, size: Size, silenceMs: number) {
  let run: Run | null = null
  let last: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let closed = false
  const stop = (): void => {
    clearTimeout(idle)
    run?.child.kill('SIGKILL')
    run = null
  }

  /** `ended`: ffmpeg ended by itself. A run that ended, or fell silent, is over. */
  async function attempt(
    pictures: readonly LonePicture[],
    signal: AbortSignal,
  ): Promise<{ found: (Buffer | null)[]; ended: boolean }> {
    const [first] = pictures
    if (!first || closed || signal.aborted) return { found: pictures.map(() => null), ended: false }
    if (run && run.sent + pictures.length > MOST_PICTURES) stop()
    run ??= startRun(codec, size, first)
    const mine = run
    const from = mine.sent
    // Nothing came out yet: the last of them may be good where the first is not.
    if (mine.seen < 0) mine.good = pictures.at(-1) ?? first
    for (const picture of pictures) send(mine, picture)
    const until = from + pictures.length
    const allOut = (): boolean => mine.seen >= until || pictures.every((_, i) => mine.found.has(from + i))
    await outOf(mine, allOut, signal, silenceMs)
    // A decoder that has fallen silent is followed by a new one.
    if (!allOut() || mine.ended) stop()
    const found = pictures.map((_, i) => mine.found.get(from + i) ?? null)
    pictures.forEach((picture, i) => found[i] && (mine.good = picture))
    mine.found.clear()
    return { found, ended: mine.ended }
  }
  /** A picture that makes ffmpeg end ends it for those after it, too: they are tried without it. */
  async function decode(pictures: readonly LonePicture[], signal: AbortSignal): Promise<(Buffer | null)[]> {
    const { found, ended } = await attempt(pictures, signal)
    const missing = pictures.filter((_, i) => found[i] === null)
    // A decoder that goes on has passed over what it could not decode; for one that fell silent there is no time now.
    if (!ended || signal.aborted || missing.length === 0 || pictures.length === 1) return found
    const middle = Math.ceil(missing.length / 2)
    const again = [
      ...(await decode(missing.slice(0, middle), signal)),
      ...(await decode(missing.slice(middle), signal)),
    ]
    return found.map((picture) => picture ?? again.shift() ?? null)
  }
  return {
    /** One after the other: numbers of two callers would mix. */
    decode(pictures: readonly LonePicture[], signal: AbortSignal): Promise<(Buffer | null)[]> {
      if (pictures.length === 0) return Promise.resolve([])
      const done = last.then(() => {
        clearTimeout(idle)
        return decode(pictures, signal)
      })
      last = done.catch(() => {}).then(() => void (idle = setTimeout(stop, IDLE_MS).unref()))
      return done
    },
    close(): void {
      closed = true
      stop()
    },
  }
}

/** Sends good pictures after them until all are out, or none comes any more. */
async function outOf(run: Run, allOut: () => boolean, signal: AbortSignal, silenceMs: number): Promise<void> {
  let heardAt = performance.now()
  let seen = run.seen
  while (!allOut() && !run.ended && !signal.aborted && performance.now() - heardAt < silenceMs) {
    send(run, run.good)
    const pushAt = performance.now() + PUSH_EVERY_MS
    while (!allOut() && !run.ended && !signal.aborted && performance.now() < pushAt)
      await news(run, pushAt - performance.now(), signal)
    if (run.seen !== seen) heardAt = performance.now()
    seen = run.seen
  }
}
function news(run: Run, withinMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      run.onNews = () => {}
      resolve()
    }
    const timer = setTimeout(end, withinMs)
    signal.addEventListener('abort', end, { once: true })
    run.onNews = end
  })
}

function send(run: Run, { sample }: LonePicture): void {
  const bytes = Buffer.concat([Buffer.alloc(FRAGMENT_HEAD_BYTES), sample])
  writeFragmentHead(bytes, { sequence: run.sent + 1, time: run.sent, duration: 1, keyframe: true })
  run.sent += 1
  if (!run.ended) run.child.stdin?.write(bytes)
}

/** A picture a second: its number is its time. */
const TIMESCALE = 1
/**
 * In a line before a picture that was not decoded whole: so. In a line about each: its number and its format; in the
 * next: whether its levels go from 0 to 255.
 */
const ABOUT =
  /(?<torn>corrupt decoded frame)|\bn: *\d+ pts: *(?<number>\w+)\b[^\n]*?\bfmt:(?<format>\w+)|\bcolor_range:(?<range>\w+)/g
/** Black and white of a picture whose levels do not use all of 0 to 255 (Rec. ITU-R BT.709). */
const [BLACK, WHITE] = [16, 235]
const LIMITED = Uint8Array.from({ length: 256 }, (_, level) =>
  Math.max(0, Math.min(255, Math.round(((level - BLACK) * 255) / (WHITE - BLACK)))),
)

function startRun(codec: NalCodec, { width, height }: Size, first: LonePicture): Run {
  // Before ffmpeg is started: parameter sets that make no sense throw here.
  const init = writeInit(codec, first.sets, TIMESCALE).bytes
  const input = [
    '-probesize',
    '32',
    '-analyzeduration',
    '0',
    '-fflags',
    'nobuffer',
    '-flags',
    'low_delay',
    '-threads',
    '1',
    '-protocol_whitelist',
    'pipe',
    '-f',
    'mp4',
    '-i',
    'pipe:0',
  ]
  // It says each picture's number on stderr, in the order in which pictures come. Levels are stretched here, by what
  // is said of each: its scaler, too, keeps those of the picture before.
  const output = [
    '-vsync',
    'passthrough',
    '-vf',
    `showinfo=checksum=0,scale=${width}:${height}:flags=area:in_range=full:out_range=full,format=gray`,
    '-flush_packets',
    '1',
    '-f',
    'rawvideo',
    'pipe:1',
  ]
  const child = guardedSpawn(
    'nice',
    ['-n', '19', 'ffmpeg', '-hide_banner', '-loglevel', 'info', '-nostats', ...input, ...output],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const run: Run = { child, sent: 0, seen: -1, good: first, found: new Map(), ended: false, onNews: () => {} }
  /** Told of, whose pixels have not come yet. `number` null: it is nobody's. */
  const coming: { number: number | null; full: boolean; told: boolean }[] = []
  let torn = false
  let pixels: Buffer = Buffer.alloc(0)
  let line = ''
  const match = (): void => {
    for (; pixels.length >= width * height; pixels = pixels.subarray(width * height)) {
      const [picture] = coming
      if (!picture?.told) break
      coming.shift()
      if (picture.number === null) continue
      const levels = pixels.subarray(0, width * height)
      run.found.set(picture.number, Buffer.from(picture.full ? levels : levels.map((level) => LIMITED[level] ?? level)))
      run.seen = Math.max(run.seen, picture.number)
    }
    run.onNews()
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    pixels = pixels.length === 0 ? chunk : Buffer.concat([pixels, chunk])
    match()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = line + chunk.toString('latin1')
    const whole = text.lastIndexOf('\n') + 1
    line = text.slice(whole).slice(-1000)
    for (const { groups: about = {} } of text.slice(0, whole).matchAll(ABOUT)) {
      const newest = coming.at(-1)
      if (about.torn !== undefined) torn = true
      else if (about.number !== undefined) {
        // What is missing of a torn one is filled from the picture before it, which is another camera's.
        coming.push({
          number: torn || !/^\d+$/.test(about.number) ? null : Number(about.number),
          full: about.format?.startsWith('yuvj') === true,
          told: false,
        })
        torn = false
      } else if (newest) {
        newest.full ||= about.range === 'pc'
        newest.told = true
      }
    }
    match()
  })
  const end = (): void => {
    run.ended = true
    run.onNews()
  }
  child.stdin?.on('error', end)
  child.once('close', end)
  child.once('error', end)
  child.stdin?.write(init)
  // The first picture goes into finding out what the stream is, and does not come out.
  send(run, first)
  return run
}
