/** The keys, shown and changed. */
import { html, nothing } from 'lit'
import type { Words } from '../words/en.ts'
import { ACTIONS, type Action, type Keymap, canLeave, takenBy } from './wall-keys.ts'

export type KeyHelpState = { changing: Action | 'leave' | null; problem: string | null }
export type KeyHelpPort = { change(keymap: Keymap): void; state(next: KeyHelpState): void; close(): void }

/** @param before as they are when nobody changes them */
export function keyHelp(
  words: Words,
  keymap: Keymap,
  before: Keymap,
  { changing, problem }: KeyHelpState,
  { change, state, close }: KeyHelpPort,
) {
  const onKey = (event: KeyboardEvent): void => {
    if (changing === null || ['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'Tab', 'Enter'].includes(event.key)) return
    event.preventDefault()
    event.stopPropagation()
    if (event.key === 'Escape') return state({ changing: null, problem: null })
    if (changing === 'leave') {
      if (!canLeave(event.key)) return state({ changing, problem: words.keys.leaves })
      change({ ...keymap, leave: event.key })
      return state({ changing: null, problem: null })
    }
    const held = (event.ctrlKey || event.altKey) && !event.getModifierState('AltGraph')
    if ([...event.key].length !== 1 || event.key === ' ' || held || event.metaKey) return
    const other = takenBy(keymap, event.key, changing)
    if (other) return state({ changing, problem: words.keys.taken(words.keys.actions[other]) })
    change({ ...keymap, keys: { ...keymap.keys, [changing]: event.key.toLowerCase() } })
    state({ changing: null, problem: null })
  }
  return html`<div class="keys" @keydown=${onKey}>
    <h3 id="keys-title">${words.keys.title}</h3>
    <p class="quiet">${words.keys.hint}</p>
    <div class="list">
      ${ACTIONS.map(
        (action) =>
          html`<button
            class="key ${changing === action ? 'changing' : ''}"
            @click=${() => state({ changing: changing === action ? null : action, problem: null })}
          >
            <span>${words.keys.actions[action]}</span
            >${changing === action ? html`<em>${words.keys.press}</em>` : html`<kbd>${keymap.keys[action]}</kbd>`}
          </button>`,
      )}
      <button
        class="key ${changing === 'leave' ? 'changing' : ''}"
        @click=${() => state({ changing: changing === 'leave' ? null : 'leave', problem: null })}
      >
        <span>${words.keys.leave}</span>${
          changing === 'leave'
            ? html`<em>${words.keys.press}</em>`
            : html`<kbd>Esc</kbd>${keymap.leave ? html` <kbd>${keymap.leave}</kbd>` : nothing}`
        }
      </button>
    </div>
    <p class="problem" role="status">${problem ?? nothing}</p>
    <div class="row">
      <label
        ><input
          type="checkbox"
          .checked=${!keymap.on}
          @change=${(event: Event) => change({ ...keymap, on: !(event.target as HTMLInputElement).checked })}
        />
        ${words.keys.off}</label
      >
      <button @click=${() => change({ ...before, on: keymap.on })}>${words.keys.reset}</button>
      <button class="main" @click=${close}>${words.keys.close}</button>
    </div>
  </div>`
}
