/**
 * One stretch of a recording into a package: the master as it was recorded, then the viewing copy out of what lies in
 * the package.
 */
import { crc32 } from 'node:zlib'
import type { StoredRange } from '../../glossary/evidence.ts'
import { Failure, wordsOf } from '../../tools/failure.ts'
import { createAnnexBHash } from './annex-b.ts'
import type { Stretch } from './cut-plan.ts'
import { joinedCrc } from '../package/joined-crc.ts'
import { readAhead } from '../package/buffer-pool.ts'
import { type Packing, partFile } from '../package/packing.ts'
import { checkedSegments, initOf } from './stored-segments.ts'
import { type StreamHashes, type ViewingCopy, pictureHash, streamHashes } from './viewing-copy.ts'
import { createViewingMovie, mediaIn } from './viewing-movie.ts'
import type { Written } from '../package/zip-journal.ts'

/** The names of a camera's files in the package, by run and by number. */
export type NativeNames = { inits: Map<number, string>; segments: Map<number, string> }

/**
 * @param name of the viewing copy.
 * @returns its entry; its note is a `ViewingCopy`. @throws export/changed, export/unplayable
 */
export async function packView(
  packing: Packing,
  camera: string,
  stretch: Stretch,
  { names, range, name }: { names: NativeNames; range: StoredRange; name: string },
): Promise<Written> {
  const { zip, folder, signal, advance, inZip } = packing
  const nameOf = (number: number): string => inZip(`data/native/${camera}/${names.segments.get(number)}`)
  const form = range.inits[stretch.run] ?? { codec: '', sound: false }
  const how = { form, folder, signal }
  const init = await initOf(camera, stretch.run, range)
  const movie = readable(camera, () => createViewingMovie(init))
  const pictures = form.sound ? null : readable(camera, () => createAnnexBHash(init))

  /** Into the package, unless it is in it already; and out, lent, to whoever reads along. */
  async function* master(): AsyncGenerator<Buffer> {
    const initName = inZip(`data/native/${camera}/${names.inits.get(stretch.run)}`)
    if (!zip.has(initName)) await zip.add(initName, init)
    for await (const { item: segment, bytes } of checkedSegments(camera, stretch.segments, signal)) {
      const entry = nameOf(segment.number)
      const added = zip.has(entry) ? null : zip.add(entry, bytes, { sha256: segment.sha256 })
      added?.catch(() => {})
      try {
        yield bytes
      } finally {
        // Also when whoever reads along has had enough: nobody writes behind its back.
        await added
      }
      advance(segment.bytes)
    }
  }
  /** The same again, out of the package. */
  async function* packed(): AsyncGenerator<Buffer> {
    const entries = stretch.segments.map(({ number }) => {
      const entry = zip.has(nameOf(number))
      if (!entry) throw new Error(`segment ${number} of ${camera} is not in the package`)
      return entry
    })
    for await (const { bytes } of readAhead(entries, {
      ahead: 1,
      bytesOf: (entry) => entry.bytes,
      read: zip.read,
      signal,
    }))
      yield bytes
  }
  async function* film(
    segments: AsyncIterable<Buffer>,
    onSegment: (bytes: Buffer) => void = () => {},
  ): AsyncGenerator<Buffer> {
    yield init
    for await (const bytes of segments) {
      onSegment(bytes)
      // It is lent; a pipe takes its time.
      yield Buffer.from(bytes)
    }
  }

  /** A run may declare sound, and this stretch have none: then there is nothing to compare. */
  const heard = (hashes: StreamHashes): StreamHashes => (movie.hasSound() ? hashes : hashes.slice(0, 1))
  async function packMaster(): Promise<StreamHashes> {
    if (!pictures)
      return heard(
        await streamHashes({ chunks: film(master(), (bytes) => readable(camera, () => movie.add(bytes))) }, how),
      )
    for await (const bytes of master()) readable(camera, () => movie.add(bytes, pictures.update))
    return [pictureHash(pictures.digest())]
  }
  /** As ffmpeg reads it out of the package: it had no part in making it. */
  async function compared(of: StreamHashes, part: { start: number; bytes: number }): Promise<ViewingCopy> {
    const view = await streamHashes(
      { file: partFile(folder), part },
      { ...how, form: { ...form, sound: movie.hasSound() } },
    )
    // Versions of ffmpeg differ in where they repeat parameter sets: then the one that reads the copy reads the
    // master, too.
    const master =
      pictures && of.join() !== view.join() ? heard(await streamHashes({ chunks: film(packed()) }, how)) : of
    if (master.join() !== view.join())
      throw new Failure(
        'export/changed',
        `The viewing copy of ${camera} does not hold the same pictures as the master; nothing was exported.`,
      )
    return { codec: form.codec, firstPictureAt, master, view, equal: true }
  }

  const hashes = await packMaster()
  const { head, firstPictureAt } = readable(camera, movie.head)
  async function* parts(): AsyncGenerator<Buffer[]> {
    yield [head]
    for await (const bytes of packed()) {
      yield mediaIn(bytes)
      advance(2 * bytes.length)
    }
  }
  const media = movie.media()
  return zip.addParts(
    name,
    { bytes: head.length + media.bytes, crc: joinedCrc(crc32(head), media.crc, media.bytes) },
    parts(),
    { check: (part) => compared(hashes, part), signal },
  )
}

/** @throws export/unplayable when the bytes are no video that anybody can play. */
function readable<T>(camera: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Failure('export/unplayable', `The viewing copy of ${camera} could not be made: ${wordsOf(error)}.`)
  }
}
