/** What is covered when: by where the head looked, live and of what was recorded. */
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createCoverage } from '../../server/clip/privacy/cover.ts'
import { openHeadTrack } from '../../server/clip/privacy/head-track.ts'
import { openMaskMemory } from '../../server/clip/privacy/mask-memory.ts'
import { aspectIn, aspectOfJpeg } from '../../server/clip/privacy/picture-aspect.ts'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Privacy } from '../../server/glossary/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-cover-'))
let files = 0
const fresh = (): string => join(folder, `${(files += 1)}`, 'head.jsonl')
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const HEAD: Privacy = {
  masks: [{ name: 'Windows', box: { pan: [-0.01, 0.01], tilt: [-0.02, 0.02], zoom: null } }],
  lens: { pan: 360, tilt: 180, wide: 60, tele: 6, level: 0, flipPan: false, flipTilt: false },
}
const FIXED: Privacy = { masks: [{ name: 'Door', polygon: [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]] }], lens: null } // prettier-ignore
const lookAt = (track: ReturnType<typeof openHeadTrack>, time: number) => track.between(time, time).at(-1)
const THERE = { pan: 0, tilt: 0, zoom: 0 }
const AWAY = { pan: 0.9, tilt: 0, zoom: 0 }
const open = (file = fresh(), now = 1000) => {
  const errors: unknown[] = []
  const track = openHeadTrack({ file, now, onError: (error) => errors.push(error) })
  return { track, coverage: createCoverage(HEAD, track), errors, file }
}

describe('the cover of a camera that stands still', () => {
  test('is the same at any time, live and recorded', () => {
    const coverage = createCoverage(FIXED, null)
    const { cover, since } = coverage.now(16 / 9)
    expect([cover.cells?.includes(1), since]).toEqual([true, Number.NEGATIVE_INFINITY])
    expect(coverage.at(5, 16 / 9)).toEqual(cover)
    expect(coverage.during(0, 2000, 16 / 9)).toEqual(cover)
  })
  test('with a track of its head it is one that turns: all of it is covered while nobody knows where to', () => {
    const { track } = open()
    expect(createCoverage(FIXED, track).now(16 / 9).cover.cells).toBeNull()
  })
})

describe('the cover of a camera that turns', () => {
  test('is all of it until its head is known to stand still, and says why', () => {
    const { track, coverage } = open()
    expect(coverage.now(16 / 9).cover).toMatchObject({ cells: null, why: expect.stringContaining('where it looks') })
    track.note({ at: 2000, position: THERE, still: false })
    expect(coverage.now(16 / 9).cover).toMatchObject({ cells: null, why: expect.stringContaining('It turns near') })
    track.note({ at: 3000, position: THERE, still: true })
    expect(coverage.now(16 / 9).cover.cells?.includes(1)).toBe(true)
  })
  test('is the masks of its new place only for pictures that were taken there: those on their way are still covered', () => {
    const { track, coverage } = open()
    track.note({ at: 2000, position: THERE, still: true })
    const { since } = coverage.now(16 / 9)
    expect(since).toBeGreaterThan(2000)
    expect(coverage.at(since - 1, 16 / 9).cells).toBeNull()
    expect(coverage.at(since + 1, 16 / 9).cells).not.toBeNull()
    track.note({ at: 5000, position: THERE, still: false })
    expect(coverage.at(4999, 16 / 9).cells).not.toBeNull()
    expect(coverage.at(5000, 16 / 9).cells).toBeNull()
  })
  test('is nothing while it turns far from every mask', () => {
    const { track, coverage } = open()
    track.note({ at: 2000, position: { ...AWAY, pan: 1 }, still: false })
    expect(coverage.now(16 / 9).cover.cells?.includes(1)).toBe(false)
  })
  test('of a recorded piece in which it turned is all of it, however its pictures are dated', () => {
    const { track, coverage } = open()
    track.note({ at: 10_000, position: THERE, still: true })
    track.note({ at: 20_000, position: THERE, still: false })
    track.note({ at: 22_000, position: AWAY, still: true })
    expect(coverage.during(18_000, 19_900, 16 / 9).cells?.includes(1)).toBe(true)
    expect(coverage.during(19_000, 20_100, 16 / 9).cells).toBeNull()
    expect(coverage.during(22_100, 24_000, 16 / 9).cells).toBeNull()
    expect(coverage.during(22_900, 24_000, 16 / 9).cells?.includes(1)).toBe(false)
    // Before anything was known.
    expect(coverage.during(0, 900, 16 / 9).cells).toBeNull()
  })
  test('of a piece with two places of rest is both', () => {
    const { track, coverage } = open()
    track.note({ at: 10_000, position: THERE, still: true })
    track.note({ at: 20_000, position: { ...THERE, pan: 0.05 }, still: true })
    const count = (from: number, to: number): number =>
      coverage.during(from, to, 16 / 9).cells?.reduce((sum, cell) => sum + cell, 0) ?? 0
    expect(count(19_000, 21_000)).toBe(count(19_000, 19_500) + count(20_900, 21_000))
  })
})

describe('what is kept of where a head looked', () => {
  test('is there after a restart; of the time between nobody knows', () => {
    const { track, file } = open()
    track.note({ at: 2000, position: THERE, still: true })
    const again = open(file, 9000)
    expect(lookAt(again.track, 2500)).toEqual({ at: 2000, position: THERE, still: true })
    expect(lookAt(again.track, 9500)?.position).toBeNull()
  })
  test('a later word of an earlier time corrects what was said', () => {
    const { track, file } = open()
    track.note({ at: 2000, position: THERE, still: true })
    track.note({ at: 1500, position: null, still: false })
    expect(lookAt(track, 2500)?.position).toBeNull()
    expect(lookAt(open(file, 9000).track, 2500)?.position).toBeNull()
  })
  test('a line that cannot be read is a time of which nobody knows, until the next', () => {
    const { track, file } = open()
    track.note({ at: 2000, position: THERE, still: true })
    appendFileSync(file, '{"at": 3000, "position": {"pan"\n{"at":4000,"position":{"pan":1},"still":true}\n')
    const again = open(file, 9000)
    expect(lookAt(again.track, 2500)?.position).toBeNull()
    again.track.note({ at: 9500, position: THERE, still: true })
    expect(lookAt(again.track, 9600)?.position).toEqual(THERE)
  })
  test('the same look again is not written again; what is older than the recording goes', () => {
    const { track, file } = open()
    track.note({ at: 2000, position: THERE, still: true })
    track.note({ at: 3000, position: THERE, still: true })
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2)
    track.note({ at: 4000, position: AWAY, still: true })
    track.forgetBefore(4500)
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1)
    expect(lookAt(track, 4600)).toMatchObject({ position: AWAY })
  })
  test('a line that could not be written leaves nothing that would seem to hold on after a restart', () => {
    const { track, file } = open()
    track.note({ at: 2000, position: THERE, still: true })
    chmodSync(file, 0o400)
    rmSync(file)
    mkdirSync(file)
    track.note({ at: 3000, position: AWAY, still: true })
    expect(lookAt(open(file, 9000).track, 2500)?.position).toBeNull()
  })
  test('a clock that is set back makes two times of one: whatever may have been seen then is covered', () => {
    const { track, coverage, file } = open()
    track.note({ at: 2_000_000, position: THERE, still: true })
    track.note({ at: 2_500_000, position: { ...THERE, pan: 0.05 }, still: true })
    // Half an hour back.
    track.note({ at: 700_000, position: { ...THERE, pan: -0.05 }, still: true })
    expect(track.last()).toMatchObject({ position: { pan: -0.05 } })
    expect(coverage.now(16 / 9).since).toBeLessThan(701_000)
    const seen = (looks: readonly { position: { pan: number } | null }[]) => looks.map(({ position }) => position?.pan)
    expect(seen(track.between(2_200_000, 2_200_000))).toEqual([0, -0.05])
    expect(seen(track.between(2_600_000, 2_600_000))).toEqual([0.05, -0.05])
    expect(seen(track.between(800_000, 800_000))).toContain(-0.05)
    expect(seen(open(file, 9_000_000).track.between(2_200_000, 2_200_000))).toEqual([0, -0.05])
  })
  test('looks of a head that turns, which cover the same, are one', () => {
    const { coverage } = open()
    const turning = (pan: number) => ({ at: 1, position: { ...THERE, pan }, still: false })
    expect(coverage.isSame(turning(0), turning(0.1))).toBe(true)
    expect(coverage.isSame(turning(0), turning(1))).toBe(false)
    expect(coverage.isSame(turning(1), { ...turning(1), begins: true })).toBe(false)
    expect(coverage.isSame(turning(0), { ...turning(0), still: true })).toBe(false)
  })
  test('a disk that is full is told once, and costs nothing that is shown', () => {
    const { track, errors } = open('/etc/hostname/head.jsonl')
    track.note({ at: 2000, position: THERE, still: true })
    track.note({ at: 3000, position: AWAY, still: true })
    expect(errors).toHaveLength(1)
    expect(lookAt(track, 3500)).toMatchObject({ position: AWAY })
  })
})

describe('the masks of a camera', () => {
  test('are remembered when it has left the site file, and forgotten when it stands there without', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'lamppost-memory-')), 'masks.json')
    const errors: unknown[] = []
    const camera = (id: string, privacy: Privacy | null) => ({ id: id as CameraId, privacy })
    const memory = openMaskMemory({ file, onError: (error) => errors.push(error) })
    memory.follow([camera('a', FIXED), camera('b', HEAD)])
    memory.follow([camera('b', HEAD)])
    const again = openMaskMemory({ file, onError: (error) => errors.push(error) })
    expect([again.of('a'), again.of('b'), again.of('constructor')]).toEqual([FIXED, HEAD, null])
    again.follow([camera('a', null)])
    expect(openMaskMemory({ file, onError: () => {} }).of('a')).toBeNull()
    expect(errors).toEqual([])
  })
})

test('a picture’s shape is read where it stands, and is the usual one where it does not', () => {
  expect(aspectIn(Buffer.from('no section'))).toBeCloseTo(16 / 9)
  expect(aspectOfJpeg(Buffer.from('no picture'))).toBeCloseTo(16 / 9)
  const head = Buffer.from('ffd8ffe000040000ffc0001108024003c003', 'hex')
  expect(aspectOfJpeg(head)).toBeCloseTo(960 / 576)
})
