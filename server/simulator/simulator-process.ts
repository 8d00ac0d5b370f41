/** The simulated town in a process of its own; it ends with the process that started it. */
import { lowerPriority } from '../tools/process/thread-priority.ts'
import type { CameraPlan, Credentials } from './simulated-camera.ts'
import { type Ports, type SimulatedTown, startSimulatedTown } from './simulated-town.ts'

export type SimulatorStart = { plans: CameraPlan[]; folder: string; credentials: Credentials }
/** Where the cameras that push should push to. */
export type SimulatorPush = { push: Record<string, string> }
/** A camera without power or network (false), and with it again. */
export type SimulatorPlug = { plug: string; isIn: boolean }
export type SimulatorNews = { ready: Record<string, Ports> } | { error: string }

/**
 * Encoders begin as the thread does that starts them: in a real town they would be in the cameras, and no press would
 * wait for one.
 */
const ENCODERS_STAND_BACK = 5
lowerPriority(ENCODERS_STAND_BACK)

const say = (news: SimulatorNews): void => void process.send?.(news)

/** The server says goodbye by closing the channel: encoders end first, so that none is left behind unreaped. */
let running: SimulatedTown | null = null
process.on('disconnect', () => void (running?.close() ?? Promise.resolve()).finally(() => process.exit(0)))
// The terminal sends Ctrl-C to everybody; the server decides when the cameras end.
process.on('SIGINT', () => {})
process.on('message', (message: SimulatorStart | SimulatorPush | SimulatorPlug) => {
  if ('push' in message) return running?.push(message.push)
  if ('plug' in message) {
    running?.plug(message.plug, message.isIn).catch((error: unknown) => say({ error: String(error) }))
    return
  }
  startSimulatedTown({ ...message, onError: (words) => say({ error: words }) }).then(
    (town) => {
      running = town
      say({ ready: town.ports })
    },
    (error: unknown) => {
      say({ error: String(error) })
      process.exit(1)
    },
  )
})
