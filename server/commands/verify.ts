/** `lamppost verify PACKAGE.zip --root PEM`: needs no server, and says in plain words what failed and where. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileSource } from '../evidence/package/file-source.ts'
import { crc32 } from 'node:zlib'
import { nodeHasher } from '../evidence/verify/node-hasher.ts'
import { factsOf } from '../evidence/verify/package-verdict.ts'
import { verifyPackage } from '../evidence/verify/package-verification.ts'
import { realClock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'

const NOT_PROVEN = 2
/** A mistyped name is no tampering. */
const NOT_JUDGED = 3

async function pem(option: string, file: string | undefined): Promise<string | null> {
  if (file === undefined) return null
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`--${option} ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const [block] = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/) ?? []
  try {
    new X509Certificate(block ?? '')
  } catch {
    throw new Error(`--${option} ${file} is no certificate in PEM (-----BEGIN CERTIFICATE-----)`)
  }
  return text
}

type Options = { root?: string | undefined; 'timestamp-root'?: string | undefined }

/**
 * Exit code 0: proven. 1: something is wrong. 2: nothing is wrong, but no root was given that vouches for it. 3:
 * there is nothing to judge, or nothing to judge it by.
 */
export async function verifyCommand(files: string[], options: Options): Promise<number> {
  const judged = await prepare(files, options).catch((error: unknown) => {
    process.stderr.write(`lamppost: ${messageOf(error)}\n`)
    return null
  })
  return judged === null ? NOT_JUDGED : judge(judged)
}

type Judged = { source: Awaited<ReturnType<typeof fileSource>>; root: string | null; timeStampRoot: string | null }
async function prepare([file, ...more]: string[], options: Options): Promise<Judged> {
  if (file === undefined || more.length > 0)
    throw new Error('verify takes one package: lamppost verify PACKAGE.zip --root evidence-root.pem')
  const [root, timeStampRoot] = [
    await pem('root', options.root),
    await pem('timestamp-root', options['timestamp-root']),
  ]
  const source = await fileSource(file).catch((error: unknown) => {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  return { source, root, timeStampRoot }
}

async function judge({ source, root, timeStampRoot }: Judged): Promise<number> {
  try {
    const verdict = await verifyPackage(source, {
      root,
      timeStampRoot,
      now: realClock.now(),
      hasher: nodeHasher,
      crc32,
    })
    for (const [term, value] of factsOf(verdict)) process.stdout.write(`${`${term}:`.padEnd(24)}${value}\n`)
    for (const { file: inside, problem } of verdict.findings)
      process.stderr.write(`NOT GOOD: ${inside === null ? '' : `${inside}: `}${problem}\n`)
    if (!verdict.intact) {
      process.stderr.write(
        `\nThis package is NOT what the site signed ` +
          `(${verdict.findings.length} ${verdict.findings.length === 1 ? 'finding' : 'findings'}).\n`,
      )
      return 1
    }
    if (!verdict.proven) {
      process.stderr.write(
        `\nNothing is wrong with it, and NOT PROVEN who made it: give the site’s root (--root ` +
          `evidence-root.pem), and compare its fingerprint with the receipt.\n`,
      )
      return NOT_PROVEN
    }
    process.stdout.write(
      '\nThis package is exactly what the site signed: every file is there, none was changed or added.\n',
    )
    return 0
  } finally {
    await source.close()
  }
}
