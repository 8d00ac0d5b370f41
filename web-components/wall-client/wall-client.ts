/**
 * The only part of the web components that speaks HTTP: the state of the town, kept up to date, and what people ask
 * for.
 */
import { turnAt } from './connection-turns.ts'
import { addressIn, baseOf } from './server-base.ts'
import type {
  Call,
  CallQuality,
  CameraHand,
  CameraView,
  ConnectorState,
  HelpPoint,
  Incident,
  ListenedDevice,
  Present,
  Problem,
  Site,
  KeptPress,
  Storage,
  StreetMap,
  TownView,
  VoiceHealth,
} from './api-shapes.ts'
import { createConnectionKind } from './connection-kind.ts'
import { createEventLink } from './event-link.ts'
import type { ServerEvent } from './event-stream.ts'
import { ANSWER_MS, either } from './deadlines.ts'
import { createCallRequests } from './requests/call-requests.ts'
import { createKnownCalls } from './known-calls.ts'
import { createKnownIncidents } from './known-incidents.ts'
import { Refusal } from './refusal.ts'
import { createServerClock } from './server-clock.ts'
import { createPictureCarrier } from './picture-socket.ts'
import { createEvidenceRequests } from './requests/evidence-requests.ts'
import { createPeopleRequests } from './requests/people-requests.ts'
import { createRegisterRequests } from './requests/register-requests.ts'
import { createSiteFileRequests } from './requests/site-file-requests.ts'
import { createWallRequests } from './requests/wall-requests.ts'
import { createTownMembers } from './town-members.ts'
import { type RenewToken, createWallToken } from './wall-token.ts'

export type Link = 'connecting' | 'live' | 'lost'
export type WallState = {
  link: Link
  refusal: string | null
  incidents: readonly Incident[]
  helpPoints: readonly HelpPoint[]
  cameras: readonly CameraView[]
  site: Site | null
  /** Null while all is well, or nothing was said. */ storage: Storage | null
  /** What is broken about the ledger; null while it is whole. */ record: string | null
  /** Who is signed in here; null until that is known. */ me: { name: string; role: string } | null
  people: readonly Present[]
  /** Closed while this wall was open, newest first, with the moment it was heard (as `performance.now`). */ lately: readonly {
    incident: Incident
    heardAt: number
  }[]
  /** Those that go on, and those that ended while this page was open and their incident is. */ calls: readonly Call[]
  /** Null: nobody telephones here. */ voice: VoiceHealth | null
  /** The VMSs that are told of incidents. */ connectors: readonly ConnectorState[]
  /** Lamppost as an ONVIF device: whether a VMS listens. */ onvifDevices: readonly ListenedDevice[]
  /** How far exports are that are being made, by their ids. */ exporting: Readonly<Record<string, number>>
  /** Presses that are durable and have no incident yet: the town's servers are changing hands. */ kept: readonly KeptPress[]
  /** How many servers this page can go on at. */ servers: number
}

/** The server pings every five seconds; more silence than this is no connection. */
const SILENCE_MS = 8000
const MOST_HELD_ANSWERS = 20
const RETRY_MS = [200, 500, 1000, 2000]
/** To the next server of the town; each answers, or holds the request until one of them leads. */
const NEXT_SERVER_MS = 150
/** An act is tried for so long while the town's servers change hands. */
const ACT_WITHIN_MS = 10_000
const ACT_AGAIN_MS = 300
/** A page that has no good token is asked for another one again and again, but not without pause. */
const FRESH_AFTER_MS = [0, 2000, 5000, 10_000, 30_000]
/** Many presets at once are one change of the town. */
const TOWN_SETTLES_MS = 300
const TOWN_AGAIN_MS = 5000
/** Opening hours are told for some days ahead: a wall stays open for weeks. */
const RELOAD_TOWN_MS = 6 * 3_600_000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
/** A request that nobody answered may have been done. */
const mayComeAgain = (method: string, error: unknown): boolean =>
  error instanceof Refusal
    ? error.problem.code === 'town/changing-hands' || (error.problem.code === 'town/no-answer' && method !== 'POST')
    : error instanceof TypeError && method !== 'POST'

/** `etag`: answered only when it has changed. `seen`: the version that is changed; refused when there is another. */
type CallOptions = { signal?: AbortSignal; again?: boolean; etag?: string; seen?: string }
export type WallClient = ReturnType<typeof createWallClient>

/**
 * @param server its origin; '' is the page's own.
 * @param token a bearer token; '' uses the session cookie.
 * @param renew asks the page around for another one.
 */
export function createWallClient({
  server,
  token,
  renew = null,
  onUnused = () => {},
}: {
  server: string
  token: string
  renew?: RenewToken | null
  /** Its last user has gone. */ onUnused?: () => void
}) {
  const members = createTownMembers({
    home: baseOf(server),
    get: (path) => get<TownView>(path, AbortSignal.timeout(ANSWER_MS)),
    pass: async (minutes) => (await call('POST', '/api/v1/tokens', { minutes })).json() as Promise<{ token: string }>,
    hasToken: () => bearer.get() !== '',
    now: () => performance.now(),
  })
  const listeners = new Set<() => void>()
  let state: WallState = {
    link: 'connecting',
    refusal: null,
    incidents: [],
    helpPoints: [],
    cameras: [],
    site: null,
    storage: null,
    record: null,
    me: null,
    people: [],
    lately: [],
    calls: [],
    voice: null,
    connectors: [],
    onvifDevices: [],
    exporting: {},
    kept: [],
    servers: 1,
  }
  let users = 0
  let stop: AbortController | null = null
  let lastEvent: string | null = null
  let following: AbortController | null = null
  const clock = createServerClock()

  function set(change: Partial<WallState>): void {
    state = { ...state, ...change }
    for (const listener of [...listeners]) listener()
  }
  let renewNow: RenewToken = renew ?? (() => Promise.reject(new Error('the page renews no token')))
  const bearer = createWallToken({
    given: token,
    renew: renew && ((...asked) => renewNow(...asked)),
    now: clock.now,
    onRenewed() {
      carrier.signInAgain()
      // The stream was opened with the old one: it begins anew, and misses nothing.
      renewed = true
      following?.abort()
    },
  })
  let renewed = false
  let stays = false
  /** '' where the session cookie signs in. */
  const tokenNow = (): string => bearer.get() || members.pass()
  const headers = (extra: Record<string, string> = {}): Record<string, string> => ({
    ...(tokenNow() ? { authorization: `Bearer ${tokenNow()}` } : {}),
    ...extra,
  })
  const absolute = (path: string): string => addressIn(members.base(), path)

  async function callOnce(
    method: string,
    path: string,
    body?: unknown,
    { signal, again = renew !== null, etag, seen }: CallOptions = {},
  ): Promise<Response> {
    const sentAt = clock.steadyNow()
    const answer = await fetch(absolute(path), {
      method,
      ...(signal ? { signal } : {}),
      credentials: 'same-origin',
      cache: 'no-store',
      headers: headers({
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(seen === undefined ? {} : { 'if-match': `"${seen}"` }),
      }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    clock.heard(answer.headers.get('date'), sentAt)
    if (answer.ok || (answer.status === 304 && etag !== undefined)) return answer
    if (answer.status === 401 && again && (await bearer.fresh()))
      return callOnce(method, path, body, {
        ...(signal ? { signal } : {}),
        ...(etag === undefined ? {} : { etag }),
        ...(seen === undefined ? {} : { seen }),
        again: false,
      })
    const problem = (await answer.json().catch(() => null)) as Problem | null
    throw new Refusal(
      problem ?? { status: answer.status, code: 'unknown', detail: `The server answered ${answer.status}.` },
    )
  }
  /**
   * While the town's servers change hands it is asked again, at the next one: what was not done surely, and what may be
   * done twice.
   */
  async function call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Response> {
    for (const until = performance.now() + ACT_WITHIN_MS; ; await sleep(ACT_AGAIN_MS))
      try {
        return await callOnce(method, path, body, options)
      } catch (error) {
        const isOver = members.count() < 2 || options.signal?.aborted || performance.now() > until
        if (isOver || !mayComeAgain(method, error)) throw error
      }
  }
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    (await call('GET', path, undefined, signal ? { signal } : {})).json() as Promise<T>
  const heldAnswers = new Map<string, { etag: string; said: unknown }>()
  /** What is asked every few seconds and seldom changes: the same answer is not sent, and not read, once more. */
  async function getChanged<T>(path: string): Promise<T> {
    const held = heldAnswers.get(path)
    const answer = await call('GET', path, undefined, held ? { etag: held.etag } : {})
    if (held && answer.status === 304) return held.said as T
    const said = (await answer.json()) as T
    const etag = answer.headers.get('etag')
    heldAnswers.delete(path)
    if (etag !== null) heldAnswers.set(path, { etag, said })
    const [oldest] = heldAnswers.keys()
    if (heldAnswers.size > MOST_HELD_ANSWERS && oldest !== undefined) heldAnswers.delete(oldest)
    return said
  }
  /** With the link it belongs to, and never for ever. */
  const getNow = <T>(path: string, link: AbortController | null): Promise<T> =>
    get(path, either(AbortSignal.timeout(ANSWER_MS), link?.signal))

  const carrier = createPictureCarrier({
    address: () => new URL(absolute('/api/v1/live'), location.href).href.replace(/^http/, 'ws'),
    token: tokenNow,
    onClock: clock.isNow,
    onChange: () => set({}),
  })

  const connection = createConnectionKind(new URL(absolute('/api/v1/'), location.href).href, () => set({}))

  const events = createEventLink({
    address: () => new URL(absolute('/api/v1/events'), location.href).href,
    token: tokenNow,
    headers,
  })
  const known = createKnownIncidents({ get: getNow, state: () => state, set, link: () => following })
  const calls = createKnownCalls({ get: getNow, state: () => state, set, link: () => following })

  function onEvent({ id, event, data }: ServerEvent): void {
    if (id !== null) lastEvent = id
    if (event === 'camera.health') {
      const { camera, health, codec } = JSON.parse(data) as { camera: string } & Pick<CameraView, 'health' | 'codec'>
      set({ cameras: state.cameras.map((each) => (each.id === camera ? { ...each, health, codec } : each)) })
      return
    }
    if (event === 'town.led') return void (stays = true)
    if (event === 'press.kept') {
      const press = JSON.parse(data) as KeptPress
      return set({ kept: [...state.kept.filter((each) => each.press !== press.press), press] })
    }
    if (event === 'storage.health') return set({ storage: JSON.parse(data) as Storage })
    if (event === 'ledger.health') return set({ record: (JSON.parse(data) as { problem: string | null }).problem })
    if (event === 'help-point.health') {
      const { helpPoint, ...proof } = JSON.parse(data) as { helpPoint: string } & Partial<HelpPoint>
      set({ helpPoints: state.helpPoints.map((each) => (each.id === helpPoint ? { ...each, ...proof } : each)) })
      return
    }
    // That something happened which is not for this role; its number is heard all the same.
    if (event === 'site.problem' || event === 'withheld') return
    if (event === 'export.progress') {
      const { export: id, progress } = JSON.parse(data) as { export: string; progress: number }
      return set({ exporting: { ...state.exporting, [id]: progress } })
    }
    if (event === 'people.present') return set({ people: (JSON.parse(data) as { items: Present[] }).items })
    if (event === 'camera.hand') {
      const { camera, hand } = JSON.parse(data) as { camera: string; hand: CameraHand | null }
      return set({ cameras: state.cameras.map((each) => (each.id === camera ? { ...each, steeredBy: hand } : each)) })
    }
    if (event === 'call.quality') return calls.quality(JSON.parse(data) as { call: string; quality: CallQuality })
    if (event === 'connector.health') {
      const news = JSON.parse(data) as ConnectorState
      const others = state.connectors.filter(({ connector }) => connector !== news.connector)
      return set({ connectors: [...others, news].sort((a, b) => (a.connector < b.connector ? -1 : 1)) })
    }
    if (event === 'onvif-device.health') {
      const news = JSON.parse(data) as ListenedDevice
      const others = state.onvifDevices.filter(({ device }) => device !== news.device)
      return set({ onvifDevices: [...others, news].sort((a, b) => (a.device < b.device ? -1 : 1)) })
    }
    if (event === 'voice.health') return set({ voice: JSON.parse(data) as VoiceHealth | null })
    const entry = JSON.parse(data) as { kind?: string; body?: { incident?: string; call?: string } }
    if (entry.kind?.startsWith('call.') && entry.body?.call) calls.heardOf(entry.body.call)
    if (entry.body?.incident) known.heardOf(entry.body.incident)
    if (entry.kind?.startsWith('export.')) return set({ exporting: { ...state.exporting } })
    if (entry.kind === 'site.changed' || entry.kind?.startsWith('preset.')) reloadSoon(TOWN_SETTLES_MS)
  }

  let streets: Promise<StreetMap> | null = null
  async function loadTown(link = following): Promise<void> {
    const ask = <T>(what: string): Promise<T> => getNow(`/api/v1/${what}`, link)
    const [site, helpPoints, cameras, people, connectors, devices, me] = await Promise.all([
      ask<Site>('site'),
      ask<{ items: HelpPoint[] }>('help-points'),
      ask<{ items: CameraView[] }>('cameras'),
      ask<{ items: Present[] }>('people'),
      // A server of an earlier version has none: the wall works all the same.
      ask<{ items: ConnectorState[] }>('connectors').catch(() => ({ items: [] })),
      ask<{ items: ListenedDevice[] }>('onvif-devices').catch(() => ({ items: [] })),
      ask<{ name: string; role: string }>('session'),
    ])
    streets = null
    set({
      me,
      people: people.items,
      connectors: connectors.items,
      onvifDevices: devices.items,
      site,
      storage: site.storage,
      record: site.record,
      voice: site.voice,
      helpPoints: helpPoints.items,
      cameras: cameras.items,
    })
    // Loudspeakers are spoken through without the edge, too.
    const speaks = cameras.items.some(({ speaker }) => speaker)
    if (site.voice || speaks || state.calls.length > 0) await calls.load()
  }
  let settling: ReturnType<typeof setTimeout> | undefined
  function reloadSoon(ms: number): void {
    settling ??= setTimeout(() => {
      settling = undefined
      loadTown().catch(() => users > 0 && reloadSoon(TOWN_AGAIN_MS))
    }, ms)
  }
  /** One connection from its first list to its end; nothing of it is left when this returns. */
  async function follow(stopped: AbortSignal): Promise<void> {
    const mine = new AbortController()
    following = mine
    known.begin()
    const leave = (): void => mine.abort()
    stopped.addEventListener('abort', leave, { once: true })
    const tooLong = setTimeout(leave, SILENCE_MS)
    try {
      await followOnce(mine, () => clearTimeout(tooLong))
    } finally {
      clearTimeout(tooLong)
      stopped.removeEventListener('abort', leave)
      mine.abort()
    }
  }

  async function followOnce(link: AbortController, onLoaded: () => void): Promise<void> {
    const { signal } = link
    // Once the stream is open, whatever happens will be heard, so the lists can be loaded.
    const { ended: reading } = await events.open({ after: lastEvent, silenceMs: SILENCE_MS, signal, onEvent })
    const silent = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('the server fell silent')), { once: true }),
    )
    silent.catch(() => {})
    const ended = reading.then(() => Promise.reject(new Error('the stream ended while the town was being loaded')))
    ended.catch(() => {})
    await Promise.race([Promise.all([loadTown(link), known.load(link)]), silent, ended])
    onLoaded()
    set({ link: 'live', refusal: null, kept: [], servers: members.count() })
    void members.learn().then(() => set({ servers: members.count() }))
    await reading
  }

  async function run(signal: AbortSignal): Promise<void> {
    await bearer.begin()
    if (signal.aborted) return
    let asked = { times: 0, at: Number.NEGATIVE_INFINITY }
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await turnAt(`events ${members.base()}`, signal)
        // Nobody is there any more who waited for a turn.
        if (signal.aborted) return
        await follow(signal)
        tries = -1
        asked = { times: 0, at: Number.NEGATIVE_INFINITY }
      } catch (error) {
        if (renewed && !signal.aborted) {
          renewed = false
          continue
        }
        if (state.link === 'live') asked = { times: 0, at: Number.NEGATIVE_INFINITY }
        const refused = error instanceof Refusal && (error.problem.status === 401 || error.problem.status === 403)
        set({ link: 'lost', refusal: refused ? error.problem.detail : null })
        // Another token may help, now or when the page around has one: a server that began anew knows none of the old
        // ones.
        const wait = FRESH_AFTER_MS[Math.min(asked.times, FRESH_AFTER_MS.length - 1)] ?? 0
        if (refused && error.problem.status === 401 && performance.now() - asked.at >= wait) {
          asked = { times: asked.times + 1, at: performance.now() }
          await bearer.fresh()
        }
      }
      if (signal.aborted) return
      if (renewed) {
        renewed = false
        continue
      }
      set({ link: 'lost' })
      // The server that it heard has said that the town goes on there.
      const moved = stays || members.next()
      stays = false
      const wait = moved ? NEXT_SERVER_MS : RETRY_MS[Math.max(0, Math.min(tries, RETRY_MS.length - 1))]
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }

  return {
    state: (): WallState => state,
    isUsed: (): boolean => users > 0,
    /** The page's newest callback; what it gives is the same. */
    renewBy: (callback: RenewToken): void => void (renewNow = callback),
    /** Milliseconds since 1970 by the server's clock. */
    now: clock.now,
    /** How far `now` may be off, milliseconds. */
    doubt: clock.doubt,
    carrier,
    /** Many live pictures over HTTP stand in nobody's way. */
    takesMany: connection.takesMany,
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
        connection.watch(signal)
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
        clearTimeout(settling)
        settling = undefined
        bearer.end()
        onUnused()
        carrier.stop()
      }
    },
    headers,
    absolute,
    /** The token that it uses now; '' where the session cookie signs in. */
    bearer: tokenNow,
    refresh: known.refresh,
    /** The town once more: what is not told as it happens, such as signs of life. */
    reload: (): Promise<void> => loadTown(),
    /** The town's streets, asked once. */
    streets: (): Promise<StreetMap> => {
      streets ??= get<StreetMap>('/api/v1/map').catch((error: unknown) => {
        streets = null
        throw error
      })
      return streets
    },
    ...createWallRequests({ call, get, keep: known.keep }),
    ...createCallRequests({ call, keep: calls.keep }),
    ...createEvidenceRequests({ call, get, getChanged }),
    ...createPeopleRequests({ call, get }),
    ...createRegisterRequests({ call, get }),
    ...createSiteFileRequests({ call, get }),
  }
}
