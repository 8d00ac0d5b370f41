/** The engineer's VMSs: whether each hears presses, which of its cameras is which, and a dry run. */
import { LitElement, html, nothing } from 'lit'
import { property, state } from 'lit/decorators.js'
import { element } from '../theme/element.ts'
import { look } from '../theme/theme.ts'
import { dayAndTime } from '../theme/times.ts'
import { Confirmation } from '../page-parts/confirmation.ts'
import type { CameraMatch, ConnectorState, ConnectorTrial, OnvifDeviceView } from '../wall-client/api-shapes.ts'
import { ClientController } from '../wall-client/client-controller.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import { LanguageController } from '../words/language.ts'
import { refusalText } from '../words/refusal-words.ts'
import { connectorsStyles } from './connectors-styles.ts'
import { STATE_SHAPES } from './state-shapes.ts'
import { onvifDeviceView } from './onvif-device-view.ts'

const LOOK_EVERY_MS = 5000
const ALL_VERBS = ['raise', 'mark', 'protect', 'note', 'ended', 'release'] as const
/**
 * @attr server - Lamppost's origin; empty means the page's own
 * @attr token - a bearer token of an engineer; empty uses the session cookie
 */
@element('lamppost-connectors')
export class LamppostConnectors extends LitElement {
  #language = new LanguageController(this)
  private get words(): Words['vms'] {
    return this.#language.words.vms
  }
  static override styles = [look, connectorsStyles]

  @property() server = ''
  @property() token = ''
  @property({ attribute: false }) client: WallClient | null = null
  @state() private cameras: Readonly<Record<string, readonly CameraMatch[]>> = {}
  @state() private trials: Readonly<Record<string, ConnectorTrial>> = {}
  @state() private testing: string | null = null
  @state() private refusal: string | null = null

  @state() private devices: readonly OnvifDeviceView[] = []

  #looking: ReturnType<typeof setInterval> | null = null
  #client = new ClientController(this)
  #confirmation = new Confirmation(this, () => this.#client.client)
  #asked = new Set<string>()

  override connectedCallback(): void {
    super.connectedCallback()
    this.#looking = setInterval(() => void this.#loadDevices(), LOOK_EVERY_MS)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    if (this.#looking) clearInterval(this.#looking)
  }
  /** A server that is older than this page has none. */
  async #loadDevices(): Promise<void> {
    this.devices = await this.#client.client.onvifDevices().catch(() => this.devices)
  }
  protected override firstUpdated(): void {
    void this.#loadDevices()
  }
  protected override updated(): void {
    for (const { connector } of this.#client.client.state().connectors)
      if (!this.#asked.has(connector)) void this.#loadCameras(connector)
  }
  async #loadCameras(connector: string): Promise<void> {
    this.#asked.add(connector)
    await this.#try(async () => {
      const found = await this.#client.client.connectorCameras(connector)
      this.cameras = { ...this.cameras, [connector]: found }
    })
  }
  async #try(work: () => Promise<void>): Promise<void> {
    this.refusal = null
    try {
      await work()
    } catch (error) {
      this.refusal = refusalText(error, this.#language.words)
    }
  }
  async #test({ connector }: ConnectorState, press: boolean): Promise<void> {
    this.testing = connector
    await this.#try(async () => {
      const trial = await this.#confirmation.go(() => this.#client.client.testConnector(connector, press))
      if (!trial) return
      this.trials = { ...this.trials, [connector]: trial }
      if (trial.cameras.length > 0) this.cameras = { ...this.cameras, [connector]: trial.cameras }
    })
    this.testing = null
  }
  #say(connector: string, camera: string, theirs: string | null): Promise<void> {
    return this.#try(async () => {
      await this.#client.client.sayCamera(connector, camera, theirs)
      await this.#loadCameras(connector)
    })
  }
  #time(iso: string): string {
    return dayAndTime(iso, this.#client.client.state().site?.timezone ?? 'UTC', this.#language.locale)
  }

  protected override render() {
    const { connectors, link, helpPoints } = this.#client.client.state()
    return html`<main>
      <h1>${this.words.page}</h1>
      ${this.refusal ? html`<p class="refusal" role="alert">${this.refusal}</p>` : nothing}
      ${link === 'connecting' ? html`<p class="quiet">${this.#language.words.connecting}</p>` : nothing}
      ${link === 'live' && connectors.length + this.devices.length === 0 ? html`<p>${this.words.none}</p>` : nothing}
      ${connectors.map((connector) => this.#vms(connector))}
      ${this.devices.map((device) =>
        onvifDeviceView(device, this.words, {
          timeOf: (iso) => this.#time(iso),
          nameOf: (id) => helpPoints.find((helpPoint) => helpPoint.id === id)?.name ?? id,
        }),
      )}
      ${this.#confirmation.dialog(this.#language.words)}
    </main>`
  }

  #vms(vms: ConnectorState) {
    const { words } = this
    const trial = this.trials[vms.connector]
    const cannot = ALL_VERBS.filter((verb) => !vms.verbs.includes(verb)).map((verb) => words.verbs[verb])
    return html`<section class="vms ${vms.state}" data-vms=${vms.connector}>
      <div class="top">
        <h2>${vms.product} (${vms.connector})</h2>
        <p class="state" role="status">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d=${STATE_SHAPES[vms.state]} /></svg>
          ${words.state[vms.state]}, ${words.since(this.#time(vms.since))}
        </p>
        <div class="buttons">
          <button ?disabled=${this.testing !== null} @click=${() => this.#test(vms, false)}>
            ${this.testing === vms.connector ? words.testing : words.test}
          </button>
          <button ?disabled=${this.testing !== null} @click=${() => this.#test(vms, true)}>
            ${words.testWithAlarm}
          </button>
        </div>
      </div>
      ${vms.problem ? html`<p class="refusal">${vms.problem}</p>` : nothing}
      <ul class="facts">
        <li>${words.version(vms.version, vms.versionKnown)}</li>
        <li>${vms.lastReadBack ? words.lastReadBack(this.#time(vms.lastReadBack)) : words.neverReadBack}</li>
        ${
          vms.waiting > 0 && vms.oldestWaiting
            ? html`<li>${words.waiting(vms.waiting, this.#time(vms.oldestWaiting))}</li>`
            : nothing
        }
        ${cannot.length > 0 ? html`<li>${words.cannot(cannot.join(', '))}</li>` : nothing}
      </ul>
      ${vms.standing.map((standing) => html`<p class="standing">▲ ${standing}</p>`)}
      ${trial ? this.#trial(trial) : nothing} ${this.#cameraTable(vms)}
    </section>`
  }

  #trial({ ok, steps }: ConnectorTrial) {
    return html`<div>
      <h3 role="status">${ok ? this.words.passed : this.words.failed}</h3>
      <ul>
        ${steps.map((step) => html`<li class="step ${step.ok ? 'good' : 'bad'}">${this.words.step(step)}</li>`)}
      </ul>
    </div>`
  }

  #cameraTable({ connector }: ConnectorState) {
    const { words } = this
    const matches = this.cameras[connector]
    if (!matches) return nothing
    const matched = matches.filter(({ theirs }) => theirs !== null).length
    return html`<div class="wide" role="region" tabindex="0" aria-label=${words.cameras}>
      <h3>${words.cameras}: ${words.matched(matched, matches.length)}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">${words.ours}</th>
            <th scope="col">${words.theirs}</th>
            <th scope="col">${words.why}</th>
          </tr>
        </thead>
        <tbody>
          ${[
            ...matches.filter(({ theirs }) => theirs !== null),
            ...matches.filter(({ theirs }) => theirs === null),
          ].map((match) => this.#match(connector, match))}
        </tbody>
      </table>
    </div>`
  }
  #match(connector: string, { camera, name, theirs, theirName, how, problem, candidates }: CameraMatch) {
    const { words } = this
    return html`<tr data-camera=${camera}>
      <th scope="row">${name}<span class="quiet">${camera}</span></th>
      <td>
        ${
          theirs === null
            ? html`<span class="unmatched">${words.notMatched}</span>`
            : html`${theirName}<span class="quiet">${theirs}</span>`
        }
      </td>
      <td>
        ${how ? (words.how[how] ?? how) : nothing} ${problem ? html`<span class="quiet">${problem}</span>` : nothing}
        ${candidates.map(
          (candidate) =>
            html`<button @click=${() => this.#say(connector, camera, candidate.id)}>
              ${words.choose(candidate.name)}
            </button>`,
        )}
        ${
          how === 'site-file'
            ? html`<button @click=${() => this.#say(connector, camera, null)}>${words.forget}</button>`
            : nothing
        }
      </td>
    </tr>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lamppost-connectors': LamppostConnectors
  }
}
