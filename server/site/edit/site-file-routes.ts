/** The engineer's editor over HTTP: the site file with its version, one thing of it, and the way back. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type App, actorOf } from '../../door/door.ts'
import { PROBLEM } from '../../door/shapes.ts'
import { Failure } from '../../tools/failure.ts'
import type { Edit, Seen, SiteEditor } from './site-editor.ts'
import { THINGS, type Thing } from './site-things.ts'

const strict = { additionalProperties: false }
const ENGINEER = { roles: ['engineer'] as const }
const EDIT = Type.Object({
  version: Type.String(),
  following: Type.Boolean({ description: 'The running town has taken it over' }),
  why: Type.Union([Type.String(), Type.Null()], { description: 'Why it has not, after five seconds' }),
})
const THING = Type.Object({
  thing: Type.Enum(Object.keys(THINGS) as Thing[]),
  id: Type.String({ minLength: 1, maxLength: 63 }),
})
/** A million letters, as JSON may write them. */
const MOST_BYTES = 6_500_000
/** Of the one that made it: a body says everything but the id. */
const BODY = Type.Object({}, { additionalProperties: true, description: 'As the site file has it, without its id' })
const answers = { '4xx': PROBLEM }

const ETAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g
/** The versions that the engineer has seen, of If-Match (RFC 9110 13.1.1); null: it is not there, or any. */
function seenOf(request: FastifyRequest): Seen {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return null
  // A weak tag never says that every letter is the same.
  return [...header.matchAll(ETAG)].flatMap(([, weak, tag = '']) => (weak ? [] : [tag]))
}
/** @throws site/no-version */
function mustHaveSeen(request: FastifyRequest): Seen {
  const seen = seenOf(request)
  if (seen === null)
    throw new Failure(
      'site/no-version',
      'Say which version you have changed: If-Match with the ETag of GET /api/v1/site-file.',
    )
  return seen
}
/** The version of now goes along with what says that it is another. */
async function heeding(reply: FastifyReply, act: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Failure && error.code === 'site/changed') tagged(reply, String(error.extra['version']))
    throw error
  }
}
const tagged = (reply: FastifyReply, version: string): FastifyReply => reply.header('etag', `"${version}"`)
const answered = (reply: FastifyReply, { version, following, why }: Edit, status: 200 | 201) =>
  tagged(reply, version).code(status).send({ version, following, why })

export function siteFileRoutes(app: App, editor: SiteEditor): void {
  app.get(
    '/api/v1/site-file',
    {
      config: ENGINEER,
      schema: {
        summary: 'The site file as it is on the disk, with its version as ETag; secrets stand in it by reference only',
        tags: ['site'],
        response: {
          200: Type.Object({
            text: Type.String(),
            version: Type.String(),
            writable: Type.Boolean({ description: 'The server may write the file and its folder' }),
            undo: Type.Boolean({ description: 'There is an edit to take back' }),
            undoes: Type.Union([Type.String(), Type.Null()], { description: 'What that edit changed' }),
            problem: Type.Union([Type.String(), Type.Null()], {
              description: 'Why the town does not follow the file as it is now',
            }),
          }),
          304: Type.Null(),
          ...answers,
        },
      },
    },
    async (request, reply) => {
      const file = await editor.read()
      const known = [...(request.headers['if-none-match'] ?? '').matchAll(ETAG)].map(([, , tag]) => tag)
      if (known.includes(file.version)) return tagged(reply, file.version).code(304).send(null)
      return tagged(reply, file.version).send(file)
    },
  )
  app.put(
    '/api/v1/site-file',
    {
      config: { ...ENGINEER, confirmed: true },
      bodyLimit: MOST_BYTES,
      schema: {
        summary:
          'Replace the file. If-Match is needed (428); 412 with the text and version of now when somebody was quicker, ' +
          '422 with problems: [{ line, key, problem }]',
        tags: ['site'],
        body: Type.Object({ text: Type.String({ maxLength: 1_000_000 }) }, strict),
        response: { 200: EDIT, ...answers },
      },
    },
    async (request, reply) =>
      heeding(reply, async () =>
        answered(reply, await editor.replace(request.body.text, mustHaveSeen(request), actorOf(request)), 200),
      ),
  )
  app.post(
    '/api/v1/site-file/undo',
    {
      config: { ...ENGINEER, confirmed: true },
      schema: {
        summary: 'Take the newest edit back, once; 409 when there is none, or the file was changed by hand since',
        tags: ['site'],
        response: { 200: EDIT, ...answers },
      },
    },
    async (request, reply) =>
      heeding(reply, async () => answered(reply, await editor.undo(seenOf(request), actorOf(request)), 200)),
  )
  app.put(
    '/api/v1/site-file/:thing/:id',
    {
      config: ENGINEER,
      schema: {
        summary:
          'Put one camera, help point, contact or safe place; everything else in the file stays as it was written. ' +
          'If-Match is heeded where it is there',
        tags: ['site'],
        params: THING,
        body: BODY,
        response: { 200: EDIT, 201: EDIT, ...answers },
      },
    },
    async (request, reply) => {
      const { thing, id } = request.params
      const { id: named = id, ...value } = request.body as Record<string, unknown>
      if (named !== id) {
        const problem = `the address says "${id}", and the body ${JSON.stringify(named)}: leave it out of the body`
        throw new Failure('site/invalid', `id: ${problem}`, { extra: { problems: [{ line: 1, key: 'id', problem }] } })
      }
      return heeding(reply, async () => {
        const edit = await editor.put(thing, id, value, seenOf(request), actorOf(request))
        return answered(reply, edit, edit.isNew ? 201 : 200)
      })
    },
  )
  app.delete(
    '/api/v1/site-file/:thing/:id',
    {
      config: ENGINEER,
      schema: {
        summary:
          'Delete one of them. 422 with the line of each reference while others name it; references=remove takes those away ' +
          'in the same edit. 200 instead of 204 when the town does not follow yet',
        tags: ['site'],
        params: THING,
        querystring: Type.Object({ references: Type.Optional(Type.Enum(['remove'])) }, strict),
        response: { 200: EDIT, 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      const { thing, id } = request.params
      const removes = request.query.references === 'remove'
      return heeding(reply, async () => {
        const edit = await editor.remove(thing, id, removes, seenOf(request), actorOf(request))
        if (!edit.following) return answered(reply, edit, 200)
        return tagged(reply, edit.version).code(204).send(null)
      })
    },
  )
}
