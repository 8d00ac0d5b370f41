/**
 * A fake of a browser with a passkey in it (WebAuthn level 3, ES256, attestation "none"), for answers that no real one
 * gives: another origin, an old counter, nobody asked for a finger. The real one in Chromium is in `test/journeys/`.
 */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest()
const text = (data: Buffer): string => data.toString('base64url')
/** CBOR (RFC 8949): head of a byte string. */
const bytes = (data: Buffer): Buffer => Buffer.concat([Buffer.from([0x59, data.length >> 8, data.length & 255]), data])
const word = (value: string): Buffer => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])

const USER_WAS_HERE = 0x01
const USER_WAS_VERIFIED = 0x04
const HAS_NEW_KEY = 0x40

export type Asked = { challenge: string; rpId?: string | undefined; rp?: { id?: string | undefined } }
/** `origin`: of the page that asks. `verified`: whether it asked for a finger, a face, or a PIN. */
export type Told = { origin: string; verified?: boolean; counter?: number; site?: string; challenge?: string }

export function createSoftwareAuthenticator() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const coordinate = (value: string): Buffer =>
    Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(value, 'base64url')])
  const cose = Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    coordinate(x),
    Buffer.from([0x22]),
    coordinate(y),
  ])
  const id = randomBytes(32)
  const said = (type: string, { challenge }: Asked, told: Told): Buffer =>
    Buffer.from(
      JSON.stringify({ type, challenge: told.challenge ?? challenge, origin: told.origin, crossOrigin: false }),
    )
  function head(site: string, { verified = true, counter = 0 }: Told, more = 0): Buffer {
    const flags = USER_WAS_HERE | (verified ? USER_WAS_VERIFIED : 0) | more
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(site), Buffer.from([flags]), count])
  }
  const rest = { id: text(id), rawId: text(id), type: 'public-key', clientExtensionResults: {} }

  return {
    /** RegistrationResponseJSON */
    make(asked: Asked, told: Told) {
      const length = Buffer.from([0, id.length])
      const site = told.site ?? asked.rp?.id ?? ''
      const data = Buffer.concat([head(site, told, HAS_NEW_KEY), Buffer.alloc(16), length, id, cose])
      const attestation = Buffer.concat([
        Buffer.from([0xa3]),
        ...[word('fmt'), word('none'), word('attStmt'), Buffer.from([0xa0]), word('authData'), bytes(data)],
      ])
      const clientDataJSON = text(said('webauthn.create', asked, told))
      return { ...rest, response: { clientDataJSON, attestationObject: text(attestation) } }
    },
    /** AuthenticationResponseJSON */
    use(asked: Asked, told: Told) {
      const client = said('webauthn.get', asked, told)
      const data = head(told.site ?? asked.rpId ?? '', told)
      const signature = createSign('sha256')
        .update(Buffer.concat([data, sha256(client)]))
        .sign(privateKey)
      return {
        ...rest,
        response: { clientDataJSON: text(client), authenticatorData: text(data), signature: text(signature) },
      }
    },
  }
}
