/** Requests to a VMS against servers that do harm: what is thrown has words, and neither address nor token. */
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type RequestListener, type Server, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type VmsTrust, createVmsHttp } from '../../server/connectors/vms-http.ts'

const NO_TRUST: VmsTrust = { fingerprint: null, ca: null }
const folder = mkdtempSync(join(tmpdir(), 'lamppost-vms-http-'))
const [certificate, key] = [join(folder, 'a.pem'), join(folder, 'a.key')]
let fingerprint = ''
const servers: Server[] = []
beforeAll(() => {
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
    ...names,
  ])
  fingerprint = new X509Certificate(readFileSync(certificate)).fingerprint256.replaceAll(':', '').toLowerCase()
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
async function serve(listener: RequestListener, secure = false): Promise<URL> {
  const server = secure
    ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener)
    : createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return new URL(`http${secure ? 's' : ''}://127.0.0.1:${port}/zm/api?token=very-secret`)
}
async function problem(address: URL, trust = NO_TRUST, signal = AbortSignal.timeout(3000)): Promise<string> {
  const error = await createVmsHttp(trust)(address, { signal, method: 'POST', form: { pass: 'very-secret' } }).then(
    () => null,
    (each: unknown) => each as Error,
  )
  expect(`${error?.message} ${JSON.stringify(error)}`).not.toMatch(/very-secret|127\.0\.0\.1/)
  return error?.message ?? 'none'
}

describe('a request to a VMS', () => {
  test('sends its form, and gets status, headers and text', async () => {
    const heard: string[] = []
    const address = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
      request.on('end', () => response.end('{"ok":true}'))
    })
    const answer = await createVmsHttp(NO_TRUST)(address, {
      method: 'PUT',
      form: { 'Event[Notes]': 'a & b' },
      signal: AbortSignal.timeout(3000),
    })
    expect(answer).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect(heard).toEqual(['Event%5BNotes%5D=a+%26+b'])
  })
  test('follows no redirect', async () =>
    expect(
      await problem(await serve((_, response) => void response.writeHead(302, { location: 'http://10.0.0.1/' }).end())),
    ).toContain('redirects'))
  test('ends an answer without end', async () =>
    expect(
      await problem(
        await serve((_, response) => {
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(500_000)));
            response.once('drain', more)
          }
          more()
        }),
      ),
    ).toContain('longer than'))
  test('ends an answer that drips', async () => {
    const address = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 50)
      response.on('close', () => clearInterval(timer))
    })
    expect(await problem(address, NO_TRUST, AbortSignal.timeout(400))).toContain('does not answer')
  })
  test('says when the answer breaks off', async () =>
    expect(
      await problem(
        await serve((_, response) => {
          response.writeHead(200, { 'content-length': '100' })
          response.write('x')
          setTimeout(() => response.destroy(), 20)
        }),
      ),
    ).toMatch(/broke off|cut the connection/))
  test('says when nobody is there', async () => {
    const address = await serve(() => {})
    servers[0]?.closeAllConnections()
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await problem(address)).toBe('nothing answers there')
  })
})

describe('over TLS', () => {
  const heard: string[] = []
  const secure = (): Promise<URL> =>
    serve((request, response) => {
      request.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
      request.on('end', () => response.end('{}'))
    }, true)
  test('a certificate that it signed itself is refused, and its remedy named', async () =>
    expect(await problem(await secure())).toContain('fingerprint'))
  test('the pinned one is spoken to, and no other: a stranger hears no password', async () => {
    const address = await secure()
    const pinned = createVmsHttp({ fingerprint, ca: null })
    expect(await pinned(address, { signal: AbortSignal.timeout(3000) })).toMatchObject({ status: 200 })
    heard.length = 0
    expect(await problem(address, { fingerprint: 'ab'.repeat(32), ca: null })).toContain('another one')
    expect(heard).toEqual([])
  })
  test('one that the named authority signed is spoken to', async () => {
    const trusted = createVmsHttp({ fingerprint: null, ca: readFileSync(certificate, 'utf8') })
    expect(await trusted(await secure(), { signal: AbortSignal.timeout(3000) })).toMatchObject({ status: 200 })
  })
})
