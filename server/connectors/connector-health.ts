/**
 * Whether a VMS would hear a press: it is looked at every minute (version, rights, daemons, clock), and what it could not
 * be told counts as well. `well` is said only of what was seen since this start.
 */
import type { ConnectorState } from '../glossary/connector.ts'
import type { Draft } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import type { VmsConnector } from './connector.ts'

const LOOK_EVERY_MS = 60_000
const LOOK_AGAIN_MS = 10_000
const LOOK_WITHIN_MS = 15_000

type HealthPort = {
  clock: Clock
  id: string
  vms: Pick<VmsConnector, 'look'>
  /** As the record has it: what failed when the server stopped is failing until it is seen to be well. */
  failingBefore: string | null
  write(draft: Draft): void
  onChange(): void
  /** It was looked at, and nothing is wrong. */
  onWell(): void
  /** It was failing, and can be reached. */
  onRecovery(): void
}

export function createConnectorHealth({
  clock,
  id,
  vms,
  failingBefore,
  write,
  onChange,
  onWell,
  onRecovery,
}: HealthPort) {
  const stop = new AbortController()
  let state: ConnectorState['state'] = failingBefore === null ? 'untested' : 'failing'
  let since = clock.now()
  let written = failingBefore
  let trouble: string | null = null
  let lookProblem: string | null = failingBefore
  let cameraProblem: string | null = null
  let seen: Pick<ConnectorState, 'version' | 'versionKnown' | 'clockOffsetMs'> = {
    version: null,
    versionKnown: null,
    clockOffsetMs: null,
  }
  let hasLooked = false

  function judge(): void {
    const problem = trouble ?? lookProblem ?? cameraProblem
    const next = problem !== null ? 'failing' : hasLooked ? 'well' : state
    if (next !== state) {
      state = next
      since = clock.now()
    }
    if (problem !== null && written === null) {
      written = problem
      write({ kind: 'connector.failing', actor: `connector:${id}`, subject: id, body: { connector: id, problem } })
    }
    if (next === 'well' && written !== null) {
      written = null
      write({ kind: 'connector.recovered', actor: `connector:${id}`, subject: id, body: { connector: id } })
    }
    onChange()
  }

  async function look(): Promise<void> {
    const found = await vms.look(AbortSignal.any([stop.signal, AbortSignal.timeout(LOOK_WITHIN_MS)]))
    if (stop.signal.aborted) return
    const { version, versionKnown, clockOffsetMs, steps } = found
    seen = { version, versionKnown: version === null ? null : versionKnown, clockOffsetMs }
    const wrong = steps.find(({ ok }) => !ok)
    const before = lookProblem
    hasLooked = true
    lookProblem = wrong ? wrong.words : null
    judge()
    if (lookProblem === null) onWell()
    if (before !== null && lookProblem === null) onRecovery()
  }
  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted) {
      await look()
      await clock.sleep(lookProblem === null ? LOOK_EVERY_MS : LOOK_AGAIN_MS, stop.signal)
    }
  }
  const looking = keepLooking()

  return {
    /** What could not be told; null: nothing waits. */
    trouble(problem: string | null): void {
      if (problem === trouble) return
      trouble = problem
      judge()
    },
    /** A camera that the site file names is not there any more: a press there would be told to nobody. */
    vanished(problem: string | null): void {
      if (problem === cameraProblem) return
      cameraProblem = problem
      judge()
    },
    state: () => ({ ...seen, state, since: isoTime(since), problem: trouble ?? lookProblem ?? cameraProblem }),
    async close(): Promise<void> {
      stop.abort()
      await looking
    },
  }
}
export type ConnectorHealth = ReturnType<typeof createConnectorHealth>
