/**
 * How a new member gets the town's key: it proves by the engine's password that it was given the same site file, and
 * the key comes sealed for a key pair that was made for this once. Without a password only this machine is believed.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isLoopback } from '../door/public-address.ts'
import { Failure } from '../tools/failure.ts'
import type { JoinAnswer, JoinRequest } from './member-routes.ts'

const WINDOW_MS = 5 * 60_000
const exported = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64')
const imported = (text: string): KeyObject =>
  createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
const secretOf = (privateKey: KeyObject, publicKey: KeyObject): Buffer =>
  Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), '', 'lamppost town key', 32))
const proofOf = ({ member, at, publicKey }: Omit<JoinRequest, 'proof'>, password: string | null): Buffer =>
  createHmac('sha256', password ?? '')
    .update(`lamppost join\n${member}\n${at}\n${publicKey}`, 'utf8')
    .digest()

/** @param at UTC ISO 8601 */
export function askToJoin(member: string, password: string | null, at: string) {
  const pair = generateKeyPairSync('x25519')
  const asked = { member, at, publicKey: exported(pair.publicKey) }
  return {
    request: { ...asked, proof: proofOf(asked, password).toString('hex') } satisfies JoinRequest,
    /** @returns the town's key, base64 */
    keyIn({ publicKey, sealed }: JoinAnswer): string {
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv(
        'aes-256-gcm',
        secretOf(pair.privateKey, imported(publicKey)),
        bytes.subarray(0, 12),
      )
      decipher.setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64')
    },
  }
}

/** @throws town/not-a-member */
export function admitMember(
  request: JoinRequest,
  {
    from,
    now,
    password,
    townKey,
    known,
  }: { from: string; now: number; password: string | null; townKey: Buffer; known: readonly string[] },
): JoinAnswer {
  if (!known.includes(request.member))
    throw new Failure(
      'town/not-a-member',
      `The site file of this server has no member ${request.member} under town: members.`,
    )
  if (password === null && !isLoopback(from))
    throw new Failure(
      'town/not-a-member',
      'Without a password (town: agreement: user, password) a member joins from this machine only.',
    )
  const given = Buffer.from(request.proof, 'hex')
  const expected = proofOf(request, password)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new Failure(
      'town/not-a-member',
      'The engine’s password is another there than in the site file of this server.',
    )
  if (!(Math.abs(now - Date.parse(request.at)) <= WINDOW_MS))
    throw new Failure('town/not-a-member', 'The clocks of the two servers are more than five minutes apart: set them.')
  const pair = generateKeyPairSync('x25519')
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secretOf(pair.privateKey, imported(request.publicKey)), nonce)
  const sealed = Buffer.concat([nonce, cipher.update(townKey), cipher.final(), cipher.getAuthTag()])
  return { publicKey: exported(pair.publicKey), sealed: sealed.toString('base64') }
}
