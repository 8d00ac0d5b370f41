/** A connection to the edge's door for one of sip.js's agents: made, and made again when it is gone. */
import { type UserAgent, UserAgentState } from 'sip.js'

const connecting = new WeakMap<UserAgent, Promise<void>>()

/** Resolves when the agent is connected; whoever asks meanwhile waits for the same attempt. @throws when it cannot be */
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
