/** `lamppost verify PACKAGE.zip --root PEM`: needs no server, and says in plain words what failed and where. */
import { readFile } from 'node:fs/promises'
import { fileSource } from '../evidence/file-source.ts'
import { crc32 } from 'node:zlib'
import { nodeHasher } from '../evidence/node-hasher.ts'
import { factsOf } from '../evidence/package-verdict.ts'
import { verifyPackage } from '../evidence/package-verification.ts'
import { realClock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'

const NOT_PROVEN = 2

async function pem(option: string, file: string | undefined): Promise<string | null> {
  if (file === undefined) return null
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`--${option} ${file} cannot be read: ${wordsOf(error)}`, { cause: error })
  })
}

/** Exit code 0: proven. 1: something is wrong. 2: nothing is wrong, but no root was given that vouches for it. */
export async function verifyCommand([file, ...more]: string[], options: { root?: string | undefined; 'timestamp-root'?: string | undefined }): Promise<number> {
  if (file === undefined || more.length > 0) throw new Error('verify takes one package: lamppost verify PACKAGE.zip --root evidence-root.pem')
  const [root, timeStampRoot] = [await pem('root', options.root), await pem('timestamp-root', options['timestamp-root'])]
  const source = await fileSource(file).catch((error: unknown) => {
    throw new Error(`${file} cannot be read: ${wordsOf(error)}`, { cause: error })
  })
  try {
    const verdict = await verifyPackage(source, { root, timeStampRoot, now: realClock.now(), hasher: nodeHasher, crc32 })
    for (const [term, value] of factsOf(verdict)) process.stdout.write(`${`${term}:`.padEnd(24)}${value}\n`)
    for (const { file: inside, problem } of verdict.findings) process.stderr.write(`NOT GOOD: ${inside === null ? '' : `${inside}: `}${problem}\n`)
    if (!verdict.intact) {
      process.stderr.write(`\nThis package is NOT what the site signed (${verdict.findings.length} ${verdict.findings.length === 1 ? 'finding' : 'findings'}).\n`)
      return 1
    }
    if (!verdict.proven) {
      process.stderr.write(`\nNothing is wrong with it, and NOT PROVEN who made it: give the site’s root (--root evidence-root.pem), and compare its fingerprint with the receipt.\n`)
      return NOT_PROVEN
    }
    process.stdout.write('\nThis package is exactly what the site signed: every file is there, none was changed or added.\n')
    return 0
  } finally {
    await source.close()
  }
}
