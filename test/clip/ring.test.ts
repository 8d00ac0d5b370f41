import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DiskState, createClipDisk, levelOf } from '../../server/clip/ring/clip-disk.ts'
import { openClipRing } from '../../server/clip/ring/clip-ring.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lamppost-ring-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const T0 = Date.parse('2026-11-20T22:30:00.000Z')
const MINUTE = 60_000
const closed = (bytes: Buffer): { chunks: Buffer[]; sha256: string } => ({
  chunks: [bytes],
  sha256: createHash('sha256').update(bytes).digest('hex'),
})
const bytesOf = (i: number): Buffer => Buffer.alloc(500 + i, i % 256)
const open = (keepMs = 5 * MINUTE, more: Partial<Parameters<typeof openClipRing>[0]> = {}) =>
  openClipRing({ folder, limits: { keepMs, mostBytes: null }, bucketMs: MINUTE, ...more })

/** `minutes` of segments of two seconds. */
async function record(ring: ReturnType<typeof open>, minutes: number, from = T0): Promise<number[]> {
  const run = ring.beginRun(Buffer.from('init'))
  const numbers: number[] = []
  for (let i = 0; i < minutes * 30; i += 1) {
    const { segment, written } = ring.append({ run, start: from + i * 2000, duration: 2, ...closed(bytesOf(i)) })
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
    expect((await ring.within({ from: T0, to: null })).map(({ run }) => run)).toEqual([
      ...Array(60).fill(0),
      ...Array(30).fill(1),
    ])
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
  test(
    'what was recorded before and has lost its bytes since is not what was ' +
      'never recorded: it is listed, and cannot be read',
    async () => {
      const ring = open()
      await record(ring, 2)
      await ring.close()
      const [first = ''] = readdirSync(folder)
        .filter((name) => name.endsWith('.m4s'))
        .sort()
      truncateSync(join(folder, first), 500 * 10)
      const again = open()
      expect(await again.within({ from: T0, to: null })).toHaveLength(60)
      await expect(again.read(25)).rejects.toMatchObject({
        code: 'clip/unreadable',
        message: expect.stringMatching(/shorter than its index says/),
      })
      expect((await again.read(5))?.bytes.equals(bytesOf(5))).toBe(true)
    },
  )
  test('a crash’s lines without bytes are gone for good, also when their bucket is the newest no more', async () => {
    const ring = open()
    await record(ring, 1)
    const data = readdirSync(folder).find((name) => name.endsWith('.m4s')) ?? ''
    truncateSync(join(folder, data), 500 * 20)
    await record(open(), 1, T0 + 5 * MINUTE)
    expect((await open().within({ from: T0, to: T0 + MINUTE })).every(({ number }) => number < 20)).toBe(true)
  })
  test('a list that the disk does not give is no empty one', async () => {
    const ring = open()
    await record(ring, 2)
    const [first = ''] = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
    rmSync(join(folder, first))
    mkdirSync(join(folder, first))
    await expect(ring.within({ from: T0, to: null })).rejects.toMatchObject({
      code: 'clip/unreadable',
      message: expect.stringContaining(first),
    })
  })
  test('one file that cannot be looked at costs no other', async () => {
    await record(open(), 1)
    symlinkSync('nowhere', join(folder, `${T0 - 10 * MINUTE}-0-0.m4s`))
    expect((await open().read(10))?.bytes.equals(bytesOf(10))).toBe(true)
  })
  test('initialisation sections of runs that have gone go with the next start', async () => {
    const ring = open()
    await record(ring, 1)
    await ring.close()
    for (const name of ['run-7.mp4', 'run-3.mp4.new', 'notes.txt']) writeFileSync(join(folder, name), '')
    await open().settled()
    expect(
      readdirSync(folder)
        .filter((name) => !/^\d/.test(name))
        .sort(),
    ).toEqual(['notes.txt', 'run-0.mp4'])
  })
  test('an index line that was cut short by a crash is left out', async () => {
    await record(open(), 1)
    const index = readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? ''
    appendFileSync(join(folder, index), '[30,1795,')
    expect(await open().within({ from: T0, to: null })).toHaveLength(30)
  })
  test('remembers over a restart of which segments packets never came', async () => {
    const ring = open()
    const run = ring.beginRun(Buffer.from('init'))
    for (const lostPackets of [undefined, 5, 0])
      await ring.append({
        run,
        start: T0,
        duration: 2,
        ...closed(bytesOf(1)),
        ...(lostPackets === undefined ? {} : { lostPackets }),
      }).written
    expect((await open().within({ from: T0, to: null })).map((segment) => segment.lostPackets)).toEqual([
      undefined,
      5,
      0,
    ])
  })
  test('remembers over a restart which segments have the times of arrival, whether packets were counted or not', async () => {
    const ring = open()
    const run = ring.beginRun(Buffer.from('init'))
    for (const more of [{ timedByArrival: true }, { timedByArrival: true, lostPackets: 3 }, {}] as const)
      await ring.append({ run, start: T0, duration: 2, ...closed(bytesOf(1)), ...more }).written
    const found = await open().within({ from: T0, to: null })
    expect(found.map(({ timedByArrival, lostPackets }) => [timedByArrival, lostPackets])).toEqual([
      [true, undefined],
      [true, 3],
      [undefined, undefined],
    ])
  })
  test('a run that never closed a segment leaves no hole in the count of discontinuities', async () => {
    const ring = open()
    await record(ring, 1)
    expect(ring.beginRun(Buffer.from('a'))).toBe(1)
    expect(ring.beginRun(Buffer.from('b'))).toBe(1)
  })
  test('keeps no more bytes than the camera may have, the newest ones, and held ones are not counted', async () => {
    const ring = open(60 * MINUTE, { limits: { keepMs: 60 * MINUTE, mostBytes: 40_000 } })
    await record(ring, 6)
    ring.hold('inc-1', { from: T0, to: T0 + 1000 })
    await ring.evict(T0 + 6 * MINUTE)
    expect(await ring.read(0)).not.toBeNull()
    expect(await ring.read(45)).toBeNull()
    expect(await ring.read(179)).not.toBeNull()
    expect(ring.bytes()).toBeLessThan(40_000 + 30 * 600)
  })
  test('what the disk does not take is left out, said, and no half of it is ever handed out', async () => {
    const problems: (string | null)[] = []
    const ring = open(5 * MINUTE, { onWritten: (problem) => problems.push(problem) })
    await record(ring, 1)
    rmSync(folder, { recursive: true })
    // A file where the folder should be: nothing can be made there.
    writeFileSync(folder, '')
    const { segment, written } = ring.append({ run: 0, start: T0 + 10 * MINUTE, duration: 2, ...closed(bytesOf(1)) })
    await written
    expect(problems.at(-1)).toMatch(/ENOTDIR|EEXIST/)
    await expect(ring.read(segment.number)).rejects.toMatchObject({ code: 'clip/unreadable' })
    rmSync(folder)
    // The folder comes back by itself, and with it what makes the run readable.
    const next = ring.append({ run: 0, start: T0 + 10 * MINUTE + 2000, duration: 2, ...closed(bytesOf(2)) })
    await next.written
    expect(problems.at(-1)).toBeNull()
    expect((await ring.read(next.segment.number))?.bytes.equals(bytesOf(2))).toBe(true)
    expect(readFileSync(ring.initFile(0), 'utf8')).toBe('init')
  })
  test('an initialisation section that the disk did not take is written before the next segment of its run', async () => {
    const ring = open()
    const run = ring.beginRun(Buffer.from('init'))
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    await ring.append({ run, start: T0, duration: 2, ...closed(bytesOf(1)) }).written
    rmSync(folder)
    await ring.append({ run, start: T0 + 2000, duration: 2, ...closed(bytesOf(2)) }).written
    await ring.close()
    const again = open()
    expect(await again.init(run)).toEqual(Buffer.from('init'))
    expect((await again.within({ from: T0, to: null })).map(({ number }) => number)).toEqual([1])
  })
  test('what was recorded last grows old, too, when nothing comes after it', async () => {
    const ring = open(MINUTE)
    await record(ring, 0.5)
    ring.hold('inc-1', { from: T0, to: T0 + 20_000 })
    await ring.evict(T0 + 60 * MINUTE)
    expect(await ring.read(0)).not.toBeNull()
    ring.release('inc-1')
    await ring.evict(T0 + 1.9 * MINUTE)
    expect(await ring.read(0)).not.toBeNull()
    await ring.evict(T0 + 2.6 * MINUTE)
    expect(await ring.read(0)).toBeNull()
    expect(readdirSync(folder).filter((name) => !name.startsWith('run-'))).toEqual([])
    // And the camera may come back.
    const { segment, written } = ring.append({ run: 0, start: T0 + 3 * MINUTE, duration: 2, ...closed(bytesOf(7)) })
    await written
    expect((await ring.read(segment.number))?.bytes.equals(bytesOf(7))).toBe(true)
  })
  test('what an incident holds while older pictures are just being let go of stays', async () => {
    const ring = open(MINUTE)
    await record(ring, 6)
    const evicting = ring.evict(T0 + 60 * MINUTE)
    ring.hold('inc-1', { from: T0 + 4.2 * MINUTE, to: T0 + 4.3 * MINUTE })
    await evicting
    expect((await ring.read(128))?.bytes.equals(bytesOf(128))).toBe(true)
    expect(await ring.read(100)).toBeNull()
  })
  test('what the disk does not let go of is said and stays in the list; what is beside it goes', async () => {
    const told: string[] = []
    const ring = open(MINUTE, { onStuck: (file) => told.push(file) })
    await record(ring, 3)
    const [first = ''] = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
    const index = readFileSync(join(folder, first), 'utf8')
    rmSync(join(folder, first))
    // A folder with something in it cannot be removed like a file.
    mkdirSync(join(folder, first))
    writeFileSync(join(folder, first, 'x'), '')
    await ring.evict(T0 + 60 * MINUTE)
    expect(told).toEqual([first.replace('jsonl', 'm4s')])
    expect(readdirSync(folder).filter((name) => name.endsWith('.m4s'))).toEqual([first.replace('jsonl', 'm4s')])
    expect([ring.oldestFree(), await ring.evictOldest()]).toEqual([null, 0])
    rmSync(join(folder, first), { recursive: true })
    writeFileSync(join(folder, first), index)
    expect((await ring.read(3))?.bytes.equals(bytesOf(3))).toBe(true)
    await ring.evict(T0 + 60 * MINUTE)
    expect(existsSync(join(folder, first))).toBe(false)
  })
  test('a gate that refuses keeps nothing, and the words come out', async () => {
    const problems: (string | null)[] = []
    const ring = open(5 * MINUTE, {
      gate: { refuses: () => 'The disk is full.', queued: () => {} },
      onWritten: (problem) => problems.push(problem),
    })
    await record(ring, 1)
    expect(new Set(problems.slice(1))).toEqual(new Set(['The disk is full.']))
    expect(await ring.within({ from: T0, to: null })).toEqual([])
  })
})

describe('the disk of all clip buffers', () => {
  const GB = 1e9
  async function disk(
    free: number,
    limits = { most: null as number | null, reserve: GB },
    more: { publishFirst?: boolean } = {},
  ) {
    const folders = ['a', 'b'].map((name) => join(folder, name))
    const rings = folders.map((each) =>
      openClipRing({ folder: each, limits: { keepMs: 60 * MINUTE, mostBytes: null }, bucketMs: MINUTE }),
    )
    for (const [i, ring] of rings.entries()) await record(ring, 3, T0 + i * 1000)
    const states: DiskState[] = []
    // Every byte that a ring lets go of is free again.
    const before = rings.reduce((sum, ring) => sum + ring.bytes(), 0)
    const made = createClipDisk({
      ...more,
      folder,
      limits,
      rings: () => rings,
      onState: (state) => states.push(state),
      freeOf: async () => ({
        free: free + before - rings.reduce((sum, ring) => sum + ring.bytes(), 0),
        total: 10 * GB,
      }),
    })
    return { rings, states, disk: made }
  }
  test('lets the oldest pictures of all cameras go until the reserve is free again', async () => {
    const { rings, disk: one } = await disk(GB - 20_000)
    await one.look()
    expect(await rings[0]?.read(0)).toBeNull()
    expect(await rings[1]?.read(0)).toBeNull()
    expect(await rings[0]?.read(89)).not.toBeNull()
    expect(one.gate.refuses(1000, false)).toBeNull()
  })
  test('keeps all buffers together below their limit', async () => {
    const { rings, disk: one } = await disk(9 * GB, { most: 60_000, reserve: 0 })
    await one.look()
    expect(rings.reduce((sum, ring) => sum + ring.bytes(), 0)).toBeLessThanOrEqual(60_000)
  })
  test('full of what incidents hold, takes no new picture but an incident’s own, and shouts', async () => {
    const { rings, states, disk: one } = await disk(0.7 * GB)
    for (const ring of rings) ring.hold('inc-1', { from: T0, to: null })
    await one.look()
    expect(states.at(-1)).toMatchObject({
      level: 'full',
      problem: expect.stringMatching(/held by incidents: new pictures are not kept/),
    })
    expect(one.gate.refuses(1000, false)).toMatch(/disk is full/)
    expect(one.gate.refuses(1000, true)).toBeNull()
    expect((await rings[0]?.within({ from: T0, to: null }))?.length).toBe(90)
  })
  test('with more held than the site allows, still takes new pictures, and says what that costs until less is held', async () => {
    const { rings, states, disk: one } = await disk(9 * GB, { most: 60_000, reserve: 0 })
    for (const ring of rings) ring.hold('inc-1', { from: T0, to: null })
    await one.look()
    expect(states).toMatchObject([
      { level: 'critical', problem: expect.stringMatching(/^Incidents hold more than storage: most/) },
    ])
    expect(one.gate.refuses(1000, false)).toBeNull()
    for (const ring of rings) ring.release('inc-1')
    await one.look()
    expect(states.slice(1)).toMatchObject([{ level: 'ok', problem: null }])
  })
  test('says what it finds first where another thread has told something before, and nothing else while all is well', async () => {
    const { states, disk: one } = await disk(9 * GB, undefined, { publishFirst: true })
    await one.look()
    await one.look()
    expect(states).toMatchObject([{ level: 'ok', problem: null }])
  })
  test('too slow, takes nothing more instead of filling the memory', async () => {
    const { disk: one } = await disk(9 * GB)
    one.gate.queued(300e6)
    expect(one.gate.refuses(1000, true)).toMatch(/too slow: 300 MB wait/)
    one.gate.queued(-300e6)
    expect(one.gate.refuses(1000, true)).toBeNull()
  })
  test.each([
    [0.3, 'ok', 'ok'],
    [0.19, 'ok', 'low'],
    [0.09, 'ok', 'critical'],
    [0.205, 'low', 'low'],
    [0.23, 'low', 'ok'],
    [0.11, 'critical', 'critical'],
    [0.13, 'critical', 'low'],
  ] as const)('with %f of it free, %s becomes %s', (free, before, after) =>
    expect(levelOf(free, before, false)).toBe(after),
  )
})
