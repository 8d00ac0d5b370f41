/** What the PBX answers, in words; and an extension whose PBX, or whose edge, is not well. */
import { type Socket, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type PbxState, openPbxLine, refusalOf, wantedExpires } from '../../server/call/sip/pbx-line.ts'
import { splitMessages } from '../../server/call/sip/sip-connection.ts'
import { until } from '../contracts/test-town.ts'

const PBX = { host: 'pbx.example', port: null, transport: 'udp', user: '700', password: 'x', ca: null } as const
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** The edge's door, as far as a registration needs it. @param answer of a REGISTER; '' for none */
async function openDoor(answer: (register: string, count: number) => string) {
  const registers: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const { messages, rest: left } = splitMessages(Buffer.concat([rest, bytes]))
      rest = left
      for (const text of messages) {
        registers.push(text)
        const first = answer(text, registers.length)
        if (first === '') continue
        const lines = (name: string): string[] => text.split('\r\n').filter((line) => line.startsWith(`${name}: `))
        const head = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact'].flatMap(lines)
        socket.write([`SIP/2.0 ${first}`, ...head, 'Content-Length: 0', '', ''].join('\r\n'))
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const states: PbxState[] = []
  const line = openPbxLine({ port, secret: 's' }, PBX, (state) => states.push(state))
  closers.push(line.close)
  return { registers, states, line, drop: (): void => [...sockets].forEach((socket) => socket.destroy()) }
}

test.each([
  [401, 'Unauthorized', 'it refuses the user or the password (401)'],
  [403, 'Too many contacts', 'it answers 403 Too many contacts'],
  [408, '', 'it does not answer'],
  [302, 'Moved', 'it answers 302 Moved'],
])('%i %s is said so: %s', (status, reason, words) => expect(refusalOf(status, reason)).toBe(words))
test.each([
  ['Min-Expires 120', 120],
  ['Min-Expires 9999999', null],
  ['Min-Expires ', null],
  ['Not Found', null],
])('"%s" asks for %s', (reason, wanted) => expect(wantedExpires(reason)).toBe(wanted))

test('a PBX that wants to be asked for longer is asked for that, once in seconds', async () => {
  const { registers, states } = await openDoor((_, count) => (count === 1 ? '480 Min-Expires 120' : '200 OK'))
  await until(
    () => states,
    (all) => all.some(({ registered }) => registered),
  )
  expect(registers).toHaveLength(2)
  expect(registers[1]).toMatch(/expires[=:] ?120/i)
})
test('a connection that is gone is made again, and the shift is told meanwhile', async () => {
  const { states, drop } = await openDoor(() => '200 OK')
  const count = (registered: boolean): number => states.filter((each) => each.registered === registered).length
  await until(
    () => count(true),
    (times) => times === 1,
  )
  drop()
  await until(
    () => [count(false), count(true)],
    ([lost = 0, again = 0]) => lost >= 1 && again === 2,
  )
})
test('a PBX that does not answer holds nobody up: it is left at once', async () => {
  const { registers, line, states } = await openDoor(() => '')
  await until(
    () => registers.length,
    (count) => count > 0,
  )
  const began = performance.now()
  await line.close()
  expect(performance.now() - began).toBeLessThan(3000)
  expect(states).toEqual([])
})
