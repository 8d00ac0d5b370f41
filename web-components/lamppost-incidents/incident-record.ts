/** One incident to be read, and printed: what happened, when, the pictures that are kept, and the log. */
import { type TemplateResult, html, nothing, svg } from 'lit'
import { closingReason } from '../lamppost-incident/tile-context.ts'
import { clockTime, dayAndTime, elapsed } from '../theme/times.ts'
import type { Incident, Snapshot } from '../wall-client/api-shapes.ts'
import type { WallClient, WallState } from '../wall-client/wall-client.ts'
import type { IncidentRecord } from '../wall-client/requests/register-requests.ts'
import type { Words } from '../words/en.ts'
import { type Mark, type Span, type Step, marksOf, shareOf, spanOf, timesOf } from './incident-times.ts'
import type { IncidentsWords } from './incidents-words.ts'
import { sentenceOf } from './log-words.ts'

export type Still = { camera: string; at: number; url: string | null }
/** `url` null: its file is not what was kept. */
export type KeptPicture = { snapshot: Snapshot; url: string | null }
export type RecordView = {
  words: Words
  page: IncidentsWords
  locale: string
  timezone: string
  client: WallClient
  town: WallState
  incident: Incident
  record: IncidentRecord | null
  stills: readonly Still[]
  snapshots: readonly KeptPicture[]
  /** The camera whose recording is played. */
  playing: string | null
  /** Technical entries, too. */
  all: boolean
  printedAt: string
  onPlay(camera: string | null): void
  onAll(all: boolean): void
  onBack(): void
}

export const placeName = (town: WallState, helpPoint: string): string =>
  town.helpPoints.find(({ id }) => id === helpPoint)?.name ?? helpPoint
const cameraName = ({ town }: RecordView, camera: string): string =>
  town.cameras.find(({ id }) => id === camera)?.name ?? camera
/** The outcome in one or two words. */
export function outcomeOf({ closureCode: code, kind, state }: Incident, words: Words, page: IncidentsWords): string {
  if (state !== 'closed' || code === null) return page.notClosed
  if (kind === 'drill') return page.drill
  return code === 'other' ? words.closeOther : words.closeReasons[code]
}

export function incidentRecord(view: RecordView): TemplateResult {
  const { page, incident, town, timezone, locale, words } = view
  const title = incident.number ?? page.drill
  return html`<article class="record" aria-label=${title}>
    <header>
      <button class="back" @click=${view.onBack}>${page.back}</button>
      <p class="paper">${town.site?.name ?? ''} · ${page.report}</p>
      <h2 tabindex="-1"><b>${title}</b> ${placeName(town, incident.helpPoint)}</h2>
      <p class="quiet">
        ${dayAndTime(incident.openedAt, timezone, locale)} · ${words.stateOf[incident.state]} ·
        <code>${incident.id}</code>
      </p>
      <button class="main print" @click=${() => window.print()}>${page.print}</button>
    </header>
    ${facts(view)} ${timeline(view)} ${snapshots(view)} ${pictures(view)} ${log(view)} ${foot(view)}
  </article>`
}

function facts({ page, incident, words }: RecordView) {
  const times = timesOf(incident)
  const said = ({ afterMs, who }: Step): string =>
    afterMs === null ? page.notMeasured : page.by(elapsed(afterMs), who)
  const count = incident.presses.length + incident.repeats
  const outcome = outcomeOf(incident, words, page)
  const reason = closingReason(incident, words)
  const lines: [string, string][] = [
    [page.pressed, page.presses(count)],
    [page.accepted, said(times.accepted)],
    [page.words1, said(times.words)],
    [page.arranged, said(times.arranged)],
    [page.closed, said(times.closed)],
    [page.outcome, outcome],
    ...(reason === '' || reason === outcome ? [] : [[page.reason, reason] as [string, string]]),
  ]
  return html`<dl>
    ${lines.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`
}

/** Each mark has a shape of its own: colours alone say nothing on paper. */
const SHAPES: Record<Mark['kind'], string> = {
  press: 'M0-9 9 8-9 8Z',
  take: 'M0-8A8 8 0 1 1 0 8 8 8 0 1 1 0-8Z',
  call: 'M-7-7H7V7H-7Z',
  help: 'M-3-9H3V-3H9V3H3V9H-3V3H-9V-3H-3Z',
  note: 'M-8-3H8V3H-8Z',
  hold: 'M-6-8H-2V8H-6ZM2-8H6V8H2Z',
  close: 'M-9-6-6-9 0-3 6-9 9-6 3 0 9 6 6 9 0 3-6 9-9 6-3 0Z',
}
const WIDTH = 1000
const LEFT = 12
const ROW = 30

function timeline(view: RecordView) {
  const { page, incident, timezone, client } = view
  const span = spanOf(incident, client.now())
  const x = (at: number): number => LEFT + shareOf(at, span) * (WIDTH - 2 * LEFT)
  const height = ROW * (incident.clips.length + 1) + 24
  return html`<section>
    <h3>${page.timeline}</h3>
    <div class="wide-line" tabindex="0" role="region" aria-label=${page.timeline}>
      <svg class="line" viewBox="0 0 ${WIDTH} ${height}" aria-hidden="true">
        <defs>
          <pattern id="gaps" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="8" height="8" class="gap-ground" />
            <line x1="0" x2="0" y1="0" y2="8" class="gap-line" />
          </pattern>
        </defs>
        <line x1=${LEFT} x2=${WIDTH - LEFT} y1="18" y2="18" class="axis" />
        ${marksOf(incident).map(
          ({ at, kind }) =>
            svg`<path class="mark ${kind}" transform="translate(${x(at)} 18)" d=${SHAPES[kind]}></path>`,
        )}
        ${incident.clips.map((clip, i) => clipBar(view, clip, ROW * (i + 1) + 6, { x, span }))}
        <text x=${LEFT} y=${height - 6}>${clockTime(new Date(span.from).toISOString(), timezone)}</text>
        <text x=${WIDTH - LEFT} y=${height - 6} text-anchor="end">
          ${clockTime(new Date(span.to).toISOString(), timezone)}
        </text>
      </svg>
    </div>
    ${legend(view)}
  </section>`
}
function clipBar(
  view: RecordView,
  { camera, from, to, gaps }: Incident['clips'][number],
  y: number,
  { x, span }: { x(at: number): number; span: Span },
) {
  const [start, end] = [x(Date.parse(from)), x(to === null ? span.to : Date.parse(to))]
  return svg`<rect class="clip" x=${start} y=${y} width=${Math.max(2, end - start)} height="20" />
    ${gaps.map((gap) => {
      const [left, right] = [x(Date.parse(gap.from)), x(Date.parse(gap.to))]
      return svg`<rect class="gap" fill="url(#gaps)" x=${left} y=${y} width=${Math.max(2, right - left)} height="20" />`
    })}
    <text x=${start + 6} y=${y + 15} class="on">${cameraName(view, camera)}</text>`
}
/** Of the shapes that are there. */
function legend({ page, words, incident }: RecordView) {
  const names: Record<Mark['kind'], string> = {
    press: page.pressed,
    take: words.stateOf.acknowledged,
    call: words.call.title,
    help: words.tile.contacts,
    note: words.note,
    hold: words.tile.holdConfirm,
    close: words.stateOf.closed,
  }
  const there = [...new Set(marksOf(incident).map(({ kind }) => kind))]
  return html`<ul class="legend" aria-label=${page.acts}>
    ${there.map(
      (kind) =>
        html`<li>
          <svg viewBox="-10 -10 20 20" aria-hidden="true"><path class="mark ${kind}" d=${SHAPES[kind]} /></svg
          >${names[kind]}
        </li>`,
    )}
  </ul>`
}

function snapshots(view: RecordView) {
  const { page, snapshots: kept, timezone } = view
  if (kept.length === 0) return nothing
  return html`<section>
    <h3>${page.snapshots}</h3>
    <div class="stills kept">
      ${kept.map(({ snapshot: { camera, at, by, sha256 }, url }) => {
        const time = clockTime(at, timezone)
        return html`<figure>
          ${
            url === null
              ? html`<p class="doubt">${page.snapshotGone}</p>`
              : html`<img src=${url} alt=${page.still(cameraName(view, camera), time)} />`
          }
          <figcaption>${cameraName(view, camera)} · ${time} · ${by}<br /><code>SHA-256 ${sha256}</code></figcaption>
        </figure>`
      })}
    </div>
  </section>`
}

function pictures(view: RecordView) {
  const { page, incident, stills, timezone, client, playing, onPlay } = view
  if (incident.clips.length === 0)
    return html`<section>
      <h3>${page.pictures}</h3>
      <p class="quiet">${page.noPictures}</p>
    </section>`
  return html`<section>
    <h3>${page.pictures}</h3>
    ${
      playing === null
        ? nothing
        : html`<div class="player">
            <p>
              <strong>${page.playing(cameraName(view, playing))}</strong>
              <button @click=${() => onPlay(null)}>${page.stop}</button>
            </p>
            <lamppost-player
              .client=${client}
              .camera=${playing}
              .incident=${incident.id}
              .pressedAt=${incident.presses[0]?.receivedAt ?? incident.openedAt}
            ></lamppost-player>
          </div>`
    }
    ${incident.clips.map((clip) => {
      const own = stills.filter(({ camera, url }) => camera === clip.camera && url !== null)
      return html`<div class="clip-of">
        <p>
          <strong>${cameraName(view, clip.camera)}</strong>
          ${clip.gaps.map(
            ({ from, to }) =>
              html`<span class="doubt">${page.gap(clockTime(from, timezone), clockTime(to, timezone))}</span>`,
          )}
          <button @click=${() => onPlay(clip.camera)}>${page.play(cameraName(view, clip.camera))}</button>
        </p>
        <div class="stills">
          ${own.map(({ at, url }) => {
            const time = clockTime(new Date(at).toISOString(), timezone)
            return html`<figure>
              <img src=${url} alt=${page.still(cameraName(view, clip.camera), time)} />
              <figcaption>${time}</figcaption>
            </figure>`
          })}
        </div>
      </div>`
    })}
  </section>`
}

function log(view: RecordView) {
  const { page, incident, words, timezone, town, all, onAll } = view
  const names = {
    camera: (id: string) => cameraName(view, id),
    contact: (id: string) => town.site?.contacts.find((contact) => contact.id === id)?.name ?? id,
    time: (iso: string) => clockTime(iso, timezone),
  }
  return html`<section>
    <h3>${page.log}</h3>
    <label class="all"
      ><input
        type="checkbox"
        .checked=${all}
        @change=${(event: Event) => onAll((event.target as HTMLInputElement).checked)}
      />
      ${page.all}</label
    >
    <ol class="log">
      ${incident.log.map((line) => {
        const said = sentenceOf(line, names, words)
        if (said === null && !all) return nothing
        return html`<li class=${said === null ? 'quiet' : ''}>
          <time datetime=${line.at}>${clockTime(line.at, timezone)}</time>
          <span class="said">${said ?? line.kind}</span>
          <span class="seq">${line.seq}</span>
        </li>`
      })}
    </ol>
  </section>`
}

function foot({ page, record, town, printedAt, timezone, locale }: RecordView) {
  return html`<footer>
    ${record ? html`<p>${page.record(record.first, record.last, record.entries)} <code>${record.sha256}</code></p>` : nothing}
    <p class="paper">${page.printed(dayAndTime(printedAt, timezone, locale), town.me?.name ?? '')}</p>
  </footer>`
}
