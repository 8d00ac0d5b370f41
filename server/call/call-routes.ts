/** Calls over HTTP: who calls, taking a call, giving it back, hold, the end, and its recording. */
import { createReadStream } from 'node:fs'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type App, actorOf, personOf } from '../door/door.ts'
import { CALL, ID_PARAMS, MEDIA, PROBLEM, listOf } from '../door/shapes.ts'
import { CALL_STATES, type Call, type CallRecording } from '../glossary/call.ts'
import { ANY_WALL, HANDLING_WALL, HANDLERS, READERS } from '../glossary/people.ts'
import { Failure } from '../tools/failure.ts'
import type { CallWish } from './call-outgoing.ts'

export type CallPort = {
  list(): Call[]
  /** The oldest first. */
  ofIncident(incident: string): Call[]
  /** @throws call/unknown */
  view(id: string): Call
  place(wish: CallWish, name: string, actor: string): Promise<Call>
  take(id: string, name: string, actor: string, takeOver: boolean): Promise<Call>
  giveBack(id: string, name: string, actor: string): Promise<Call>
  hold(id: string, name: string, actor: string, on: boolean): Promise<Call>
  hangUp(id: string, name: string): Promise<Call>
  /** @throws call/no-trunk, call/busy */
  addParty(id: string, contact: string, name: string, actor: string): Promise<Call>
  removeParty(id: string, party: string, name: string, actor: string): Promise<Call>
  /** @throws call/no-phrase */
  announce(id: string, name: string, actor: string, phrase: string, language: string | null): Promise<Call>
  /** @throws call/no-keys */
  keys(id: string, name: string, actor: string, wanted: { name: string } | { digits: string }): Promise<Call>
  /** @throws call/unknown, call/no-recording */
  recording(id: string): { call: Call; recording: CallRecording; file: string }
  listened(id: string, actor: string, from: number, bytes: number): Promise<void>
}

const strict = { additionalProperties: false }
const answers = { 200: CALL, '4xx': PROBLEM }
/** @throws request/invalid unless it is about one of the three */
function wishOf({
  helpPoint,
  camera,
  contact,
  incident = null,
  reason = null,
}: {
  helpPoint?: string
  camera?: string
  contact?: string
  incident?: string | null
  reason?: string | null
}): CallWish {
  const wanted = [helpPoint, camera, contact].filter((each) => each !== undefined)
  if (wanted.length !== 1)
    throw new Failure('request/invalid', 'Say whom to call: one of helpPoint, camera and contact.')
  const about = { incident, reason }
  if (helpPoint !== undefined) return { helpPoint, ...about }
  return camera !== undefined ? { camera, ...about } : { contact: contact ?? '', ...about }
}
const nameOf = (request: FastifyRequest): string => personOf(request).name

export function callRoutes(app: App, port: CallPort): void {
  app.get(
    '/api/v1/calls',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'Calls that go on, the longest waiting first, then the newest that have ended',
        tags: ['calls'],
        querystring: Type.Object(
          {
            state: Type.Optional(Type.Enum(['open', ...CALL_STATES], { description: 'open: has not ended' })),
            incident: Type.Optional(Type.String({ maxLength: 200, description: 'All of one incident, oldest first' })),
          },
          strict,
        ),
        response: { 200: listOf(CALL), '4xx': PROBLEM },
      },
    },
    ({ query: { state, incident } }) => ({
      items: (incident === undefined ? port.list() : port.ofIncident(incident)).filter(
        (call) => state === undefined || (state === 'open' ? call.state !== 'ended' : call.state === state),
      ),
      next: null,
    }),
  )
  app.post(
    '/api/v1/calls',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Call a help point, a contact by the trunk, or a camera’s loudspeaker, and take the call; a help point’s incident, ' +
          'too. 409 where there is a call already, with the name of the person who has it',
        tags: ['calls'],
        body: Type.Object(
          {
            helpPoint: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
            camera: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
            contact: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
            incident: Type.Optional(
              Type.String({
                maxLength: 200,
                description:
                  'Left out: of a help point, the newest that is open there; else none, and `reason` is needed',
              }),
            ),
            reason: Type.Optional(
              Type.String({ minLength: 1, maxLength: 400, description: 'Why; it is in the record' }),
            ),
          },
          { ...strict, description: 'One of helpPoint, camera and contact' },
        ),
        response: { 202: CALL, '4xx': PROBLEM },
      },
    },
    async (request, reply) =>
      reply.code(202).send(await port.place(wishOf(request.body), nameOf(request), actorOf(request))),
  )
  app.get(
    '/api/v1/calls/:id',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: { summary: 'One call', tags: ['calls'], params: ID_PARAMS, response: answers },
    },
    ({ params: { id } }) => port.view(id),
  )
  app.post(
    '/api/v1/calls/:id/taking',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Take the call and its incident in one act; the loser of a race gets 409 with the owner’s name. Another call ' +
          'of the same person is put on hold',
        tags: ['calls'],
        params: ID_PARAMS,
        body: Type.Union([
          Type.Object(
            { takeOver: Type.Optional(Type.Boolean({ description: 'Out of the hand of the one who has it' })) },
            strict,
          ),
          Type.Null(),
        ]),
        response: answers,
      },
    },
    (request) => port.take(request.params.id, nameOf(request), actorOf(request), request.body?.takeOver ?? false),
  )
  app.delete(
    '/api/v1/calls/:id/taking',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Give it back to the room: every wall rings again, and the caller hears the announcement. With a third party ' +
          'in the call: leave the caller and it together',
        tags: ['calls'],
        params: ID_PARAMS,
        response: answers,
      },
    },
    (request) => port.giveBack(request.params.id, nameOf(request), actorOf(request)),
  )
  app.post(
    '/api/v1/calls/:id/hold',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Put it on hold, or go on with it',
        tags: ['calls'],
        params: ID_PARAMS,
        body: Type.Object({ on: Type.Boolean() }, strict),
        response: answers,
      },
    },
    (request) => port.hold(request.params.id, nameOf(request), actorOf(request), request.body.on),
  )
  app.post(
    '/api/v1/calls/:id/announcement',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Tell the caller that the call is recorded (name: recorded), or say a phrase of GET /site in one of its ' +
          'languages; the operator’s voice waits until it is said',
        tags: ['calls'],
        params: ID_PARAMS,
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 63 }),
            language: Type.Optional(Type.String({ pattern: '^[a-z]{2}$', description: 'Left out: its first' })),
          },
          strict,
        ),
        response: answers,
      },
    },
    (request) => {
      const { name, language = null } = request.body
      return port.announce(request.params.id, nameOf(request), actorOf(request), name, language)
    },
  )
  app.post(
    '/api/v1/calls/:id/keys',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Send keys of a telephone to the help point, as one that opens a gate there: by the name that the site file ' +
          'gives them, or as digits. The record has the name, and never the digits',
        tags: ['calls'],
        params: ID_PARAMS,
        body: Type.Union([
          Type.Object({ name: Type.String({ minLength: 1, maxLength: 40 }) }, strict),
          Type.Object({ digits: Type.String({ pattern: '^[0-9A-D*#]{1,16}$' }) }, strict),
        ]),
        response: answers,
      },
    },
    (request) => port.keys(request.params.id, nameOf(request), actorOf(request), request.body),
  )
  app.post(
    '/api/v1/calls/:id/parties',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary:
          'Call a contact of the site file by the trunk, to speak with the caller and the operator; it joins when it ' +
          'answers. On hold, it speaks with the operator alone. 409 call/no-trunk: use the desk telephone',
        tags: ['calls'],
        params: ID_PARAMS,
        body: Type.Object({ contact: Type.String({ minLength: 1, maxLength: 100 }) }, strict),
        response: { 202: CALL, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      return reply.code(202).send(await port.addParty(id, request.body.contact, nameOf(request), actorOf(request)))
    },
  )
  app.delete(
    '/api/v1/calls/:id/parties/:party',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Hang up on a third party; the caller and the operator speak on',
        tags: ['calls'],
        params: Type.Object({ id: Type.String(), party: Type.String() }),
        response: answers,
      },
    },
    (request) => port.removeParty(request.params.id, request.params.party, nameOf(request), actorOf(request)),
  )
  app.post(
    '/api/v1/calls/:id/ending',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: { summary: 'Hang up', tags: ['calls'], params: ID_PARAMS, response: answers },
    },
    (request) => port.hangUp(request.params.id, nameOf(request)),
  )
  app.get(
    '/api/v1/calls/:id/recording.wav',
    {
      config: { roles: ['evidence'], confirmed: true },
      schema: {
        summary:
          'The recording as it was written: A-law, left the help point, right the room; its SHA-256 is in Repr-Digest. ' +
          'Every fetch is an entry of the record',
        tags: ['calls'],
        params: ID_PARAMS,
        response: { 200: MEDIA, 206: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { call, recording, file } = port.recording(request.params.id)
      const { bytes, sha256 } = recording
      const asked = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(request.headers.range ?? '')
      const from = Number(asked?.[1] ?? 0)
      const to = Math.min(bytes - 1, Number(asked?.[2] ?? bytes - 1))
      if (from > to) {
        reply.header('content-range', `bytes */${bytes}`)
        throw new Failure('export/no-such-range', `The recording has ${bytes} bytes.`)
      }
      // Durable before the first byte leaves.
      await port.listened(call.id, actorOf(request), from, to - from + 1)
      if (asked) reply.status(206).header('content-range', `bytes ${from}-${to}/${bytes}`)
      return reply
        .type('audio/wav')
        .header('content-length', to - from + 1)
        .header('accept-ranges', 'bytes')
        .header('etag', `"${sha256}"`)
        .header('content-disposition', `attachment; filename="${call.id}.wav"`)
        .header('repr-digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`)
        .header('x-lamppost-sha256', sha256)
        .header('cache-control', 'no-store')
        .send(createReadStream(file, { start: from, end: to }))
    },
  )
}
