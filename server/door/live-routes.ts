/** Low-Latency HLS of a camera, and its newest still picture. */
import { Type } from 'typebox'
import type { CameraId } from '../glossary/camera.ts'
import { Failure } from '../tools/failure.ts'
import type { App } from './door.ts'
import { ID_PARAMS, MEDIA, PROBLEM } from './shapes.ts'

export type LivePort = {
  /** @throws camera/unknown */
  knows(camera: string): CameraId
  livePlaylist(camera: CameraId, query: { msn: number | null; part: number | null; skip: boolean; plain: boolean }): Promise<string>
  livePart(camera: CameraId, number: number, index: number): Promise<Uint8Array | null>
  segment(camera: CameraId, number: number): Promise<Uint8Array | null>
  init(camera: CameraId, run: number): Promise<Uint8Array | null>
  still(camera: CameraId): Promise<{ picture: Uint8Array; at: number }>
}

export const VIEWERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
export const MEDIA_FILE = Type.Object({ id: Type.String(), file: Type.String({ pattern: '^[0-9]{1,15}(\\.[0-9]{1,6})?\\.(m4s|mp4)$' }) })

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

export function liveRoutes(app: App, port: LivePort): void {
  const config = { roles: VIEWERS }
  const hide = { hide: true }

  app.get(
    '/api/v1/cameras/:id/live/index.m3u8',
    {
      config,
      schema: {
        summary: 'Low-Latency HLS; blocks for `_HLS_msn` and `_HLS_part`',
        tags: ['live'],
        params: ID_PARAMS,
        querystring: Type.Object({ _HLS_msn: Type.Optional(Type.String()), _HLS_part: Type.Optional(Type.String()), _HLS_skip: Type.Optional(Type.String()), plain: Type.Optional(Type.Literal('YES', { description: 'Whole segments only: for small views, one connection each' })) }),
        response: { 200: MEDIA, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const camera = port.knows(request.params.id)
      const msn = numberOf(request.query._HLS_msn, '_HLS_msn')
      const part = numberOf(request.query._HLS_part, '_HLS_part')
      if (part !== null && msn === null) throw new Failure('request/invalid', '_HLS_part needs _HLS_msn.')
      const skip = request.query._HLS_skip === 'YES' || request.query._HLS_skip === 'v2'
      return reply.type(PLAYLIST_TYPE).header('cache-control', 'no-store').send(await port.livePlaylist(camera, { msn, part, skip, plain: request.query.plain === 'YES' }))
    },
  )
  app.get('/api/v1/cameras/:id/live/init/:file', { config, schema: { ...hide, params: MEDIA_FILE } }, async (request, reply) => {
    const [run] = numbersIn(request.params.file)
    return reply.type('video/mp4').header('cache-control', 'private, max-age=3600').send(bytesOrNone(await port.init(port.knows(request.params.id), run), `Run ${run}`))
  })
  app.get('/api/v1/cameras/:id/live/segment/:file', { config, schema: { ...hide, params: MEDIA_FILE } }, async (request, reply) => {
    const [number] = numbersIn(request.params.file)
    return reply.type('video/iso.segment').header('cache-control', 'private, max-age=60').send(bytesOrNone(await port.segment(port.knows(request.params.id), number), `Segment ${number}`))
  })
  app.get('/api/v1/cameras/:id/live/part/:file', { config, schema: { ...hide, params: MEDIA_FILE } }, async (request, reply) => {
    const [number, index] = numbersIn(request.params.file)
    return reply.type('video/iso.segment').header('cache-control', 'no-store').send(bytesOrNone(await port.livePart(port.knows(request.params.id), number, index), `Part ${number}.${index}`))
  })
  app.get('/api/v1/cameras/:id/snapshot.jpg', { config, schema: { summary: 'The newest still picture', tags: ['live'], params: ID_PARAMS, response: { 200: MEDIA, '4xx': PROBLEM, 503: PROBLEM } } }, async (request, reply) => {
    const { picture, at } = await port.still(port.knows(request.params.id))
    return reply.type('image/jpeg').header('cache-control', 'no-store').header('last-modified', new Date(at).toUTCString()).send(bytesOrNone(picture, 'The picture'))
  })
}
