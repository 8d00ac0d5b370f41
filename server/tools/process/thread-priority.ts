/**
 * Who goes first when several threads want the processor. Linux counts threads like processes (setpriority(2));
 * elsewhere, and where it is not allowed, all stay equal: it is a courtesy, and never worth an error.
 */
import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const FIRST = -10

function ownThread(): number | null {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    return Number.isInteger(thread) && thread > 0 ? thread : null
  } catch {
    return null
  }
}
function become(thread: number | null, nice: number): void {
  if (thread === null) return
  try {
    setPriority(thread, nice)
  } catch {
    // Not allowed, or gone.
  }
}

/**
 * Lets every other thread of this machine go first when both want the processor.
 * @param nice 1 to 19: how much the calling thread stands back.
 */
export const lowerPriority = (nice: number): void => become(ownThread(), nice)

/**
 * The calling thread goes before all others: a press must not wait for video. Who has CAP_SYS_NICE (root, outside
 * most containers) may do this, and who was given it (LimitNICE=-10 in a systemd unit). What this thread starts from
 * now on begins as it does:
 * `resetPriority`.
 */
export const raisePriority = (): void => become(ownThread(), FIRST)

/**
 * Neither before others nor behind them: whoever was started by a thread that goes first begins before them as well.
 * @param id a process just started; without it, the calling thread.
 */
export function resetPriority(id: number | null = ownThread()): void {
  try {
    if (id !== null && getPriority(id) < 0) become(id, 0)
  } catch {
    // It has ended already.
  }
}
