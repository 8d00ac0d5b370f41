/** Whether the files of a TLS listener can be used, before kamailio is asked with them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileProblem, firstFileProblem } from '../../server/call/edge/edge-files.ts'
import type { EdgeListen } from '../../server/glossary/call.ts'
import { selfSigned } from '../contracts/certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-edge-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const made = (name: string): { cert: string; key: string } => {
  mkdirSync(join(folder, name))
  return selfSigned(join(folder, name), name)
}
const [ours, others] = [made('ours'), made('others')]
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const listener = (change: Partial<EdgeListen> = {}): EdgeListen => ({
  transport: 'tls',
  address: '10.0.0.5:5061',
  certificate: ours.cert,
  key: ours.key,
  ...change,
})
const pem = readFileSync(others.cert, 'utf8')

test('a pair that belongs together, and authorities beside it, can be used; so can a listener that has none', () => {
  expect(fileProblem(listener())).toBeNull()
  expect(fileProblem(listener({ clients: write('twenty.pem', pem.repeat(20)) }))).toBeNull()
  expect(fileProblem({ transport: 'udp', address: '10.0.0.5:5060' })).toBeNull()
})
test.each<[string, Partial<EdgeListen>, RegExp]>([
  ['a certificate that is not there', { certificate: join(folder, 'gone.pem') }, /gone\.pem cannot be read/],
  ['a folder in its place', { certificate: folder }, /cannot be read/],
  ['a file without a certificate', { certificate: ours.key }, /no certificate \(PEM\) in .*key\.pem/],
  [
    'a certificate that is none',
    { certificate: write('bad.pem', pem.replace(/MII.{20}/, 'AAAA')) },
    /a certificate in .*bad\.pem cannot be read/,
  ],
  ['the key of another', { key: others.key }, /the key in .*others.key\.pem is not the one of .*ours.cert\.pem/],
  ['no key', { key: ours.cert }, /no private key \(PEM, without a password\) in .*cert\.pem/],
  ['authorities that are not there', { clients: join(folder, 'no.pem') }, /no\.pem cannot be read/],
  ['an empty file of authorities', { clients: write('empty.pem', '') }, /no certificate \(PEM\) in .*empty\.pem/],
  [
    'one authority of two that is none',
    { clients: write('half.pem', `${pem}${pem.replace(/MII.{20}/, 'AAAA')}`) },
    /half\.pem cannot be read/,
  ],
  [
    'authorities of the whole world',
    { clients: write('world.pem', pem.repeat(21)) },
    /world\.pem has 21 certificates, and at most 20/,
  ],
])('%s is named', (_, change, words) => {
  expect(fileProblem(listener(change))).toMatch(words)
  expect(firstFileProblem([listener(), listener(change)])).toMatch(words)
})
