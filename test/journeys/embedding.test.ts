/**
 * The wall inside other people's pages: of another origin with its own rules, in a frame, several on one page, on
 * several monitors.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
const examples = fileURLToPath(new URL('../../web-components/examples', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-embed-'))
let house: House
let browser: Browser
let host: Server
let stranger: Server
const complaints: string[] = []
const tokens = { asha: '', press: '' }
/** Tokens that the page's own server has handed out. */
let issued = 0

/** Somebody else's server: its own pages with its own strict rules, and its own way to a token. */
function serve(pages: Record<string, string>, policy: (lamppost: string) => string): Promise<Server> {
  const server = createServer(async (request, reply) => {
    const path = request.url?.split('?')[0] ?? '/'
    if (path === '/wall-token') {
      issued += 1
      const answer = await fetch(`${house.url}/api/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.asha}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Dilys', minutes: 1 }),
      })
      return reply.setHeader('content-type', 'application/json').end(await answer.text())
    }
    const name = pages[path]
    if (name === undefined) return reply.writeHead(404).end()
    reply.setHeader(
      'content-type',
      name.endsWith('.js') ? 'text/javascript' : name.endsWith('.css') ? 'text/css' : 'text/html; charset=utf-8',
    )
    reply.setHeader('content-security-policy', policy(house.url))
    return reply.end(readFileSync(join(examples, name), 'utf8').replaceAll('https://lamppost.example', house.url))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}
const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

beforeAll(async () => {
  const PAGES = {
    '/': 'element.html',
    '/element.js': 'element.js',
    '/several': 'several.html',
    '/several.js': 'several.js',
    '/frame': 'frame.html',
    '/frame.js': 'frame.js',
    '/page.css': 'page.css',
  }
  // Nothing inline, nothing evaluated; pictures are blobs, and everything of Lamppost's comes from its one origin.
  const policy = (lamppost: string): string =>
    `default-src 'none'; script-src 'self' ${lamppost}; style-src 'self'; connect-src ` +
    `'self' ${lamppost} ${lamppost.replace('http', 'ws')}; media-src blob:; img-src 'self' blob:; ` +
    `frame-src ${lamppost}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types lit-html`
  host = await serve(PAGES, policy)
  stranger = await serve(PAGES, policy)
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      `embedding: ["${originOf(host)}"]`,
      'helpPoints: [{ id: bar, name: "Number One Bar, Blackwellgate", location: { lat: ' +
        '54.52363, lon: -1.55610 }, instructions: [Speak to the caller] }, ' +
        '{ id: row, name: High Row, location: { lat: 54.525, lon: -1.5552 } }]',
      'cameras: []',
      '',
    ].join('\n'),
  )
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: join(folder, 'data'),
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  tokens.asha = people.addToken({ name: 'Control Room Viewer', role: 'operator', helpPoints: null })
  tokens.press = people.addToken({ name: 'Post', role: 'press', helpPoints: null })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  host?.close()
  stranger?.close()
  rmSync(folder, { recursive: true, force: true })
})
const open: Page[] = []
afterEach(async () => {
  for (const page of open.splice(0)) await page.context().close()
  for (const state of ['open', 'acknowledged'])
    for (const { id, owner } of (
      (await call('GET', `/incidents?state=${state}`)) as { items: { id: string; owner: string | null }[] }
    ).items) {
      if (owner !== null && owner !== 'Asha') await call('POST', `/incidents/${id}/acknowledgement`, { from: owner })
      await call('POST', `/incidents/${id}/closure`, { reason: 'over' })
    }
})
async function call(method: string, path: string, body?: unknown, token = tokens.asha): Promise<unknown> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.json()
}
const press = (): Promise<unknown> => call('POST', '/presses', { helpPoint: 'bar' }, tokens.press)
async function visit(address: string, onRequest: (url: string) => unknown = () => {}): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  open.push(page)
  page.on('request', (request) => onRequest(request.url()))
  page.on('websocket', (socket) => onRequest(socket.url()))
  page.on('pageerror', (error) => complaints.push(`${address}: ${error.message}`))
  page.on(
    'console',
    (message) =>
      /Content Security Policy|Trusted/.test(message.text()) && complaints.push(`${address}: ${message.text()}`),
  )
  await page.goto(address)
  return page
}

describe('the element in a page of another origin', () => {
  test('works under that page’s strict rules, with a token that the page renews', async () => {
    const page = await visit(`${originOf(host)}/`)
    await until(
      () => page.evaluate(() => document.querySelector('lamppost-wall')?.shadowRoot !== null),
      (so) => so,
    )
    await press()
    await page.locator('lamppost-incident h2', { hasText: 'Number One Bar' }).waitFor()
    await page.locator('button.take').click()
    await page.locator('.owner', { hasText: 'Accepted by Dilys (Control Room Viewer)' }).waitFor()
    await page.screenshot({ path: join(output, 'embedded.png') })
  })
  test('leaves that page’s own things as they are: no style, no name, no keyboard of it is taken', async () => {
    const page = await visit(`${originOf(host)}/`)
    const before = await page
      .locator('#camera-list')
      .evaluate((list) =>
        JSON.stringify([getComputedStyle(list).font, getComputedStyle(list).color, list.getBoundingClientRect().width]),
      )
    await press()
    await page.locator('lamppost-incident h2').waitFor()
    expect(
      await page
        .locator('#camera-list')
        .evaluate((list) =>
          JSON.stringify([
            getComputedStyle(list).font,
            getComputedStyle(list).color,
            list.getBoundingClientRect().width,
          ]),
        ),
    ).toBe(before)
    // The page's careless rules (purple capitals for every button) do not reach in either.
    expect(
      await page
        .locator('button.take')
        .evaluate((button) => [getComputedStyle(button).textTransform, getComputedStyle(button).color]),
    ).toEqual(['none', 'rgb(255, 255, 255)'])
    const names = await page.evaluate(() =>
      Object.keys(globalThis).filter((name) => /lamppost|leaflet|hls/i.test(name) || name === 'L'),
    )
    expect(names).toEqual([])
    await page.locator('#search').fill('t x c')
    expect(await page.locator('#search').inputValue()).toBe('t x c')
    expect(await page.locator('.owner').count()).toBe(0)
  })
  test('tells it what happens by typed events', async () => {
    const page = await visit(`${originOf(host)}/`)
    await until(
      () => page.evaluate(() => document.querySelector('lamppost-wall')?.shadowRoot !== null),
      (so) => so,
    )
    await press()
    await page.locator('button.take').click()
    await page.locator('.owner').waitFor()
    await until(
      () => page.locator('#heard').textContent(),
      (heard) => heard === 'opened bar, acknowledged bar',
    )
    // That it sees nothing any more is the page's to know, too.
    await page.evaluate(() => {
      const wall = document.querySelector('lamppost-wall')
      wall?.addEventListener(
        'lamppost-link-changed',
        ({ detail }) => (document.body.dataset.link = `${document.body.dataset.link ?? ''} ${detail.link}`),
      )
    })
    await page.context().setOffline(true)
    // What happens now cannot be asked for.
    await press()
    await until(
      () => page.evaluate(() => document.body.dataset.link),
      (link) => link?.endsWith(' lost') ?? false,
    )
    await page.context().setOffline(false)
    await until(
      () => page.evaluate(() => document.body.dataset.link),
      (link) => link?.endsWith(' lost live') ?? false,
    )
  })
  test('takes on that page’s colours where it is told them', async () => {
    const page = await visit(`${originOf(host)}/`)
    await press()
    await page.locator('lamppost-incident h2').waitFor()
    expect(await page.locator('button.take').evaluate((button) => getComputedStyle(button).backgroundColor)).toBe(
      'rgb(0, 92, 75)',
    )
  })
  test('goes on when its token runs out: the page is asked for another, and nothing is missed', async () => {
    const page = await visit(`${originOf(host)}/?life=3`)
    await until(
      () => page.evaluate(() => document.querySelector('lamppost-wall')?.shadowRoot !== null),
      (so) => so,
    )
    const before = issued
    await until(
      () => issued,
      (count) => count >= before + 2,
      15_000,
    )
    await until(
      () => page.locator('.banner').count(),
      (count) => count === 0,
    )
    await press()
    await page.locator('lamppost-incident h2').waitFor()
  })
  test('is loud where the site file does not name that page, and shows nothing', async () => {
    const page = await visit(`${originOf(stranger)}/`)
    await page.waitForTimeout(1500)
    await press()
    await page.waitForTimeout(1000)
    // The module itself is not handed over, so there is no element at all.
    expect(await page.evaluate(() => customElements.get('lamppost-wall') === undefined)).toBe(true)
    await page.locator('#failed').waitFor()
    complaints.length = 0
  })
})

describe('the manifest of the elements', () => {
  test('has exactly the attributes and the parts that they have in a browser', async () => {
    const manifest = (await (await fetch(`${house.url}/custom-elements.json`)).json()) as {
      modules: { declarations: { tagName: string; attributes: { name: string }[]; cssParts: { name: string }[] }[] }[]
    }
    const page = await visit(`${house.url}/embed#token=${tokens.asha}`)
    await until(
      () => page.evaluate(() => customElements.get('lamppost-wall') !== undefined),
      (so) => so,
    )
    for (const { tagName, attributes } of manifest.modules[0]?.declarations ?? [])
      expect({
        tagName,
        has: await page.evaluate(
          (tag) =>
            [
              ...((customElements.get(tag) as unknown as { observedAttributes: string[] }).observedAttributes ?? []),
            ].sort(),
          tagName,
        ),
      }).toEqual({ tagName, has: attributes.map(({ name }) => name).sort() })
    await press()
    await page.locator('lamppost-incident.large h2').waitFor()
    const parts = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) =>
          [...(element.shadowRoot?.querySelectorAll('[part]') ?? [])].flatMap(
            (part) => part.getAttribute('part')?.split(' ') ?? [],
          ),
        )
    const documented = (tag: string): string[] =>
      manifest.modules[0]?.declarations.find(({ tagName }) => tagName === tag)?.cssParts.map(({ name }) => name) ?? []
    for (const tag of ['lamppost-wall', 'lamppost-incident', 'lamppost-town'])
      expect(documented(tag)).toEqual(expect.arrayContaining(await parts(tag)))
  })
})

describe('several walls on one page', () => {
  test('share one stream and one connection for pictures, and show the same', async () => {
    const streams: string[] = []
    const page = await visit(`${originOf(host)}/several`, (url) => url.endsWith('/events') && streams.push(url))
    await until(
      () => page.locator('lamppost-wall').count(),
      (count) => count === 3,
    )
    await press()
    await until(
      () => page.locator('lamppost-incident h2').count(),
      (count) => count === 2,
    )
    // The third is a further screen that waits for the site's time.
    expect(await page.locator('lamppost-wall[from-step="1"] lamppost-incident').count()).toBe(0)
    expect(streams).toHaveLength(1)
    await page.locator('button.take').first().click()
    await until(
      () => page.locator('.owner').count(),
      (count) => count === 2,
    )
  })
})

describe('a frame', () => {
  test('in a page of another origin gets its token from that page, and works', async () => {
    const page = await visit(`${originOf(host)}/frame`)
    const inside = page.frameLocator('iframe')
    await press()
    await inside.locator('lamppost-incident h2', { hasText: 'Number One Bar' }).waitFor()
    await inside.locator('button.take').click()
    await inside.locator('.owner', { hasText: 'Dilys' }).waitFor()
    await page.screenshot({ path: join(output, 'embedded-frame.png') })
  })
  test('in a page that the site file does not name stays empty', async () => {
    const page = await visit(`${originOf(stranger)}/frame`)
    await press()
    await page.waitForTimeout(1500)
    const frame = page.frames().find((each) => each !== page.mainFrame())
    expect(
      await frame
        ?.locator('lamppost-wall')
        .count()
        .catch(() => 0),
    ).toBe(0)
    complaints.length = 0
  })
})

describe('a VMS’s web tile', () => {
  test('is an address: the token in its fragment is used and does not stay there', async () => {
    const page = await visit(`${house.url}/embed?lang=cy&theme=light#token=${tokens.asha}`)
    await press()
    await page.locator('button.take', { hasText: 'Derbyn' }).waitFor()
    expect(page.url()).toBe(`${house.url}/embed?lang=cy&theme=light`)
  })
  test('opened for one incident has that large, though another one is more urgent; and says when it is not open', async () => {
    const { incident } = (await press()) as { incident: string }
    await call('POST', `/incidents/${incident}/acknowledgement`, {})
    await call('POST', '/presses', { helpPoint: 'row' }, tokens.press)
    const page = await visit(`${house.url}/embed?incident=${incident}#token=${tokens.asha}`)
    await page.locator('lamppost-incident.large h2', { hasText: 'Number One Bar' }).waitFor()
    await page.locator('lamppost-incident.small', { hasText: 'High Row' }).waitFor()
    // What a person chooses then is theirs.
    await page.locator('lamppost-incident.small').click()
    await page.locator('lamppost-incident.large h2', { hasText: 'High Row' }).waitFor()
    await call('POST', `/incidents/${incident}/closure`, { reason: 'over' })
    const again = await visit(`${house.url}/embed?incident=${incident}#token=${tokens.asha}`)
    await again.getByText('The incident that this page was opened for is not open.').waitFor()
  })
  test('that crashed and was loaded anew in the night comes back without anybody', async () => {
    const page = await visit(`${house.url}/embed#token=${tokens.asha}`)
    await press()
    await page.locator('button.take').waitFor()
    await page.reload()
    await page.locator('button.take').waitFor()
    expect(await page.locator('form.sign-in').isHidden()).toBe(true)
  })
  test('says in its title, its icon and by the system that somebody waits, until somebody has accepted', async () => {
    const page = await (await browser.newContext({ permissions: ['notifications'] })).newPage()
    open.push(page)
    // A fake for the system's notifications, which a headless browser shows nowhere; and for a window behind others.
    await page.addInitScript(() => {
      const said: string[] = []
      class Said extends EventTarget {
        static permission = 'granted'
        #name: string
        constructor(name: string) {
          super()
          this.#name = name
          said.push(`shown: ${name}`)
        }
        close(): void {
          said.push(`taken away: ${this.#name}`)
        }
      }
      Object.assign(globalThis, { Notification: Said, said, screens: 0 })
      Object.defineProperty(document, 'visibilityState', {
        get: () => ((globalThis as { behind?: boolean }).behind ? 'hidden' : 'visible'),
      })
      navigator.wakeLock.request = async () => {
        ;(globalThis as { screens?: number }).screens = ((globalThis as { screens?: number }).screens ?? 0) + 1
        return {} as WakeLockSentinel
      }
    })
    await page.goto(`${house.url}/embed#token=${tokens.asha}`)
    await page.locator('lamppost-wall').waitFor({ state: 'attached' })
    const title = await page.title()
    const icon = () => page.locator('link[rel="icon"]').getAttribute('href')
    const quiet = await icon()
    expect(await page.evaluate(() => (globalThis as { screens?: number }).screens)).toBe(1)
    await page.evaluate(() => Object.assign(globalThis, { behind: true }))
    const { incident } = (await press()) as { incident: string }
    await until(
      () => page.title(),
      (now) => now.startsWith('(1) Number One Bar, Blackwellgate'),
    )
    expect(await icon()).toContain('image/svg+xml')
    await call('POST', `/incidents/${incident}/acknowledgement`, {})
    await until(
      () => page.title(),
      (now) => now === title,
    )
    expect(await icon()).toBe(quiet)
    expect(await page.evaluate(() => (globalThis as { said?: string[] }).said)).toEqual([
      'shown: Number One Bar, Blackwellgate',
      'taken away: Number One Bar, Blackwellgate',
    ])
  })
  test('without a token asks who sits there', async () => {
    const people = openPeopleFile(join(folder, 'data', 'people.json'))
    await people.addUser('dilys', 'a password of Dilys', { name: 'Dilys', role: 'operator', helpPoints: null })
    const page = await visit(`${house.url}/embed?lang=cy`)
    await page.evaluate(() => {
      const { start } = OscillatorNode.prototype
      OscillatorNode.prototype.start = function (...when) {
        document.body.dataset.tones = String(Number(document.body.dataset.tones ?? 0) + 1)
        start.apply(this, when)
      }
    })
    await page.getByRole('button', { name: 'Profi’r sain' }).click()
    await page.waitForFunction(() => document.body.dataset.tones === '4')
    await page.getByLabel('Enw').fill('dilys')
    await page.getByLabel('Cyfrinair').fill('a password of Dilys')
    await page.screenshot({ path: join(output, 'sign-in.png') })
    await page.getByRole('button', { name: 'Mewngofnodi' }).click()
    await press()
    await page.locator('button.take', { hasText: 'Derbyn' }).click()
    await page.locator('.owner', { hasText: 'Dilys' }).waitFor()
  })
  test('may load the module a second time, as a page does that has it in a bundle of its own', async () => {
    const page = await visit(`${house.url}/embed#token=${tokens.asha}`)
    expect(
      await page.evaluate("import(location.origin + '/lamppost.js?again').then((module) => 'LamppostWall' in module)"),
    ).toBe(true)
    await press()
    await page.locator('button.take').waitFor()
  })
  test('in English asks in English', async () => {
    const page = await visit(`${house.url}/embed`)
    await page.getByRole('heading', { name: 'Sign in to Lamppost' }).waitFor()
    expect(await page.getByRole('button').allTextContents()).toEqual(['Sign in', 'Test sound'])
  })
})

test('nothing broke a rule: no script error, no violation of that page’s own policy', () =>
  expect(complaints).toEqual([]))
