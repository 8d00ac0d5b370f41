/**
 * Lends the incident to somebody outside the room by a link: makes it, shows it as a QR code and as an address to send,
 * and says what they answered. Lamppost sends nothing by itself.
 */
import { type ReactiveController, type ReactiveControllerHost, html, nothing, svg } from 'lit'
import { clockTime, shortTime } from '../theme/times.ts'
import type { Contact, LentLink, ResponderLine } from '../wall-client/api-shapes.ts'
import { refusalText } from '../words/refusal-words.ts'
import type { Tile } from './tile-context.ts'

const MINUTES = [15, 30, 60, 120]
const DEFAULT_MINUTES = 30
const COPIED_MS = 4000

/** What is open in one tile: whom it is being lent to, and the link that was made last. */
export class LendingHere implements ReactiveController {
  #host: ReactiveControllerHost
  #incident = ''
  #to: string | null = null
  #minutes = DEFAULT_MINUTES
  #made: { contact: string; link: LentLink; url: string } | null = null
  #busy = false
  #refused: string | null = null
  #copied: 'no' | 'yes' | 'failed' = 'no'

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {}

  /** The button of a contact, which opens what follows it. */
  button({ words, incident }: Tile, { id, name }: Contact) {
    this.#belongsTo(incident.id)
    const open = (): void => {
      this.#to = this.#to === id ? null : id
      this.#refused = null
      this.#host.requestUpdate()
    }
    return html`<button
      class="lend"
      aria-expanded=${this.#to === id}
      aria-label=${words.lending.lendTo(name)}
      @click=${open}
    >
      ${words.lending.lend}
    </button>`
  }
  /** Below a contact: for how long, then the link. */
  sheet(tile: Tile, contact: Contact) {
    this.#belongsTo(tile.incident.id)
    if (this.#to !== contact.id) return nothing
    return html`<div class="lending" role="group" aria-label=${tile.words.lending.lendTo(contact.name)}>
      ${this.#made?.contact === contact.id ? this.#link(tile, contact, this.#made) : this.#question(tile, contact)}
      <p class="refusal" role="status">${this.#refused ?? ''}</p>
    </div>`
  }

  #belongsTo(incident: string): void {
    if (incident === this.#incident) return
    this.#incident = incident
    this.#to = null
    this.#made = null
    this.#refused = null
  }
  #question(tile: Tile, contact: Contact) {
    const { words } = tile
    return html`<div class="minutes" role="group" aria-label=${words.lending.howLong}>
        ${MINUTES.map(
          (minutes) =>
            html`<button
              aria-pressed=${minutes === this.#minutes}
              @click=${() => {
                this.#minutes = minutes
                this.#host.requestUpdate()
              }}
            >
              ${words.lending.minutes(minutes)}
            </button>`,
        )}
      </div>
      <button class="main make" ?disabled=${this.#busy} @click=${() => void this.#make(tile, contact)}>
        ${words.lending.make}
      </button>`
  }
  async #make({ client, incident, words }: Tile, { id }: Contact): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#refused = null
    this.#host.requestUpdate()
    try {
      const link = await client.lend(incident.id, id, this.#minutes)
      if (this.#incident === incident.id)
        this.#made = {
          contact: id,
          link,
          url: new URL(link.url, new URL(client.absolute('/api/v1/'), location.href)).href,
        }
    } catch (error) {
      this.#refused = refusalText(error, words)
    } finally {
      this.#busy = false
      this.#host.requestUpdate()
    }
  }
  async #copy(url: string): Promise<void> {
    this.#copied = await navigator.clipboard.writeText(url).then(
      () => 'yes' as const,
      () => 'failed' as const,
    )
    this.#host.requestUpdate()
    setTimeout(() => {
      this.#copied = 'no'
      this.#host.requestUpdate()
    }, COPIED_MS)
  }
  #link(tile: Tile, { name }: Contact, { link, url }: { link: LentLink; url: string }) {
    const { words, timezone } = tile
    const text = words.lending.message(tile.helpPoint?.name ?? '', shortTime(link.until, timezone), url)
    const { mobile, email } = link.contact
    const { size, path } = link.qr
    const subject = encodeURIComponent(words.lending.subject)
    const to = encodeURIComponent(email ?? '').replace('%40', '@')
    const mail = `mailto:${to}?subject=${subject}&body=${encodeURIComponent(text)}`
    return html`<div class="made">
      <svg
        viewBox="-3 -3 ${size + 6} ${size + 6}"
        role="img"
        aria-label=${words.lending.qr(name)}
        shape-rendering="crispEdges"
      >
        ${svg`<rect x="-3" y="-3" width=${size + 6} height=${size + 6} fill="#fff"></rect><path d=${path} fill="#000"></path>`}
      </svg>
      <div class="ways">
        <button class="copy" @click=${() => void this.#copy(url)}>
          ${this.#copied === 'yes' ? words.lending.copied : words.lending.copy}
        </button>
        <a class="way sms" href="sms:${mobile ?? ''}?body=${encodeURIComponent(text)}">${words.lending.sms(mobile)}</a>
        <a class="way mail" href=${mail}>${words.lending.mail(email)}</a>
        ${this.#copied === 'failed' ? html`<input type="text" readonly .value=${url} aria-label=${words.lending.copy} />` : nothing}
        <p class="quiet">${words.lending.once}</p>
      </div>
    </div>`
  }
}

/** To whom it is lent, and what they have answered; what has ended is one quiet line. */
export function lent(tile: Tile) {
  const { words, incident, client, timezone } = tile
  const { responders } = incident
  if (responders.length === 0) return nothing
  const now = client.now()
  const isOpen = ({ endedAt, until }: ResponderLine): boolean => endedAt === null && Date.parse(until) > now
  // What was answered stays to be read after the link has ended.
  const shown = responders.filter((line) => isOpen(line) || line.answer !== null)
  const over = responders.length - shown.length
  return html`<section class="lent" aria-live="polite">
    <h3>${words.lending.title}</h3>
    <ul>
      ${shown.map(
        (line) =>
          html`<li data-answer=${line.answer?.answer ?? ''} data-link=${line.id}>
            <p class="who-lent">
              <strong>${line.name}</strong>
              <span class="quiet"
                >${isOpen(line) ? words.lending.until(shortTime(line.until, timezone)) : words.lending.over} ·
                ${words.lending.opened(line.opened)}</span
              >
            </p>
            <p class="answer">
              ${
                line.answer
                  ? html`${clockTime(line.answer.at, timezone, false)}
                      <b>${words.lending.answers[line.answer.answer]}</b
                      >${line.answer.words === '' ? '' : `: ${line.answer.words}`}`
                  : words.lending.noAnswer
              }
            </p>
            ${
              isOpen(line)
                ? html`<button class="revoke" @click=${() => tile.request({ ask: 'revoke-link', link: line.id })}>
                    ${words.lending.revoke}
                  </button>`
                : nothing
            }
          </li>`,
      )}
    </ul>
    ${over > 0 ? html`<p class="quiet">${words.lending.ended(over)}</p>` : nothing}
  </section>`
}

/** Whether anybody has a link that opens now. */
export const isLent = ({ incident, client }: Pick<Tile, 'incident' | 'client'>): boolean =>
  incident.responders.some(({ endedAt, until }) => endedAt === null && Date.parse(until) > client.now())
