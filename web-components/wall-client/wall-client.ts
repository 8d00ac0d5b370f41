/** The only part of the web components that speaks HTTP: the state of the town, kept up to date, and what people ask for. */
import type { CameraHand, CameraView, HelpPoint, Incident, Present, Problem, Site, Storage, StreetMap } from './api-shapes.ts'
import { type ServerEvent, readEvents } from './event-stream.ts'
import { createPictureCarrier } from './picture-carrier.ts'
import { createEvidenceRequests } from './evidence-requests.ts'
import { createWallRequests } from './wall-requests.ts'
import { type RenewToken, createWallToken } from './wall-token.ts'

export type Link = 'connecting' | 'live' | 'lost'
export type WallState = { link: Link; refusal: string | null; incidents: readonly Incident[]; helpPoints: readonly HelpPoint[]; cameras: readonly CameraView[]; site: Site | null; /** Null while all is well, or nothing was said. */ storage: Storage | null; /** What is broken about the ledger; null while it is whole. */ record: string | null; /** Who is signed in here; null until that is known. */ me: { name: string; role: string } | null; people: readonly Present[]; /** Closed while this wall was open, newest first, with the moment it was heard (as `performance.now`). */ lately: readonly { incident: Incident; heardAt: number }[]; /** How far exports are that are being made, by their ids. */ exporting: Readonly<Record<string, number>> }

/** A refusal in the server's words. */
export class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** The server pings every five seconds; more silence than this is no connection. */
const SILENCE_MS = 8000
const RETRY_MS = [200, 500, 1000, 2000]
const UNFINISHED = new Set(['open', 'acknowledged'])
const MOST_LATELY = 5
/** Opening hours are told for some days ahead: a wall stays open for weeks. */
const RELOAD_TOWN_MS = 6 * 3_600_000

export type WallClient = ReturnType<typeof createWallClient>

/** @param server its origin; '' is the page's own. @param token a bearer token; '' uses the session cookie. @param renew asks the page around for another one. */
export function createWallClient({ server, token, renew = null, onUnused = () => {} }: { server: string; token: string; renew?: RenewToken | null; /** Its last user has gone. */ onUnused?: () => void }) {
  const base = server === '/' ? '' : server.replace(/\/$/, '')
  const listeners = new Set<() => void>()
  let state: WallState = { link: 'connecting', refusal: null, incidents: [], helpPoints: [], cameras: [], site: null, storage: null, record: null, me: null, people: [], lately: [], exporting: {} }
  let users = 0
  let stop: AbortController | null = null
  let lastEvent: string | null = null
  let following: AbortController | null = null
  /** The server's clock minus ours, from the best answer so far. */
  let clock = { offset: 0, doubt: Number.POSITIVE_INFINITY, at: 0 }

  function set(change: Partial<WallState>): void {
    state = { ...state, ...change }
    for (const listener of [...listeners]) listener()
  }
  const bearer = createWallToken({
    given: token,
    renew,
    now: () => Date.now() + clock.offset,
    onRenewed() {
      carrier.signInAgain()
      // The stream was opened with the old one: it begins anew, and misses nothing.
      renewed = true
      following?.abort()
    },
  })
  let renewed = false
  const headers = (extra: Record<string, string> = {}): Record<string, string> => ({ ...(bearer.get() ? { authorization: `Bearer ${bearer.get()}` } : {}), ...extra })
  const absolute = (path: string): string => `${base}${path}`

  async function call(method: string, path: string, body?: unknown, again = renew !== null): Promise<Response> {
    const sentAt = Date.now()
    const answer = await fetch(absolute(path), { method, credentials: 'same-origin', cache: 'no-store', headers: headers(body === undefined ? {} : { 'content-type': 'application/json' }), ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    learnClock(answer, sentAt)
    if (answer.ok) return answer
    if (answer.status === 401 && again && (await bearer.fresh())) return call(method, path, body, false)
    const problem = (await answer.json().catch(() => null)) as Problem | null
    throw new Refusal(problem ?? { status: answer.status, code: 'unknown', detail: `The server answered ${answer.status}.` })
  }
  const get = async <T>(path: string): Promise<T> => (await call('GET', path)).json() as Promise<T>

  /** Clocks drift apart again: a millisecond a second is more than any does. */
  const doubtNow = (): number => clock.doubt + (performance.now() - clock.at) / 1000

  /** The Date header is cut to whole seconds: half a second is the middle of what it can mean. */
  function learnClock(answer: Response, sentAt: number): void {
    const said = Date.parse(answer.headers.get('date') ?? '')
    const doubt = Date.now() - sentAt + 1000
    if (!Number.isFinite(said) || doubt >= doubtNow()) return
    const offset = said + 500 - (sentAt + Date.now()) / 2
    clock = { offset: Math.abs(offset) < 750 ? 0 : offset, doubt, at: performance.now() }
  }

  const carrier = createPictureCarrier({
    address: new URL(absolute('/api/v1/live'), location.href).href.replace(/^http/, 'ws'),
    token: bearer.get,
    onClock(serverNow, doubt) {
      if (doubt <= doubtNow()) clock = { offset: serverNow - Date.now(), doubt, at: performance.now() }
    },
    onChange: () => set({}),
  })

  function keep(incident: Incident): void {
    const others = state.incidents.filter(({ id }) => id !== incident.id)
    const elsewhere = state.lately.filter(({ incident: each }) => each.id !== incident.id)
    const was = state.incidents.some(({ id }) => id === incident.id)
    const lately = incident.state === 'closed' ? (was ? [{ incident, heardAt: performance.now() }, ...elsewhere].slice(0, MOST_LATELY) : state.lately) : elsewhere
    const incidents = UNFINISHED.has(incident.state) ? [...others, incident] : others
    set({ lately, incidents: incidents.sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1)) })
  }

  /** One question at a time per incident; what changes meanwhile is asked for once more. */
  const asking = new Map<string, { again: boolean }>()
  async function refresh(id: string): Promise<void> {
    const running = asking.get(id)
    if (running) {
      running.again = true
      return
    }
    const mine = { again: false }
    asking.set(id, mine)
    try {
      keep(await get<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`))
    } catch (error) {
      // A press that cannot be shown must not be missed in silence: the link starts anew, loads all, or says that it is lost.
      if (!(error instanceof Refusal && error.problem.status === 404)) following?.abort()
    } finally {
      asking.delete(id)
      if (mine.again) void refresh(id)
    }
  }

  function onEvent({ id, event, data }: ServerEvent): void {
    if (id !== null) lastEvent = id
    if (event === 'camera.health') {
      const { camera, health, codec } = JSON.parse(data) as { camera: string } & Pick<CameraView, 'health' | 'codec'>
      set({ cameras: state.cameras.map((each) => (each.id === camera ? { ...each, health, codec } : each)) })
      return
    }
    if (event === 'storage.health') return set({ storage: JSON.parse(data) as Storage })
    if (event === 'ledger.health') return set({ record: (JSON.parse(data) as { problem: string | null }).problem })
    if (event === 'help-point.health') {
      const { helpPoint, ...proof } = JSON.parse(data) as { helpPoint: string } & Partial<HelpPoint>
      set({ helpPoints: state.helpPoints.map((each) => (each.id === helpPoint ? { ...each, ...proof } : each)) })
      return
    }
    if (event === 'site.problem') return
    if (event === 'export.progress') {
      const { export: id, progress } = JSON.parse(data) as { export: string; progress: number }
      return set({ exporting: { ...state.exporting, [id]: progress } })
    }
    if (event === 'people.present') return set({ people: (JSON.parse(data) as { items: Present[] }).items })
    if (event === 'camera.hand') {
      const { camera, hand } = JSON.parse(data) as { camera: string; hand: CameraHand | null }
      return set({ cameras: state.cameras.map((each) => (each.id === camera ? { ...each, steeredBy: hand } : each)) })
    }
    const entry = JSON.parse(data) as { kind?: string; body?: { incident?: string } }
    if (entry.body?.incident) {
      heard?.add(entry.body.incident)
      void refresh(entry.body.incident)
    }
    if (entry.kind?.startsWith('export.')) return set({ exporting: { ...state.exporting } })
    if (entry.kind === 'site.changed' || entry.kind?.startsWith('preset.')) void loadTown()
  }

  let streets: Promise<StreetMap> | null = null
  /** Incidents that were heard of while the lists were on their way. */
  let heard: Set<string> | null = null
  async function loadTown(): Promise<void> {
    const [site, helpPoints, cameras, people, me] = await Promise.all([get<Site>('/api/v1/site'), get<{ items: HelpPoint[] }>('/api/v1/help-points'), get<{ items: CameraView[] }>('/api/v1/cameras'), get<{ items: Present[] }>('/api/v1/people'), get<{ name: string; role: string }>('/api/v1/session')])
    streets = null
    set({ me, people: people.items, site, storage: site.storage, record: site.record, helpPoints: helpPoints.items, cameras: cameras.items })
  }
  async function loadIncidents(): Promise<void> {
    const since = new Set<string>()
    heard = since
    const lists = await Promise.all(['open', 'acknowledged'].map((each) => get<{ items: Incident[] }>(`/api/v1/incidents?state=${each}&limit=200`)))
    const all = new Map(lists.flatMap(({ items }) => items).map((incident) => [incident.id, incident]))
    set({ incidents: [...all.values()].sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1)) })
    heard = null
    // The lists are of two moments, and of before what was heard meanwhile.
    for (const id of since) void refresh(id)
  }

  /** One connection from its first list to its end; nothing of it is left when this returns. */
  async function follow(stopped: AbortSignal): Promise<void> {
    const mine = new AbortController()
    following = mine
    const leave = (): void => mine.abort()
    stopped.addEventListener('abort', leave, { once: true })
    const tooLong = setTimeout(leave, SILENCE_MS)
    try {
      await followOnce(mine.signal, () => clearTimeout(tooLong))
    } finally {
      clearTimeout(tooLong)
      stopped.removeEventListener('abort', leave)
      mine.abort()
    }
  }

  async function followOnce(signal: AbortSignal, onLoaded: () => void): Promise<void> {
    const answer = await fetch(absolute('/api/v1/events'), { signal, credentials: 'same-origin', cache: 'no-store', headers: headers(lastEvent === null ? {} : { 'last-event-id': lastEvent }) })
    if (!answer.ok || !answer.body) throw new Refusal(((await answer.json().catch(() => null)) as Problem | null) ?? { status: answer.status, code: 'unknown', detail: `The server answered ${answer.status}.` })
    // The stream is open: whatever happens from now on will be heard, so the lists can be loaded.
    const reading = readEvents(answer.body, { silenceMs: SILENCE_MS, signal, onEvent, onSign: () => {} })
    const silent = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('the server fell silent')), { once: true }))
    await Promise.race([Promise.all([loadTown(), loadIncidents()]), silent])
    silent.catch(() => {})
    onLoaded()
    set({ link: 'live', refusal: null })
    await reading
  }

  async function run(signal: AbortSignal): Promise<void> {
    await bearer.begin()
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await follow(signal)
        tries = -1
      } catch (error) {
        if (renewed && !signal.aborted) {
          renewed = false
          continue
        }
        const refused = error instanceof Refusal && (error.problem.status === 401 || error.problem.status === 403)
        set({ link: 'lost', refusal: refused ? error.problem.detail : null })
        // Another token may help once; one that is refused as well is no reason to ask again at once.
        if (refused && error.problem.status === 401 && tries < 1) await bearer.fresh()
      }
      if (signal.aborted) return
      if (renewed) {
        renewed = false
        continue
      }
      set({ link: 'lost' })
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]))
    }
  }

  return {
    state: (): WallState => state,
    /** Milliseconds since 1970 by the server's clock. */
    now: (): number => Date.now() + clock.offset,
    /** How far `now` may be off, milliseconds. */
    doubt: doubtNow,
    carrier,
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** Begins to follow the town with its first user; ends with the last. Returns the undo. */
    use(): () => void {
      users += 1
      if (users === 1) {
        stop = new AbortController()
        const { signal } = stop
        void bearer.begin().then(() => !signal.aborted && carrier.start())
        const reload = setInterval(() => void loadTown().catch(() => {}), RELOAD_TOWN_MS)
        signal.addEventListener('abort', () => clearInterval(reload), { once: true })
        void run(signal)
      }
      let done = false
      return () => {
        if (done) return
        done = true
        users -= 1
        if (users > 0) return
        stop?.abort()
        bearer.end()
        onUnused()
        carrier.stop()
      }
    },
    headers,
    absolute,
    refresh,
    /** The town once more: what is not told as it happens, such as signs of life. */
    reload: loadTown,
    /** The town's streets, asked once. */
    streets: (): Promise<StreetMap> => {
      streets ??= get<StreetMap>('/api/v1/map').catch((error: unknown) => {
        streets = null
        throw error
      })
      return streets
    },
    ...createWallRequests({ call, get, keep }),
    ...createEvidenceRequests({ call, get }),
  }
}
