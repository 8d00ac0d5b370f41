/** The wall in pages that draw it again and again, and behind somebody else's proxy under a prefix of a host. */
import type { Request } from 'playwright'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { publicAddressOf } from '../../server/door/public-address.ts'
import { openHouse } from '../../server/house.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, until } from '../contracts/test-town.ts'
import { showPlayer } from './town-process.ts'
import { type Room, openRoom, seats } from './wall-room.ts'

let room: Room
const { screen, clear } = seats(() => room)
beforeAll(async () => void (room = await openRoom()))
afterEach(clear)
afterAll(() => room.end())

describe('a wall that is taken out of its page and put back', () => {
  test.each(['at once', 'a moment later', 'in another place'])(
    'a hundred times, %s, during an open incident, has one connection of each kind, and its picture',
    async (how) => {
      const page = await screen('Asha')
      // On a slow machine, where a socket does not open in its time, a page hears events by HTTP: one answer without end.
      const answers = new Set<Request>()
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch' && new URL(request.url()).pathname === '/api/v1/events')
          answers.add(request)
      })
      for (const over of ['requestfinished', 'requestfailed'] as const)
        page.on(over as 'requestfinished', (request) => void answers.delete(request))
      await room.press()
      await page.locator('lamppost-incident h2').first().waitFor()
      await page.evaluate(() => {
        const Real = window.WebSocket
        const all: unknown[] = []
        Object.assign(window, { sockets: all })
        window.WebSocket = class extends Real {
          constructor(...args: ConstructorParameters<typeof Real>) {
            super(...args)
            all.push(this)
          }
        }
      })
      const from = performance.now()
      await page.evaluate(async (way) => {
        const wall = document.querySelector('lamppost-wall') as HTMLElement
        const other = document.createElement('div')
        document.body.append(other)
        for (let i = 0; i < 100; i += 1) {
          wall.remove()
          if (way === 'a moment later') await new Promise((resolve) => setTimeout(resolve, 20))
          ;(way === 'in another place' && i % 2 === 0 ? other : document.body).prepend(wall)
          await new Promise((resolve) => requestAnimationFrame(resolve))
        }
      }, how)
      const living = () =>
        page.evaluate(() =>
          (window as unknown as { sockets: { readyState: number; url: string }[] }).sockets
            .filter(({ readyState }) => readyState <= 1)
            .map(({ url }) => new URL(url).pathname),
        )
      await until(
        () => page.locator('lamppost-incident h2').count(),
        (count) => count > 0,
      )
      await until(
        () =>
          page.evaluate(() =>
            document
              .querySelector('lamppost-wall')
              ?.shadowRoot?.querySelector('lamppost-incident')
              ?.shadowRoot?.querySelector('lamppost-player')
              ?.getAttribute('shows'),
          ),
        (shows) => shows === 'live',
        30_000,
      )
      await until(
        living,
        (urls) =>
          urls.filter((path) => path.endsWith('/events')).length + answers.size === 1 &&
          urls.filter((path) => path.endsWith('/live')).length === 1,
        20_000,
      )
      const begun = await page.evaluate(() => (window as unknown as { sockets: unknown[] }).sockets.length)
      expect(begun, 'never more often than its turns allow').toBeLessThan(
        40 + 2 * 20 * (Math.ceil((performance.now() - from) / 5000) + 1),
      )
      await new Promise((resolve) => setTimeout(resolve, 2000))
      expect(
        await page.evaluate(() => (window as unknown as { sockets: unknown[] }).sockets.length),
        'and none begins when nothing happens',
      ).toBeLessThanOrEqual(begun + 1)
      expect(room.complaints).toEqual([])
    },
  )
})

describe('behind nginx, under a prefix of its host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-prefix-'))
  let nginx: ChildProcess | null = null
  let house: Awaited<ReturnType<typeof openHouse>>
  let outside = ''
  let token = ''
  const freePort = (): Promise<number> =>
    new Promise((resolve) => {
      const server = createServer()
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number }
        server.close(() => resolve(port))
      })
    })
  beforeAll(async () => {
    const port = await freePort()
    outside = `http://127.0.0.1:${port}/cctv/lamppost`
    writeFileSync(
      join(folder, 'site.yaml'),
      'site: { id: town, name: Town, timezone: Europe/London }\nhelpPoints:\n' +
        '  - { id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }\ncameras:\n' +
        `  - { id: door, name: Door, location: { lat: 54.5, lon: -1.5 }, onvif: { url: "${room.town.camera('door').url}", ` +
        `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" } }\n`,
    )
    const people = openPeopleFile(join(folder, 'data', 'people.json'))
    token = people.addToken({ name: 'Asha', role: 'operator', helpPoints: null })
    await people.addUser('asha', 'a password of Asha', { name: 'Asha', role: 'operator', helpPoints: null })
    house = await openHouse({
      siteFile: join(folder, 'site.yaml'),
      dataFolder: join(folder, 'data'),
      port: 0,
      host: '127.0.0.1',
      rtmpPort: 0,
      address: publicAddressOf({ publicUrl: `${outside}/` }),
    })
    mkdirSync(join(folder, 'tmp'))
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
http {
  access_log off; client_body_temp_path ${folder}/tmp/a; proxy_temp_path ${folder}/tmp/b;
  fastcgi_temp_path ${folder}/tmp/c; uwsgi_temp_path ${folder}/tmp/d; scgi_temp_path ${folder}/tmp/e;
  server {
    listen 127.0.0.1:${port};
    location /cctv/lamppost/ { proxy_pass ${house.url}/; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; proxy_buffering off; }
  }
}
`,
    )
    nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'ignore' })
    await until(
      () =>
        fetch(`${outside}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      (ok) => ok,
    )
  })
  afterAll(async () => {
    const gone = new Promise((resolve) => nginx?.once('exit', resolve) ?? resolve(null))
    nginx?.kill('SIGTERM')
    await gone
    await house.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('pages, their module, signing in and the wall work in a browser', async () => {
    const context = await room.browser.newContext()
    const page = await context.newPage()
    const missed: string[] = []
    page.on(
      'response',
      (answer) =>
        answer.status() >= 400 &&
        answer.status() !== 401 &&
        !answer.url().includes('/demo/token?') &&
        missed.push(`${answer.status()} ${answer.url()}`),
    )
    await page.goto(`${outside}/embed`)
    await page.locator('input[name=user]').fill('asha')
    await page.locator('input[name=password]').fill('a password of Asha')
    await page.locator('form.sign-in button').first().click()
    await until(
      () =>
        page.evaluate(
          () =>
            document.querySelector('lamppost-wall')?.shadowRoot !== undefined &&
            document.querySelector('form.sign-in')?.hasAttribute('hidden'),
        ),
      Boolean,
    )
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ path: '/cctv/lamppost', httpOnly: true })
    await page.goto(`${outside}/presets`)
    await page.locator('a[href="./evidence"]').waitFor()
    expect(missed).toEqual([])
    await context.close()
  })
  test.each([
    ['over its WebSocket', false],
    ['over HTTP, where no WebSocket passes', true],
  ])('a live picture plays %s, and asks for nothing outside the prefix', async (_, forbidden) => {
    const context = await room.browser.newContext()
    const page = await context.newPage()
    const elsewhere: string[] = []
    const asked: string[] = []
    const note = (url: string): void => {
      asked.push(url)
      if (!new URL(url).pathname.startsWith('/cctv/lamppost/')) elsewhere.push(url)
    }
    page.on('request', (request) => note(request.url()))
    page.on('websocket', (socket) => note(socket.url()))
    if (forbidden)
      await page.routeWebSocket(/./, (socket) => {
        note(socket.url())
        void socket.close()
      })
    await page.goto(`${outside}/presets`)
    await showPlayer(page, { token, camera: 'door' })
    await until(
      () => page.locator('lamppost-player .age').textContent(),
      (words) => (words ?? '').startsWith('Live'),
    )
    expect(asked.some((url) => url.endsWith('/cctv/lamppost/api/v1/live'))).toBe(true)
    // Until its socket stands, a player begins over HTTP.
    if (forbidden) expect(asked.some((url) => url.includes('/cctv/lamppost/api/v1/cameras/door/live/'))).toBe(true)
    expect(elsewhere).toEqual([])
    await context.close()
  })
  test('events come over HTTP and over the socket, and only a page of that host acts with a cookie', async () => {
    const answer = await fetch(`${outside}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const { value } = (await answer.body?.getReader().read()) ?? {}
    expect(Buffer.from(value ?? []).toString()).toContain(': here')
    const socket = new WebSocket(`${outside.replace('http', 'ws')}/api/v1/events`)
    const heard = await new Promise<string>((resolve) => {
      socket.on('open', () => socket.send(JSON.stringify({ token })))
      socket.on('message', (bytes: Buffer) => resolve(bytes.toString()))
    })
    expect(heard).toContain(': here')
    socket.terminate()
    const signedIn = await fetch(`${outside}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'asha', password: 'a password of Asha' }),
    })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    const out = (origin: string): Promise<number> =>
      fetch(`${outside}/api/v1/session/confirmation`, {
        method: 'PUT',
        headers: { cookie, origin, 'content-type': 'application/json' },
        body: JSON.stringify({ user: 'asha', password: 'a password of Asha' }),
      }).then(({ status }) => status)
    expect(await out(new URL(outside).origin)).toBe(204)
    expect(await out('http://127.0.0.1:1')).toBe(403)
  })
  test('where something new lies, and where one is sent on to, has the prefix', async () => {
    const people = openPeopleFile(join(folder, 'data', 'people.json'))
    const bearer = people.addToken({ name: 'Sue', role: 'supervisor', helpPoints: null })
    const made = await fetch(`${outside}/api/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'new', name: 'New', roles: ['operator'], password: 'a long password of New' }),
    })
    for (const answer of [made, await fetch(`${outside}/`, { redirect: 'manual' })]) {
      const location = answer.headers.get('location')
      if (location !== null) expect(new URL(location, `${outside}/`).pathname).toMatch(/^\/cctv\/lamppost\//)
    }
    expect(made.status, await made.clone().text()).toBeLessThan(300)
  })
  test('paths in answers have the prefix; the demo’s tokens are for nobody there', async () => {
    expect((await fetch(`${outside}/demo/token?role=operator`)).status).toBe(404)
    const page = await (await fetch(`${outside}/no/such/page`, { headers: { accept: 'text/html' } })).text()
    expect(page).toContain('"/cctv/lamppost/room-page.css"')
    expect(
      (await fetch(`${house.url}/cctv/lamppost/api/v1/session`, { headers: { authorization: `Bearer ${token}` } }))
        .status,
    ).toBe(200)
  })
})
