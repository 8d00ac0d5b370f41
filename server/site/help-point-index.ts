import type { HelpPoint, Site } from '../glossary/site.ts'

/** Finds a help point by its id; the town may have thousands, and a flood asks for each press. */
export function createHelpPointIndex(site: () => Site): (id: string) => HelpPoint | undefined {
  let of: Site | null = null
  let byId = new Map<string, HelpPoint>()
  return (id) => {
    const now = site()
    if (now !== of) {
      of = now
      byId = new Map(now.helpPoints.map((helpPoint) => [helpPoint.id, helpPoint]))
    }
    return byId.get(id)
  }
}
