/**
 * What a wall tells the page around by events of its own, so that the page can make room, light a lamp or raise its
 * own alarm.
 */
import type { IncidentNews, LinkNews, SoundNews, WaitingNews } from '../lamppost-incident/incident-events.ts'
import type { Incident } from '../wall-client/api-shapes.ts'

export class WallNews {
  #wall: HTMLElement
  #known = new Map<string, Incident>()
  #link: LinkNews | null = null
  #blocked: boolean | null = null
  #waiting = '[]'

  constructor(wall: HTMLElement) {
    this.#wall = wall
  }
  get known(): number {
    return this.#known.size
  }
  #tell<News>(name: string, detail: News): void {
    this.#wall.dispatchEvent(new CustomEvent<News>(name, { detail, bubbles: true, composed: true }))
  }
  incidents(shown: readonly Incident[]): void {
    const tell = (what: string, { id, helpPoint }: Incident): void =>
      this.#tell<IncidentNews>(`lamppost-incident-${what}`, { incident: id, helpPoint })
    const now = new Map(shown.map((incident) => [incident.id as string, incident]))
    const before = this.#known
    this.#known = now
    for (const [id, incident] of now) {
      const was = before.get(id)
      if (!was) tell('opened', incident)
      if (incident.state === 'acknowledged' && was?.state === 'open') tell('acknowledged', incident)
      if (was && incident.escalation.step > was.escalation.step) tell('escalated', incident)
    }
    for (const [id, incident] of before) if (!now.has(id)) tell('closed', incident)
  }
  /** @param nameOf a help point's */
  waiting(shown: readonly Incident[], nameOf: (helpPoint: string) => string): void {
    const waiting = shown
      .filter(({ state, kind }) => state === 'open' && kind === 'press')
      .toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
      .map(({ id, helpPoint, openedAt }) => ({ incident: id, helpPoint, name: nameOf(helpPoint), since: openedAt }))
    const now = JSON.stringify(waiting)
    const changed = this.#waiting !== now
    this.#waiting = now
    if (changed) this.#tell<WaitingNews>('lamppost-waiting-changed', { waiting })
  }
  link(now: LinkNews): void {
    const changed = this.#link?.link !== now.link || this.#link.refusal !== now.refusal
    this.#link = now
    if (changed) this.#tell<LinkNews>('lamppost-link-changed', now)
  }
  sound(blocked: boolean): void {
    const changed = this.#blocked !== blocked
    this.#blocked = blocked
    if (changed) this.#tell<SoundNews>('lamppost-sound-changed', { blocked })
  }
}
