/** The calls that a page knows, kept up to date by what it hears of them. */
import type { Call, CallQuality } from './api-shapes.ts'
import type { WallState } from './wall-client.ts'

export function createKnownCalls({
  get,
  state,
  set,
  link,
}: {
  get<T>(path: string, link: AbortController | null): Promise<T>
  state(): WallState
  set(change: Partial<WallState>): void
  link(): AbortController | null
}) {
  /** Heard of while an answer was on its way: asked once more. */
  const asking = new Map<string, { again: boolean }>()
  /** Heard of while a list was on its way, which may be older. */
  const heardMeanwhile = new Set<string>()

  function keep(call: Call): void {
    const { calls, incidents } = state()
    const others = calls.filter(
      ({ id, state: is, incident }) =>
        id !== call.id && (is !== 'ended' || incidents.some((each) => each.id === incident)),
    )
    set({ calls: [...others, call].sort((a, b) => a.ringingAt.localeCompare(b.ringingAt)) })
  }
  async function refresh(id: string): Promise<void> {
    const running = asking.get(id)
    if (running) return void (running.again = true)
    const mine = { again: false }
    asking.set(id, mine)
    try {
      do {
        mine.again = false
        keep(await get<Call>(`/api/v1/calls/${encodeURIComponent(id)}`, link()))
      } while (mine.again)
    } finally {
      asking.delete(id)
    }
  }
  return {
    keep,
    async load(): Promise<void> {
      heardMeanwhile.clear()
      const { items } = await get<{ items: Call[] }>('/api/v1/calls?state=open', link())
      const { incidents, calls } = state()
      const over = calls.filter((call) => call.state === 'ended' && incidents.some((each) => each.id === call.incident))
      // One that ended while the connection was lost is not in the list: it is asked how.
      const missed = calls.filter((call) => call.state !== 'ended' && !items.some(({ id }) => id === call.id))
      set({ calls: [...over, ...items.filter(({ id }) => !over.some((each) => each.id === id))] })
      for (const id of new Set([...missed.map((each) => each.id as string), ...heardMeanwhile]))
        await refresh(id).catch(() => {})
    },
    /** The next connection loads all that goes on: what fails now is not lost. */
    heardOf(id: string): void {
      heardMeanwhile.add(id)
      refresh(id).catch(() => {})
    },
    quality({ call, quality }: { call: string; quality: CallQuality }): void {
      const { calls } = state()
      if (calls.some(({ id, state: is }) => id === call && is !== 'ended'))
        set({ calls: calls.map((each) => (each.id === call ? { ...each, quality } : each)) })
    },
  }
}
