/** The receipt: one page of paper that names a package so that nobody can put another in its place. Pure. */
import type { MadeExport } from '../../glossary/evidence.ts'
import { qrPath } from '../../tools/qr-code.ts'
import { escaped } from '../../tools/html.ts'
import type { Incomplete } from '../cut/cut-plan.ts'

type Stated = {
  cameras?: {
    id: string
    name: string
    range: { actual: { from: string; to: string } | null; requested: { from: string; to: string } }
    gaps: { from: string; to: string }[]
    incomplete?: Incomplete[]
    timedByArrival?: { from: string; to: string }[]
  }[]
  calls?: {
    helpPoint: string
    file: string
    from: string
    to: string
    gaps: { side: string; from: string; to: string }[]
  }[]
  clock?: { statement: string }
  site?: { name: string; timezone: string }
}
export type ReceiptFacts = { made: MadeExport; manifest: Stated; printedAt: string }

/** In groups of eight, to be read aloud. */
const grouped = (hash: string): string => (hash.match(/.{1,8}/g) ?? []).join(' ')

const STYLE = `
@page { size: A4; margin: 16mm }
body { font: 12pt/1.45 system-ui, sans-serif; color: #111; background: #fff; max-width: 178mm; margin: 8mm auto; padding: 0 6mm }
header { display: flex; justify-content: space-between; gap: 8mm; border-bottom: 2px solid #111; padding-bottom: 5mm; margin-bottom: 5mm }
h1 { font-size: 20pt; margin: 0 0 2mm } h2 { font-size: 12pt; margin: 6mm 0 1.5mm }
dl { display: grid; grid-template-columns: 44mm 1fr; gap: 1.2mm 4mm; margin: 0 }
dt { color: #444 } dd { margin: 0; overflow-wrap: anywhere }
code { font: 10.5pt/1.5 ui-monospace, monospace; word-spacing: 1mm }
table { width: 100%; border-collapse: collapse; font-size: 10.5pt }
th, td { text-align: start; padding: 1mm 2mm 1mm 0;
  border-bottom: 1px solid #bbb; vertical-align: top; font-variant-numeric: tabular-nums }
svg { width: 36mm; height: 36mm; flex: none }
.missing { font-weight: 600 }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 10mm; margin-top: 14mm }
.sign div { border-top: 1px solid #111; padding-top: 1.5mm; font-size: 10pt; color: #444 }
`

/** Of the package's SHA-256 and its name; modules are squares of an SVG. */
function qr(content: string): string {
  const { size, path } = qrPath(content)
  return (
    `<svg width="136" height="136" viewBox="-2 -2 ${size + 4} ${size + 4}" role="img" aria-label="QR code ` +
    `of the package’s name and SHA-256" shape-rendering="crispEdges"><path d="${path}"/></svg>`
  )
}
export const qrContent = ({ id, facts }: ReceiptFacts['made']): string => `${id} sha256:${facts.sha256}`

export function receiptHtml({ made, manifest, printedAt }: ReceiptFacts): string {
  const { id, facts, requestedBy, exportedBy, reason, lawfulBasis, exhibitRef, kind, parentExport } = made
  const row = (term: string, value: string): string => `<dt>${term}</dt><dd>${value}</dd>`
  const cameras = (manifest.cameras ?? []).map(
    ({ id: camera, name, range, gaps, incomplete = [], timedByArrival = [] }) => {
      const missing = [
        ...gaps.map(({ from, to }) => `${from} to ${to}`),
        ...incomplete.map(
          ({ from, to, lostPackets }) => `${from} to ${to}, in part: ${lostPackets} packets never came`,
        ),
      ]
      return (
        `<tr><td>${escaped(camera)}<br>${escaped(name)}</td><td>${escaped(range.actual?.from)}<br>${escaped(range.actual?.to)}</td>` +
        `<td>${
          missing.length === 0
            ? 'nothing'
            : missing.map((each) => `<span class="missing">${escaped(each)}</span>`).join('<br>')
        }${timedByArrival
          .map(
            ({ from, to }) =>
              `<br>${escaped(from)} to ${escaped(to)}: timed by arrival, the camera’s clock was of no use`,
          )
          .join('')}</td></tr>`
      )
    },
  )
  const calls = (manifest.calls ?? []).map(
    ({ helpPoint, file, from, to, gaps }) =>
      `<tr><td>${escaped(file)}<br>call of ${escaped(helpPoint)}</td><td>${escaped(from)}<br>${escaped(to)}</td><td>${
        gaps.length === 0
          ? 'nothing'
          : gaps
              .map(
                (gap) =>
                  `<span class="missing">${gap.side === 'in' ? 'the other end' : 'the control room'}: ` +
                  `${escaped(gap.from)} to ${escaped(gap.to)}</span>`,
              )
              .join('<br>')
      }</td></tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Receipt ${escaped(id)}</title><style>${STYLE}</style></head><body>
<header><div><h1>Evidence receipt</h1><div>${escaped(manifest.site?.name)}</div><div><strong>${escaped(id)}</strong>${
    kind === 'redacted' ? ` (redacted copy of ${escaped(parentExport)})` : ''
  }</div><div>made ${escaped(made.changedAt)} UTC, printed ${escaped(printedAt)} UTC</div></div>${qr(qrContent(made))}</header>
<h2>The package</h2>
<dl>${row(
    'File',
    `${escaped(id)}.zip, ${facts.bytes.toLocaleString('en-GB')} bytes`,
  )}${row('SHA-256 of the file', `<code>${grouped(facts.sha256)}</code>`)}${row(
    'SHA-256 of its tag manifest',
    `<code>${grouped(facts.tagManifestSha256)}</code>`,
  )}${row(
    'Root fingerprint (SHA-256)',
    `<code>${escaped(facts.root)}</code>`,
  )}${row('Signer fingerprint', `<code>${escaped(facts.signer)}</code>`)}${row(
    'Time stamp',
    facts.timeStamped === null
      ? `none${facts.stampProblem === null ? '' : `: ${escaped(facts.stampProblem)}`}`
      : `by a third party at ${escaped(facts.timeStamped)}`,
  )}</dl>
<h2>Who and why</h2>
<dl>${row(
    'Asked for by',
    escaped([requestedBy.name, requestedBy.organisation, requestedBy.reference].filter(Boolean).join(', ')),
  )}${row('Reason', escaped(reason))}${row('Lawful basis', escaped(lawfulBasis) || 'not stated')}${row(
    'Exported by',
    `${escaped(exportedBy.name)} (${escaped(exportedBy.role)})`,
  )}${exhibitRef ? row('Exhibit reference', escaped(exhibitRef)) : ''}</dl>
<h2>What is in it</h2>
<table><thead><tr><th>Camera or call</th><th>From and to (UTC)</th><th>Missing</th></tr></thead>
<tbody>${[...cameras, ...calls].join('')}</tbody></table>
<h2>About the time</h2><p>${escaped(manifest.clock?.statement)} The site’s own time zone is ${escaped(manifest.site?.timezone)}.</p>
<h2>To verify it</h2><p>VERIFY.txt in the package says how, with sha256sum, diff and openssl only.
Compare the root’s fingerprint above with that of the file evidence-root.pem:
a root that came with the package proves nothing by itself.</p>
<div class="sign"><div>Handed over by: name, date, signature</div><div>Received by: name, date, signature</div></div>
</body></html>
`
}
