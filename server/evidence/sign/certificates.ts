/**
 * Certificates that Lamppost issues for itself: a root that signs nothing but signers, and signers that sign
 * packages. X.509 and ECDSA P-256, because OpenSSL 3.0 verifies no Ed25519 in CMS. Not here: where they lie
 * (evidence-keys).
 */
import { X509Certificate, type KeyObject, createHash, randomBytes } from 'node:crypto'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import type { SigningKey } from './cms-signature.ts'

export type Validity = { from: number; to: number }

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const
const OID = {
  commonName: '2.5.4.3',
  organisation: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  subjectKey: '2.5.29.14',
  authorityKey: '2.5.29.35',
} as const
/** RFC 5280 4.2.1.3, as one BIT STRING byte. */
const USAGE = { signCertificates: 0x06, signThings: 0x80 } as const

type Issuer = { name: pkijs.RelativeDistinguishedNames; key: SigningKey; keyId: ArrayBuffer }

export const importSigningKey = (key: KeyObject): Promise<SigningKey> =>
  crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), EC, true, ['sign'])

export const pemOf = (der: ArrayBuffer | Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${(
    Buffer.from(new Uint8Array(der))
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END CERTIFICATE-----\n`

/** SHA-256 of the certificate as browsers and OpenSSL show it: pairs of hex digits with colons. */
export const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256

function named(name: pkijs.RelativeDistinguishedNames, commonName: string, organisation: string): void {
  const value = (type: string, text: string): void =>
    void name.typesAndValues.push(
      new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value: text }) }),
    )
  value(OID.organisation, organisation)
  value(OID.commonName, commonName)
}

const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): pkijs.Extension =>
  new pkijs.Extension({ extnID, critical, extnValue: value.toBER() })

async function issue(
  {
    commonName,
    organisation,
    publicKey,
    validity,
    issuer,
    isRoot,
  }: {
    commonName: string
    organisation: string
    publicKey: KeyObject
    validity: Validity
    issuer: Issuer | null
    isRoot: boolean
  },
  ownKey: SigningKey,
): Promise<string> {
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  // Positive, and not guessable: RFC 5280 4.1.2.2.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  certificate.serialNumber = new asn1js.Integer({ valueHex: new Uint8Array(serial).buffer })
  named(certificate.subject, commonName, organisation)
  if (issuer) certificate.issuer = issuer.name
  else named(certificate.issuer, commonName, organisation)
  certificate.notBefore.value = new Date(validity.from)
  certificate.notAfter.value = new Date(validity.to)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const imported = await crypto.subtle.importKey('spki', spki, EC, true, ['verify'])
  await certificate.subjectPublicKeyInfo.importKey(imported)
  const keyId = createHash('sha1')
    .update(certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView)
    .digest()
  const own = new Uint8Array(keyId).buffer
  certificate.extensions = [
    extension(
      OID.basicConstraints,
      true,
      new pkijs.BasicConstraints(isRoot ? { cA: true, pathLenConstraint: 0 } : { cA: false }).toSchema(),
    ),
    extension(
      OID.keyUsage,
      true,
      new asn1js.BitString({
        valueHex: Uint8Array.of(isRoot ? USAGE.signCertificates : USAGE.signThings).buffer,
        unusedBits: isRoot ? 1 : 7,
      }),
    ),
    extension(OID.subjectKey, false, new asn1js.OctetString({ valueHex: own })),
    extension(
      OID.authorityKey,
      false,
      new pkijs.AuthorityKeyIdentifier({
        keyIdentifier: new asn1js.OctetString({ valueHex: issuer?.keyId ?? own }),
      }).toSchema(),
    ),
  ]
  await certificate.sign(issuer?.key ?? ownKey, 'SHA-256')
  return pemOf(certificate.toSchema(true).toBER())
}

/** @param key of the root itself. Returns its certificate as PEM. */
export async function issueRoot(
  publicKey: KeyObject,
  key: KeyObject,
  site: string,
  validity: Validity,
): Promise<string> {
  return issue(
    { commonName: 'Lamppost evidence root', organisation: site, publicKey, validity, issuer: null, isRoot: true },
    await importSigningKey(key),
  )
}

/** A signer's certificate under that root, as PEM. */
export async function issueSigner(
  publicKey: KeyObject,
  root: { cert: string; key: KeyObject },
  site: string,
  validity: Validity,
): Promise<string> {
  const certificate = readCertificate(root.cert)
  const key = await importSigningKey(root.key)
  const keyId = createHash('sha1')
    .update(certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView)
    .digest()
  const issuer: Issuer = { name: certificate.subject, key, keyId: new Uint8Array(keyId).buffer }
  return issue(
    {
      commonName: `Lamppost evidence signer ${new Date(validity.from).toISOString().slice(0, 10)}`,
      organisation: site,
      publicKey,
      validity,
      issuer,
      isRoot: false,
    },
    key,
  )
}

/** @throws when it is no certificate. */
export function readCertificate(pem: string): pkijs.Certificate {
  return pkijs.Certificate.fromBER(new Uint8Array(new X509Certificate(pem).raw))
}
