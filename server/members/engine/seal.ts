/**
 * What the engine stores is sealed: the witness may stand at a neighbour's. AES-256-GCM with a key that only members
 * have; the key's name goes into the seal, so that no value can be put under another name. Pure but for random numbers.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const MOST_BYTES = 32 * 1024 * 1024

export type Seal = {
  seal(name: string, value: unknown): Buffer
  /** @throws when it was not sealed by a member, or under another name */
  open<Value>(name: string, sealed: Buffer): Value
}

/** @param townKey 32 bytes */
export function createSeal(townKey: Buffer): Seal {
  const key = Buffer.from(hkdfSync('sha256', townKey, '', 'lamppost engine values', 32))
  return {
    seal(name, value) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name, 'utf8'))
      const text = deflateRawSync(Buffer.from(JSON.stringify(value), 'utf8'), { level: 1 })
      return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
    },
    open<Value>(name: string, sealed: Buffer): Value {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error(`${name} in the engine is no sealed value`)
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(name, 'utf8'))
        .setAuthTag(sealed.subarray(-TAG_BYTES))
      let text: Buffer
      try {
        text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
      } catch {
        throw new Error(`${name} in the engine was not sealed with this town's key`)
      }
      return JSON.parse(inflateRawSync(text, { maxOutputLength: MOST_BYTES }).toString('utf8')) as Value
    },
  }
}
