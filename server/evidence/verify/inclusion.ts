/**
 * Whether one entry of the ledger stands in the tree that a checkpoint signed: RFC 6962 2.1.1, C2SP tlog-checkpoint.
 * Runs in the server and in a browser. The ledger itself is another room's.
 */
import type { InclusionProof } from '../../glossary/evidence.ts'

const subtle = () => globalThis.crypto.subtle
const utf8 = new TextEncoder()
const fromHex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return new Uint8Array(await subtle().digest('SHA-256', all))
}

async function rootFrom(
  leaf: Uint8Array,
  leafIndex: number,
  treeSize: number,
  proof: readonly Uint8Array[],
): Promise<Uint8Array | null> {
  if (leafIndex < 0 || leafIndex >= treeSize) return null
  const inner = Uint8Array.of(1)
  let [index, last, hash, used] = [leafIndex, treeSize - 1, leaf, 0]
  while (last > 0) {
    if (index % 2 === 1 || index === last) {
      const next = proof[used]
      if (!next) return null
      hash = await sha256(inner, next, hash)
      used += 1
      while (index % 2 === 0 && index > 0) {
        index = Math.floor(index / 2)
        last = Math.floor(last / 2)
      }
    } else {
      const next = proof[used]
      if (!next) return null
      hash = await sha256(inner, hash, next)
      used += 1
    }
    index = Math.floor(index / 2)
    last = Math.floor(last / 2)
  }
  return used === proof.length ? hash : null
}

/** @returns null when the entry stands in the ledger that signed the checkpoint; else what is wrong. */
export async function inclusionProblem({
  checkpoint,
  verifierKey,
  leafIndex,
  treeSize,
  inclusionProof,
  entry,
}: InclusionProof): Promise<string | null> {
  const { seq, at, kind, actor, subject, body, prev, hash } = entry
  const leaf = await sha256(
    Uint8Array.of(0),
    fromHex(prev),
    utf8.encode(`${JSON.stringify([seq, at, kind, actor, subject])}\n${body}`),
  )
  if (toHex(leaf) !== hash) return 'the ledger’s entry does not give its hash'
  const [text = '', signatures = ''] = checkpoint.split('\n\n')
  const [origin = '', size = '', root = ''] = text.split('\n')
  if (Number(size) !== treeSize) return 'the proof is of another tree than the checkpoint'
  const found = await rootFrom(leaf, leafIndex, treeSize, inclusionProof.map(fromHex))
  if (found === null || toHex(found) !== toHex(fromBase64(root)))
    return 'the entry does not stand in the tree that the checkpoint signed'
  // The key itself is base64, and may have a + in it.
  const [, name = '', keyId = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) ?? []
  const raw = fromBase64(encoded)
  if (raw.length !== 33 || raw[0] !== 1) return 'the ledger’s key is none'
  const line = signatures.split('\n').find((each) => each.startsWith(`— ${origin} `))
  const signature = fromBase64(line?.split(' ')[2] ?? '')
  if (name !== origin || toHex(signature.subarray(0, 4)) !== keyId) return 'the checkpoint was signed by another key'
  const key = await subtle()
    .importKey('raw', raw.subarray(1), { name: 'Ed25519' }, false, ['verify'])
    .catch((error: unknown) => {
      if ((error as { name?: string }).name === 'NotSupportedError') return null
      throw error
    })
  // A browser without Ed25519 cannot say; the package's own signature covers the checkpoint all the same.
  if (key === null) return null
  return (await subtle().verify({ name: 'Ed25519' }, key, signature.subarray(4), utf8.encode(`${text}\n`)))
    ? null
    : 'the checkpoint’s signature is not good'
}
