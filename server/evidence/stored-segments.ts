/** Segments out of a clip buffer, each checked against the hash that was taken when it was recorded. */
import { webcrypto } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { StoredRange, StoredSegment } from '../glossary/evidence.ts'
import { isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'

/** Segments that are read before they are wanted. */
const READ_AHEAD = 2

/** The bytes of one segment, as recorded. @throws export/changed naming it */
async function segmentBytes(camera: string, segment: StoredSegment): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(segment.bytes)
  const called = `Segment ${segment.number} of ${camera} (${isoTime(segment.start)})`
  const data = await open(segment.file, 'r').catch(() => {
    throw new Failure('export/changed', `${called} is missing from the clip buffer; nothing was exported.`)
  })
  try {
    let read = 0
    while (read < bytes.length) {
      const { bytesRead } = await data.read(bytes, read, bytes.length - read, segment.offset + read)
      if (bytesRead === 0) throw new Failure('export/changed', `${called} is cut short in the clip buffer; nothing was exported.`)
      read += bytesRead
    }
  } finally {
    await data.close()
  }
  // By the threads that read and write, while this one goes on.
  const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
  if (sha256 !== segment.sha256) throw new Failure('export/changed', `${called} is not as it was recorded: its bytes do not give the hash that was taken then. Nothing was exported.`)
  return bytes
}

/** In order; while one is used, the next ones are read and hashed. @throws export/changed naming the first that is not as it was */
export async function* checkedSegments(camera: string, segments: readonly StoredSegment[], signal: AbortSignal): AsyncGenerator<{ segment: StoredSegment; bytes: Buffer }> {
  const ahead: { segment: StoredSegment; bytes: Promise<Buffer> }[] = []
  for (let next = 0; next < segments.length || ahead.length > 0; ) {
    for (let segment = segments[next]; segment && ahead.length <= READ_AHEAD; segment = segments[next]) {
      const bytes = segmentBytes(camera, segment)
      // What is wrong with it is thrown when its turn comes.
      bytes.catch(() => {})
      ahead.push({ segment, bytes })
      next += 1
    }
    signal.throwIfAborted()
    const first = ahead.shift()
    if (first) yield { segment: first.segment, bytes: await first.bytes }
  }
}

/** @throws export/changed */
export async function initOf(camera: string, run: number, range: StoredRange): Promise<Buffer> {
  const file = range.inits[run]?.file
  const init = file === undefined ? null : await readFile(file).catch(() => null)
  if (!init) throw new Failure('export/changed', `The initialisation section of run ${run} of ${camera} is missing; nothing was exported.`)
  return init
}
