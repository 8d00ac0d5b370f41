/** What a head says of where it looks, and how far that is believed. */
import { describe, expect, test } from 'vitest'
import type { Preset, PresetToken } from '../../server/glossary/camera.ts'
import { createHeadBearings, storedPosition } from '../../server/camera/head/head-bearings.ts'
import { newHeadMemory } from '../../server/camera/head/head-memory.ts'
import { createHeadPresets } from '../../server/camera/head/head-presets.ts'

const HERE = { pan: 0, tilt: 0, zoom: 0 }
const THERE = { pan: 0.5, tilt: 0, zoom: 0 }
const VALID_MS = 13_000
const at = (position: typeof HERE | null, moving: boolean | null = null) => ({ moving, position })
function head() {
  const clock = { now: 0 }
  const memory = newHeadMemory()
  let learnt = 0
  const bearings = createHeadBearings({
    memory,
    clock: { monotonic: () => clock.now },
    validMs: VALID_MS,
    onLearnt: () => (learnt += 1),
  })
  const note = (status: ReturnType<typeof at>) => bearings.asking()(status)
  return { clock, memory, bearings, note, learnt: () => learnt }
}

describe('where a head looks', () => {
  test('is what it said last, for as long as nobody sends it elsewhere and it is asked in time', () => {
    const { bearings, clock, note } = head()
    expect(bearings.lookedAt()).toBeNull()
    note(at(HERE))
    clock.now = VALID_MS
    expect(bearings.lookedAt()).toEqual(HERE)
    clock.now = VALID_MS + 1
    expect(bearings.lookedAt()).toBeNull()
    note(at(HERE))
    bearings.turning()
    expect(bearings.lookedAt()).toBeNull()
    expect(bearings.lastPosition()).toEqual(HERE)
  })
  test('a status without a position leaves the last one standing, and does not make it younger', () => {
    const { bearings, clock, note } = head()
    note(at(HERE))
    clock.now = VALID_MS + 1
    note(at(null, false))
    expect(bearings.lookedAt()).toBeNull()
    expect(bearings.lastPosition()).toEqual(HERE)
  })
})

describe('what a head says', () => {
  test('is no proof that it follows its motors, however it changes: somebody else may have sent it there', () => {
    const { bearings, memory, note } = head()
    note(at(HERE))
    note(at(THERE))
    bearings.turning()
    note(at(THERE))
    note(at(HERE))
    expect(bearings.follows()).toBeNull()
    expect(memory.turned).toBe(true)
  })
  test('to a question of before it was sent elsewhere is where it was, not where it looks', () => {
    const { bearings, note } = head()
    const answered = bearings.asking()
    bearings.turning()
    answered(at(HERE))
    expect(bearings.lookedAt()).toBeNull()
    expect(bearings.lastPosition()).toEqual(HERE)
    note(at(THERE))
    expect(bearings.lookedAt()).toEqual(THERE)
  })
  test('one that was seen to follow its motors is not doubted again; one that was doubted can be believed later', () => {
    const { bearings, learnt } = head()
    bearings.learnFollows(false)
    bearings.learnFollows(false)
    expect([bearings.follows(), learnt()]).toEqual([false, 1])
    bearings.learnFollows(true)
    bearings.learnFollows(false)
    expect([bearings.follows(), learnt()]).toEqual([true, 2])
  })
  test('that it moves is believed once both words were heard, and its position once it was elsewhere', () => {
    const { bearings, note } = head()
    note(at(HERE, true))
    expect([bearings.moveStatusTrusted(), bearings.positionTrusted()]).toEqual([false, false])
    note(at(HERE, false))
    expect([bearings.moveStatusTrusted(), bearings.positionTrusted()]).toEqual([true, false])
    note(at(THERE, false))
    expect(bearings.positionTrusted()).toBe(true)
  })
})

test('a move may take twice the longest of the last ten and a second, between 4 s and the 12 s of a head that nobody knows', () => {
  const { bearings, memory } = head()
  expect(bearings.deadlineMs()).toBe(12_000)
  bearings.learnMove(200.4)
  expect(memory.moves).toEqual([200])
  expect(bearings.deadlineMs()).toBe(4000)
  bearings.learnMove(3000)
  expect(bearings.deadlineMs()).toBe(7000)
  bearings.learnMove(9000)
  expect(bearings.deadlineMs()).toBe(12_000)
  for (let i = 0; i < 10; i += 1) bearings.learnMove(2000)
  expect(memory.moves).toHaveLength(10)
  expect(bearings.deadlineMs()).toBe(5000)
})

describe('where a device says that a preset is', () => {
  const token = (name: string) => name as PresetToken
  const preset = (name: string, position: Preset['position']): Preset => ({ token: token(name), name, position })
  test.each([
    ['two places differ', [preset('1', HERE), preset('2', THERE)], HERE],
    ['all presets at one place', [preset('1', THERE), preset('2', THERE)], null],
    ['the only one, at zero', [preset('1', HERE)], null],
    ['the only one, elsewhere', [preset('1', THERE)], THERE],
    ['another than it was asked for has a place', [preset('1', null), preset('2', THERE)], null],
    ['no preset', [], null],
  ] as const)('%s', (_, presets, expected) => {
    expect(storedPosition(presets, token('1'))).toEqual(expected)
  })
})

test('a preset that is no longer there is told once, and never one that an engineer has removed', () => {
  const gone: [PresetToken[], boolean][] = []
  const read: number[] = []
  const presets = createHeadPresets({
    onPresets: (all) => read.push(all.length),
    onPresetsGone: (tokens, away) => gone.push([tokens, away]),
  })
  const list = (...names: string[]): Preset[] =>
    names.map((name) => ({ token: name as PresetToken, name, position: null }))
  expect(presets.known()).toBeNull()
  presets.forget('1' as PresetToken)
  presets.note(list('1', '2', '3'), true)
  expect(gone).toEqual([])
  presets.note(list('1', '2'), true)
  presets.note(list('1', '2'), false)
  presets.forget('2' as PresetToken)
  presets.note(list('1'), false)
  expect(gone).toEqual([[['3'], true]])
  expect([...(presets.known() ?? [])]).toEqual(['1'])
  expect(read).toEqual([3, 2, 2, 1])
})
