/** What sip.js's agents share: the connection to the edge's door, made and made again, and how each is set up. */
import { type UserAgent, type UserAgentOptions, UserAgentState } from 'sip.js'
import { createSipConnection } from './sip-connection.ts'

/** @param port of the edge's door, on loopback */
export const agentOptions = (port: number) =>
  ({
    // Its constructor is called with `new`, and what that gives back is the connection.
    transportConstructor: function connection() {
      return createSipConnection(port)
    } as unknown as NonNullable<UserAgentOptions['transportConstructor']>,
    viaHost: '127.0.0.1',
    contactName: 'lamppost',
    contactParams: { transport: 'tcp' },
    userAgentString: 'Lamppost',
    logBuiltinEnabled: false,
  }) satisfies UserAgentOptions

const connecting = new WeakMap<UserAgent, Promise<void>>()

/** Resolves when the agent is connected; two calls at one time wait for the same attempt. @throws when it cannot be */
export function connected(agent: UserAgent): Promise<void> {
  if (agent.isConnected()) return Promise.resolve()
  const going = connecting.get(agent)
  if (going) return going
  // An agent that was started once does nothing at a second start.
  const mine = (agent.state === UserAgentState.Started ? agent.reconnect() : agent.start()).finally(() =>
    connecting.delete(agent),
  )
  connecting.set(agent, mine)
  return mine
}
