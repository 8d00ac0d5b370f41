/** For machines that watch machines. */
import { Type } from 'typebox'
import type { App } from '../door/door.ts'

export type StatePort = {
  /** Null when a press could be made durable now. */ notReady(): Promise<string | null>
  /** Prometheus text. */ metrics(): Promise<string>
  metricsType: string
}

const MACHINES = { open: 'for machines that watch machines' }

export function stateRoutes(app: App, { notReady, metrics, metricsType }: StatePort): void {
  const schema = { hide: true, response: { 200: Type.Object({ ok: Type.Boolean() }) } }
  app.get('/healthz', { config: MACHINES, schema }, () => ({ ok: true }))
  app.get('/readyz', { config: MACHINES, schema: { hide: true } }, async (_, reply) => {
    const problem = await notReady()
    return reply.status(problem ? 503 : 200).send({ ok: problem === null, problem })
  })
  app.get(
    '/metrics',
    { config: { roles: ['operator', 'engineer', 'supervisor'], scopes: ['metrics'] }, schema: { hide: true } },
    async (_, reply) =>
      reply
        .type(metricsType)
        .header('cache-control', 'no-store')
        .send(await metrics()),
  )
  app.get('/api/v1/openapi.json', { config: { open: 'how to use the API' }, schema: { hide: true } }, () =>
    app.swagger(),
  )
}
