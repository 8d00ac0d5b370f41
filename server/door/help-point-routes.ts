/** The town's help points, and drills of their chains. */
import { Type } from 'typebox'
import type { HelpPoint, Site } from '../glossary/site.ts'
import { Failure } from '../tools/failure.ts'
import { type App, actorOf } from './door.ts'
import type { PressPort } from './press-routes.ts'
import { HELP_POINT, ID_PARAMS, PLACE, PROBLEM, RECEIPT, listOf } from './shapes.ts'

export type HelpPointPort = PressPort & {
  site(): Site
  /** The disk of the clip buffers; null while all is well with it. */
  storage(): { level: string; free: number; total: number; problem: string | null } | null
  /** The open incident, and when it was last pressed for real and in a drill. */
  lastOf(helpPoint: string): { incident: string | null; lastPress: string | null; lastDrill: string | null }
}

const READERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const
const SITE = Type.Object({ id: Type.String(), name: Type.String(), timezone: Type.String(), safePlaces: Type.Array(Type.Object({ name: Type.String(), address: Type.String(), location: PLACE, open: Type.Array(Type.Unknown()) })), contacts: Type.Array(Type.Unknown()), storage: Type.Unknown({ description: 'The disk of the clip buffers as `storage.health` tells it; null while all is well' }) })

export function helpPointRoutes(app: App, { site, storage, lastOf, accept }: HelpPointPort): void {
  const shown = (helpPoint: HelpPoint) => ({ ...helpPoint, ...lastOf(helpPoint.id) })

  app.get('/api/v1/site', { config: { roles: READERS }, schema: { summary: 'The town: its name, zone, safe places and contacts', tags: ['help points'], response: { 200: SITE } } }, () => {
    const { id, name, timezone, safePlaces, contacts } = site()
    return { id, name, timezone, safePlaces, contacts, storage: storage() }
  })
  app.get('/api/v1/help-points', { config: { roles: READERS }, schema: { summary: 'All help points', tags: ['help points'], response: { 200: listOf(HELP_POINT) } } }, () => ({ items: site().helpPoints.map(shown), next: null }))
  app.get('/api/v1/help-points/:id', { config: { roles: READERS }, schema: { summary: 'One help point', tags: ['help points'], params: ID_PARAMS, response: { 200: HELP_POINT, 404: PROBLEM } } }, (request) => {
    const found = site().helpPoints.find(({ id }) => id === request.params.id)
    if (!found) throw new Failure('help-point/unknown', `There is no help point "${request.params.id}" in this town's site file.`)
    return shown(found)
  })
  app.post(
    '/api/v1/help-points/:id/drills',
    { config: { roles: ['operator', 'engineer', 'supervisor'] }, schema: { summary: 'Run a drill: a test press through the whole chain', tags: ['help points'], params: ID_PARAMS, response: { 202: RECEIPT, 404: PROBLEM } } },
    async (request, reply) => {
      const { receipt } = await accept({ helpPoint: request.params.id, key: null, pressedAt: null, kind: 'drill', source: `drill by ${actorOf(request)}` })
      return reply.status(202).send(receipt)
    },
  )
}
