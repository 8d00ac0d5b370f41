/** Snapshots of an incident over HTTP: taking one, which there are, and the picture. */
import { Type } from 'typebox'
import { type App, actorOf, personOf } from '../door/door.ts'
import { ID_PARAMS, MEDIA, PROBLEM, SNAPSHOT, listOf } from '../door/shapes.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import { ANY_WALL, HANDLERS, HANDLING_WALL, type Person } from '../glossary/people.ts'
import type { createSnapshotDesk } from './snapshot-desk.ts'

export type SnapshotPort = Pick<ReturnType<typeof createSnapshotDesk>, 'list' | 'take' | 'picture'> & {
  /** @throws camera/unknown */
  knows(camera: string): CameraId
  /** Whether that person may see that camera now. @throws view/no-reason */
  admit(person: Person, camera: CameraId, what: 'still'): Promise<void>
  /** Somebody sees something that an incident holds. */
  played(person: Person, camera: CameraId, incident: IncidentId): void
}

/** What an incident holds is for who handles it and who keeps it. */
const HOLDERS = [...HANDLERS, 'evidence'] as const

export function snapshotRoutes(app: App, port: SnapshotPort): void {
  app.get(
    '/api/v1/incidents/:id/snapshots',
    {
      config: { roles: HOLDERS, scopes: ANY_WALL },
      schema: {
        summary: 'The still pictures that operators have kept with it, oldest first',
        tags: ['incidents'],
        params: ID_PARAMS,
        response: { 200: listOf(SNAPSHOT), '4xx': PROBLEM },
      },
    },
    async (request) => ({ items: [...(await port.list(request.params.id))], next: null }),
  )
  app.post(
    '/api/v1/incidents/:id/snapshots',
    {
      config: { roles: HANDLERS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Keep the newest picture of a camera with the incident, with its masks, its time and its hash',
        tags: ['incidents'],
        params: ID_PARAMS,
        body: Type.Object({ camera: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false }),
        response: { 201: SNAPSHOT, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const camera = port.knows(request.body.camera)
      const person = personOf(request)
      await port.admit(person, camera, 'still')
      return reply.code(201).send(await port.take(request.params.id, camera, person.name, actorOf(request)))
    },
  )
  app.get(
    '/api/v1/incidents/:id/snapshots/:file',
    {
      config: { roles: HOLDERS, scopes: ANY_WALL },
      schema: {
        summary: 'One of them, a JPEG; `file` is its id and .jpg. 409 when the file is not what was kept',
        tags: ['incidents'],
        params: Type.Object({
          id: Type.String({ maxLength: 200 }),
          file: Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}\\.jpg$' }),
        }),
        response: { 200: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { id, file } = request.params
      const { snapshot, picture } = await port.picture(id, file.slice(0, -'.jpg'.length))
      port.played(personOf(request), snapshot.camera, snapshot.incident)
      return reply
        .type('image/jpeg')
        .header('cache-control', 'private, no-store')
        .header('last-modified', new Date(snapshot.at).toUTCString())
        .header('x-lamppost-sha256', snapshot.sha256)
        .send(picture)
    },
  )
}
