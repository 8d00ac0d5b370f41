/**
 * A help point that puts the call on hold, in all four directions (RFC 3264 5.1), and one that moves to another port: what
 * is answered, and by packets what is sent. What is answered and not done has left callers with dead air in other
 * systems.
 */
import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, openOperator, openVoiceTown } from './voice-town.ts'

let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown()
  await town.startServer()
})
afterAll(() => town?.end())
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('each direction is answered by its mirror, and sound goes as it was answered; another port is followed', async () => {
  const caller = await openCaller(town.edge)
  const dial = { user: 'hp01', password: PASSWORD }
  /** Its two ports: packets that came to each. */
  const came = [0, 0]
  const sockets = await Promise.all(
    came.map(async (_, i) => {
      const socket = createSocket('udp4')
      await new Promise<void>((done) => socket.bind(caller.media + 2 * i, '127.0.0.1', done))
      socket.on('message', (bytes) => {
        // Reports on the same port are no sound.
        if (((bytes[1] ?? 0) & 0x7f) === 8) came[i] = (came[i] ?? 0) + 1
      })
      return socket
    }),
  )
  const sdp = (version: number, direction: string, port = caller.media): string =>
    [
      'v=0',
      `o=- 1 ${version} IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/AVP 8`,
      'a=rtpmap:8 PCMA/8000',
      `a=${direction}`,
      '',
    ].join('\r\n')
  const { call } = await caller.dial(dial, (status) => status === 180)
  const { id } = await town.call('ringing')
  await town.ask('Ben', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Ben', id)
  const answered = await caller.answer(call, 2, (status) => status === 200)
  caller.inDialog('ACK', dial, call, answered)
  let port = Number(/^m=audio (\d+)/m.exec(answered)?.[1])
  let from = 0
  let sequence = 0
  const speaking = setInterval(() => {
    sequence += 1
    const packet = Buffer.alloc(172, 0x2a)
    packet.set([0x80, 8], 0)
    packet.writeUInt16BE(sequence & 0xffff, 2)
    packet.writeUInt32BE(sequence * 160, 4)
    packet.writeUInt32BE(77, 8)
    sockets[from]?.send(packet, port, '127.0.0.1')
  }, 20)
  await town.call('connected')

  let cseq = 2
  async function change(direction: string, toPort = 0): Promise<string | undefined> {
    cseq += 1
    from = toPort
    const text = await caller.again(dial, call, answered, cseq, sdp(cseq, direction, caller.media + 2 * toPort))
    expect(text, text).toMatch(/^SIP\/2.0 200/)
    port = Number(/^m=audio (\d+)/m.exec(text)?.[1])
    return /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1] ?? 'sendrecv'
  }
  /** Packets of a second, once what was on its way has come. */
  async function packets(): Promise<number[]> {
    await pass(300)
    came.fill(0)
    await pass(1000)
    return [...came]
  }
  expect((await packets())[0]).toBeGreaterThan(40)
  // [what it says, what is answered, whether it is sent sound]
  for (const [says, answers, isSent] of [
    ['sendonly', 'recvonly', false],
    ['sendrecv', 'sendrecv', true],
    ['inactive', 'inactive', false],
    ['recvonly', 'sendonly', true],
    ['sendrecv', 'sendrecv', true],
  ] as const) {
    expect(await change(says), says).toBe(answers)
    const [count = 0] = await packets()
    if (isSent) expect(count, says).toBeGreaterThan(40)
    else expect(count, says).toBe(0)
  }
  await change('sendrecv', 1)
  const [before = 0, now = 0] = await packets()
  expect([before, now > 40]).toEqual([0, true])
  // The room still hears it.
  const heard = operator.heard.length
  await until(
    () => operator.heard.length,
    (count) => count > heard + 20,
  )
  // It hangs up while it is on hold: nothing is left over.
  await change('sendonly', 1)
  clearInterval(speaking)
  caller.inDialog('BYE', dial, call, answered)
  await until(
    async () => (await town.ask('Asha', 'GET', `/calls/${id}`)).body,
    ({ state, end }) => state === 'ended' && end === 'caller-hung-up',
  )
  operator.close()
  for (const socket of sockets) socket.close()
  caller.close()
})
