/**
 * What a movie's header says of one track (ISO/IEC 14496-12, 8.6 and 8.7), gathered sample by sample in little
 * memory. Pure.
 */
import { box, u32 } from '../../tools/media/fmp4-boxes.ts'
import type { Sample } from '../../tools/media/fmp4-samples.ts'

export type SampleTable = ReturnType<typeof createSampleTable>

/** Players step through a chunk to find a picture in it. */
const MOST_IN_CHUNK = 250

/** Numbers of 32 bits, as many as come. */
function createNumbers() {
  let numbers = new Uint32Array(1024)
  let length = 0
  return {
    push(value: number): void {
      if (length === numbers.length) {
        const wider = new Uint32Array(length * 2)
        wider.set(numbers)
        numbers = wider
      }
      numbers[length++] = value
    },
    length: (): number => length,
    /** As boxes have them. */
    bytes(): Buffer {
      const bytes = Buffer.allocUnsafe(length * 4)
      for (let i = 0; i < length; i += 1) bytes.writeUInt32BE(numbers[i] ?? 0, i * 4)
      return bytes
    },
  }
}

/** Pairs of how often and which, one for each run of equal values. */
function createRuns() {
  const pairs = createNumbers()
  let value = 0
  let count = 0
  const close = (): void => {
    if (count === 0) return
    pairs.push(count)
    pairs.push(value)
    count = 0
  }
  return {
    push(next: number): void {
      if (next !== value) close()
      value = next
      count += 1
    },
    bytes(): Buffer {
      close()
      return pairs.bytes()
    },
  }
}

export function createSampleTable() {
  const sizes = createNumbers()
  const keyframes = createNumbers()
  const durations = createRuns()
  const compositions = createRuns()
  /** Chunks: where each begins, in two halves, and how many samples lie in it, where that changes. */
  const offsets = { high: createNumbers(), low: createNumbers() }
  const inChunks = createNumbers()
  let chunk = { end: -1, samples: 0 }
  let said = 0
  /** The last one's: when it is decoded after the first, and how long it says that it lasts. */
  let last: { time: number; duration: number } | null = null
  let begin = 0
  let shown = Number.POSITIVE_INFINITY
  let late = false

  function closeChunk(): void {
    if (chunk.samples === 0 || chunk.samples === said) return
    said = chunk.samples
    for (const value of [offsets.low.length(), said, 1]) inChunks.push(value)
  }
  return {
    /** @param at of its bytes in the movie's media. */
    push(sample: Sample, at: number): void {
      if (last === null) begin = sample.decodeTime
      const wanted = sample.decodeTime - begin
      // One after the other, whatever a clock says; what is shown when does not change by that.
      const time = last === null ? 0 : Math.max(last.time + 1, wanted)
      if (last !== null) durations.push(time - last.time)
      const composition = wanted + sample.composition - time
      shown = Math.min(shown, time + composition)
      late ||= composition !== 0
      sizes.push(sample.bytes)
      compositions.push(composition >>> 0)
      if (sample.sync) keyframes.push(sizes.length())
      if (at !== chunk.end || sample.sync || chunk.samples === MOST_IN_CHUNK) {
        closeChunk()
        offsets.high.push(Math.floor(at / 2 ** 32))
        offsets.low.push(at % 2 ** 32)
        chunk = { end: at, samples: 0 }
      }
      chunk.samples += 1
      chunk.end += sample.bytes
      last = { time, duration: sample.duration }
    },
    samples: (): number => sizes.length(),
    /**
     * No more will come.
     * @returns ticks: when decoding begins, how long after it the first one is shown, and how long all last.
     */
    close(): { begin: number; shown: number; length: number } {
      closeChunk()
      const duration = Math.max(1, last?.duration ?? 0)
      durations.push(duration)
      return { begin, shown: Math.max(0, shown), length: (last?.time ?? 0) + duration }
    },
    /** @param base of the media in the file. @param wide it is larger than 4 GiB */
    boxes(base: number, wide: boolean): Buffer[] {
      const list = (type: string, entry: number, bytes: Buffer, version = 0): Buffer =>
        box(type, u32(version), u32(bytes.length / entry), bytes)
      const [high, low] = [offsets.high.bytes(), offsets.low.bytes()]
      const places = Buffer.allocUnsafe(low.length * (wide ? 2 : 1))
      for (let i = 0; i < low.length; i += 4) {
        const place = high.readUInt32BE(i) * 2 ** 32 + low.readUInt32BE(i) + base
        if (wide) places.writeBigUInt64BE(BigInt(place), i * 2)
        else places.writeUInt32BE(place, i)
      }
      return [
        list('stts', 8, durations.bytes()),
        ...(late ? [list('ctts', 8, compositions.bytes(), 0x0100_0000)] : []),
        ...(keyframes.length() < sizes.length() ? [list('stss', 4, keyframes.bytes())] : []),
        list('stsc', 12, inChunks.bytes()),
        box('stsz', u32(0, 0, sizes.length()), sizes.bytes()),
        list(wide ? 'co64' : 'stco', wide ? 8 : 4, places),
      ]
    },
  }
}
