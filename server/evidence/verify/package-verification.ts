/**
 * Whether a package is what the site signed: every file, every hash, the signature, the ledger's proof. Trusts
 * nothing that it reads. Runs in the server, on the command line, and in a browser without a network.
 */
import { certificateOf, summaryOf, verifyDetached } from '../sign/cms-signature.ts'
import type { PackageVerdict } from './package-verdict.ts'
import { type Hasher, statementProblems } from '../package/package-statement.ts'
import { verifyTimeStamp } from '../sign/time-stamp.ts'
import { type ByteSource, PackageProblem, type ReadEntry, readZip } from '../package/zip-reader.ts'

export type VerifyOptions = {
  root: string | null
  timeStampRoot?: string | null
  /** Milliseconds. */ now: number
  hasher(): Hasher
  /** CRC-32 of bytes that follow others; of none before is 0. */ crc32(bytes: Uint8Array, before: number): number
  onProgress?(share: number): void
}

const TAGS = ['bagit.txt', 'bag-info.txt', 'VERIFY.txt', 'manifest-sha256.txt'] as const
const UNLISTED = ['tagmanifest-sha256.txt', 'tagmanifest-sha256.txt.p7s'] as const
const TIME_STAMP = 'tagmanifest-sha256.txt.p7s.tsr'
const LIST = 'manifest-sha256.txt'
const MOST_TEXT = 64 * 1024 * 1024
const MOST_TAG = 1024 * 1024
const CHUNK = 4 * 1024 * 1024
const WRONG_CRC = 'its check sum in the ZIP is wrong: programs that unpack it would call it damaged'
/** A list of thousands of failures helps nobody. */
const MOST_FINDINGS = 50

export async function verifyPackage(source: ByteSource, options: VerifyOptions): Promise<PackageVerdict> {
  const verdict: PackageVerdict = {
    proven: false,
    intact: false,
    findings: [],
    id: null,
    files: 0,
    bytes: source.size,
    signer: null,
    signedAt: null,
    timeStamp: null,
    root: null,
    manifest: null,
    tagManifestSha256: null,
  }
  try {
    await verify(source, options, verdict)
  } catch (error) {
    // Whatever it is that makes a reader stumble, it is not what the site signed.
    verdict.findings.push(
      error instanceof PackageProblem
        ? { file: error.file, problem: error.message }
        : { file: null, problem: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` },
    )
  }
  verdict.intact = verdict.findings.length === 0
  verdict.proven = verdict.intact && options.root !== null
  return verdict
}

async function verify(source: ByteSource, options: VerifyOptions, verdict: PackageVerdict): Promise<void> {
  const found = (file: string | null, problem: string): void =>
    void (verdict.findings.length < MOST_FINDINGS && verdict.findings.push({ file, problem }))
  const entries = await readZip(source)
  const [top = ''] = (entries[0]?.name ?? '').split('/')
  const files = new Map<string, ReadEntry>()
  for (const entry of entries) {
    if (!entry.name.startsWith(`${top}/`))
      throw new PackageProblem(entry.name, `this file lies outside the package’s folder ${top}`)
    files.set(entry.name.slice(top.length + 1), entry)
  }
  verdict.id = top
  verdict.files = files.size
  for (const name of [...TAGS, ...UNLISTED])
    if (!files.has(name)) throw new PackageProblem(name, 'this file is missing')
  const bytesOf = async (name: string, most: number): Promise<Uint8Array> => {
    const entry = files.get(name)
    if (!entry) throw new PackageProblem(name, 'this file is missing')
    if (entry.bytes > most) throw new PackageProblem(name, `this file is far too large (${entry.bytes} bytes)`)
    return source.read(entry.start, entry.bytes)
  }

  const tagBytes = await bytesOf('tagmanifest-sha256.txt', MOST_TAG)
  const tags = listOf(tagBytes, 'tagmanifest-sha256.txt')
  const payload = listOf(await bytesOf(LIST, MOST_TEXT), LIST)
  for (const name of TAGS) if (!tags.has(name)) found(name, 'tagmanifest-sha256.txt does not list this file')
  for (const name of tags.keys())
    if (!(TAGS as readonly string[]).includes(name))
      found(name, 'tagmanifest-sha256.txt lists a file that no package has')
  for (const name of payload.keys())
    if (!name.startsWith('data/')) found(name, 'manifest-sha256.txt lists a file outside data/')
  for (const name of files.keys()) {
    if (
      name.startsWith('data/')
        ? !payload.has(name)
        : !tags.has(name) && !(UNLISTED as readonly string[]).includes(name) && name !== TIME_STAMP
    )
      found(name, 'this file was added: no list of the package has it')
  }
  for (const name of payload.keys()) if (!files.has(name)) found(name, 'this file is missing')

  for (const name of [...UNLISTED, TIME_STAMP]) {
    const entry = files.get(name)
    if (entry && options.crc32(await bytesOf(name, MOST_TAG), 0) !== entry.crc) found(name, WRONG_CRC)
  }
  await hashAll({ source, files, wanted: new Map([...tags, ...payload]), options, found })
  await signatureOf({
    options,
    verdict,
    found,
    content: tagBytes,
    signature: await bytesOf('tagmanifest-sha256.txt.p7s', MOST_TAG),
    stamp: files.has(TIME_STAMP) ? await bytesOf(TIME_STAMP, MOST_TAG) : null,
  })
  const hash = options.hasher()
  hash.update(tagBytes)
  verdict.tagManifestSha256 = hash.digest()

  // What the package says of itself is believed only when every byte of it is as it was signed.
  if (verdict.findings.length > 0) return
  const { manifest, problems } = await statementProblems({
    id: top,
    text: await bytesOf('data/manifest.json', MOST_TEXT),
    payload,
    hasher: options.hasher,
  })
  for (const { file, problem } of problems) found(file, problem)
  verdict.manifest = manifest
}

async function hashAll({
  source,
  files,
  wanted,
  options,
  found,
}: {
  source: ByteSource
  files: ReadonlyMap<string, ReadEntry>
  wanted: ReadonlyMap<string, string>
  options: VerifyOptions
  found(file: string, problem: string): void
}): Promise<void> {
  const total = [...wanted.keys()].reduce((sum, name) => sum + (files.get(name)?.bytes ?? 0), 0)
  let done = 0
  for (const [name, sha256] of wanted) {
    const entry = files.get(name)
    if (!entry) continue
    const hash = options.hasher()
    let crc = 0
    let next = source.read(entry.start, Math.min(CHUNK, entry.bytes))
    for (let at = 0; at < entry.bytes;) {
      const chunk = await next
      if (chunk.length === 0) throw new PackageProblem(name, 'the package breaks off in this file')
      at += chunk.length
      // The next piece is read while this one is hashed.
      next = source.read(entry.start + at, Math.min(CHUNK, entry.bytes - at))
      hash.update(chunk)
      crc = options.crc32(chunk, crc)
      done += chunk.length
      options.onProgress?.(done / Math.max(1, total))
    }
    await next
    if (hash.digest() !== sha256) found(name, 'this file was changed: its bytes do not give the hash that was signed')
    else if (crc !== entry.crc) found(name, WRONG_CRC)
  }
}

async function signatureOf({
  options,
  verdict,
  found,
  content,
  signature,
  stamp,
}: {
  options: VerifyOptions
  verdict: PackageVerdict
  found(file: string | null, problem: string): void
  content: Uint8Array
  signature: Uint8Array
  stamp: Uint8Array | null
}): Promise<void> {
  const { root, timeStampRoot = null, now } = options
  if (root !== null) verdict.root = await summaryOf(certificateOf(root))
  verdict.timeStamp = stamp && (await verifyTimeStamp(stamp, signature, { root: timeStampRoot, now }))
  if (verdict.timeStamp?.at === null) found(TIME_STAMP, `the time stamp is not good: ${verdict.timeStamp.problem}`)
  const stampedAt = verdict.timeStamp?.problem === null ? verdict.timeStamp.at : null
  const of = await verifyDetached(signature, content, { root, at: stampedAt ?? now })
  verdict.signer = of.signer
  verdict.signedAt = of.signedAt
  verdict.root ??= of.rootsInside[0] ?? null
  if (of.problem === null) return
  const ranOut = of.signer !== null && now > of.signer.to && stampedAt === null
  found(
    'tagmanifest-sha256.txt.p7s',
    ranOut
      ? `${of.problem}; a time stamp that its authority’s root vouches for would prove that it signed before`
      : of.problem,
  )
}

/** Path to hash. @throws PackageProblem */
function listOf(bytes: Uint8Array, name: string): Map<string, string> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  const list = new Map<string, string>()
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue
    const [, sha256 = '', path = ''] = /^([0-9a-f]{64}) {2}(\S.*)$/.exec(line) ?? []
    if (path === '') throw new PackageProblem(name, `line ${i + 1} is no hash and path`)
    if (list.has(path)) throw new PackageProblem(name, `line ${i + 1} lists ${path} a second time`)
    list.set(path, sha256)
  }
  return list
}
