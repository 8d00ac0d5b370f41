/** SIP's own words: descriptions, messages of a stream, who took a call back, keys beside the sound. */
import { createSocket } from 'node:dgram'
import { describe, expect, test } from 'vitest'
import { keyEvents } from '../../server/call/sip/key-events.ts'
import { createHeardThere, readReport } from '../../server/call/sip/rtcp.ts'
import { openRtpLeg } from '../../server/call/sip/rtp-leg.ts'
import { cancelledBy, createSipAgent } from '../../server/call/sip/sip-agent.ts'
import { splitMessages } from '../../server/call/sip/sip-connection.ts'
import { description, mirrored, readOffer } from '../../server/call/sip/sip-description.ts'
import { until } from '../contracts/test-town.ts'

const offer = (...lines: string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...lines, ''].join('\r\n')
const AUDIO = ['m=audio 30000 RTP/AVP 8 101', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000']
const OURS = { address: '127.0.0.1', port: 40_000, reportPort: 40_007, session: 7, version: 8 }

describe('an offer', () => {
  test('says where sound goes, and what keys are called', () =>
    expect(readOffer(offer(...AUDIO)).sound).toEqual({
      address: '127.0.0.1',
      port: 30_000,
      keys: 101,
      direction: 'sendrecv',
    }))
  test('of one format alone is read', () =>
    expect(readOffer(offer('m=audio 30000 RTP/AVP 8')).sound).toMatchObject({ port: 30_000, keys: null }))
  test('may end without a line end, and name formats that nobody has', () => {
    const text = offer('m=audio 30000 RTP/AVP 8').trimEnd()
    expect(readOffer(text).sound.port).toBe(30_000)
    const many = Array.from({ length: 200 }, (_, i) => String(i % 128)).join(' ')
    expect(readOffer(offer(`m=audio 30000 RTP/AVP ${many}`)).sound.port).toBe(30_000)
  })
  test('has the address of its own line before that of the session', () =>
    expect(readOffer(offer('m=audio 30000 RTP/AVP 8', 'c=IN IP4 127.0.0.9')).sound.address).toBe('127.0.0.9'))
  test.each(['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const)('says that it is %s', (direction) =>
    expect(readOffer(offer(...AUDIO, `a=${direction}`)).sound.direction).toBe(direction),
  )
  test('to 0.0.0.0 is a hold, as old devices say it', () =>
    expect(readOffer(offer('m=audio 30000 RTP/AVP 8', 'c=IN IP4 0.0.0.0')).sound.direction).toBe('inactive'))
  test('of two sounds is answered for the first that we can', () => {
    const { lines, sound } = readOffer(
      offer('m=audio 0 RTP/AVP 8', 'm=audio 30002 RTP/AVP 8', 'm=audio 30004 RTP/AVP 8'),
    )
    expect([sound.port, lines.map(({ chosen }) => chosen)]).toEqual([30_002, [false, true, false]])
  })
  test.each([
    ['without sound', offer('m=video 30000 RTP/AVP 96')],
    ['of another sound', offer('m=audio 30000 RTP/AVP 0')],
    ['whose port is 0', offer('m=audio 0 RTP/AVP 8')],
    ['of encrypted sound', offer('m=audio 30000 RTP/SAVP 8')],
    ['that is nothing', ''],
    ['that is no description', 'hello'],
    ['without an address', 'v=0\r\nm=audio 30000 RTP/AVP 8\r\n'],
    ['of a megabyte', 'v=0\r\n'.repeat(200_000)],
  ])('%s is refused with words', (_, text) => expect(() => readOffer(text)).toThrow(/it |a description/))
})

describe('an answer', () => {
  const mediaOf = (text: string): string[] => text.split('\r\n').filter((line) => /^(m|a)=/.test(line))
  test('has a line for each that was offered; what we do not want has port 0', () =>
    expect(
      mediaOf(
        description(OURS, readOffer(offer('m=video 30006 RTP/AVP 96', ...AUDIO, 'm=text 30008 RTP/AVP 98'))),
      ).filter((line) => line.startsWith('m=')),
    ).toEqual(['m=video 0 RTP/AVP 96', 'm=audio 40000 RTP/AVP 8 101', 'm=text 0 RTP/AVP 98']))
  test.each([
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
  ] as const)('to %s is %s', (asked, said) => {
    expect(mirrored(asked)).toBe(said)
    expect(mediaOf(description(OURS, readOffer(offer(...AUDIO, `a=${asked}`))))).toContain(`a=${said}`)
  })
  test('names keys as they were offered, and not where they were not', () => {
    expect(description(OURS, readOffer(offer('m=audio 30000 RTP/AVP 8')))).not.toContain('telephone-event')
    expect(description(OURS, readOffer(offer(...AUDIO)))).toContain('a=rtpmap:101 telephone-event/8000')
  })
  test('is our own offer where none came', () =>
    expect(mediaOf(description(OURS, null))[0]).toBe('m=audio 40000 RTP/AVP 8 101'))
  test('is read as an offer again', () =>
    expect(readOffer(description(OURS, null)).sound).toEqual({
      address: '127.0.0.1',
      port: 40_000,
      keys: 101,
      direction: 'sendrecv',
    }))
})

describe('a stream of messages', () => {
  const message = (body: string, name = 'Content-Length'): string =>
    `INVITE sip:a SIP/2.0\r\n${name}: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  test('is split where each ends, whatever the pieces in which it comes', () => {
    const all = Buffer.from(`\r\n\r\n${message('one')}\r\n${message('grüß', 'l')}${message('')}`)
    for (let cut = 0; cut <= all.length; cut += 1) {
      const first = splitMessages(all.subarray(0, cut))
      const second = splitMessages(Buffer.concat([first.rest, all.subarray(cut)]))
      expect([...first.messages, ...second.messages].map((each) => each.split('\r\n\r\n')[1])).toEqual([
        'one',
        'grüß',
        '',
      ])
      expect(second.rest).toHaveLength(0)
    }
  })
  test('keeps half a message for later', () =>
    expect(splitMessages(Buffer.from('INVITE sip:a SIP/2.0\r\nContent-Length: 9\r\n\r\nhalf')).messages).toEqual([]))
})

describe('a call that is taken back', () => {
  test.each([
    ['SIP;cause=200;text="Call completed elsewhere"', true, 5000, 'answered-elsewhere'],
    ['SIP ;cause="200"', false, 10, 'answered-elsewhere'],
    [undefined, true, 5000, 'gave-up'],
    ['SIP;cause=487', true, 5000, 'gave-up'],
    [undefined, false, 500, 'gave-up'],
    // The edge waits for two seconds, and goes on to the desk.
    [undefined, false, 2000, 'forwarded'],
    [undefined, true, 2000, 'gave-up'],
    ['SIP;cause=2000', true, 5000, 'gave-up'],
  ] as const)('with %s, rung %s, after %i ms is %s', (reason, rang, after, by) =>
    expect(cancelledBy(reason, rang, after)).toBe(by),
  )
})

describe('keys beside the sound (RFC 4733)', () => {
  const packets = keyEvents('1#')
  test('are a packet for each 20 ms, each later by its length, and the end three times', () => {
    const first = packets.slice(0, 15)
    expect(first.map((each) => each && [...each.payload])).toEqual([
      ...[160, 320, 480, 640, 800, 960, 1120, 1280].map((lasted) => [1, 10, lasted >> 8, lasted & 0xff]),
      ...Array.from({ length: 3 }, () => [1, 0x8a, 5, 0]),
      null,
      null,
      null,
      null,
    ])
    expect(first.map((each) => each?.first ?? null).slice(0, 3)).toEqual([true, false, false])
    expect(packets[15]).toMatchObject({ first: true, payload: Uint8Array.of(11, 10, 0, 160) })
  })
  test('know all sixteen', () =>
    expect([...'0123456789*#ABCD'].map((key) => keyEvents(key)[0]?.payload[0])).toEqual([...Array(16).keys()]))
  test('refuse what is no key', () => expect(() => keyEvents('1x')).toThrow('no key x'))
  test('go in the place of sound, with the time of their first packet, and the sound goes on after them', async () => {
    const sent: Buffer[] = []
    const ear = createSocket('udp4')
    ear.on('message', (bytes) => sent.push(bytes))
    await new Promise<void>((resolve) => ear.bind(0, '127.0.0.1', resolve))
    const leg = await openRtpLeg('127.0.0.1', () => {})
    const to = { address: '127.0.0.1', port: ear.address().port, direction: 'sendrecv' } as const
    leg.sendTo({ ...to, keys: null })
    expect(leg.sendKeys('1')).toBe(false)
    leg.sendTo({ ...to, keys: 101 })
    const frame = new Uint8Array(160).fill(0xd5)
    leg.send(frame, null)
    expect(leg.sendKeys('1')).toBe(true)
    for (let i = 0; i < 17; i += 1) leg.send(frame, null)
    await until(
      () => sent.length,
      (count) => count === 14,
    )
    const seen = sent.map((bytes) => ({
      type: (bytes[1] ?? 0) & 0x7f,
      marked: (bytes[1] ?? 0) >> 7,
      time: bytes.readUInt32BE(4),
    }))
    expect(seen.map(({ type }) => type)).toEqual([8, ...Array<number>(11).fill(101), 8, 8])
    const [start = 0] = seen.map(({ time }) => time)
    expect(new Set(seen.slice(1, 12).map(({ time }) => (time - start) >>> 0))).toEqual(new Set([160]))
    expect(seen.slice(1, 3).map(({ marked }) => marked)).toEqual([1, 0])
    expect(seen.slice(12).map(({ time }) => (time - start) >>> 0)).toEqual([16 * 160, 17 * 160])
    const numbers = sent.map((bytes) => bytes.readUInt16BE(2))
    expect(numbers.map((number) => (number - (numbers[0] ?? 0)) & 0xffff)).toEqual([...Array(14).keys()])
    leg.close()
    ear.close()
  })
})

test('a drill never calls a telephone outside: the SIP agent itself refuses', async () => {
  const opened: string[] = []
  const agent = createSipAgent(
    { port: 1, secret: 'x' },
    {
      onRegistered: () => {},
      onInvite: () => {},
      onCancelled: () => {},
      onHungUp: () => {},
      openSound: (sip) => {
        opened.push(sip)
        return Promise.reject(new Error('no sound here'))
      },
      onError: () => {},
    },
  )
  const trunk = {
    host: 'trunk.example',
    port: null,
    transport: 'udp',
    username: null,
    password: null,
    ca: null,
    callerId: null,
    address: null,
  } as const
  await expect(agent.place('pty-1', { number: '999', trunk }, 'drill')).rejects.toThrow('no telephone outside')
  expect(opened).toEqual([])
  // A person's call goes on, as far as the edge, which this test does not have.
  await expect(agent.place('pty-2', { number: '999', trunk }, 'person')).rejects.toThrow(/ECONNREFUSED|connect/i)
  await agent.close()
})

describe('a report of the other side', () => {
  const OUR_SOURCE = 0x01020304
  const block = (source: number, fraction: number): number[] => [
    ...[source >>> 24, (source >> 16) & 255, (source >> 8) & 255, source & 255],
    fraction,
    ...Array<number>(19).fill(0),
  ]
  /** Of a receiver, or of a sender (whose own counts come first). */
  const report = (kind: 200 | 201, ...blocks: number[][]): Uint8Array => {
    const body = [...(kind === 200 ? Array<number>(24).fill(0) : [9, 9, 9, 9]), ...blocks.flat()]
    return Uint8Array.of(0x80 | blocks.length, kind, 0, body.length / 4, ...body)
  }
  test.each([
    ['of a receiver', report(201, block(OUR_SOURCE, 255)), { lost: 255 / 256 }],
    ['of a sender', report(200, block(OUR_SOURCE, 64)), { lost: 0.25 }],
    ['of two sources, the second ours', report(201, block(7, 200), block(OUR_SOURCE, 0)), { lost: 0 }],
    ['of another source alone', report(201, block(7, 200)), { lost: null }],
    ['of nobody', report(201), { lost: null }],
    ['behind other packets', Buffer.concat([Uint8Array.of(0x81, 202, 0, 1, 0, 0, 0, 0), report(201)]), { lost: null }],
    ['cut off', report(201, block(OUR_SOURCE, 255)).subarray(0, 20), null],
    ['of more blocks than it has', Uint8Array.of(0x9f, 201, 0, 1, 0, 0, 0, 0), { lost: null }],
    ['of no kind that we know', Uint8Array.of(0x80, 202, 0, 1, 0, 0, 0, 0), null],
    ['of another version', Uint8Array.of(0x41, 201, 0, 1, 0, 0, 0, 0), null],
    ['of nothing', new Uint8Array(0), null],
  ])('%s is read', (_, bytes, expected) => expect(readReport(bytes, OUR_SOURCE)).toEqual(expected))
  test('that all is lost says that we are not heard; one of something that we are', () => {
    const there = createHeardThere()
    there.report({ lost: 0.5 }, 0)
    expect(there.isDeaf(0)).toBe(false)
    there.report({ lost: 255 / 256 }, 0)
    expect(there.isDeaf(0)).toBe(true)
    there.report({ lost: 0.1 }, 0)
    expect(there.isDeaf(0)).toBe(false)
  })
  test('is forgotten when no other follows, and when we may not send', () => {
    const there = createHeardThere()
    there.report({ lost: 255 / 256 }, 1000)
    expect([there.isDeaf(15_000), there.isDeaf(17_000)]).toEqual([true, false])
    there.report({ lost: 255 / 256 }, 20_000)
    there.forget()
    expect(there.isDeaf(20_000)).toBe(false)
  })
  test('without a word of ours says so the second time, and only of a device that has told of us before', () => {
    const there = createHeardThere()
    for (let i = 0; i < 20; i += 1) there.report({ lost: null }, 0)
    expect(there.isDeaf(0)).toBe(false)
    there.report({ lost: 0 }, 0)
    there.report({ lost: null }, 0)
    expect(there.isDeaf(0)).toBe(false)
    there.report({ lost: null }, 0)
    expect(there.isDeaf(0)).toBe(true)
  })
})
