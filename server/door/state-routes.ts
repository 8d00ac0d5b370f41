/** For machines that watch machines. */
import { Type } from 'typebox'
import type { App } from './door.ts'

export type StatePort = { /** Null when a press could be made durable now. */ notReady(): string | null }

export function stateRoutes(app: App, { notReady }: StatePort): void {
  const schema = { hide: true, response: { 200: Type.Object({ ok: Type.Boolean() }) } }
  app.get('/healthz', { schema }, () => ({ ok: true }))
  app.get('/readyz', { schema: { hide: true } }, (_, reply) => {
    const problem = notReady()
    return reply.status(problem ? 503 : 200).send({ ok: problem === null, problem })
  })
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger())
}
