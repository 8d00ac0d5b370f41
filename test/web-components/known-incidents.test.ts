import { describe, expect, test } from 'vitest'
import type { Incident } from '../../web-components/wall-client/api-shapes.ts'
import { Refusal } from '../../web-components/wall-client/refusal.ts'
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

/** A server whose answers a test gives one by one, in any order: a fake, of its answers. */
function asking() {
  const waiting: { path: string; answer(body: unknown): void; fail(error: unknown): void }[] = []
  let known: Known = { incidents: [], lately: [] }
  const link = new AbortController()
  const incidents = createKnownIncidents({
    get: <T>(path: string): Promise<T> =>
      new Promise<T>((resolve, reject) => waiting.push({ path, answer: (body) => resolve(body as T), fail: reject })),
    state: () => known,
    set: (change) => (known = { ...known, ...change }),
    link: () => link,
  })
  const done = () => new Promise((resolve) => setTimeout(resolve))
  return { incidents, link, waiting, known: () => known.incidents, done }
}
const at = (seq: number, owner: string | null = null): Incident =>
  ({ ...incident(1), owner, log: [{ seq }] }) as unknown as Incident

describe('a press that was heard of', () => {
  test('and whose incident could not be loaded ends the link, which loads all anew', async () => {
    const { incidents, link, waiting, done } = asking()
    incidents.heardOf('inc-0001')
    waiting[0]?.fail(new Error('broken'))
    await done()
    expect(link.signal.aborted).toBe(true)
  })
  test('and whose incident is there no more ends nothing', async () => {
    const { incidents, link, waiting, done } = asking()
    incidents.heardOf('inc-0001')
    waiting[0]?.fail(new Refusal({ status: 404, code: 'incident/unknown', detail: '' }))
    await done()
    expect(link.signal.aborted).toBe(false)
  })
  test('while its incident was on its way is asked for once more, however often it was', async () => {
    const { incidents, waiting, known, done } = asking()
    for (let i = 0; i < 3; i += 1) incidents.heardOf('inc-0001')
    expect(waiting).toHaveLength(1)
    waiting[0]?.answer(at(1))
    await done()
    expect(waiting).toHaveLength(2)
    waiting[1]?.answer(at(4, 'Asha'))
    await done()
    expect(waiting).toHaveLength(2)
    expect(known()).toMatchObject([{ owner: 'Asha', log: [{ seq: 4 }] }])
  })
  test('while the lists were on their way is asked for after them: they may be of before', async () => {
    const { incidents, link, waiting, known, done } = asking()
    const loading = incidents.load(link)
    incidents.heardOf('inc-0001')
    const [open, acknowledged, first] = waiting
    first?.answer(at(4, 'Asha'))
    await done()
    open?.answer({ items: [at(1)] })
    acknowledged?.answer({ items: [] })
    await loading
    expect(waiting.slice(3).map(({ path }) => path)).toEqual(['/api/v1/incidents/inc-0001'])
    waiting[3]?.answer(at(4, 'Asha'))
    await done()
    expect(known()).toMatchObject([{ owner: 'Asha' }])
  })
})
