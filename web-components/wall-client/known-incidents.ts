/**
 * Which incidents a wall knows, and what it knows of each: never older than what it knew before, and nothing that was
 * heard of while a list was on its way is lost. Not here: the link over which it hears (wall-client).
 */
import type { Incident } from './api-shapes.ts'
import { Refusal } from './refusal.ts'

type Known = {
  incidents: readonly Incident[]
  /** Closed while this wall was open, newest first, with the moment it was heard. */ lately: readonly {
    incident: Incident
    heardAt: number
  }[]
}
export type KnownPort = {
  /** With the link it belongs to, and never for ever. */
  get<T>(path: string, link: AbortController | null): Promise<T>
  state(): Known
  set(change: Partial<Known>): void
  /** The link of now. */
  link(): AbortController | null
}

const UNFINISHED = new Set(['open', 'acknowledged'])
const MOST_LATELY = 5
const newest = ({ log }: Incident): number => log.at(-1)?.seq ?? 0
const byOpening = (a: Incident, b: Incident): number => (a.openedAt < b.openedAt ? 1 : -1)

export function createKnownIncidents({ get, state, set, link }: KnownPort) {
  /** Open when the link was lost, and not in the lists when it was back: closed meanwhile. */
  const vanished = new Set<string>()
  /** One question at a time per incident; what changes meanwhile is asked for once more. */
  const asking = new Map<string, { again: boolean }>()
  /** Incidents that were heard of while the lists were on their way. */
  let heard: Set<string> | null = null

  function keep(incident: Incident): void {
    const { incidents: before, lately: closed } = state()
    const was = before.find(({ id }) => id === incident.id)
    const known = was ?? closed.find(({ incident: { id } }) => id === incident.id)?.incident
    // An answer that was long on its way.
    if (known && newest(known) > newest(incident)) return
    const others = before.filter(({ id }) => id !== incident.id)
    const elsewhere = closed.filter(({ incident: each }) => each.id !== incident.id)
    const gone = vanished.delete(incident.id) || was !== undefined
    const lately =
      incident.state === 'closed'
        ? gone
          ? [{ incident, heardAt: performance.now() }, ...elsewhere].slice(0, MOST_LATELY)
          : closed
        : elsewhere
    set({ lately, incidents: (UNFINISHED.has(incident.state) ? [...others, incident] : others).sort(byOpening) })
  }

  async function refresh(id: string): Promise<void> {
    const running = asking.get(id)
    if (running) {
      running.again = true
      return
    }
    const mine = { again: false }
    const over = link()
    asking.set(id, mine)
    try {
      keep(await get<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`, over))
    } catch (error) {
      // A press that cannot be shown must not be missed in silence: the link starts anew, loads all, or says that it
      // is lost.
      if (!(error instanceof Refusal && error.problem.status === 404)) over?.abort()
    } finally {
      // A new link has forgotten what an old one asked.
      if (asking.get(id) === mine) {
        asking.delete(id)
        if (mine.again) void refresh(id)
      }
    }
  }

  /** Page after page: those who have waited longest stand on the last one. */
  async function all(wanted: string, over: AbortController): Promise<{ items: Incident[] }> {
    const items: Incident[] = []
    for (let after: string | null = ''; after !== null && !over.signal.aborted;) {
      const page: { items: Incident[]; next?: string | null } = await get(
        `/api/v1/incidents?state=${wanted}&limit=200${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
        over,
      )
      items.push(...page.items)
      after = page.items.length > 0 ? (page.next ?? null) : null
    }
    return { items }
  }

  return {
    keep,
    refresh,
    heardOf(id: string): void {
      heard?.add(id)
      void refresh(id)
    },
    /** A new link: what the old one asked is never answered. */
    begin: (): void => asking.clear(),
    async load(over: AbortController): Promise<void> {
      const since = new Set<string>()
      heard = since
      const lists = await Promise.all(['open', 'acknowledged'].map((each) => all(each, over)))
      // Another link has begun meanwhile, and knows better.
      if (over.signal.aborted) return
      const found = new Map(lists.flatMap(({ items }) => items).map((incident) => [incident.id, incident]))
      for (const { id } of state().incidents) if (!found.has(id)) vanished.add(id)
      set({ incidents: [...found.values()].sort(byOpening) })
      heard = null
      // The lists are of two moments, and of before what was heard meanwhile.
      for (const id of new Set([...since, ...vanished])) void refresh(id)
    },
  }
}
