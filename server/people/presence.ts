/** Who has a wall open now, and which incidents it shows them. In memory; told as it changes. */
import type { Person, Present } from '../glossary/people.ts'

export function createPresence(onChange: (present: Present[]) => void) {
  const visits = new Set<{ name: string; role: Present['role']; looking: string[] }>()

  function view(): Present[] {
    const people = new Map<string, Present>()
    for (const { name, role, looking } of visits) {
      const before = people.get(name)
      people.set(name, { name, role, screens: (before?.screens ?? 0) + 1, looking: [...new Set([...(before?.looking ?? []), ...looking])] })
    }
    return [...people.values()].sort((a, b) => a.name.localeCompare(b.name))
  }
  return {
    view,
    /** One screen of a person. */
    enter({ name, role }: Person): { looking(incidents: string[]): void; leave(): void } {
      const visit = { name, role, looking: [] as string[] }
      visits.add(visit)
      onChange(view())
      return {
        looking(incidents) {
          if (incidents.join(' ') === visit.looking.join(' ')) return
          visit.looking = incidents
          onChange(view())
        },
        leave() {
          if (visits.delete(visit)) onChange(view())
        },
      }
    },
  }
}
