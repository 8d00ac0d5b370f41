/**
 * Calls that no honest device makes, and some that odd ones do, at the real edge: each is a press, or is refused in
 * time; none costs the next caller anything. The person behind an odd device is a person.
 */
import { connect } from 'node:net'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type Caller, type Dial, openCaller } from './sip-caller.ts'
import { PASSWORD, type VoiceTown, leftOf, openVoiceTown } from './voice-town.ts'

const HP01: Dial = { user: 'hp01', password: PASSWORD }
let town: VoiceTown
let caller: Caller
let engines: string[] = []
const enginesOf = (): string[] =>
  leftOf(town)
    .filter((each) => /kamailio|rtpengine/.test(each))
    .map((each) => each.split(' ')[0] ?? '')
    .toSorted()
beforeAll(async () => {
  town = await openVoiceTown({ trusted: '127.0.0.1' })
  await town.startServer()
  caller = await openCaller(town.edge)
  engines = enginesOf()
})
afterAll(async () => {
  caller?.close()
  await town?.end()
})
/** TCP ports on which a media engine listens (proc_pid_fd(5), proc_pid_net(5)); of another program none. */
function doorsOf(pid: string): number[] {
  if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/usr/bin/rtpengine')) return []
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      } catch {
        return undefined
      }
    }),
  )
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode))
      .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16)),
  )
}
const open = async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items as { id: string }[]
const quiet = () => until(open, (items) => items.length === 0)
const AUDIO = ['m=audio 40000 RTP/AVP 8 0', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:0 PCMU/8000']
const sdp = (...lines: string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...lines, ''].join('\r\n')
/** Rings, is taken by an operator, and ends. @returns the answer's description */
async function answered(dial: Dial): Promise<string> {
  const { call, status, cseq } = await caller.dial(dial, (each) => each === 180 || each >= 300)
  expect(status).toBe(180)
  const [ringing] = await until(open, (items) => items.length === 1)
  await town.ask('Asha', 'POST', `/calls/${ringing?.id}/taking`, {})
  const text = await caller.answer(call, cseq, (each) => each >= 200)
  expect(text).toMatch(/^SIP\/2\.0 200/)
  caller.inDialog('ACK', dial, call, text)
  await town.ask('Asha', 'POST', `/calls/${ringing?.id}/ending`)
  await quiet()
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
const soundIn = (text: string): string[] => text.split('\r\n').filter((line) => line.startsWith('m='))

describe('an odd description is answered as far as it can be', () => {
  test.each<[string, string, RegExp[]]>([
    ['no line end at its end', sdp(...AUDIO).trimEnd(), [/^m=audio [1-9]\d* RTP\/AVP 8\b/]],
    ['line feeds alone', sdp(...AUDIO).replaceAll('\r\n', '\n'), [/^m=audio [1-9]\d* RTP\/AVP 8\b/]],
    [
      'two hundred codecs',
      sdp(
        `m=audio 40000 RTP/AVP 8 ${Array.from({ length: 30 }, (_, i) => 96 + i).join(' ')}`,
        'a=rtpmap:8 PCMA/8000',
        ...Array.from({ length: 200 }, (_, i) => `a=rtpmap:${96 + (i % 30)} codec-${i}/8000`),
      ),
      [/^m=audio [1-9]\d* RTP\/AVP 8\b/],
    ],
    [
      'a picture beside the sound',
      sdp('m=video 40010 RTP/AVP 96', 'a=rtpmap:96 H264/90000', ...AUDIO),
      [/^m=video 0 /, /^m=audio [1-9]/],
    ],
    ['the sound for a moment on hold', sdp(...AUDIO, 'a=sendonly'), [/^m=audio [1-9]/]],
    ['0.0.0.0 as its address', sdp(...AUDIO).replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'), [/^m=audio [1-9]/]],
    [
      'a host that does not exist as its origin',
      sdp(...AUDIO).replace('o=- 1 1 IN IP4 127.0.0.1', 'o=x 0 0 IN IP4 nowhere.invalid'),
      [/^m=audio [1-9]/],
    ],
    [
      'attributes that nobody knows',
      sdp(...AUDIO, 'a=x-maker:1;2;3', `a=x-long:${'y'.repeat(900)}`),
      [/^m=audio [1-9]/],
    ],
  ])('%s', async (_, text, expected) => {
    const lines = soundIn(await answered({ ...HP01, sdp: text }))
    expect(lines).toHaveLength(expected.length)
    expected.forEach((words, i) => expect(lines[i]).toMatch(words))
  })
  test('of two lines of sound one is answered, and the other is refused by its own line', async () => {
    const text = sdp(...AUDIO, 'm=audio 40020 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000')
    const lines = soundIn(await answered({ ...HP01, sdp: text }))
    expect(lines).toHaveLength(2)
    expect(lines.filter((line) => !line.startsWith('m=audio 0 '))).toHaveLength(1)
  })
  test('none at all is a late offer: ours comes with the answer', async () => {
    expect(soundIn(await answered({ ...HP01, sdp: '' }))).toEqual([expect.stringMatching(/^m=audio [1-9]/)])
  })
})

describe('what cannot be spoken with is a press all the same', () => {
  const presses = async (): Promise<number> =>
    (await town.ask('Asha', 'GET', '/incidents')).body.items.reduce(
      (sum: number, { presses: of, repeats }: { presses: unknown[]; repeats: number }) => sum + of.length + repeats,
      0,
    )
  test.each([
    ['sound that has no port', sdp('m=audio 0 RTP/AVP 8')],
    ['a description that is none', 'hello'],
    ['a picture alone', sdp('m=video 40010 RTP/AVP 96', 'a=rtpmap:96 H264/90000')],
  ])('%s', async (_, text) => {
    const before = await presses()
    const { call, status, cseq } = await caller.dial({ ...HP01, sdp: text }, (each) => each === 180 || each >= 300)
    await until(presses, (now) => now > before)
    if (status === 180) caller.cancel(HP01, call, cseq)
    await quiet()
  })
})

test('a Call-ID of eight thousand characters is one press, and its call ends as any other', async () => {
  const call = 'x'.repeat(8000)
  const { status, cseq } = await caller.dial({ ...HP01, call }, (each) => each === 180 || each >= 300)
  // Over UDP such a message is larger than a datagram of many networks: refused is as good as rung, silence is not.
  expect([180, 400, 403, 413, 480, 486, 488, 500, 503, 513]).toContain(status)
  if (status === 180) caller.cancel(HP01, call, cseq)
  await quiet()
})

test('sixty connections that say nothing keep no caller out, and are put away', async () => {
  const [host = '', port = ''] = town.edge.split(':')
  let closed = 0
  const idle = Array.from({ length: 60 }, () =>
    connect(Number(port), host)
      .on('error', () => {})
      .on('close', () => (closed += 1)),
  )
  try {
    await answered(HP01)
    await until(
      () => closed,
      (count) => count === 60,
    )
  } finally {
    for (const socket of idle) socket.destroy()
  }
})

test('a second town on the same machine has its own engines, and no door of either but those that it was told', async () => {
  const second = await openVoiceTown({ trusted: '127.0.0.1' })
  try {
    await second.startServer()
    const other = await openCaller(second.edge)
    const { call, status, cseq } = await other.dial(HP01)
    expect(status).toBe(180)
    expect((await second.call('ringing')).helpPoint).toBe('bar')
    other.cancel(HP01, call, cseq)
    await answered(HP01)
    other.close()
    const pids = [...engines, ...leftOf(second).map((each) => each.split(' ')[0] ?? '')]
    expect(pids.flatMap(doorsOf)).toEqual([])
  } finally {
    await second.end()
  }
})

test('after all of it the same engines run, and a plain call is answered', async () => {
  expect(soundIn(await answered(HP01))).toEqual([expect.stringMatching(/^m=audio [1-9]/)])
  expect(enginesOf()).toEqual(engines)
  const log = readFileSync(`${town.data}/lamppost.log`, 'utf8')
  expect(log).not.toMatch(/has ended; the edge is started again/)
})
