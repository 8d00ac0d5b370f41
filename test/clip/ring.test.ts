import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openClipRing } from '../../server/clip/clip-ring.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lamppost-ring-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const T0 = Date.parse('2026-11-20T22:30:00.000Z')
const MINUTE = 60_000
const bytesOf = (i: number): Buffer => Buffer.alloc(500 + i, i % 256)
const open = (keepMs = 5 * MINUTE) => openClipRing({ folder, keepMs })

/** `minutes` of segments of two seconds. */
async function record(ring: ReturnType<typeof open>, minutes: number, from = T0): Promise<number[]> {
  const run = await ring.beginRun(Buffer.from('init'))
  const numbers: number[] = []
  for (let i = 0; i < minutes * 30; i += 1) {
    const { segment, written } = ring.append({ run, start: from + i * 2000, duration: 2, bytes: bytesOf(i) })
    numbers.push(segment.number)
    await written
  }
  return numbers
}

describe('the clip buffer', () => {
  test('gives back exactly the bytes that were recorded', async () => {
    const ring = open()
    await record(ring, 2)
    const found = await ring.read(45)
    expect(found?.bytes.equals(bytesOf(45))).toBe(true)
    expect(found?.segment).toMatchObject({ number: 45, start: T0 + 90_000, duration: 2 })
  })
  test('finds what overlaps a range, widened to whole segments', async () => {
    const ring = open()
    await record(ring, 3)
    const found = await ring.within({ from: T0 + 59_000, to: T0 + 63_000 })
    expect(found.map(({ number }) => number)).toEqual([29, 30, 31])
  })
  test('lets go of what is older than it should keep', async () => {
    const ring = open(2 * MINUTE)
    await record(ring, 6)
    await ring.evict(T0 + 6 * MINUTE)
    expect(await ring.read(0)).toBeNull()
    expect(await ring.read(179)).not.toBeNull()
    expect(readdirSync(folder).filter((name) => name.endsWith('.m4s'))).toHaveLength(2)
  })
  test('never lets go of what an incident holds', async () => {
    const ring = open(MINUTE)
    await record(ring, 6)
    ring.hold('inc-1', { from: T0 + 65_000, to: T0 + 80_000 })
    await ring.evict(T0 + 60 * MINUTE)
    expect(await ring.read(0)).toBeNull()
    expect((await ring.read(35))?.bytes.equals(bytesOf(35))).toBe(true)
    expect(await ring.read(100)).toBeNull()
  })
  test('a hold that still grows keeps everything from its beginning', async () => {
    const ring = open(MINUTE)
    await record(ring, 4)
    ring.hold('inc-1', { from: T0 + 130_000, to: null })
    await ring.evict(T0 + 60 * MINUTE)
    expect((await ring.within({ from: T0, to: null })).map(({ number }) => number)[0]).toBe(60)
  })
  test('what is released goes with the next eviction', async () => {
    const ring = open(MINUTE)
    await record(ring, 4)
    ring.hold('inc-1', { from: T0, to: T0 + 1000 })
    await ring.evict(T0 + 60 * MINUTE)
    expect(await ring.read(0)).not.toBeNull()
    ring.release('inc-1')
    await ring.evict(T0 + 60 * MINUTE)
    expect(await ring.read(0)).toBeNull()
  })
  test('a clock that steps back an hour loses nothing that is held', async () => {
    const ring = open(MINUTE)
    await record(ring, 2)
    await record(ring, 2, T0 - 60 * MINUTE)
    ring.hold('inc-1', { from: T0 + 70_000, to: T0 + 90_000 })
    await ring.evict(T0 + 60 * MINUTE)
    expect((await ring.within({ from: T0 + 70_000, to: T0 + 90_000 })).length).toBeGreaterThan(9)
    expect(await ring.read(40)).not.toBeNull()
  })
  test('two incidents may hold the same minutes; both must let go', async () => {
    const ring = open(MINUTE)
    await record(ring, 3)
    ring.hold('inc-1', { from: T0, to: T0 + 1000 })
    ring.hold('inc-2', { from: T0, to: T0 + 1000 })
    ring.release('inc-1')
    await ring.evict(T0 + 60 * MINUTE)
    expect(await ring.read(0)).not.toBeNull()
  })
  test('is there again after a restart, and goes on counting in a new run', async () => {
    await record(open(), 2)
    const ring = open()
    const [next] = await record(ring, 1, T0 + 5 * MINUTE)
    expect(next).toBe(60)
    expect((await ring.within({ from: T0, to: null })).map(({ run }) => run)).toEqual([...Array(60).fill(0), ...Array(30).fill(1)])
    expect((await ring.read(10))?.bytes.equals(bytesOf(10))).toBe(true)
  })
  test('a last segment that was cut short by a crash is left out', async () => {
    const ring = open()
    await record(ring, 1)
    const data = readdirSync(folder).find((name) => name.endsWith('.m4s')) ?? ''
    truncateSync(join(folder, data), 500 * 29 + 300)
    const again = open()
    expect((await again.within({ from: T0, to: null })).length).toBeLessThan(30)
    expect(await again.read(29)).toBeNull()
    expect((await again.read(5))?.bytes.equals(bytesOf(5))).toBe(true)
  })
  test('an index line that was cut short by a crash is left out', async () => {
    await record(open(), 1)
    const index = readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? ''
    appendFileSync(join(folder, index), '[30,1795,')
    expect(await open().within({ from: T0, to: null })).toHaveLength(30)
  })
  test('a run that never closed a segment leaves no hole in the count of discontinuities', async () => {
    const ring = open()
    await record(ring, 1)
    expect(await ring.beginRun(Buffer.from('a'))).toBe(1)
    expect(await ring.beginRun(Buffer.from('b'))).toBe(1)
  })
})
