/**
 * What is served to somebody outside the room: all of it below /r/, so that a proxy need pass on nothing else. The link
 * alone shows nothing; its page sends the token that stands behind the # of its address, and has a session of its tab.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../door/door.ts'
import { MEDIA, PROBLEM } from '../door/shapes.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident } from '../glossary/incident.ts'
import { RESPONDER_ANSWERS } from '../glossary/responder.ts'
import { Failure } from '../tools/failure.ts'
import { isoTime } from '../tools/clock.ts'
import type { LentIncident } from './lent-view.ts'
import { lentPage } from './lent-page.ts'
import type { LentStream } from './lent-streams.ts'
import type { ResponderDesk, Visit } from './responder-desk.ts'

export type LentPort = Pick<
  ResponderDesk,
  'fetched' | 'enter' | 'visit' | 'lasts' | 'look' | 'answer' | 'incidentOf'
> & {
  view(visit: Visit, incident: Incident): LentIncident
  /** A page is open, and hears what changes. @returns the undo */
  listen(visit: Visit, stream: LentStream): () => void
  now(): number
  /** Live and still pictures at a place of ours. */
  picturesAt(
    app: App,
    place: {
      path: string
      form: 'h264'
      config: { open: string }
      params: typeof PICTURE_PARAMS
      summary: null
      again: boolean
      admitted(request: FastifyRequest & { params: { id: string } }, what: 'live' | 'still'): Promise<CameraId>
    },
  ): void
}

const OPEN = { open: 'for who has a responder’s link and, but for its page, its token' }
const LINK = { link: Type.String({ pattern: '^[a-z0-9-]{1,60}$' }) }
const PARAMS = Type.Object(LINK)
const PICTURE_PARAMS = Type.Object({ ...LINK, id: Type.String({ maxLength: 200 }) })
const strict = { additionalProperties: false }
const hide = { hide: true }
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
  "trusted-types lit-html 'allow-duplicates'"

/** Nothing of it is kept, found by a search, framed, or told to another site. */
const quiet = (reply: FastifyReply): FastifyReply =>
  reply
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('x-robots-tag', 'noindex, nofollow')
    .header('content-security-policy', POLICY)

/** The door serves the built pages from their folder; without one there is no page to send. */
const isBuilt = (reply: FastifyReply): boolean => 'sendFile' in reply

export function lentRoutes(app: App, port: LentPort): void {
  type Asked = FastifyRequest & { params: { link: string } }
  /** @throws responder/unknown, responder/over, people/unauthenticated */
  function visitOf(request: FastifyRequest): Visit {
    const given = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const visit = port.visit((request as Asked).params.link, given)
    request.onlyWhile(() => port.lasts(visit))
    return visit
  }

  app.get(
    '/r/:link',
    { config: OPEN, exposeHeadRoute: false, schema: { ...hide, params: PARAMS } },
    (request, reply) => {
      const html = /\btext\/html\b/.test(request.headers.accept ?? '')
      try {
        port.fetched(request.params.link)
      } catch (error) {
        if (!(error instanceof Failure) || !html) throw error
        const status = error.code === 'responder/over' ? 410 : 404
        return quiet(reply).status(status).type('text/html; charset=utf-8').send(lentPage(error.message))
      }
      if (!isBuilt(reply))
        return quiet(reply)
          .status(503)
          .type('text/html; charset=utf-8')
          .send(lentPage('This page is not available now.'))
      return quiet(reply).sendFile('responder.html')
    },
  )
  for (const name of ['responder-page.js', 'responder-page.css'])
    app.get(`/r/page/${name}`, { config: OPEN, schema: { ...hide, response: { 200: MEDIA } } }, (_, reply) =>
      quiet(reply).sendFile(name),
    )
  app.post(
    '/r/:link/session',
    {
      config: OPEN,
      schema: {
        ...hide,
        params: PARAMS,
        body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) }, strict),
      },
    },
    async (request, reply) => {
      const entered = await port.enter(request.params.link, request.body.token, request.ip)
      return quiet(reply).status(201).send(entered)
    },
  )
  app.get(
    '/r/:link/incident',
    { config: OPEN, exposeHeadRoute: false, schema: { ...hide, params: PARAMS } },
    async (request, reply) => {
      const visit = visitOf(request)
      const view = port.view(visit, await port.incidentOf(visit))
      return quiet(reply).send({ ...view, now: isoTime(port.now()) })
    },
  )
  app.post(
    '/r/:link/answers',
    {
      config: OPEN,
      schema: {
        ...hide,
        params: PARAMS,
        body: Type.Object(
          { answer: Type.Enum(RESPONDER_ANSWERS), words: Type.Optional(Type.String({ maxLength: 400 })) },
          strict,
        ),
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      await port.answer(visitOf(request), { answer: request.body.answer, words: request.body.words ?? '' })
      return quiet(reply).status(204).send()
    },
  )
  app.get(
    '/r/:link/events',
    { config: OPEN, exposeHeadRoute: false, schema: { ...hide, params: PARAMS } },
    (request, reply) => {
      const visit = visitOf(request)
      quiet(reply)
      reply.hijack()
      const { raw } = reply
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value)
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      const undo = port.listen(visit, {
        say: (event) => void raw.write(`event: ${event}\ndata: {}\n\n`),
        alive: () => void raw.write(': here\n\n'),
        end: () => void raw.end(),
      })
      raw.once('close', undo)
    },
  )
  port.picturesAt(app, {
    path: '/r/:link/cameras/:id',
    form: 'h264',
    config: OPEN,
    params: PICTURE_PARAMS,
    summary: null,
    /** The camera may have been sent elsewhere while its next picture was waited for. */ again: true,
    admitted: (request, what) => port.look(visitOf(request), request.params.id, what),
  })
}
