/**
 * A checkpoint of the ledger as the world reads them: C2SP tlog-checkpoint, a signed note with Ed25519. Pure.
 * Not here: when one is made (ledger), where they are kept (checkpoint-files).
 */
import { type KeyObject, createHash, createPublicKey, sign, verify } from 'node:crypto'

export type Checkpoint = { origin: string; size: number; /** base64 */ root: string }

const ED25519 = Buffer.of(1)
/** What comes before the 32 bytes of the key in its SubjectPublicKeyInfo. */
const SPKI_HEAD = 12
const rawKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD)
const keyIdOf = (name: string, key: KeyObject): Buffer =>
  createHash('sha256').update(`${name}\n`).update(ED25519).update(rawKey(key)).digest().subarray(0, 4)

/** Which log it is: its key, and which chain of it; a chain after a break is another log. */
export const originOf = (key: KeyObject, chain: number): string =>
  `lamppost/${createHash('sha256').update(rawKey(key)).digest('hex').slice(0, 16)}${chain > 1 ? `/chain-${chain}` : ''}`

/** What a verifier needs, as C2SP signed-note writes keys: name+id+key. */
export const verifierKeyOf = (name: string, key: KeyObject): string =>
  `${name}+${keyIdOf(name, key).toString('hex')}+${Buffer.concat([ED25519, rawKey(key)]).toString('base64')}`

const textOf = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${root}\n`

/** @returns the note: the text, a blank line, the signature line. */
export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  const text = textOf(checkpoint)
  const signature = Buffer.concat([keyIdOf(checkpoint.origin, key), sign(null, Buffer.from(text), key)])
  return `${text}\n— ${checkpoint.origin} ${signature.toString('base64')}\n`
}

const NOTE = /^([^\s+]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n\n((?:— [^\s+]+ [A-Za-z0-9+/=]+\n)+)$/

/** Key id and an Ed25519 signature. */
const SIGNATURE_BYTES = 68

/**
 * Reads a note and says whether this key signed it, and whether it is all there. Null when it is no checkpoint at
 * all.
 */
export function readCheckpoint(
  note: string,
  key: KeyObject,
): (Checkpoint & { signed: boolean; whole: boolean }) | null {
  const [, origin, size, root, signatures = ''] = NOTE.exec(note) ?? []
  if (origin === undefined || size === undefined || root === undefined) return null
  const checkpoint = { origin, size: Number(size), root }
  const mine = keyIdOf(origin, key)
  const signed = signatures.split('\n').some((line) => {
    const [, name, encoded = ''] = line.split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    return (
      name === origin &&
      bytes.subarray(0, 4).equals(mine) &&
      verify(null, Buffer.from(textOf(checkpoint)), createPublicKey(key), bytes.subarray(4))
    )
  })
  const whole = signatures
    .split('\n')
    .some((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').length === SIGNATURE_BYTES)
  return { ...checkpoint, signed, whole }
}
