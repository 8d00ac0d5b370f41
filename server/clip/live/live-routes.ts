/** Low-Latency HLS of a camera, and its newest still picture. */
import type { FastifyContextConfig, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { CameraId } from '../../glossary/camera.ts'
import type { PictureForm } from '../../glossary/clip.ts'
import { ANY_WALL, READERS, type Person } from '../../glossary/people.ts'
import { Failure } from '../../tools/failure.ts'
import { type App, personOf } from '../../door/door.ts'
import { ID_PARAMS, MEDIA, PROBLEM } from '../../door/shapes.ts'

export type LivePort = {
  /** Before each picture. @throws view/no-reason */
  admit(person: Person, camera: CameraId, what: 'live' | 'still'): Promise<void>
  /** @throws camera/unknown */
  knows(camera: string): CameraId
  livePlaylist(
    camera: CameraId,
    form: PictureForm,
    query: { msn: number | null; part: number | null; skip: boolean; plain: boolean },
  ): Promise<string>
  livePart(camera: CameraId, form: PictureForm, number: number, index: number): Promise<Uint8Array | null>
  liveSegment(camera: CameraId, form: PictureForm, number: number): Promise<Uint8Array | null>
  liveInit(camera: CameraId, form: PictureForm, run: number): Promise<Uint8Array | null>
  still(camera: CameraId): Promise<{ picture: Uint8Array; at: number }>
}

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
export const MEDIA_FILE = Type.Object({
  id: Type.String(),
  file: Type.String({ pattern: '^[0-9]{1,15}(\\.[0-9]{1,6})?\\.(m4s|mp4)$' }),
})

/** "12.3.m4s" is segment 12, part 3. */
export const numbersIn = (file: string): [number, number] => {
  const [number, index] = file.split('.')
  return [Number(number), Number(index)]
}
export function bytesOrNone(bytes: Uint8Array | null, what: string): Buffer {
  if (!bytes) throw new Failure('clip/none', `${what} is not in the clip buffer (any more).`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
/** @throws request/invalid: RFC 8216bis 6.2.5.2 wants 400 for what is no number. */
function numberOf(value: string | undefined, name: string): number | null {
  if (value === undefined) return null
  if (!/^\d{1,15}$/.test(value)) throw new Failure('request/invalid', `${name} must be a whole number.`)
  return Number(value)
}

/** Where each form of a camera's picture is; the playlists name everything else relative to themselves. */
const PLACES: Record<PictureForm, { path: string; summary: string }> = {
  copy: { path: '/api/v1/cameras/:id/live', summary: 'Low-Latency HLS; blocks for `_HLS_msn` and `_HLS_part`' },
  h264: {
    path: '/api/v1/cameras/:id/live/h264',
    summary:
      'The same as H.264, for players that cannot show what the camera sends: its own sub-stream, else converted while somebody watches',
  },
}

type Asked = { person: Person | null; params: { id: string } }
/** Where a camera's picture is served, and who is let in there. */
export type PicturePlace = {
  /** It has `:id`, the camera. */
  path: string
  form: PictureForm
  config: FastifyContextConfig
  params: typeof ID_PARAMS
  /** For the API document; null: it is not in there. */
  summary: string | null
  /** Asked once more when the picture is here: it may have been waited for. */
  again?: boolean
  /** Whoever asks was let in by the door; now to this camera, too. @throws camera/unknown, view/no-reason */
  admitted(request: Asked & FastifyRequest, what: 'live' | 'still'): Promise<CameraId>
}
type PicturePort = Omit<LivePort, 'admit' | 'knows'>

/** What a route sends of a camera, to who may still have it when it is here. */
async function shownOf<Found>(
  { admitted, again = false }: PicturePlace,
  request: Asked & FastifyRequest,
  what: 'live' | 'still',
  find: (camera: CameraId) => Promise<Found>,
): Promise<Found> {
  const found = await find(await admitted(request, what))
  if (again) await admitted(request, what)
  return found
}

/** A live picture as Low-Latency HLS. */
export function livePicture(app: App, port: PicturePort, place: PicturePlace): void {
  const { path, form, config, params, summary } = place
  const hide = { hide: true }
  app.get(
    `${path}/index.m3u8`,
    {
      config,
      schema: {
        ...(summary === null ? hide : { summary, tags: ['live'] }),
        params,
        querystring: Type.Object({
          _HLS_msn: Type.Optional(Type.String()),
          _HLS_part: Type.Optional(Type.String()),
          _HLS_skip: Type.Optional(Type.String()),
          plain: Type.Optional(
            Type.Literal('YES', { description: 'Whole segments only: for small views, one connection each' }),
          ),
        }),
        response: { 200: MEDIA, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const { query } = request
      const msn = numberOf(query._HLS_msn, '_HLS_msn')
      const part = numberOf(query._HLS_part, '_HLS_part')
      if (part !== null && msn === null) throw new Failure('request/invalid', '_HLS_part needs _HLS_msn.')
      const skip = query._HLS_skip === 'YES' || query._HLS_skip === 'v2'
      const asked = { msn, part, skip, plain: query.plain === 'YES' }
      const list = await shownOf(place, request, 'live', (camera) => port.livePlaylist(camera, form, asked))
      return reply.type(PLAYLIST_TYPE).header('cache-control', 'no-store').send(list)
    },
  )
  const files = Type.Object({ ...params.properties, ...MEDIA_FILE.properties })
  // Nothing is kept by a browser: what is converted anew, or begins anew after a death, counts from nought again.
  const file = (
    what: 'init' | 'segment' | 'part',
    type: string,
    bytes: (camera: CameraId, number: number, index: number) => Promise<Uint8Array | null>,
  ): void => {
    app.get(`${path}/${what}/:file`, { config, schema: { ...hide, params: files } }, async (request, reply) => {
      const { file: name } = request.params
      const [number, index] = numbersIn(name)
      const found = await shownOf(place, request, 'live', (camera) => bytes(camera, number, index))
      return reply
        .type(type)
        .header('cache-control', 'no-store')
        .send(bytesOrNone(found, `${what} ${name}`))
    })
  }
  file('init', 'video/mp4', (camera, run) => port.liveInit(camera, form, run))
  file('segment', 'video/iso.segment', (camera, number) => port.liveSegment(camera, form, number))
  file('part', 'video/iso.segment', (camera, number, index) => port.livePart(camera, form, number, index))
}

/** The newest still picture, with its masks. */
export function stillPicture(app: App, port: PicturePort, place: PicturePlace): void {
  const { path, config, params, summary } = place
  app.get(
    `${path}/snapshot.jpg`,
    {
      config,
      schema: {
        ...(summary === null ? { hide: true } : { summary, tags: ['live'] }),
        params,
        response: { 200: MEDIA, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const { picture, at } = await shownOf(place, request, 'still', port.still)
      return reply
        .type('image/jpeg')
        .header('cache-control', 'no-store')
        .header('last-modified', new Date(at).toUTCString())
        .send(bytesOrNone(picture, 'The picture'))
    },
  )
}

export function liveRoutes(app: App, port: LivePort): void {
  const config = { roles: READERS, scopes: ANY_WALL }
  async function admitted(request: Asked, what: 'live' | 'still'): Promise<CameraId> {
    const camera = port.knows(request.params.id)
    await port.admit(personOf(request), camera, what)
    return camera
  }
  const ours = { config, params: ID_PARAMS, admitted }
  for (const form of ['copy', 'h264'] as const) livePicture(app, port, { ...ours, form, ...PLACES[form] })
  stillPicture(app, port, {
    ...ours,
    form: 'copy',
    path: '/api/v1/cameras/:id',
    summary: 'The newest still picture',
  })
}
