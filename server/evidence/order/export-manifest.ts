/** What a package says of itself: manifest.json, the chain of custody, and the two pages for people. Pure. */
import type {
  ClockStatement,
  CallWithoutSound,
  CustodyLine,
  ExportCamera,
  ExportId,
  ExportPress,
  ExportRequest,
  InclusionProof,
  Seal,
} from '../../glossary/evidence.ts'
import type { CallId, CallRecording } from '../../glossary/call.ts'
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
  /** Where the camera's own timestamps were of no use. */ timedByArrival: { from: string; to: string }[]
  /** Segments of which nobody counted the packets. */ uncounted: number
  views: ViewFile[]
  codecs: string[]
  /** Of a redacted export: what was made out of what. */ redacted: { from: string; regions: unknown[] } | null
}
/** A call's sound in the package. `redacted`: made of which file, and from when to when nothing of it is heard. */
export type CallFacts = {
  id: CallId
  helpPoint: string
  ringingAt: string
  from: string
  to: string
  file: string
  sha256: string
  bytes: number
  gaps: CallRecording['gaps']
  redacted: { from: string; sha256: string; silenced: { from: string; to: string }[] } | null
}
export type ManifestFacts = {
  id: ExportId
  request: ExportRequest
  createdAt: string
  site: { id: string; name: string; timezone: string }
  /** What people call the incident; null: it has none, as a drill has. */ incidentNumber: string | null
  presses: ExportPress[]
  cameras: CameraFacts[]
  calls: CallFacts[]
  callsWithoutSound: CallWithoutSound[]
  clock: ClockStatement
  software: { name: string; version: string; node: string }
  seal: Seal
  ledger: InclusionProof
  custody: CustodyLine[]
}

const earliest = (times: readonly string[]): string => times.reduce((a, b) => (a < b ? a : b), times[0] ?? '')
const latest = (times: readonly string[]): string => times.reduce((a, b) => (a > b ? a : b), times[0] ?? '')
const SOUND_FORMAT =
  'WAV, G.711 A-law, 8,000 samples a second; left: the other end (help point, or whom the room called), right: the control room'
/** A camera's offset is how long after its first picture the sound begins; negative, how long before. */
const callJson = ({ redacted, ...call }: CallFacts, cameras: readonly CameraFacts[]) => ({
  ...call,
  format: SOUND_FORMAT,
  offsetsMs: Object.fromEntries(
    cameras.flatMap(({ id, actual }) =>
      actual === null ? [] : [[id, Date.parse(call.from) - Date.parse(actual.from)]],
    ),
  ),
  redacted,
})
const WIDENED =
  'Widened to whole segments: each begins with a picture that can be decoded by itself, and its bytes are as recorded.'

export function manifestJson({
  id,
  request,
  createdAt,
  site,
  incidentNumber,
  presses,
  cameras,
  calls,
  callsWithoutSound,
  clock,
  software,
  seal,
  ledger,
}: ManifestFacts): string {
  const { kind, parentExport, incident, requestedBy, exportedBy, reason, lawfulBasis, exhibitRef } = request
  // A package may be of calls alone.
  const cuts = request.cuts.length > 0 ? request.cuts : calls
  const found = cameras.flatMap(({ actual }) => (actual ? [actual] : []))
  const actuals = found.length > 0 ? found : calls
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
    incidentNumber,
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
        timedByArrival,
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
        timedByArrival,
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
          // Beside the master's streams: both sides mixed on one track, left and right on another.
          callsHeard: stream.voice,
        })),
        redacted,
      }),
    ),
    calls: calls.map((call) => callJson(call, cameras)),
    callsWithoutSound,
    clock: {
      ...clock,
      cameraMinusRecorderMs: Object.fromEntries(
        cameras.map(({ id: camera, clockOffsetMs }) => [camera, clockOffsetMs]),
      ),
    },
    software,
    contents: {
      ...seal,
      of:
        'SHA-256 of the lines of manifest-sha256.txt that are below data/native/ and data/audio/; of a redacted copy, ' +
        'below data/view/ and data/audio/',
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

const alteredIn = ({ redactions, silences }: ExportRequest): string =>
  [
    ...(redactions.length > 0 ? ['places in the picture were blurred'] : []),
    ...(silences.length > 0 ? ['stretches of the sound were made silent'] : []),
  ].join(' and ')
const SIDES = { in: 'other end of the call', out: 'control room' } satisfies Record<
  CallFacts['gaps'][number]['side'],
  string
>
function hearIt(calls: readonly CallFacts[], cameras: readonly CameraFacts[]): string[] {
  const beside = cameras.some(({ views }) => views.some(({ stream }) => stream.voice.length > 0))
  return [
    `TO HEAR THE ${calls.length === 1 ? 'CALL' : 'CALLS'}: open data/audio.`,
    'Left is the other end of the call: the person at the help point, or whom the room called. Right is the control room.',
    ...(beside
      ? [
          'The viewing copies have the call beside the picture, on two sound tracks: both voices together, and',
          'left and right apart (choose the track in the player).',
        ]
      : []),
    '',
  ]
}

/** Each text on its line: a name with a line break in it would write a line of its own, as if this server had said it. */
const onOneLine = <Facts>(facts: Facts): Facts =>
  JSON.parse(JSON.stringify(facts), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, ' ') : value,
  ) as Facts

/** For somebody who knows no software. */
export function readMeFirst(facts: ManifestFacts): string {
  const { clock } = facts
  const { id, request, createdAt, site, incidentNumber, presses, cameras, calls, callsWithoutSound } = onOneLine({
    ...facts,
    clock: undefined,
  })
  const { requestedBy, exportedBy, reason, lawfulBasis, kind, parentExport } = request
  const missing = cameras.flatMap(({ id: camera, gaps, incomplete }) => [
    ...gaps.map(({ from, to }) => `  ${camera}: nothing was recorded from ${from} to ${to}`),
    ...incomplete.map(
      ({ from, to, lostPackets }) =>
        `  ${camera}: not all that the camera sent came, between ${from} and ${to} (${lostPackets} packets)`,
    ),
  ])
  missing.push(
    ...calls.flatMap(({ file, gaps }) =>
      gaps.map(({ side, from, to }) => `  ${file}: nothing arrived of the ${SIDES[side]} from ${from} to ${to}`),
    ),
  )
  const ownClock = cameras.flatMap(({ id: camera, timedByArrival }) =>
    timedByArrival.map(({ from, to }) => `  ${camera}, from ${from} to ${to}`),
  )
  const uncounted = cameras.filter((camera) => camera.uncounted > 0).map(({ id: camera }) => camera)
  return [
    `EVIDENCE PACKAGE ${id}`,
    `${site.name}, made ${createdAt} (UTC; the site's own time zone is ${site.timezone})`,
    '',
    'TO WATCH IT: open data/view. Each .mp4 plays in any player; the .srt beside it shows the time of',
    'day when the player is told to show subtitles.',
    '',
    ...(calls.length > 0 ? hearIt(calls, cameras) : []),
    ...(kind === 'redacted'
      ? [`This is a REDACTED copy: ${alteredIn(request)}. The master is export ${parentExport}.`]
      : [
          `THE MASTER is data/native${calls.length > 0 ? ' and data/audio' : ''}: the bytes exactly as they were recorded,`,
          'never converted. The viewing copies hold the same pictures in another wrapping; manifest.json has the',
          'hashes that show it.',
        ]),
    '',
    `Why it was made:     ${reason}`,
    `Lawful basis:        ${lawfulBasis ?? 'not stated'}`,
    `Asked for by:        ${[requestedBy.name, requestedBy.organisation, requestedBy.reference].filter(Boolean).join(', ')}`,
    `Exported by:         ${exportedBy.name} (${exportedBy.role})`,
    ...(incidentNumber === null ? [] : [`Incident:            ${incidentNumber}`]),
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
    ...calls.map(({ file, helpPoint, from, to }) => `  ${file}: the call of ${helpPoint}, ${from} to ${to}`),
    ...calls.flatMap(({ file, redacted }) =>
      (redacted?.silenced ?? []).map(({ from, to }) => `  ${file}: made SILENT on purpose from ${from} to ${to}`),
    ),
    ...callsWithoutSound.map(({ ringingAt, why }) => `  A call at ${ringingAt} is not heard here: ${why}`),
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
    ...(ownClock.length > 0
      ? [
          wrapped(
            'The clock in these pictures’ stream was of no use, so each picture has the time at which it arrived at the ' +
              'recorder. The pictures are the camera’s own; how long each one is shown may be a little uneven.',
          ).trimEnd(),
          ...ownClock,
          '',
        ]
      : []),
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
