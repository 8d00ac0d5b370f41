/** The ledger's tail and the news of the moment for one listener, as blocks of server-sent events, whatever carries them. What is missed is read first, and comes once and in order. */
import type { Role } from '../glossary/people.ts'
import type { Entry } from '../glossary/ledger.ts'

export type LiveNews = { event: 'camera.health' | 'help-point.health' | 'storage.health' | 'ledger.health' | 'site.problem' | 'people.present' | 'camera.hand' | 'export.progress'; data: unknown }
export type EventsPort = {
  page(after: number, limit: number): Promise<Entry[]>
  tail(listener: (entry: Entry) => void): () => void
  /** Health and the like: said as it happens, not kept. */
  news(listener: (news: LiveNews) => void): () => void
}

/** Who may listen. */
export const READERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const
/** Who may read the record itself. */
export const KEEPERS = ['engineer', 'evidence', 'supervisor'] as const
export const HERE = 'retry: 500\n: here\n\n'
export const STILL_HERE = ': still here\n\n'
export const PING_MS = 5000
/** A listener that does not read is cut off; it comes back with the last number it has heard, and misses nothing. */
export const MOST_UNSENT = 4_000_000
const PAGE = 500

const written = (entry: Entry): string => `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`

/** @param after the newest sequence number that was heard; null for none. @param send one block. @param onBroken the past cannot be read: what has missed something must not look well. */
export function followEvents({ port, role, after, send, onBroken }: { port: EventsPort; role: Role | null; after: number | null; send(block: string): void; onBroken(error: unknown): void }): { leave(): void } {
  // Who looked where, and why, is for those who may read the record.
  const all = role !== null && (KEEPERS as readonly string[]).includes(role)
  const hears = ({ kind }: Entry): boolean => all || kind !== 'camera.viewed'
  // Entries that become durable while the past is being read wait their turn.
  let waiting: Entry[] | null = []
  const over = new AbortController()
  const undo = [port.tail((entry) => {
    if (!hears(entry)) return
    if (waiting) waiting.push(entry)
    else send(written(entry))
  }), port.news(({ event, data }) => send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))]
  const leave = (): void => {
    over.abort()
    for (const each of undo.splice(0)) each()
  }

  async function tellPast(): Promise<void> {
    let last = after ?? Number.POSITIVE_INFINITY
    for (let page = after === null ? [] : await port.page(after, PAGE); page.length > 0 && !over.signal.aborted; page = await port.page(last, PAGE)) {
      for (const entry of page) if (hears(entry)) send(written(entry))
      last = page.at(-1)?.seq ?? last
    }
    const missed = (waiting ?? []).filter(({ seq }) => after === null || seq > last)
    waiting = null
    for (const entry of missed) send(written(entry))
  }
  tellPast().catch((error: unknown) => {
    const gone = over.signal.aborted
    leave()
    if (!gone) onBroken(error)
  })
  return { leave }
}
