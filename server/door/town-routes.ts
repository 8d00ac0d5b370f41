/** What every server of a town says of itself and the others, whether it leads or not. */
import { Type } from 'typebox'
import type { TownView } from '../glossary/member.ts'
import { ANY_WALL, READERS } from '../glossary/people.ts'
import type { App } from './door.ts'
import { PROBLEM } from './shapes.ts'

export type TownPort = {
  /** Null when a press could be made durable now. */ notReady(): Promise<string | null>
  town(): TownView
}

const MACHINES = { open: 'for machines that watch machines' }
const MAYBE_TEXT = Type.Union([Type.String(), Type.Null()])
const MEMBER = Type.Object({
  id: Type.String({ description: 'As the site file calls it; of a town on one machine, the town’s own id' }),
  url: Type.Union([Type.String(), Type.Null()], { description: 'Where its door is; null: where you asked' }),
  leads: Type.Boolean({ description: 'It gives presses their numbers and moves cameras' }),
  reachable: Type.Boolean(),
  since: Type.Union([Type.String(), Type.Null()], { description: 'Since when it is there; null: it is not' }),
  applied: Type.Optional(Type.Integer({ description: 'The newest entry in its ledger' })),
  held: Type.Optional(Type.Integer({ description: 'Presses that only its own disk has' })),
  clockOffsetMs: Type.Optional(
    Type.Union([Type.Number(), Type.Null()], { description: 'Its clock beside the one of the member that answers' }),
  ),
  version: Type.Optional(Type.String()),
})
const TOWN = Type.Object({
  members: Type.Array(MEMBER),
  lead: Type.Union([Type.String(), Type.Null()], { description: 'Null: nobody leads now' }),
  since: Type.Union([Type.String(), Type.Null()], { description: 'Since when it leads' }),
  now: Type.String({ description: 'The clock of the member that answers' }),
  term: Type.Optional(
    Type.Union([Type.Integer(), Type.Null()], {
      description: 'Rises with each change of the lead; null: nobody leads',
    }),
  ),
  member: Type.Optional(Type.String({ description: 'Who answers' })),
  agrees: Type.Optional(Type.Boolean({ description: 'Whether it reaches a majority; else presses have one copy' })),
  siteDiffers: Type.Optional(
    Type.Union([MAYBE_TEXT], { description: 'Why this member’s site file is not the one the town goes by' }),
  ),
})

export function townRoutes(app: App, { notReady, town }: TownPort): void {
  const schema = { hide: true, response: { 200: Type.Object({ ok: Type.Boolean() }) } }
  app.get('/healthz', { config: MACHINES, schema }, () => ({ ok: true }))
  app.get('/readyz', { config: MACHINES, schema: { hide: true } }, async (_, reply) => {
    const problem = await notReady()
    return reply.status(problem ? 503 : 200).send({ ok: problem === null, problem })
  })
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
    () => town(),
  )
}
