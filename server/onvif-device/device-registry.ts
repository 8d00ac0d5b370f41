/** The devices of the town, as the site file has them now. One that cannot be opened is tried again, and said to be failing. */
import type { OnvifDeviceState } from '../glossary/onvif-device.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { OnvifDeviceSite, Site } from '../glossary/site.ts'
import { createBackoff } from '../tools/pace/backoff.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import type { OnvifDevice } from './device.ts'
import { type DevicePlan, devicePlans } from './device-plan.ts'

type Run = {
  plan: DevicePlan
  site: OnvifDeviceSite
  /** What of the site file it cannot change while it goes on. */ key: string
  stop: AbortController
  device: OnvifDevice | null
  problem: string | null
  ended: Promise<void>
}
const AGAIN_MS = { first: 1000, most: 30_000 }
/** Whether somebody still listens shows by time alone. */
const LOOK_EVERY_MS = 10_000

export function createDeviceRegistry({
  clock,
  open,
  onState,
  onError,
}: {
  clock: Clock
  open(plan: DevicePlan, site: OnvifDeviceSite): Promise<OnvifDevice>
  /** The state of one has changed. */
  onState(state: OnvifDeviceState): void
  onError(error: unknown): void
}) {
  const runs = new Map<string, Run>()
  const last = new Map<string, { state: OnvifDeviceState['state']; since: string }>()
  /** What was told of each. */
  const told = new Map<string, OnvifDeviceState['state']>()
  const stopped = new AbortController()

  function stateOf({ plan, site, device, problem }: Run): OnvifDeviceState {
    const now = device?.state() ?? {
      device: plan.id,
      name: plan.name,
      state: 'failing' as const,
      problem: problem ?? 'It is being opened.',
      address: null,
      encrypted: site.tls !== null,
      helpPoints: plan.inputs,
      active: [],
      clients: [],
      refused: [],
    }
    const before = last.get(plan.id)
    const since = before?.state === now.state ? before.since : isoTime(clock.now())
    last.set(plan.id, { state: now.state, since })
    return { ...now, since }
  }
  function tell(run: Run): void {
    const state = stateOf(run)
    if (state.state === told.get(run.plan.id)) return
    told.set(run.plan.id, state.state)
    onState(state)
  }

  async function keepOpen(run: Run): Promise<void> {
    const backoff = createBackoff(AGAIN_MS.first, AGAIN_MS.most)
    while (!run.stop.signal.aborted) {
      try {
        const { plan } = run
        run.device = await open(plan, run.site)
        // The site file may have changed meanwhile.
        if (run.plan !== plan) run.device.become(run.plan)
        run.problem = null
        tell(run)
        return
      } catch (error) {
        const { port, host } = run.plan
        run.problem = `It cannot listen on ${host === null ? '' : `${host}, `}port ${port}: ${messageOf(error)}`
        onError(new Error(`The ONVIF device ${run.plan.id}: ${run.problem}`))
        tell(run)
        await clock.sleep(backoff.wait(), run.stop.signal)
      }
    }
  }
  async function end(run: Run): Promise<void> {
    run.stop.abort()
    await run.ended
    await run.device?.close()
  }

  return {
    /** A device that only has other names or help points is not closed: its clients stay connected. */
    async follow(town: Site): Promise<void> {
      const site = town.onvifDevice
      const wanted = site ? devicePlans(town, site) : []
      const keyOf = ({ id, serial, host, port }: DevicePlan): string =>
        JSON.stringify({ id, serial, ...site, addresses: null, host, port })
      for (const [id, run] of runs) {
        const plan = wanted.find((each) => each.id === id && keyOf(each) === run.key)
        if (plan) {
          run.plan = plan
          run.device?.become(plan)
          continue
        }
        runs.delete(id)
        await end(run)
        told.delete(id)
        last.delete(id)
      }
      for (const plan of site ? wanted : []) {
        if (!site || runs.has(plan.id) || stopped.signal.aborted) continue
        const run: Run = {
          plan,
          site,
          key: keyOf(plan),
          stop: new AbortController(),
          device: null,
          problem: null,
          ended: Promise.resolve(),
        }
        runs.set(plan.id, run)
        run.ended = keepOpen(run)
      }
    },
    begin(): void {
      void (async () => {
        while (!stopped.signal.aborted) {
          await clock.sleep(LOOK_EVERY_MS, stopped.signal)
          for (const run of runs.values()) tell(run)
        }
      })()
    },
    heard(entry: Entry): void {
      for (const { device } of runs.values()) device?.heard(entry)
    },
    changed(id: string): void {
      const run = runs.get(id)
      if (run) tell(run)
    },
    state: (): OnvifDeviceState[] => [...runs.values()].map(stateOf),
    async close(): Promise<void> {
      stopped.abort()
      await Promise.all([...runs.values()].map(end))
      runs.clear()
    },
  }
}
