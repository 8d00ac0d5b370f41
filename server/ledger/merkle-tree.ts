/**
 * The tree over the ledger's entries, RFC 6962 2.1. Pure. A row's chain hash is SHA-256(0x00 ‖ prev ‖ bytes), which
 * is also the leaf hash of the data (prev ‖ bytes): no entry is hashed twice. Not here: where nodes lie
 * (ledger-sqlite).
 */
import { createHash } from 'node:crypto'

/** A whole subtree: the hash over 2^level leaves, the `index`-th of its level. */
export type Node = { level: number; index: number; hash: Buffer }

/** Nodes of every eighth level are kept: one for 256 entries, and no root needs more than a few hundred hashes. */
export const KEPT_LEVELS = 8
export const isKept = (level: number): boolean => level > 0 && level % KEPT_LEVELS === 0

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const INNER = Buffer.of(1)
export const innerHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(INNER, left, right)

/** The whole subtrees that a tree of this size is made of, the largest first. */
export function peaksOf(size: number): { level: number; index: number }[] {
  const peaks: { level: number; index: number }[] = []
  let before = 0
  for (let level = 52; level >= 0; level -= 1) {
    const leaves = 2 ** level
    if (size - before < leaves) continue
    peaks.push({ level, index: before / leaves })
    before += leaves
  }
  return peaks
}

/**
 * The hashes that lead from a leaf to the root, from below (RFC 6962 2.1.1).
 * @param whole the hash of a whole subtree, by level and index.
 */
export function inclusionPath(leaf: number, size: number, whole: (level: number, index: number) => Buffer): Buffer[] {
  const hashOf = (from: number, leaves: number): Buffer => {
    const level = Math.ceil(Math.log2(leaves))
    if (2 ** level === leaves) return whole(level, from / leaves)
    const left = 2 ** (level - 1)
    return innerHash(hashOf(from, left), hashOf(from + left, leaves - left))
  }
  const pathIn = (from: number, leaves: number): Buffer[] => {
    if (leaves <= 1) return []
    const left = 2 ** (Math.ceil(Math.log2(leaves)) - 1)
    return leaf < from + left
      ? [...pathIn(from, left), hashOf(from + left, leaves - left)]
      : [...pathIn(from + left, leaves - left), hashOf(from, left)]
  }
  return pathIn(0, size)
}

/** The growing right edge of a tree. @param peaks those of `size`, the largest first. */
export function createTreeEdge(size = 0, peaks: readonly Node[] = []) {
  let edge = [...peaks]
  let leaves = size
  return {
    size: (): number => leaves,
    /** @returns the nodes that are whole now and are to be kept. */
    push(leaf: Buffer): Node[] {
      const whole: Node[] = []
      let node: Node = { level: 0, index: leaves, hash: leaf }
      leaves += 1
      for (let left = edge.at(-1); left?.level === node.level; left = edge.at(-1)) {
        edge.pop()
        node = { level: node.level + 1, index: left.index / 2, hash: innerHash(left.hash, node.hash) }
        if (isKept(node.level)) whole.push(node)
      }
      edge.push(node)
      return whole
    },
    /** The root over everything pushed so far; of nothing it is the hash of nothing. */
    root(): Buffer {
      let root: Buffer | null = null
      for (const { hash } of edge.toReversed()) root = root === null ? hash : innerHash(hash, root)
      return root ?? sha256()
    },
    /** What a transaction that fails takes back. */
    mark(): () => void {
      const [was, count] = [[...edge], leaves]
      return () => void ([edge, leaves] = [was, count])
    },
  }
}
