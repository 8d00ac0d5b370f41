/** What the site file says of a help point, by its id; nothing where the town has no such one (any more). */
import type { HelpPointId, Place } from '../glossary/press.ts'
import type { Site } from '../glossary/site.ts'
import { createHelpPointIndex } from './help-point-index.ts'

export function createHelpPoints(site: () => Site) {
  const helpPoint = createHelpPointIndex(site)
  return {
    helpPoint,
    knows: (id: string): boolean => helpPoint(id) !== undefined,
    /** Its id as the glossary has it; null for one that the town does not have. */
    idOf: (id: string): HelpPointId | null => helpPoint(id)?.id ?? null,
    nameOf: (id: string): string => helpPoint(id)?.name ?? id,
    placeOf: (id: string): Place | null => helpPoint(id)?.location ?? null,
    secretOf: (id: string): string | null => helpPoint(id)?.secret ?? null,
    instructionsOf: (id: string): string[] => helpPoint(id)?.instructions ?? [],
  }
}
