import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lets every other thread of this machine go first when both want the processor. Linux counts threads like processes
 * (setpriority(2)); elsewhere, and where it is not allowed, all stay equal.
 * @param nice 1 to 19: how much the calling thread stands back.
 */
export function standBack(nice: number): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (Number.isInteger(thread) && thread > 0) setPriority(thread, nice)
  } catch {
    // It is a courtesy, and never worth a picture.
  }
}
