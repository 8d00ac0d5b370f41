/** Script in every name and every note: it is text on every page, and runs on none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { recordClip } from '../evidence/recorded.ts'
import { type Answer, askAs } from '../contracts/ask-as.ts'
import { until } from '../contracts/test-town.ts'
import { openBrowser } from '../journeys/town-process.ts'

const PASSWORD = 'three boats under a bridge'
/** Each says where it came from, if it runs. As long as a name may be. */
const script = (where: string): string =>
  `<img src=x onerror="window.ran='${where}'">{{7*7}}\${7*7}"><svg onload=window.ran=1>`
const quoted = (where: string): string => JSON.stringify(script(where))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-hostile-names-'))
const data = join(folder, 'data')
let house: House
let browser: Browser
let tokens: Record<'operator' | 'evidence' | 'supervisor' | 'press', string>

const ask = (who: keyof typeof tokens, method: string, path: string, body?: unknown): Promise<Answer> =>
  askAs(house.url, tokens[who], method, `/api/v1${path}`, body)

beforeAll(async () => {
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      `site: { id: town, name: ${quoted('site')}, timezone: Europe/London }`,
      'helpPoints:',
      `  - { id: bar, name: ${quoted('help point')}, address: ${quoted('address')}, location: { lat: 54.52363, lon: -1.5561 }, ` +
        `instructions: [${quoted('instruction')}] }`,
      'cameras:',
      `  - { id: bar, name: ${quoted('camera')}, location: { lat: 54.5237, lon: -1.5562 }, ` +
        'privacy: [{ name: "x", polygon: [[0, 0], [0.2, 0], [0.2, 0.2]] }], ' +
        'onvif: { url: "http://127.0.0.1:9/onvif/device_service", username: a, password: "${HOSTILE_NAMES}" } }',
      `safePlaces: [{ name: ${quoted('safe place')}, address: ${quoted('safe address')}, location: { lat: 54.5238, lon: -1.5564 }, ` +
        'open: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "23:59" }] }]',
      `contacts: [{ id: police, name: ${quoted('contact')}, phone: ${quoted('phone')} }]`,
      '',
    ].join('\n'),
  )
  process.env.HOSTILE_NAMES = 'x'
  await recordClip(join(data, 'clips'), 'bar', { seconds: 4, at: Date.now() - 5000 })
  const people = openPeopleFile(join(data, 'people.json'))
  const roles = ['operator', 'evidence', 'supervisor', 'press'] as const
  tokens = Object.fromEntries(
    roles.map((role) => [role, people.addToken({ name: script(`token ${role}`), role, helpPoints: null })]),
  ) as typeof tokens
  await people.addUser('all', PASSWORD, {
    ...{ name: script('person'), role: 'supervisor', helpPoints: null },
    roles: ['supervisor', 'operator', 'evidence', 'engineer'],
  })
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: data,
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
  const first = (await ask('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
  for (const [method, path, body] of [
    ['POST', `/incidents/${first}/notes`, { text: script('note') }],
    ['POST', `/incidents/${first}/framings`, { camera: 'bar' }],
    ['POST', `/incidents/${first}/closure`, { reason: script('closure') }],
  ] as const)
    expect((await ask('operator', method, path, body)).status).toBeLessThan(300)
  await ask('supervisor', 'PUT', `/incidents/${first}/lock`, { reason: script('lock') })
  await ask('evidence', 'POST', '/views', { camera: 'bar', reason: script('view') })
  const who = { name: script('requester'), organisation: script('organisation'), reference: script('reference') }
  const ordered = await ask('evidence', 'POST', '/exports', {
    reason: script('export'),
    requestedBy: who,
    incident: first,
  })
  if (ordered.status === 202)
    await until(
      async () => (await ask('evidence', 'GET', `/exports/${ordered.body.id}`)).body.state as string,
      (state) => state === 'ready' || state === 'failed',
    )
  const open = (await ask('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
  await ask('operator', 'POST', `/incidents/${open}/notes`, { text: script('open note') })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function visit(path: string): Promise<{ page: Page; refused: string[] }> {
  const page = await (await browser.newContext()).newPage()
  const refused: string[] = []
  // What was made an element and only stopped by the policy has come too far already.
  page.on('console', (message) => {
    if (/Refused to|Content Security Policy|TrustedHTML|Trusted Type/i.test(message.text()))
      refused.push(message.text())
  })
  page.on('dialog', (dialog) => {
    refused.push(`a dialog: ${dialog.message()}`)
    dialog.dismiss().catch(() => {})
  })
  await page.goto(`${house.url}${path}`)
  const form = page.locator('form.sign-in:not([hidden])')
  await form.locator('input[name=user]').fill('all')
  await form.locator('input[name=password]').fill(PASSWORD)
  await form.locator('button').click()
  await form.waitFor({ state: 'hidden' })
  return { page, refused }
}
/** All text of a page, also inside of elements with a root of their own, and every image that is not there. */
const look = (page: Page): Promise<{ text: string; injected: number; ran: unknown }> =>
  page.evaluate(() => {
    let text = ''
    let injected = 0
    const walk = (root: Node): void => {
      for (const node of root.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) text += `${node.textContent} `
        if (!(node instanceof Element)) continue
        if (node.hasAttribute('onerror') || node.hasAttribute('onload')) injected += 1
        if (node.shadowRoot) walk(node.shadowRoot)
        walk(node)
      }
    }
    walk(document)
    return { text, injected, ran: (window as unknown as { ran?: unknown }).ran ?? null }
  })

test.each([
  ['/', 'help point'],
  ['/presets', 'camera'],
  ['/evidence', 'closure'],
  ['/help-points', 'help point'],
  ['/shift', 'help point'],
  ['/people', 'person'],
  ['/connectors', null],
])('%s shows it as text', async (path, where) => {
  const { page, refused } = await visit(path)
  if (where !== null)
    await until(
      async () => (await look(page)).text,
      (text) => text.includes(`window.ran='${where}'`),
    )
  // Whatever opens on a click.
  for (const button of (await page.locator('nav button, summary, button.play').all()).slice(0, 6))
    await button.click({ timeout: 1000 }).catch(() => {})
  await page.waitForTimeout(300)
  const { injected, ran, text } = await look(page)
  expect({ injected, ran, refused }).toEqual({ injected: 0, ran: null, refused: [] })
  // No template of anybody's was filled in.
  expect(text).not.toContain('49${7*7}')
  await page.context().close()
})
test('the page of a hand-over link shows it as text', async () => {
  const { body } = await ask('evidence', 'GET', '/exports')
  const made = body.items.find(({ state }: { state: string }) => state === 'ready')
  expect(made).toBeDefined()
  const to = {
    recipient: script('recipient'),
    organisation: script('their organisation'),
    purpose: script('purpose'),
    days: 1,
  }
  const { body: link } = await ask('evidence', 'POST', `/exports/${made.id}/disclosures`, to)
  const page = await browser.newPage()
  await page.goto(`${house.url}${link.link}`)
  const { injected, ran, text } = await look(page)
  expect({ injected, ran }).toEqual({ injected: 0, ran: null })
  expect(text).toContain("window.ran='recipient'")
})
