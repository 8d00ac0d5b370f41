/** What safe places are called in addresses: by their own ids, and else by their names. Pure. */
const LONGEST = 63

export const idOfName = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f’']/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replaceAll(/^-+|-+$/g, '')

/** One for each, none twice: ids that are written come first, and a name that another has gets a number. */
export function safePlaceIds(places: readonly { id?: unknown; name?: unknown }[]): string[] {
  const taken = new Set(places.map(({ id }) => id).filter((id) => typeof id === 'string'))
  const next = new Map<string, number>()
  return places.map(({ id, name }) => {
    if (typeof id === 'string') return id
    const base = idOfName(typeof name === 'string' ? name : '') || 'safe-place'
    let made = base
    for (let n = next.get(base) ?? 2; taken.has(made); n += 1) {
      made = `${base.slice(0, LONGEST - 6)}-${n}`
      next.set(base, n + 1)
    }
    taken.add(made)
    return made
  })
}
