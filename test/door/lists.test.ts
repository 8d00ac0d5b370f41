/**
 * Long lists over HTTP: in pages, by change, and never in one go. The door and its routes as they are, with books
 * that are long.
 */
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, createDoor } from '../../server/door/door.ts'
import { type ExportPort, exportRoutes } from '../../server/evidence/order/export-routes.ts'
import { type RetentionPort, retentionRoutes } from '../../server/evidence/keep/retention-routes.ts'
import { createExportBook } from '../../server/evidence/order/export-book.ts'

const KEPT = 450
const EXPORTS = 250
let app: App
const book = createExportBook()
const kept = Array.from({ length: KEPT }, (_, i) => ({
  incident: `inc-${i}`,
  helpPoint: 'here',
  kind: 'press',
  openedAt: '2026-11-01T00:00:00.000Z',
  closedAt: null,
  clips: [],
  endsAt: null,
  lock: null,
}))
let [pages, turns] = [0, 0]
const retention = {
  ids: () => kept.map(({ incident }) => incident),
  of: (ids: readonly string[]) => {
    // A turn of the loop lies between two pages.
    if (pages > 0) expect(turns).toBeGreaterThanOrEqual(pages)
    pages += 1
    setImmediate(() => (turns += 1))
    return kept.filter(({ incident }) => ids.includes(incident))
  },
  rule: () => ({ keepDays: 31, warnDays: 3 }),
} as unknown as RetentionPort
let progress = 0
const exports = {
  page: book.page,
  progress: () => progress,
  ends: () => ({ endsAt: null, expiring: false }),
} as unknown as ExportPort
const requested = (i: number) =>
  book.apply({
    seq: i + 1,
    at: '2026-11-01T00:00:00.000Z',
    kind: 'export.requested',
    actor: 'evidence:Olga',
    subject: `exp-${i}`,
    body: {
      export: `exp-${i}`,
      kind: 'master',
      parentExport: null,
      incident: null,
      cuts: [],
      redactions: [],
      requestedBy: { name: 'x', organisation: '', reference: '' },
      reason: 'x',
      lawfulBasis: '',
      exhibitRef: '',
      exportedBy: { name: 'Olga', role: 'evidence' },
    },
  } as never)

beforeAll(async () => {
  app = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: null,
    whoHas: () => ({ name: 'Olga', role: 'evidence', helpPoints: null }),
    onRefusedPress: () => {},
    embedding: () => [],
  })
  retentionRoutes(app, retention)
  exportRoutes(app, exports)
  for (let i = 0; i < EXPORTS; i += 1) requested(i)
})
afterAll(() => app.close())
const ask = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url: `/api/v1${url}`, headers: { authorization: 'Bearer x', ...headers } })

describe('the table of what is kept', () => {
  test('has every line once, in order, though it is read page by page with room between', async () => {
    const { body, headers } = await ask('/retention.csv')
    expect(headers['content-type']).toMatch(/^text\/csv/)
    const [head, ...lines] = body.trimEnd().split('\r\n')
    expect(head).toMatch(/^incident,help point,/)
    expect(lines.map((line) => line.split(',')[0])).toEqual(kept.map(({ incident }) => incident))
    expect([pages, turns]).toEqual([3, 3])
  })
})

describe('the list of exports', () => {
  test('comes newest first, a page at a time, every export once', async () => {
    const found: string[] = []
    let next: string | null = null
    do {
      const { items, next: more } = (await ask(`/exports${next === null ? '' : `?after=${next}`}`)).json() as {
        items: { id: string }[]
        next: string | null
      }
      expect(items.length).toBeLessThanOrEqual(100)
      found.push(...items.map(({ id }) => id))
      next = more
    } while (next !== null)
    expect(found).toEqual(Array.from({ length: EXPORTS }, (_, i) => `exp-${EXPORTS - 1 - i}`))
  })
  test('is 304 while nothing changed, and whole when something did: another export, or how far one is', async () => {
    const { headers } = await ask('/exports?limit=2')
    const since = { 'if-none-match': String(headers.etag) }
    const again = await ask('/exports?limit=2', since)
    expect([again.statusCode, again.body]).toEqual([304, ''])
    progress = 0.5
    expect((await ask('/exports?limit=2', since)).statusCode).toBe(200)
    progress = 0
    requested(EXPORTS)
    expect((await ask('/exports?limit=2', since)).json().items.map(({ id }: { id: string }) => id)).toEqual([
      `exp-${EXPORTS}`,
      `exp-${EXPORTS - 1}`,
    ])
  })
  test('of a place that is none is refused in words, and so is a limit that is none', async () => {
    expect((await ask('/exports?after=exp-x')).json()).toMatchObject({ status: 404, code: 'export/unknown' })
    for (const limit of ['0', '201', 'x']) expect((await ask(`/exports?limit=${limit}`)).statusCode).toBe(400)
  })
})
