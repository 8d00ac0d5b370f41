/**
 * Detached CMS signatures (RFC 5652) over a few kilobytes, made and verified with PKI.js on WebCrypto: the same code
 * runs in the server, in the command line, and in the page that verifies a package in a browser.
 */
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { chainProblem } from './certificate-chain.ts'

const OID = {
  data: '1.2.840.113549.1.7.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  commonName: '2.5.4.3',
  organisation: '2.5.4.10',
} as const

/** A private key, as WebCrypto has it. */
export type SigningKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>
/** `subject`: common name and organisation. Times are milliseconds since 1970. */
export type CertificateSummary = {
  subject: string
  issuer: string
  serial: string
  from: number
  to: number
  /** SHA-256 of the certificate, hex pairs with colons. */ fingerprint: string
}
export type SignatureVerdict = {
  /** Null when the signature is good and its certificate leads to the root that was given. */
  problem: string | null
  signer: CertificateSummary | null
  /** What the signer's own clock said. */
  signedAt: number | null
  /**
   * Self-signed certificates that travel inside: what a root that is kept elsewhere is to be compared with. They
   * prove nothing.
   */
  rootsInside: CertificateSummary[]
}

/** Of the certificates that a signature brings along. */
const MOST_TOLD = 8
const hex = (bytes: ArrayBuffer | Uint8Array): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const sha256 = (bytes: Uint8Array): Promise<ArrayBuffer> =>
  globalThis.crypto.subtle.digest('SHA-256', new Uint8Array(bytes))

/** @throws when it is none. */
export function certificateOf(pem: string): pkijs.Certificate {
  const [, base64] = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem) ?? []
  if (base64 === undefined) throw new Error('this is no certificate in PEM (-----BEGIN CERTIFICATE-----)')
  return pkijs.Certificate.fromBER(Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (char) => char.charCodeAt(0)))
}

function nameOf({ typesAndValues }: pkijs.RelativeDistinguishedNames): string {
  const value = (oid: string): string => typesAndValues.find(({ type }) => type === oid)?.value.valueBlock.value ?? ''
  return [value(OID.commonName), value(OID.organisation)].filter(Boolean).join(', ')
}
export async function summaryOf(certificate: pkijs.Certificate): Promise<CertificateSummary> {
  const digest = hex(await sha256(new Uint8Array(certificate.toSchema(true).toBER())))
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    serial: hex(certificate.serialNumber.valueBlock.valueHexView),
    from: certificate.notBefore.value.getTime(),
    to: certificate.notAfter.value.getTime(),
    fingerprint: (digest.toUpperCase().match(/../g) ?? []).join(':'),
  }
}

/**
 * @param chain the signer's certificate first, then those above it, as PEM.
 * @param at the signing time that the signer states.
 * @returns the signature, DER.
 */
export async function signDetached(
  content: Uint8Array,
  { chain, key, at }: { chain: readonly string[]; key: SigningKey; at: number },
): Promise<Uint8Array> {
  const certificates = chain.map(certificateOf)
  const [signer] = certificates
  if (!signer) throw new Error('a signature needs the signer’s certificate')
  const attribute = (type: string, value: asn1js.BaseBlock): pkijs.Attribute =>
    new pkijs.Attribute({ type, values: [value] })
  const signed = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: OID.data }),
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({ issuer: signer.issuer, serialNumber: signer.serialNumber }),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({
          type: 0,
          attributes: [
            attribute(OID.contentType, new asn1js.ObjectIdentifier({ value: OID.data })),
            attribute(OID.signingTime, new asn1js.UTCTime({ valueDate: new Date(at) })),
            attribute(OID.messageDigest, new asn1js.OctetString({ valueHex: await sha256(content) })),
          ],
        }),
      }),
    ],
    certificates,
  })
  await signed.sign(key, 0, 'SHA-256', new Uint8Array(content).buffer)
  return new Uint8Array(
    new pkijs.ContentInfo({ contentType: pkijs.ContentInfo.SIGNED_DATA, content: signed.toSchema(true) })
      .toSchema()
      .toBER(false),
  )
}

const isRoot = (certificate: pkijs.Certificate): boolean => certificate.issuer.isEqual(certificate.subject)

/**
 * @param root PEM of the root that is trusted, from outside the package; null checks everything but who signed.
 * @param at the moment at which certificates must be valid.
 */
export async function verifyDetached(
  signature: Uint8Array,
  content: Uint8Array,
  { root, at }: { root: string | null; at: number },
): Promise<SignatureVerdict> {
  const nothing = { signer: null, signedAt: null, rootsInside: [] }
  let signed: pkijs.SignedData
  try {
    signed = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(new Uint8Array(signature)).content })
  } catch {
    return { problem: 'it is no CMS signature', ...nothing }
  }
  if (signed.encapContentInfo.eContent)
    return { problem: 'it carries a content of its own, and must be detached', ...nothing }
  const [info] = signed.signerInfos
  if (!info || signed.signerInfos.length !== 1)
    return { problem: `it has ${signed.signerInfos.length} signers, and must have one`, ...nothing }
  const inside = (signed.certificates ?? []).filter((each) => each instanceof pkijs.Certificate)
  const rootsInside = await Promise.all(inside.slice(0, MOST_TOLD).filter(isRoot).map(summaryOf))
  const signedAt = signingTimeOf(info)
  try {
    const { signatureVerified, signerCertificate } = await signed.verify({
      signer: 0,
      data: new Uint8Array(content).buffer,
      checkChain: false,
      extendedMode: true,
    })
    if (!signatureVerified || !signerCertificate)
      return { problem: 'the signature does not fit the content', signer: null, signedAt, rootsInside }
    const signer = await summaryOf(signerCertificate)
    const trusted = root === null ? inside.find(isRoot) : certificateOf(root)
    // What travels inside proves nothing, and is followed only so that the rest can be checked.
    const problem = trusted
      ? await chainProblem(signerCertificate, inside, { root: trusted, at, purpose: 'packages' })
      : 'it brings no root along, and none was given'
    return { problem: problem && `the signer “${signer.subject}”: ${problem}`, signer, signedAt, rootsInside }
  } catch (error) {
    const words = (error as { message?: string }).message ?? ''
    return {
      problem: /digest|signature/i.test(words)
        ? 'the signature does not fit the content'
        : `the signature cannot be verified: ${words || 'no reason is given'}`,
      signer: null,
      signedAt,
      rootsInside,
    }
  }
}

/** Null when it does not say, or says it in another way than a time. */
function signingTimeOf({ signedAttrs }: pkijs.SignerInfo): number | null {
  const time: unknown = signedAttrs?.attributes.find(({ type }) => type === OID.signingTime)?.values[0]
  return time instanceof asn1js.UTCTime || time instanceof asn1js.GeneralizedTime ? time.toDate().getTime() : null
}
