/**
 * The ledger's tail and the news of the moment for one listener, as blocks of server-sent events, whatever carries
 * them. What is missed is read first, and comes once and in order.
 */
import type { Person } from '../../glossary/people.ts'
import type { Entry } from '../../glossary/ledger.ts'
import type { LiveNews } from '../../glossary/news.ts'
import { mayRead, shownTo } from '../../door/entry-readers.ts'
import { readingRoles } from '../../door/rights.ts'

export type EventsPort = {
  page(after: number, limit: number): Promise<Entry[]>
  tail(listener: (entry: Entry) => void): () => void
  /** Health and the like: said as it happens, not kept. */
  news(listener: (news: LiveNews) => void): () => void
}

export const HERE = 'retry: 500\n: here\n\n'
export const STILL_HERE = ': still here\n\n'
export const PING_MS = 5000
/** A listener that does not read is cut off; it comes back with the last number it has heard, and misses nothing. */
export const MOST_UNSENT = 4_000_000
/** What one reader is sent in one turn of the loop. */
const PAGE = 200
/** A reader of the past gets more when it has read all but so much. */
export const UNSENT_AGAIN = 256_000
/** One that reads nothing for so long is gone. */
export const READS_WITHIN_MS = 60_000
export const ROOM_EVERY_MS = 20

const written = (entry: Entry): Buffer =>
  Buffer.from(`id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`)

/**
 * Each entry is written out once for all who hear it whole, and once for all who only hear that it is there: what
 * many have not taken yet is the same memory.
 */
const blocks = new WeakMap<Entry, { whole?: Buffer; withheld?: Buffer }>()
function blockOf(entry: Entry, reader: Person | null): Buffer {
  const known = blocks.get(entry) ?? {}
  blocks.set(entry, known)
  if (mayRead(reader, entry.kind)) return (known.whole ??= written(entry))
  return (known.withheld ??= Buffer.from(
    `id: ${entry.seq}\nevent: withheld\ndata: ${JSON.stringify(shownTo(reader, entry))}\n\n`,
  ))
}
/** A page as one piece, for all readers of the same roles once. */
const joinedPages = new WeakMap<readonly Entry[], Map<string, Buffer>>()
function joinedOf(page: readonly Entry[], reader: Person | null): Buffer {
  const known = joinedPages.get(page) ?? new Map<string, Buffer>()
  const roles = readingRoles(reader).toSorted().join()
  joinedPages.set(page, known)
  const joined = known.get(roles) ?? Buffer.concat(page.map((entry) => blockOf(entry, reader)))
  known.set(roles, joined)
  return joined
}

/** Pages of the past that were read lately: readers who begin at the same place read the same ones. */
const PAGES_KEPT = 12
/**
 * Reads pages for all who listen: one at a time, and a turn of the loop between two, so that no press waits for those
 * who read what was.
 */
export function createPast(page: EventsPort['page']): EventsPort['page'] {
  const kept = new Map<string, Entry[]>()
  let turn: Promise<unknown> = Promise.resolve()
  return (after, limit) => {
    const name = `${after} ${limit}`
    const mine = turn.then(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      const known = kept.get(name)
      if (known) return known
      const found = await page(after, limit)
      // A page that is not full yet grows.
      if (found.length < limit) return found
      kept.set(name, found)
      const [oldest] = kept.keys()
      if (kept.size > PAGES_KEPT && oldest !== undefined) kept.delete(oldest)
      return found
    })
    turn = mine.catch(() => {})
    return mine
  }
}

/**
 * @param after the newest sequence number that was heard; null for none.
 * @param send one block.
 * @param sendPage many blocks in one piece, where the reader takes them so.
 * @param room resolves when who reads the past has room for more of it.
 * @param onBroken the past cannot be read: what has missed something must not look well.
 */
export function followEvents({
  port,
  reader,
  after,
  send,
  sendPage,
  room = async () => {},
  onBroken,
}: {
  port: EventsPort
  reader: Person | null
  after: number | null
  send(block: string | Buffer): void
  sendPage?(blocks: Buffer): void
  room?(): Promise<void>
  onBroken(error: unknown): void
}): { leave(): void } {
  // Entries that become durable while the past is being read wait their turn.
  let waiting: Entry[] | null = []
  const over = new AbortController()
  const undo = [
    port.tail((entry) => {
      if (waiting) waiting.push(entry)
      else send(blockOf(entry, reader))
    }),
    port.news(
      ({ event, data }) =>
        (event !== 'export.progress' || readingRoles(reader).includes('evidence')) &&
        send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    ),
  ]
  const leave = (): void => {
    over.abort()
    for (const each of undo.splice(0)) each()
  }

  async function publishPast(): Promise<void> {
    let last = after ?? Number.POSITIVE_INFINITY
    for (
      let page = after === null ? [] : await port.page(after, PAGE);
      page.length > 0 && !over.signal.aborted;
      page = await port.page(last, PAGE)
    ) {
      if (sendPage) sendPage(joinedOf(page, reader))
      else for (const entry of page) send(blockOf(entry, reader))
      last = page.at(-1)?.seq ?? last
      await room()
      // What became durable meanwhile and has been read is not kept for later.
      if (waiting && (waiting[0]?.seq ?? 0) <= last) waiting = waiting.filter(({ seq }) => seq > last)
    }
    const missed = (waiting ?? []).filter(({ seq }) => after === null || seq > last)
    waiting = null
    for (const entry of missed) send(blockOf(entry, reader))
  }
  publishPast().catch((error: unknown) => {
    const gone = over.signal.aborted
    leave()
    if (!gone) onBroken(error)
  })
  return { leave }
}
