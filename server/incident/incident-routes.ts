/** What the room does with incidents. */
import type { FoundIncidents, IncidentFilter } from '../glossary/register.ts'
import type { IncidentNumbers } from './incident-numbers.ts'
import { PERIOD, readPeriod } from './register/report-routes.ts'
import { ANY_WALL, HANDLING_WALL, HANDLERS, READERS, type Person } from '../glossary/people.ts'
import { mayRead } from '../door/entry-readers.ts'
import { Type } from 'typebox'
import type { CameraId, PresetToken } from '../glossary/camera.ts'
import type { Clip, ClipView } from '../glossary/clip.ts'
import {
  CLOSURE_CODES,
  type ClosureCode,
  INCIDENT_STATES,
  type Incident,
  type IncidentId,
  type IncidentState,
} from '../glossary/incident.ts'
import { type App, actorOf } from '../door/door.ts'
import { ID_PARAMS, INCIDENT, LIMIT, PROBLEM, listOf } from '../door/shapes.ts'

export type IncidentPort = {
  get(id: string): Promise<Incident>
  /** @throws incident/unknown */
  record(id: string): Promise<{ first: number; last: number; entries: number; sha256: string }>
  numbers: Pick<IncidentNumbers, 'of' | 'find'>
  timezone(): string
  /** Those that can be read, in this order. */
  readAll(ids: readonly string[]): Promise<Incident[]>
  /** @throws register/reading, register/busy */
  search(filter: IncidentFilter, after: string | null, limit: number): Promise<FoundIncidents>
  page(
    state: IncidentState | null,
    after: string | null,
    limit: number,
  ): Promise<{ items: Incident[]; next: IncidentId | null }>
  clipView(incident: IncidentId, clip: Clip): Promise<ClipView>
  acknowledge(id: string, owner: string, actor: string, from: string | null): Promise<Incident>
  offer(id: string, by: string, to: string | null, actor: string): Promise<Incident>
  withdrawOffer(id: string, by: string, actor: string): Promise<Incident>
  putOnHold(id: string, by: string, hold: { reason: string; minutes: number | null }, actor: string): Promise<Incident>
  takeUp(id: string, by: string, actor: string): Promise<Incident>
  reopen(id: string, owner: string, reason: string, actor: string): Promise<Incident>
  note(id: string, text: string, actor: string, replaces: number | null): Promise<Incident>
  contacted(id: string, contact: string, outcome: string, actor: string): Promise<Incident>
  tick(id: string, step: number, actor: string): Promise<Incident>
  close(
    id: string,
    reason: string,
    actor: string,
    how: { code: ClosureCode; seen: number | null; by: string },
  ): Promise<Incident>
  /**
   * @param preset null: its own for the incident's help point, or whatever way there is.
   * @throws camera/unknown, preset/unknown
   */
  bring(id: string, camera: CameraId, preset: PresetToken | null, actor: string): Promise<Incident>
  answerRequest(
    id: string,
    answer: { camera: CameraId; by: IncidentId; answer: 'give' | 'keep' },
    actor: string,
  ): Promise<Incident>
}

const strict = { additionalProperties: false }
const RECORD = Type.Object({
  first: Type.Integer({ description: 'The number of its first entry' }),
  last: Type.Integer({ description: 'Of its newest; entries of others lie between them' }),
  entries: Type.Integer(),
  sha256: Type.String({
    description:
      'Of the hashes of its entries as GET /ledger has them (hex), in their order, each with a line feed after it',
  }),
})
/** More than blanks. */
const TEXT = Type.String({ minLength: 1, maxLength: 4000, pattern: '\\S' })

const nameOf = (request: { person: { name: string } | null }): string => request.person?.name ?? ''

type Query = Partial<Record<'from' | 'to' | 'helpPoint' | 'person' | 'q' | 'after', string>> & {
  state?: IncidentState
  outcome?: ClosureCode
  limit?: unknown
}
/** What is open is in memory; what is looked for among all is the register's. */
async function pageOf(port: IncidentPort, query: Query): ReturnType<IncidentPort['page']> {
  const { state = null, after = null, limit = 50, ...asked } = query
  if (Object.values(asked).every((value) => value === undefined)) return port.page(state, after, Number(limit))
  const { helpPoint = null, outcome = null, person = null, q = null } = asked
  const period = readPeriod(asked, port.timezone())
  // A number is no word of a note.
  const id = q === null ? null : port.numbers.find(q)
  // One that is not there is no place in a list.
  if (after !== null) await port.get(after)
  const filter = { ...period, state, helpPoint, outcome, person, id, q: id === null ? q : null }
  const { ids, next } = await port.search(filter, after, Number(limit))
  return { items: await port.readAll(ids), next }
}

export function incidentRoutes(app: App, port: IncidentPort): void {
  /** What a role may not read stands in the log as a line without content: its number is missed by nobody. */
  const view = async ({ person }: { person: Person | null }, incident: Incident) => ({
    ...incident,
    number: port.numbers.of(incident.id),
    log: incident.log.map((line) => (mayRead(person, line.kind) ? line : { ...line, actor: '', body: {} })),
    clips: await Promise.all(incident.clips.map((clip) => port.clipView(incident.id, clip))),
  })
  const answers = { 200: INCIDENT, '4xx': PROBLEM }

  app.get(
    '/api/v1/incidents',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'Incidents, newest first: all, or those that fit everything that is asked for',
        tags: ['incidents'],
        querystring: Type.Object(
          {
            state: Type.Optional(Type.Enum(INCIDENT_STATES)),
            ...PERIOD,
            helpPoint: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
            outcome: Type.Optional(Type.Enum(CLOSURE_CODES, { description: 'By the code that it was closed with' })),
            person: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 200,
                description: 'Who has had it or written in it, by whole name',
              }),
            ),
            q: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 200,
                description:
                  'Words in notes, outcomes of calls and reasons, each by its beginning, at most eight; or a number as LP-2026-0042',
              }),
            ),
            after: Type.Optional(Type.String({ maxLength: 200 })),
            limit: Type.Optional(LIMIT),
          },
          strict,
        ),
        response: { 200: listOf(INCIDENT), '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request) => {
      const { items, next } = await pageOf(port, request.query)
      return { items: await Promise.all(items.map((incident) => view(request, incident))), next }
    },
  )
  app.get(
    '/api/v1/incidents/:id',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'One incident with its presses, framings, clips and log, by its id or its number',
        tags: ['incidents'],
        params: ID_PARAMS,
        response: answers,
      },
    },
    async (request) => view(request, await port.get(port.numbers.find(request.params.id) ?? request.params.id)),
  )
  app.get(
    '/api/v1/incidents/:id/record',
    {
      config: { roles: READERS },
      schema: {
        summary:
          'Which entries of the ledger the incident is made of, so that a printed report can be held against them',
        tags: ['incidents'],
        params: ID_PARAMS,
        response: { 200: RECORD, '4xx': PROBLEM },
      },
    },
    async (request) => port.record(port.numbers.find(request.params.id) ?? request.params.id),
  )
  app.post(
    '/api/v1/incidents/:id/acknowledgement',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Take it; the loser of a race gets 409 with the owner’s name',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Union([
          Type.Object(
            {
              from: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 200,
                  description: 'Take it over from this person, who has it now',
                }),
              ),
            },
            strict,
          ),
          Type.Null(),
        ]),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.acknowledge(request.params.id, nameOf(request), actorOf(request), request.body?.from ?? null),
      ),
  )
  app.put(
    '/api/v1/incidents/:id/handover',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Offer it to somebody, or to whoever comes; it stays its owner’s until it is taken',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object({ to: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }, strict),
        response: answers,
      },
    },
    async (request) =>
      view(request, await port.offer(request.params.id, nameOf(request), request.body.to ?? null, actorOf(request))),
  )
  app.delete(
    '/api/v1/incidents/:id/handover',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: { summary: 'Keep it after all', tags: ['incidents'], params: ID_PARAMS, response: answers },
    },
    async (request) => view(request, await port.withdrawOffer(request.params.id, nameOf(request), actorOf(request))),
  )
  app.put(
    '/api/v1/incidents/:id/hold',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Nothing to do for now; it comes back when its time is over or somebody presses',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object({ reason: TEXT, minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })) }, strict),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.putOnHold(
          request.params.id,
          nameOf(request),
          { reason: request.body.reason, minutes: request.body.minutes ?? null },
          actorOf(request),
        ),
      ),
  )
  app.delete(
    '/api/v1/incidents/:id/hold',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: { summary: 'Go on with it', tags: ['incidents'], params: ID_PARAMS, response: answers },
    },
    async (request) => view(request, await port.takeUp(request.params.id, nameOf(request), actorOf(request))),
  )
  app.post(
    '/api/v1/incidents/:id/reopening',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'It was closed too soon: it is yours, and its clips go on',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object({ reason: TEXT }, strict),
        response: answers,
      },
    },
    async (request) =>
      view(request, await port.reopen(request.params.id, nameOf(request), request.body.reason, actorOf(request))),
  )
  app.post(
    '/api/v1/incidents/:id/notes',
    {
      config: { roles: [...HANDLERS, 'evidence'], scopes: HANDLING_WALL },
      schema: {
        summary: 'Write a note',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object(
          {
            text: TEXT,
            replaces: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'The number of the entry that this is a later version of; both stay in the record',
              }),
            ),
          },
          strict,
        ),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.note(request.params.id, request.body.text, actorOf(request), request.body.replaces ?? null),
      ),
  )
  app.post(
    '/api/v1/incidents/:id/contacts',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Who was called, and what they said',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object({ contact: Type.String({ minLength: 1, maxLength: 100 }), outcome: TEXT }, strict),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.contacted(request.params.id, request.body.contact, request.body.outcome, actorOf(request)),
      ),
  )
  app.post(
    '/api/v1/incidents/:id/steps',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'An instruction was followed',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object(
          { step: Type.Integer({ minimum: 0, description: 'Its place in the help point’s instructions, from 0' }) },
          strict,
        ),
        response: answers,
      },
    },
    async (request) => view(request, await port.tick(request.params.id, request.body.step, actorOf(request))),
  )
  app.post(
    '/api/v1/incidents/:id/closure',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Close it, with the reason; one that a colleague has is taken over first',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object(
          {
            reason: TEXT,
            code: Type.Optional(Type.Enum(CLOSURE_CODES, { description: 'What the figures count; left out: other' })),
            seen: Type.Optional(
              Type.Integer({
                minimum: 0,
                description:
                  'The newest entry of its log that was seen: a press after it is refused with 409 incident/pressed-again',
              }),
            ),
          },
          strict,
        ),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.close(request.params.id, request.body.reason, actorOf(request), {
          code: request.body.code ?? 'other',
          seen: request.body.seen ?? null,
          by: nameOf(request),
        }),
      ),
  )
  app.post(
    '/api/v1/incidents/:id/framings',
    {
      config: { roles: [...HANDLERS, 'engineer'], scopes: HANDLING_WALL },
      schema: {
        summary: 'Bring another camera, or ask one again',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object(
          {
            camera: Type.String({ minLength: 1, maxLength: 100 }),
            preset: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          },
          strict,
        ),
        response: answers,
      },
    },
    async (request) => {
      const { camera, preset } = request.body
      return view(
        request,
        await port.bring(
          request.params.id,
          camera as CameraId,
          (preset ?? null) as PresetToken | null,
          actorOf(request),
        ),
      )
    },
  )
  app.post(
    '/api/v1/incidents/:id/camera-requests/:camera',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'A press elsewhere needs a camera that this incident holds: give it, or keep it',
        tags: ['incidents'],
        params: Type.Object({ id: Type.String({ maxLength: 100 }), camera: Type.String({ maxLength: 100 }) }),
        body: Type.Object(
          {
            by: Type.String({ minLength: 1, maxLength: 100, description: 'The incident that asks' }),
            answer: Type.Enum(['give', 'keep']),
          },
          strict,
        ),
        response: answers,
      },
    },
    async (request) =>
      view(
        request,
        await port.answerRequest(
          request.params.id,
          { camera: request.params.camera as CameraId, by: request.body.by as IncidentId, answer: request.body.answer },
          actorOf(request),
        ),
      ),
  )
}
