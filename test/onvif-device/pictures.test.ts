import { describe, expect, test } from 'vitest'
import type { Framing } from '../../server/glossary/camera.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import type { HelpPoint, OnvifDeviceSite, Site } from '../../server/glossary/site.ts'
import { devicePlans } from '../../server/onvif-device/device-plan.ts'
import { pictureFor } from '../../server/onvif-device/picture-choice.ts'
import { annexB, picturesIn, withSets } from '../../server/onvif-device/stream/access-units.ts'
import { packetsOf, senderReport } from '../../server/onvif-device/stream/rtp-packets.ts'
import { createRtpTimeline } from '../../server/onvif-device/stream/rtp-timeline.ts'
import { descriptionOf, tokenOf } from '../../server/onvif-device/stream/rtsp-session.ts'
import { hardwareAddress } from '../../server/tools/onvif-server/device-answers.ts'

describe('the camera that a stream shows', () => {
  const framing = (camera: string, state: Framing['state'], role: Framing['role'] = 'primary') =>
    ({ camera, state, role }) as Framing
  const incident = (helpPoint: string, calledAt: string | null, framings: Framing[], more: Partial<Incident> = {}) =>
    ({
      kind: 'press',
      state: 'open',
      recalledAt: null,
      openedAt: calledAt,
      helpPoint,
      calledAt,
      framings,
      presses: [{ kind: 'press' }],
      ...more,
    }) as Incident
  const now = { token: 'press-now', name: '', helpPoint: null }
  const bar = { token: 'bar', name: '', helpPoint: 'bar' as HelpPointId }
  const shown = (incidents: Incident[], stream: Parameters<typeof pictureFor>[0] = now) =>
    pictureFor(stream, incidents).camera

  test('is nobody’s while nothing is open, and while no camera has come', () => {
    expect([shown([]), shown([incident('bar', '1', [])])]).toEqual([null, null])
  })
  test('is the first camera, already while it turns', () => {
    expect(shown([incident('bar', '1', [framing('a', 'moving'), framing('b', 'moving', 'secondary')])])).toBe('a')
  })
  test('is a further one where that is proven and the first is not', () => {
    expect(shown([incident('bar', '1', [framing('a', 'unproven'), framing('b', 'framed', 'secondary')])])).toBe('b')
    expect(shown([incident('bar', '1', [framing('a', 'framed'), framing('b', 'framed', 'secondary')])])).toBe('a')
  })
  test('is no camera that failed', () => {
    expect(shown([incident('bar', '1', [framing('a', 'failed'), framing('b', 'moving', 'secondary')])])).toBe('b')
    expect(shown([incident('bar', '1', [framing('a', 'failed')])])).toBeNull()
  })
  test('is of who waits for somebody, then of the newest call', () => {
    const older = incident('bar', '1', [framing('a', 'framed')])
    const newer = incident('park', '2', [framing('b', 'framed')])
    expect(shown([older, newer])).toBe('b')
    expect(shown([older, { ...newer, state: 'acknowledged' }])).toBe('a')
    expect(shown([older, { ...newer, state: 'acknowledged', recalledAt: '3' }])).toBe('b')
  })
  test('is said to be missing where somebody has pressed and no camera shows it', () => {
    expect(pictureFor(now, [incident('bar', '1', [framing('a', 'failed')])])).toEqual({ camera: null, isOpen: true })
    expect(pictureFor(now, [])).toEqual({ camera: null, isOpen: false })
  })
  test('of one help point is of no other', () => {
    const park = incident('park', '2', [framing('b', 'framed')])
    expect([shown([park], bar), shown([park, incident('bar', '1', [framing('a', 'framed')])], bar)]).toEqual([
      null,
      'a',
    ])
  })
  test('is of no press that was held on its way', () => {
    const taken = incident('bar', '1', [framing('a', 'framed')], { state: 'acknowledged' })
    const late = incident('park', null, [], {
      openedAt: '9',
      presses: [{ kind: 'press', late: true }] as Incident['presses'],
    })
    expect(pictureFor(now, [taken, late])).toEqual({ camera: 'a', isOpen: true })
  })
  test('is of no drill', () =>
    expect(
      shown([
        incident('bar', '1', [framing('a', 'framed')], {
          kind: 'drill',
          presses: [{ kind: 'drill' }] as Incident['presses'],
        }),
      ]),
    ).toBeNull())
})

describe('RTP', () => {
  const fields = (packet: Buffer) => ({
    length: packet.readUInt16BE(2),
    marker: ((packet[5] ?? 0) & 0x80) !== 0,
    sequence: packet.readUInt16BE(6),
    time: packet.readUInt32BE(8),
    ssrc: packet.readUInt32BE(12),
  })
  test('has small units whole and large ones in fragments, and marks the end of a picture', () => {
    const place = { sequence: 65_534, ssrc: 7 }
    const large = Buffer.concat([Buffer.of(0x65), Buffer.from(Array.from({ length: 5000 }, (_, i) => i & 0xff))])
    const packets = packetsOf([Buffer.of(0x67, 1, 2), large], 2 ** 32 + 90, place)
    expect(packets.map((packet) => fields(packet))).toMatchObject([
      { sequence: 65_534, time: 90, ssrc: 7, marker: false, length: 15 },
      { sequence: 65_535, marker: false },
      { sequence: 0, marker: false },
      { sequence: 1, marker: false },
      { sequence: 2, marker: true },
    ])
    expect(place.sequence).toBe(3)
    const [, first, ...rest] = packets
    expect(first?.subarray(16, 18)).toEqual(Buffer.of(0x7c, 0x85))
    expect(rest.at(-1)?.[17]).toBe(0x45)
    // Put together again it is what it was.
    expect(Buffer.concat([Buffer.of(0x65), ...packets.slice(1).map((packet) => packet.subarray(18))])).toEqual(large)
    for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(4 + 12 + 1360)
  })
  test('of a unit that fits exactly is one packet', () => {
    expect(packetsOf([Buffer.alloc(1360, 1)], 0, { sequence: 0, ssrc: 0 })).toHaveLength(1)
    expect(packetsOf([Buffer.alloc(1361, 1)], 0, { sequence: 0, ssrc: 0 })).toHaveLength(2)
  })
  test('says with a report what time a picture is of', () => {
    const report = senderReport(Date.UTC(2026, 10, 29, 23, 0, 0, 500), 90_000, 7, { packets: 3, bytes: 4 })
    expect(report.readUInt32BE(12) - 2_208_988_800).toBe(Date.UTC(2026, 10, 29, 23) / 1000)
    expect(report.readUInt32BE(16)).toBe(2 ** 31)
  })
})

describe('times of a stream that shows one source after the other', () => {
  function timeline() {
    let now = 1000
    const times = createRtpTimeline(() => now, 0)
    return { times, wait: (ms: number) => void (now += ms) }
  }
  test('follow a camera’s own steps', () => {
    const { times, wait } = timeline()
    times.spread([0])
    wait(80)
    const first = times.after(7200)
    wait(80)
    expect(times.after(7200) - first).toBe(7200)
  })
  test('only grow: equal steps, steps back and none at all', () => {
    const { times } = timeline()
    const outs = [times.now(), times.after(0), times.after(-50_000), times.now(), times.after(1)]
    expect(outs.toSorted((a, b) => a - b)).toEqual(outs)
    expect(new Set(outs).size).toBe(outs.length)
  })
  test('begin with what is old in the time that is left, so that the newest picture is of now', () => {
    const { times, wait } = timeline()
    times.now()
    wait(500)
    const outs = times.spread([0, 45_000, 90_000])
    expect(outs.at(-1)).toBeCloseTo(500 * 90, -3)
    expect(outs.toSorted((a, b) => a - b)).toEqual(outs)
  })
  test('of a camera whose clock runs away are ours again', () => {
    const { times, wait } = timeline()
    times.now()
    for (let i = 0; i < 100; i += 1) {
      wait(40)
      times.after(7200)
    }
    expect(Math.abs(times.after(7200) - 4000 * 90)).toBeLessThan(2.1 * 90_000)
  })
})

describe('H.264', () => {
  const [SPS, PPS, IDR, SLICE, AUD] = [
    Buffer.of(0x67, 1),
    Buffer.of(0x68, 2),
    Buffer.of(0x65, 3),
    Buffer.of(0x41, 4),
    Buffer.of(9, 5),
  ]
  test('out of a byte stream, with short and long start codes', () => {
    const stream = Buffer.concat([
      Buffer.of(0, 0, 0, 1),
      SPS,
      Buffer.of(0, 0, 1),
      PPS,
      Buffer.of(0, 0, 0, 1),
      IDR,
      Buffer.of(0, 0, 1),
      SLICE,
    ])
    expect(annexB(stream)).toEqual([SPS, PPS, IDR, SLICE])
    expect(picturesIn(stream).map(({ isKey }) => isKey)).toEqual([true, false])
    expect(annexB(Buffer.alloc(0))).toEqual([])
  })
  test('has parameter sets before each key picture, once, the camera’s newest ones', () => {
    const known = { sps: [Buffer.of(0x67, 9)], pps: [Buffer.of(0x68, 9)] }
    expect(withSets([IDR], known)).toEqual([...known.sps, ...known.pps, IDR])
    expect(withSets([AUD, SPS, PPS, IDR], known)).toEqual([SPS, PPS, IDR])
  })
})

test.each([
  ['rtsp://h:1/stream/press-now', 'press-now'],
  ['rtsp://h/stream/press-now/track0', 'press-now'],
  ['rtsps://[::1]:9/stream/bar?x=1', 'bar'],
  ['rtsp://h/other/bar', null],
  ['rtsp://h/stream/', null],
  ['rtsp://h/stream/%E0%A4%A', null],
  ['*', null],
])('the picture of %s is %j', (url, token) => expect(tokenOf(url)).toBe(token))
test('a description cannot be written into by a name', () => {
  const text = descriptionOf('a\r\nm=audio 0', {
    width: 1,
    height: 1,
    sps: [Buffer.of(0x67, 0x64, 0, 0x1f)],
    pps: [Buffer.of(0x68)],
  })
  expect(text.split('\r\n').filter((line) => line.startsWith('m='))).toHaveLength(1)
  expect(text).toContain('profile-level-id=64001f')
})

describe('the devices of a town', () => {
  const points = ['bar', 'park', 'station'].map((id) => ({ id, name: `At ${id}` }) as HelpPoint)
  const town = { id: 'darlington', name: 'Darlington', helpPoints: points } as Site
  const site = (more: Partial<OnvifDeviceSite>) =>
    ({ host: null, port: 8899, devices: 'one', addresses: new Map(), ...more }) as OnvifDeviceSite
  test('are one with an input for each help point, and a picture of whichever was pressed last', () => {
    const [plan, ...others] = devicePlans(town, site({}))
    expect([others.length, plan?.port, plan?.inputs.length]).toEqual([0, 8899, 3])
    expect(plan?.streams.map(({ token }) => token)).toEqual(['press-now', 'bar', 'park', 'station'])
  })
  test('or one for each help point, with ports, names and network addresses of their own', () => {
    const plans = devicePlans(
      town,
      site({ devices: 'each', addresses: new Map([['park' as HelpPointId, '10.0.0.9']]) }),
    )
    expect(plans.map(({ id, host, port }) => [id, host, port])).toEqual([
      ['bar', null, 8899],
      ['park', '10.0.0.9', 8899],
      ['station', null, 8900],
    ])
    expect(new Set(plans.map(({ serial }) => hardwareAddress(serial))).size).toBe(3)
    expect(plans.map(({ streams }) => streams.map(({ token }) => token))).toEqual([['bar'], ['park'], ['station']])
  })
  test('keep their network addresses for ever: locally administered, and of no group', () => {
    expect(hardwareAddress('lamppost-darlington')).toBe(hardwareAddress('lamppost-darlington'))
    expect(hardwareAddress('lamppost-darlington')).toMatch(/^02(:[0-9a-f]{2}){5}$/)
  })
})
