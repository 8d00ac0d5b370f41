/** Whether each VMS hears, which of its cameras is which, and a dry run. */
import { Type } from 'typebox'
import { type App, actorOf } from '../door/door.ts'
import { CAMERA_MATCH, CONNECTOR, CONNECTOR_TRIAL, PROBLEM, listOf } from '../door/shapes.ts'
import { ANY_WALL, READERS } from '../glossary/people.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import type { ConnectorRegistry } from './connector-registry.ts'

const ID = Type.Object({ id: Type.String({ maxLength: 100 }) })

export type ConnectorPort = Pick<ConnectorRegistry, 'state' | 'cameras' | 'test'> & {
  /** @throws connector/unknown, camera/unknown, site/invalid */
  say(connector: string, camera: string, theirs: string | null): Promise<void>
}

export function connectorRoutes(app: App, { state, cameras, test, say }: ConnectorPort): void {
  app.get(
    '/api/v1/connectors',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'Each VMS that is told of incidents: whether it hears, and what it has not been told yet',
        tags: ['connectors'],
        response: { 200: listOf(CONNECTOR) },
      },
    },
    () => ({ items: state(), next: null }),
  )
  app.get(
    '/api/v1/connectors/:id/cameras',
    {
      config: { roles: ['engineer', 'supervisor'] },
      schema: {
        summary: 'Which camera of the VMS is which of ours, and why; asked of the VMS now',
        tags: ['connectors'],
        params: ID,
        response: { 200: listOf(CAMERA_MATCH), 404: PROBLEM, 502: PROBLEM },
      },
    },
    async (request) => {
      const items = await cameras(request.params.id).catch((error: unknown) => {
        if (error instanceof Failure) throw error
        throw new Failure('connector/unreachable', `The VMS cannot be asked for its cameras: ${messageOf(error)}.`)
      })
      return { items, next: null }
    },
  )
  app.put(
    '/api/v1/connectors/:id/cameras/:camera',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Say in the site file which camera of the VMS one of ours is; null: matched by its address again',
        tags: ['connectors'],
        params: Type.Object({ id: Type.String({ maxLength: 100 }), camera: Type.String({ maxLength: 100 }) }),
        body: Type.Object(
          { theirs: Type.Union([Type.String({ minLength: 1, maxLength: 100 }), Type.Null()]) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), 404: PROBLEM, 422: PROBLEM },
      },
    },
    async (request, reply) => {
      await say(request.params.id, request.params.camera, request.body.theirs)
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/connectors/:id/test',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'A dry run: each right, each camera, and with `press` a DRILL alarm that is taken away again',
        description: 'With `press` a session must be confirmed; a token confirms itself.',
        tags: ['connectors'],
        params: ID,
        body: Type.Optional(
          Type.Union([
            Type.Object({ press: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
            Type.Null(),
          ]),
        ),
        response: { 200: CONNECTOR_TRIAL, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM },
      },
    },
    async (request) => {
      const press = request.body?.press ?? false
      if (press) request.mustBeConfirmed()
      return test(request.params.id, press, actorOf(request))
    },
  )
}
