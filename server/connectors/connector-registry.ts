/** The connectors of the town, as the site file has them now: each with its desk, its health and its cameras. */
import type { CameraMatch, ConnectorState, ConnectorTrial } from '../glossary/connector.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append, Draft, Entry } from '../glossary/ledger.ts'
import type { ConnectorSite, SiteCamera } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { streamAddress } from '../tools/rtsp/stream-address.ts'
import { matchCameras } from './camera-matching.ts'
import type { TheirCamera, VmsConnector } from './connector.ts'
import type { ConnectorBook } from './connector-book.ts'
import { type TownNames, type VmsDesk, createVmsDesk } from './connector-desk.ts'
import { type ConnectorHealth, createConnectorHealth } from './connector-health.ts'
import { tryConnector } from './connector-trial.ts'

export type RegistryPort = {
  clock: Clock
  book: ConnectorBook
  town(): TownNames
  cameras(): readonly SiteCamera[]
  /** Where a camera's stream is read now; null: not known. */
  streamAt(camera: CameraId): string | null
  load(incident: IncidentId): Promise<Incident>
  append: Append
  make(site: ConnectorSite): VmsConnector
  onChange(state: ConnectorState): void
  onError(error: unknown): void
}
type Run = {
  site: ConnectorSite
  vms: VmsConnector
  health: ConnectorHealth
  desk: VmsDesk
  stop: AbortController
  /** Their cameras as they were last asked for, and what they were matched to by the streams of that moment. */
  theirs: { at: number; list: TheirCamera[]; stale: boolean } | null
  matches: { by: string; list: CameraMatch[] } | null
  asking: Promise<TheirCamera[]> | null
  /** Which camera is which, as it was told to the desk. */
  pairs: string | null
  trial: Promise<ConnectorTrial> | null
  /** Asks for their cameras again, where that is due. */
  refresh(): void
}

const THEIRS_FOR_MS = 5 * 60_000
/** Cameras answer one after the other when a town starts: which stream is whose is looked at again that often. */
const STREAMS_EVERY_MS = 5000
/** While a camera is not matched, it may be that an engineer is just adding it there. */
const LACKING_FOR_MS = 20_000
const TRIAL_WITHIN_MS = 60_000

export function createConnectorRegistry(port: RegistryPort) {
  const { clock, book, append, onError } = port
  const runs = new Map<string, Run>()
  const write = (draft: Draft): void => void append([draft]).durable.catch(onError)

  function streamsNow(): { by: string; streams: Map<CameraId, string | null> } {
    const streams = new Map(
      port.cameras().map(({ id }) => {
        const address = port.streamAt(id)
        return [id, address === null ? null : streamAddress(address)] as const
      }),
    )
    return { by: JSON.stringify([...streams]), streams }
  }
  /** Many incidents that ask at one time are one question. @throws when the VMS cannot be asked */
  async function askAgain(run: Run, signal: AbortSignal): Promise<void> {
    run.asking ??= run.vms.cameras(signal).finally(() => (run.asking = null))
    // Where it cannot be asked, the list of before does at the next try.
    if (run.theirs) run.theirs = { ...run.theirs, stale: false }
    run.theirs = { at: clock.monotonic(), stale: false, list: await run.asking }
    run.matches = null
  }
  /** Streams are known only once cameras answer, so what was matched before is matched again when they are others. */
  async function match(run: Run, signal: AbortSignal, fresh = false): Promise<CameraMatch[]> {
    const age = run.theirs === null ? Infinity : clock.monotonic() - run.theirs.at
    const lacking = run.matches?.list.some(({ theirs }) => theirs === null) ?? true
    if (fresh || run.theirs === null || run.theirs.stale) await askAgain(run, signal)
    // A list that is known does for now, so that no press waits for another one.
    else if (age > (lacking ? LACKING_FOR_MS : THEIRS_FOR_MS))
      void askAgain(run, signal).then(
        () => run.refresh(),
        () => {},
      )
    const { by, streams } = streamsNow()
    if (run.matches?.by !== by) {
      const theirs = run.theirs?.list ?? []
      run.matches = {
        by,
        list: matchCameras(port.cameras(), theirs, run.site.cameras, (id) => streams.get(id) ?? null),
      }
    }
    const pairs = run.matches.list.map(({ camera, theirs }) => `${camera} ${theirs}`).join()
    // What had no camera there may have one now.
    if (run.pairs !== null && run.pairs !== pairs) run.desk.hurry()
    run.pairs = pairs
    const vanished = run.matches.list.find(({ camera, theirs }) => theirs === null && run.site.cameras.has(camera))
    run.health.vanished(vanished?.problem ?? null)
    return run.matches.list
  }
  async function matching(run: Run, signal: AbortSignal): Promise<(camera: CameraId) => string | null> {
    const list = await match(run, signal)
    const theirs = new Map(list.map((each) => [each.camera, each.theirs]))
    return (camera) => theirs.get(camera) ?? null
  }

  function stateOf({ site, vms, health, desk, matches }: Run): ConnectorState {
    const { count, oldest } = desk.waiting()
    const matched = matches?.list.filter(({ theirs }) => theirs !== null).length ?? 0
    return {
      connector: site.id,
      product: vms.product,
      ...health.state(),
      verbs: [...vms.verbs],
      lastReadBack: book.heard(site.id)?.lastReadBack ?? null,
      waiting: count,
      oldestWaiting: oldest,
      cameras: matches ? { matched, unmatched: matches.list.length - matched } : null,
      standing: [...vms.standing],
    }
  }
  function begin(site: ConnectorSite, vms: VmsConnector): void {
    const { id } = site
    const state = (): ConnectorState | null => {
      const run = runs.get(id)
      return run ? stateOf(run) : null
    }
    const onChange = (): void => {
      const now = state()
      if (now) port.onChange(now)
    }
    const refresh = (): void => {
      const run = runs.get(id)
      if (!run) return
      const signal = AbortSignal.any([run.stop.signal, AbortSignal.timeout(TRIAL_WITHIN_MS)])
      // That it cannot be asked is told by its health.
      void match(run, signal).then(onChange, () => {})
    }
    const health = createConnectorHealth({
      clock,
      id,
      vms,
      failingBefore: book.heard(id)?.failing ?? null,
      write,
      onChange,
      onWell: refresh,
      onRecovery: () => runs.get(id)?.desk.hurry(),
    })
    const run: Run = {
      site,
      vms,
      health,
      stop: new AbortController(),
      theirs: null,
      matches: null,
      asking: null,
      pairs: null,
      trial: null,
      refresh,
      desk: createVmsDesk({
        clock,
        site,
        vms,
        book,
        town: port.town,
        load: port.load,
        append,
        matching: (signal) => matching(run, signal),
        onStale: () => {
          if (run.theirs) run.theirs = { ...run.theirs, stale: true }
        },
        onTrouble: health.trouble,
        onError,
      }),
    }
    runs.set(id, run)
  }
  async function end(id: string): Promise<void> {
    const run = runs.get(id)
    runs.delete(id)
    run?.stop.abort()
    await Promise.all([run?.desk.close(), run?.health.close(), run?.trial?.catch(() => {})])
  }
  const stop = new AbortController()
  async function followStreams(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(STREAMS_EVERY_MS, stop.signal)
      for (const run of runs.values()) {
        const lacks = run.matches?.list.some(({ theirs }) => theirs === null) ?? true
        if (lacks && run.health.state().state === 'well' && run.matches?.by !== streamsNow().by) run.refresh()
      }
    }
  }
  const following = followStreams()
  /** @throws connector/unknown */
  function mustHave(id: string): Run {
    const run = runs.get(id)
    if (!run) throw new Failure('connector/unknown', `There is no connector "${id}".`)
    return run
  }

  return {
    /** As the site file has it now. A new VMS is told of incidents that are opened from here on. */
    async follow(sites: readonly ConnectorSite[]): Promise<void> {
      for (const [id, { site }] of runs) if (!sites.some((each) => same(each, site))) await end(id)
      for (const id of book.ids())
        if (!sites.some((site) => site.id === id))
          write({ kind: 'connector.closed', actor: 'lamppost', subject: id, body: { connector: id } })
      for (const site of sites) {
        const { id, drills } = site
        const vms = runs.get(id)?.vms ?? port.make(site)
        const { product } = vms
        const known = book.heard(id)
        if (!known || known.product !== product || known.drills !== drills)
          write({ kind: 'connector.opened', actor: 'lamppost', subject: id, body: { connector: id, product, drills } })
        if (!runs.has(id)) begin(site, vms)
      }
    },
    /** The town's cameras are others now. */
    forgetMatches(): void {
      for (const run of runs.values()) [run.theirs, run.matches] = [null, null]
    },
    heard(entry: Entry): void {
      // What we write ourselves is known, but for an alarm that was lost: that is woken by who wrote it.
      if (entry.kind.startsWith('connector.') || !('incident' in entry.body)) return
      const { incident } = entry.body
      if (incident) for (const { desk } of runs.values()) desk.heard(incident)
    },
    /** @throws connector/unknown */
    mustKnow: (id: string): void => void mustHave(id),
    state: (): ConnectorState[] => [...runs.values()].map(stateOf),
    /** @throws connector/unknown; VmsTrouble when the VMS cannot be asked */
    cameras: (id: string): Promise<CameraMatch[]> => {
      const run = mustHave(id)
      return match(run, AbortSignal.any([run.stop.signal, AbortSignal.timeout(TRIAL_WITHIN_MS)]), true)
    },
    /** @throws connector/unknown, connector/busy */
    async test(id: string, pressed: boolean, actor: string): Promise<ConnectorTrial> {
      const run = mustHave(id)
      if (run.trial) throw new Failure('connector/busy', `The connector "${id}" is being tested just now.`)
      const signal = AbortSignal.any([run.stop.signal, AbortSignal.timeout(TRIAL_WITHIN_MS)])
      const { site, vms } = run
      run.trial = tryConnector(
        { clock, site, vms, town: port.town().id, hint: '', signal, match: (stop) => match(run, stop, true) },
        pressed,
      )
      try {
        const trial = await run.trial
        const problem = trial.steps.find(({ ok }) => !ok)
        await append([
          {
            kind: 'connector.tested',
            actor,
            subject: id,
            body: {
              connector: id,
              ok: trial.ok,
              pressed,
              problem: problem ? `${problem.step}: ${problem.words}` : null,
            },
          },
        ]).durable
        return trial
      } finally {
        run.trial = null
      }
    },
    async close(): Promise<void> {
      stop.abort()
      await following
      await Promise.all([...runs.keys()].map(end))
    },
  }
}
export type ConnectorRegistry = ReturnType<typeof createConnectorRegistry>

const plain = ({ cameras, ...site }: ConnectorSite): string => JSON.stringify([site, [...cameras]])
const same = (a: ConnectorSite, b: ConnectorSite): boolean => a.id === b.id && plain(a) === plain(b)
