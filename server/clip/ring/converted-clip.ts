/**
 * What was recorded as H.264, for browsers that cannot show what the camera sends (H.265): each segment is made anew
 * when somebody wants it, at the times it was recorded with, so that both forms share one playlist. Keeps a few in
 * memory, nothing on the disk; what is held, exported and hashed stays the camera's own. Not here: the live picture
 * (converted-view).
 */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { type Track, boxesIn, child, need, readTracks } from '../../tools/media/fmp4-boxes.ts'
import { readMoof } from '../../tools/media/fmp4-samples.ts'

export type Converted = { init: Buffer; segment: Buffer }
/**
 * Asks for the segment's own bytes and its initialisation section; null when it is not in the clip buffer any more.
 * `covered`: filters that cover what is nobody’s business.
 */
export type Original = () => Promise<{ init: Buffer; bytes: Buffer; covered?: readonly string[] } | null>

const MOST_BYTES = 48_000_000
/** A ring's work comes first; a replay that is a little late is no picture lost. */
const AT_ONCE = 1
/** No recorder and no press waits for it. */
const NICENESS = 15
const TIMESCALE = 90_000
/** What is made anew is no larger than this, live and held. */
export const SHOWN_SIZE = 'scale=w=min(1280\\,iw):h=-2'
/**
 * Sections and pictures of one run must fit each other whatever the picture shows: no header that follows from the
 * content.
 */
const PICTURE = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-tune',
  'zerolatency',
  '-x264-params',
  'stitchable=1:scenecut=0:keyint=infinite',
  '-level:v',
  '4.1',
  '-pix_fmt',
  'yuv420p',
  '-threads',
  '1',
  '-crf',
  '24',
]
const outputOf = (covered: readonly string[]): string[] => [
  '-map',
  '0:v:0',
  '-an',
  '-vf',
  [...covered, SHOWN_SIZE].join(','),
  ...PICTURE,
  '-fps_mode',
  'passthrough',
  '-enc_time_base',
  '-1',
  '-video_track_timescale',
  String(TIMESCALE),
  '-f',
  'mp4',
  '-movflags',
  '+frag_keyframe+empty_moov+default_base_moof',
]

export function createConvertedClips({ signal, mostBytes = MOST_BYTES }: { signal: AbortSignal; mostBytes?: number }) {
  const kept = new Map<string, Converted>()
  const making = new Map<string, Promise<Converted | null>>()
  const waiting: (() => void)[] = []
  let running = 0
  let bytes = 0

  const sizeOf = ({ init, segment }: Converted): number => init.length + segment.length
  function keep(name: string, converted: Converted): void {
    kept.set(name, converted)
    bytes += sizeOf(converted)
    for (const [oldest, what] of kept) {
      if (bytes <= mostBytes || oldest === name) break
      kept.delete(oldest)
      bytes -= sizeOf(what)
    }
  }
  /** The newest wish first: where somebody has just moved to matters more than where they came by. */
  async function turn(): Promise<void> {
    if (running < AT_ONCE) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  function leave(): void {
    const next = waiting.pop()
    if (next) next()
    else running -= 1
  }
  async function make(name: string, original: Original): Promise<Converted | null> {
    await turn()
    try {
      const found = await original()
      const converted = found && (await convertSegment(found.init, found.bytes, signal, found.covered))
      if (converted) keep(name, converted)
      return converted
    } finally {
      leave()
    }
  }
  return {
    /** @param name one segment of one camera. @throws clip/unreadable */
    async convert(name: string, original: Original): Promise<Converted | null> {
      const ready = kept.get(name)
      if (ready) {
        kept.delete(name)
        kept.set(name, ready)
        return ready
      }
      const same = making.get(name) ?? make(name, original).finally(() => making.delete(name))
      making.set(name, same)
      return same
    },
  }
}

/** @throws clip/unreadable in ffmpeg's words */
export async function convertSegment(
  init: Buffer,
  bytes: Buffer,
  signal: AbortSignal,
  covered: readonly string[] = [],
): Promise<Converted> {
  const { stdout, ended } = runFfmpeg({
    input: Readable.from([init, bytes]),
    inputOptions: ['-f', 'mp4', '-protocol_whitelist', 'pipe', '-threads', '1'],
    outputOptions: outputOf(covered),
    signal,
    niceness: NICENESS,
  })
  const [made, problem] = await Promise.all([buffer(stdout), ended])
  const boxes = boxesIn(made)
  const first = boxes.find(({ type }) => type === 'moof')
  if (problem !== null || !first)
    throw new Failure('clip/unreadable', `The recording could not be converted: ${problem ?? 'ffmpeg gave no picture'}`)
  const begins = beginningOf(bytes, readTracks(init))
  for (const moof of boxes.filter(({ type }) => type === 'moof')) {
    const time = need(child(made, need(child(made, moof, 'traf'), 'traf'), 'tfdt'), 'tfdt')
    if (made[time.content] !== 1)
      throw new Failure('clip/unreadable', 'The recording could not be converted: ffmpeg wrote a time of 32 bits.')
    made.writeBigUInt64BE(made.readBigUInt64BE(time.content + 4) + BigInt(begins), time.content + 4)
  }
  const last = boxes.findLast(({ type }) => type === 'mdat')
  return { init: made.subarray(0, first.start), segment: made.subarray(first.start, last?.end) }
}

/** When the first picture is shown, in ticks of what is made; ffmpeg begins at nought. */
function beginningOf(bytes: Buffer, tracks: readonly Track[]): number {
  const picture = tracks.find(({ kind }) => kind === 'video')
  let first = Number.POSITIVE_INFINITY
  for (const { type, start, end } of boxesIn(bytes)) {
    if (type !== 'moof') continue
    for (const { track, samples } of readMoof(bytes.subarray(start, end), tracks))
      if (track === picture?.id)
        for (const { decodeTime, composition } of samples) first = Math.min(first, decodeTime + composition)
  }
  return Number.isFinite(first) && picture ? Math.round((first / picture.timescale) * TIMESCALE) : 0
}
