/**
 * The ring's files on disk: one data file and one index of lines per five minutes of one run. Names say what is
 * inside.
 */
import { closeSync, openSync, readFileSync, readSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Segment } from '../../glossary/clip.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'

/** Where a segment lies in its bucket's data file. */
export type Located = Segment & { offset: number }
/** Five minutes or so of one run: `<start>-<run>-<first segment>.m4s`. */
export type Bucket = { name: string; start: number; run: number; first: number; bytes: number }

export const BUCKET_MS = 300_000
/** The last segment of a bucket may begin just before its end. */
export const LONGEST_SEGMENT_MS = 30_000
/** When a bucket that is written no more ends at the latest. */
export function bucketEnd(buckets: readonly Pick<Bucket, 'start'>[], i: number, bucketMs = BUCKET_MS): number {
  const [start = 0, next] = [buckets[i]?.start, buckets[i + 1]?.start]
  const [soonest, latest] = [start + bucketMs, start + bucketMs + LONGEST_SEGMENT_MS]
  // The next one may begin hours later, or before this one, when the clock was set.
  return Math.max(soonest, Math.min(next ?? latest, latest))
}

const NAME = /^(\d+)-(\d+)-(\d+)\.m4s$/
export const bucketName = (start: number, run: number, first: number): string => `${start}-${run}-${first}.m4s`
export const indexName = (bucket: Pick<Bucket, 'name'>): string => bucket.name.replace(/m4s$/, 'jsonl')
export const initName = (run: number): string => `run-${run}.mp4`
/** Null for a file that is none. */
function runOfInit(name: string): number | null {
  const [, run] = /^run-(\d+)\.mp4(?:\.new)?$/.exec(name) ?? []
  return run === undefined ? null : Number(run)
}

/** What is not there at the end of a line is left out; `null`: nobody counted its packets. */
export function indexLine(segment: Located): string {
  const { number, start, duration, offset, bytes, sha256, lostPackets, timedByArrival } = segment
  const times = timedByArrival ? [lostPackets ?? null, 1] : lostPackets === undefined ? [] : [lostPackets]
  return `${JSON.stringify([number, start, duration, offset, bytes, sha256, ...times])}\n`
}

/** @returns every line but one that was cut short */
export function parseIndex(text: string, run: number): Located[] {
  const segments: Located[] = []
  for (const line of text.split('\n')) {
    try {
      const [number, start, duration, offset, bytes, sha256, lostPackets = null, byArrival] = JSON.parse(line) as [
        number,
        number,
        number,
        number,
        number,
        string,
        (number | null)?,
        1?,
      ]
      segments.push({
        number,
        run,
        start,
        duration,
        offset,
        bytes,
        sha256,
        ...(lostPackets === null ? {} : { lostPackets }),
        ...(byArrival === 1 ? { timedByArrival: true } : {}),
      })
    } catch {
      // A line cut short by a crash: its segment was never promised to anybody.
    }
  }
  return segments
}

/** All buckets of one camera, oldest first. Reads names and sizes only. */
export function listBuckets(folder: string): Bucket[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, start, run, first] = NAME.exec(name) ?? []
      return start === undefined
        ? []
        : [{ name, start: Number(start), run: Number(run), first: Number(first), bytes: sizeOf(join(folder, name)) }]
    })
    .sort((a, b) => a.first - b.first)
}

/** 0 where the disk does not say: one bad file must cost no more than itself. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}

/**
 * Initialisation sections of runs of which nothing is here any more, by one look at the folder: what is mounted there
 * may be another disk by the next.
 */
export function orphanedInits(folder: string): string[] {
  const names = namesIn(folder)
  const kept = new Set(names.map((name) => Number(NAME.exec(name)?.[2] ?? -1)))
  return names.filter((name) => {
    const run = runOfInit(name)
    return run !== null && !kept.has(run)
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * The newest bucket after a start. Segments whose bytes never reached the disk in a crash were promised to nobody:
 * their lines go, on the disk, too. Lines of an older bucket stay whatever becomes of its bytes: what was recorded
 * and is damaged is not what was never recorded.
 */
export function readNewestIndex(folder: string, bucket: Bucket): Located[] {
  const lines = parseIndex(readTextOrNothing(join(folder, indexName(bucket))), bucket.run)
  const whole = lines.filter(({ offset, bytes }) => offset + bytes <= bucket.bytes)
  if (whole.length < lines.length) rewriteIndex(folder, bucket, whole)
  return whole
}
function rewriteIndex(folder: string, bucket: Bucket, segments: readonly Located[]): void {
  const file = join(folder, indexName(bucket))
  try {
    writeFileSync(`${file}.new`, segments.map(indexLine).join(''))
    renameSync(`${file}.new`, file)
  } catch {
    // A disk that takes nothing now: what reads these lines finds no bytes behind them.
  }
}

/** @throws clip/unreadable when the disk does not give it: nobody may take that for nothing recorded */
export async function readIndex(folder: string, bucket: Bucket): Promise<Located[]> {
  const file = join(folder, indexName(bucket))
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new Failure(
      'clip/unreadable',
      `The disk does not give ${file}, the list of what was recorded from ${isoTime(bucket.start)} on: ${error.message}`,
    )
  })
  return parseIndex(text, bucket.run)
}

function readTextOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** @throws clip/unreadable when the bytes are not there, or the disk does not give them */
export function readSlice(file: string, offset: number, bytes: number): Buffer {
  try {
    return readBytes(file, offset, bytes)
  } catch (error) {
    throw new Failure('clip/unreadable', `What was recorded cannot be read: ${messageOf(error)}`)
  }
}
function readBytes(file: string, offset: number, bytes: number): Buffer {
  const slice = Buffer.alloc(bytes)
  const handle = openSync(file, 'r')
  try {
    if (readSync(handle, slice, 0, bytes, offset) !== bytes) throw new Error(`${file} is shorter than its index says`)
    return slice
  } finally {
    closeSync(handle)
  }
}
