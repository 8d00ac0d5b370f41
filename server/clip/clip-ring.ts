/**
 * The clip buffer of one camera: a ring on disk. Keeps what is young enough and what an incident holds; nothing held
 * is ever evicted. Not here: ffmpeg (clip-recorder), what a playlist looks like (hls-playlist).
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Range, Segment } from '../glossary/clip.ts'
import { type Bucket, type Located, bucketName, indexLine, indexName, initName, listBuckets, readIndex, readIndexNow, readSlice } from './ring-index.ts'

const BUCKET_MS = 60_000

export type ClipRing = ReturnType<typeof openClipRing>

export function openClipRing({ folder, ...options }: { folder: string; keepMs: number }) {
  let { keepMs } = options
  mkdirSync(folder, { recursive: true })
  const buckets = listBuckets(folder)
  const newest = buckets.at(-1)
  const found = newest ? readIndexNow(folder, newest) : []
  let nextNumber = Math.max(found.at(-1)?.number ?? -1, (newest?.first ?? 0) - 1) + 1
  let run = newest?.run ?? -1
  let runUsed = true
  let current: { bucket: Bucket; segments: Located[] } | null = null
  let writing: Promise<unknown> = Promise.resolve()
  const holds = new Map<string, Range>()

  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const done = writing.then(job)
    writing = done.catch(() => {})
    return done
  }

  async function write(segment: Segment, bytes: Buffer): Promise<void> {
    if (!current || current.bucket.run !== segment.run || segment.start - current.bucket.start >= BUCKET_MS) {
      const bucket: Bucket = { name: bucketName(segment.start, segment.run, segment.number), start: segment.start, run: segment.run, first: segment.number, bytes: 0 }
      current = { bucket, segments: [] }
      buckets.push(bucket)
    }
    const { bucket, segments } = current
    const located: Located = { ...segment, offset: bucket.bytes }
    try {
      await appendFile(join(folder, bucket.name), bytes)
      await appendFile(join(folder, indexName(bucket)), indexLine(located))
    } catch (error) {
      // Half a segment may lie at the end of the file now: never append behind it.
      current = null
      throw error
    }
    bucket.bytes += bytes.length
    segments.push(located)
  }

  const segmentsOf = async (bucket: Bucket): Promise<Located[]> => (bucket === current?.bucket ? current.segments : readIndex(folder, bucket))
  /** A bucket ends where the next one begins; the newest has no end yet. */
  const endOf = (i: number): number => {
    const next = buckets[i + 1]
    // A clock that stepped back must not make a bucket end before it began.
    return next ? Math.max(next.start, (buckets[i]?.start ?? 0) + BUCKET_MS) : Number.POSITIVE_INFINITY
  }
  const overlaps = (i: number, { from, to }: Range): boolean => (buckets[i]?.start ?? 0) <= (to ?? Number.POSITIVE_INFINITY) && endOf(i) >= from

  async function locate(number: number): Promise<{ bucket: Bucket; segment: Located } | null> {
    const bucket = buckets.findLast(({ first }) => first <= number)
    const segment = bucket && (await segmentsOf(bucket)).find((each) => each.number === number)
    return segment ? { bucket, segment } : null
  }

  return {
    /** A new ffmpeg run begins: a new timeline and initialisation section. Returns its number. */
    async beginRun(init: Buffer): Promise<number> {
      // A run that never closed a segment leaves no trace; numbers count discontinuities, so it is used again.
      if (runUsed) run += 1
      runUsed = false
      const mine = run
      await inTurn(() => writeFile(join(folder, initName(mine)), init))
      return mine
    },
    /** Gives the closed segment its number and hash, at once; it is on disk when `written` resolves. */
    append({ run: ofRun, start, duration, bytes }: { run: number; start: number; duration: number; bytes: Buffer }): { segment: Segment; written: Promise<void> } {
      const segment: Segment = { number: nextNumber, run: ofRun, start, duration, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
      nextNumber += 1
      runUsed = true
      return { segment, written: inTurn(() => write(segment, bytes)) }
    },
    nextNumber: () => nextNumber,
    /** The segments that overlap the range, oldest first; whole segments, so the range is widened to theirs. */
    async within(range: Range): Promise<Segment[]> {
      await writing
      const to = range.to ?? Number.POSITIVE_INFINITY
      const lists = await Promise.all(buckets.flatMap((bucket, i) => (overlaps(i, range) ? [segmentsOf(bucket)] : [])))
      return lists.flat().filter(({ start, duration }) => start + duration * 1000 > range.from && start < to)
    },
    /** The bytes exactly as the recorder closed them; null when the ring does not have them. */
    async read(number: number): Promise<{ segment: Segment; bytes: Buffer } | null> {
      await writing
      const found = await locate(number)
      return found && { segment: found.segment, bytes: readSlice(join(folder, found.bucket.name), found.segment.offset, found.segment.bytes) }
    },
    initFile: (ofRun: number): string => join(folder, initName(ofRun)),
    hold(name: string, range: Range): void {
      holds.set(name, range)
    },
    release(name: string): void {
      holds.delete(name)
    },
    keepFor(ms: number): void {
      keepMs = ms
    },
    heldOpen: (): boolean => [...holds.values()].some(({ to }) => to === null),
    /** Lets go of what is too old and held by nobody. Returns the bytes freed. */
    evict: (now: number): Promise<number> =>
      inTurn(async () => {
        let freed = 0
        for (let i = 0; i < buckets.length; ) {
          const bucket = buckets[i]
          if (!bucket || bucket === current?.bucket || endOf(i) > now - keepMs) break
          if ([...holds.values()].some((range) => overlaps(i, range))) {
            i += 1
            continue
          }
          await rm(join(folder, bucket.name), { force: true })
          await rm(join(folder, indexName(bucket)), { force: true })
          buckets.splice(i, 1)
          freed += bucket.bytes
          if (!buckets.some((other) => other.run === bucket.run) && bucket.run !== run) await rm(join(folder, initName(bucket.run)), { force: true })
        }
        return freed
      }),
    bytes: (): number => buckets.reduce((sum, bucket) => sum + bucket.bytes, 0),
    settled: (): Promise<unknown> => writing,
  }
}
