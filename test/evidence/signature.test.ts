import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importSigningKey, issueRoot, issueSigner } from '../../server/evidence/sign/certificates.ts'
import { signDetached, verifyDetached } from '../../server/evidence/sign/cms-signature.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-signature-'))
afterAll(() => rmSync(folder, { recursive: true }))
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const NOW = Date.parse('2026-11-20T22:30:00.000Z')
const DAY = 86_400_000
const VALID = { from: NOW - DAY, to: NOW + 30 * DAY }
const content = Buffer.from('e3b0c442  data/manifest.json\n')
let root: string
let otherRoot: string
let signature: Uint8Array

beforeAll(async () => {
  const [rootKey, signerKey, otherKey] = [pair(), pair(), pair()]
  root = await issueRoot(rootKey.publicKey, rootKey.privateKey, 'Darlington & Söns', VALID)
  otherRoot = await issueRoot(otherKey.publicKey, otherKey.privateKey, 'Darlington & Söns', VALID)
  const signer = await issueSigner(
    signerKey.publicKey,
    { cert: root, key: rootKey.privateKey },
    'Darlington & Söns',
    VALID,
  )
  signature = await signDetached(content, {
    chain: [signer, root],
    key: await importSigningKey(signerKey.privateKey),
    at: NOW,
  })
})

function openssl(trusted: string, of: Buffer): { ok: boolean; said: string } {
  writeFileSync(join(folder, 'root.pem'), trusted)
  writeFileSync(join(folder, 'content'), of)
  writeFileSync(join(folder, 'signature.p7s'), signature)
  const { status, stderr } = spawnSync(
    'openssl',
    [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-in',
      'signature.p7s',
      '-content',
      'content',
      '-CAfile',
      'root.pem',
      '-no-CApath',
      '-no-CAstore',
      '-attime',
      String(NOW / 1000),
      '-out',
      '/dev/null',
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  return { ok: status === 0, said: stderr }
}

describe('a signature', () => {
  test('is verified by OpenSSL with the root, and by nothing else', () => {
    expect(openssl(root, content)).toMatchObject({ ok: true })
    expect(openssl(otherRoot, content)).toMatchObject({ ok: false })
    expect(openssl(root, Buffer.from('another content'))).toMatchObject({ ok: false })
  })
  test('names who signed, when, and the root that travels inside', async () => {
    const verdict = await verifyDetached(signature, content, { root, at: NOW })
    expect(verdict).toMatchObject({
      problem: null,
      signedAt: NOW,
      signer: {
        subject: 'Lamppost evidence signer 2026-11-19, Darlington & Söns',
        issuer: 'Lamppost evidence root, Darlington & Söns',
      },
    })
    expect(verdict.rootsInside).toHaveLength(1)
    const { stdout } = spawnSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], {
      encoding: 'utf8',
      input: root,
    })
    expect(verdict.rootsInside[0]?.fingerprint).toBe(stdout.trim().split('=')[1])
  })
  test.each([
    [
      'another content',
      () => verifyDetached(signature, Buffer.from('x'), { root, at: NOW }),
      /does not fit the content/,
    ],
    [
      'a root that did not certify its signer',
      () => verifyDetached(signature, content, { root: otherRoot, at: NOW }),
      /was not certified by the root/,
    ],
    [
      'a moment after its certificate ran out',
      () => verifyDetached(signature, content, { root, at: NOW + 90 * DAY }),
      /was valid from .* and not at/,
    ],
    [
      'bytes that are no signature',
      () => verifyDetached(Buffer.from('nonsense'), content, { root, at: NOW }),
      /is no CMS signature/,
    ],
    [
      'a flipped bit at its end',
      () => verifyDetached(flipped(-3), content, { root, at: NOW }),
      /does not fit|cannot be verified/,
    ],
  ])('does not pass with %s, and says why', async (_, verify, words) => {
    expect((await verify()).problem).toMatch(words)
  })
  test('is never good after any single flipped bit', async () => {
    const passed: number[] = []
    const good = await verifyDetached(signature, content, { root, at: NOW })
    for (let at = 0; at < signature.length; at += 29) {
      const { problem, signer } = await verifyDetached(flipped(at), content, { root, at: NOW }).catch(
        (error: Error) => ({ problem: error.message, signer: null }),
      )
      // A bit of the root that travels inside changes nothing: it is nobody's word.
      if (
        problem === null &&
        !(
          signer?.subject === 'Lamppost evidence signer 2026-11-19, Darlington & Söns' &&
          signer.fingerprint === good.signer?.fingerprint
        )
      )
        passed.push(at)
    }
    expect(good.problem).toBeNull()
    expect(passed).toEqual([])
  })
})

const flipped = (at: number): Buffer => {
  const bytes = Buffer.from(signature)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 1
  return bytes
}
