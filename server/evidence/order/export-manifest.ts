/** What a package says of itself: manifest.json, the chain of custody, and the two pages for people. Pure. */
import type {
  ClockStatement,
  CustodyLine,
  ExportCamera,
  ExportId,
  ExportPress,
  ExportRequest,
  InclusionProof,
  Seal,
} from '../../glossary/evidence.ts'
import { csvText } from '../../tools/csv.ts'
import type { Incomplete } from '../cut/cut-plan.ts'
import type { ViewingCopy } from '../cut/viewing-copy.ts'

export const MANIFEST_FORMAT = 'lamppost-evidence/1'

export type ManifestSegment = {
  file: string
  start: string
  duration: number
  bytes: number
  sha256: string
  /** That never came; null where nobody counted: not known. */ lostPackets: number | null
}
export type ViewFile = {
  file: string
  subtitles: string
  from: string
  to: string
  sha256: string
  bytes: number
  stream: ViewingCopy
}
export type CameraFacts = ExportCamera & {
  requested: { from: string; to: string }
  actual: { from: string; to: string } | null
  segments: ManifestSegment[]
  gaps: { from: string; to: string }[]
  incomplete: Incomplete[]
  /** Segments of which nobody counted the packets. */ uncounted: number
  views: ViewFile[]
  codecs: string[]
  /** Of a redacted export: what was made out of what. */ redacted: { from: string; regions: unknown[] } | null
}
export type ManifestFacts = {
  id: ExportId
  request: ExportRequest
  createdAt: string
  site: { id: string; name: string; timezone: string }
  presses: ExportPress[]
  cameras: CameraFacts[]
  clock: ClockStatement
  software: { name: string; version: string; node: string }
  seal: Seal
  ledger: InclusionProof
  custody: CustodyLine[]
}

const earliest = (times: readonly string[]): string => times.reduce((a, b) => (a < b ? a : b), times[0] ?? '')
const latest = (times: readonly string[]): string => times.reduce((a, b) => (a > b ? a : b), times[0] ?? '')
const WIDENED =
  'Widened to whole segments: each begins with a picture that can be decoded by itself, and its bytes are as recorded.'

export function manifestJson({
  id,
  request,
  createdAt,
  site,
  presses,
  cameras,
  clock,
  software,
  seal,
  ledger,
}: ManifestFacts): string {
  const { kind, parentExport, incident, requestedBy, exportedBy, reason, lawfulBasis, exhibitRef, cuts } = request
  const actuals = cameras.flatMap(({ actual }) => (actual ? [actual] : []))
  const manifest = {
    format: MANIFEST_FORMAT,
    exportId: id,
    kind,
    parentExport,
    createdAt,
    site: {
      ...site,
      times: 'All times are UTC, ISO 8601 with milliseconds, from the recorder’s wall clock when the picture arrived.',
    },
    incident,
    press: presses[0] ?? null,
    presses,
    range: {
      requested: { from: earliest(cuts.map(({ from }) => from)), to: latest(cuts.map(({ to }) => to)) },
      actual: {
        from: earliest(actuals.map(({ from }) => from)),
        to: latest(actuals.map(({ to }) => to)),
        reason: WIDENED,
      },
    },
    requestedBy,
    exportedBy: { user: exportedBy.name, name: exportedBy.name, role: exportedBy.role, exhibitRef },
    reason,
    lawfulBasis,
    cameras: cameras.map(
      ({
        id: camera,
        name,
        serial,
        mac,
        model,
        firmware,
        codecs,
        clockOffsetMs,
        framings,
        requested,
        actual,
        segments,
        gaps,
        incomplete,
        uncounted,
        views,
        redacted,
      }) => ({
        id: camera,
        name,
        serial,
        mac,
        model,
        firmware,
        codec: codecs.join(', '),
        clockOffsetMs,
        framings: framings.map(({ preset, way, role, state, proofs, askedAt, settledAt, reason: why }) => ({
          preset,
          way,
          role,
          state,
          proofs,
          askedAt,
          settledAt,
          reason: why,
        })),
        range: { requested, actual },
        segments,
        gaps,
        incomplete,
        segmentsNotCounted: uncounted,
        streamHash: views.map(({ file, stream }) => ({
          viewCopy: file,
          algorithm: 'SHA-256 of the elementary streams in Annex B, as ffmpeg -f streamhash gives them',
          master: stream.master,
        })),
        viewCopy: views.map(({ file, subtitles, from, to, sha256, bytes, stream }) => ({
          file,
          subtitles,
          from,
          to,
          firstPictureAt: Math.round(stream.firstPictureAt * 1000) / 1000,
          sha256,
          bytes,
          streams: stream.view,
          sameAsMaster: redacted ? null : stream.equal,
        })),
        redacted,
      }),
    ),
    clock: {
      ...clock,
      cameraMinusRecorderMs: Object.fromEntries(
        cameras.map(({ id: camera, clockOffsetMs }) => [camera, clockOffsetMs]),
      ),
    },
    software,
    contents: {
      ...seal,
      of: 'SHA-256 of the lines of manifest-sha256.txt that are below data/native/, or below data/view/ where there is none',
    },
    ledger,
  }
  return `${JSON.stringify(manifest, null, 1)}\n`
}

export const custodyCsv = (lines: readonly CustodyLine[]): string =>
  csvText([
    ['entry', 'time (UTC)', 'kind', 'who', 'about', 'what', 'SHA-256 in the ledger'],
    ...lines.map(({ seq, at, kind, actor, subject, what, hash }) => [seq, at, kind, actor, subject, what, hash]),
  ])

const wrapped = (text: string): string => text.replaceAll(/(.{1,96})(?:\s+|$)/g, '$1\n')

/** For somebody who knows no software. */
export function readMeFirst({ id, request, createdAt, site, presses, cameras, clock }: ManifestFacts): string {
  const { requestedBy, exportedBy, reason, lawfulBasis, kind, parentExport } = request
  const missing = cameras.flatMap(({ id: camera, gaps, incomplete }) => [
    ...gaps.map(({ from, to }) => `  ${camera}: nothing was recorded from ${from} to ${to}`),
    ...incomplete.map(
      ({ from, to, lostPackets }) =>
        `  ${camera}: not all that the camera sent came, between ${from} and ${to} (${lostPackets} packets)`,
    ),
  ])
  const uncounted = cameras.filter((camera) => camera.uncounted > 0).map(({ id: camera }) => camera)
  return [
    `EVIDENCE PACKAGE ${id}`,
    `${site.name}, made ${createdAt} (UTC; the site's own time zone is ${site.timezone})`,
    '',
    'TO WATCH IT: open data/view. Each .mp4 plays in any player; the .srt beside it shows the time of',
    'day when the player is told to show subtitles.',
    '',
    ...(kind === 'redacted'
      ? [`This is a REDACTED copy: places in the picture were blurred. The master is export ${parentExport}.`]
      : [
          'THE MASTER is data/native: the bytes exactly as they were recorded, never converted. The viewing',
          'copies hold the same pictures in another wrapping; manifest.json has the hashes that show it.',
        ]),
    '',
    `Why it was made:     ${reason}`,
    `Lawful basis:        ${lawfulBasis ?? 'not stated'}`,
    `Asked for by:        ${[requestedBy.name, requestedBy.organisation, requestedBy.reference].filter(Boolean).join(', ')}`,
    `Exported by:         ${exportedBy.name} (${exportedBy.role})`,
    ...presses.map(
      ({ receivedAt, helpPoint, address }) =>
        `Press:               ${receivedAt} ${helpPoint}${address ? `, ${address}` : ''}`,
    ),
    '',
    'What is in it:',
    ...cameras.map(
      ({ id: camera, name, actual, requested, segments }) =>
        `  ${camera} (${name}): ${actual ? `${actual.from} to ${actual.to}` : 'no picture'}; asked ` +
        `for ${requested.from} to ${requested.to}; ${segments.length} segments`,
    ),
    '',
    ...(missing.length > 0
      ? ['What is missing:', ...missing]
      : [uncounted.length > 0 ? 'No time is missing between these.' : 'Nothing is missing between these times.']),
    ...(uncounted.length > 0
      ? [
          wrapped(
            'Whether single packets of the stream were lost on the way from the camera to the recorder ' +
              `is not known of ${uncounted.join(', ')}: they were not counted.`,
          ).trimEnd(),
        ]
      : []),
    '',
    'About the time:',
    wrapped(clock.statement),
    'To verify it without the product that made it, see VERIFY.txt.',
    '',
  ].join('\n')
}

export const verifyTxt = (
  id: string,
  root: string,
): string => `HOW TO VERIFY THIS PACKAGE WITHOUT THE PRODUCT THAT MADE IT

You need bash, sha256sum, diff and openssl (any Linux; on Windows in WSL), and the file evidence-root.pem of
the site that made it. That file is not in here on purpose: a root that travels inside proves nothing. Get it
from the site, and compare its fingerprint with the one on the export receipt:

  openssl x509 -in evidence-root.pem -noout -fingerprint -sha256
  ${root}

Unzip the package, go into the folder ${id}, and run all three checks:

1. No file was changed:
  sha256sum -c --quiet --strict manifest-sha256.txt tagmanifest-sha256.txt && echo HASHES_OK

2. No file was added or taken away:
  diff <(find data -type f | LC_ALL=C sort) <(cut -c67- manifest-sha256.txt | LC_ALL=C sort) && echo NO_EXTRA_OR_MISSING

3. The lists of hashes were signed by the site:
  openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt \\
    -CAfile evidence-root.pem -no-CApath -no-CAstore -signer who.pem -out /dev/null
  openssl x509 -in who.pem -noout -subject

All three are needed. -no-CApath and -no-CAstore matter: without them another root could verify it.

If there is a file tagmanifest-sha256.txt.p7s.tsr, a time-stamping authority has signed when this existed. With its root:
  openssl ts -verify -data tagmanifest-sha256.txt.p7s -in tagmanifest-sha256.txt.p7s.tsr -CAfile authority-root.pem
If the signer's certificate has run out since, add to check 3: -attime SECONDS, the time that the stamp states.

With Lamppost: lamppost verify ${id}.zip --root evidence-root.pem
`
