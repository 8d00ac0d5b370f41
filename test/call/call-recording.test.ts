/** Recordings on disk: where each packet lies, what a crash leaves, and that nothing of it is green that is not whole. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCallRecorder, recoverCallRecording, settleCallRecording } from '../../server/call/call-recording.ts'
import { HEADER_BYTES } from '../../server/tools/media/a-law-wav.ts'
import { SILENCE } from '../../server/tools/media/g711.ts'

const START = Date.parse('2026-11-28T22:00:00.000Z')
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-'))
  file = join(folder, 'cal-1.wav')
})
afterEach(() => rmSync(folder, { recursive: true }))

const packet = (value: number): Uint8Array => new Uint8Array(160).fill(value)
/** One side's samples. */
function sideOf(side: 'in' | 'out', bytes = readFileSync(file)): Uint8Array {
  const sound = bytes.subarray(HEADER_BYTES)
  return Uint8Array.from({ length: sound.length / 2 }, (_, i) => sound[2 * i + (side === 'in' ? 0 : 1)] ?? 0)
}
async function twoSeconds() {
  const recorder = await openCallRecorder(file, START)
  for (let i = 0; i < 100; i += 1) {
    recorder.put('in', 'help point', packet(1), 5000 + i * 160, START + (i + 1) * 20)
    recorder.put('out', 'Asha', packet(2), 90_000 + i * 160, START + (i + 1) * 20)
  }
  return recorder
}

describe('a recording', () => {
  test('has each side’s bytes untouched at its place', async () => {
    const recorder = await twoSeconds()
    const recording = await recorder.close(START + 2000)
    expect(recording).toMatchObject({
      from: '2026-11-28T22:00:00.000Z',
      to: '2026-11-28T22:00:02.000Z',
      bytes: HEADER_BYTES + 32_000,
      gaps: [],
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    })
    expect([...new Set(sideOf('in'))]).toEqual([1])
    expect([...new Set(sideOf('out'))]).toEqual([2])
  })
  test('is written every second, so that a reader finds it whole at any time', async () => {
    const recorder = await twoSeconds()
    await recorder.write(START + 1700)
    expect(readFileSync(file).length).toBe(HEADER_BYTES + 16_000)
    expect(readFileSync(file).readUInt32LE(54)).toBe(16_000)
    await recorder.close(START + 2000)
  })
  test('places by RTP time what arrives unevenly', async () => {
    const recorder = await openCallRecorder(file, START)
    // The second packet is 300 ms late: its time says where it belongs.
    recorder.put('in', 'help point', packet(1), 0, START + 20)
    recorder.put('in', 'help point', packet(3), 160, START + 340)
    await recorder.close(START + 1000)
    expect([...sideOf('in').subarray(0, 480)]).toEqual([...packet(1), ...packet(3), ...packet(SILENCE)])
  })
  test('places a source anew whose clock is off by over a second', async () => {
    const recorder = await openCallRecorder(file, START)
    recorder.put('in', 'help point', packet(1), 0, START + 20)
    recorder.put('in', 'help point', packet(3), 160, START + 3020)
    const { gaps } = await recorder.close(START + 4000)
    expect(sideOf('in')[3000 * 8]).toBe(3)
    expect(gaps).toContainEqual({ side: 'in', from: '2026-11-28T22:00:00.020Z', to: '2026-11-28T22:00:03.000Z' })
  })
  test('declares where nothing of a side arrived for over a second, also at its end', async () => {
    const recorder = await openCallRecorder(file, START)
    for (let i = 0; i < 200; i += 1) recorder.put('out', 'room', packet(2), i * 160, START + (i + 1) * 20)
    recorder.put('in', 'help point', packet(1), 0, START + 20)
    const { gaps } = await recorder.close(START + 4000)
    expect(gaps).toEqual([{ side: 'in', from: '2026-11-28T22:00:00.020Z', to: '2026-11-28T22:00:04.000Z' }])
  })
  test('leaves out what comes after its second was written', async () => {
    const recorder = await openCallRecorder(file, START)
    await recorder.write(START + 2700)
    recorder.put('in', 'help point', packet(1), 0, START + 20)
    await recorder.close(START + 3000)
    expect([...new Set(sideOf('in'))]).toEqual([SILENCE])
  })
  test('of another call is not written over', async () => {
    writeFileSync(file, 'somebody’s')
    await expect(openCallRecorder(file, START)).rejects.toThrow('EEXIST')
    expect(readFileSync(file, 'utf8')).toBe('somebody’s')
  })
})

describe('after a crash', () => {
  /** What is on the disk when the process dies after a second and a half. */
  async function crashed(): Promise<void> {
    const recorder = await twoSeconds()
    await recorder.write(START + 1700)
  }
  test('every whole second is kept, and what is missing is declared', async () => {
    await crashed()
    const recording = await recoverCallRecording(file, START + 10_000)
    expect(recording).toMatchObject({
      to: '2026-11-28T22:00:01.000Z',
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
      gaps: [
        { side: 'in', from: '2026-11-28T22:00:01.000Z', to: '2026-11-28T22:00:10.000Z' },
        { side: 'out', from: '2026-11-28T22:00:01.000Z', to: '2026-11-28T22:00:10.000Z' },
      ],
    })
    expect([...new Set(sideOf('in'))]).toEqual([1])
    await settleCallRecording(file)
    expect(existsSync(`${file}.hashes`)).toBe(false)
    // Once the ledger has it, there is nothing to be made whole.
    expect(await recoverCallRecording(file, START + 10_000)).toBeNull()
  })
  test('half a second that was being written is cut off', async () => {
    await crashed()
    appendFileSync(file, Buffer.alloc(5000, 7))
    expect(await recoverCallRecording(file, START + 10_000)).toMatchObject({ bytes: HEADER_BYTES + 16_000 })
  })
  test('a second that is not as its hash says is none, nor is what follows it', async () => {
    const recorder = await twoSeconds()
    await recorder.write(START + 2700)
    const bytes = readFileSync(file)
    bytes[HEADER_BYTES + 5] = 9
    writeFileSync(file, bytes)
    expect(await recoverCallRecording(file, START + 10_000)).toMatchObject({ bytes: HEADER_BYTES })
  })
  test('a file that was cut short is as long as its seconds', async () => {
    const recorder = await twoSeconds()
    await recorder.write(START + 2700)
    truncateSync(file, HEADER_BYTES + 20_000)
    expect(await recoverCallRecording(file, START + 10_000)).toMatchObject({ bytes: HEADER_BYTES + 16_000 })
  })
  test('a call that was not recorded has nothing', async () =>
    expect(await recoverCallRecording(file, START)).toBeNull())
})

test('of a loudspeaker misses nothing of the other end: nothing comes from there', async () => {
  const file = join(folder, 'loudspeaker.wav')
  const recorder = await openCallRecorder(file, START, ['out'])
  const { gaps } = await recorder.close(START + 3000)
  expect(gaps.map(({ side }) => side)).toEqual(['out'])
})
