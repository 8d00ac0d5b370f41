/**
 * The timeline of a cut: one row a camera with small pictures and gaps, and over all of them the range, the marks and
 * the position.
 */
import { html, nothing, svg } from 'lit'
import { clockTime } from '../theme/times.ts'
import type { ClipView } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'
import { type Mark, type Span, placeIn, recordedSpans, thumbnailTimes } from './cut-marks.ts'

const THUMBNAILS = 10

export type TimelineView = {
  words: Words
  timezone: string
  span: Span
  range: Span
  at: number
  marks: readonly Mark[]
  rows: readonly { clip: ClipView; name: string; included: boolean }[]
  /** Rows below the cameras'. */
  more: unknown
  now: number
  picture(camera: string, at: number): string | null | undefined
  onInclude(camera: string, included: boolean): void
  onSeek(at: number): void
}

const width = (from: number, to: number): number => Math.max(1.5, to - from)

export function timeline(view: TimelineView) {
  const { words, timezone, span, range, at, marks, rows, onSeek } = view
  const place = (moment: number): number => placeIn(span, moment)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => span.from + share * (span.to - span.from))
  return html`<div class="timeline">
    <div class="ruler" aria-hidden="true">
      <span></span>
      <div>${ticks.map((tick) => html`<span>${clockTime(new Date(tick).toISOString(), timezone, false)}</span>`)}</div>
    </div>
    ${rows.map((row) => rowOf(view, row))} ${view.more}
    <div class="over">
      <span></span>
      <div>
        <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
          <rect class="out" x="0" y="0" width=${place(range.from)} height="100" />
          <rect class="out" x=${place(range.to)} y="0" width=${1000 - place(range.to)} height="100" />
          <rect class="edge" x=${Math.max(0, place(range.from) - 1)} y="0" width="2" height="100" />
          <rect class="edge" x=${Math.min(998, place(range.to) - 1)} y="0" width="2" height="100" />
          ${marks.map(({ at: of, kind }) => svg`<rect class=${`mark ${kind}`} x=${place(of) - 1} y="0" width="2" height="100" />`)}
          <rect class="here" x=${place(at) - 1} y="0" width="2.5" height="100" />
        </svg>
      </div>
    </div>
    <div class="position">
      <span class="quiet">${words.officer.cutting.position}</span>
      <input
        type="range"
        min=${span.from}
        max=${span.to}
        step="40"
        .value=${String(at)}
        aria-label=${words.officer.cutting.position}
        aria-valuetext=${clockTime(new Date(at).toISOString(), timezone)}
        @input=${(event: Event) => onSeek(Number((event.target as HTMLInputElement).value))}
      />
    </div>
  </div>`
}

function rowOf(
  { words, span, now, picture, onInclude }: TimelineView,
  { clip, name, included }: TimelineView['rows'][number],
) {
  const place = (iso: string | null): number => placeIn(span, iso === null ? now : Date.parse(iso))
  return html`<div class="row ${included ? '' : 'left-out'}">
    <label
      ><input
        type="checkbox"
        .checked=${included}
        aria-label=${words.officer.cutting.include(name)}
        @change=${(event: Event) => onInclude(clip.camera, (event.target as HTMLInputElement).checked)}
      /><span>${name}</span></label
    >
    <div class="track">
      <div class="pictures">
        ${thumbnailTimes(span, THUMBNAILS, recordedSpans(clip, now)).map((at) => {
          const known = at === null ? null : picture(clip.camera, at)
          return known ? html`<img src=${known} alt="" />` : html`<i class=${known === null ? 'none' : ''}></i>`
        })}
      </div>
      <svg
        viewBox="0 0 1000 10"
        preserveAspectRatio="none"
        role="img"
        aria-label=${clip.gaps.length === 0 ? words.gaps(0) : `${words.gaps(clip.gaps.length)}: ${words.officer.cutting.missing}`}
      >
        <rect class="held" x=${place(clip.from)} y="0" width=${width(place(clip.from), place(clip.to))} height="10" />
        ${clip.gaps.map(
          ({ from, to }) =>
            svg`<rect class="gap" x=${place(from)} y="0" width=${width(place(from), place(to))} height="10" />`,
        )}
      </svg>
    </div>
  </div>`
}

export const markList = (words: Words, marks: readonly Mark[], timezone: string, onSeek: (at: number) => void) =>
  marks.length === 0
    ? nothing
    : html`<section class="marks">
        <h4>${words.officer.cutting.marks}</h4>
        <ol>
          ${marks.map(
            ({ at, kind, text }) =>
              html`<li>
                <button class=${kind} @click=${() => onSeek(at)}>
                  <time>${clockTime(new Date(at).toISOString(), timezone, false)}</time><span>${text}</span>
                </button>
              </li>`,
          )}
        </ol>
      </section>`
