import { describe, expect, test } from 'vitest'
import { moreOf } from '../../server/camera/onvif/inventory-merge.ts'
import type { Inventory } from '../../server/camera/onvif/onvif-inventory.ts'

const WHOLE: Inventory = {
  manufacturer: 'Maker',
  model: 'M1',
  serial: 'S1',
  firmware: '1',
  profile: 'main',
  source: 'src-1',
  ptzProfile: 'main',
  head: 'ptz-c node-1',
  ptzPath: '/onvif/ptz',
  eventsPath: '/onvif/events',
  streamUri: 'rtsp://10.0.0.5/main?token=1',
  smallUri: null,
  snapshots: {},
  fault: null,
  unanswered: [],
  channels: [],
}
const NO_STREAM = { kind: 'stream', words: 'It names no stream address.' } as const
const NO_HEAD = { kind: 'ptz', words: 'It cannot be moved.' } as const
const without: Partial<Inventory> = { ptzPath: null, ptzProfile: null, head: null, eventsPath: null }

describe('a device that is asked once more', () => {
  test('and says no more changes nothing', () => {
    expect(moreOf(WHOLE, WHOLE)).toBeNull()
    expect(moreOf({ ...WHOLE, unanswered: ['A'] }, { ...WHOLE, ...without, unanswered: ['B'] })).toBeNull()
    expect(moreOf(WHOLE, { ...WHOLE, streamUri: null, fault: NO_STREAM, unanswered: ['GetStreamUri'] })).toBeNull()
  })
  test('and says less of what is known keeps it: its head, its events, its stream by the address that is read', () => {
    const before = { ...WHOLE, unanswered: ['GetDeviceInformation', 'GetConfigurations'] }
    const now = { ...WHOLE, ...without, streamUri: 'rtsp://10.0.0.5/main?token=2', unanswered: ['GetServices'] }
    expect(moreOf(before, now)).toMatchObject({
      ptzPath: '/onvif/ptz',
      ptzProfile: 'main',
      head: 'ptz-c node-1',
      eventsPath: '/onvif/events',
      streamUri: 'rtsp://10.0.0.5/main?token=1',
    })
  })
  test('and says now what it is, is that', () => {
    const before = { ...WHOLE, manufacturer: 'unknown', serial: '', unanswered: ['GetDeviceInformation'] }
    expect(moreOf(before, WHOLE)).toMatchObject({ manufacturer: 'Maker', serial: 'S1' })
    const silent = { ...WHOLE, manufacturer: 'unknown', serial: '', unanswered: ['GetDeviceInformation'] }
    expect(moreOf({ ...WHOLE, unanswered: ['A', 'B'] }, silent)).toMatchObject({ manufacturer: 'Maker', serial: 'S1' })
  })
  test('a fault of before that is over goes, whether it has a head or not; one that is still so stays', () => {
    const lost = { ...WHOLE, streamUri: null, fault: NO_STREAM, unanswered: ['GetStreamUri'] }
    expect(moreOf(lost, WHOLE)?.fault).toBeNull()
    expect(moreOf({ ...lost, ...without }, { ...WHOLE, ...without })?.fault).toBeNull()
    const fixed = { ...WHOLE, ...without, fault: NO_HEAD, unanswered: ['GetServices'] }
    expect(moreOf(fixed, WHOLE)).toMatchObject({ fault: null, ptzPath: '/onvif/ptz' })
    expect(moreOf({ ...fixed, streamUri: null }, { ...fixed, unanswered: [] })?.fault).toEqual(NO_HEAD)
  })
})
