/** The hand-over from shift to shift, signed by both. */
import { Type } from 'typebox'
import { READERS, HANDLERS } from '../../glossary/people.ts'
import type { Shift, ShiftSummary } from '../../glossary/shift.ts'
import { Failure } from '../../tools/failure.ts'
import { type App, actorOf } from '../../door/door.ts'
import type { PublicAddress } from '../../door/public-address.ts'
import { SIGN_IN, asForbidden } from '../sign-in/session-routes.ts'
import { type SignIn, attemptOf } from '../sign-in/sign-in.ts'
import { actingAs } from '../../door/rights.ts'
import { ID_PARAMS, MAYBE_STRING, MAYBE_TIME, PROBLEM, TIME, listOf } from '../../door/shapes.ts'

export type ShiftSigning = { signIn: SignIn; address: PublicAddress }
export type ShiftPort = {
  summary(): ShiftSummary
  recent(): readonly Shift[]
  offer(from: string, notes: string, actor: string): Promise<Shift>
  accept(id: string, by: string, actor: string): Promise<Shift>
}

const strict = { additionalProperties: false }
const SUMMARY = {
  incidents: Type.Array(
    Type.Object({
      incident: Type.String(),
      helpPoint: Type.String(),
      state: Type.String(),
      owner: MAYBE_STRING,
      openedAt: TIME,
      onHold: MAYBE_STRING,
    }),
  ),
  faults: Type.Array(Type.Object({ what: Type.String(), subject: Type.String(), detail: MAYBE_STRING })),
}
const SHIFT = Type.Object({
  shift: Type.String(),
  from: Type.String(),
  notes: Type.String(),
  ...SUMMARY,
  offeredAt: TIME,
  acceptedBy: MAYBE_STRING,
  acceptedAt: MAYBE_TIME,
})
const NOT_A_SIGNATURE =
  'A wall’s short-lived token signs nothing; sign with a name and password, or a token of one’s own.'
/** Who comes may sign at the screen of who leaves: as they would sign in. */
const SIGNATURE = Type.Union([SIGN_IN, Type.Null()])

export function shiftRoutes(app: App, port: ShiftPort, { signIn, address }: ShiftSigning): void {
  app.get(
    '/api/v1/shifts/now',
    {
      config: { roles: READERS },
      schema: {
        summary: 'What a hand-over would say now: open incidents, and what is broken',
        tags: ['shifts'],
        response: { 200: Type.Object(SUMMARY) },
      },
    },
    () => port.summary(),
  )
  app.get(
    '/api/v1/shifts',
    {
      config: { roles: READERS },
      schema: { summary: 'The last hand-overs, newest first', tags: ['shifts'], response: { 200: listOf(SHIFT) } },
    },
    () => ({ items: [...port.recent()], next: null }),
  )
  app.post(
    '/api/v1/shifts',
    {
      config: { roles: HANDLERS },
      schema: {
        summary: 'Hand over: signed by who leaves',
        tags: ['shifts'],
        body: Type.Object({ notes: Type.String({ maxLength: 4000 }) }, strict),
        response: { 201: SHIFT, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      if (request.person?.through !== undefined) throw new Failure('people/forbidden', NOT_A_SIGNATURE)
      return reply.status(201).send(await port.offer(request.person?.name ?? '', request.body.notes, actorOf(request)))
    },
  )
  app.post(
    '/api/v1/shifts/:id/signature',
    {
      config: { roles: HANDLERS },
      schema: {
        summary: 'Take over: signed by who comes; without a body by who is signed in',
        tags: ['shifts'],
        params: ID_PARAMS,
        body: SIGNATURE,
        response: { 200: SHIFT, '4xx': PROBLEM },
      },
    },
    async (request) => {
      // Without a body there is nothing at all, whatever the schema's types say.
      const given = request.body as typeof request.body | undefined
      const came = given ? (await signIn(attemptOf(request, given, address)).catch(asForbidden)).person : request.person
      if (came?.through !== undefined) throw new Failure('people/forbidden', NOT_A_SIGNATURE)
      const person = actingAs(came, { roles: HANDLERS })
      if (!person) throw new Failure('people/forbidden', 'Only an operator or a supervisor takes a shift over.')
      return port.accept(request.params.id, person.name, `${person.role}:${person.name}`)
    },
  )
}
