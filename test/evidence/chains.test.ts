/** Certificates and time stamps of somebody else's: as OpenSSL sees them, and never for long. */
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { type Server, createServer } from 'node:http'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importSigningKey } from '../../server/evidence/sign/certificates.ts'
import { signDetached, verifyDetached } from '../../server/evidence/sign/cms-signature.ts'
import { openEvidenceKeys } from '../../server/evidence/sign/evidence-keys.ts'
import { askTimeStamp, verifyTimeStamp } from '../../server/evidence/sign/time-stamp.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-chains-'))
const content = Buffer.from('tagmanifest\n')
let authority: Server
let url: string

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  return stdout
}
const EXTENSIONS: Record<string, string> = {
  root: 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign',
  middle: 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign',
  signer: 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature',
  server: 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth',
  encipherer: 'basicConstraints=CA:FALSE\nkeyUsage=critical,keyEncipherment',
  stamper: 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping',
}
/** A certificate of that kind, by `issuer`; null signs itself. */
function certificate(name: string, kind: keyof typeof EXTENSIONS, issuer: string | null): void {
  writeFileSync(join(folder, `${name}.ext`), EXTENSIONS[kind] ?? '')
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.ec`)
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', `${name}.ec`, '-out', `${name}.key`)
  openssl('req', '-new', '-key', `${name}.key`, '-subj', `/O=Council/CN=${name}`, '-out', `${name}.csr`)
  const by =
    issuer === null
      ? ['-signkey', `${name}.key`]
      : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...by,
    '-days',
    '30',
    '-sha256',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  )
}
const pem = (name: string): string => readFileSync(join(folder, `${name}.pem`), 'utf8')
const signedBy = async (name: string, ...others: string[]) =>
  signDetached(content, {
    chain: [name, ...others].map(pem),
    key: await importSigningKey(createPrivateKey(readFileSync(join(folder, `${name}.key`)))),
    at: Date.now(),
  })
const verdict = async (signature: Uint8Array, root = 'root'): Promise<string | null> =>
  (await verifyDetached(signature, content, { root: pem(root), at: Date.now() })).problem
function opensslTakes(signature: Uint8Array): boolean {
  writeFileSync(join(folder, 's.p7s'), signature)
  writeFileSync(join(folder, 'c.txt'), content)
  return (
    spawnSync(
      'openssl',
      [
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        's.p7s',
        '-content',
        'c.txt',
        '-CAfile',
        'root.pem',
        '-no-CApath',
        '-no-CAstore',
        '-out',
        '/dev/null',
      ],
      { cwd: folder },
    ).status === 0
  )
}

beforeAll(async () => {
  certificate('root', 'root', null)
  certificate('middle', 'middle', 'root')
  certificate('signer', 'signer', 'root')
  certificate('below', 'signer', 'middle')
  certificate('server', 'server', 'root')
  certificate('encipherer', 'encipherer', 'root')
  certificate('leafs-own', 'signer', 'signer')
  certificate('stamper', 'stamper', 'root')
  writeFileSync(
    join(folder, 'tsa.cnf'),
    `[tsa]\ndefault_tsa=t\n[t]\nserial=${join(folder, 'serial')}\nsigner_digest=sha256\n` +
      `default_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n`,
  )
  // A real authority: OpenSSL's own.
  authority = createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === '/down') return void reply.writeHead(503).end()
      if (request.url === '/endless') return void reply.end(Buffer.alloc(2_000_000))
      const signer = request.url === '/server' ? 'server' : 'stamper'
      writeFileSync(join(folder, 'q.tsq'), Buffer.concat(chunks))
      const { status } = spawnSync(
        'openssl',
        [
          'ts',
          '-reply',
          '-config',
          'tsa.cnf',
          '-queryfile',
          'q.tsq',
          '-signer',
          `${signer}.pem`,
          '-inkey',
          `${signer}.key`,
          '-chain',
          'root.pem',
          '-out',
          'r.tsr',
        ],
        { cwd: folder },
      )
      if (status !== 0) return void reply.writeHead(500).end()
      return void reply.end(readFileSync(join(folder, 'r.tsr')))
    })
  })
  await new Promise<void>((resolve) => authority.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(authority.address() as AddressInfo).port}`
})
afterAll(() => {
  authority.close()
  rmSync(folder, { recursive: true })
})

describe('a chain', () => {
  test.each([
    ['a signer of the root', ['signer', 'root'], true],
    ['a signer below an authority of the root', ['below', 'middle', 'root'], true],
    ['a signer whose authority is not brought along', ['below'], false],
    ['a web server’s certificate', ['server', 'root'], false],
    ['a certificate that may only encipher', ['encipherer', 'root'], false],
    ['a time-stamping authority’s', ['stamper', 'root'], false],
    ['a certificate that a signer issued', ['leafs-own', 'signer', 'root'], false],
  ])('of %s is judged as OpenSSL judges it', async (_, [name = '', ...others], good) => {
    const signature = await signedBy(name, ...others)
    expect(opensslTakes(signature)).toBe(good)
    expect((await verdict(signature)) === null).toBe(good)
  })
  test('of the root’s own signature is not good: it signs nothing but signers', async () => {
    expect(await verdict(await signedBy('root'))).toMatch(/a root signs nothing but signers/)
  })
  test('of authorities that certified each other ends at once', async () => {
    certificate('a', 'root', null)
    certificate('b', 'root', null)
    const cross = (of: string, by: string): void => {
      openssl(
        'x509',
        '-req',
        '-in',
        `${of}.csr`,
        '-CA',
        `${by}.pem`,
        '-CAkey',
        `${by}.key`,
        '-CAcreateserial',
        '-days',
        '30',
        '-extfile',
        `${of}.ext`,
        '-out',
        `${of}-by-${by}.pem`,
      )
    }
    cross('a', 'b')
    cross('b', 'a')
    certificate('lost', 'signer', 'a')
    const startedAt = performance.now()
    expect(await verdict(await signedBy('lost', 'a-by-b', 'b-by-a'))).toMatch(/not certified by the root/)
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})

describe('a time stamp', () => {
  test('by a real authority says when a signature existed; OpenSSL agrees', async () => {
    const signature = await signedBy('signer', 'root')
    const { reply, at } = await askTimeStamp({ url }, signature, new AbortController().signal)
    expect(Math.abs(at - Date.now())).toBeLessThan(5000)
    expect(await verifyTimeStamp(reply, signature, { root: pem('root'), now: Date.now() })).toEqual({
      at,
      problem: null,
    })
    writeFileSync(join(folder, 's.p7s'), signature)
    writeFileSync(join(folder, 's.tsr'), reply)
    expect(openssl('ts', '-verify', '-data', 's.p7s', '-in', 's.tsr', '-CAfile', 'root.pem')).toContain('OK')
    // Long after the certificate has run out, the stamp still says that it was good then.
    const late = Date.now() + 400 * 86_400_000
    expect((await verifyDetached(signature, content, { root: pem('root'), at: late })).problem).toMatch(
      /was valid from/,
    )
    const stamped = await verifyTimeStamp(reply, signature, { root: pem('root'), now: late })
    expect((await verifyDetached(signature, content, { root: pem('root'), at: stamped.at ?? late })).problem).toBeNull()
  })
  test('of something else, with a flipped bit, by another certificate, or of a time to come is no proof', async () => {
    const signature = await signedBy('signer', 'root')
    const { reply, at } = await askTimeStamp({ url }, signature, new AbortController().signal)
    const good = { root: pem('root'), now: Date.now() }
    expect(await verifyTimeStamp(reply, Buffer.from('x'), good)).toMatchObject({
      at: null,
      problem: 'it stamps something else',
    })
    const flipped = Uint8Array.from(reply)
    flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1
    expect(await verifyTimeStamp(flipped, signature, good)).toMatchObject({ at: null })
    expect(await verifyTimeStamp(reply, signature, { ...good, now: at - 3_600_000 })).toMatchObject({
      at: null,
      problem: expect.stringContaining('a time to come'),
    })
    expect(await verifyTimeStamp(reply, signature, { ...good, root: null })).toMatchObject({
      at,
      problem: expect.stringContaining('was not given'),
    })
  })
  test.each([
    ['is down', '/down', /answered 503/],
    ['answers without end', '/endless', /something else than a time stamp/],
    ['may not stamp', '/server', /answered 500/],
  ])('of an authority that %s fails in words', async (_, path, words) => {
    await expect(askTimeStamp({ url: `${url}${path}` }, content, new AbortController().signal)).rejects.toThrow(words)
  })
})

describe('the site’s keys', () => {
  const DAY = 86_400_000
  const open = (
    at: number,
    supplied: Parameters<typeof openEvidenceKeys>[0]['supplied'] = () => null,
    into = 'keys',
  ) => {
    const told: string[] = []
    const made: string[] = []
    return openEvidenceKeys({
      folder: join(folder, into),
      siteName: 'Town',
      now: () => at,
      supplied,
      onSigner: ({ signer }) => void made.push(signer),
      onWarning: (words) => void told.push(words),
    }).then((keys) => ({ keys, told, made }))
  }
  test('are made once; a signer is renewed in time, and only then', async () => {
    const now = Date.now()
    const first = await open(now)
    expect(first.made).toHaveLength(1)
    const root = first.keys.root()
    expect((await open(now + 600 * DAY)).made).toHaveLength(0)
    const renewed = await open(now + 660 * DAY)
    expect(renewed.made).toHaveLength(1)
    expect(renewed.keys.root()).toBe(root)
    expect((await open(now + 661 * DAY)).made).toHaveLength(0)
  })
  test('that run out are told, and nothing is signed with them', async () => {
    const { keys } = await open(Date.now() + 16 * 365 * DAY)
    expect(keys.state().problem).toMatch(/run out|runs out/)
    await expect(keys.signing()).rejects.toMatchObject({ code: 'export/no-signer' })
  })
  test('that others could read are theirs no more, and that is said', async () => {
    const { told } = await open(Date.now(), () => null, 'loose')
    expect(told).toEqual([])
    spawnSync('chmod', ['644', join(folder, 'loose', 'signer-key.pem')])
    expect((await open(Date.now(), () => null, 'loose')).told[0]).toMatch(/could be read by others/)
  })
  test('of the council’s own are taken; ones that do not belong together stop exports, and say why', async () => {
    const key = (name: string): string => readFileSync(join(folder, `${name}.key`), 'utf8')
    const good = await open(
      Date.now(),
      () => ({ certificate: `${pem('below')}${pem('middle')}`, key: key('below'), root: pem('root') }),
      'supplied',
    )
    const signature = await signDetached(content, {
      ...(await good.keys.signing()),
      key: await importSigningKey(createPrivateKey((await good.keys.signing()).key)),
      at: Date.now(),
    })
    expect(opensslTakes(signature)).toBe(true)
    for (const [supplied, words] of [
      [{ certificate: pem('signer'), key: key('server'), root: pem('root') }, /not the certificate’s/],
      [{ certificate: pem('below'), key: key('below'), root: pem('root') }, /was not issued by/],
      [{ certificate: 'nonsense', key: key('signer'), root: pem('root') }, /evidence.signer/],
      [{ certificate: pem('root'), key: key('root'), root: pem('root') }, /a root signs nothing but signers/],
    ] as const) {
      const { keys } = await open(Date.now(), () => supplied, 'bad')
      expect(keys.state().problem).toMatch(words)
      await expect(keys.signing()).rejects.toMatchObject({
        code: 'export/no-signer',
        message: expect.stringMatching(words),
      })
    }
  })
})
