/** Calls in a cut: a row each beside the cameras, their sound, and what of it a redacted copy does not let be heard. */
import { html, nothing, svg } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { clockTime } from '../theme/times.ts'
import type { RecordedCall } from '../wall-client/requests/evidence-requests.ts'
import type { Words } from '../words/en.ts'
import { type Span, placeIn } from './cut-marks.ts'

export type Silenced = { call: string; from: number; to: number }
export type CallRow = { call: RecordedCall; name: string; included: boolean }
type CallsView = {
  words: Words
  timezone: string
  span: Span
  rows: readonly CallRow[]
  onInclude(call: string, included: boolean): void
}

const time = (iso: string, timezone: string): string => clockTime(iso, timezone)
const spanOfCall = ({ recording }: RecordedCall): Span => ({
  from: Date.parse(recording.from),
  to: Date.parse(recording.to),
})

/** One row a call, under the cameras'. */
export const callRows = ({ words, timezone, span, rows, onInclude }: CallsView) =>
  repeat(
    rows,
    ({ call }) => call.id,
    ({ call, name, included }) => {
      const { from, to, gaps } = call.recording
      const place = (iso: string): number => placeIn(span, Date.parse(iso))
      const bar = (kind: string, begin: string, end: string, y: number, height: number) =>
        svg`<rect class=${kind} x=${place(begin)} y=${y} width=${Math.max(1.5, place(end) - place(begin))} height=${height} />`
      const { calls } = words.officer
      return html`<div class="row call ${included ? '' : 'left-out'}">
        <label
          ><input
            type="checkbox"
            .checked=${included}
            aria-label=${calls.include(name)}
            @change=${(event: Event) => onInclude(call.id, (event.target as HTMLInputElement).checked)}
          /><span>${calls.name(name)}<small>${time(from, timezone)} – ${time(to, timezone)}</small></span></label
        >
        <div class="track">
          <svg viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label=${calls.gaps(gaps.length)}>
            ${bar('voice', from, to, 0, 9)} ${bar('voice', from, to, 11, 9)}
            ${gaps.map((gap) => bar('gap', gap.from, gap.to, gap.side === 'in' ? 0 : 11, 9))}
          </svg>
        </div>
      </div>`
    },
  )

/** @param sounds an address of each call's sound that somebody has fetched */
export function callSounds({
  words,
  timezone,
  rows,
  sounds,
  onListen,
}: Pick<CallsView, 'words' | 'timezone' | 'rows'> & {
  sounds: ReadonlyMap<string, string>
  onListen(call: string): void
}) {
  if (rows.length === 0) return nothing
  const { calls } = words.officer
  return html`<section class="sounds">
    ${rows.map(({ call, name }) => {
      const sound = sounds.get(call.id)
      const label = calls.sound(name, time(call.recording.from, timezone))
      return html`<p>
        <span>${label}</span>
        ${
          sound
            ? html`<audio controls autoplay src=${sound} aria-label=${label}></audio>`
            : html`<button type="button" @click=${() => onListen(call.id)}>${calls.listen}</button>`
        }
      </p>`
    })}
    <p class="quiet">${calls.left}</p>
  </section>`
}

/** Of a redacted copy. @param range what is set to be exported; null: nobody has set it */
export function silenceList({
  words,
  timezone,
  rows,
  range,
  silences,
  onChange,
}: Pick<CallsView, 'words' | 'timezone' | 'rows'> & {
  range: Span | null
  silences: readonly Silenced[]
  onChange(silences: Silenced[]): void
}) {
  if (rows.length === 0) return nothing
  const { calls } = words.officer
  const nameOf = (id: string): string => rows.find(({ call }) => call.id === id)?.name ?? id
  const at = (moment: number): string => time(new Date(moment).toISOString(), timezone)
  // Of what goes with it: a call that was left out is not put in by that.
  const added = rows.flatMap(({ call, included }) => {
    const { from, to } = spanOfCall(call)
    return included && range && range.from < to && range.to > from ? [{ call: call.id, ...range }] : []
  })
  return html`<section class="regions" aria-label=${calls.silences}>
    <h4>${calls.silences}</h4>
    <p class="quiet">${added.length > 0 || silences.length > 0 ? calls.silencesHint : calls.setRange}</p>
    <ol>
      ${silences.map(
        (each) =>
          html`<li>
            <span class="times">${calls.name(nameOf(each.call))} · ${at(each.from)} – ${at(each.to)}</span>
            <button type="button" @click=${() => onChange(silences.filter((other) => other !== each))}>
              ${calls.removeSilence}
            </button>
          </li>`,
      )}
    </ol>
    <button type="button" class="add" ?disabled=${added.length === 0} @click=${() => onChange([...silences, ...added])}>
      ${calls.addSilence}
    </button>
  </section>`
}
