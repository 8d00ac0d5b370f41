/**
 * A call's sound on disk: left the help point, right the room, both A-law as it arrived, placed by RTP time on the
 * server's clock, so that it lies beside the video. Written every second with the block's hash beside it: a crash costs
 * a second, and a file that was cut off or changed meanwhile is found. Not here: which calls are recorded (call-desk).
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import type { CallRecording, OneWay } from '../glossary/call.ts'
import { isoTime } from '../tools/clock.ts'
import { SAMPLES_PER_MS, SILENCE } from '../tools/media/g711.ts'
import { HEADER_BYTES, wavHeader } from '../tools/media/a-law-wav.ts'

/** Samples of each side in a block: one second. */
const BLOCK = 1000 * SAMPLES_PER_MS
/** What comes later than this after its second is over has no place any more. */
const LATE_MS = 600
/** A source whose own time is off by more than this against its arrival is placed anew. */
const MOST_OFF = 1000 * SAMPLES_PER_MS
/** Nothing of a side for longer than this is a gap. */
const GAP = 1000 * SAMPLES_PER_MS
/** A call that nobody ends must not fill the disk: 12 hours. */
const MOST_SAMPLES = 12 * 3600 * 1000 * SAMPLES_PER_MS

export type CallRecorder = {
  /**
   * @param source whose clock `time` is: each is placed by its own
   * @param time in 8,000ths of a second
   * @param at when it arrived, milliseconds since 1970
   */
  put(side: OneWay, source: string, payload: Uint8Array, time: number, at: number): void
  /** Writes the seconds that are over. */
  write(now: number): Promise<void>
  /** Ends the file. */
  close(now: number): Promise<CallRecording>
}

/** Hex, and a line end. */
const HASH_LINE = 65
/** When the file begins, then the hash of each second; there until the ledger has the recording. */
const hashesOf = (file: string): string => `${file}.hashes`
/** A write may be of less than it was asked for. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
const hashOf = (block: Uint8Array): string => createHash('sha256').update(block).digest('hex')

/**
 * @param startedAt milliseconds since 1970 of the first sample
 * @param sides that there are: of another one nothing is missed
 * @throws what opening the file throws
 */
export async function openCallRecorder(
  file: string,
  startedAt: number,
  sides: readonly OneWay[] = ['in', 'out'],
): Promise<CallRecorder> {
  const handle = await open(file, 'wx', 0o600)
  const hashes = await open(hashesOf(file), 'wx', 0o600)
  await writeWhole(handle, wavHeader(2, 0), 0)
  await writeWhole(hashes, Buffer.from(`${startedAt}\n`), 0)
  const blocks = new Map<number, Uint8Array>()
  const anchors = new Map<string, { time: number; place: number }>()
  const heardTo: Record<OneWay, number> = { in: 0, out: 0 }
  const gaps: { side: OneWay; from: number; to: number }[] = []
  let written = 0
  let last = 0
  let writing: Promise<void> = Promise.resolve()

  const timeOf = (sample: number): string => isoTime(startedAt + Math.round(sample / SAMPLES_PER_MS))
  function placeOf(key: string, time: number, at: number, length: number): number {
    const arrived = Math.round((at - startedAt) * SAMPLES_PER_MS) - length
    const anchor = anchors.get(key)
    const place = anchor ? anchor.place + ((time - anchor.time) | 0) : Number.NaN
    if (Math.abs(place - arrived) <= MOST_OFF) return place
    anchors.set(key, { time, place: arrived })
    return arrived
  }
  function blockOf(number: number): Uint8Array {
    const block = blocks.get(number) ?? new Uint8Array(2 * BLOCK).fill(SILENCE)
    blocks.set(number, block)
    return block
  }
  async function append(upTo: number): Promise<void> {
    for (; written < upTo; written += 1) {
      const block = blockOf(written)
      // A disk that is full takes nothing now, and may take it in a second: the block stays until it is written.
      await writeWhole(handle, block, HEADER_BYTES + written * block.length)
      await writeWhole(hashes, Buffer.from(`${hashOf(block)}\n`), `${startedAt}\n`.length + written * HASH_LINE)
      blocks.delete(written)
    }
    await writeWhole(handle, wavHeader(2, written * BLOCK), 0)
    await handle.datasync()
  }
  function inTurn(upTo: () => number): Promise<void> {
    const next = writing.then(() => append(upTo()))
    writing = next.catch(() => {})
    return next
  }

  return {
    put(side, source, payload, time, at) {
      const place = placeOf(`${side} ${source}`, time, at, payload.length)
      if (place + payload.length > MOST_SAMPLES || place < written * BLOCK) return
      if (place - heardTo[side] > GAP) gaps.push({ side, from: heardTo[side], to: place })
      heardTo[side] = Math.max(heardTo[side], place + payload.length)
      last = Math.max(last, place + payload.length)
      const channel = side === 'in' ? 0 : 1
      // A packet lies in one second, or in two.
      for (let i = 0; i < payload.length;) {
        const number = Math.floor((place + i) / BLOCK)
        const end = Math.min(payload.length, (number + 1) * BLOCK - place)
        const block = blockOf(number)
        for (let at = 2 * (place + i - number * BLOCK) + channel; i < end; i += 1, at += 2)
          block[at] = payload[i] ?? SILENCE
      }
    },
    write: (now) => inTurn(() => Math.min(MOST_SAMPLES / BLOCK, Math.floor((now - LATE_MS - startedAt) / 1000))),
    async close(now) {
      const samples = Math.min(MOST_SAMPLES, Math.max(last, Math.round((now - startedAt) * SAMPLES_PER_MS)))
      try {
        await inTurn(() => Math.ceil(samples / BLOCK))
      } finally {
        await Promise.all([handle.close(), hashes.close()])
      }
      for (const side of sides) if (samples - heardTo[side] > GAP) gaps.push({ side, from: heardTo[side], to: samples })
      return {
        ...(await finished(file, startedAt)),
        gaps: gaps.map(({ side, from, to }) => ({ side, from: timeOf(from), to: timeOf(to) })),
      }
    },
  }
}

/** What a whole file is: its hash, and from when to when. */
async function finished(file: string, startedAt: number): Promise<Omit<CallRecording, 'gaps'>> {
  const { size } = await stat(file)
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  const samples = (size - HEADER_BYTES) / 2
  return {
    sha256: hash.digest('hex'),
    bytes: size,
    from: isoTime(startedAt),
    to: isoTime(startedAt + Math.round(samples / SAMPLES_PER_MS)),
  }
}

/**
 * The file of a call that a crash has cut off, made whole: every second whose hash still fits.
 * @param endedAt milliseconds since 1970; what is missing until then is a gap of both sides
 * @returns null when there is no such file
 */
export async function recoverCallRecording(file: string, endedAt: number): Promise<CallRecording | null> {
  const said = await readFile(hashesOf(file), 'utf8').catch(() => null)
  if (said === null) return null
  const [begun = '', ...hashes] = said.split('\n').filter((line) => line !== '')
  const startedAt = Number(begun)
  const handle = await open(file, 'r+')
  const samples = (await soundUpTo(handle, hashes)) * BLOCK
  await handle.truncate(HEADER_BYTES + 2 * samples)
  await writeWhole(handle, wavHeader(2, samples), 0)
  await handle.sync()
  await handle.close()
  const whole = await finished(file, startedAt)
  const cut = endedAt - Date.parse(whole.to) > 0
  return {
    ...whole,
    gaps: cut ? (['in', 'out'] as const).map((side) => ({ side, from: whole.to, to: isoTime(endedAt) })) : [],
  }
}

/** The ledger has the recording: its hashes are not needed any more. */
export const settleCallRecording = (file: string): Promise<void> => rm(hashesOf(file), { force: true })

/** How many blocks from the first on are as their hashes say. */
async function soundUpTo(handle: FileHandle, hashes: readonly string[]): Promise<number> {
  const block = new Uint8Array(2 * BLOCK)
  for (const [i, hash] of hashes.entries()) {
    const { bytesRead } = await handle.read(block, 0, block.length, HEADER_BYTES + i * block.length)
    if (bytesRead < block.length || hashOf(block) !== hash) return i
  }
  return hashes.length
}
