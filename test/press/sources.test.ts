import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Arrival, HelpPointId, PressId } from '../../server/glossary/press.ts'
import { createLorawanSource } from '../../server/press/sources/lorawan-source.ts'
import { readLorawan } from '../../server/press/sources/lorawan-uplink.ts'
import { meaningOf } from '../../server/press/sources/mqtt-message.ts'
import { checkSignature } from '../../server/press/signed-press.ts'

const NOW = Date.parse('2026-11-20T22:30:00Z')

describe('a signed press', () => {
  const SECRET = 'a long secret of this help point'
  const body = Buffer.from('{"helpPoint":"blackwellgate","id":"4711"}')
  const sign = (timestamp: string, bytes: Buffer = body, secret = SECRET) => ({
    timestamp,
    body: bytes,
    signature: `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(bytes).digest('hex')}`,
  })

  test.each(['1795213800', '1795213800000', '2026-11-20T22:30:00Z'])('may say its time as %s', (timestamp) =>
    expect(checkSignature(sign(timestamp), SECRET, NOW)).toBe(NOW),
  )
  test('with another body, time or secret is refused', () => {
    const good = sign('1795213800')
    for (const bad of [
      { ...good, body: Buffer.from('{"helpPoint":"high-row","id":"4711"}') },
      { ...good, timestamp: '1795213801' },
      sign('1795213800', body, 'another'),
      { ...good, signature: 'sha256=00' },
      { ...good, signature: '' },
      { ...good, signature: good.signature.toUpperCase() },
      { ...good, signature: `${good.signature} ` },
    ])
      expect(() => checkSignature(bad, SECRET, NOW)).toThrow(
        expect.objectContaining({ code: 'people/unauthenticated' }),
      )
  })
  test('of a help point without a secret is refused', () =>
    expect(() => checkSignature(sign('1795213800'), null, NOW)).toThrow(
      expect.objectContaining({ code: 'people/unauthenticated' }),
    ))
  test('of six minutes ago or ahead is refused with our time, one of four is not', () => {
    for (const off of [-360, 360])
      expect(() => checkSignature(sign(String(1_795_213_800 + off)), SECRET, NOW)).toThrow(
        expect.objectContaining({
          code: 'press/out-of-time',
          message: expect.stringContaining('2026-11-20T22:30:00.000Z'),
        }),
      )
    expect(checkSignature(sign(String(1_795_213_800 - 240)), SECRET, NOW)).toBe(NOW - 240_000)
  })
  test('whose time cannot be read is refused', () =>
    expect(() => checkSignature(sign('soon'), SECRET, NOW)).toThrow(
      expect.objectContaining({ code: 'press/out-of-time' }),
    ))
})

describe('an MQTT message', () => {
  const read = (
    payload: string,
    when: Record<string, string | number | boolean> | null = null,
    key: string | null = null,
  ) => meaningOf(Buffer.from(payload), { when, key }).press
  test.each(['1', 'ON', 'not { json', '{}', 'null', '[1]'])(
    'that says %j is a press when every message is one',
    (payload) => expect(read(payload)).toEqual({ key: null, pressedAt: null, sentAt: null, kind: 'press' }),
  )
  test('may bring its key and its times', () =>
    expect(read('{"id":4711,"pressedAt":"2026-11-20T22:29:58Z","sentAt":"2026-11-20T22:29:59Z"}')).toEqual({
      key: '4711',
      pressedAt: '2026-11-20T22:29:58Z',
      sentAt: '2026-11-20T22:29:59Z',
      kind: 'press',
    }))
  test('has its key where the site file says, else at id', () => {
    expect(read('{"id":"4711"}')?.key).toBe('4711')
    expect(read('{"event":{"nonce":"a1"}}', null, 'event.nonce')?.key).toBe('a1')
  })
  test('may be a drill', () => expect(read('{"kind":"drill"}')?.kind).toBe('drill'))
  test('of a device that also tells other things is a press only when it says so', () => {
    const when = { action: 'single', 'input.id': 0 }
    expect(read('{"action":"single","input":{"id":0}}', when)).not.toBeNull()
    for (const other of [
      '{"action":"battery","input":{"id":0}}',
      '{"action":"single"}',
      '',
      '{"action":"single","input":{"id":1}}',
    ])
      expect(read(other, when)).toBeNull()
  })
  test('that is empty, or only takes a retained one back, is no press', () => {
    for (const empty of ['', ' ', '\n', '\0', '\uFEFF']) expect(read(empty)).toBeNull()
  })
  test.each([
    ['a truth that YAML 1.2 reads as a word', { pressed: 'yes' }, '{"pressed":true}'],
    ['a truth that the device writes as a word', { pressed: true }, '{"pressed":"ON"}'],
    ['a truth that the device writes as a number', { pressed: true }, '{"pressed":1}'],
    ['no truth', { 'input.idle': 'no' }, '{"input":{"idle":false}}'],
    ['a number that the device writes as text', { button: 4 }, '{"button":"4.0"}'],
    ['capital letters', { action: 'single' }, '{"action":"SINGLE"}'],
    ['a plain word', { text: 'pressed' }, 'Pressed\r\n'],
    ['a plain word in quotation marks', { text: 'pressed' }, '"pressed"'],
    ['a plain number', { text: 1 }, '1'],
    ['a plain truth', { text: 'on' }, 'true'],
    ['a name that is called text', { text: 'pressed' }, '{"text":"pressed"}'],
  ])('is a press that the site file describes by %s', (_, when, payload) => expect(read(payload, when)).not.toBeNull())
  test.each([
    [{ pressed: 'yes' }, '{"pressed":false}'],
    [{ pressed: true }, '{"pressed":0}'],
    [{ pressed: true }, '{"pressed":null}'],
    [{ pressed: true }, '{"pressed":2}'],
    [{ button: 1 }, '{"button":""}'],
    [{ text: 'pressed' }, 'released'],
    [{ text: 'pressed' }, '{"other":"pressed"}'],
    [{ text: 'pressed' }, '["pressed"]'],
    [{ text: 1 }, '0'],
  ])('that the site file’s %j does not describe (%s) is none', (when, payload) =>
    expect(read(payload, when)).toBeNull(),
  )
  test('with names that mean something to JavaScript is read as it is', () =>
    expect(read('{"__proto__":{"action":"single"}}', { action: 'single' })).toBeNull())
})

/** As captured: a MClimate button over The Things Stack, a Milesight WS101 over ChirpStack v4 (shortened). */
const TTS = {
  end_device_ids: {
    device_id: 'eui-70b3d52dd600035a',
    application_ids: { application_id: 'starter-kit' },
    dev_eui: '70B3D52DD600035A',
    join_eui: 'EC656E0000000001',
    dev_addr: '27FE87F6',
  },
  correlation_ids: ['gs:uplink:01JRZ767CVCHBZW1Y8YG9PZ3TS'],
  received_at: '2025-04-16T11:54:13.995136483Z',
  uplink_message: {
    session_key_id: 'aAixKtmNZUKQXd4GqpHDsw==',
    f_port: 2,
    f_cnt: 14,
    frm_payload: 'sQAAEAHlANcB',
    decoded_payload: { pressEvent: 1 },
    rx_metadata: [{ time: '2025-04-16T11:51:13Z' }],
    received_at: '2025-04-16T11:54:13.787593298Z',
    confirmed: true,
  },
}
const TTS_JOIN = {
  end_device_ids: { device_id: 'dev1', dev_eui: '0004A30B001C0530', dev_addr: '01497ECC' },
  received_at: '2020-02-17T07:49:09.935284891Z',
  join_accept: { session_key_id: 'AXBSH1Pk6Z0G166RlH16CQ==', received_at: '2020-02-17T07:49:09.736532315Z' },
}
const CHIRPSTACK = {
  deduplicationId: 'f37950b7-7628-4701-b387-513b676fbb60',
  time: '2024-04-24T11:33:35.335+00:00',
  deviceInfo: { tenantName: 'PERSON TECHNOLOGY', deviceName: 'PULSO edit', devEui: '24e124535d387374', tags: {} },
  devAddr: '00754d8f',
  adr: true,
  dr: 5,
  fCnt: 94,
  fPort: 85,
  confirmed: true,
  data: '/y4B',
  object: { press: 'short' },
  rxInfo: [{ gwTime: '2024-04-24T11:33:35.335256+00:00', nsTime: '2024-04-24T11:33:35.370301478+00:00' }],
}
const CHIRPSTACK_STATUS = {
  deduplicationId: 'a0047d3f-b432-4400-8ef8-ed8fad4c9025',
  time: '2025-03-07T08:16:15.688878229+00:00',
  deviceInfo: { deviceName: 'node-01', devEui: '9620853c959b5856' },
  margin: 10,
  externalPowerSource: false,
  batteryLevel: 100,
}

describe('a LoRaWAN webhook', () => {
  test('of The Things Stack is read; its time is the network server’s', () => {
    expect(readLorawan(TTS, null)).toEqual({
      ids: ['eui-70b3d52dd600035a', '70b3d52dd600035a'],
      uplink: {
        key: 'lorawan 70b3d52dd600035a aAixKtmNZUKQXd4GqpHDsw== 14 2025-04-16T11:54:13.787593298Z',
        timed: true,
        port: 2,
        payload: Buffer.from('b100001001e500d701', 'hex'),
        at: '2025-04-16T11:54:13.787593298Z',
      },
    })
  })
  test('of ChirpStack v4 is read', () => {
    expect(readLorawan(CHIRPSTACK, 'up')).toEqual({
      ids: ['24e124535d387374', 'pulso edit'],
      uplink: {
        key: 'lorawan 24e124535d387374 - 94 2024-04-24T11:33:35.335+00:00',
        timed: true,
        port: 85,
        payload: Buffer.from('ff2e01', 'hex'),
        at: '2024-04-24T11:33:35.370301478+00:00',
      },
    })
  })
  test('that leaves out a counter of 0 has one of 0', () => {
    const { f_cnt: _, ...uplink } = TTS.uplink_message
    expect(readLorawan({ ...TTS, uplink_message: uplink }, null).uplink?.key).toBe(
      'lorawan 70b3d52dd600035a aAixKtmNZUKQXd4GqpHDsw== 0 2025-04-16T11:54:13.787593298Z',
    )
  })
  test('of a join or a status is a sign of life', () => {
    expect(readLorawan(TTS_JOIN, null)).toMatchObject({ uplink: null })
    expect(readLorawan(CHIRPSTACK_STATUS, 'status')).toMatchObject({
      uplink: null,
      ids: ['9620853c959b5856', 'node-01'],
    })
    expect(readLorawan({ ...CHIRPSTACK_STATUS, data: null }, 'status')).toMatchObject({ uplink: null })
  })
  test.each([[{}], [[]], ['text'], [{ end_device_ids: {} }], [{ deviceInfo: 7 }]])(
    'that is neither’s (%j) is refused with the remedy',
    (body) => expect(() => readLorawan(body, null)).toThrow(expect.objectContaining({ code: 'press/unreadable' })),
  )

  function source() {
    const arrivals: Arrival[] = []
    const heard: string[] = []
    const keys = new Map<string, string>()
    const lorawan = createLorawanSource({
      buttons: () => [
        { helpPoint: 'bar' as HelpPointId, device: '24E124535D387374', port: 85, payload: Buffer.from('ff2e', 'hex') },
      ],
      accept: async (arrival) => {
        arrivals.push(arrival)
        const repeated = keys.has(arrival.key ?? '')
        if (!repeated) keys.set(arrival.key ?? '', '2024-04-24T11:33:36.000Z')
        return {
          receipt: {
            press: 'prs-1' as PressId,
            incident: 'inc-1' as IncidentId,
            receivedAt: keys.get(arrival.key ?? '') ?? '',
          },
          repeated,
        }
      },
      heard: (helpPoint) => heard.push(helpPoint),
    })
    const post = (body: unknown, event: string | null = 'up') => lorawan.post(body, event, 'token', () => {})
    return { arrivals, heard, post }
  }
  test('presses its help point once, however often it is sent', async () => {
    const { post, arrivals } = source()
    expect(await post(CHIRPSTACK)).toMatchObject({ repeated: false })
    expect(await post(CHIRPSTACK)).toMatchObject({ repeated: true })
    expect(arrivals[0]).toMatchObject({
      helpPoint: 'bar',
      relayedAt: '2024-04-24T11:33:35.370301478+00:00',
      source: 'lorawan',
    })
  })
  test('with the same counter days later is another press: the device began anew', async () => {
    const { post } = source()
    await post(CHIRPSTACK)
    const again = { ...CHIRPSTACK, time: '2024-05-01T11:33:35Z' }
    expect(await post(again)).toMatchObject({ repeated: false })
    expect(await post(again)).toMatchObject({ repeated: true })
  })
  test(
    'whose counter begins anew minutes later is another press, whatever ' +
      'its session is called; the same uplink again is not',
    async () => {
      for (const body of [TTS, CHIRPSTACK]) {
        const keyAt = (at: string, change = {}) =>
          readLorawan(
            {
              ...body,
              ...change,
              time: at,
              received_at: at,
              uplink_message: { ...TTS.uplink_message, received_at: at },
            },
            'up',
          ).uplink?.key
        expect(keyAt('2026-11-20T22:30:00.1Z')).toBe(keyAt('2026-11-20T22:30:00.1Z'))
        expect(keyAt('2026-11-20T22:30:00.1Z')).not.toBe(keyAt('2026-11-20T22:32:00Z'))
        expect(
          keyAt(
            '2026-11-20T22:30:00.1Z',
            'devAddr' in body ? { devAddr: '1' } : { end_device_ids: { ...TTS.end_device_ids, dev_addr: '1' } },
          ),
        ).toBe(keyAt('2026-11-20T22:30:00.1Z'))
      }
    },
  )
  test('with another session and the same counter is another uplink', () => {
    const other = { ...TTS, uplink_message: { ...TTS.uplink_message, session_key_id: 'other' } }
    expect(readLorawan(other, null).uplink?.key).not.toBe(readLorawan(TTS, null).uplink?.key)
  })
  test('without a time is the same for two minutes', async () => {
    const { post, arrivals } = source()
    const { time: _, rxInfo: __, ...untimed } = CHIRPSTACK
    await post(untimed)
    expect(arrivals[0]).toMatchObject({ key: 'lorawan 24e124535d387374 - 94', sameForMs: 120_000, relayedAt: null })
  })
  test('may write its port as text', async () => {
    const { post, arrivals } = source()
    await post({ ...CHIRPSTACK, fPort: '85' })
    expect(arrivals).toHaveLength(1)
  })
  test('may write its counter as text', () =>
    expect(readLorawan({ ...CHIRPSTACK, fCnt: '94' }, 'up').uplink?.key).toBe(
      readLorawan(CHIRPSTACK, 'up').uplink?.key,
    ))
  test('with another port or payload shows that the button lives, and is no press', async () => {
    const { post, heard, arrivals } = source()
    expect(await post({ ...CHIRPSTACK, fPort: 2 })).toBeNull()
    expect(await post({ ...CHIRPSTACK, data: 'AXVk' })).toBeNull()
    expect(await post({ ...CHIRPSTACK, fPort: undefined, data: undefined })).toBeNull()
    expect(heard).toEqual(['bar', 'bar', 'bar'])
    expect(arrivals).toEqual([])
  })
  test('of a device that no help point has is refused by its name', async () =>
    await expect(source().post(TTS)).rejects.toMatchObject({
      code: 'help-point/unknown',
      message: expect.stringContaining('70b3d52dd600035a'),
    }))
})
