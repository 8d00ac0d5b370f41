import { describe, expect, test } from 'vitest'
import type { Inventory } from '../../server/camera/onvif/onvif-inventory.ts'
import { type Met, movedBy, sharedHeadText } from '../../server/camera/head/shared-head.ts'
import type { CameraId } from '../../server/glossary/camera.ts'

const inventory = (change: Partial<Inventory> = {}): Inventory => ({
  manufacturer: 'Maker',
  model: 'Two eyes',
  serial: 'S1',
  firmware: '1',
  profile: 'main',
  source: 'vs-1',
  ptzProfile: 'main',
  head: 'ptz-c node-1',
  ptzPath: '/onvif/ptz',
  eventsPath: null,
  streamUri: 'rtsp://10.0.0.5/main',
  smallUri: null,
  snapshots: {},
  fault: null,
  unanswered: [],
  channels: [],
  ...change,
})
const camera = (
  id: string,
  change: Partial<Inventory> | null,
  { url = 'http://10.0.0.5/onvif', ptz = {} } = {},
): Met => ({
  site: {
    id: id as CameraId,
    name: id,
    onvif: { url, username: 'u', password: 'p', fingerprint: null, ...(Object.keys(ptz).length > 0 ? { ptz } : {}) },
  },
  inventory: change && inventory(change),
})
const moved = (all: Met[], id = 'second'): string | null => {
  const own = all.find(({ site }) => site.id === id)?.inventory ?? inventory()
  return movedBy(id as CameraId, own, all)?.id ?? null
}

describe('a head behind two cameras is moved by the first of the site file', () => {
  test.each<[string, Met[]]>([
    ['a visible and a thermal picture of one housing', [camera('first', {}), camera('second', { source: 'vs-2' })]],
    [
      'one device under its name and its address',
      [camera('first', {}, { url: 'http://cam.example/onvif' }), camera('second', {})],
    ],
    [
      'a device that tells no serial number, at one address',
      [camera('first', { serial: '' }), camera('second', { serial: '', source: 'vs-2' })],
    ],
  ])('%s', (_, all) => {
    expect(moved(all)).toBe('first')
    expect(moved(all, 'first')).toBeNull()
  })
  test.each<[string, Met[]]>([
    ['another node', [camera('first', {}), camera('second', { head: 'ptz-c node-2' })]],
    ['another PTZ configuration', [camera('first', {}), camera('second', { head: 'ptz-d node-1' })]],
    ['another device', [camera('first', {}), camera('second', { serial: 'S2' })]],
    [
      'another address with the same serial number, as makers give one to many',
      [camera('first', {}, { url: 'http://10.0.0.6/onvif' }), camera('second', {})],
    ],
    ['no head', [camera('first', {}), camera('second', { head: null })]],
    ['one whose other is fixed', [camera('first', { head: null }), camera('second', {})]],
    ['one whose other was not met yet', [camera('first', null), camera('second', {})]],
    ['what an engineer has written of it', [camera('first', {}), camera('second', {}, { ptz: { profile: 'main' } })]],
    ['what she has written of the other', [camera('first', {}, { ptz: { node: 'node-1' } }), camera('second', {})]],
    [
      'devices without a serial number at two addresses',
      [camera('first', { serial: '' }, { url: 'http://10.0.0.6/onvif' }), camera('second', { serial: '' })],
    ],
  ])('%s is its own', (_, all) => expect(moved(all)).toBeNull())
  test('and the engineer reads which, and the remedy', () =>
    expect(sharedHeadText({ id: 'first' as CameraId })).toMatch(/"first" moves.*onvif: \{ ptz: \{ profile/))
})
