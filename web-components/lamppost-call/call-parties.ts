/** Who else is in a call, and who can be added to it. Draws; decides nothing. */
import { html, nothing } from 'lit'
import type { Call, Contact } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

/** Two presses: nobody is called by a slip of the hand. */
export type PartyAction = { add: string } | { sendAway: string }
type View = {
  call: Call
  words: Words['call']
  contacts: readonly Contact[]
  /** The contact whose button waits to be pressed again. */
  askedContact: string | null
  ask(action: PartyAction): void
}

export const joined = ({ parties }: Call): Call['parties'] => parties.filter(({ state }) => state === 'joined')
/** How long the end of a party is worth a line. */
const SHOWN_MS = 120_000

export function partiesView({ call, words, ask }: View, mine: boolean, now: number) {
  const shown = call.parties.filter(({ state, since }) => state !== 'left' || now - Date.parse(since) < SHOWN_MS)
  if (shown.length === 0 || call.state === 'ended') return nothing
  return html`<ul class="parties" aria-label=${words.parties}>
    ${shown.map(
      ({ id, name, state, end }) =>
        html`<li class=${state}>
          <span role="status">${words.party(name, state, end)}</span>
          ${
            mine && state !== 'left'
              ? html`<button @click=${() => ask({ sendAway: id })}>${words.hangUpOn(name)}</button>`
              : nothing
          }
        </li>`,
    )}
  </ul>`
}

/** Only in a call where sound has come both ways. */
export function addPartyView({ call, words, contacts, askedContact, ask }: View) {
  const there = new Set<string | null>([
    call.contact,
    ...call.parties.filter(({ state }) => state !== 'left').map(({ contact }) => contact),
  ])
  const able = contacts.filter(({ id, telephone }) => telephone?.by === 'trunk' && !there.has(id))
  const byDesk = contacts.filter(({ telephone }) => telephone?.by === 'desk')
  if (call.camera !== null) return nothing
  if ((call.state !== 'connected' && call.state !== 'held') || able.length + byDesk.length === 0) return nothing
  const shows = able.find(({ id }) => id === askedContact)?.telephone?.shows ?? null
  return html`<div class="buttons add" role="group" aria-label=${words.addParty}>
      ${able.map(
        ({ id, name }) =>
          html`<button class=${askedContact === id ? 'main' : ''} @click=${() => ask({ add: id })}>
            ${askedContact === id ? words.addAgain(name) : words.add(name)}
          </button>`,
      )}
    </div>
    ${shows ? html`<p class="doubt" role="status">${words.theySee(shows.number, shows.address)}</p>` : nothing}
    ${byDesk.map(({ name }) => html`<p class="quiet">${words.byDesk(name)}</p>`)}`
}
