/**
 * Presses that are agreed before they have a number: any member puts them there, also while nobody leads, and whoever
 * leads takes them from there. Many that come together are one write.
 */
import { messageOf } from '../tools/failure.ts'
import type { Etcd } from './engine/etcd.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'
import type { KeptPress } from './town-state.ts'

type Waiting = { press: KeptPress; done(error: Error | null): void }
const MOST_AT_ONCE = 200

/** @param start names this start of this member, so that no name is given twice */
export function createInbox({
  etcd,
  keys,
  seal,
  start,
}: {
  etcd: Pick<Etcd, 'txn'>
  keys: TownKeys
  seal: Seal
  start: string
}) {
  let waiting: Waiting[] = []
  let writing = false
  let number = 0
  async function write(): Promise<void> {
    if (writing) return
    writing = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE)
      waiting = waiting.slice(MOST_AT_ONCE)
      number += 1
      const key = keys.inboxOf(start, number)
      const value = seal.seal(
        key,
        batch.map(({ press }) => press),
      )
      try {
        // Made anew only: a repeat of a lost answer finds its own value, or that the lead has taken it already.
        await etcd.txn([{ key, created: '0' }], [{ put: key, value }], [], { ms: 500, tries: 6 })
        for (const { done } of batch) done(null)
      } catch (error) {
        for (const { done } of batch) done(error instanceof Error ? error : new Error(messageOf(error)))
      }
    }
    writing = false
  }
  return {
    /** Resolves when a majority has it. @throws EngineAway: it may be there all the same */
    put: (press: KeptPress): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push({ press, done: (error) => (error ? reject(error) : resolve()) })
        void write()
      }),
  }
}
export type Inbox = ReturnType<typeof createInbox>
