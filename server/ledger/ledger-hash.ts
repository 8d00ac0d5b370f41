/** The chain's arithmetic, and nothing else: what is hashed, and how. */
import { createHash } from 'node:crypto'

export const NO_PREVIOUS = '0'.repeat(64)

/** One row exactly as it is stored. */
export type Row = {
  seq: number
  at: string
  kind: string
  actor: string
  subject: string
  body: string
  prev: string
  hash: string
}

/** The exact stored bytes of a row: its columns as a JSON array, a newline, its body as stored. */
export const leafOf = (row: Omit<Row, 'prev' | 'hash'>): string =>
  `${JSON.stringify([row.seq, row.at, row.kind, row.actor, row.subject])}\n${row.body}`

/** SHA-256(0x00 ‖ prev ‖ leaf), hex; 0x00 keeps leaves apart from tree nodes (RFC 6962). */
export const hashOf = (prev: string, leaf: string): string =>
  createHash('sha256').update(Buffer.of(0)).update(Buffer.from(prev, 'hex')).update(leaf, 'utf8').digest('hex')
