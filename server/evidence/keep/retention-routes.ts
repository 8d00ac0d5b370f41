/** How long recordings are kept: the report, locks, and what is held about a place and a time. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { FoundRecordings, Keeping, RecordingSearch } from '../../glossary/evidence.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Person } from '../../glossary/people.ts'
import type { Place } from '../../glossary/press.ts'
import { csvText } from '../../tools/csv.ts'
import { Failure } from '../../tools/failure.ts'
import { type App, actorOf } from '../../door/door.ts'
import { mayRead } from '../../door/entry-readers.ts'
import { readingRoles } from '../../door/rights.ts'
import { ID_PARAMS, KEEPING, LIMIT, MAYBE_TIME, MEDIA, PLACE, PROBLEM, TIME } from '../../door/shapes.ts'

export type RetentionPort = {
  page(which: { after: string | null; limit: number; expiring: boolean }): { items: Keeping[]; next: string | null }
  of(incidents: readonly IncidentId[]): Keeping[]
  /** Of which incidents something is kept now. */
  ids(): IncidentId[]
  /** The same words as long as the same would be told. */
  version(): string
  lock(id: string, lock: { by: string; reason: string; until: string | null }, actor: string): Promise<Keeping>
  unlock(id: string, how: { by: string; user: string | null; reason: string }, actor: string): Promise<Keeping>
  rule(): { keepDays: number; warnDays: number }
  placeOf(helpPoint: string): Place | null
  search(order: RecordingSearch): Promise<FoundRecordings>
  onSearch(order: RecordingSearch & { reason: string }, actor: string): Promise<void>
}

const READERS = ['evidence', 'supervisor', 'operator', 'engineer'] as const
const KEEPERS = ['evidence', 'supervisor'] as const
const strict = { additionalProperties: false }
const REASON = Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S' })
const SEARCH = Type.Object(
  {
    from: TIME,
    to: TIME,
    helpPoint: Type.Optional(Type.String({ maxLength: 100 })),
    place: Type.Optional(PLACE),
    metres: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
    reason: REASON,
  },
  strict,
)
const FOUND = Type.Object({
  incidents: Type.Array(Type.Unknown()),
  cameras: Type.Array(
    Type.Object({
      camera: Type.String(),
      name: Type.String(),
      metres: Type.Integer(),
      recorded: Type.Array(Type.Object({ from: TIME, to: TIME })),
    }),
  ),
})
const DEFAULT_METRES = 100
const PAGE = 200
const MOST_IDS = 200
const IDS = Type.String({
  pattern: `^[A-Za-z0-9_-]{1,100}(?:,[A-Za-z0-9_-]{1,100}){0,${MOST_IDS - 1}}$`,
  description: `Only these incidents, joined by commas; at most ${MOST_IDS}`,
})
const QUERY = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 100, description: '`next` of the page before' })),
    limit: Type.Optional(LIMIT),
    expiring: Type.Optional(Type.Literal('true', { description: 'Only what ends soon (warnDays)' })),
    incidents: Type.Optional(IDS),
  },
  strict,
)

/** Why a recording is locked, and by whom, is for those who may read the entry that says so. */
const seenBy = (person: Person | null, keeping: Keeping): Keeping =>
  keeping.lock === null || mayRead(person, 'clip.locked')
    ? keeping
    : { ...keeping, lock: { ...keeping.lock, by: '', reason: '', unlock: null } }

const CSV_HEAD = [
  'incident',
  'help point',
  'kind',
  'opened',
  'closed',
  'clips',
  'kept until',
  'locked by',
  'reason of the lock',
]
const csvRow = ({ incident, helpPoint, kind, openedAt, closedAt, clips, endsAt, lock }: Keeping): string[] => [
  ...[
    incident,
    helpPoint,
    kind,
    openedAt,
    closedAt ?? 'open',
    clips.map(({ camera, from, to }) => `${camera} ${from} to ${to ?? 'now'}`).join('; '),
  ],
  ...[endsAt ?? (lock ? 'locked for ever' : 'as long as it is open'), lock?.by ?? '', lock?.reason ?? ''],
]
/**
 * The table of what is kept when it is asked for, written a page at a time and a turn of the loop between: no press
 * waits for twenty thousand lines.
 */
async function* csvPages(port: Pick<RetentionPort, 'ids' | 'of'>): AsyncGenerator<string> {
  yield csvText([CSV_HEAD])
  const ids = port.ids()
  for (let from = 0; from < ids.length; from += PAGE) {
    yield csvText(port.of(ids.slice(from, from + PAGE)).map(csvRow))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export function retentionRoutes(app: App, port: RetentionPort): void {
  const answers = { 200: KEEPING, '4xx': PROBLEM }
  app.get(
    '/api/v1/retention',
    {
      config: { roles: READERS },
      schema: {
        summary:
          'Recordings that are kept, until when, and what is locked; what ends first stands first. In ' +
          'pages (`next`), or of some incidents; unchanged since an `ETag`: 304',
        tags: ['retention'],
        querystring: QUERY,
        response: {
          200: Type.Object({
            keepDays: Type.Number(),
            warnDays: Type.Number(),
            items: Type.Array(KEEPING),
            next: Type.Union([Type.String(), Type.Null()]),
          }),
          304: Type.Null(),
          '4xx': PROBLEM,
        },
      },
    },
    async (request, reply) => {
      const { after = null, limit = PAGE, expiring, incidents } = request.query
      const { person } = request
      const { keepDays, warnDays } = port.rule()
      const etag = `W/"${port.version()}-${keepDays}-${warnDays}-${readingRoles(person).join('+')}"`
      void reply.header('etag', etag).header('cache-control', 'private, no-cache')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(null)
      const { items, next } =
        incidents === undefined
          ? port.page({ after, limit: Number(limit), expiring: expiring === 'true' })
          : { items: port.of(incidents.split(',') as IncidentId[]), next: null }
      return reply.send({ keepDays, warnDays, items: items.map((keeping) => seenBy(person, keeping)), next })
    },
  )
  app.get(
    '/api/v1/retention.csv',
    {
      config: { roles: KEEPERS },
      schema: { summary: 'The same as a table', tags: ['retention'], response: { 200: MEDIA } },
    },
    (_, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="retention.csv"')
        .header('cache-control', 'no-store')
        .send(Readable.from(csvPages(port))),
  )
  app.put(
    '/api/v1/incidents/:id/lock',
    {
      config: { roles: KEEPERS, confirmed: true },
      schema: {
        summary: 'Keep its recordings whatever the site’s rule says: for ever, or until then',
        tags: ['retention'],
        params: ID_PARAMS,
        body: Type.Object({ reason: REASON, until: Type.Optional(MAYBE_TIME) }, strict),
        response: answers,
      },
    },
    (request) =>
      port.lock(
        request.params.id,
        {
          by: request.person?.name ?? '',
          reason: request.body.reason,
          until: request.body.until ? new Date(request.body.until).toISOString() : null,
        },
        actorOf(request),
      ),
  )
  app.delete(
    '/api/v1/incidents/:id/lock',
    {
      config: { roles: KEEPERS, confirmed: true },
      schema: {
        summary:
          'Back to the site’s rule, with the reason; where the site wants two people, the first asks and another agrees',
        tags: ['retention'],
        params: ID_PARAMS,
        body: Type.Object({ reason: REASON }, strict),
        response: answers,
      },
    },
    (request) =>
      port.unlock(
        request.params.id,
        { by: request.person?.name ?? '', user: request.person?.user ?? null, reason: request.body.reason },
        actorOf(request),
      ),
  )
  app.post(
    '/api/v1/evidence-searches',
    {
      config: { roles: ['evidence'], confirmed: true },
      schema: {
        summary:
          'What was recorded near a place in a time: for a subject’s request; the search is an entry of the ledger',
        tags: ['retention'],
        body: SEARCH,
        response: { 200: FOUND, '4xx': PROBLEM },
      },
    },
    async (request) => {
      const { from, to, helpPoint, place: given, metres = DEFAULT_METRES, reason } = request.body
      const place = given ?? (helpPoint === undefined ? null : port.placeOf(helpPoint))
      if (!place)
        throw helpPoint === undefined
          ? new Failure('request/invalid', 'A search is near a place (lat, lon) or a helpPoint.')
          : new Failure('help-point/unknown', `There is no help point "${helpPoint}" in this town's site file.`)
      const order = {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        place: { lat: place.lat, lon: place.lon },
        metres,
      }
      const found = await port.search(order)
      await port.onSearch({ ...order, reason }, actorOf(request))
      return found
    },
  )
}
