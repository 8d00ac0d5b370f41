/** Ports of sound that are used up, a media engine that dies in a call, a desk that is busy, sound of a stranger. */
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, leftOf, openOperator, openVoiceTown } from './voice-town.ts'

const FROM = 34_000 + 2 * randomInt(400)
let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown({ media: `, media: ${FROM}-${FROM + 23}` })
  await town.startServer()
})
afterAll(() => town?.end())
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const HP01 = { user: 'hp01', password: PASSWORD }
const see = async (id: string) => (await town.ask('Asha', 'GET', `/calls/${id}`)).body
const open = async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items as { id: string }[]
/** The desk telephone: what it answers to an INVITE. */
async function deskThatAnswers(first: string) {
  const desk = createSocket('udp4')
  const asked: string[] = []
  await new Promise<void>((done) => desk.bind(town.ports.desk, '127.0.0.1', done))
  desk.on('message', (bytes, { port }) => {
    const text = bytes.toString()
    asked.push(text.split(' ')[0] ?? '')
    if (!text.startsWith('INVITE')) return
    const lines = (name: string): string[] => text.split('\r\n').filter((line) => line.startsWith(`${name}: `))
    const [to = ''] = lines('To')
    const head = [
      `SIP/2.0 ${first}`,
      ...lines('Via'),
      ...lines('From'),
      `${to};tag=d`,
      ...lines('Call-ID'),
      ...lines('CSeq'),
    ]
    desk.send([...head, 'Content-Length: 0', '', ''].join('\r\n'), port)
  })
  closers.push(() => desk.close())
  return asked
}

test('with no port of sound left, each call is still a press, and the desk is called', async () => {
  const asked = await deskThatAnswers('486 Busy Here')
  const callers = await Promise.all(Array.from({ length: 12 }, () => openCaller(town.edge)))
  const statuses: number[] = []
  const rung: { cancel(): void }[] = []
  for (const caller of callers) {
    const { call, status, cseq } = await caller.dial(HP01)
    statuses.push(status)
    if (status === 180) rung.push({ cancel: () => caller.cancel(HP01, call, cseq) })
  }
  const busy = statuses.filter((status) => status === 486).length
  expect(new Set(statuses)).toEqual(new Set([180, 486]))
  expect(asked.filter((method) => method === 'INVITE').length).toBeGreaterThanOrEqual(busy)
  const all = (await town.ask('Asha', 'GET', '/calls')).body.items as { end: string | null; state: string }[]
  expect(all).toHaveLength(12)
  expect(all.filter(({ end }) => end === 'forwarded')).toHaveLength(busy)
  for (const each of rung) each.cancel()
  await until(open, (items) => items.length === 0)
  for (const caller of callers) caller.close()
  // They are free again.
  const caller = await openCaller(town.edge)
  const { status, call, cseq } = await caller.dial(HP01)
  expect(status).toBe(180)
  caller.cancel(HP01, call, cseq)
  await until(open, (items) => items.length === 0)
  caller.close()
})

test('a desk that is busy, too: the help point is told so, within seconds, and may call again', async () => {
  const asked = await deskThatAnswers('486 Busy Here')
  town.freeze('SIGSTOP')
  try {
    const caller = await openCaller(town.edge)
    closers.push(caller.close)
    const { status } = await caller.dial(HP01, (code) => code > 180)
    expect([status, asked.includes('INVITE')]).toEqual([486, true])
  } finally {
    town.freeze('SIGCONT')
  }
  await until(open, (items) => items.length === 0)
})

test('sound of a stranger who has found the port is heard by nobody', async () => {
  const caller = await openCaller(town.edge)
  closers.push(caller.close)
  const own = createSocket('udp4')
  await new Promise<void>((done) => own.bind(caller.media, '127.0.0.1', done))
  const stranger = createSocket('udp4')
  await new Promise<void>((done) => stranger.bind(0, '127.0.0.77', done))
  closers.push(() => {
    own.close()
    stranger.close()
  })
  const { call } = await caller.dial(HP01, (status) => status === 180)
  const { id } = await town.call('ringing')
  await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Asha', id)
  closers.push(operator.close)
  const answered = await caller.answer(call, 2, (status) => status === 200)
  caller.inDialog('ACK', HP01, call, answered)
  const port = Number(/^m=audio (\d+)/m.exec(answered)?.[1])
  let sequence = 0
  const say = (socket: typeof own, byte: number): void => {
    sequence += 1
    const packet = Buffer.alloc(172, byte)
    packet.set([0x80, 8], 0)
    packet.writeUInt16BE(sequence & 0xffff, 2)
    packet.writeUInt32BE(sequence * 160, 4)
    packet.writeUInt32BE(socket === own ? 77 : 78, 8)
    socket.send(packet, port, '127.0.0.1')
  }
  // The help point itself speaks first, as it does in the street.
  const speaking = setInterval(() => say(own, 0x2a), 20)
  await town.call('connected')
  // Where it comes from is learned in the first seconds.
  await pass(4000)
  const from = operator.heard.length
  const strange = setInterval(() => say(stranger, 0x3b), 20)
  await pass(3000)
  clearInterval(speaking)
  clearInterval(strange)
  const heard = operator.heard.slice(from)
  expect(heard.length).toBeGreaterThan(100)
  expect(heard.filter((frame) => frame[0] === 0x3b).length).toBe(0)
  await town.ask('Asha', 'POST', `/calls/${id}/ending`)
})

test('a media engine that dies in a call: the call is over at both ends, and it is called back once it is registered again', async () => {
  const helpPoint = town.helpPoint({ answers: true })
  closers.push(helpPoint.hangUp)
  const { id, incident } = await town.call('ringing')
  await town.ask('Asha', 'POST', `/calls/${id}/taking`, {})
  const operator = await openOperator(town, 'Asha', id)
  operator.socket.on('error', () => {})
  closers.push(operator.close)
  await town.call('connected')
  for (const line of leftOf(town)) {
    const [pid, ...command] = line.split(' ')
    if (/rtpengine/.test(command[0] ?? '')) process.kill(Number(pid), 'SIGKILL')
  }
  const { end } = await until(
    () => see(id),
    ({ state }) => state === 'ended',
  )
  expect(end).toBe('line-lost')
  const again = await until(
    async () => (await town.ask('Asha', 'GET', `/calls?incident=${incident}`)).body.items.at(-1),
    (call) => call.id !== id && call.line === 'up',
  )
  expect(again).toMatchObject({ direction: 'out', owner: null })
  await town.ask('Asha', 'POST', `/calls/${again.id}/taking`, {})
  await town.ask('Asha', 'POST', `/calls/${again.id}/ending`)
})
