/** Cameras: their state, their presets, and the engineer's (and operator's) hand on the head. */
import { Type } from 'typebox'
import type { CameraId, CameraView, PresetCheck, PresetToken, PtzVelocity } from '../glossary/camera.ts'
import type { RecorderReport } from '../glossary/clip.ts'
import { ANY_WALL, HANDLING_WALL, READERS, type Person } from '../glossary/people.ts'
import { readingRoles } from '../door/rights.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import type { PresetView } from './presets/preset-keeping.ts'
import { type App, actorOf, personOf } from '../door/door.ts'
import { CAMERA, HEALTH, ID_PARAMS, MEDIA, PRESET, PRESET_CHECK, PROBLEM, RECORDER, listOf } from '../door/shapes.ts'

export type CameraPort = {
  all(): CameraView[]
  /** @throws camera/unknown */
  get(id: string): CameraView
  /** On the camera itself, with the help points that the site file maps to each. */
  presets(id: CameraId): Promise<PresetView[]>
  /** Saves where the camera looks now, on the camera and (with a help point) in the site file. */
  savePreset(
    id: CameraId,
    preset: { token: PresetToken | null; name: string | null; helpPoint: HelpPointId | null },
    actor: string,
  ): Promise<PresetView>
  removePreset(id: CameraId, token: PresetToken, actor: string): Promise<void>
  /** @throws camera/in-hand when somebody else steers it */
  recall(id: CameraId, token: PresetToken, who: { name: string; actor: string }): Promise<void>
  /** What the camera shows now is what this preset should show. */
  teach(id: CameraId, token: PresetToken, actor: string): Promise<void>
  /** @throws preset/unknown */
  confirmPreset(id: CameraId, token: PresetToken, actor: string): Promise<void>
  reference(id: CameraId, token: PresetToken): Promise<Uint8Array>
  /** What the newest check saw. */
  checkPicture(id: CameraId, token: PresetToken): Promise<Uint8Array>
  /** Sends the camera there, compares, and sends it back. */
  check(id: CameraId, token: PresetToken): Promise<PresetCheck>
  /** @throws camera/in-hand when somebody else steers it, unless it is taken over */
  move(
    id: CameraId,
    velocity: PtzVelocity,
    timeoutMs: number,
    hand: { name: string; takeOver: boolean; actor: string },
  ): Promise<void>
  /** @throws camera/in-hand, camera/no-centring */
  centre(
    id: CameraId,
    at: { x: number; y: number },
    hand: { name: string; takeOver: boolean; actor: string },
  ): Promise<void>
  stop(id: CameraId): Promise<void>
  /** Before a picture. @throws view/no-reason */
  admit(person: Person, camera: CameraId, what: 'still'): Promise<void>
  /** What is recorded of it and what went wrong before. */
  recorder(id: CameraId): Promise<RecorderReport>
}

const HANDS = ['operator', 'engineer', 'supervisor'] as const
const strict = { additionalProperties: false }
const PRESET_PARAMS = Type.Object({
  id: Type.String({ maxLength: 100 }),
  token: Type.String({ minLength: 1, maxLength: 64 }),
})
const NEW_PRESET = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 120 }), helpPoint: Type.Optional(Type.String({ maxLength: 100 })) },
  strict,
)
const OVER_PRESET = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 120, description: 'Left out, the name stays' })),
    helpPoint: Type.Optional(Type.String({ maxLength: 100 })),
  },
  strict,
)
const SHARE = Type.Number({ minimum: -1, maximum: 1 })
const MOVE = Type.Object(
  {
    pan: Type.Optional(SHARE),
    tilt: Type.Optional(SHARE),
    zoom: Type.Optional(SHARE),
    timeoutMs: Type.Optional(
      Type.Integer({ minimum: 100, maximum: 5000, description: 'The camera stops by itself after this time' }),
    ),
    takeOver: Type.Optional(
      Type.Boolean({ description: 'Take it out of the hand of who steers it now; everybody is told' }),
    ),
  },
  strict,
)
const CENTRE = Type.Object(
  {
    x: Type.Number({ minimum: -1, maximum: 1, description: 'From the middle of the picture to its right edge' }),
    y: Type.Number({ minimum: -1, maximum: 1, description: 'From the middle to the lower edge' }),
    takeOver: Type.Optional(
      Type.Boolean({ description: 'Take it out of the hand of who steers it now; everybody is told' }),
    ),
  },
  strict,
)
const DONE = Type.Null({ description: 'Done' })

export function cameraRoutes(app: App, port: CameraPort): void {
  const seenBy = (person: Person | null, camera: CameraView): CameraView =>
    readingRoles(person).includes('engineer') ? camera : { ...camera, onvifUrl: null, detail: null }
  const idOf = (request: { params: { id: string } }): CameraId => port.get(request.params.id).id
  const answers = { '4xx': PROBLEM, '5xx': PROBLEM }
  const admitted = async (request: { person: Person | null; params: { id: string } }): Promise<void> =>
    port.admit(personOf(request), idOf(request), 'still')

  app.get(
    '/api/v1/cameras',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'All cameras: state, health, who holds each',
        tags: ['cameras'],
        response: { 200: listOf(CAMERA) },
      },
    },
    (request) => ({
      items: port.all().map((camera) => seenBy(request.person, camera)),
      next: null,
    }),
  )
  app.get(
    '/api/v1/cameras/:id',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: { summary: 'One camera', tags: ['cameras'], params: ID_PARAMS, response: { 200: CAMERA, ...answers } },
    },
    (request) => seenBy(request.person, port.get(request.params.id)),
  )
  app.get(
    '/api/v1/cameras/:id/health',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: { summary: 'Its health', tags: ['cameras'], params: ID_PARAMS, response: { 200: HEALTH, ...answers } },
    },
    (request) => port.get(request.params.id).health,
  )

  app.get(
    '/api/v1/cameras/:id/recorder',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'What is recorded of it, and ffmpeg’s last words',
        tags: ['cameras'],
        params: ID_PARAMS,
        response: { 200: RECORDER, ...answers },
      },
    },
    (request) => port.recorder(idOf(request)),
  )

  app.get(
    '/api/v1/cameras/:id/presets',
    {
      config: { roles: HANDS, scopes: HANDLING_WALL },
      schema: {
        summary: 'The presets on the camera',
        tags: ['presets'],
        params: ID_PARAMS,
        response: { 200: listOf(PRESET), ...answers },
      },
    },
    async (request) => ({ items: await port.presets(idOf(request)), next: null }),
  )
  app.post(
    '/api/v1/cameras/:id/presets',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Save where the camera looks now as a new preset',
        tags: ['presets'],
        params: ID_PARAMS,
        body: NEW_PRESET,
        response: { 201: PRESET, ...answers },
      },
    },
    async (request, reply) => {
      const { name, helpPoint } = request.body
      return reply
        .status(201)
        .send(
          await port.savePreset(
            idOf(request),
            { token: null, name, helpPoint: (helpPoint ?? null) as HelpPointId | null },
            actorOf(request),
          ),
        )
    },
  )
  app.put(
    '/api/v1/cameras/:id/presets/:token',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Save where the camera looks now over this preset',
        tags: ['presets'],
        params: PRESET_PARAMS,
        body: OVER_PRESET,
        response: { 200: PRESET, ...answers },
      },
    },
    async (request) => {
      const { name, helpPoint } = request.body
      return port.savePreset(
        idOf(request),
        {
          token: request.params.token as PresetToken,
          name: name ?? null,
          helpPoint: (helpPoint ?? null) as HelpPointId | null,
        },
        actorOf(request),
      )
    },
  )
  app.delete(
    '/api/v1/cameras/:id/presets/:token',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Remove it, on the camera and in the site file',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      await port.removePreset(idOf(request), request.params.token as PresetToken, actorOf(request))
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/cameras/:id/presets/:token/recall',
    {
      config: { roles: HANDS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Send the camera to it',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      await port.recall(idOf(request), request.params.token as PresetToken, {
        name: request.person?.name ?? '',
        actor: actorOf(request),
      })
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/v1/cameras/:id/presets/:token/reference',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'What the camera shows now is what this preset should show; it must stand there',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      await port.teach(idOf(request), request.params.token as PresetToken, actorOf(request))
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/cameras/:id/presets/:token/confirmation',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'The camera has another name or place for it than before, and that is right',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      await port.confirmPreset(idOf(request), request.params.token as PresetToken, actorOf(request))
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/cameras/:id/presets/:token/check',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Send the camera there, compare its picture with the reference, and send it back',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 200: PRESET_CHECK, ...answers },
      },
    },
    (request) => port.check(idOf(request), request.params.token as PresetToken),
  )
  app.get(
    '/api/v1/cameras/:id/presets/:token/reference.jpg',
    {
      config: { roles: HANDS },
      schema: {
        summary: 'The newest picture that this preset was taught',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 200: MEDIA, ...answers },
      },
    },
    async (request, reply) => {
      await admitted(request)
      const picture = await port.reference(idOf(request), request.params.token as PresetToken)
      return reply.type('image/jpeg').header('cache-control', 'no-store').send(Buffer.from(picture))
    },
  )

  app.get(
    '/api/v1/cameras/:id/presets/:token/check.jpg',
    {
      config: { roles: HANDS },
      schema: {
        summary: 'What the newest check of it saw',
        tags: ['presets'],
        params: PRESET_PARAMS,
        response: { 200: MEDIA, ...answers },
      },
    },
    async (request, reply) => {
      await admitted(request)
      const picture = await port.checkPicture(idOf(request), request.params.token as PresetToken)
      return reply.type('image/jpeg').header('cache-control', 'no-store').send(Buffer.from(picture))
    },
  )

  app.post(
    '/api/v1/cameras/:id/move',
    {
      config: { roles: HANDS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Move while held; it stops by itself after timeoutMs',
        tags: ['cameras'],
        params: ID_PARAMS,
        body: MOVE,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      const { pan = 0, tilt = 0, zoom = 0, timeoutMs = 1000, takeOver = false } = request.body
      if (pan === 0 && tilt === 0 && zoom === 0)
        throw new Failure('request/invalid', 'A move needs pan, tilt or zoom; use stop to stand still.')
      await port.move(idOf(request), { pan, tilt, zoom }, timeoutMs, {
        name: request.person?.name ?? '',
        takeOver,
        actor: actorOf(request),
      })
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/cameras/:id/centre',
    {
      config: { roles: HANDS, scopes: HANDLING_WALL },
      schema: {
        summary: 'Turn to a place in its picture. 409 for a camera that cannot be told so',
        tags: ['cameras'],
        params: ID_PARAMS,
        body: CENTRE,
        response: { 204: DONE, ...answers },
      },
    },
    async (request, reply) => {
      const { x, y, takeOver = false } = request.body
      const hand = { name: request.person?.name ?? '', takeOver, actor: actorOf(request) }
      await port.centre(idOf(request), { x, y }, hand)
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/cameras/:id/stop',
    {
      config: { roles: HANDS, scopes: HANDLING_WALL },
      schema: { summary: 'Stand still', tags: ['cameras'], params: ID_PARAMS, response: { 204: DONE, ...answers } },
    },
    async (request, reply) => {
      await port.stop(idOf(request))
      return reply.status(204).send(null)
    },
  )
}
