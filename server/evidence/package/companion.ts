/**
 * What travels beside a package, and not inside it: the receipt, the root, and the page that verifies it in a
 * browser.
 */
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type ReceiptFacts, receiptHtml } from './receipt.ts'
import { centralHeader, directoryEnd, localHeader } from './zip-format.ts'

/** A stored ZIP of a few small files. */
export function smallZip(files: readonly { name: string; bytes: Buffer }[], at: number): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of files) {
    const entry = { name, bytes: bytes.length, crc: crc32(bytes), offset, at }
    const header = localHeader(entry)
    locals.push(header, bytes)
    centrals.push(centralHeader(entry))
    offset += header.length + bytes.length
  }
  const central = Buffer.concat(centrals)
  return Buffer.concat([...locals, central, directoryEnd({ entries: files.length, bytes: central.length, offset })])
}

const HOW = (id: string): string => `These files go with the evidence package ${id}.zip.

receipt.html        print it, and keep the paper apart from the package
evidence-root.pem   the root of the site that signed it; compare its fingerprint with the receipt
verify.html         open it in a browser, without a network, and drop the package and the root on it

VERIFY.txt inside the package says how to verify it with sha256sum, diff and openssl only.
`

/** @param verifierPage the built page, as a file. */
export async function companionZip(
  facts: ReceiptFacts,
  { root, verifierPage, at }: { root: string; verifierPage: string; at: number },
): Promise<Buffer> {
  const folder = `${facts.made.id}_companion`
  const file = (name: string, bytes: string | Buffer) => ({
    name: `${folder}/${name}`,
    bytes: Buffer.from(bytes as string),
  })
  return smallZip(
    [
      file('READ-ME.txt', HOW(facts.made.id)),
      file('receipt.html', receiptHtml(facts)),
      file('evidence-root.pem', root),
      file('verify.html', await readFile(verifierPage)),
    ],
    at,
  )
}
