/** Segments out of a clip buffer, each checked against the hash that was taken when it was recorded. */
import { webcrypto } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { StoredRange, StoredSegment } from '../../glossary/evidence.ts'
import { whatRemains } from '../../tools/what-remains.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { readFully } from '../../tools/read-fully.ts'
import { readAhead } from '../package/buffer-pool.ts'

/** Segments that are read before they are wanted. */
const READ_AHEAD = 2

/** The bytes of one segment, as recorded. @throws export/changed naming it */
async function readSegment(camera: string, segment: StoredSegment, bytes: Buffer): Promise<void> {
  const called = `Segment ${segment.number} of ${camera} (${isoTime(segment.start)})`
  const data = await open(segment.file, 'r').catch(() => {
    throw new Failure(
      'export/changed',
      `${called} is missing from the clip buffer; nothing was exported. ${whatRemains(segment)}`,
    )
  })
  try {
    if ((await readFully(data, bytes, segment.offset)) < bytes.length)
      throw new Failure(
        'export/changed',
        `${called} is cut short in the clip buffer; nothing was exported. ${whatRemains(segment)}`,
      )
  } finally {
    await data.close()
  }
  // By the threads that read and write, while this one goes on.
  const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
  if (sha256 !== segment.sha256)
    throw new Failure(
      'export/changed',
      `${called} is not as it was recorded: its bytes do not give the hash that was taken then. ` +
        `Nothing was exported. ${whatRemains(segment)}`,
    )
}

/**
 * In order; each one's bytes are lent until the next is asked for.
 * @throws export/changed naming the first that is not as it was
 */
export const checkedSegments = (
  camera: string,
  segments: readonly StoredSegment[],
  signal: AbortSignal,
): AsyncGenerator<{ item: StoredSegment; bytes: Buffer }> =>
  readAhead(segments, {
    ahead: READ_AHEAD,
    bytesOf: ({ bytes }) => bytes,
    read: (segment, into) => readSegment(camera, segment, into),
    signal,
  })

/** @throws export/changed */
export async function initOf(camera: string, run: number, range: StoredRange): Promise<Buffer> {
  const file = range.inits[run]?.file
  const init = file === undefined ? null : await readFile(file).catch(() => null)
  if (!init)
    throw new Failure(
      'export/changed',
      `The initialisation section of run ${run} of ${camera} is missing; nothing was exported.`,
    )
  return init
}
