import { describe, expect, test } from 'vitest'
import { clockStateOf, createSteadiness } from '../../server/camera/watch/health-steadiness.ts'
import { siteLines } from '../../server/camera/camera-finding.ts'

const MINUTE = 60_000

describe('a camera that comes and goes', () => {
  test('is told at once the first times', () => {
    const steady = createSteadiness()
    expect(steady.provingMs(0)).toBe(0)
    steady.lost(0)
    steady.lost(MINUTE)
    expect(steady.provingMs(MINUTE)).toBe(0)
  })
  test('must stay for half a minute before its return is told, from the third loss in ten minutes on', () => {
    const steady = createSteadiness()
    for (const at of [0, MINUTE, 2 * MINUTE]) steady.lost(at)
    expect(steady.provingMs(2 * MINUTE)).toBe(30_000)
    expect(steady.words(2 * MINUTE)).toBe('It comes and goes: lost 3 times in ten minutes.')
    expect(steady.provingMs(11 * MINUTE)).toBe(0)
  })
})

describe('a camera’s clock', () => {
  test('is off from more than two seconds, and right again below one: on the edge it is told once', () => {
    let state = clockStateOf('unknown', 700)
    const told = [1900, 2100, 1900, 2100, 1200, 900, 1500].map((offset) => (state = clockStateOf(state, offset)))
    expect(told).toEqual(['right', 'off', 'off', 'off', 'off', 'right', 'right'])
  })
  test('is wrong in both directions', () => expect(clockStateOf('right', -3 * 3_600_000)).toBe('off'))
})

describe('lines for the site file', () => {
  const made = siteLines({
    url: 'https://10.0.4.12:8443/onvif/device_service',
    username: 'root: "#1"',
    fingerprint: 'ab'.repeat(32),
    name: 'Axis Q6135 & "co"',
    presets: [
      { token: '3' as never, name: 'Corner: "A"' },
      { token: '4' as never, name: '' },
    ],
  })
  test('name the camera, its address and its certificate, quoted so that YAML reads them back', async () => {
    const { parse } = await import('yaml')
    const [camera] = parse(`cameras:\n${made}`).cameras as Record<string, unknown>[]
    expect(camera).toEqual({
      id: 'cam-10-0-4-12',
      name: 'Axis Q6135 & "co"',
      onvif: {
        url: 'https://10.0.4.12:8443/onvif/device_service',
        username: 'root: "#1"',
        password: '${CAM_10_0_4_12_PASSWORD}',
        fingerprint: 'ab'.repeat(32),
      },
    })
  })
  test('list the camera’s own presets for the engineer to map', () =>
    expect(made).toContain('#   <help point>: { token: "3", name: "Corner: \\"A\\"" }'))
})
