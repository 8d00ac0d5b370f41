/**
 * Whether a certificate leads to a root that is trusted: as OpenSSL sees it, and never for longer than a few steps,
 * whatever certificates a hostile package brings along. Runs in the server and in a browser.
 */
import type * as asn1js from 'asn1js'
import type * as pkijs from 'pkijs'

const MOST_CERTIFICATES = 8
const MOST_STEPS = 4
const OID = {
  keyUsage: '2.5.29.15',
  extendedUsage: '2.5.29.37',
  basicConstraints: '2.5.29.19',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  anyUsage: '2.5.29.37.0',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const
/** RFC 5280 4.2.1.3: the first byte of the BIT STRING. */
const USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, signCertificates: 0x04 } as const

/** `packages`: signs evidence. `time-stamps`: is a time-stamping authority's. */
export type Purpose = 'packages' | 'time-stamps'

const extensionOf = (certificate: pkijs.Certificate, oid: string): pkijs.Extension | undefined =>
  certificate.extensions?.find(({ extnID }) => extnID === oid)
/** Null when it does not say; then every use is allowed. */
function usageOf(certificate: pkijs.Certificate): number | null {
  const found = extensionOf(certificate, OID.keyUsage)?.parsedValue as asn1js.BitString | undefined
  return found ? (found.valueBlock.valueHexView[0] ?? 0) : null
}
const same = (a: pkijs.Certificate, b: pkijs.Certificate): boolean =>
  new Uint8Array(a.toSchema(true).toBER()).join() === new Uint8Array(b.toSchema(true).toBER()).join()
const isValidAt = ({ notBefore, notAfter }: pkijs.Certificate, at: number): boolean =>
  notBefore.value.getTime() <= at && at <= notAfter.value.getTime()

function isAuthority(certificate: pkijs.Certificate, below: number): boolean {
  const constraints = extensionOf(certificate, OID.basicConstraints)?.parsedValue as pkijs.BasicConstraints | undefined
  const usage = usageOf(certificate)
  const length = constraints?.pathLenConstraint
  return (
    constraints?.cA === true &&
    (typeof length !== 'number' || below <= length) &&
    (usage === null || (usage & USAGE.signCertificates) !== 0)
  )
}

/** Null when it may be used so; else why not. */
function purposeProblem(certificate: pkijs.Certificate, purpose: Purpose): string | null {
  const usage = usageOf(certificate)
  if (usage !== null && (usage & (USAGE.digitalSignature | USAGE.nonRepudiation)) === 0)
    return 'its certificate is not for signing'
  const extended = extensionOf(certificate, OID.extendedUsage)
  const purposes = (extended?.parsedValue as pkijs.ExtKeyUsage | undefined)?.keyPurposes ?? []
  if (purpose === 'time-stamps')
    return extended?.critical && purposes.length === 1 && purposes[0] === OID.timeStamping
      ? null
      : 'its certificate is not a time-stamping authority’s'
  return !extended || purposes.some((each) => each === OID.emailProtection || each === OID.anyUsage)
    ? null
    : 'its certificate is for something else than signing documents'
}

/**
 * @param inside what the signature brought along.
 * @param at milliseconds: when everything must be valid.
 * @returns null when it leads there; else why not.
 */
export async function chainProblem(
  signer: pkijs.Certificate,
  inside: readonly pkijs.Certificate[],
  { root, at, purpose }: { root: pkijs.Certificate; at: number; purpose: Purpose },
): Promise<string | null> {
  if (inside.length > MOST_CERTIFICATES) return `it brings ${inside.length} certificates along, and needs two or three`
  if (same(signer, root)) return 'the root signed it itself, and a root signs nothing but signers'
  const unfit = purposeProblem(signer, purpose)
  if (unfit) return unfit
  const ranOut = (certificate: pkijs.Certificate, what: string): string =>
    `${what} was valid from ${certificate.notBefore.value.toISOString()} ` +
    `to ${certificate.notAfter.value.toISOString()}, and not at ${new Date(at).toISOString()}`
  if (!isValidAt(signer, at)) return ranOut(signer, 'the signer’s certificate')
  let current = signer
  const seen = [signer]
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    if (
      current.issuer.isEqual(root.subject) &&
      isAuthority(root, steps) &&
      (await current.verify(root).catch(() => false))
    )
      return isValidAt(root, at) ? null : ranOut(root, 'the root')
    let above: pkijs.Certificate | null = null
    for (const each of inside) {
      if (
        seen.includes(each) ||
        same(each, root) ||
        !current.issuer.isEqual(each.subject) ||
        !isAuthority(each, steps) ||
        !isValidAt(each, at)
      )
        continue
      if (await current.verify(each).catch(() => false)) above = each
    }
    if (!above) break
    seen.push(above)
    current = above
  }
  return 'it was not certified by the root that was given'
}
