/**
 * One stretch of a recording into a package: the master as it was recorded, then the viewing copy out of what lies in
 * the package.
 */
import { crc32 } from 'node:zlib'
import type { StoredRange } from '../../glossary/evidence.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { createAnnexBHash } from './annex-b.ts'
import { type CallVoice, type VoiceSource, encodeVoice } from './call-voice.ts'
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

/** Pieces of the calls' sound, each put in once the pictures that it goes beside are there. */
function createInterleaving(voice: CallVoice | null) {
  let put = 0
  return {
    /** From the beginning again. */
    rewind: (): void => void (put = 0),
    /** @param seconds of the film that are there; all that is left beyond its end */
    async *upTo(seconds: number): AsyncGenerator<Buffer> {
      if (!voice) return
      for (let next = voice.fragments[put]; next; next = voice.fragments[put]) {
        if (voice.begin + next.at >= seconds) return
        put += 1
        yield await voice.read(next.offset, next.bytes)
      }
    },
  }
}

/**
 * @param name of the viewing copy. @param voices recordings of calls that may be heard beside it
 * @returns its entry; its note is a `ViewingCopy`. @throws export/changed, export/unplayable
 */
export async function packView(
  packing: Packing,
  camera: string,
  stretch: Stretch,
  where: { names: NativeNames; range: StoredRange; name: string; voices: readonly VoiceSource[] },
): Promise<Written> {
  const voice = await encodeVoice(stretch.segments, where.voices, packing)
  try {
    return await packWithVoice(packing, camera, stretch, { ...where, voice })
  } finally {
    await voice?.close()
  }
}

async function packWithVoice(
  packing: Packing,
  camera: string,
  stretch: Stretch,
  { names, range, name, voice }: { names: NativeNames; range: StoredRange; name: string; voice: CallVoice | null },
): Promise<Written> {
  const { zip, folder, signal, advance, inZip } = packing
  const interleaving = createInterleaving(voice)
  const nameOf = (number: number): string => inZip(`data/native/${camera}/${names.segments.get(number)}`)
  const form = range.inits[stretch.run] ?? { codec: '', sound: false }
  const how = { form, folder, signal }
  const init = await initOf(camera, stretch.run, range)
  const movie = readable(camera, () => createViewingMovie(init, voice))
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
  async function* film(segments: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield init
    for await (const bytes of segments) {
      // It is lent; a pipe takes its time.
      yield Buffer.from(bytes)
    }
  }

  /** A run may declare sound, and this stretch have none: then there is nothing to compare. */
  const heard = (hashes: StreamHashes): StreamHashes => (movie.hasSound() ? hashes : hashes.slice(0, 1))
  /** In its order with the pictures, as `parts` writes it. */
  async function addVoice(seconds: number): Promise<void> {
    for await (const fragment of interleaving.upTo(seconds)) readable(camera, () => movie.addVoice(fragment))
  }
  /** Seconds of the film when the segment is over; after the last one, all that is left. */
  let seconds = 0
  const { segments } = stretch
  const ends = segments.map(({ duration }, i) =>
    i === segments.length - 1 ? Number.POSITIVE_INFINITY : (seconds += duration),
  )
  async function* masterWithVoice(add: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
    let i = 0
    for await (const bytes of master()) {
      readable(camera, () => add(bytes))
      yield bytes
      await addVoice(ends[i] ?? 0)
      i += 1
    }
  }
  async function packMaster(): Promise<StreamHashes> {
    if (!pictures) return heard(await streamHashes({ chunks: film(masterWithVoice(movie.add)) }, how))
    for await (const _ of masterWithVoice((bytes) => movie.add(bytes, pictures.update)));
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
    return { codec: form.codec, firstPictureAt, master, view, equal: true, voice: voice?.calls ?? [] }
  }

  const hashes = await packMaster()
  const { head, firstPictureAt } = readable(camera, movie.head)
  async function* parts(): AsyncGenerator<Buffer[]> {
    yield [head]
    interleaving.rewind()
    let i = 0
    for await (const bytes of packed()) {
      yield mediaIn(bytes)
      advance(2 * bytes.length)
      for await (const fragment of interleaving.upTo(ends[i] ?? 0)) yield mediaIn(fragment)
      i += 1
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
    throw new Failure('export/unplayable', `The viewing copy of ${camera} could not be made: ${messageOf(error)}.`)
  }
}
