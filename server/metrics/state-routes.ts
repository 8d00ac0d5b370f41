/** For machines that watch machines. */
import { Type } from 'typebox'
import type { App } from '../door/door.ts'
import { PROBLEM } from '../door/shapes.ts'
import { ANY_WALL, READERS } from '../glossary/people.ts'
import { isoTime } from '../tools/clock.ts'

export type StatePort = {
  /** Null when a press could be made durable now. */ notReady(): Promise<string | null>
  /** Prometheus text. */ metrics(): Promise<string>
  metricsType: string
  town: { id(): string; now(): number; since: number }
}

const MACHINES = { open: 'for machines that watch machines' }

const MEMBER = Type.Object({
  id: Type.String({ description: 'As the site file calls it; of a town on one machine, the town’s own id' }),
  url: Type.Union([Type.String(), Type.Null()], { description: 'Where its door is; null: where you asked' }),
  leads: Type.Boolean({ description: 'It takes presses and moves cameras' }),
  reachable: Type.Boolean(),
  since: Type.String({ description: 'Since when it is there' }),
})
const TOWN = Type.Object({
  members: Type.Array(MEMBER),
  lead: Type.Union([Type.String(), Type.Null()], { description: 'Null: nobody leads now' }),
  since: Type.Union([Type.String(), Type.Null()], { description: 'Since when it leads' }),
  now: Type.String({ description: 'The clock of the member that answers' }),
})

export function stateRoutes(app: App, { notReady, metrics, metricsType, town }: StatePort): void {
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
  app.get(
    '/api/v1/town',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'The servers of the town, which of them leads, and since when',
        tags: ['site'],
        response: { 200: TOWN, '4xx': PROBLEM },
      },
    },
    () => {
      const id = town.id()
      const since = isoTime(town.since)
      // A town on several machines is not there yet: the one that answers is the one that leads.
      const members = [{ id, url: null, leads: true, reachable: true, since }]
      return { members, lead: id, since, now: isoTime(town.now()) }
    },
  )
  app.get('/api/v1/openapi.json', { config: { open: 'how to use the API' }, schema: { hide: true } }, () =>
    app.swagger(),
  )
}
