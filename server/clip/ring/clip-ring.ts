/**
 * The clip buffer of one camera: a ring on disk. Keeps what is young enough and what an incident holds; nothing held
 * is ever evicted. What the disk does not take is left out, said, and shows as a gap.
 * Not here: ffmpeg (clip-recorder), what a playlist looks like (hls-playlist), the disk all rings share (clip-disk).
 */
import { mkdirSync } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Range, Segment } from '../../glossary/clip.ts'
import type { StoredSegment } from '../../glossary/evidence.ts'
import { messageOf } from '../../tools/failure.ts'
import type { ClosedSegment } from './clip-packager.ts'
import {
  BUCKET_MS,
  LONGEST_SEGMENT_MS,
  type Bucket,
  type Located,
  bucketEnd,
  bucketName,
  indexLine,
  indexName,
  initName,
  listBuckets,
  orphanedInits,
  readIndex,
  readNewestIndex,
  readSlice,
} from './ring-index.ts'

const MOST_INITS = 4

export type ClipRing = ReturnType<typeof openClipRing>
/** What may be written now: a disk that is full or too slow takes nothing, and nothing piles up in memory instead. */
export type DiskGate = {
  /** Null when these bytes may be written; else why not. */ refuses(bytes: number, held: boolean): string | null
  queued(bytes: number): void
}
export type RingLimits = {
  keepMs: number
  /** Bytes of this camera, held ones not counted; null for no limit. */ mostBytes: number | null
}
/** Null when the disk takes what it should; else why it does not. */
export type OnWritten = (problem: string | null) => void

const OPEN_GATE: DiskGate = { refuses: () => null, queued: () => {} }

export function openClipRing({
  folder,
  limits: first,
  gate = OPEN_GATE,
  onWritten = () => {},
  onStuck = () => {},
  bucketMs = BUCKET_MS,
}: {
  folder: string
  limits: RingLimits
  gate?: DiskGate
  onWritten?: OnWritten
  /** A file should go, and the disk does not let go of it. */ onStuck?(file: string, error: unknown): void
  bucketMs?: number
}) {
  let limits = first
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    // A disk that takes nothing does not cost the live picture.
    onWritten(messageOf(error))
  }
  const buckets = listBuckets(folder)
  const newest = buckets.at(-1)
  const found = newest ? readNewestIndex(folder, newest) : []
  let nextNumber = Math.max(found.at(-1)?.number ?? -1, (newest?.first ?? 0) - 1) + 1
  let run = newest?.run ?? -1
  let runUsed = true
  let current: { bucket: Bucket; segments: Located[]; data: FileHandle; index: FileHandle } | null = null
  let writing: Promise<unknown> = Promise.resolve()
  const holds = new Map<string, Range>()
  /** The newest runs', for players: they do not wait for the disk. */
  const inits = new Map<number, Buffer>()
  /** Runs whose initialisation section is on the disk. */
  const begun = new Set<number>()

  /** Those of runs that have gone while nothing was recorded. */
  const sweepInits = async (): Promise<void> => {
    for (const name of orphanedInits(folder)) await rm(join(folder, name), { force: true })
  }
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const done = writing.then(job)
    writing = done.catch(() => {})
    return done
  }

  async function closeCurrent(): Promise<void> {
    const old = current
    current = null
    await Promise.all([old?.data.close(), old?.index.close()]).catch(() => {})
  }
  /** Before the first segment of a run: without it, none of them could ever be shown. Whole, or not there. */
  async function keepInit(ofRun: number, init: Buffer | undefined): Promise<void> {
    if (begun.has(ofRun)) return
    if (!init) throw new Error(`the initialisation section of run ${ofRun} is gone`)
    // A disk that was mounted late has no folder yet.
    await mkdir(folder, { recursive: true })
    const file = join(folder, initName(ofRun))
    await writeFile(`${file}.new`, init)
    await rename(`${file}.new`, file)
    begun.add(ofRun)
  }
  async function bucketFor(segment: Segment, init: Buffer | undefined): Promise<NonNullable<typeof current>> {
    if (
      current &&
      current.bucket.run === segment.run &&
      segment.start - current.bucket.start < bucketMs &&
      segment.start >= current.bucket.start
    )
      return current
    await closeCurrent()
    await keepInit(segment.run, init)
    const bucket: Bucket = {
      name: bucketName(segment.start, segment.run, segment.number),
      start: segment.start,
      run: segment.run,
      first: segment.number,
      bytes: 0,
    }
    const data = await open(join(folder, bucket.name), 'a').catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      // Another disk is mounted there by now, or its folder was taken away: it is made anew, with what belongs in it.
      begun.clear()
      await keepInit(segment.run, init)
      return open(join(folder, bucket.name), 'a')
    })
    const index = await open(join(folder, indexName(bucket)), 'a').catch(async (error: unknown) => {
      await data.close()
      throw error
    })
    buckets.push(bucket)
    current = { bucket, segments: [], data, index }
    return current
  }
  async function write(segment: Segment, chunks: Buffer[], init: Buffer | undefined): Promise<void> {
    const { bucket, segments, data, index } = await bucketFor(segment, init)
    const located: Located = { ...segment, offset: bucket.bytes }
    try {
      const { bytesWritten } = await data.writev(chunks)
      if (bytesWritten !== segment.bytes) throw new Error(`only ${bytesWritten} of ${segment.bytes} bytes were written`)
      await index.appendFile(indexLine(located))
    } catch (error) {
      // Half a segment may lie at the end of the file now: never append behind it.
      await closeCurrent()
      if (bucket.bytes === 0) await drop(bucket)
      throw error
    }
    bucket.bytes += segment.bytes
    segments.push(located)
  }
  /**
   * Gone from the list before the disk is asked, so that nobody can hold half of it; the index first, so that no
   * orphan of it stays.
   */
  async function drop(bucket: Bucket): Promise<void> {
    buckets.splice(buckets.indexOf(bucket), 1)
    try {
      await rm(join(folder, indexName(bucket)), { force: true })
      await rm(join(folder, bucket.name), { force: true })
    } catch (error) {
      buckets.push(bucket)
      buckets.sort((a, b) => a.first - b.first)
      throw error
    }
    if (buckets.some((other) => other.run === bucket.run) || bucket.run === run) return
    begun.delete(bucket.run)
    await rm(join(folder, initName(bucket.run)), { force: true })
  }

  const segmentsOf = async (bucket: Bucket): Promise<Located[]> =>
    bucket === current?.bucket ? current.segments : readIndex(folder, bucket)
  /**
   * A bucket ends where the next one begins, or when nothing more can be in it; the one that is written to has no end
   * yet.
   */
  const endOf = (i: number): number => {
    const bucket = buckets[i]
    return !bucket || bucket === current?.bucket ? Number.POSITIVE_INFINITY : bucketEnd(buckets, i, bucketMs)
  }
  const overlaps = (i: number, { from, to }: Range): boolean =>
    (buckets[i]?.start ?? 0) <= (to ?? Number.POSITIVE_INFINITY) && endOf(i) >= from

  const isHeld = (i: number): boolean => [...holds.values()].some((range) => overlaps(i, range))
  const heldOpen = (): boolean => [...holds.values()].some(({ to }) => to === null)
  const freeBytes = (): number => buckets.reduce((sum, bucket, i) => sum + (isHeld(i) ? 0 : bucket.bytes), 0)
  /** What the disk did not let go of: the others go all the same. Tried again with the next look at this ring's age. */
  const stuck = new Set<Bucket>()
  const tooOld = (now: number): Bucket | undefined =>
    buckets.find((bucket, i) => endOf(i) <= now - limits.keepMs && !stuck.has(bucket) && !isHeld(i))
  /** The oldest bucket that nobody holds and nobody writes to. */
  const oldestFree = (): Bucket | null =>
    buckets.find((bucket, i) => bucket !== current?.bucket && !stuck.has(bucket) && !isHeld(i)) ?? null
  /** @returns the bytes that are free now: none where the disk does not let go of it */
  async function tryDrop(bucket: Bucket): Promise<number> {
    try {
      await drop(bucket)
      return bucket.bytes
    } catch (error) {
      stuck.add(bucket)
      onStuck(bucket.name, error)
      return 0
    }
  }

  async function stored(range: Range): Promise<StoredSegment[]> {
    await writing
    const to = range.to ?? Number.POSITIVE_INFINITY
    const lists = await Promise.all(
      buckets.flatMap((bucket, i) =>
        overlaps(i, range)
          ? [
              segmentsOf(bucket).then((segments) =>
                segments.map((segment) => ({ ...segment, file: join(folder, bucket.name) })),
              ),
            ]
          : [],
      ),
    )
    return lists.flat().filter(({ start, duration }) => start + duration * 1000 > range.from && start < to)
  }
  async function locate(number: number): Promise<{ bucket: Bucket; segment: Located } | null> {
    const bucket = buckets.findLast(({ first }) => first <= number)
    const segment = bucket && (await segmentsOf(bucket)).find((each) => each.number === number)
    return segment ? { bucket, segment } : null
  }

  inTurn(sweepInits).catch((error: unknown) => onStuck(folder, error))

  return {
    /** A new timeline and initialisation section begin. Returns their number, at once. */
    beginRun(init: Buffer): number {
      // A run that never closed a segment leaves no trace; numbers count discontinuities, so it is used again.
      if (runUsed) run += 1
      runUsed = false
      const mine = run
      inits.delete(mine)
      inits.set(mine, Buffer.from(init))
      for (const old of inits.keys()) if (inits.size > MOST_INITS) inits.delete(old)
      begun.delete(mine)
      return mine
    },
    /** Gives the closed segment its number, at once; it is on disk when `written` resolves. */
    append({
      run: ofRun,
      start,
      duration,
      chunks,
      sha256,
      lostPackets,
      timedByArrival,
    }: ClosedSegment & { run: number }): {
      segment: Segment
      written: Promise<void>
    } {
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
      const segment: Segment = {
        number: nextNumber,
        run: ofRun,
        start,
        duration,
        bytes,
        sha256,
        ...(lostPackets === undefined ? {} : { lostPackets }),
        ...(timedByArrival ? { timedByArrival } : {}),
      }
      nextNumber += 1
      runUsed = true
      const refused = gate.refuses(bytes, heldOpen())
      if (refused !== null) {
        onWritten(refused)
        return { segment, written: Promise.resolve() }
      }
      gate.queued(bytes)
      // However long the disk keeps it waiting, and whatever runs begin meanwhile.
      const init = inits.get(ofRun)
      const written = inTurn(() => write(segment, chunks, init)).then(
        () => onWritten(null),
        (error: unknown) => onWritten(messageOf(error)),
      )
      return { segment, written: written.finally(() => gate.queued(-bytes)) }
    },
    nextNumber: () => nextNumber,
    /** The segments that overlap the range, oldest first; whole segments, so the range is widened to theirs. */
    within: (range: Range): Promise<Segment[]> => stored(range),
    /** The same, and where each lies on the disk: for whoever reads many. They stay only as long as they are held. */
    stored,
    /** The bytes exactly as the recorder closed them; null when the ring does not have them. */
    async read(number: number): Promise<{ segment: Segment; bytes: Buffer } | null> {
      await writing
      const found = await locate(number)
      return (
        found && {
          segment: found.segment,
          bytes: readSlice(join(folder, found.bucket.name), found.segment.offset, found.segment.bytes),
        }
      )
    },
    initFile: (ofRun: number): string => join(folder, initName(ofRun)),
    init: async (ofRun: number): Promise<Buffer | null> =>
      inits.get(ofRun) ?? (await readFile(join(folder, initName(ofRun))).catch(() => null)),
    /** Seconds of the longest segment of the newest bucket. */
    longest: Math.max(0, ...found.map(({ duration }) => duration)),
    hold(name: string, range: Range): void {
      holds.set(name, range)
    },
    release(name: string): void {
      holds.delete(name)
    },
    limit(next: RingLimits): void {
      limits = next
    },
    heldOpen,
    /** Lets go of what is too old, or too much for this camera, and held by nobody. Returns the bytes freed. */
    evict: (now: number): Promise<number> =>
      inTurn(async () => {
        // Nothing more comes into it: its camera is silent, or has gone.
        if (current && current.bucket.start + bucketMs + LONGEST_SEGMENT_MS < now) await closeCurrent()
        let freed = 0
        stuck.clear()
        // Looked at anew each time: somebody may hold it meanwhile.
        for (let old = tooOld(now); old; old = tooOld(now)) freed += await tryDrop(old)
        for (
          let over = freeBytes() - (limits.mostBytes ?? Number.POSITIVE_INFINITY), bucket = oldestFree();
          over > 0 && bucket;
          bucket = oldestFree()
        ) {
          const bytes = await tryDrop(bucket)
          over -= bytes
          freed += bytes
        }
        return freed
      }),
    /** When the oldest picture that may go was recorded; null when all of it is held. */
    oldestFree: (): number | null => oldestFree()?.start ?? null,
    /** For the disk's sake. Returns the bytes freed. */
    evictOldest: (): Promise<number> =>
      inTurn(async () => {
        const bucket = oldestFree()
        return bucket ? tryDrop(bucket) : 0
      }),
    bytes: (): number => buckets.reduce((sum, bucket) => sum + bucket.bytes, 0),
    settled: (): Promise<unknown> => writing,
    close: (): Promise<void> => inTurn(closeCurrent),
  }
}
