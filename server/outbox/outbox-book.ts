/**
 * What each destination has still to be told, as the ledger's entries make it. A fold: nothing is kept beside the
 * ledger.
 */
import type { Recorded } from '../glossary/ledger.ts'
import type { DeadLetter, DestinationState } from '../glossary/outbox.ts'

type Told = {
  events: string[]
  pending: number[]
  delivered: number
  last: DestinationState['last']
  dead: DeadLetter[]
}
type Saved = [string, Told][]

const DEAD_KEPT = 200

/** @param patterns kinds; `incident.*` is every kind that begins so. Entries about the outbox itself are never told. */
const ONLY_BY_NAME = new Set(['camera.viewed'])
export const wants = (patterns: readonly string[], kind: string): boolean =>
  !kind.startsWith('outbox.') &&
  patterns.some(
    (pattern) =>
      pattern === kind || (pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1)) && !ONLY_BY_NAME.has(kind)),
  )

export function createOutboxBook() {
  const destinations = new Map<string, Told>()

  function settled(name: string, seq: number, change: (told: Told) => Partial<Told>): void {
    const told = destinations.get(name)
    if (!told) return
    const at = told.pending.indexOf(seq)
    // Mostly the first: not worth a copy of all the others.
    if (at !== -1) told.pending.splice(at, 1)
    Object.assign(told, change(told))
  }

  return {
    apply(entry: Recorded): void {
      switch (entry.kind) {
        case 'outbox.opened': {
          const { destination, events } = entry.body
          destinations.set(destination, {
            ...(destinations.get(destination) ?? { pending: [], delivered: 0, last: null, dead: [] }),
            events,
          })
          return
        }
        case 'outbox.closed':
          destinations.delete(entry.body.destination)
          return
        case 'outbox.delivered': {
          const { destination, seq, event, status } = entry.body
          settled(destination, seq, (told) => ({
            delivered: told.delivered + 1,
            last: { seq, event, at: entry.at, status },
            dead: told.dead.filter((letter) => letter.seq !== seq),
          }))
          return
        }
        case 'outbox.dead': {
          const { destination, seq, event, attempts, problem } = entry.body
          settled(destination, seq, (told) => ({
            dead: [
              ...told.dead.filter((letter) => letter.seq !== seq),
              { seq, event, at: entry.at, attempts, problem },
            ].slice(-DEAD_KEPT),
          }))
          return
        }
        case 'outbox.retried': {
          const { destination, seq } = entry.body
          settled(destination, seq, (told) => ({
            dead: told.dead.filter((letter) => letter.seq !== seq),
            pending: [...told.pending, seq],
          }))
          return
        }
        default:
          for (const [name, told] of destinations)
            if (wants(told.events, entry.kind) || (entry.kind === 'incident.escalated' && entry.body.to.includes(name)))
              told.pending.push(entry.seq)
      }
    },
    save: (): Saved => [...destinations].map(([name, told]) => [name, { ...told, pending: [...told.pending] }]),
    restore(saved: Saved): void {
      for (const [name, told] of saved) destinations.set(name, told)
    },
    names: (): string[] => [...destinations.keys()],
    /** Null when this destination was never opened. */
    get: (name: string): Readonly<Told> | null => destinations.get(name) ?? null,
    next: (name: string): number | null => destinations.get(name)?.pending[0] ?? null,
  }
}
export type OutboxBook = ReturnType<typeof createOutboxBook>
