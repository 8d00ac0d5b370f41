/**
 * Who has a wall open now, and which incidents it shows them large. In memory; told as it changes, a few times a
 * second at the most.
 */
import type { Person, Present } from '../glossary/people.ts'
import type { Clock } from '../tools/clock.ts'

const EVERY_MS = 250

/** @param known whether there is such an incident: what a page says is not told to others unseen */
export function createPresence({
  clock,
  known,
  onChange,
}: {
  clock: Clock
  known(incident: string): boolean
  onChange(present: Present[]): void
}) {
  const visits = new Set<{ name: string; role: Present['role']; looking: string[] }>()
  const stopped = new AbortController()
  let telling = false

  function view(): Present[] {
    const people = new Map<string, Present>()
    for (const { name, role, looking } of visits) {
      const before = people.get(name)
      people.set(name, {
        name,
        role,
        screens: (before?.screens ?? 0) + 1,
        looking: [...new Set([...(before?.looking ?? []), ...looking])],
      })
    }
    return [...people.values()].sort((a, b) => a.name.localeCompare(b.name))
  }
  /** Of many changes at once, the last is told. */
  async function tell(): Promise<void> {
    if (telling) return
    telling = true
    await clock.sleep(EVERY_MS, stopped.signal)
    telling = false
    if (!stopped.signal.aborted) onChange(view())
  }
  return {
    view,
    /** One screen of a person. */
    enter({ name, role }: Person): { looking(incidents: string[]): void; leave(): void } {
      const visit = { name, role, looking: [] as string[] }
      visits.add(visit)
      void tell()
      return {
        looking(incidents) {
          const seen = incidents.filter(known)
          if (seen.join(' ') === visit.looking.join(' ')) return
          visit.looking = seen
          void tell()
        },
        leave() {
          if (visits.delete(visit)) void tell()
        },
      }
    },
    close: (): void => stopped.abort(),
  }
}
