import { describe, expect, test } from 'vitest'
import { type Candidate, chooseCameras } from '../../server/camera/camera-choice.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'

const HERE = { id: 'blackwellgate' as HelpPointId, location: { lat: 54.52363, lon: -1.5561 } }
const MINE = 'inc-mine' as IncidentId
/** About 7 metres per 0.0001 degrees of longitude at Darlington. */
const east = (steps: number) => ({ lat: HERE.location.lat, lon: HERE.location.lon + steps * 0.0001 })

function camera(id: string, change: Partial<Candidate> = {}): Candidate {
  return {
    id: id as CameraId,
    name: id,
    location: east(1),
    ptz: true,
    onvif: 'up',
    heldBy: null,
    presets: new Map([[HERE.id, { token: `${id}-preset` as PresetToken, name: 'here' }]]),
    knownTokens: new Set([`${id}-preset` as PresetToken]),
    handMovedMs: null,
    blind: null,
    canAim: () => false,
    ...change,
  }
}
const choose = (...cameras: Candidate[]) => chooseCameras(HERE, cameras, MINE)

describe('choosing cameras for a press', () => {
  test('the nearest PTZ camera with a preset for the help point is first, the further ones follow by distance', () => {
    const { primary, secondary } = choose(
      camera('far', { location: east(9) }),
      camera('near', { location: east(1) }),
      camera('middle', { location: east(4) }),
    )
    expect(primary).toMatchObject({ camera: 'near', preset: 'near-preset' })
    expect(secondary.map((each) => each.camera)).toEqual(['middle', 'far'])
  })
  test('a help point that has left the site file has no place: presets lead there, and no camera is near', () => {
    const gone = { id: HERE.id, location: null }
    const nowhere = { lat: 0, lon: 0 }
    const others = [
      camera('at-zero', { location: nowhere, presets: new Map(), canAim: () => true }),
      camera('fixed-at-zero', { location: nowhere, presets: new Map(), ptz: false }),
      camera('unplaced', { location: null }),
    ]
    const { primary, secondary } = chooseCameras(gone, others, MINE)
    expect(primary).toMatchObject({ camera: 'unplaced', way: 'preset', metres: null })
    expect(secondary).toEqual([])
  })
  test('a tie falls to the lower id, whatever the order in the site file', () => {
    expect(choose(camera('b'), camera('a')).primary?.camera).toBe('a')
    expect(choose(camera('a'), camera('b')).primary?.camera).toBe('a')
  })
  test('a camera that does not answer is passed over, and the reason is kept', () => {
    const { primary, passedOver } = choose(camera('near', { onvif: 'down' }), camera('far', { location: east(9) }))
    expect(primary?.camera).toBe('far')
    expect(passedOver).toEqual([{ camera: 'near', reason: 'it does not answer' }])
  })
  test('a camera that was never reached yet comes after those that answer, but before none', () => {
    const { primary, passedOver } = choose(camera('near', { onvif: 'unknown' }), camera('far', { location: east(9) }))
    expect(primary?.camera).toBe('far')
    expect(passedOver).toEqual([{ camera: 'near', reason: 'it was not reached yet' }])
    expect(choose(camera('near', { onvif: 'unknown' })).primary?.camera).toBe('near')
  })
  test('a camera held by another incident is not stolen', () => {
    const { primary, secondary, passedOver } = choose(
      camera('near', { heldBy: 'inc-other' as IncidentId }),
      camera('far', { location: east(9) }),
    )
    expect(primary?.camera).toBe('far')
    expect(secondary).toEqual([])
    expect(passedOver).toEqual([{ camera: 'near', reason: 'another incident holds it' }])
  })
  test('a camera held by this very incident may be asked again', () => {
    expect(choose(camera('near', { heldBy: MINE })).primary?.camera).toBe('near')
  })
  test('a camera without a preset for this help point is not sent', () => {
    expect(choose(camera('near', { presets: new Map() }), camera('far', { location: east(9) })).primary?.camera).toBe(
      'far',
    )
  })
  test.each([
    ['turned by coordinates', { canAim: () => true }],
    ['sent home', {}],
  ])('one that would be %s is left to another open press that has a preset of it', (_, change) => {
    const lent = { presets: new Map(), knownTokens: new Set<PresetToken>(), ...change }
    const other = 'inc-other' as IncidentId
    const { primary, passedOver } = choose(camera('near', { ...lent, neededBy: other }))
    expect(primary).toBeNull()
    expect(passedOver).toEqual([{ camera: 'near', reason: 'another open press has a preset of it' }])
    // Its own press, and a preset of its own, take it all the same.
    expect(choose(camera('near', { ...lent, neededBy: MINE })).primary?.camera).toBe('near')
    expect(choose(camera('near', { neededBy: other })).primary).toMatchObject({ camera: 'near', way: 'preset' })
  })
  test('a preset that is gone from the camera is not trusted: what it shows now is not claimed to be the preset', () => {
    const { primary, passedOver } = choose(camera('near', { knownTokens: new Set() }))
    expect(primary).toMatchObject({ preset: null, way: 'home' })
    expect(passedOver).toEqual([{ camera: 'near', reason: 'its preset near-preset is gone from the camera' }])
  })
  test(
    'without any preset, a camera that can be turned by coordinates comes ' +
      'before one that can only go home, and a fixed one last',
    () => {
      const none = { presets: new Map() }
      const { primary, secondary } = choose(
        camera('fixed', { ...none, ptz: false }),
        camera('home', { ...none, location: east(1) }),
        camera('aim', { ...none, location: east(9), canAim: () => true }),
      )
      expect(primary).toMatchObject({ camera: 'aim', way: 'aim', preset: null })
      expect(secondary.map(({ camera: id, way }) => `${id} ${way}`)).toEqual(['fixed fixed'])
    },
  )
  test('a preset comes before coordinates, however near those are, unless its camera sees nothing', () => {
    const aimed = camera('aim', { presets: new Map(), canAim: () => true })
    expect(choose(aimed, camera('far', { location: east(20) })).primary?.camera).toBe('far')
    expect(choose(aimed, camera('far', { location: east(20), blind: 'dark' })).primary?.camera).toBe('aim')
  })
  test('a camera too far to see a person is not turned by coordinates, nor sent home', () => {
    expect(choose(camera('aim', { presets: new Map(), canAim: () => true, location: east(30) })).primary).toBeNull()
    expect(choose(camera('home', { presets: new Map(), location: east(10) })).primary).toBeNull()
  })
  test('a nearer camera that another incident holds may be asked for; a further one is not worth a question', () => {
    const held = { heldBy: 'inc-other' as IncidentId }
    expect(choose(camera('near', held), camera('far', { location: east(9) })).wanted).toMatchObject({
      camera: 'near',
      heldBy: 'inc-other',
    })
    expect(choose(camera('near'), camera('far', { ...held, location: east(9) })).wanted).toBeNull()
    expect(choose(camera('only', held)).wanted).toMatchObject({ camera: 'only' })
    expect(
      choose(camera('far', { ...held, location: east(20) }), camera('aim', { presets: new Map(), canAim: () => true }))
        .wanted,
    ).toMatchObject({ camera: 'far' })
  })
  test('a camera that was moved by hand some minutes ago is free again', () => {
    expect(choose(camera('near', { handMovedMs: 119_999 }), camera('far', { location: east(9) })).primary?.camera).toBe(
      'far',
    )
    expect(choose(camera('near', { handMovedMs: 120_000 }), camera('far', { location: east(9) })).primary?.camera).toBe(
      'near',
    )
  })
  test('choosing among ten thousand cameras takes no more than a sort', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => camera(`cam-${i}`, { location: east(10_000 - i) }))
    expect(choose(...many).primary?.camera).toBe('cam-9999')
  })
  test('fixed cameras near the help point are further views, never the first', () => {
    const fixed = { ptz: false, presets: new Map(), knownTokens: null }
    const { primary, secondary } = choose(
      camera('doorway', fixed),
      camera('away', { ...fixed, location: east(40) }),
      camera('dead', { ...fixed, onvif: 'down' }),
    )
    expect(primary).toBeNull()
    expect(secondary).toEqual([expect.objectContaining({ camera: 'doorway', preset: null })])
  })
  test('none left is an answer, not an error', () => {
    expect(choose()).toEqual({ primary: null, secondary: [], passedOver: [], wanted: null })
  })
  test('a camera whose place is not known comes last', () => {
    expect(choose(camera('somewhere', { location: null }), camera('far', { location: east(90) })).primary?.camera).toBe(
      'far',
    )
  })
})
