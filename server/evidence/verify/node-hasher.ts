import { createHash } from 'node:crypto'
import type { Hasher } from '../package/package-statement.ts'

/** SHA-256 by OpenSSL, for whoever verifies outside a browser. */
export function nodeHasher(): Hasher {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
}
