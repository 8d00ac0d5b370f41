import { describe, expect, test } from 'vitest'
import { createPresetMemory } from '../../server/camera/presets/preset-memory.ts'
import type { CameraId, Preset, PresetToken, PtzPosition } from '../../server/glossary/camera.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'

const CAM = 'cam-1' as CameraId
const TOKEN = '1' as PresetToken
const MAPPED: ReadonlySet<PresetToken> = new Set([TOKEN])
const PLACE = { pan: 0.5, tilt: -0.1, zoom: 0.2 }
const listed = (change: Partial<Preset> = {}): Preset[] => [
  { token: TOKEN, name: 'Help point', position: PLACE, ...change },
  { token: '2' as PresetToken, name: 'Car park', position: { pan: -0.5, tilt: 0, zoom: 0 } },
]
/** A memory whose entries are written at once, as the ledger gives them back. */
function memory() {
  const made = createPresetMemory()
  const entries: Draft[] = []
  const write = (draft: Draft): void => {
    entries.push(draft)
    made.apply({ ...draft, seq: entries.length, at: '', hash: '' } as unknown as Recorded)
  }
  const read = (presets: Preset[]) => {
    const found = made.read(CAM, presets, MAPPED)
    found.learned.forEach(write)
    return { learned: found.learned.length, told: found.changed.map(({ words }) => words) }
  }
  return { made, entries, read, write, change: () => made.change(CAM, TOKEN) }
}

describe('what a preset of a help point is', () => {
  test('counts as confirmed by the first read, of mapped presets only, and no site of before turns unproven by it', () => {
    const { read, entries, change } = memory()
    expect(read(listed())).toEqual({ learned: 1, told: [] })
    expect(entries).toMatchObject([
      {
        kind: 'preset.learned',
        actor: 'camera:cam-1',
        body: { camera: 'cam-1', token: '1', name: 'Help point', position: PLACE },
      },
    ])
    expect(read(listed())).toEqual({ learned: 0, told: [] })
    expect(change()).toBeNull()
  })
  test.each<[string, Partial<Preset>, RegExp]>([
    ['another name', { name: 'Car park' }, /was named “Help point” and is now “Car park”/],
    ['another place', { position: { ...PLACE, pan: -0.5 } }, /another position/],
    ['another zoom', { position: { ...PLACE, zoom: 0.9 } }, /another position/],
    ['degrees for shares of the range', { position: { pan: 90, tilt: -9, zoom: 0.2 } }, /other units/],
  ])('%s is told once, and its own words prove nothing until an engineer confirms', (_, now, words) => {
    const { read, change, made, write } = memory()
    read(listed())
    expect(read(listed(now)).told).toEqual([expect.stringMatching(words)])
    expect(read(listed(now)).told).toEqual([])
    expect(change()).toMatch(words)
    const confirmed = made.confirmation(CAM, TOKEN, 'engineer:Eve')
    expect(confirmed).toMatchObject({ kind: 'preset.confirmed', actor: 'engineer:Eve', body: { ...now } })
    if (confirmed) write(confirmed)
    expect(change()).toBeNull()
    expect(read(listed(now))).toEqual({ learned: 0, told: [] })
  })
  test.each<[string, Partial<Preset>]>([
    ['a name that is left out', { name: '' }],
    ['a place that is left out', { position: null }],
    ['a zoom that is left out', { position: { pan: 0.5, tilt: -0.1 } }],
    ['what a camera rounds', { position: { pan: 0.504, tilt: -0.098, zoom: 0.21 } }],
  ])('%s says nothing', (_, now) => {
    const { read, change } = memory()
    read(listed())
    expect(read(listed(now))).toEqual({ learned: 0, told: [] })
    expect(change()).toBeNull()
  })
  test('degrees that are named so are degrees, also near one', () => {
    const { read } = memory()
    const at = (tilt: number) =>
      listed({ position: { pan: 20, tilt, zoom: 0, panTiltSpace: 'SphericalPositionSpaceDegrees' } })
    read(at(1))
    expect(read(at(1.01)).told).toEqual([])
    expect(read(at(-0.4)).told).toEqual([])
  })
  test('a place that was not told at first is learnt when it is, so that a later change of it is one', () => {
    const { read, change, entries } = memory()
    read(listed({ position: null }))
    expect(read(listed())).toEqual({ learned: 1, told: [] })
    expect(entries.at(-1)).toMatchObject({ kind: 'preset.learned', body: { position: PLACE } })
    expect(read(listed({ position: { ...PLACE, pan: -0.5 } })).told).toEqual([
      expect.stringMatching(/another position/),
    ])
    expect(change()).toMatch(/another position/)
  })
  test('no place is learnt of one that was changed', () => {
    const { read, change } = memory()
    read(listed({ position: null }))
    read(listed({ position: null, name: 'Car park' }))
    expect(read(listed({ name: 'Car park' })).learned).toBe(0)
    expect(change()).toMatch(/Car park/)
  })
  test('one that was gone for a while may be another view, until it is seen to be the same', () => {
    const { read, change } = memory()
    read(listed())
    read(listed().slice(1))
    expect(change()).toMatch(/did not list it for a while/)
    read(listed({ position: null }))
    expect(change()).toMatch(/did not list it/)
    read(listed())
    expect(change()).toBeNull()
  })
  test('what an engineer saves over it is no news; what the camera refused is', () => {
    const other = listed({ position: { ...PLACE, pan: -0.5 } })
    const saved = memory()
    saved.read(listed())
    saved.made.saving(CAM, TOKEN)
    expect(saved.read(other).told).toEqual([])
    const refused = memory()
    refused.read(listed())
    refused.made.saving(CAM, TOKEN)
    refused.made.notSaved(CAM, TOKEN)
    expect(refused.read(other).told).toHaveLength(1)
  })
  test('is remembered over a restart, from the snapshot as from the entries', () => {
    const { read, made, entries } = memory()
    read(listed())
    const changed: Partial<PtzPosition> = { ...PLACE, pan: -0.5 }
    const bySnapshot = createPresetMemory()
    bySnapshot.restore(JSON.parse(JSON.stringify(made.save())))
    const byEntries = createPresetMemory()
    entries.forEach((draft, i) => byEntries.apply({ ...draft, seq: i + 1, at: '', hash: '' } as unknown as Recorded))
    for (const later of [bySnapshot, byEntries])
      expect(later.read(CAM, listed({ position: changed }), MAPPED)).toMatchObject({
        learned: [],
        changed: [{ token: TOKEN, words: expect.stringMatching(/another position/) }],
      })
  })
})
