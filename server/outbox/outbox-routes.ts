/** Whether other systems have heard what happened, and another try for what they have not. */
import { Type } from 'typebox'
import type { DestinationState } from '../glossary/outbox.ts'
import { type App, actorOf } from '../door/door.ts'
import { DESTINATION, PROBLEM, listOf } from '../door/shapes.ts'

export type OutboxPort = {
  state(): DestinationState[]
  /** @throws outbox/unknown */ retry(destination: string, seq: number, actor: string): Promise<void>
}

const KEEPERS = ['engineer', 'supervisor'] as const

export function outboxRoutes(app: App, { state, retry }: OutboxPort): void {
  app.get(
    '/api/v1/outbox',
    {
      config: { roles: KEEPERS },
      schema: {
        summary: 'Each destination: what it has heard, what waits, what could not be delivered',
        tags: ['outbox'],
        response: { 200: listOf(DESTINATION) },
      },
    },
    () => ({ items: state(), next: null }),
  )
  app.post(
    '/api/v1/outbox/:destination/dead-letters/:seq/retry',
    {
      config: { roles: KEEPERS },
      schema: {
        summary: 'Try a dead letter once more',
        tags: ['outbox'],
        params: Type.Object({
          destination: Type.String({ maxLength: 100 }),
          seq: Type.String({ pattern: '^[0-9]{1,15}$' }),
        }),
        response: { 204: Type.Null(), 404: PROBLEM },
      },
    },
    async (request, reply) => {
      await retry(request.params.destination, Number(request.params.seq), actorOf(request))
      return reply.status(204).send(null)
    },
  )
}
