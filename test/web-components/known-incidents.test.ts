import { describe, expect, test } from 'vitest'
import type { Incident } from '../../web-components/wall-client/api-shapes.ts'
import { type KnownPort, createKnownIncidents } from '../../web-components/wall-client/known-incidents.ts'

type Known = ReturnType<KnownPort['state']>
const incident = (i: number): Incident =>
  ({
    id: `inc-${String(i).padStart(4, '0')}`,
    state: 'open',
    openedAt: new Date(1_795_000_000_000 + i * 1000).toISOString(),
    log: [{ seq: i }],
  }) as unknown as Incident

/** A server of pages: a fake, of its answers. @param most of one page */
function town(open: number, most = 200) {
  const asked: string[] = []
  let known: Known = { incidents: [], lately: [] }
  const link = new AbortController()
  const newestFirst = Array.from({ length: open }, (_, i) => incident(open - i))
  const incidents = createKnownIncidents({
    get: async <T>(path: string): Promise<T> => {
      asked.push(path)
      const { searchParams } = new URL(path, 'http://town')
      const all = searchParams.get('state') === 'open' ? newestFirst : []
      const from = Number(searchParams.get('after') ?? 0)
      const items = all.slice(from, from + most)
      return { items, next: from + most < all.length ? String(from + most) : null } as T
    },
    state: () => known,
    set: (change) => (known = { ...known, ...change }),
    link: () => link,
  })
  return { incidents, link, asked, known: () => known }
}

describe('a freshly opened wall', () => {
  test.each([1, 200, 201, 230, 1000])(
    'has all of %i open incidents, those who wait longest among them',
    async (open) => {
      const { incidents, link, known } = town(open)
      await incidents.load(link)
      const ids = known().incidents.map(({ id }) => id)
      expect(ids).toHaveLength(open)
      expect(new Set(ids).size).toBe(open)
      expect(ids.at(-1)).toBe('inc-0001')
      expect(ids[0]).toBe(`inc-${String(open).padStart(4, '0')}`)
    },
  )
  test('asks for no page more when its link is lost meanwhile', async () => {
    const { incidents, link, asked, known } = town(1000)
    const loading = incidents.load(link)
    link.abort()
    await loading
    expect(known().incidents).toEqual([])
    expect(asked.length).toBeLessThan(5)
  })
})
