/**
 * Lamppost as an extension of the council's PBX: registered over the edge, so that the PBX reaches the edge by a name
 * that nobody else knows. sip.js stands behind it, as behind sip-agent. Not here: the calls that come by it (sip-agent).
 */
import { Registerer, RegistererState, UserAgent } from 'sip.js'
import type { Pbx } from '../../glossary/call.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import { messageOf } from '../../tools/failure.ts'
import { createSipConnection } from './sip-connection.ts'

/** `why`: what the PBX answers, or that it does not; null while it is registered. */
export type PbxState = { registered: boolean; why: string | null }
export type PbxLine = { close(): Promise<void> }

type Said = { message: { statusCode?: number | undefined; reasonPhrase?: string | undefined } }

const EXPIRES_S = 60
const REFRESHED_AT_PERCENT = 75
const AGAIN_AFTER_MS = 2000
const AGAIN_AT_MOST_MS = 30_000
/** Without any answer: the edge waits for two seconds. */
const NO_ANSWER_MS = 8000
const WRONG_PASSWORD: ReadonlySet<number> = new Set([401, 403, 407])

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
  const agent = new UserAgent({
    uri,
    authorizationUsername: user,
    authorizationPassword: password ?? '',
    transportConstructor: function connection() {
      return createSipConnection(port)
    } as unknown as NonNullable<ConstructorParameters<typeof UserAgent>[0]>['transportConstructor'] & object,
    viaHost: '127.0.0.1',
    contactName: 'lamppost',
    contactParams: { transport: 'tcp' },
    userAgentString: 'Lamppost',
    logBuiltinEnabled: false,
  })
  const registerer = new Registerer(agent, {
    registrar,
    expires: EXPIRES_S,
    // While it is on its way the PBX must not have forgotten us.
    refreshFrequency: REFRESHED_AT_PERCENT,
    extraHeaders: [`X-Lamppost-Door: ${secret}`, 'X-Lamppost-Out: pbx'],
  })

  /** One registration. @throws in words when the PBX does not take us, or does not answer */
  async function registerOnce(): Promise<void> {
    const answered = new Promise<{ status: number; reason: string }>((resolve) => {
      const say = ({ message: { statusCode = 0, reasonPhrase = '' } }: Said): void =>
        resolve({ status: statusCode, reason: reasonPhrase })
      registerer.register({ requestDelegate: { onAccept: say, onReject: say } }).then(
        () => {},
        (error: unknown) => resolve({ status: 0, reason: messageOf(error) }),
      )
      setTimeout(() => resolve({ status: 408, reason: '' }), NO_ANSWER_MS).unref()
    })
    const { status, reason } = await answered
    if (status >= 200 && status < 300) return
    throw new Error(
      WRONG_PASSWORD.has(status)
        ? `it refuses the user or the password (${status})`
        : status === 408
          ? 'it does not answer'
          : `it answers ${status || ''} ${reason}`,
    )
  }
  /** Refreshed by the library; what fails, begins anew here. */
  async function keep(): Promise<void> {
    const backoff = createBackoff(AGAIN_AFTER_MS, AGAIN_AT_MOST_MS)
    while (!stopped.signal.aborted) {
      try {
        if (!agent.isConnected()) await agent.start()
        await registerOnce()
        onState({ registered: true, why: null })
        backoff.reset()
        await untilLost()
        if (!stopped.signal.aborted) onState({ registered: false, why: 'it has ended the registration' })
      } catch (error) {
        if (!stopped.signal.aborted) onState({ registered: false, why: messageOf(error) })
      }
      await pause(backoff.wait())
    }
  }
  const untilLost = (): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (registerer.state === RegistererState.Registered && !stopped.signal.aborted) return
        registerer.stateChange.removeListener(look)
        stopped.signal.removeEventListener('abort', look)
        resolve()
      }
      registerer.stateChange.addListener(look)
      stopped.signal.addEventListener('abort', look)
      look()
    })
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      stopped.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  const keeping = keep()

  return {
    async close() {
      stopped.abort()
      await keeping
      await registerer.unregister().catch(() => {})
      await agent.transport.dispose()
      agent.stop().catch(() => {})
    },
  }
}
