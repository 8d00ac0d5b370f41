/** Several pieces as one. What is put together here mostly lies side by side already, and then nothing is copied. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces
  if (!first) return Buffer.alloc(0)
  let end = first.byteOffset + first.length
  for (const piece of pieces.slice(1)) {
    if (piece.buffer !== first.buffer || piece.byteOffset !== end) return Buffer.concat(pieces)
    end += piece.length
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset)
}
