/** For machines that watch machines. */
import type { App } from '../door/door.ts'
import { townRoutes } from '../door/town-routes.ts'
import type { TownView } from '../glossary/member.ts'

export type StatePort = {
  /** Null when a press could be made durable now. */ notReady(): Promise<string | null>
  /** Prometheus text. */ metrics(): Promise<string>
  metricsType: string
  town(): TownView
}

export function stateRoutes(app: App, { notReady, metrics, metricsType, town }: StatePort): void {
  townRoutes(app, { notReady, town })
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
