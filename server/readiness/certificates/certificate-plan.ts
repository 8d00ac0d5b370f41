/** Which certificates a town lives by, and what is said of those that end. Pure. */
import { X509Certificate } from 'node:crypto'
import type { Site } from '../../glossary/site.ts'
import { certificatesIn } from '../../tools/tls-peer.ts'

export type CertificateKind =
  'server' | 'device' | 'edge' | 'evidence' | 'camera' | 'vms' | 'destination' | 'directory' | 'broker'
/** `subject`: whose; '' where there is one only. */
export type CertificateName = { kind: CertificateKind; subject: string }
/** Somebody else's, which is looked at where it is shown. */
export type Shown = CertificateName & { host: string; port: number }
/** `until`: milliseconds since 1970. */
export type Certificate = CertificateName & { until: number }

/** The protocols that begin with TLS, and their ports. */
const TLS_PORTS: Readonly<Record<string, number>> = {
  ...{ 'https:': 443, 'rtsps:': 322, 'mqtts:': 8883, 'wss:': 443, 'tls:': 6514 },
}

function shown(kind: CertificateKind, subject: string, address: string | null | undefined): Shown[] {
  const url = address != null && URL.canParse(address) ? new URL(address) : null
  const usual = url && TLS_PORTS[url.protocol]
  if (!url || usual == null || url.hostname === '') return []
  return [{ kind, subject, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || usual }]
}

/** Of others: one look for each place, however many cameras of a recorder stand behind it. */
export function shownTo({
  cameras,
  connectors,
  destinations,
  directory,
  mqtt,
  checkpointsTo,
  evidence,
}: Site): Shown[] {
  const all = [
    ...cameras.flatMap(({ id, onvif, stream }) => [
      ...shown('camera', id, onvif?.url),
      ...shown('camera', id, stream?.url),
    ]),
    ...connectors.flatMap(({ id, zoneminder }) => shown('vms', id, zoneminder.url)),
    ...destinations.flatMap(({ id, url }) => shown('destination', id, url)),
    ...checkpointsTo.flatMap((url) => shown('destination', 'checkpoints', url)),
    ...shown('evidence', 'time-stamps', evidence.timeStamp?.url),
    ...shown('directory', directory?.name ?? '', directory?.issuer),
    ...shown('broker', '', mqtt?.url),
  ]
  return [...new Map(all.toReversed().map((each) => [`${each.host} ${each.port}`, each])).values()].toReversed()
}

/** The first end in a chain: with it the chain is of no use. Null: there is none, or it cannot be read. */
export function endOf(pem: string): number | null {
  try {
    const ends = certificatesIn(pem).map((block) => Date.parse(new X509Certificate(block).validTo))
    return ends.length > 0 ? Math.min(...ends) : null
  } catch {
    return null
  }
}

const WARNED_MS = 30 * 24 * 3_600_000
const NAMED = 3
export type EndingCertificate = CertificateName & { detail: string }

function wordsOf({ until }: Certificate, now: number): string {
  const day = new Date(until).toISOString().slice(0, 10)
  return until <= now ? `It ended on ${day}.` : `It ends on ${day}.`
}
/** Those that end within 30 days, or have ended; cameras together, the first to end first. */
export function endingOf(certificates: readonly Certificate[], now: number): EndingCertificate[] {
  const ending = certificates
    .filter(({ until }) => until - now < WARNED_MS)
    .toSorted((one, other) => one.until - other.until)
  const cameras = ending.filter(({ kind }) => kind === 'camera')
  const [first] = cameras
  const names = cameras.slice(0, NAMED).map(({ subject }) => subject)
  const more = cameras.length > NAMED ? ` and ${cameras.length - NAMED} more` : ''
  return [
    ...ending
      .filter(({ kind }) => kind !== 'camera')
      .map((each) => ({ kind: each.kind, subject: each.subject, detail: wordsOf(each, now) })),
    ...(first ? [{ kind: first.kind, subject: `${names.join(', ')}${more}`, detail: wordsOf(first, now) }] : []),
  ]
}
