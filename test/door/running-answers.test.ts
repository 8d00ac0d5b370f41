/**
 * Long answers end when their reader loses the right to them. The real door, with answers that never end by
 * themselves.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { type App, createDoor } from '../../server/door/door.ts'
import { createRunningAnswers } from '../../server/door/running-answers.ts'
import type { Person } from '../../server/glossary/people.ts'
import { selfSigned } from '../contracts/certificate.ts'
import { until } from '../contracts/test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-answers-'))
const { key, cert } = selfSigned(folder)
const people = new Map<string, Person>()
const links = new Set<string>()
let app: App
let sources: Readable[] = []

async function open(tls: boolean): Promise<number> {
  people
    .set('officer', { name: 'Olga', role: 'evidence', helpPoints: null })
    .set('other', { name: 'Omar', role: 'evidence', helpPoints: null })
  links.add('link')
  app = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: tls ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : null,
    whoHas: (credential) => people.get('bearer' in credential ? credential.bearer : credential.cookie) ?? null,
    onRefusedPress: () => {},
    embedding: () => [],
  })
  const endless = (): Readable => {
    const source = new Readable({ read: () => void setTimeout(() => source.push(Buffer.alloc(1000)), 20) })
    sources.push(source)
    return source
  }
  app.get('/package', { config: { roles: ['evidence'] } }, (_, reply) => reply.type('application/zip').send(endless()))
  app.get('/outside', { config: { open: 'a test' } }, (request, reply) => {
    request.onlyWhile(() => links.has('link'))
    return reply.type('application/zip').send(endless())
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}
afterEach(async () => {
  await app.close()
  sources = []
})
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

type Fetched = { bytes: number; over: boolean; end(): void }
function fetchOver1(port: number, path: string, headers: Record<string, string>): Fetched {
  const fetched: Fetched = { bytes: 0, over: false, end: () => sent.destroy() }
  const sent = httpRequest({ port, host: '127.0.0.1', path, headers }, (answer) =>
    answer
      .on('data', (chunk: Buffer) => (fetched.bytes += chunk.length))
      .on('error', () => {})
      .on('close', () => (fetched.over = true)),
  )
  sent.on('error', () => (fetched.over = true)).end()
  return fetched
}
function fetchOver2(port: number, path: string, headers: Record<string, string>): Fetched {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  const stream = session.request({ ':path': path, ...headers })
  const fetched: Fetched = { bytes: 0, over: false, end: () => session.destroy() }
  stream
    .on('data', (chunk: Buffer) => (fetched.bytes += chunk.length))
    .on('error', () => {})
    .on('close', () => (fetched.over = true))
  return fetched
}
const begun = (fetched: Fetched): Promise<unknown> =>
  until(
    () => fetched.bytes,
    (bytes) => bytes > 2000,
  )
const over = (fetched: Fetched): Promise<unknown> => until(() => fetched.over, Boolean)
/** The file behind an answer is closed with it. */
const closed = (): Promise<unknown> =>
  until(
    () => sources.map(({ destroyed }) => destroyed),
    (all) => all.filter(Boolean).length === 1,
  )

describe.each([
  ['HTTP/1.1', false, fetchOver1],
  ['HTTP/2', true, fetchOver2],
] as const)('over %s an answer that runs', (_, tls, fetchOver) => {
  test('ends when the person is removed; the others’ go on', async () => {
    const port = await open(tls)
    const [mine, others] = [
      fetchOver(port, '/package', { authorization: 'Bearer officer' }),
      fetchOver(port, '/package', { authorization: 'Bearer other' }),
    ]
    await Promise.all([begun(mine), begun(others)])
    people.delete('officer')
    await over(mine)
    await closed()
    const before = others.bytes
    await until(
      () => others.bytes,
      (bytes) => bytes > before + 2000,
    )
    expect(others.over).toBe(false)
    others.end()
  })
  test('ends when the role is taken, and with a cookie as with a token', async () => {
    const port = await open(tls)
    const name = tls ? '__Host-lamppost_session' : 'lamppost_session'
    const mine = fetchOver(port, '/package', { cookie: `${name}=officer` })
    await begun(mine)
    people.set('officer', { name: 'Olga', role: 'operator', helpPoints: null })
    await over(mine)
    await closed()
  })
  test('ends when the link of somebody outside is revoked', async () => {
    const port = await open(tls)
    const mine = fetchOver(port, '/outside', {})
    await begun(mine)
    links.clear()
    await over(mine)
    await closed()
  })
})

describe('what is asked while answers run', () => {
  test('is asked of none any more once it is out, and never of one that was cut off before', () => {
    const answers = createRunningAnswers({ checkMs: 1_000_000 })
    const closers: (() => void)[] = []
    const answer = {
      destroyed: false,
      destroy: () => {},
      once: (__: string, listener: () => void) => closers.push(listener),
    }
    answers.onlyWhile(answer, () => true)
    answers.onlyWhile(answer, () => true)
    expect([answers.count(), closers.length]).toEqual([1, 1])
    closers.forEach((close) => close())
    for (const over of [{ destroyed: true }, { writableFinished: true }, { stream: { destroyed: true } }])
      answers.onlyWhile({ ...answer, ...over }, () => true)
    expect(answers.count()).toBe(0)
  })
  test('a check that cannot be made ends no answer', async () => {
    const answers = createRunningAnswers({ checkMs: 5 })
    let [asked, ended] = [0, 0]
    answers.onlyWhile({ destroy: () => (ended += 1), once: () => {} }, () => {
      asked += 1
      throw new Error('the file of people is being edited')
    })
    await until(
      () => asked,
      (count) => count > 2,
    )
    expect(ended).toBe(0)
  })
})
