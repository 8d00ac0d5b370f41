/** Who may use which route, route by route and role by role: the hook answers before anything of a room is asked. */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cameraRoutes } from '../../server/camera/camera-routes.ts'
import { findingRoutes } from '../../server/camera/finding-routes.ts'
import { clipRoutes } from '../../server/clip/clip-routes.ts'
import { liveRoutes } from '../../server/clip/live/live-routes.ts'
import { type App, createDoor } from '../../server/door/door.ts'
import { disclosureRoutes } from '../../server/evidence/keep/disclosure-routes.ts'
import { retentionRoutes } from '../../server/evidence/keep/retention-routes.ts'
import { exportRoutes } from '../../server/evidence/order/export-routes.ts'
import { ROLES, type Role } from '../../server/glossary/people.ts'
import { incidentRoutes } from '../../server/incident/incident-routes.ts'
import { ledgerRoutes } from '../../server/ledger/ledger-routes.ts'
import { stateRoutes } from '../../server/metrics/state-routes.ts'
import { outboxRoutes } from '../../server/outbox/outbox-routes.ts'
import { peopleRoutes } from '../../server/people/people-routes.ts'
import { sessionRoutes } from '../../server/people/session-routes.ts'
import { shiftRoutes } from '../../server/people/shift-routes.ts'
import { pressRoutes } from '../../server/press/press-routes.ts'
import { helpPointRoutes } from '../../server/readiness/help-point-routes.ts'
import { ACCESS } from './access-table.ts'

/** A port that must never be asked: whoever comes so far has passed the door. */
class Reached extends Error {}
const unasked = <Port>(): Port =>
  new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'basePath'
          ? ''
          : () => {
              throw new Reached(String(name))
            },
    },
  ) as Port

const LETTER: Record<Role, string> = { operator: 'O', engineer: 'E', evidence: 'V', supervisor: 'S', press: 'P' }
type Route = { method: string; url: string; roles: readonly Role[]; open: boolean; confirmed: boolean }
const routes: Route[] = []
let app: App
let confirmed = true

beforeAll(async () => {
  app = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: null,
    whoHas: (credential) => {
      const role = ('bearer' in credential ? credential.bearer : credential.cookie) as Role
      return ROLES.includes(role) ? { name: 'Somebody', role, helpPoints: null } : null
    },
    isConfirmed: () => confirmed,
    onRefusedPress: () => {},
    embedding: () => [],
  })
  app.addHook('onRoute', ({ method, url, config = {} }) => {
    for (const each of [method].flat())
      if (each !== 'HEAD')
        routes.push({
          method: each,
          url,
          roles: config.roles ?? [],
          open: config.open !== undefined,
          confirmed: config.confirmed ?? false,
        })
  })
  cameraRoutes(app, unasked())
  findingRoutes(app, unasked())
  clipRoutes(app, unasked())
  liveRoutes(app, unasked())
  disclosureRoutes(app, unasked())
  retentionRoutes(app, unasked())
  exportRoutes(app, unasked())
  incidentRoutes(app, unasked())
  ledgerRoutes(app, unasked())
  stateRoutes(app, { ...unasked(), metricsType: 'text/plain' })
  outboxRoutes(app, unasked())
  peopleRoutes(app, unasked())
  sessionRoutes(app, unasked(), unasked())
  shiftRoutes(app, unasked(), unasked())
  pressRoutes(app, unasked())
  helpPointRoutes(app, unasked())
  await app.ready()
})
afterAll(() => app.close())

const lettersOf = (roles: readonly Role[]): string =>
  ROLES.map((role) => (roles.includes(role) ? LETTER[role] : '-')).join('')
const rowOf = ({ method, url, roles, open, confirmed: again }: Route): string =>
  `${method} ${url}: ${open ? 'anybody' : lettersOf(roles)}${again ? ' confirmed' : ''}`
const ask = async ({ method, url }: Route, headers: Record<string, string>) => {
  const answered = app.inject({ method: method as 'GET', url: url.replaceAll(/:\w+/g, '1'), headers })
  // A refusal comes whole and at once; an event stream that was opened never ends, a table is cut at its first page.
  const answer = await Promise.race([
    answered.catch(() => null),
    new Promise<null>((resolve) => setTimeout(resolve, 500, null)),
  ])
  return { status: answer?.statusCode ?? 200, code: /"code":"([^"]+)"/.exec(answer?.body ?? '')?.[1] ?? null }
}

test('the table is what the routes say: a right that is given or taken away shows here', () => {
  expect(routes.map(rowOf).toSorted()).toEqual([...ACCESS].toSorted())
})
test('nobody who is not signed in passes where a role is needed', async () => {
  for (const route of routes.filter(({ open }) => !open)) {
    const { status } = await ask(route, {})
    expect({ route: rowOf(route), status }).toEqual({ route: rowOf(route), status: 401 })
  }
})
test.each(ROLES)(
  'a person of the role %s passes where the table says so, and is refused everywhere else',
  async (role) => {
    for (const route of routes.filter(({ open }) => !open)) {
      const { status, code } = await ask(route, { authorization: `Bearer ${role}` })
      const passed = !(status === 403 && code === 'people/forbidden') && status !== 401
      expect({ route: rowOf(route), passed }).toEqual({ route: rowOf(route), passed: route.roles.includes(role) })
    }
  },
)
test('what hands recordings out asks a session for the password again, and never a token', async () => {
  confirmed = false
  const own = { cookie: 'lamppost_session=evidence', origin: 'http://localhost:80', host: 'localhost:80' }
  for (const route of routes.filter(({ confirmed: again }) => again)) {
    expect({ route: rowOf(route), ...(await ask(route, own)) }).toMatchObject({
      route: rowOf(route),
      status: 403,
      code: 'people/confirm-first',
    })
    expect((await ask(route, { authorization: 'Bearer evidence' })).code).not.toBe('people/confirm-first')
  }
  confirmed = true
})
test('a route that does not say who may use it stops the start', async () => {
  const other = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: null,
    whoHas: () => null,
    onRefusedPress: () => {},
    embedding: () => [],
  })
  other.get('/api/v1/forgotten', () => 'all of it')
  await expect(other.ready()).rejects.toThrow('GET /api/v1/forgotten')
  await other.close()
})
