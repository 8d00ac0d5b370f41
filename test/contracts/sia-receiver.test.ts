import { createCipheriv } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { type Socket, connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Accepted, Arrival, HelpPointId, PressId } from '../../server/glossary/press.ts'
import { crc16 } from '../../server/press/sources/sia-frame.ts'
import { type SiaButton, type SiaReceiver, startSiaReceiver } from '../../server/press/sources/sia-receiver.ts'
import { realClock } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { until } from './test-town.ts'

const TAKEN: Accepted = {
  receipt: { press: 'prs-1' as PressId, incident: 'inc-1' as IncidentId, receivedAt: '2026-11-20T22:30:00.000Z' },
  repeated: false,
}
const KEY = Buffer.from('ABCD'.repeat(8), 'hex')
const button = (helpPoint: string, account: string, change: Partial<SiaButton> = {}): SiaButton => ({
  helpPoint: helpPoint as HelpPointId,
  account,
  zone: null,
  codes: null,
  key: null,
  ...change,
})
const BUTTONS = [
  button('bar', '1234', { zone: '5' }),
  button('arcade', '1234', { zone: '6' }),
  button('high-row', '080027E62A64', { key: KEY }),
  button('station', '12345A', { codes: ['110'] }),
]
const frame = (body: string): string =>
  `\n${crc16(Buffer.from(body, 'latin1')).toString(16).toUpperCase().padStart(4, '0')}` +
  `${body.length.toString(16).toUpperCase().padStart(4, '0')}${body}\r`

let receiver: SiaReceiver
let accept: (arrival: Arrival) => Promise<Accepted>
const arrivals: Arrival[] = []
const heard: string[] = []
const refused: string[] = []
beforeAll(async () => {
  receiver = await startSiaReceiver({
    host: '127.0.0.1',
    port: 0,
    buttons: () => BUTTONS,
    accept: (arrival) => accept(arrival),
    heard: (helpPoint) => heard.push(helpPoint),
    clock: realClock,
    onRefused: (reason) => refused.push(reason),
    onError: () => {},
  })
})
afterAll(() => receiver.close())
beforeEach(() => {
  for (const list of [arrivals, heard, refused]) list.length = 0
  accept = async (arrival) => {
    arrivals.push(arrival)
    return TAKEN
  }
})

/** Another's transmitter: sends bytes, hears what comes back. */
async function transmitter(): Promise<{
  socket: Socket
  send(bytes: string | Buffer): void
  said(): string
  answer(count?: number): Promise<string>
}> {
  const socket = connect(receiver.port, '127.0.0.1')
  let said = ''
  // Being cut off is what some of them are for.
  socket.on('error', () => {})
  socket.on('data', (chunk) => (said += chunk.toString('latin1')))
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    said: () => said,
    answer: (count = 1) =>
      until(
        () => said,
        (text) => text.split('\r').length > count,
        5000,
      ),
  }
}
async function once(bytes: string | Buffer): Promise<string> {
  const { socket, send, answer } = await transmitter()
  send(bytes)
  const said = await answer()
  socket.destroy()
  return said
}

/** A receiver whose clock a test moves, and a panel that says one message at a time and waits for its answer. */
async function timed() {
  const clock = createFakeClock(Date.parse('2026-11-28T18:00:00Z'))
  const brought: Arrival[] = []
  const { port, close } = await startSiaReceiver({
    host: '127.0.0.1',
    port: 0,
    buttons: () => BUTTONS,
    accept: async (arrival) => (brought.push(arrival), TAKEN),
    heard: () => {},
    clock,
    onRefused: () => {},
    onError: () => {},
  })
  async function say(body: string): Promise<void> {
    const panel = connect(port, '127.0.0.1')
    const said = new Promise((resolve) => panel.once('data', resolve))
    panel.write(frame(body))
    await said
    panel.destroy()
  }
  return { clock, brought, say, close }
}

describe('SIA DC-09 over TCP', () => {
  test('a panic alarm presses its help point, and is acknowledged as the standard has it', async () => {
    const answer = await once(frame('"SIA-DCS"0007R1L1#1234[#1234|Nri1/PA05]'))
    expect(answer).toMatch(/^\n[0-9A-F]{8}"ACK"0007R1L1#1234\[\]\r$/)
    expect(arrivals).toEqual([
      expect.objectContaining({ helpPoint: 'bar', kind: 'press', source: 'sia', pressedAt: null }),
    ])
  })
  test('Contact ID presses, too; the zone says which button', async () => {
    await once(frame('"ADM-CID"0008L0#1234[#1234|1120 01 006]'))
    expect(arrivals.map(({ helpPoint }) => helpPoint)).toEqual(['arcade'])
  })
  test.each([
    ['is left out', '"SIA-DCS"0021L0[#1234|Nri1/PA05]', '"ACK"0021L0[]'],
    ['is zeros', '"SIA-DCS"0022L0#0000[#1234|Nri1/PA05]', '"ACK"0022L0#0000[]'],
    ['is a device’s that no help point has', '"ADM-CID"0023L0#99[#1234|1120 01 005]', '"ACK"0023L0#99[]'],
  ])('a panel whose account in the header %s presses by the one inside the brackets', async (_, body, ack) => {
    expect(await once(frame(body))).toContain(ack)
    expect(arrivals.map(({ helpPoint }) => helpPoint)).toEqual(['bar'])
  })
  test('and an encrypted one by the account whose key deciphers it', async () => {
    const at = new Date().toISOString().replace(/^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d).*$/, '_$4,$2-$3-$1')
    const encrypted = (text: string, key: Buffer): string => {
      const padded = `${'P'.repeat(15 - (text.length % 16))}|${text}`
      const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
      return cipher.update(padded, 'latin1', 'hex') + cipher.final('hex')
    }
    const body = (account: string, key: Buffer): string =>
      frame(`"*SIA-DCS"0024L0[${encrypted(`#${account}|Nri1/PA01]${at}`, key).toUpperCase()}`)
    expect(await once(body('080027E62A64', KEY))).toContain('"*ACK"0024L0[')
    expect(arrivals.map(({ helpPoint }) => helpPoint)).toEqual(['high-row'])
    arrivals.length = 0
    expect(await once(body('1234', KEY))).toContain('"DUH"')
    expect(arrivals).toEqual([])
  })
  test('a published frame of another maker presses where the site file says so', async () => {
    expect(await once('\n87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]\r')).toContain(
      '"ACK"9876R579BDFL789ABC#12345A[]',
    )
    expect(arrivals.map(({ helpPoint }) => helpPoint)).toEqual(['station'])
  })
  test.each([
    '"SIA-DCS"0009L0#1234[#1234|Nri1/RP00]',
    '"ADM-CID"0010L0#1234[#1234|3120 01 005]',
    '"ADM-CID"0011L0#1234[#1234|1602 00 005]',
    '"SIA-DCS"0012L0#1234[#1234|Nri1/PA99]',
    '"NULL"0000L0#1234[]',
  ])('%s is acknowledged, shows that the device lives, and is no press', async (body) => {
    expect(await once(frame(body))).toContain('"ACK"')
    expect(arrivals).toEqual([])
    expect(new Set(heard)).toEqual(new Set(['bar', 'arcade']))
  })
  test('is acknowledged only when the press is on disk', async () => {
    let durable = (): void => {}
    accept = () => new Promise((resolve) => (durable = () => resolve(TAKEN)))
    const { socket, send, said, answer } = await transmitter()
    send(frame('"SIA-DCS"0013L0#1234[#1234|NPA05]'))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(said()).toBe('')
    durable()
    expect(await answer()).toContain('"ACK"0013')
    socket.destroy()
  })
  test('what could not be made durable is asked for again', async () => {
    accept = async () => {
      throw new Failure('ledger/unavailable', 'The disk is full.')
    }
    const body = frame('"SIA-DCS"0014L0#1234[#1234|NPA05]')
    expect(await once(body)).toMatch(/"NAK"0000R0L0A0\[\]_\d\d:\d\d:\d\d,\d\d-\d\d-\d{4}\r$/)
    accept = async (arrival) => (arrivals.push(arrival), TAKEN)
    expect(await once(body)).toContain('"ACK"0014')
    expect(arrivals).toHaveLength(1)
  })
  test('the same message sent again, because our answer was lost, is one press', async () => {
    const body = frame('"SIA-DCS"0015L0#1234[#1234|NPA05]_22:30:00,11-20-2026')
    expect(await once(body)).toContain('"ACK"0015')
    expect(await once(body)).toContain('"ACK"0015')
    expect(arrivals).toHaveLength(1)
  })
  test('the same message twice at once while the disk is full is answered twice, and the receiver lives', async () => {
    accept = () =>
      new Promise((_, reject) => setTimeout(() => reject(new Failure('ledger/unavailable', 'The disk is full.')), 50))
    const { socket, send, answer } = await transmitter()
    const body = frame('"SIA-DCS"0024L0#1234[#1234|NPA05]')
    send(body + body)
    expect([...(await answer(2)).matchAll(/"NAK"/g)]).toHaveLength(2)
    socket.destroy()
  })
  test('an answer is never answered: two receivers would talk for ever', async () => {
    const { socket, send, said } = await transmitter()
    for (const reply of ['"ACK"0001L0#1234[]', '"DUH"0001L0#1234[]', '"NAK"0000R0L0A0[]']) send(frame(reply))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(said()).toBe('')
    socket.destroy()
  })
  test('a peer that sends and never listens is cut off', async () => {
    const { socket, send } = await transmitter()
    const gone = new Promise((resolve) => socket.once('close', resolve))
    socket.pause()
    const bad = frame('"SIA-DCS"0025L0#1234[#1234|NPA05]').replace('PA05', 'PA06')
    for (let i = 0; i < 20; i += 1) send(bad.repeat(50))
    await gone
  })
  test('many messages over one connection, in pieces, are answered in their order', async () => {
    const { socket, send, answer } = await transmitter()
    const all = ['0016', '0017', '0018'].map((sequence) => frame(`"SIA-DCS"${sequence}L0#1234[#1234|NPA05]`)).join('')
    for (const piece of all.match(/[\s\S]{1,7}/g) ?? []) {
      send(Buffer.from(piece, 'latin1'))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect([...(await answer(3)).matchAll(/"ACK"(\d{4})/g)].map(([, sequence]) => sequence)).toEqual([
      '0016',
      '0017',
      '0018',
    ])
    socket.destroy()
  })
  test('a damaged message is asked for again, an account that nobody has is told as such, and both are noted', async () => {
    expect(await once(frame('"SIA-DCS"0019L0#1234[#1234|NPA05]').replace('PA05', 'PA06'))).toContain('"NAK"')
    expect(await once(frame('"SIA-DCS"0020L0#9999[#9999|NPA05]'))).toContain('"DUH"0020L0#9999[]')
    expect(refused).toEqual([expect.stringContaining('check sum'), expect.stringContaining('account 9999')])
    expect(arrivals).toEqual([])
  })
  test('whoever has a key cannot be spoken for without it, nor with an old message', async () => {
    expect(await once(frame('"SIA-DCS"0021L0#080027E62A64[#080027E62A64|NPA05]'))).toContain('"DUH"0021')
    expect(
      await once(
        '\nE88800a7"*SIA-DCS"0000RC0FFDL1234#080027E62A64[A054F111518361720BAB126501C6D994' +
          'CD9151D2C84881C0FEA933A0790F49A9236EBD45F2AED32FAA252EB1AA18FC3CDEDE2452F33185E5931D31308D9B9882\r',
      ),
    ).toContain('"NAK"')
    expect(arrivals).toEqual([])
  })
  test('the same bytes without a time half a minute later are for the desk to judge: the incident may be over', async () => {
    const { clock, brought, say, close } = await timed()
    const send = () => say('"SIA-DCS"0000L0#1234[#1234|Nri1/PA05]')
    await send()
    await clock.advance(10_000)
    await send()
    expect(brought).toHaveLength(1)
    await clock.advance(31_000)
    await send()
    expect(brought).toMatchObject([{ sameAfterClosedMs: 30_000 }, { sameAfterClosedMs: 30_000 }])
    await close()
  })
  test('a panel whose clock stands: the same message after its incident is over is for the desk to judge', async () => {
    const { clock, brought, say, close } = await timed()
    const send = (time: string) => say(`"SIA-DCS"0000L0#1234[#1234|Nri1/PA05]_${time}`)
    await send('00:00:12,01-01-1970')
    await clock.advance(80_000)
    await send('00:00:12,01-01-1970')
    expect(brought).toMatchObject([{ sameAfterClosedMs: 30_000 }, { sameAfterClosedMs: 30_000 }])
    // One that goes on says by its time that it is the same.
    await send('18:01:20,11-28-2026')
    await clock.advance(80_000)
    await send('18:01:20,11-28-2026')
    expect(brought).toHaveLength(3)
    expect(brought[2]).not.toHaveProperty('sameAfterClosedMs')
    await close()
  })
  test('and so is one that says by its supervision that its clock stands', async () => {
    const { clock, brought, say: send, close } = await timed()
    for (let minute = 0; minute < 3; minute += 1) {
      await send(`"NULL"000${minute}L0#1234[]_17:59:30,11-28-2026`)
      await clock.advance(30_000)
    }
    await send('"SIA-DCS"0000L0#1234[#1234|Nri1/PA05]_17:59:30,11-28-2026')
    await clock.advance(50_000)
    await send('"SIA-DCS"0000L0#1234[#1234|Nri1/PA05]_17:59:30,11-28-2026')
    expect(brought).toMatchObject([{ sameAfterClosedMs: 30_000 }, { sameAfterClosedMs: 30_000 }])
    await close()
  })
  test.each(['[#1234|]', '[|]', '[#1234|ti12:00:00]'])(
    'supervision that writes only %s is acknowledged',
    async (data) => {
      expect(await once(frame(`"SIA-DCS"0009L0#1234${data}`))).toMatch(/"ACK"/)
      expect(refused).toEqual([])
    },
  )
  test.each([
    ['an event that is not understood', '"SIA-DCS"0007L0#1234[#1234|12 34]', /whose event is not understood.*12 34/],
    ['a shape that is not known', '"SIA-DCS"?1234|PA005', /shape that is not known/],
  ])('%s is answered as such, and noted: nobody waits for what was not understood', async (_, body, words) => {
    expect(await once(frame(body))).toMatch(/"DUH"/)
    expect(refused).toEqual([expect.stringMatching(words)])
    expect(arrivals).toEqual([])
  })
  test('strangers who have sent something that is no message of this town are strangers still: a panel finds a place', async () => {
    const small = await startSiaReceiver({
      host: '127.0.0.1',
      port: 0,
      buttons: () => BUTTONS,
      accept: (arrival) => accept(arrival),
      heard: () => {},
      clock: realClock,
      onRefused: () => {},
      onError: () => {},
      most: 10,
    })
    const strangers = Array.from({ length: 30 }, (_, i) =>
      connect({ port: small.port, host: '127.0.0.1', localAddress: `127.0.1.${i + 1}` }),
    )
    for (const stranger of strangers) {
      stranger.on('error', () => {}).resume()
      stranger.write('\n00000000"SIA-DCS"0007R1L1#1234[#1234|Nri1/PA05]\r')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (let i = 0; i < 20; i += 1) {
      const panel = connect({ port: small.port, host: '127.0.0.1', localAddress: '127.0.2.1' })
      panel.on('error', () => {})
      const said = new Promise<string>((resolve) =>
        panel.once('data', (chunk) => resolve(String(chunk))).once('close', () => resolve('closed')),
      )
      panel.write(frame(`"SIA-DCS"${String(1000 + i)}R1L1#1234[#1234|Nri1/PA05]`))
      expect(await said).toContain('"ACK"')
      panel.destroy()
    }
    for (const stranger of strangers) stranger.destroy()
    await small.close()
  })
  test('a stranger’s endless bytes are forgotten, and the next one is heard all the same', async () => {
    const stranger = await transmitter()
    for (let i = 0; i < 50; i += 1) stranger.send(Buffer.alloc(64_000, 0x41))
    expect(await once(frame('"SIA-DCS"0022L0#1234[#1234|NPA05]'))).toContain('"ACK"0022')
    stranger.socket.destroy()
  })
})

describe('SIA DC-09 over UDP', () => {
  test('one datagram is one message, answered to where it came from', async () => {
    const socket = createSocket('udp4')
    const answer = new Promise<string>((resolve) => socket.once('message', (message) => resolve(message.toString())))
    socket.send(frame('"SIA-DCS"0023L0#1234[#1234|NPA05]'), receiver.port, '127.0.0.1')
    expect(await answer).toContain('"ACK"0023L0#1234[]')
    expect(arrivals).toHaveLength(1)
    socket.close()
  })
})
