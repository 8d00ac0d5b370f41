/** Held clips: to play, and as an MP4 for the evidence officer. */
import { createReadStream } from 'node:fs'
import { Type } from 'typebox'
import type { CameraId } from '../glossary/camera.ts'
import type { Clip, PictureForm, Range } from '../glossary/clip.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import { ANY_WALL, HANDLERS, type Person } from '../glossary/people.ts'
import { isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { type App, actorOf, personOf } from '../door/door.ts'
import { PLAYLIST_TYPE, bytesOrNone, numbersIn } from './live/live-routes.ts'
import { CLIP_PARAMS, MEDIA, PROBLEM } from '../door/shapes.ts'

export type Cut = {
  file: string
  bytes: number
  sha256: string
  from: number
  to: number
  gaps: { from: number; to: number }[]
  done(): Promise<void>
}
export type ClipPort = {
  incident(id: string): Promise<Incident>
  playlist(clip: Clip, pressedAt: string): Promise<string>
  /** The numbers of the segments the clip holds. */
  numbers(clip: Clip): Promise<Set<number>>
  segment(camera: CameraId, number: number): Promise<Uint8Array | null>
  init(camera: CameraId, run: number): Promise<Uint8Array | null>
  /** As H.264; null when the clip does not hold it. @param unmasked without its masks @throws clip/unreadable */
  convertedSegment(clip: Clip, number: number, unmasked: boolean): Promise<Uint8Array | null>
  convertedInit(clip: Clip, run: number, unmasked: boolean): Promise<Uint8Array | null>
  /** A JPEG of about that moment; null when nothing was recorded then. */
  thumbnail(camera: CameraId, at: number, width: number): Promise<Uint8Array | null>
  cut(camera: CameraId, range: Range): Promise<Cut>
  now(): number
  /** Somebody sees something of it. */
  played(person: Person, camera: CameraId, incident: IncidentId): void
  /** Whether it has privacy masks. */
  isMasked(camera: CameraId): boolean
  /** Somebody sees something of it without its masks. @throws view/no-reason, ledger/unavailable */
  unmasked(person: Person, camera: CameraId, incident: IncidentId): Promise<void>
  onDownload(download: {
    incident: Incident
    camera: CameraId
    from: string
    to: string
    bytes: number
    sha256: string
    actor: string
  }): Promise<void>
}

/** Where each form of a clip is; the playlists name everything else relative to themselves. */
const PLACES: { path: string; form: PictureForm; unmasked: boolean; summary: string }[] = [
  {
    path: '/api/v1/incidents/:id/clips/:camera',
    form: 'copy',
    unmasked: false,
    summary:
      'The held clip as HLS: EVENT while it grows, VOD when closed; it starts at the press. Of a camera with privacy ' +
      'masks as H.264, with them and without its sound',
  },
  {
    path: '/api/v1/incidents/:id/clips/:camera/h264',
    form: 'h264',
    unmasked: false,
    summary:
      'The same as H.264, without its sound, for players that cannot show what was recorded: each segment is converted when it is wanted',
  },
  {
    path: '/api/v1/incidents/:id/clips/:camera/unmasked',
    form: 'copy',
    unmasked: true,
    summary: 'The same without privacy masks, once a reason was given (POST /views); each look is an entry',
  },
  {
    path: '/api/v1/incidents/:id/clips/:camera/unmasked/h264',
    form: 'h264',
    unmasked: true,
    summary: 'That as H.264, without its sound',
  },
]
/** What an incident holds is for who handles it and who keeps it; a camera is set up without it. */
const CLIP_READERS = [...HANDLERS, 'evidence'] as const
const KEEP = 'private, max-age=3600'
const THUMBNAIL_WIDTH = 160
const FILE_PARAMS = Type.Object({
  id: Type.String({ maxLength: 200 }),
  camera: Type.String({ maxLength: 100 }),
  file: Type.String({ pattern: '^[0-9]{1,15}\\.(m4s|mp4)$' }),
})
const TIMES = Type.Object({
  from: Type.Optional(Type.String({ format: 'date-time' })),
  to: Type.Optional(Type.String({ format: 'date-time' })),
})

export function clipRoutes(app: App, port: ClipPort): void {
  const config = { roles: CLIP_READERS, scopes: ANY_WALL }

  /** @throws incident/unknown, clip/none */
  async function held({
    params: { id, camera },
  }: {
    params: { id: string; camera: string }
  }): Promise<{ incident: Incident; clip: Clip }> {
    const incident = await port.incident(id)
    const clip = incident.clips.find((each) => each.camera === camera)
    if (!clip) throw new Failure('clip/none', `Incident ${id} holds no clip of camera "${camera}".`)
    return { incident, clip }
  }

  /** What may be handed out without the masks of its camera. @throws view/no-reason */
  async function bare(person: Person | null, incident: Incident, clip: Clip): Promise<void> {
    if (port.isMasked(clip.camera)) await port.unmasked(personOf({ person }), clip.camera, incident.id)
  }

  for (const { path, form, unmasked, summary } of PLACES) {
    const own = unmasked ? { roles: ['evidence'] as const } : config
    const seen = async (request: Parameters<typeof held>[0] & { person: Person | null }): ReturnType<typeof held> => {
      const found = await held(request)
      if (unmasked) await bare(request.person, found.incident, found.clip)
      else port.played(personOf(request), found.clip.camera, found.incident.id)
      return found
    }
    const isCopied = (camera: CameraId): boolean => form === 'copy' && (unmasked || !port.isMasked(camera))
    app.get(
      `${path}/index.m3u8`,
      {
        config: own,
        schema: { summary, tags: ['clips'], params: CLIP_PARAMS, response: { 200: MEDIA, '4xx': PROBLEM } },
      },
      async (request, reply) => {
        const { incident, clip } = await seen(request)
        const [first] = incident.presses
        // What was pressed long before it came is looked for at when it was pressed.
        const pressedAt = incident.calledAt ?? (first?.late ? first.pressedAt : first?.receivedAt) ?? incident.openedAt
        return reply
          .type(PLAYLIST_TYPE)
          .header('cache-control', 'no-store')
          .send(await port.playlist(clip, pressedAt))
      },
    )
    app.get(
      `${path}/init/:file`,
      { config: own, schema: { hide: true, params: FILE_PARAMS } },
      async (request, reply) => {
        const { clip } = await seen(request)
        const [run] = numbersIn(request.params.file)
        return reply
          .type('video/mp4')
          .header('cache-control', KEEP)
          .send(
            bytesOrNone(
              await (isCopied(clip.camera) ? port.init(clip.camera, run) : port.convertedInit(clip, run, unmasked)),
              `Run ${run}`,
            ),
          )
      },
    )
    app.get(
      `${path}/segment/:file`,
      { config: own, schema: { hide: true, params: FILE_PARAMS } },
      async (request, reply) => {
        const { clip } = await seen(request)
        const [number] = numbersIn(request.params.file)
        if (!(await port.numbers(clip)).has(number))
          throw new Failure('clip/none', `Segment ${number} is no part of this clip.`)
        return reply
          .type('video/iso.segment')
          .header('cache-control', KEEP)
          .send(
            bytesOrNone(
              await (isCopied(clip.camera)
                ? port.segment(clip.camera, number)
                : port.convertedSegment(clip, number, unmasked)),
              `Segment ${number}`,
            ),
          )
      },
    )
  }
  app.get(
    '/api/v1/incidents/:id/clips/:camera/thumbnail.jpg',
    {
      config,
      schema: {
        summary: 'A small picture of the held clip, of about that moment',
        tags: ['clips'],
        params: CLIP_PARAMS,
        querystring: Type.Object({ at: Type.String({ format: 'date-time' }) }),
        response: { 200: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { incident, clip } = await held(request)
      port.played(personOf(request), clip.camera, incident.id)
      const at = Date.parse(request.query.at)
      if (at < Date.parse(clip.from) || at > (clip.to === null ? port.now() : Date.parse(clip.to)))
        throw new Failure('clip/none', `The clip does not hold ${request.query.at}.`)
      return reply
        .type('image/jpeg')
        .header('cache-control', KEEP)
        .send(bytesOrNone(await port.thumbnail(clip.camera, at, THUMBNAIL_WIDTH), `A picture of ${request.query.at}`))
    },
  )
  app.get(
    '/api/v1/incidents/:id/clips/:camera/clip.mp4',
    {
      config: { roles: ['evidence'], confirmed: true },
      schema: {
        summary:
          'The clip as one MP4 by stream copy; its SHA-256 is in the header Repr-Digest and in X-Lamppost-SHA256; ' +
          'where it jumps, because nothing was recorded, in X-Lamppost-Gaps. Of a camera with privacy masks once a reason ' +
          'was given (POST /views)',
        tags: ['clips'],
        params: CLIP_PARAMS,
        querystring: TIMES,
        response: { 200: MEDIA, '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      const { incident, clip } = await held(request)
      await bare(request.person, incident, clip)
      port.played(personOf(request), clip.camera, incident.id)
      const range = within(clip, request.query, port.now())
      const cut = await port.cut(clip.camera, range)
      const [from, to] = [isoTime(cut.from), isoTime(cut.to)]
      const written = port.onDownload({
        incident,
        camera: clip.camera,
        from,
        to,
        bytes: cut.bytes,
        sha256: cut.sha256,
        actor: actorOf(request),
      })
      await written.catch(async (error: unknown) => {
        await cut.done()
        throw error
      })
      const stream = createReadStream(cut.file)
      stream.once('close', () => void cut.done())
      return reply
        .type('video/mp4')
        .header('content-length', cut.bytes)
        .header(
          'content-disposition',
          `attachment; filename="${incident.id}_${clip.camera}_${from.replaceAll(/[:.]/g, '-')}.mp4"`,
        )
        .header('repr-digest', `sha-256=:${Buffer.from(cut.sha256, 'hex').toString('base64')}:`)
        .header('x-lamppost-sha256', cut.sha256)
        .header('x-lamppost-from', from)
        .header('x-lamppost-to', to)
        .header(
          'x-lamppost-gaps',
          cut.gaps.map((gap) => `${isoTime(gap.from)}/${isoTime(gap.to)}`).join(', ') || 'none',
        )
        .header('cache-control', 'no-store')
        .send(stream)
    },
  )
}

/** The part of the clip that was asked for; nothing outside what the incident holds. @throws request/invalid */
function within(clip: Clip, { from, to }: { from?: string; to?: string }, now: number): Range {
  const end = clip.to === null ? now : Date.parse(clip.to)
  const range = {
    from: Math.max(Date.parse(clip.from), from ? Date.parse(from) : 0),
    to: Math.min(end, to ? Date.parse(to) : end),
  }
  if (range.from >= range.to)
    throw new Failure(
      'request/invalid',
      `The clip runs from ${clip.from} to ${isoTime(end)}; from must be before to, and both within it.`,
    )
  return range
}
