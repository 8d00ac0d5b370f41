import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type House, openHouse } from '../../server/house.ts'
import { openPeopleFile } from '../../server/people/people-file.ts'
import { until } from '../contracts/test-town.ts'

let house: House
const dataFolder = mkdtempSync(join(tmpdir(), 'lamppost-socket-'))
const sockets: WebSocket[] = []

beforeAll(async () => {
  house = await openHouse({ siteFile: null, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0 })
  await until(async () => (await fetch(`${house.url}/api/v1/cameras/cam-31/live/index.m3u8`, { headers: { authorization: `Bearer ${house.demo?.tokens.operator}` } })).status, (status) => status === 200, 60_000)
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await house.close()
  rmSync(dataFolder, { recursive: true, force: true })
})

type Frame = { header: Record<string, unknown>; bytes: Buffer }
function open({ token, headers = {} }: { token?: string; headers?: Record<string, string> } = {}) {
  const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/live`, { headers })
  sockets.push(socket)
  const texts: Record<string, unknown>[] = []
  const frames: Frame[] = []
  let closed: number | null = null
  socket.on('open', () => token && socket.send(JSON.stringify({ token })))
  socket.on('close', (code) => (closed = code))
  socket.on('message', (data: Buffer, binary) => {
    if (!binary) return void texts.push(JSON.parse(data.toString()) as Record<string, unknown>)
    const length = data.readUInt32BE(0)
    frames.push({ header: JSON.parse(data.toString('utf8', 4, 4 + length)) as Record<string, unknown>, bytes: data.subarray(4 + length) })
  })
  return { socket, texts, frames, closed: () => closed, say: (message: object) => socket.send(JSON.stringify(message)) }
}
const welcomed = async (session: ReturnType<typeof open>) => void (await until(() => session.texts, (texts) => texts.some(({ welcome }) => welcome === true)))

describe('live pictures over one WebSocket', () => {
  test('begin with the initialisation section and a keyframe, and go on part by part, in order', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ watch: 'a', camera: 'cam-31' })
    await until(() => session.frames.length, (count) => count > 25)
    const [begin, ...parts] = session.frames
    expect(begin?.header).toMatchObject({ begin: 'a', codec: expect.stringMatching(/^avc1\./), number: expect.any(Number), start: expect.any(Number) })
    const init = Number(begin?.header.init)
    expect(begin?.bytes.toString('latin1', 4, 8)).toBe('ftyp')
    expect(begin?.bytes.toString('latin1', init + 4, init + 8)).toBe('moof')
    expect(parts.every(({ header, bytes }) => header.part === 'a' && bytes.toString('latin1', 4, 8) === 'moof')).toBe(true)
    const numbers = parts.map(({ header }) => Number(header.number))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    const fresh = parts.filter(({ header }, i) => header.number !== (parts[i - 1]?.header.number ?? begin?.header.number))
    expect(fresh.length).toBeGreaterThan(0)
    expect(fresh.every(({ header }) => header.independent === true)).toBe(true)
  })
  test('of several cameras share it, and what is left is sent no more', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    for (const camera of ['cam-12', 'cam-14', 'cam-32']) session.say({ watch: camera, camera })
    const seen = (name: string) => session.frames.filter(({ header }) => header.part === name).length
    await until(() => ['cam-12', 'cam-14', 'cam-32'].map(seen), (counts) => counts.every((count) => count > 3))
    session.say({ leave: 'cam-14' })
    session.say({ ping: 1 })
    await until(() => session.texts, (texts) => texts.some(({ pong }) => pong === 1))
    const [left, stayed] = [seen('cam-14'), seen('cam-12')]
    await until(() => seen('cam-12'), (count) => count > stayed + 5)
    expect(seen('cam-14')).toBe(left)
  })
  test('tell the server’s clock', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ ping: 42 })
    const pong = await until(() => session.texts.find((text) => text.pong === 42), (found) => found !== undefined)
    expect(Math.abs(Number(pong?.now) - Date.now())).toBeLessThan(5000)
  })
  test.each([
    ['a wrong token', { token: 'wrong' }, 401],
    ['a help point’s token', { token: 'press' }, 401],
    ['a question before the token', { watch: 'a', camera: 'cam-31' }, 401],
    ['nonsense', { colour: 'red' }, 401],
  ])('with %s are refused and closed', async (_, message, refused) => {
    const session = open()
    await until(() => session.socket.readyState, (state) => state === WebSocket.OPEN)
    session.say('token' in message && message.token === 'press' ? { token: house.demo?.tokens.press } : message)
    await until(session.closed, (code) => code === 1008)
    expect(session.texts.at(-1)).toMatchObject({ refused, words: expect.any(String) })
  })
  test('of a camera that does not exist are answered in words', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    session.say({ watch: 'x', camera: 'cam-99' })
    await until(() => session.texts.find(({ gone }) => gone === 'x')?.words, (words) => /no camera "cam-99"/.test(String(words)))
  })
  test('open with a session’s cookie, but not for another page’s origin', async () => {
    await openPeopleFile(join(dataFolder, 'people.json')).addUser('asha', 'a long enough password', { name: 'Asha', role: 'operator', helpPoints: null })
    const answer = await fetch(`${house.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'asha', password: 'a long enough password' }) })
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    await welcomed(open({ headers: { cookie, origin: house.url } }))
    const foreign = open({ headers: { cookie, origin: 'https://elsewhere.example' } })
    await until(foreign.closed, (code) => code === 1008, 8000)
    expect(foreign.texts).toEqual([{ refused: 401, words: expect.stringMatching(/No token came/) }])
  })
  test('end when the session does', async () => {
    const answer = await fetch(`${house.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'asha', password: 'a long enough password' }) })
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const session = open({ headers: { cookie, origin: house.url } })
    await welcomed(session)
    await fetch(`${house.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
    await until(session.closed, (code) => code === 1008, 15_000)
  })
  test('a reader that stops reading is sent no more than it can take, and begins again at the newest keyframe', async () => {
    const session = open({ token: house.demo?.tokens.operator ?? '' })
    await welcomed(session)
    for (let i = 0; i < 60; i += 1) session.say({ watch: String(i), camera: i % 2 === 0 ? 'cam-12' : 'cam-14' })
    await until(() => session.frames.length, (count) => count > 120)
    session.socket.pause()
    // Long enough for the system's own buffers on both sides to be full.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    session.socket.resume()
    const before = session.frames.filter(({ header }) => header.begin === '0').length
    await until(() => session.frames.filter(({ header }) => header.begin === '0').length, (count) => count > before, 30_000)
  })
  test('elsewhere there is nothing to upgrade to', async () => {
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/api/v1/other`)
    sockets.push(socket)
    const words = await new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)))
    expect(words).toMatch(/404/)
  })
})
