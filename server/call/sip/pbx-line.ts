/**
 * Lamppost as an extension of the council's PBX: registered over the edge, so that the PBX reaches the edge by a name
 * that nobody else knows. sip.js stands behind it, as behind sip-agent. Not here: the calls that come by it (sip-agent).
 */
import { Registerer, RegistererState, UserAgent } from 'sip.js'
import type { Pbx } from '../../glossary/call.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import { messageOf } from '../../tools/failure.ts'
import { agentOptions, connected } from './agent-connection.ts'

/** `why`: what the PBX answers, or that it does not; null while it is registered. */
export type PbxState = { registered: boolean; why: string | null }
export type PbxLine = { close(): Promise<void> }

type Said = { message: { statusCode?: number | undefined; reasonPhrase?: string | undefined } }

const EXPIRES_S = 60
/** A PBX that wants longer is given what it wants, up to an hour. */
const MOST_EXPIRES_S = 3600
const REFRESHED_AT_PERCENT = 75
const AGAIN_AFTER_MS = 2000
const AGAIN_AT_MOST_MS = 30_000
/** A challenge and an answer, each of which the edge waits for six seconds. */
const NO_ANSWER_MS = 13_000
const GOODBYE_MS = 1000
const WRONG_PASSWORD: ReadonlySet<number> = new Set([401, 407])
const NO_ANSWER = 408

/** For how long the PBX wants to be asked; null: it says nothing of that. The edge's words for a 423. Pure. */
export const wantedExpires = (reason: string): number | null => {
  const wanted = Number(/^Min-Expires (\d{1,9})$/.exec(reason)?.[1] ?? 0)
  return wanted > 0 && wanted <= MOST_EXPIRES_S ? wanted : null
}
/** What the PBX's answer means, in words. Pure. */
export function refusalOf(status: number, reason: string): string {
  if (WRONG_PASSWORD.has(status)) return `it refuses the user or the password (${status})`
  if (status === 0) return `it cannot be asked now: ${reason}`
  if (status === NO_ANSWER || status === 477 || status === 478) return 'it does not answer'
  return `it answers ${status} ${reason}`.trim()
}

/** @param door the edge's: its port on loopback, and the secret by which it knows us */
export function openPbxLine(
  { port, secret }: { port: number; secret: string },
  { host, user, password }: Pbx,
  onState: (state: PbxState) => void,
): PbxLine {
  const uri = UserAgent.makeURI(`sip:${user}@${host}`)
  const registrar = UserAgent.makeURI(`sip:${host}`)
  if (!uri || !registrar) throw new Error(`${user} at ${host} is nothing that SIP can register`)
  const stopped = new AbortController()
  const closing = new Promise<void>((resolve) => stopped.signal.addEventListener('abort', () => resolve()))
  let onLost: () => void = () => {}
  const agent = new UserAgent({
    uri,
    authorizationUsername: user,
    authorizationPassword: password ?? '',
    ...agentOptions(port),
    delegate: { onDisconnect: () => onLost() },
  })
  const registererFor = (): Registerer =>
    new Registerer(agent, {
      registrar,
      expires,
      // While it is on its way the PBX must not have forgotten us.
      refreshFrequency: REFRESHED_AT_PERCENT,
      extraHeaders: [`X-Lamppost-Door: ${secret}`, 'X-Lamppost-Out: pbx'],
    })
  let expires = EXPIRES_S
  let registerer = registererFor()

  /** @returns what the PBX answers, at the latest after so long */
  async function asked(how: 'register' | 'unregister', withinMs: number): Promise<{ status: number; reason: string }> {
    return new Promise((resolve) => {
      const say = ({ message: { statusCode = 0, reasonPhrase = '' } }: Said): void => {
        clearTimeout(late)
        resolve({ status: statusCode, reason: reasonPhrase })
      }
      registerer[how]({ requestDelegate: { onAccept: say, onReject: say, onRedirect: say } }).then(
        () => {},
        (error: unknown) => resolve({ status: 0, reason: messageOf(error) }),
      )
      const late = setTimeout(() => resolve({ status: NO_ANSWER, reason: '' }), withinMs)
      void closing.then(() => how === 'register' && (clearTimeout(late), resolve({ status: 0, reason: '' })))
    })
  }
  /** Until the PBX ends it, a refresh fails, or the connection to the edge is gone. */
  const untilLost = (): Promise<void> =>
    new Promise((resolve) => {
      const mine = registerer
      const look = (): void => {
        if (mine.state === RegistererState.Registered) return
        mine.stateChange.removeListener(look)
        resolve()
      }
      onLost = resolve
      mine.stateChange.addListener(look)
      void closing.then(resolve)
      look()
    })
  async function keep(): Promise<void> {
    const backoff = createBackoff(AGAIN_AFTER_MS, AGAIN_AT_MOST_MS)
    const isOpen = (): boolean => !stopped.signal.aborted
    while (isOpen()) {
      try {
        await connected(agent)
        const { status, reason } = await asked('register', NO_ANSWER_MS)
        if (!isOpen()) return
        expires = wantedExpires(reason) ?? expires
        if (status < 200 || status >= 300) throw new Error(refusalOf(status, reason))
        onState({ registered: true, why: null })
        backoff.reset()
        await untilLost()
        if (isOpen()) onState({ registered: false, why: 'the registration has ended' })
      } catch (error) {
        if (isOpen()) onState({ registered: false, why: messageOf(error) })
        // A request of it may be out still: the next one begins with another.
        if (registerer.state !== RegistererState.Registered) {
          registerer.dispose().catch(() => {})
          registerer = registererFor()
        }
      }
      await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, backoff.wait()).unref())])
    }
  }
  const keeping = keep()

  return {
    async close() {
      stopped.abort()
      await keeping
      // One that the PBX knows is taken back: it rings nobody here meanwhile.
      if (registerer.state === RegistererState.Registered && agent.isConnected()) await asked('unregister', GOODBYE_MS)
      await agent.transport.dispose()
      agent.stop().catch(() => {})
    },
  }
}
