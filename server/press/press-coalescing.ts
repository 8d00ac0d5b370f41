/**
 * Presses of one help point that come faster than anybody can press: gathered for a moment and written as one entry
 * that counts them. Each is acknowledged when that entry is on disk. Not here: which presses those are (press-desk).
 */
import { setMaxListeners } from 'node:events'
import type { IncidentId } from '../glossary/incident.ts'
import type { HelpPointId, Press, PressId, PressKind } from '../glossary/press.ts'
import type { Clock } from '../tools/clock.ts'
import { newId } from '../tools/identity.ts'

/** At first hardly longer than the disk takes; a button that is stuck for hours writes one entry a second. */
const GATHER_FIRST_MS = 5
const GATHER_STEP_MS = 1
const GATHER_MOST_MS = 1000
const QUIET_MS = 10_000
const MOST_IN_ONE = 5000

type Counted = { press: PressId; incident: IncidentId; last: number; durable: Promise<unknown> }
type Batch = {
  press: PressId
  kind: PressKind
  /** They were held on their way. */ late?: true
  count: number
  from: string
  to: string
  source: string
  keys: string
  done: Promise<Counted | null>
}
export type Coalescing = {
  /** Null when the help point has no open incident any more. */ write(
    helpPoint: HelpPointId,
    batch: Omit<Batch, 'done'>,
  ): { incident: IncidentId; last: number; durable: Promise<unknown> } | null
}

export function createPressCoalescing({ clock, write }: Coalescing & { clock: Clock }) {
  /** By help point, kind, and whether they were held on their way. */
  const gathering = new Map<string, Batch>()
  const floods = new Map<HelpPointId, { batches: number; at: number }>()
  const stopped = new AbortController()
  // As many wait at once as help points are flooded.
  setMaxListeners(0, stopped.signal)

  function gatherMs(helpPoint: HelpPointId): number {
    const flood = floods.get(helpPoint)
    const batches = flood && clock.monotonic() - flood.at < QUIET_MS ? flood.batches + 1 : 0
    floods.set(helpPoint, { batches, at: clock.monotonic() })
    return Math.min(GATHER_MOST_MS, GATHER_FIRST_MS + GATHER_STEP_MS * batches)
  }
  async function gathered(helpPoint: HelpPointId, place: string, batch: Batch): Promise<Counted | null> {
    await clock.sleep(gatherMs(helpPoint), stopped.signal)
    if (gathering.get(place) === batch) gathering.delete(place)
    const { done: _, ...counted } = batch
    const written = write(helpPoint, counted)
    if (!written) return null
    written.durable.catch(() => {})
    return { press: batch.press, ...written }
  }

  return {
    /**
     * Counts one more; it is written when this resolves, and on disk when `durable` does. Null when this one is to be
     * taken in as a press of its own: their incident was closed meanwhile.
     * @param key its hash; '' when it has none.
     */
    add({ helpPoint, receivedAt, source, late = false }: Press, kind: PressKind, key: string): Promise<Counted | null> {
      const place = `${helpPoint} ${kind} ${late}`
      let batch = gathering.get(place)
      if (!batch || batch.count >= MOST_IN_ONE) {
        batch = {
          press: newId<PressId>('prs', clock.now()),
          kind,
          ...(late ? { late } : {}),
          count: 0,
          from: receivedAt,
          to: receivedAt,
          source,
          keys: '',
          done: Promise.resolve(null),
        }
        gathering.set(place, batch)
        batch.done = gathered(helpPoint, place, batch)
        // Each who waits is told; nobody waiting must not end the process.
        batch.done.catch(() => {})
      }
      batch.count += 1
      batch.keys += key
      batch.to = receivedAt
      return batch.done
    },
    close: (): void => stopped.abort(),
  }
}
