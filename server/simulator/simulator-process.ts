/** The simulated town in a process of its own; it ends with the process that started it. */
import type { CameraPlan, Credentials } from './simulated-camera.ts'
import { type Ports, startSimulatedTown } from './simulated-town.ts'

export type SimulatorStart = { plans: CameraPlan[]; folder: string; credentials: Credentials }
export type SimulatorNews = { ready: Record<string, Ports> } | { error: string }

const say = (news: SimulatorNews): void => void process.send?.(news)

/** The server says goodbye by closing the channel: encoders end first, so that none is left behind unreaped. */
let leave: () => Promise<void> = async () => {}
process.on('disconnect', () => void leave().finally(() => process.exit(0)))
// The terminal sends Ctrl-C to everybody; the server decides when the cameras end.
process.on('SIGINT', () => {})
process.on('message', (start: SimulatorStart) => {
  startSimulatedTown({ ...start, onError: (words) => say({ error: words }) }).then(
    (town) => {
      leave = town.close
      say({ ready: town.ports })
    },
    (error: unknown) => {
      say({ error: String(error) })
      process.exit(1)
    },
  )
})
