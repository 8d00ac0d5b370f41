/**
 * The supervisor's page: whether every help point still reaches a moving picture, what is overdue, and who has heard
 * of it.
 */
import { LitElement, html, nothing, svg } from 'lit'
import { property, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { saveFile } from '../browser/save-file.ts'
import { dayAndTime } from '../theme/times.ts'
import type { Destination, HelpPoint } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { type Standing, byUrgency, countStandings, spanOf, standingOf, worstOf } from './proof-words.ts'
import { proofsStyles } from './proofs-styles.ts'

const RELOAD_MS = 10_000
/** A share of the tone with which it counts as heard. */
const HEARD = 0.6
const STAGES = ['durable', 'asked', 'accepted', 'settled', 'picture'] as const
/** A shape beside each colour. */
const SHAPES: Record<Standing, string> = {
  overdue: 'M12 2 23 21H1Zm-1 7v6h2V9zm0 7.500v2h2v-2z',
  doubt: 'M12 2a10 10 0 1 0 .01 0zm-1 5h2v7h-2zm0 8.500h2v2h-2z',
  proven: 'M12 2a10 10 0 1 0 .01 0zm-1.500 14.500-4-4 1.500-1.500 2.500 2.500 5.500-5.500 1.500 1.500z',
  unknown: 'M12 2a10 10 0 1 0 .01 0zm-5 9h10v2H7z',
}

/** Where the time went, as wide as it took. No style of its own: a strict page forbids that. */
function bar(times: NonNullable<HelpPoint['lastDrillResult']>['stages']) {
  const reached = STAGES.flatMap((stage) => (times[stage] === undefined ? [] : [{ stage, at: times[stage] }])).sort(
    (a, b) => a.at - b.at,
  )
  const whole = Math.max(1, reached.at(-1)?.at ?? 1)
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    ${reached.map(({ stage, at }, i) => {
      const from = (reached[i - 1]?.at ?? 0) / whole
      return svg`<rect class=${stage} x=${from * 100} width=${Math.max(1, (at / whole - from) * 100)} height="8" />`
    })}
  </svg>`
}

/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token of a supervisor or engineer; empty uses the session cookie
 */
@element('lamppost-proofs')
export class LamppostProofs extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words['proofs'] {
    return this.#language.words.proofs
  }

  static override styles = [look, proofsStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private destinations: Destination[] = []
  @state() private refusal: string | null = null
  @state() private drilling: string | null = null
  @state() private sounding: string | null = null

  #client = new ClientController(this)
  #timer: ReturnType<typeof setInterval> | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    void this.updateComplete.then(() => this.#load())
    this.#timer = setInterval(() => void this.#load(), RELOAD_MS)
  }
  override disconnectedCallback(): void {
    if (this.#timer) clearInterval(this.#timer)
    super.disconnectedCallback()
  }

  async #load(): Promise<void> {
    try {
      const { client } = this.#client
      const [destinations] = await Promise.all([client.outbox(), client.reload()])
      this.destinations = destinations
      // What a button was refused stays until the next one.
      if (this.#loadFailed) this.refusal = null
      this.#loadFailed = false
    } catch (error) {
      this.#loadFailed = true
      this.refusal = error instanceof Error ? error.message : String(error)
    }
  }
  #loadFailed = false
  async #try(work: () => Promise<void>): Promise<void> {
    this.refusal = null
    try {
      await work()
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error)
    }
  }
  async #drill({ id }: HelpPoint): Promise<void> {
    this.drilling = id
    await this.#try(async () => this.#client.client.drill(id))
    this.drilling = null
  }
  /** @param teach as loud as it comes back now is right from now on */
  async #tone({ id }: HelpPoint, teach = false): Promise<void> {
    this.drilling = id
    this.sounding = id
    await this.#try(async () => {
      await this.#client.client.tryVoice(id, teach)
      await this.#client.client.reload()
    })
    this.drilling = null
    this.sounding = null
  }
  #saveTable(): Promise<void> {
    return this.#try(async () => {
      const { blob, name } = await this.#client.client.helpPointTable()
      saveFile(blob, name)
    })
  }
  #retry(destination: string, seq: number): Promise<void> {
    return this.#try(async () => {
      await this.#client.client.retryLetter(destination, seq)
      await this.#load()
    })
  }

  protected override render() {
    const { helpPoints, link, record } = this.#client.client.state()
    const counts = countStandings(helpPoints)
    return html`<main>
      <div class="top">
        <h2>${this.words.title}</h2>
        ${
          helpPoints.length > 0
            ? html`<p class="sum ${worstOf(counts)}" role="status">${this.words.sum(helpPoints.length, counts)}</p>`
            : nothing
        }
        <button @click=${() => this.#saveTable()}>${this.words.table}</button>
      </div>
      ${this.refusal ? html`<p class="refusal" role="alert">${this.refusal}</p>` : nothing}
      ${record ? html`<p class="refusal" role="alert">${this.#language.words.recordBroken}: ${record}</p>` : nothing}
      ${link === 'connecting' ? html`<p class="quiet">${this.#language.words.connecting}</p>` : nothing}
      <div class="card">
        <table>
          <thead>
            <tr>
              ${this.words.columns.map((column) => html`<th scope="col">${column}</th>`)}
              <th scope="col"><span class="visually-hidden">${this.words.run}</span></th>
            </tr>
          </thead>
          <tbody>
            ${repeat(
              byUrgency(helpPoints),
              ({ id }) => id,
              (helpPoint) => this.#helpPoint(helpPoint),
            )}
          </tbody>
        </table>
      </div>
      <section>
        <h3>${this.words.others}</h3>
        ${this.destinations.length === 0 ? html`<p class="quiet">${this.words.noOthers}</p>` : this.#outbox()}
      </section>
    </main>`
  }

  #time(iso: string | null): string {
    return iso === null
      ? this.words.never
      : dayAndTime(iso, this.#client.client.state().site?.timezone ?? 'UTC', this.#language.locale)
  }

  #helpPoint(helpPoint: HelpPoint) {
    const {
      id,
      name,
      address,
      lastDrillResult: drill,
      lastPress,
      lastHeartbeat,
      nextDrill,
      drillAt,
      heartbeatMs,
      sources,
      incident,
    } = helpPoint
    const standing = standingOf(helpPoint)
    return html`<tr data-help-point=${id}>
      <th scope="row">${name}<span class="quiet">${address}</span></th>
      <td>
        <span class="standing ${standing}"
          ><svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d=${SHAPES[standing]} /></svg
          ><span>${this.words.standing[standing]}<span class="why">${this.words.why(helpPoint)}</span></span></span
        >
      </td>
      <td>
        ${
          drill
            ? html`<div class="way">
                <span>${this.#time(drill.at)}</span>
                ${bar(drill.stages)}
                <span class="stages"
                  >${STAGES.flatMap((stage) =>
                    drill.stages[stage] === undefined
                      ? []
                      : [`${this.words.stages[stage]} ${spanOf(drill.stages[stage])}`],
                  ).join(' · ')}</span
                >
              </div>`
            : html`<span class="quiet">${this.words.never}</span>`
        }
        ${helpPoint.voice ? html`<span class="voice">${this.#voice(helpPoint)}</span>` : nothing}
      </td>
      <td>
        ${this.#time(lastPress)}<span class="quiet"
          >${heartbeatMs === null && lastHeartbeat === null ? this.words.noHeartbeat : this.words.alive(this.#time(lastHeartbeat))}</span
        >
      </td>
      <td>
        ${drillAt === null ? html`<span class="quiet">${this.words.byHandOnly}</span>` : this.#time(nextDrill)}<span
          class="quiet"
          >${sources.map((source) => this.words.sources[source] ?? source).join(', ')}</span
        >
      </td>
      <td>
        <button ?disabled=${this.drilling !== null || incident !== null} @click=${() => this.#drill(helpPoint)}>
          ${incident === null ? this.words.run : this.words.busy}
        </button>
        ${
          helpPoint.voice?.autoAnswer
            ? html`<button
                  class="tone"
                  title=${this.words.toneTitle}
                  ?disabled=${this.drilling !== null || incident !== null || !helpPoint.voice.registered}
                  @click=${() => this.#tone(helpPoint)}
                >
                  ${this.sounding === id ? this.words.toneSounds : this.words.tone}
                </button>
                ${
                  // It came back, and not as loud as it used to.
                  helpPoint.lastVoiceDrill?.problem && (helpPoint.lastVoiceDrill.heardShare ?? 0) > HEARD
                    ? html`<button
                        class="tone"
                        ?disabled=${this.drilling !== null}
                        @click=${() => this.#tone(helpPoint, true)}
                      >
                        ${this.words.toneTeach}
                      </button>`
                    : nothing
                }`
            : nothing
        }
      </td>
    </tr>`
  }

  #voice({ lastVoiceDrill: drill, lastVoiceProof: proof }: HelpPoint) {
    if (drill?.problem) return this.words.voiceFailed(this.#time(drill.at))
    if (!proof) return this.words.voiceNever
    return this.words.voice[proof.how](this.#time(proof.at), drill?.loopMs ?? null)
  }

  #outbox() {
    return html`<div class="card">
      <table>
        <thead>
          <tr>
            ${this.words.outboxColumns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.destinations.map(
            ({ destination, url, waiting, delivered, last, failing, dead }) =>
              html`<tr>
                <th scope="row">${destination}<span class="quiet">${url}</span></th>
                <td class=${failing || dead.length > 0 ? 'overdue' : 'proven'}>
                  ${
                    failing
                      ? this.words.failing(failing.attempts, failing.problem)
                      : dead.length > 0
                        ? this.words.deadLetters(dead.length)
                        : this.words.heard
                  }
                </td>
                <td>${waiting}</td>
                <td>
                  ${delivered}${last ? html`<span class="quiet">${last.event}, ${this.#time(last.at)}</span>` : nothing}
                </td>
                <td>
                  ${
                    dead.length === 0
                      ? html`<span class="quiet">${this.words.none}</span>`
                      : html`<ul class="letters">
                          ${dead
                            .slice(-5)
                            .map(
                              ({ seq, event, problem }) =>
                                html`<li>
                                  <span>${event} (${seq}): ${problem}</span
                                  ><button @click=${() => this.#retry(destination, seq)}>${this.words.again}</button>
                                </li>`,
                            )}
                        </ul>`
                  }
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-proofs': LamppostProofs
  }
}
