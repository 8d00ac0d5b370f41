/**
 * The site's evidence root and the signer under it, as files that only their owner reads. Made on first start; or
 * supplied by the site file, and then nothing is made. Not here: what a certificate looks like (certificates), what
 * is signed (cms-signature).
 */
import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SiteEvidence } from '../../glossary/site.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { issueRoot, issueSigner } from './certificates.ts'

const DAY = 86_400_000
const ROOT_DAYS = 15 * 365
const SIGNER_DAYS = 2 * 365
/** A new signer is made so long before the old one runs out; a supplied one is warned of. */
const RENEW_DAYS = 90
/** A clock that is a little behind must not meet a certificate of tomorrow. */
const BACKDATED_MS = 3_600_000

/** `chain`: the signer first, the root last. */
export type SigningKeys = { chain: string[]; key: string }
export type KeyState = {
  root: string
  signer: string
  rootUntil: string
  signerUntil: string
  supplied: boolean
  problem: string | null
}

/** What is wrong with the keys is said by `state`, and stops nothing but exports. */
export async function openEvidenceKeys({
  folder,
  siteName,
  now,
  supplied,
  onSigner,
  onWarning,
}: {
  folder: string
  siteName: string
  now(): number
  supplied(): SiteEvidence['signer']
  onSigner(state: KeyState): void
  onWarning(words: string): void
}) {
  const file = (name: string): string => join(folder, name)
  let keys: SigningKeys | null = null

  function write(name: string, text: string, mode: number): void {
    writeFileSync(`${file(name)}.new`, text, { mode, flush: true })
    renameSync(`${file(name)}.new`, file(name))
  }
  function read(name: string): string {
    const mode = statSync(file(name)).mode & 0o777
    if (name.endsWith('key.pem') && (mode & 0o077) !== 0) {
      chmodSync(file(name), 0o600)
      onWarning(
        `${file(name)} could be read by others (mode ${mode.toString(8)}); it is its owner’s alone now. If ` +
          'others had a reason to be there, make a new signer: POST /api/v1/evidence-signer',
      )
    }
    return readFileSync(file(name), 'utf8')
  }
  const validity = (days: number) => ({ from: now() - BACKDATED_MS, to: now() + days * DAY })

  async function makeRoot(): Promise<void> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    // The key first: a certificate without it would stop every later start.
    write('root-key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600)
    write('root.pem', await issueRoot(publicKey, privateKey, siteName, validity(ROOT_DAYS)), 0o644)
  }
  async function makeSigner(): Promise<void> {
    const [cert, rootKey] = [read('root.pem'), createPrivateKey(read('root-key.pem'))]
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { to } = validity(SIGNER_DAYS)
    // Nothing that it signs must outlive the root.
    const signer = await issueSigner(publicKey, { cert, key: rootKey }, siteName, {
      from: now() - BACKDATED_MS,
      to: Math.min(to, Date.parse(new X509Certificate(cert).validTo)),
    })
    if (existsSync(file('signer.pem')))
      renameSync(file('signer.pem'), file(`signer-until-${isoTime(now()).slice(0, 19).replaceAll(':', '')}.pem`))
    write('signer-key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600)
    write('signer.pem', signer, 0o644)
  }
  async function own(): Promise<SigningKeys> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    if (!existsSync(file('root.pem'))) {
      // A root is made once: another one under what was signed before would disown it.
      if (existsSync(file('signer.pem')))
        throw new Error(
          `${folder}: root.pem is missing, and a signer of it is there; bring it back ` +
            'from a backup or from any receipt’s evidence-root.pem',
        )
      await makeRoot()
    }
    // One that could not live any longer than this one is no use.
    const rootUntil = Date.parse(new X509Certificate(read('root.pem')).validTo)
    const until =
      existsSync(file('signer.pem')) && existsSync(file('signer-key.pem'))
        ? Date.parse(new X509Certificate(read('signer.pem')).validTo)
        : 0
    const due = until === 0 || (until - now() < RENEW_DAYS * DAY && rootUntil - until > DAY)
    if (until === 0 && !existsSync(file('root-key.pem')))
      throw new Error(
        `${folder}: the signer is missing, and root-key.pem is not here to make another; bring one of them back`,
      )
    if (due && existsSync(file('root-key.pem'))) {
      await makeSigner()
      keys = checked({ chain: [read('signer.pem'), read('root.pem')], key: read('signer-key.pem') }, folder)
      onSigner(stateOf(keys, false))
      return keys
    }
    return checked({ chain: [read('signer.pem'), read('root.pem')], key: read('signer-key.pem') }, folder)
  }
  function theirs({ certificate, key, root }: NonNullable<SiteEvidence['signer']>): SigningKeys {
    const chain = certificate.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
    return checked({ chain: [...chain, root], key }, 'evidence.signer of the site file')
  }
  function stateOf({ chain }: SigningKeys, isSupplied: boolean): KeyState {
    const [signer, root] = [new X509Certificate(chain[0] ?? ''), new X509Certificate(chain.at(-1) ?? '')]
    const [signerUntil, rootUntil] = [Date.parse(signer.validTo), Date.parse(root.validTo)]
    return {
      root: root.fingerprint256,
      signer: signer.fingerprint256,
      rootUntil: isoTime(rootUntil),
      signerUntil: isoTime(signerUntil),
      supplied: isSupplied,
      problem: runsOut(signerUntil, rootUntil, isSupplied),
    }
  }
  /**
   * A signer of our own is renewed by itself; a root, and what is supplied, wants a person in time. Null while there
   * is time.
   */
  function runsOut(signerUntil: number, rootUntil: number, isSupplied: boolean): string | null {
    if (Math.min(signerUntil, rootUntil) <= now())
      return 'The signer of evidence packages has run out: what is exported now cannot be verified.'
    const isNear = (until: number): boolean => until - now() < RENEW_DAYS * DAY
    const days = (until: number): string => `runs out in ${Math.floor((until - now()) / DAY)} days.`
    if (isNear(rootUntil)) return `The root of evidence packages ${days(rootUntil)}`
    return isSupplied && isNear(signerUntil) ? `The signer of evidence packages ${days(signerUntil)}` : null
  }

  let broken: string | null = null
  /**
   * Presses and cameras do without evidence: what is wrong is said, and stops exports only.
   * @throws export/no-signer
   */
  async function load(): Promise<SigningKeys> {
    try {
      const given = supplied()
      keys = given ? theirs(given) : await own()
      broken = null
      const { problem } = stateOf(keys, given !== null)
      if (problem && Date.parse(new X509Certificate(keys.chain[0] ?? '').validTo) <= now()) throw new Error(problem)
      return keys
    } catch (error) {
      broken = `Evidence cannot be signed: ${messageOf(error)}`
      throw new Failure('export/no-signer', broken)
    }
  }
  await load().catch((error: unknown) => onWarning(messageOf(error)))

  return {
    /** Renewed when it is due. @throws when what is supplied does not fit together */
    signing: load,
    /** PEM of the root: what packages are verified with. */
    root(): string {
      const root = keys?.chain.at(-1)
      if (root === undefined) throw new Failure('export/no-signer', broken ?? 'There is no evidence root.')
      return root
    },
    state: (): KeyState => ({
      ...(keys
        ? stateOf(keys, supplied() !== null)
        : {
            root: '',
            signer: '',
            rootUntil: isoTime(0),
            signerUntil: isoTime(0),
            supplied: supplied() !== null,
            problem: null,
          }),
      ...(broken === null ? {} : { problem: broken }),
    }),
    /**
     * The old signer's key is gone afterwards; what it signed stays verifiable.
     * @throws export/no-signer when it is supplied
     */
    async renew(): Promise<KeyState> {
      if (supplied())
        throw new Failure('export/no-signer', 'The signer is supplied by the site file: put another one there.')
      await load()
      await makeSigner()
      const state = stateOf(await load(), false)
      onSigner(state)
      return state
    },
  }
}

/**
 * The key is the certificate's, of P-256, and each certificate was issued by the next.
 * @throws with words for a person
 */
function checked(keys: SigningKeys, where: string): SigningKeys {
  const { chain, key } = keys
  const certificates = chain.map((pem) => {
    try {
      return new X509Certificate(pem)
    } catch (error) {
      throw new Error(`${where}: this is no certificate in PEM`, { cause: error })
    }
  })
  const [signer] = certificates
  let own: ReturnType<typeof createPrivateKey>
  try {
    own = createPrivateKey(key)
  } catch (error) {
    throw new Error(`${where}: this is no private key in PEM`, { cause: error })
  }
  if (own.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error(`${where}: the signer’s key must be ECDSA on P-256`)
  if (signer?.ca) throw new Error(`${where}: a root signs nothing but signers; supply a certificate that is none`)
  if (!signer || !signer.publicKey.equals(createPublicKey(own)))
    throw new Error(`${where}: the private key is not the certificate’s`)
  for (const [i, certificate] of certificates.entries()) {
    const above = certificates[i + 1]
    if (above && !above.ca)
      throw new Error(`${where}: ${above.subject.replaceAll('\n', ', ')} is no authority that may certify others`)
    if (above && !certificate.verify(above.publicKey))
      throw new Error(
        `${where}: ${certificate.subject.replaceAll('\n', ', ')} was not issued by ${above.subject.replaceAll('\n', ', ')}`,
      )
  }
  return { chain: chain.map((pem) => `${pem.trim()}\n`), key }
}
