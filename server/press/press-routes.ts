/** Help points press here, say that they live, and network servers tell what their buttons sent. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Person } from '../glossary/people.ts'
import type { PressKind, Receipt } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import type { App } from '../door/door.ts'
import { PROBLEM, RECEIPT } from '../door/shapes.ts'

const BODY = Type.Object(
  {
    helpPoint: Type.String({ minLength: 1, maxLength: 100 }),
    id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'The idempotency key: a repeat answers 200 with the same receipt',
      }),
    ),
    pressedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When the device says it was pressed' })),
    sentAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'When the device says it sent this, by the same clock: it tells a press that was held from a clock that is wrong',
      }),
    ),
    kind: Type.Optional(Type.Enum(['press', 'drill'] as const)),
  },
  { additionalProperties: false },
)
const ALIVE = Type.Object({ helpPoint: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false })
const SIGN_OF_LIFE = Type.Object({ press: Type.Null() }, { description: 'A sign of life, and no press' })

export type PressPort = {
  accept(arrival: {
    helpPoint: string
    key: string | null
    sameForMs?: number
    pressedAt: string | null
    sentAt?: string | null
    kind: PressKind
    source: string
    by?: string
    request?: string
  }): Promise<{ receipt: Receipt; repeated: boolean }>
}
export type PressRoutesPort = PressPort & {
  /** When the device says it signed this, milliseconds since 1970. @throws people/unauthenticated, press/out-of-time */
  signedAt(helpPoint: string, request: { timestamp: string; signature: string; body: Uint8Array }): number
  /** Null: a sign of life only. `maySpeakFor` throws. @throws press/unreadable, help-point/unknown */
  lorawan(
    body: unknown,
    event: string | null,
    by: string,
    maySpeakFor: (helpPoint: string) => void,
  ): Promise<{ receipt: Receipt; repeated: boolean } | null>
  /** @throws help-point/unknown */
  alive(helpPoint: string): void
  onRefused(source: string, reason: string, helpPoint: string): void
}

/**
 * For how long an equal `id` means the same press: a client sends again within minutes, and a device that numbers its
 * presses counts from the beginning again after a restart. Once its incident is over, two minutes: a later arrival is
 * a new press. With `pressedAt` it is the same press only with the same time, for as long as anybody holds a press
 * back. A signature is never made twice.
 */
export const SAME_PRESS_MS = { id: 10 * 60_000, afterClosed: 2 * 60_000, idAndTime: 7 * 86_400_000 }

const headerOf = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(',') : (value ?? '')

export function pressRoutes(app: App, port: PressRoutesPort): void {
  /** @throws people/unauthenticated: a help point's token is no token for its neighbour */
  function mustSpeakFor({ person, ip }: { person: Person | null; ip: string }, helpPoint: string): void {
    if (!person?.helpPoints || person.helpPoints.includes(helpPoint)) return
    port.onRefused(ip, `the token of ${person.name} is for another help point`, helpPoint)
    throw new Failure('people/unauthenticated', `This token does not speak for the help point "${helpPoint}".`)
  }
  void app.register(async (plain) => {
    const signed = plain.withTypeProvider<TypeBoxTypeProvider>()
    // The signature covers the bytes as they came.
    signed.removeContentTypeParser('application/json')
    signed.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
      request.rawBody = Buffer.from(bytes)
      try {
        done(null, JSON.parse(bytes.toString('utf8')))
      } catch {
        done(new Failure('request/invalid', 'The body is not JSON.'))
      }
    })
    signed.post(
      '/api/v1/presses',
      {
        config: { roles: ['press'], scopes: ['press'], signed: true },
        schema: {
          summary:
            'A help point was pressed; with a bearer token, or signed (X-Lamppost-Timestamp, X-Lamppost-Signature)',
          tags: ['presses'],
          body: BODY,
          response: { 200: RECEIPT, 202: RECEIPT, '4xx': PROBLEM, 503: PROBLEM },
        },
      },
      async (request, reply) => {
        const { helpPoint, id, pressedAt, sentAt, kind } = request.body
        const { person } = request
        const signature = headerOf(request.headers['x-lamppost-signature'])
        const signedAt = person
          ? null
          : checked(request.ip, helpPoint, {
              timestamp: headerOf(request.headers['x-lamppost-timestamp']),
              signature,
              body: request.rawBody ?? Buffer.alloc(0),
            })
        if (person) mustSpeakFor(request, helpPoint)
        else request.prove()
        // What is signed can be sent again by anybody who has heard it: it stays the same press.
        const key = id ?? (signedAt === null ? null : `signed ${signature}`)
        const { receipt, repeated } = await port.accept({
          helpPoint,
          key,
          ...(id === undefined
            ? {}
            : pressedAt === undefined
              ? { sameForMs: SAME_PRESS_MS.id, sameAfterClosedMs: SAME_PRESS_MS.afterClosed }
              : { sameForMs: SAME_PRESS_MS.idAndTime }),
          pressedAt: pressedAt ?? null,
          sentAt: sentAt ?? (signedAt === null ? null : new Date(signedAt).toISOString()),
          kind: kind ?? 'press',
          source: 'http',
          by: person ? `http ${person.name}` : `http signed ${helpPoint}`,
          request: request.id,
        })
        return reply.status(repeated ? 200 : 202).send(receipt)
      },
    )
  })
  function checked(
    address: string,
    helpPoint: string,
    request: { timestamp: string; signature: string; body: Uint8Array },
  ): number {
    try {
      return port.signedAt(helpPoint, request)
    } catch (error) {
      if (error instanceof Failure)
        port.onRefused(
          address,
          error.code === 'press/out-of-time' ? 'signed too long ago or ahead' : 'wrong signature',
          helpPoint,
        )
      throw error
    }
  }

  app.post(
    '/api/v1/presses/lorawan',
    {
      config: { roles: ['press'], scopes: ['press'] },
      schema: {
        summary:
          'The webhook of a LoRaWAN network server: The Things Stack, or ChirpStack v4 (JSON); the frame counter makes a repeat harmless',
        tags: ['presses'],
        querystring: Type.Object({
          event: Type.Optional(
            Type.String({ maxLength: 40, description: 'As ChirpStack sends it: up, join, status …' }),
          ),
        }),
        body: Type.Object({}, { additionalProperties: true }),
        response: { 200: Type.Union([RECEIPT, SIGN_OF_LIFE]), 202: RECEIPT, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const accepted = await port.lorawan(
        request.body,
        request.query.event ?? null,
        `lorawan ${request.person?.name ?? ''}`,
        (helpPoint) => mustSpeakFor(request, helpPoint),
      )
      return reply.status(accepted && !accepted.repeated ? 202 : 200).send(accepted?.receipt ?? { press: null })
    },
  )
  app.post(
    '/api/v1/heartbeats',
    {
      config: { roles: ['press'], scopes: ['press'] },
      schema: {
        summary: 'A help point says that it lives',
        tags: ['presses'],
        body: ALIVE,
        response: { 204: Type.Null(), '4xx': PROBLEM },
      },
    },
    async (request, reply) => {
      mustSpeakFor(request, request.body.helpPoint)
      port.alive(request.body.helpPoint)
      return reply.status(204).send(null)
    },
  )
}
