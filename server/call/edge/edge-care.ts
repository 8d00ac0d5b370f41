/** The edge as the town sees it: there where the site has voice, and who is registered at it. */
import type { EdgeListen, Registration } from '../../glossary/call.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import type { Site } from '../../glossary/site.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { type EdgeLink, openEdgeLink } from './edge-link.ts'
import { enginesMissing } from './edge-run.ts'

export type EdgeCareOptions = {
  clock: Clock
  logger: { warn(facts: object, words: string): void }
  dataFolder: string
  file: string
  environment: Readonly<Record<string, string | undefined>>
  /** Whether a town with voice starts without the engines, as the simulated one does; or never starts them. */
  engines: 'required' | 'if-there' | 'never'
  helpPointOf(user: string): HelpPointId | null
  onDoor(door: { port: number; secret: string } | null, listen: readonly EdgeListen[]): void
  onRefused(refused: { from: string; why: string }): void
  /** It is registered: a sign of life. */
  onHeard(helpPoint: HelpPointId): void
  /** It is registered from now on, or is not any more. */
  onRegistration(helpPoint: HelpPointId, is: Pick<Registration, 'registered' | 'since'>): void
}

/** @throws in words when the site has voice and this machine has no engines for it */
export function refuseWithoutEngines({ voice }: Site, engines: EdgeCareOptions['engines']): void {
  const missing = voice === null || engines !== 'required' ? null : enginesMissing()
  if (missing !== null) throw new Error(missing)
}

export function createEdgeCare(options: EdgeCareOptions) {
  const { clock, logger, dataFolder, file, environment, engines, helpPointOf, onDoor, onRefused, onHeard } = options
  const { onRegistration } = options
  const since = new Map<HelpPointId, string>()
  const lastHeard = new Map<HelpPointId, string>()
  let link: EdgeLink | null = null

  function registered(users: readonly string[]): void {
    const now = new Set(users.map(helpPointOf).filter((id) => id !== null))
    for (const id of since.keys()) if (!now.has(id)) gone(id)
    for (const id of now) {
      const at = isoTime(clock.now())
      lastHeard.set(id, at)
      if (!since.has(id)) {
        since.set(id, at)
        onRegistration(id, { registered: true, since: at })
      }
      onHeard(id)
    }
  }
  function gone(id: HelpPointId): void {
    since.delete(id)
    onRegistration(id, { registered: false, since: null })
  }
  const allGone = (): void => [...since.keys()].forEach(gone)
  function open(): void {
    link = openEdgeLink({
      dataFolder,
      siteFile: file,
      environment,
      clock,
      onDoor(door) {
        const now = link?.state()
        if (door && now && !now.apart)
          logger.warn({}, 'when this server stops, nobody answers calls: the edge runs inside it (see lamppost edge)')
        // Who is registered at an edge that is gone is not known.
        if (door === null) allGone()
        onDoor(door, now?.listen ?? [])
      },
      onRefused,
      onRegistered: registered,
      onWords: (words) => logger.warn({}, `the voice edge: ${words}`),
    })
  }
  async function stop(): Promise<void> {
    const old = link
    link = null
    allGone()
    await old?.close()
  }
  return {
    /** What a site does not use is not started. @returns whether there is an edge now */
    async follow({ voice }: Site): Promise<boolean> {
      if (voice === null || engines === 'never') {
        await stop()
        return false
      }
      const missing = link ? null : enginesMissing()
      if (missing !== null) logger.warn({ missing }, 'no help point telephones here')
      else if (!link) open()
      return link !== null
    },
    stop,
    endCalls: (): void => link?.endCalls(),
    /** Null: there is no edge. `apart`: it goes on while this server is stopped. */
    state: (): { apart: boolean } | null => link && { apart: link.state().apart },
    registrationOf: (helpPoint: HelpPointId): Registration => ({
      registered: since.has(helpPoint),
      since: since.get(helpPoint) ?? null,
      lastHeard: lastHeard.get(helpPoint) ?? null,
    }),
  }
}
