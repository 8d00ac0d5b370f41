import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createTreeEdge, inclusionPath, innerHash, peaksOf } from '../../server/ledger/merkle-tree.ts'

const leafHash = (data: Buffer): Buffer => createHash('sha256').update(Buffer.of(0)).update(data).digest()
/** RFC 6962 2.1, word by word. */
function treeHash(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  if (leaves.length === 1) return leaves[0] ?? Buffer.alloc(0)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return innerHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)))
}
const LEAVES = Array.from({ length: 600 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)))

describe('the tree over the ledger', () => {
  test('gives the roots of the published test vectors (RFC 6962 in Certificate Transparency)', () => {
    const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    const edge = createTreeEdge()
    expect(edge.root().toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    data.forEach((hex, i) => {
      edge.push(leafHash(Buffer.from(hex, 'hex')))
      expect(edge.root().toString('hex')).toBe(roots[i])
    })
  })
  test('is the same at every size as the definition says', () => {
    const edge = createTreeEdge()
    LEAVES.forEach((leaf, i) => {
      edge.push(leaf)
      if (i % 37 === 0 || i > 590) expect(edge.root()).toEqual(treeHash(LEAVES.slice(0, i + 1)))
    })
  })
  test('each leaf’s path leads to the root, as RFC 9162 2.1.3.2 checks it', () => {
    for (const size of [1, 2, 3, 7, 8, 9, 13, 64, 100]) {
      const leaves = LEAVES.slice(0, size)
      const whole = (level: number, index: number): Buffer =>
        treeHash(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
      for (let leaf = 0; leaf < size; leaf += 1) {
        let [node, last, hash] = [leaf, size - 1, leaves[leaf] ?? Buffer.alloc(0)]
        for (const beside of inclusionPath(leaf, size, whole)) {
          const isRight = node % 2 === 1 || node === last
          hash = isRight ? innerHash(beside, hash) : innerHash(hash, beside)
          if (isRight) for (; node % 2 === 0 && node !== 0; node = Math.floor(node / 2)) last = Math.floor(last / 2)
          ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
        }
        expect(last, `${leaf} of ${size}`).toBe(0)
        expect(hash, `${leaf} of ${size}`).toEqual(treeHash(leaves))
      }
    }
  })
  test('goes on from its peaks as if it had never stopped', () => {
    const whole = createTreeEdge()
    for (const leaf of LEAVES) whole.push(leaf)
    const peaks = peaksOf(411).map(({ level, index }) => ({
      level,
      index,
      hash: treeHash(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level)),
    }))
    const resumed = createTreeEdge(411, peaks)
    for (const leaf of LEAVES.slice(411)) resumed.push(leaf)
    expect(resumed.root()).toEqual(whole.root())
  })
  test('keeps one node for 256 leaves', () => {
    const edge = createTreeEdge()
    const kept = LEAVES.flatMap((leaf) => edge.push(leaf))
    expect(kept.map(({ level, index }) => [level, index])).toEqual([
      [8, 0],
      [8, 1],
    ])
    expect(kept[1]?.hash).toEqual(treeHash(LEAVES.slice(256, 512)))
  })
  test('takes back what a failed transaction pushed', () => {
    const edge = createTreeEdge()
    edge.push(LEAVES[0] as Buffer)
    const before = edge.root()
    const takeBack = edge.mark()
    edge.push(LEAVES[1] as Buffer)
    edge.push(LEAVES[2] as Buffer)
    takeBack()
    expect([edge.root(), edge.size()]).toEqual([before, 1])
  })
})
