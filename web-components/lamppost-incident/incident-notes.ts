/** What was said and seen: the note being written, and the ones before it. */
import { html, nothing } from 'lit'
import { live } from 'lit/directives/live.js'
import { clockTime } from '../theme/times.ts'
import type { Incident } from '../wall-client/api-shapes.ts'
import { keyHint } from './incident-actions.ts'
import { isLent } from './incident-lending.ts'
import type { NoteDraft } from './note-draft.ts'
import type { Tile } from './tile-context.ts'

const SHOWN = 3
/** Keys that were pressed in the note itself since it was entered. */
const pressedHere = new Set<string>()
type NoteBody = { text: string; replaces?: number }

/** Finished notes in their latest version, oldest first. Pure. */
export function notesOf(
  { log }: Pick<Incident, 'log'>,
  without: number | null,
): { seq: number; at: string; by: string; text: string }[] {
  const notes = log.filter(({ kind }) => kind === 'incident.noted')
  const replaced = new Set(notes.map(({ body }) => (body as NoteBody).replaces))
  return notes
    .filter(({ seq }) => !replaced.has(seq) && seq !== without)
    .map(({ seq, at, actor, body }) => ({
      seq,
      at,
      by: actor.slice(actor.indexOf(':') + 1),
      text: (body as NoteBody).text,
    }))
}

/** Whether those to whom the incident is lent see this note: a switch, while anybody does. */
function sharing(tile: Tile, note: number) {
  const shared = tile.incident.sharedNotes.includes(note)
  if (!shared && !isLent(tile)) return nothing
  const { words } = tile
  return html`<button
    class="share"
    aria-pressed=${shared}
    @click=${() => tile.request({ ask: 'share-note', note, shared: !shared })}
  >
    ${shared ? words.lending.shared : words.lending.share}
  </button>`
}

export function notes(tile: Tile, draft: NoteDraft) {
  const { words, incident, timezone, key, leaveKey } = tile
  const all = notesOf(incident, draft.entry)
  const older = all.length - SHOWN
  const said = {
    empty: '',
    typing: '',
    saving: words.tile.noteSaving,
    saved: words.tile.noteSaved(clockTime(new Date(draft.savedAt || Date.now()).toISOString(), timezone, false)),
    failed: draft.refused ?? words.tile.noteNotSaved,
  }[draft.state]
  const onKey = (event: KeyboardEvent): void => {
    // Escape, or the key that was chosen for it, leaves the note, and gives the keys back to the tile. What was typed
    // stays as it is.
    if ((event.key === 'Escape' || event.key === leaveKey) && !event.isComposing) {
      event.preventDefault()
      event.stopPropagation()
      void draft.flush()
      const field = event.currentTarget as HTMLElement
      const tile = field.closest<HTMLElement>('[tabindex]')
      if (tile) tile.focus()
      else field.blur()
      return
    }
    // The key that brought us here is still held down: it is no letter of a note.
    if (!event.repeat) pressedHere.add(event.code)
    else if (!pressedHere.has(event.code)) return event.preventDefault()
    // A new line is Shift and Enter; a dead key or a candidate of an input method is no end of a note.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    void draft.finish()
  }
  return html`<section class="notes">
    <h3>${words.tile.notesTitle}${keyHint(key('note'))}</h3>
    ${older > 0 ? html`<p class="quiet">${words.tile.moreNotes(older)}</p>` : nothing}
    ${all
      .slice(-SHOWN)
      .map(
        ({ seq, at, by, text }) =>
          html`<p class="note">
            <span class="quiet">${clockTime(at, timezone, false)} ${by}</span> ${text} ${sharing(tile, seq)}
          </p>`,
      )}
    <textarea
      name="note"
      rows="2"
      maxlength="4000"
      aria-label=${words.note}
      placeholder=${words.notePlaceholder}
      .value=${live(draft.text)}
      @input=${(event: Event) => draft.typed((event.target as HTMLTextAreaElement).value)}
      @focus=${() => pressedHere.clear()}
      @blur=${() => void draft.flush()}
      @keydown=${onKey}
    ></textarea>
    <div class="row">
      <span class="said ${draft.state}" aria-live=${draft.state === 'failed' ? 'assertive' : 'off'}>${said}</span
      >${draft.state === 'empty' ? nothing : html`<button @click=${() => void draft.finish()}>${words.tile.noteDone}</button>`}
    </div>
  </section>`
}
