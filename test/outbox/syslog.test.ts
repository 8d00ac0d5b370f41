import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TLSSocket, createServer } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import type { Entry } from '../../server/glossary/ledger.ts'
import { wants } from '../../server/outbox/outbox-book.ts'
import { framed, syslogMessage } from '../../server/outbox/syslog-message.ts'
import { createSyslogSenders } from '../../server/outbox/syslog-send.ts'
import { readSite } from '../../server/site/site-check.ts'
import { until } from '../contracts/test-town.ts'
import { selfSigned } from '../contracts/certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-syslog-'))
const pems = selfSigned(folder, 'localhost', 2, '127.0.0.1')
const [cert, key] = [readFileSync(pems.cert, 'utf8'), readFileSync(pems.key, 'utf8')]
const senders = createSyslogSenders()
const sendSyslog = senders.send
afterAll(() => {
  senders.close()
  rmSync(folder, { recursive: true })
})

const ENTRY = {
  seq: 7,
  at: '2026-11-30T22:30:00.000Z',
  kind: 'session.refused',
  actor: 'address:10.0.0.9',
  subject: 'session',
  body: { user: 'asha', reason: 'wrong\npassword', count: 3 },
  hash: 'ab'.repeat(32),
} as unknown as Entry
const SENDER = { site: 'town', host: 'lamppost one', version: '0.1.0', pid: 42 }

describe('an entry as a SIEM reads it', () => {
  test('is RFC 5424, with its content as JSON on one line', () => {
    const [head = '', content = ''] = syslogMessage(ENTRY, SENDER).split('\uFEFF')
    // 13 (log audit) × 8 + 4 (warning)
    expect(head).toBe(
      '<108>1 2026-11-30T22:30:00.000Z lamppost_one lamppost 42 session.refused ' +
        '[origin software="Lamppost" swVersion="0.1.0"][meta sequenceId="7"] ',
    )
    expect(content).not.toContain('\n')
    expect(JSON.parse(content)).toEqual({ site: 'town', ...ENTRY })
  })
  test.each([
    ['session.opened', 110],
    ['access.refused', 108],
    ['user.removed', 108],
    ['factors.reset', 108],
    ['export.downloaded', 110],
    ['ledger.broken', 106],
  ])('of %s has the priority %i', (kind, priority) =>
    expect(syslogMessage({ ...ENTRY, kind } as Entry, SENDER)).toMatch(new RegExp(`^<${priority}>1 `)),
  )
  test('that is too long for receivers keeps its hash, and is still JSON', () => {
    const long = { ...ENTRY, body: { text: 'ä'.repeat(10_000) } } as unknown as Entry
    const message = syslogMessage(long, SENDER)
    expect(Buffer.byteLength(message)).toBeLessThan(8000)
    expect(JSON.parse(message.split('\uFEFF')[1] ?? '')).toMatchObject({ seq: 7, body: null, hash: ENTRY.hash })
  })
  test('is framed by its bytes, not its characters', () => expect(framed('ä<')).toBe('3 ä<'))
  test('never tells of the outbox itself', () => expect(wants(['outbox.*'], 'outbox.delivered')).toBe(false))
})

describe('a message on its way', () => {
  const listen = async (onSocket: (socket: TLSSocket & { servername?: unknown }) => void) => {
    const server = createServer({ cert, key }, onSocket)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    server.on('tlsClientError', () => {})
    const url = `tls://localhost:${(server.address() as AddressInfo).port}`
    return { url, close: () => new Promise((resolve) => server.close(resolve)) }
  }
  const never = new AbortController().signal

  test('counts as told when the other machine has all of it, and goes by a connection that stays', async () => {
    let got = ''
    let connections = 0
    const { url, close } = await listen((socket) => {
      connections += 1
      socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    })
    for (const word of ['hello', 'there'])
      expect(await sendSyslog({ url, ca: cert }, framed(word), never)).toEqual({ outcome: 'delivered', status: 0 })
    expect([got, connections]).toEqual(['5 hello5 there', 1])
    senders.close()
    await close()
  })
  test('names the other machine to it by its name, and not by an address of numbers', async () => {
    const names: unknown[] = []
    const { url, close } = await listen((socket) => {
      names.push(socket.servername)
      socket.resume()
    })
    for (const at of [url, url.replace('localhost', '127.0.0.1')])
      expect((await sendSyslog({ url: at, ca: cert }, framed('hello'), never)).outcome).toBe('delivered')
    expect(names).toEqual(['localhost', false])
    senders.close()
    await close()
  })
  test('goes by another connection when the other side has ended the one before', async () => {
    let connections = 0
    let newest: TLSSocket | null = null
    const { url, close } = await listen((socket) => {
      connections += 1
      newest = socket
      socket.resume()
    })
    expect((await sendSyslog({ url, ca: cert }, framed('one'), never)).outcome).toBe('delivered')
    ;(newest as TLSSocket | null)?.end()
    await until(
      async () => (await sendSyslog({ url, ca: cert }, framed('two'), never)).outcome,
      (outcome) => outcome === 'delivered',
    )
    expect(connections).toBe(2)
    senders.close()
    await close()
  })
  test('does not count where nobody is, where the certificate is another’s, or where it is no TLS', async () => {
    expect(await sendSyslog({ url: 'tls://localhost:1', ca: cert }, 'x', never)).toMatchObject({ outcome: 'failed' })
    const { url, close } = await listen((socket) => socket.resume())
    expect(await sendSyslog({ url, ca: null }, framed('x'), never)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('self-signed'),
    })
    senders.close()
    await close()
    const plain = createTcpServer((socket) => socket.end('no'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', () => resolve()))
    const at = `tls://localhost:${(plain.address() as AddressInfo).port}`
    expect(await sendSyslog({ url: at, ca: cert }, framed('x'), never)).toMatchObject({ outcome: 'failed' })
    plain.close()
  })
  test('does not count when the other side throws the connection away', async () => {
    const { url, close } = await listen((socket) => socket.destroy())
    const said = await sendSyslog({ url, ca: cert }, framed('x'.repeat(5_000_000)), never)
    expect(said.outcome).toBe('failed')
    senders.close()
    await close()
  })
})

describe('syslog in a site file', () => {
  const read = (destination: string) =>
    readSite(
      `site: { id: town, name: Town, timezone: Europe/London }\n` +
        `helpPoints: [{ id: b, name: B, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\ndestinations: [${destination}]\n`,
      () => ({ value: 'a secret of sixteen' }),
    )
  test('is told what people did, unless the site says otherwise', () => {
    const [siem] = read('{ id: siem, syslog: { url: "tls://siem.example" } }').site?.destinations ?? []
    expect(siem).toMatchObject({ url: 'tls://siem.example', syslog: { ca: null } })
    for (const kind of [
      'session.opened',
      'access.refused',
      'camera.viewed',
      'clip.unlocked',
      'factors.reset',
      'user.added',
    ])
      expect({ kind, told: wants(siem?.events ?? [], kind) }).toEqual({ kind, told: true })
    expect(wants(siem?.events ?? [], 'incident.noted')).toBe(false)
  })
  test.each([
    ['{ id: a, syslog: { url: "tcp://siem.example:514" } }', 'write tls://'],
    ['{ id: a, syslog: { url: "tls://" } }', 'must be written so'],
    ['{ id: a, syslog: { url: "udp://siem.example" } }', 'must be written so'],
    ['{ id: a }', 'needs webhook'],
    ['{ id: a, syslog: { url: "tls://s" }, webhook: { url: "https://x", secret: "${S}" } }', 'not both'],
  ])('%s is refused in words', (destination, words) =>
    expect(
      read(destination)
        .problems.map(({ problem }) => problem)
        .join(),
    ).toContain(words),
  )
})
