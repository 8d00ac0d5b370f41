/**
 * What is said of a package, and in which words: on the command line and on the page that verifies. Types, and pure.
 */
import type { CertificateSummary } from '../sign/cms-signature.ts'
import type { Incomplete } from '../cut/cut-plan.ts'

/** `file`: inside the package; null for the package as a whole. */
export type Finding = { file: string | null; problem: string }
export type PackageVerdict = {
  /** Nothing is wrong with it, and the root that was given vouches for it. */
  proven: boolean
  /** Nothing was found that is wrong; without a root that is not yet a proof. */
  intact: boolean
  findings: Finding[]
  id: string | null
  files: number
  bytes: number
  signer: CertificateSummary | null
  signedAt: number | null
  timeStamp: { at: number | null; problem: string | null } | null
  /** Of the root that was given, or else of the one that travels inside: compare it with the receipt. */
  root: CertificateSummary | null
  /** manifest.json, when it is as it was signed. */
  manifest: Record<string, unknown> | null
  tagManifestSha256: string | null
}

type StatedCamera = {
  id: string
  name: string
  range: { actual: { from: string; to: string } | null }
  gaps: { from: string; to: string }[]
  /** Packages of before do not say. */ incomplete?: Incomplete[]
  timedByArrival?: { from: string; to: string }[]
}
type Stated = {
  /** Packages of before do not say. */ incidentNumber?: string | null
  reason?: string
  kind?: string
  parentExport?: string | null
  requestedBy?: { name?: string; organisation?: string | null; reference?: string | null }
  exportedBy?: { name?: string; role?: string }
  clock?: { statement?: string }
  cameras?: StatedCamera[]
  calls?: {
    id: string
    helpPoint: string
    from: string
    to: string
    gaps: { side: string; from: string; to: string }[]
    redacted: { silenced: { from: string; to: string }[] } | null
  }[]
  callsWithoutSound?: { ringingAt: string; why: string }[]
}

function cameraLines(camera: StatedCamera): [string, string][] {
  const { id, name, range, gaps, incomplete = [], timedByArrival = [] } = camera
  return [
    [id, `${name}: ${range.actual ? `${range.actual.from} to ${range.actual.to}` : 'no picture'}`],
    ...gaps.map(({ from, to }): [string, string] => ['missing', `${from} to ${to}`]),
    ...incomplete.map(({ from, to, lostPackets }): [string, string] => [
      'incomplete',
      `${from} to ${to}: ${lostPackets} packets never came`,
    ]),
    ...timedByArrival.map(({ from, to }): [string, string] => [
      'timed by arrival',
      `${from} to ${to}: the clock in the camera’s stream was of no use`,
    ]),
  ]
}

/** What the package is and what it says of itself, line by line. Everything in it is somebody else's text. */
export function factsOf({
  id,
  files,
  bytes,
  signer,
  signedAt,
  root,
  timeStamp,
  manifest,
  tagManifestSha256,
}: PackageVerdict): [term: string, value: string][] {
  const stated = manifest as Stated | null
  const time = (ms: number): string => `${new Date(ms).toISOString()} (UTC)`
  const rows: [string, string | null | undefined][] = [
    ['Package', `${id ?? 'unreadable'}, ${files} files, ${bytes.toLocaleString('en-GB')} bytes`],
    ['Tag manifest, SHA-256', tagManifestSha256],
    ['Root fingerprint', root?.fingerprint],
    ['Signed by', signer && `${signer.subject}${signedAt === null ? '' : `, who says at ${time(signedAt)}`}`],
    [
      'Time stamp',
      timeStamp?.at ? `${time(timeStamp.at)}${timeStamp.problem === null ? '' : `: ${timeStamp.problem}`}` : null,
    ],
    [
      'Redacted',
      stated?.kind === 'redacted'
        ? `a copy of ${stated.parentExport}, in which something was blurred or made silent`
        : null,
    ],
    ['Incident', stated?.incidentNumber],
    ['Reason', stated?.reason],
    [
      'Asked for by',
      stated?.requestedBy &&
        [stated.requestedBy.name, stated.requestedBy.organisation, stated.requestedBy.reference]
          .filter(Boolean)
          .join(', '),
    ],
    ['Exported by', stated?.exportedBy && `${stated.exportedBy.name} (${stated.exportedBy.role})`],
    ...(stated?.cameras ?? []).flatMap(cameraLines),
    ...(stated?.calls ?? []).flatMap(({ helpPoint, from, to, gaps, redacted }): [string, string][] => [
      ['Call', `${helpPoint}: ${from} to ${to}`],
      ...gaps.map((gap): [string, string] => [
        'missing',
        `${gap.side === 'in' ? 'the other end' : 'the control room'}, ${gap.from} to ${gap.to}`,
      ]),
      ...(redacted?.silenced ?? []).map((gap): [string, string] => ['made silent', `${gap.from} to ${gap.to}`]),
    ]),
    ...(stated?.callsWithoutSound ?? []).map(({ ringingAt, why }): [string, string] => [
      'Call, not heard',
      `${ringingAt}: ${why}`,
    ]),
    ['About the time', stated?.clock?.statement],
  ]
  return rows.filter((row): row is [string, string] => typeof row[1] === 'string' && row[1] !== '')
}
