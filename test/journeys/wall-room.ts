/** A control room for journeys: nine help points, three small cameras, four people, and screens that they sit at. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'
import { openBrowser } from './town-process.ts'

export const output = fileURLToPath(new URL('output', import.meta.url))
export const STREETS = fileURLToPath(new URL('../../camera-presets/darlington-streets.geojson', import.meta.url))

const PLACES = [
  'Number One Bar, Blackwellgate',
  'Skinnergate, corner of Mechanics Yard',
  'High Row, steps by the statue',
  'Post House Wynd',
  'Bondgate taxi rank',
  'Grangegate car park',
  'Houndgate underpass',
  'Tubwell Row bus stop',
  'Northgate crossing',
]
export const HELP_POINTS = PLACES.map((name, i) => ({ id: `point-${i + 1}`, name }))
const EVERY_DAY = '[mon, tue, wed, thu, fri, sat, sun]'

export type Wall = Page
/** The large tile of a wall. */
export const large = (page: Wall) => page.locator('lamppost-incident.large')
/** The usual screen of these tests: three videos on it cost half of what they cost on a large one. */
const SMALL_SCREEN = { width: 1280, height: 720 }
/** Screens of one file's tests: each test's are closed after it, and its incidents. */
export function seats(room: () => Room, viewport = SMALL_SCREEN) {
  const open: Wall[] = []
  return {
    async screen(who: string, options: Parameters<Room['screen']>[1] = {}): Promise<Wall> {
      const page = await room().screen(who, { viewport, ...options })
      open.push(page)
      return page
    },
    async clear(): Promise<void> {
      for (const page of open.splice(0)) await page.context().close()
      await room().closeAll()
    },
  }
}
export type Room = {
  house: House
  browser: Browser
  town: Awaited<ReturnType<typeof startTestTown>>
  // oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
  call(who: string, method: string, path: string, body?: unknown): Promise<any>
  token(who: string): string
  press(helpPoint?: string): Promise<string>
  closeAll(): Promise<void>
  /** The wall alone, as `/embed` shows it. */
  screen(who: string, options?: BrowserContextOptions & { query?: string }): Promise<Wall>
  /** What broke a rule on any page: script errors, content security. */
  complaints: string[]
  end(): Promise<void>
}

/** @param escalation as the site file has it */
export async function openRoom(escalation = '[{ after: 60s }]'): Promise<Room> {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-wall-'))
  const small = { width: 640, height: 360 }
  const town = await startTestTown(plan('head', true, small), plan('second', true, small), plan('door', false, small))
  const access = (id: string): string =>
    `onvif: { url: "${town.camera(id).url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }`
  const everywhere = (some: (i: number) => boolean): string =>
    HELP_POINTS.filter((_, i) => some(i))
      .map(({ id }) => `${id}: { token: "${PRESET.token}", name: There }`)
      .join(', ')
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: town, name: Darlington town centre, timezone: Europe/London }',
      'streets: streets.geojson',
      `escalation: ${escalation}`,
      'helpPoints:',
      ...HELP_POINTS.map(
        ({ id, name }, i) =>
          `  - { id: ${id}, name: "${name}", address: "Lamp post, ${name}, Darlington", location: { ` +
          `lat: ${54.52363 + (i % 3) * 0.0007}, lon: ${-1.5561 + Math.floor(i / 3) * 0.0006} }, instructions: ` +
          '[Speak to the caller, Check pre-roll, Offer Number Forty if open] }',
      ),
      'cameras:',
      '  - { id: head, name: Blackwellgate / Skinnergate, location: { lat: 54.52371, lon: -1.55655 ' +
        `}, ${access('head')}, presets: { ${everywhere((i) => i % 2 === 0)} } }`,
      '  - { id: second, name: Post House Wynd, location: { lat: 54.52468, lon: -1.55598 ' +
        `}, ${access('second')}, presets: { ${everywhere(() => true)} } }`,
      `  - { id: door, name: Number One Bar doorway, location: { lat: 54.52357, lon: -1.55618 }, bearing: 40, ${access('door')} }`,
      'safePlaces:',
      '  - { name: Number Forty, address: 40 Skinnergate, location: { lat: 54.52461, lon: -1.55706 ' +
        `}, open: [{ days: ${EVERY_DAY}, from: "00:00", to: "00:00" }] }`,
      '  - { name: St Cuthbert’s hall, address: Market Place, location: { lat: 54.52400, lon: -1.55420 }, open: [] }',
      'contacts:',
      '  - { id: police, name: Durham Constabulary, phone: "101", urgent: "999" }',
      '  - { id: enforcement, name: Civic enforcement officers, phone: "01632 960040" }',
      '',
    ].join('\n'),
  )
  copyFileSync(STREETS, join(folder, 'streets.geojson'))
  const house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: join(folder, 'data'),
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  const tokens = new Map<string, string>()
  for (const [name, role] of [
    ['Asha', 'operator'],
    ['Ben', 'operator'],
    ['Sam', 'supervisor'],
    ['Eve', 'engineer'],
    ['Post', 'press'],
  ] satisfies [string, Role][])
    tokens.set(name, people.addToken({ name, role, helpPoints: null }))
  await people.addUser('cai', 'a password of Cai', { name: 'Cai', role: 'operator', helpPoints: null })
  const browser = await openBrowser()
  const complaints: string[] = []

  const token = (who: string): string => tokens.get(who) ?? ''
  async function call(who: string, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${house.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token(who)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return answer.status === 204 ? null : answer.json()
  }
  await until(
    () => call('Asha', 'GET', '/cameras') as Promise<{ items: { health: { video: string; onvif: string } }[] }>,
    ({ items }) => items.every(({ health }) => health.video === 'up' && health.onvif === 'up'),
    60_000,
  )

  return {
    house,
    browser,
    town,
    call,
    token,
    complaints,
    press: async (helpPoint = 'point-1') =>
      ((await call('Post', 'POST', '/presses', { helpPoint })) as { incident: string }).incident,
    async closeAll() {
      for (const state of ['open', 'acknowledged'])
        for (const { id, owner } of (
          (await call('Asha', 'GET', `/incidents?state=${state}&limit=200`)) as {
            items: { id: string; owner: string | null }[]
          }
        ).items) {
          // What a colleague has is taken over before it is closed.
          if (owner !== null && owner !== 'Asha')
            await call('Asha', 'POST', `/incidents/${id}/acknowledgement`, { from: owner })
          await call('Asha', 'POST', `/incidents/${id}/closure`, { reason: 'over' })
        }
    },
    async screen(who, { query = '', ...options } = {}) {
      const page = await (await browser.newContext({ viewport: SMALL_SCREEN, ...options })).newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => /Content Security Policy/.test(message.text()) && complaints.push(message.text()))
      await page.goto(`${house.url}/embed${query}#token=${token(who)}`)
      await until(
        () => page.evaluate(() => document.querySelector('lamppost-wall')?.shadowRoot !== null),
        (so) => so,
      )
      // A browser makes sound only once it was touched.
      await page.mouse.click(2, 2)
      return page
    },
    async end() {
      await browser.close()
      await house.close()
      await town.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
