/**
 * Help points that know one codec alone, in packets of their own length: each is heard and hears, by the share of energy
 * at the tones, not by the word "connected". baresip with each codec; the room is an operator of the test's own.
 */
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

/** Of all energy: what a codec for speech leaves of a tone is not as clean as A-law. */
const CLEAR = 0.9
let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown()
  await town.startServer()
})
afterAll(() => town?.end())

test.each([
  ['Opus', { codec: 'opus/48000/2', rate: 48_000 }],
  ['G.722 in the clear', { codec: 'G722/16000/1', rate: 16_000 }],
  ['G.711 µ-law', { codec: 'PCMU/8000/1', rate: 8000 }],
  ['G.711 A-law in packets of 10 ms', { codec: 'PCMA/8000/1', rate: 8000, packetMs: 10 }],
  ['G.711 A-law in packets of 60 ms', { codec: 'PCMA/8000/1', rate: 8000, packetMs: 60 }],
  ['G.711 µ-law in packets of 30 ms', { codec: 'PCMU/8000/1', rate: 8000, packetMs: 30 }],
])('%s is heard and hears', async (name, line) => {
  const helpPoint = town.helpPoint({ line, hz: 660 })
  const call = await town.call('ringing')
  await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, {})
  const operator = await openOperator(town, 'Ben', call.id)
  await town.call('connected')
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await town.ask('Ben', 'POST', `/calls/${call.id}/ending`)
  operator.close()
  await helpPoint.hangUp()
  const { bytes } = await until(
    () => town.ask('Eve', 'GET', `/calls/${call.id}/recording.wav`),
    ({ status }) => status === 200,
  )
  const file = join(town.folder, `${name.replaceAll(/\W/g, '')}.wav`)
  writeFileSync(file, bytes)
  const [heard, hears] = [shareAt(file, 0, 660), shareAt(helpPoint.heard(), null, 880)]
  expect(heard.share, 'the help point, in the room').toBeGreaterThan(CLEAR)
  expect(heard.seconds).toBeGreaterThan(2)
  expect(hears.share, 'the room, at the help point').toBeGreaterThan(CLEAR)
  expect(hears.seconds).toBeGreaterThan(1.5)
  await town.ask('Ben', 'POST', `/incidents/${call.incident}/closure`, { reason: 'tested' })
})

test('reports (RTCP) that nothing of ours arrives at the help point are told to the room, and that it does again', async () => {
  const caller = await openCaller(town.edge)
  const sockets = [createSocket('udp4'), createSocket('udp4')]
  const [sound, reports] = sockets
  if (!sound || !reports) throw new Error('no sockets')
  await Promise.all(sockets.map((socket, i) => new Promise<void>((done) => socket.bind(caller.media + i, done))))
  const dial = { user: 'hp01', password: PASSWORD }
  const { call, text } = await caller.dial(dial, (status) => status === 180)
  expect(text).toMatch(/^SIP\/2.0 180/)
  const { id, incident } = await town.call('ringing')
  await town.ask('Ben', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Ben', id)
  const answered = await caller.answer(call, 2, (status) => status === 200)
  caller.inDialog('ACK', dial, call, answered)
  const port = Number(/^m=audio (\d+)/m.exec(answered)?.[1])
  const reportPort = Number(/^a=rtcp:(\d+)/m.exec(answered)?.[1] ?? port + 1)
  let source = 0
  sound.on('message', (bytes) => (source = bytes.readUInt32BE(8)))
  let sequence = 0
  const speaking = setInterval(() => {
    sequence += 1
    const packet = Buffer.alloc(172, 0x2a)
    packet.set([0x80, 8], 0)
    packet.writeUInt16BE(sequence, 2)
    packet.writeUInt32BE(sequence * 160, 4)
    packet.writeUInt32BE(77, 8)
    sound.send(packet, port, '127.0.0.1')
  }, 20)
  /** A receiver's report of our packets: of 256, so many were lost. */
  function report(lost: number): void {
    const bytes = Buffer.alloc(32)
    bytes.set([0x81, 201, 0, 7], 0)
    bytes.writeUInt32BE(77, 4)
    bytes.writeUInt32BE(source, 8)
    bytes[12] = lost
    reports?.send(bytes, reportPort, '127.0.0.1')
  }
  const sides = async (): Promise<(string | null)[]> =>
    (await town.ask('Asha', 'GET', `/incidents/${incident}`)).body.log
      .filter(({ kind }: { kind: string }) => kind === 'call.one-way')
      .map(({ body }: { body: { side: string | null } }) => body.side)
  const told = (lost: number, expected: (string | null)[]) =>
    until(
      async () => {
        report(lost)
        return sides()
      },
      (all) => JSON.stringify(all) === JSON.stringify(expected),
    )
  await town.call('connected')
  await until(
    () => source,
    (seen) => seen !== 0,
  )
  await told(255, ['out'])
  await told(3, ['out', null])
  clearInterval(speaking)
  operator.close()
  await town.ask('Ben', 'POST', `/calls/${id}/ending`)
  for (const socket of sockets) socket.close()
  caller.close()
})
