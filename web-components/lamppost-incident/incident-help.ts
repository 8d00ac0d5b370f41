/** What to do, whom to call, where the person could go. */
import { html, nothing } from 'lit'
import { clockTime, dayAndHour, shortTime } from '../theme/times.ts'
import type { Contact, SafePlace } from '../wall-client/api-shapes.ts'
import { opening } from '../browser/opening.ts'
import { inAllLanguages } from '../words/language.ts'
import { keyHint } from './incident-actions.ts'
import type { LendingHere } from './incident-lending.ts'
import type { Tile } from './tile-context.ts'

export function instructions({ words, incident, helpPoint, timezone, key, request }: Tile) {
  const steps = helpPoint?.instructions ?? []
  if (steps.length === 0) return nothing
  const next = nextStep(steps, incident.steps)
  return html`<section class="steps">
    <h3>${words.instructions}</h3>
    <ol>
      ${steps.map((step, i) => {
        const done = incident.steps.find((each) => each.step === i)
        return html`<li>
          <button
            class="step ${done ? 'done' : ''}"
            aria-pressed=${done !== undefined}
            aria-disabled=${done !== undefined}
            @click=${() => done === undefined && request({ ask: 'tick', step: i })}
          >
            <span class="box" aria-hidden="true">${done ? '✓' : ''}</span
            ><span class="text">${step}</span
            >${done ? html`<span class="quiet">${clockTime(done.at, timezone, false)}</span>` : i === next ? keyHint(key('step')) : nothing}
          </button>
        </li>`
      })}
    </ol>
  </section>`
}
/** The first that is not ticked; -1 when all are. */
export const nextStep = (steps: readonly string[], ticked: readonly { step: number }[]): number =>
  steps.findIndex((_, i) => !ticked.some(({ step }) => step === i))

type Call = { at: string; outcome: string }
/** Newest last. */
export const callsOf = ({ incident }: Pick<Tile, 'incident'>, { id }: Pick<Contact, 'id'>): Call[] =>
  incident.log.flatMap(({ kind, at, body }) =>
    kind === 'incident.contacted' && (body as { contact: string }).contact === id
      ? [{ at, outcome: (body as { outcome: string }).outcome }]
      : [],
  )
/** Called, and nobody has said yet what came of it. */
export const isOpenCall = (call: Call | undefined): boolean =>
  call !== undefined && inAllLanguages(({ tile }) => tile.called).includes(call.outcome)

function dialButton(
  { words, incident, town }: Tile,
  { id, name, telephone }: Contact,
  { asked, ask }: { asked: string | null; ask(contact: string): void },
) {
  const isCalled = town.calls.some(({ contact, state }) => contact === id && state !== 'ended')
  if (telephone?.by !== 'trunk' || incident.state === 'closed' || isCalled) return nothing
  const { to } = words.call
  return html`<button
    class="dial ${asked === id ? 'main' : ''}"
    aria-label=${to.callLong(name)}
    @click=${() => ask(id)}
  >
    ${asked === id ? to.callAgain : to.call}
  </button>`
}
const CONTACT_KEYS = ['contact1', 'contact2', 'contact3'] as const
/** @param dialling the contact whose button waits to be pressed again: nobody outside is called by a slip of the hand */
export function contacts(
  tile: Tile,
  lending: LendingHere,
  dialling: { asked: string | null; ask(contact: string): void },
) {
  const { words, town, timezone, key, request } = tile
  // Nobody is called for a test.
  const all = tile.incident.kind === 'drill' ? [] : (town.site?.contacts ?? [])
  if (all.length === 0) return nothing
  return html`<section class="contacts">
    <h3>${words.tile.contacts}</h3>
    <ul>
      ${all.map((contact, i) => {
        const last = callsOf(tile, contact).at(-1)
        const action = CONTACT_KEYS[i]
        return html`<li>
          <div class="who">
            <strong>${contact.name}</strong
            ><span class="phone"
              >${contact.phone}${contact.urgent ? html` · <b>${words.tile.urgent(contact.urgent)}</b>` : nothing}</span
            >
          </div>
          <button
            class="called"
            aria-label=${words.tile.calledKey(contact.name)}
            @click=${() => request({ ask: 'contact', contact: contact.id, outcome: words.tile.called })}
          >
            ${words.tile.logCall}${keyHint(action ? key(action) : null)}
          </button>
          ${dialButton(tile, contact, dialling)}
          ${tile.incident.state === 'closed' ? nothing : lending.button(tile, contact)} ${lending.sheet(tile, contact)}
          ${last ? html`<p class="last">${clockTime(last.at, timezone, false)} ${last.outcome}</p>` : nothing}
          ${
            isOpenCall(last)
              ? html`<div class="outcomes" role="group" aria-label=${contact.name}>
                  ${Object.values(words.tile.outcomes).map(
                    (outcome) =>
                      html`<button @click=${() => request({ ask: 'contact', contact: contact.id, outcome })}>
                        ${outcome}
                      </button>`,
                  )}
                </div>`
              : nothing
          }
        </li>`
      })}
    </ul>
  </section>`
}

/** An hour of the day says nothing about an end that is further away. */
const ALL_DAY_MS = 18 * 3_600_000

export function safePlaces({ words, town, incident, client, timezone, locale }: Tile) {
  const places = town.site?.safePlaces ?? []
  if (places.length === 0) return nothing
  const now = client.now()
  const walkOf = (place: SafePlace) => place.walks.find(({ helpPoint }) => helpPoint === incident.helpPoint)
  // What is open comes first, and of that the nearest.
  const order = [...places].sort(
    (a, b) =>
      Number(opening(b, now).open) - Number(opening(a, now).open) ||
      (walkOf(a)?.metres ?? 0) - (walkOf(b)?.metres ?? 0),
  )
  return html`<section class="places">
    <h3>${words.tile.places}</h3>
    <ul>
      ${order.map((place) => {
        const state = opening(place, now)
        const walk = walkOf(place)
        return html`<li class=${state.open ? 'open-now' : 'shut'}>
          <strong>${place.name}</strong> <span class="quiet">${place.address}</span>
          <p class="state">
            ${
              state.open
                ? state.until === null || Date.parse(state.until) - now > ALL_DAY_MS
                  ? words.tile.openNow
                  : words.tile.openUntil(shortTime(state.until, timezone))
                : state.next
                  ? words.tile.opensAt(dayAndHour(state.next, timezone, locale))
                  : words.tile.closedForLong
            }${
              walk
                ? html`<span>
                    ·
                    ${(walk.along === 'streets' ? words.tile.walk : words.tile.walkAbout)(walk.metres, walk.minutes)}</span
                  >`
                : nothing
            }
          </p>
        </li>`
      })}
    </ul>
  </section>`
}
