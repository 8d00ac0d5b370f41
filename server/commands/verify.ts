/** `lamppost verify PACKAGE.zip --root PEM`: needs no server, and says in plain words what failed and where. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileSource } from '../evidence/file-source.ts'
import { type PackageVerdict, verifyPackage } from '../evidence/package-verification.ts'
import { realClock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'

const NOT_PROVEN = 2
type Stated = { reason?: string; kind?: string; parentExport?: string | null; requestedBy?: { name?: string; organisation?: string | null; reference?: string | null }; cameras?: { id: string; name: string; range: { actual: { from: string; to: string } | null }; gaps: { from: string; to: string }[] }[] }

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
  const hasher = () => {
    const hash = createHash('sha256')
    return { update: (bytes: Uint8Array): void => void hash.update(bytes), digest: () => hash.digest('hex') }
  }
  try {
    const verdict = await verifyPackage(source, { root, timeStampRoot, now: realClock.now(), hasher })
    process.stdout.write(`${factsOf(verdict).join('\n')}\n`)
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

function factsOf({ id, files, bytes, signer, signedAt, timeStamp, root, manifest, tagManifestSha256 }: PackageVerdict): string[] {
  const stated = manifest as Stated | null
  const time = (ms: number): string => new Date(ms).toISOString()
  return [
    `package:      ${id ?? 'unreadable'}, ${files} files, ${bytes} bytes`,
    ...(tagManifestSha256 ? [`tag manifest: ${tagManifestSha256}`] : []),
    ...(signer ? [`signed by:    ${signer.subject}${signedAt === null ? '' : `, who says at ${time(signedAt)}`}`] : []),
    ...(timeStamp?.at ? [`time stamp:   ${time(timeStamp.at)}${timeStamp.problem === null ? '' : ` (${timeStamp.problem})`}`] : []),
    ...(root ? [`root:         ${root.fingerprint}`] : []),
    ...(stated?.kind === 'redacted' ? [`redacted:     a copy of ${stated.parentExport} with places blurred`] : []),
    ...(stated?.reason ? [`reason:       ${stated.reason}`] : []),
    ...(stated?.requestedBy ? [`asked for by: ${[stated.requestedBy.name, stated.requestedBy.organisation, stated.requestedBy.reference].filter(Boolean).join(', ')}`] : []),
    ...(stated?.cameras ?? []).flatMap(({ id: camera, name, range, gaps }) => [`camera:       ${camera} (${name}) ${range.actual ? `${range.actual.from} to ${range.actual.to}` : ''}`, ...gaps.map(({ from, to }) => `  missing:    ${from} to ${to}`)]),
  ]
}
