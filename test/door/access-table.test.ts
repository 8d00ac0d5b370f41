/** Who may use which route, route by route and role by role: the hook answers before anything of a room is asked. */
import type { RouteOptions } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callRoutes } from '../../server/call/call-routes.ts'
import { CALL_SOCKET_PATH, callSocket } from '../../server/call/call-socket.ts'
import { cameraRoutes } from '../../server/camera/camera-routes.ts'
import { findingRoutes } from '../../server/camera/finding-routes.ts'
import { clipRoutes } from '../../server/clip/clip-routes.ts'
import { livePicture, liveRoutes, stillPicture } from '../../server/clip/live/live-routes.ts'
import { type App, type Credential, createDoor } from '../../server/door/door.ts'
import { disclosureRoutes } from '../../server/evidence/keep/disclosure-routes.ts'
import { retentionRoutes } from '../../server/evidence/keep/retention-routes.ts'
import { exportRoutes } from '../../server/evidence/order/export-routes.ts'
import { READERS, ROLES, type Role, SCOPES, type Scope } from '../../server/glossary/people.ts'
import { incidentRoutes } from '../../server/incident/incident-routes.ts'
import { ledgerRoutes } from '../../server/ledger/ledger-routes.ts'
import { stateRoutes } from '../../server/metrics/state-routes.ts'
import { connectorRoutes } from '../../server/connectors/connector-routes.ts'
import { siteFileRoutes } from '../../server/site/edit/site-file-routes.ts'
import { reportRoutes } from '../../server/incident/register/report-routes.ts'
import { onvifDeviceRoutes } from '../../server/onvif-device/onvif-device-routes.ts'
import { outboxRoutes } from '../../server/outbox/outbox-routes.ts'
import { AT_THE_ROOT } from '../../server/door/public-address.ts'
import { directoryRoutes } from '../../server/people/directory/directory-routes.ts'
import { factorRoutes } from '../../server/people/second-factor/factor-routes.ts'
import { accountRoutes } from '../../server/people/accounts/account-routes.ts'
import { peopleRoutes } from '../../server/people/people-routes.ts'
import { sessionRoutes } from '../../server/people/sign-in/session-routes.ts'
import { shiftRoutes } from '../../server/people/shift/shift-routes.ts'
import { lentRoutes } from '../../server/responders/lent-routes.ts'
import { responderRoutes } from '../../server/responders/responder-routes.ts'
import { snapshotRoutes } from '../../server/snapshots/snapshot-routes.ts'
import { pressRoutes } from '../../server/press/press-routes.ts'
import { helpPointRoutes } from '../../server/readiness/help-point-routes.ts'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { LIVE_SOCKET_PATH, liveSocket } from '../../server/clip/live/live-socket.ts'
import { pageRoutes } from '../../server/door/page-routes.ts'
import { openSockets } from '../../server/door/sockets.ts'
import type { Person } from '../../server/glossary/people.ts'
import { EVENT_SOCKET_PATH, eventSocket } from '../../server/ledger/tail/event-socket.ts'
import { packageRoot } from '../../server/tools/package-root.ts'
import { ACCESS, PAGES, STREAMS } from './access-table.ts'

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
type Route = {
  method: string
  url: string
  roles: readonly Role[]
  scopes: readonly Scope[]
  open: boolean
  confirmed: boolean
  withheld: boolean
}
const routes: Route[] = []
let app: App
let confirmed = true

/** The name of a role is its token; narrowed, with a scope: supervisor/wall. */
function whoHas(credential: Credential): Person | null {
  const [given, scope] = ('bearer' in credential ? credential.bearer : credential.cookie).split('/')
  const role = given as Role
  if (scope === 'withheld') return { name: 'Somebody', role, roles: [], withheld: [role], helpPoints: null }
  if (!ROLES.includes(role)) return null
  return { name: 'Somebody', role, helpPoints: null, ...(scope === undefined ? {} : { scope: scope as Scope }) }
}
const streams = {
  [EVENT_SOCKET_PATH]: eventSocket({ ...unasked<Parameters<typeof eventSocket>[0]>(), ...nothing(), whoHas }),
  [CALL_SOCKET_PATH]: callSocket({
    ...unasked<Parameters<typeof callSocket>[0]>(),
    whoHas,
    quality: () => () => {},
    now: () => 0,
  }),
  [LIVE_SOCKET_PATH]: liveSocket({
    ...unasked<Parameters<typeof liveSocket>[0]>(),
    whoHas,
    now: () => 0,
    enter: () => ({ looking: () => {}, leave: () => {} }),
  }),
}
/** A ledger in which nothing happens. */
function nothing() {
  return { page: async () => [], tail: () => () => {}, news: () => () => {}, onError: () => {} }
}

beforeAll(async () => {
  app = await createDoor({
    logger: pino({ level: 'silent' }),
    tls: null,
    whoHas,
    isConfirmed: () => confirmed,
    onRefusedPress: () => {},
    embedding: () => [],
  })
  const said: RouteOptions[] = []
  app.addHook('onRoute', (route) => void said.push(route))
  callRoutes(app, unasked())
  cameraRoutes(app, unasked())
  findingRoutes(app, unasked())
  clipRoutes(app, unasked())
  liveRoutes(app, unasked())
  disclosureRoutes(app, unasked())
  retentionRoutes(app, unasked())
  exportRoutes(app, unasked())
  incidentRoutes(app, unasked())
  reportRoutes(app, unasked())
  responderRoutes(app, unasked())
  snapshotRoutes(app, unasked())
  lentRoutes(app, {
    ...unasked<Parameters<typeof lentRoutes>[1]>(),
    picturesAt(at, place) {
      livePicture(at, unasked(), place)
      stillPicture(at, unasked(), place)
    },
  })
  siteFileRoutes(app, unasked())
  ledgerRoutes(app, unasked())
  stateRoutes(app, { ...unasked(), metricsType: 'text/plain' })
  outboxRoutes(app, unasked())
  connectorRoutes(app, unasked())
  onvifDeviceRoutes(app, unasked())
  peopleRoutes(app, unasked())
  accountRoutes(app, unasked())
  factorRoutes(app, unasked())
  sessionRoutes(app, unasked())
  directoryRoutes(app, unasked(), AT_THE_ROOT)
  shiftRoutes(app, unasked(), unasked())
  pressRoutes(app, unasked())
  helpPointRoutes(app, unasked())
  await pageRoutes(app, join(packageRoot, 'dist', 'web'))
  openSockets(app, streams)
  await app.listen({ port: 0, host: '127.0.0.1' })
  for (const { method, url, config = {} } of said)
    for (const each of [method].flat())
      if (each !== 'HEAD')
        routes.push({
          method: each,
          url,
          roles: config.roles ?? [],
          scopes: config.scopes ?? [],
          open: config.open !== undefined,
          confirmed: config.confirmed ?? false,
          withheld: config.withheld ?? false,
        })
})
afterAll(() => app.close())

const lettersOf = (roles: readonly Role[]): string =>
  ROLES.map((role) => (roles.includes(role) ? LETTER[role] : '-')).join('')
const scopesOf = (scopes: readonly Scope[] = []): string => (scopes.length === 0 ? '' : ` [${scopes.join(' ')}]`)
const rowOf = ({ method, url, roles, scopes, open, confirmed: again, withheld }: Route): string =>
  `${method} ${url}: ${open ? 'anybody' : lettersOf(roles)}${scopesOf(scopes)}${withheld ? ' withheld' : ''}${again ? ' confirmed' : ''}`
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
  expect(routes.map(rowOf).toSorted()).toEqual([...ACCESS, ...PAGES].toSorted())
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
test.each(SCOPES.flatMap((scope) => ROLES.map((role) => [role, scope] as const)))(
  'a token of the role %s for %s passes where both are named, and is refused everywhere else',
  async (role, scope) => {
    for (const route of routes.filter(({ open }) => !open)) {
      const { status, code } = await ask(route, { authorization: `Bearer ${role}/${scope}` })
      const passed = !(status === 403 && code === 'people/forbidden') && status !== 401
      const may = route.roles.includes(role) && route.scopes.includes(scope)
      expect({ route: rowOf(route), passed }).toEqual({ route: rowOf(route), passed: may })
    }
  },
)
test.each(READERS)(
  'who has the role %s only with a second factor, and has none, passes where the table says so',
  async (role) => {
    for (const route of routes.filter(({ open }) => !open)) {
      const { status, code } = await ask(route, { authorization: `Bearer ${role}/withheld` })
      const passed =
        !(status === 403 && ['people/forbidden', 'people/factor-first'].includes(code ?? '')) && status !== 401
      const may = route.roles.includes(role) && route.withheld
      expect({ route: rowOf(route), passed }).toEqual({ route: rowOf(route), passed: may })
    }
  },
)
test.each(Object.keys(streams))('the stream %s is not for who has no second factor yet', async (path) => {
  const { port } = app.server.address() as { port: number }
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  socket.on('open', () => socket.send(JSON.stringify({ token: 'supervisor/withheld' })))
  const first = await new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))))
  socket.terminate()
  expect(first).toMatch(/"refused":40[13]/)
})
test('a token for a wall can look at and handle incidents, and locks, exports, signs and reads the record nowhere', () => {
  const ofWalls = routes.filter(({ scopes }) => scopes.includes('wall')).map(({ url }) => url)
  expect(ofWalls).toContain('/api/v1/incidents/:id/closure')
  expect(
    ofWalls.filter((url) => /lock|export|ledger|shift|retention|users|outbox|evidence|disclosure/.test(url)),
  ).toEqual([])
  const shows = routes.filter(({ scopes }) => scopes.includes('wall-view'))
  expect(shows.filter(({ method }) => method !== 'GET').map(rowOf)).toEqual([
    'POST /api/v1/tokens: O--S- [wall-view wall]',
  ])
})
test('what hands recordings out asks a session for the password again, and never a token', async () => {
  confirmed = false
  for (const route of routes.filter(({ confirmed: again }) => again)) {
    const [role = ''] = route.roles
    const own = { cookie: `lamppost_session=${role}`, origin: 'http://localhost:80', host: 'localhost:80' }
    expect({ route: rowOf(route), ...(await ask(route, own)) }).toMatchObject({
      route: rowOf(route),
      status: 403,
      code: 'people/confirm-first',
    })
    expect((await ask(route, { authorization: `Bearer ${role}` })).code).not.toBe('people/confirm-first')
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

test('the streams are in the table, too', () => {
  expect(
    Object.entries(streams).map(([path, { roles, scopes }]) => `${path}: ${lettersOf(roles)}${scopesOf(scopes)}`),
  ).toEqual(STREAMS)
})
test.each(Object.keys(streams).flatMap((path) => [...ROLES, 'nobody'].map((role) => [path, role] as const)))(
  'the stream %s answers %s as the table says',
  async (path, role) => {
    const { port } = app.server.address() as { port: number }
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    socket.on('open', () => socket.send(JSON.stringify({ token: role })))
    const first = await new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))))
    socket.terminate()
    const row = STREAMS.find((each) => each.startsWith(`${path}: `)) ?? ''
    expect(first.includes('"refused":401')).toBe(
      !row
        .split(': ')[1]
        ?.split(' ')[0]
        ?.includes(LETTER[role as Role] ?? 'nobody'),
    )
  },
)
test('a stream that names no role stops the start', () => {
  expect(() => openSockets(app, { '/api/v1/whispers': { roles: [], serve: () => {} } })).toThrow(
    'who may use it? Name the roles of the stream: /api/v1/whispers',
  )
})
