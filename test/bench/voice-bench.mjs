/**
 * Calls: what edge, server and socket add to each packet one way, how soon an operator hears after taking a call, how
 * soon a lost operator's call is offered again, and how soon the desk telephone answers when Lamppost does not. Engines
 * are real (kamailio, rtpengine, sipp); help point and operator are this process, so that one clock times both ends.
 */
import { createSocket } from 'node:dgram'
import { summary } from './bench-tools.mjs'

const FRAME = 160
const FRAME_MS = 20
const PASSED_ON = 64

/** A help point that has called, been taken and been answered; and its sound. */
async function connectedCall(town, tools, calls) {
  const caller = await tools.openCaller(town.edge)
  const HP01 = { user: 'hp01', password: tools.PASSWORD }
  const media = createSocket('udp4')
  await new Promise((resolve) => media.bind(caller.media, '127.0.0.1', resolve))
  const { call } = await caller.dial(HP01)
  const ringing = await town.call('ringing')
  const taking = performance.now()
  await town.ask('Asha', 'POST', `/calls/${ringing.id}/taking`, { takeOver: true })
  const answered = await caller.answer(call, 2, (status) => status === 200)
  caller.inDialog('ACK', HP01, call, answered)
  const to = Number(/^m=audio (\d+)/m.exec(answered)?.[1])
  calls.push(() => {
    caller.inDialog('BYE', HP01, call, answered)
    media.close()
    caller.close()
  })
  let sequence = 0
  return {
    id: ringing.id,
    taking,
    media,
    end: calls.at(-1),
    say(payload) {
      const packet = Buffer.alloc(12 + payload.length)
      packet[0] = 0x80
      packet[1] = 8
      packet.writeUInt16BE(sequence & 0xffff, 2)
      packet.writeUInt32BE((sequence * FRAME) >>> 0, 4)
      packet.writeUInt32BE(4711, 8)
      packet.set(payload, 12)
      sequence += 1
      media.send(packet, to, '127.0.0.1')
    },
  }
}
/** A frame that carries its number, and no sound that a level would show. */
function numbered(i) {
  const frame = Buffer.alloc(FRAME, 0xd5)
  frame.writeUInt32BE(i + 1, PASSED_ON)
  return frame
}
const numberIn = (payload) => (payload.length >= PASSED_ON + 4 ? payload.readUInt32BE(PASSED_ON) - 1 : -1)
async function paced(count, each) {
  const start = performance.now()
  for (let i = 0; i < count; i += 1) {
    each(i)
    const wait = start + (i + 1) * FRAME_MS - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}

async function oneWay(town, tools, seconds) {
  const ends = []
  const call = await connectedCall(town, tools, ends)
  const operator = await tools.openOperator(town, 'Asha', call.id)
  await paced(100, (i) => call.say(numbered(i)))
  await town.call('connected')
  operator.stop()
  const count = Math.round((seconds * 1000) / FRAME_MS)
  const sentAt = { in: new Map(), out: new Map() }
  const took = { in: [], out: [] }
  operator.socket.on('message', (data, binary) => {
    const at = binary ? sentAt.in.get(numberIn(data.subarray(4))) : undefined
    if (at !== undefined) took.in.push(performance.now() - at)
  })
  call.media.on('message', (bytes) => {
    const at = sentAt.out.get(numberIn(bytes.subarray(12)))
    if (at !== undefined) took.out.push(performance.now() - at)
  })
  await paced(count, (i) => {
    const number = 1_000_000 + i
    sentAt.in.set(number, performance.now())
    call.say(numbered(number))
    const frame = Buffer.alloc(4 + FRAME)
    frame.writeUInt32LE((i * FRAME) >>> 0, 0)
    frame.set(numbered(number), 4)
    sentAt.out.set(number, performance.now())
    operator.socket.send(frame)
  })
  await new Promise((resolve) => setTimeout(resolve, 500))
  await town.ask('Asha', 'POST', `/calls/${call.id}/ending`)
  operator.close()
  for (const end of ends) end()
  return {
    'help point to operator, one way': { ...summary(took.in), lost: `${count - took.in.length} of ${count}` },
    'operator to help point, one way': { ...summary(took.out), lost: `${count - took.out.length} of ${count}` },
  }
}

async function takenAndLost(town, tools, rounds) {
  const heard = []
  const offered = []
  for (let i = 0; i < rounds; i += 1) {
    const ends = []
    const call = await connectedCall(town, tools, ends)
    const talking = { on: true }
    const saying = paced(400, (n) => talking.on && call.say(numbered(n)))
    const operator = await tools.openOperator(town, 'Asha', call.id)
    while (operator.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    heard.push(performance.now() - call.taking)
    await town.call('connected')
    // Frozen: its connection stays, and it says nothing any more.
    operator.stop()
    const frozen = performance.now()
    for (;;) {
      const { body } = await town.ask('Ben', 'GET', `/calls/${call.id}`)
      if (body.state === 'offered') break
      if (performance.now() - frozen > 30_000) throw new Error('the call was not offered again')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    offered.push(performance.now() - frozen)
    talking.on = false
    await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, { takeOver: true })
    await town.ask('Asha', 'POST', `/calls/${call.id}/ending`)
    operator.close()
    for (const end of ends) end()
    await saying
  }
  return {
    'taking a call to the first sound at the operator': summary(heard),
    'a frozen operator to the offer to all': {
      ...summary(offered),
      'within 2.5 s': `${offered.filter((ms) => ms <= 2500).length} of ${rounds}`,
    },
  }
}

async function toTheDesk(tools, rounds) {
  const town = await tools.openVoiceTown({ apart: true, trusted: '127.0.0.1' })
  const desk = town.desk()
  const HP01 = { user: 'hp01', password: tools.PASSWORD }
  async function measured() {
    const took = []
    for (let i = 0; i < rounds; i += 1) {
      const caller = await tools.openCaller(town.edge)
      const asked = performance.now()
      const { status } = await caller.dial(HP01, (each) => each >= 200)
      if (status === 200) took.push(performance.now() - asked)
      caller.close()
    }
    return { ...summary(took), answered: `${took.length} of ${rounds}` }
  }
  try {
    const absent = await measured()
    await town.startServer()
    town.freeze('SIGSTOP')
    const frozen = await measured()
    town.freeze('SIGCONT')
    const killed = []
    for (let i = 0; i < Math.max(3, Math.round(rounds / 3)); i += 1) {
      if (i > 0) await town.startServer()
      await town.killServer()
      const caller = await tools.openCaller(town.edge)
      const asked = performance.now()
      const { status } = await caller.dial(HP01, (each) => each >= 200)
      if (status === 200) killed.push(performance.now() - asked)
      caller.close()
    }
    return {
      'INVITE to the answer of the desk: Lamppost absent': absent,
      'Lamppost frozen': frozen,
      'Lamppost killed just before': summary(killed),
    }
  } finally {
    await desk.close()
    await town.end()
  }
}

export async function benchVoice({ seconds, rounds }) {
  const tools = {
    ...(await import('../engines/voice-town.ts')),
    ...(await import('../engines/sip-caller.ts')),
  }
  const each = Math.min(20, rounds)
  const town = await tools.openVoiceTown({ trusted: '127.0.0.1' })
  let figures = {}
  try {
    await town.startServer()
    figures = { ...(await oneWay(town, tools, seconds)), ...(await takenAndLost(town, tools, each)) }
  } finally {
    await town.end()
  }
  return { ...figures, ...(await toTheDesk(tools, each)) }
}
