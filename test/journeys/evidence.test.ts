/** The evidence officer's page and the page that verifies, in a real Chromium. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EvidenceRoom, openEvidenceRoom, standardChecks } from '../contracts/evidence-room.ts'
import { HEARD, writeCalls } from '../contracts/recorded-calls.ts'
import { until } from '../contracts/test-town.ts'
import { unzip } from '../contracts/unzip.ts'
import { openBrowser } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
let room: EvidenceRoom
let browser: Browser
let page: Page
let incident: string
const failures: string[] = []

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  room = await openEvidenceRoom({ seconds: 14, ago: 20_000 })
  incident = (await room.ask('press', 'POST', '/presses', { helpPoint: 'bar' })).body.incident
  for (const camera of ['bar', 'row']) await room.ask('operator', 'POST', `/incidents/${incident}/framings`, { camera })
  await room.ask('operator', 'POST', `/incidents/${incident}/notes`, {
    text: '<img src=x onerror=alert(1)> at the door',
  })
  await room.ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'over' })
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1920, height: 1080 }, acceptDownloads: true })).newPage()
  page.on('pageerror', (error) => failures.push(error.message))
  page.on('dialog', (dialog) => failures.push(dialog.message()))
  // What a person chooses in the browser's own window cannot be chosen here.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showSaveFilePicker'))
})
afterAll(async () => {
  await browser?.close()
  await room?.close()
})

const shot = (name: string): Promise<Buffer> =>
  page.screenshot({ path: join(output, `evidence-${name}.png`), fullPage: true })
async function isAccessible(): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  )
}
const range = (): Promise<string> => page.locator('lamppost-cut form.order > p').first().innerText()
const position = (): Promise<string> => page.locator('lamppost-cut .moves .clock').innerText()

async function sayPasswordAgain(): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Who is there?' })
  await dialog.getByLabel('Name').fill('olive')
  await dialog.getByLabel('Password').fill('a password of Olive')
  await dialog.getByRole('button', { name: 'Go on' }).click()
}
/** The same page with another session, in which the password has not been said again. */
async function signInAnew(): Promise<void> {
  const data = { user: 'olive', password: 'a password of Olive' }
  expect((await page.request.post(`${room.url()}/api/v1/session`, { data })).status()).toBe(201)
}

describe('the evidence officer', () => {
  test('signs in, and sees what is held, its gaps, and until when', async () => {
    await page.goto(`${room.url()}/evidence`)
    await page.getByLabel('Name').fill('olive')
    await page.getByLabel('Password').fill('a password of Olive')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const article = page.locator('article', { hasText: 'Number One Bar' })
    await article
      .getByText(/\d gaps?$/)
      .first()
      .waitFor()
    expect(await article.innerText()).toMatch(/Kept until .* \d{4}/)
    await isAccessible()
    await shot('recordings')
  })
  test('locks it with a reason, and unlocks it', async () => {
    const article = page.locator('article', { hasText: 'Number One Bar' })
    await article.getByRole('button', { name: 'Lock…' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('Crown Court')
    await page.getByRole('button', { name: 'Keep it for ever' }).click()
    await sayPasswordAgain()
    await article.getByText('Locked by Olive: Crown Court').waitFor()
    await article.getByRole('button', { name: 'Unlock…' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('settled')
    await page.getByRole('button', { name: 'Unlock', exact: true }).click()
    await article.getByRole('button', { name: 'Lock…' }).waitFor()
  })
  test('finds pictures, marks and gaps on the timeline, several cameras at one moment', async () => {
    await page.getByRole('button', { name: 'Cut and export' }).click()
    const cut = page.locator('lamppost-cut')
    await cut.locator('.track img').first().waitFor()
    expect(await cut.locator('lamppost-player').count()).toBe(2)
    await until(
      () => cut.locator('.track .gap').count(),
      (count) => count >= 2,
    )
    // What somebody wrote is text.
    expect(await cut.locator('.marks .note').innerText()).toContain('<img src=x onerror=alert(1)>')
    expect(await cut.locator('.marks .press').count()).toBe(1)
    await page.keyboard.press('j')
    await page.waitForFunction(() => {
      const players = [
        ...(document
          .querySelector('lamppost-evidence')
          ?.shadowRoot?.querySelector('lamppost-cut')
          ?.shadowRoot?.querySelectorAll('lamppost-player') ?? []),
      ] as unknown as { wallTime(): number | null }[]
      const times = players.map((player) => player.wallTime())
      return (
        times.length === 2 && times.every((time) => time !== null) && Math.abs((times[0] ?? 0) - (times[1] ?? 0)) < 150
      )
    })
    await isAccessible()
    await shot('cut')
  })
  test('sets start and end by key, steps frame by frame, and what is typed moves nothing', async () => {
    const at = (): Promise<number> =>
      page
        .locator('lamppost-cut lamppost-player')
        .first()
        .evaluate((player) => (player as unknown as { wallTime(): number }).wallTime())
    await page.keyboard.press('i')
    const before = await at()
    for (let i = 0; i < 3; i += 1) {
      const was = await at()
      await page.keyboard.press('.')
      await until(at, (now) => now !== was)
    }
    const moved = (await at()) - before
    expect(moved).toBeGreaterThan(100)
    expect(moved).toBeLessThan(600)
    await page.locator('lamppost-cut').getByLabel('Position', { exact: true }).last().focus()
    await page.keyboard.press('l')
    await until(at, (now) => now > before + 3000)
    await page.keyboard.press('o')
    const chosen = await range()
    expect(chosen).toMatch(/^From \d\d:\d\d:\d\d GMT to \d\d:\d\d:\d\d GMT, 0:\d\d$|^From .* BST/)
    const stood = await position()
    await page.getByLabel('Why are these recordings handed out?').pressSequentially('joint pilot, . i o')
    expect([await range(), await position()]).toEqual([chosen, stood])
    await page.getByLabel('Why are these recordings handed out?').fill('Investigation of an assault')
  })
  test('exports after the password was said again; a wrong one is told, and nothing that was typed is lost', async () => {
    await page.getByLabel('Who asked for it').fill('DC 1234 Khan')
    await page.getByLabel(/^Organisation/).fill('Durham Constabulary')
    await signInAnew()
    await page.getByRole('button', { name: 'Export 2 cameras' }).click()
    const dialog = page.getByRole('dialog', { name: 'Who is there?' })
    await dialog.getByLabel('Name').fill('olive')
    await dialog.getByLabel('Password').fill('wrong password')
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await dialog.getByText('not known here').waitFor()
    await isAccessible()
    await dialog.getByLabel('Password').fill('a password of Olive')
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await page.locator('article.package .state.ready').waitFor()
    expect(await page.locator('article.package').innerText()).toMatch(
      /DBC-\d{4}-000001-\w{4}[\s\S]*Investigation of an assault[\s\S]*DC 1234 Khan, Durham Constabulary/,
    )
    await isAccessible()
    await shot('packages')
  })
  test('fetches the package and its companion, and both are what they say', async () => {
    const fetched = async (name: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
      const file = join(room.folder, download.suggestedFilename())
      await download.saveAs(file)
      return file
    }
    const zip = await fetched('Fetch package')
    const companion = await fetched('Fetch companion')
    const receipt = await fetched('Receipt')
    unzip(zip, join(room.folder, 'fetched'))
    unzip(companion, join(room.folder, 'fetched'))
    const id = /(DBC-\d{4}-000001-\w{4})/.exec(zip)?.[1] ?? ''
    const beside = join(room.folder, 'fetched', `${id}_companion`)
    expect(standardChecks(join(room.folder, 'fetched', id), join(beside, 'evidence-root.pem'))).toMatchObject({
      hashes: true,
      files: true,
      signature: true,
    })
    expect(readFileSync(receipt, 'utf8')).toContain(id)
    const paper = await browser.newPage({ viewport: { width: 900, height: 1270 } })
    await paper.goto(pathToFileURL(join(beside, 'receipt.html')).href)
    expect(await paper.locator('svg').evaluate((svg) => svg.getBoundingClientRect().width)).toBeLessThan(200)
    await paper.screenshot({ path: join(output, 'evidence-receipt.png'), fullPage: true })
    await paper.close()
  })
  test('hands it over by a link that is shown once, and revokes it', async () => {
    await page.getByRole('button', { name: 'Hand over…' }).click()
    const form = page.getByRole('form', { name: 'Hand it to somebody outside' })
    await form.getByLabel('Name').fill('DS 77 Jones')
    await form.getByLabel('What for').fill('Crown v. Example')
    await form.getByRole('button', { name: 'Make the link' }).click()
    const link = await page.locator('.link code').innerText()
    const outside = await browser.newPage()
    await outside.goto(link)
    expect(await outside.locator('h1').innerText()).toContain('Evidence package DBC-')
    await outside.screenshot({ path: join(output, 'evidence-link.png') })
    await page.getByRole('button', { name: 'Revoke…' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('sent to the wrong person')
    await page.getByRole('button', { name: 'Revoke the link' }).click()
    await page.getByText('revoked by Olive').waitFor()
    expect((await outside.goto(link))?.status()).toBe(410)
    await outside.close()
    await isAccessible()
  })
  test('draws a place to be blurred and makes a redacted copy', async () => {
    await page.getByRole('button', { name: 'Redacted copy…' }).click()
    const picture = page.locator('lamppost-cut .drawing').first()
    // It stands still, and can be seen.
    await picture.hover()
    const box = await picture.boundingBox()
    if (!box) throw new Error('there is no picture to draw on')
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.7, { steps: 5 })
    await page.mouse.up()
    expect(Number(await page.getByLabel('Width %').inputValue())).toBeCloseTo(30, -1)
    await isAccessible()
    await shot('redact')
    await page.getByLabel('Why are these recordings handed out?').fill('Disclosure to the defence')
    await page.getByLabel('Who asked for it').fill('Smith & Co, solicitors')
    await page.getByRole('button', { name: 'Make the redacted copy' }).click()
    await page.locator('article.package', { hasText: 'Redacted copy of' }).locator('.state.ready').waitFor()
  })
  test('finds what was recorded near a place in a time, in the site’s own hours', async () => {
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    const london = (ms: number): string =>
      new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London', dateStyle: 'short', timeStyle: 'medium' })
        .format(ms)
        .replace(' ', 'T')
    const form = page.getByRole('form', { name: 'What was recorded here, then?' })
    await form.getByLabel(/^From/).fill(london(room.recorded.bar.from - 60_000))
    await form.getByLabel(/^To/).fill(london(Date.now()))
    await form.getByLabel('Why do you search?').fill('Subject access request 12')
    await form.getByRole('button', { name: 'Search' }).click()
    await page.getByText('Export these recordings').waitFor()
    expect(await page.locator('.search article').innerText()).toMatch(/bar <b>&[\s\S]*\d+ m[\s\S]*Number One Bar/)
    await isAccessible()
    await shot('search')
  })
  test('cuts an incident that goes on: its timeline stands still, and its pictures are fetched once', async () => {
    expect(
      (await room.ask('operator', 'POST', `/incidents/${incident}/reopening`, { reason: 'closed too soon' })).status,
    ).toBe(200)
    const fetched: string[] = []
    page.on('request', (request) => request.url().includes('thumbnail.jpg') && fetched.push(request.url()))
    await page.goto(`${room.url()}/evidence`)
    await page.getByRole('button', { name: 'Cut and export' }).first().click()
    const pictures = page.locator('lamppost-cut .track img')
    await pictures.first().waitFor()
    await page.waitForTimeout(2500)
    expect(await pictures.count()).toBeGreaterThanOrEqual(1)
    // Two cameras, ten each.
    expect(fetched.length).toBeLessThanOrEqual(20)
    expect(new Set(fetched).size).toBe(fetched.length)
    await room.ask('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'over' })
  })
  test('meets no script error and no script of anybody else', () => expect(failures).toEqual([]))
})

describe('the page that verifies', () => {
  test('works from a disk without a network, and tells the good from the bad in plain words', async () => {
    const { items } = (await room.ask('evidence', 'GET', '/exports')).body
    const { id } = items.at(-1)
    const { zip, root } = await room.fetched(id)
    const companion = join(room.folder, 'fetched', `${id}_companion`, 'verify.html')
    const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 720 } })
    const verifier = await context.newPage()
    const asked: string[] = []
    verifier.on('request', (request) => !/^(file|data|blob):/.test(request.url()) && asked.push(request.url()))
    verifier.on('pageerror', (error) => asked.push(error.message))
    await verifier.goto(pathToFileURL(companion).href)
    await verifier.setInputFiles('#package', zip)
    await verifier.getByRole('heading', { name: 'not proven who made it' }).waitFor()
    await verifier.setInputFiles('#root', root)
    await verifier.getByRole('heading', { name: 'exactly what the site signed' }).waitFor()
    expect(await verifier.locator('#result').innerText()).toContain('Investigation of an assault')
    await verifier.screenshot({ path: join(output, 'evidence-verifier.png'), fullPage: true })
    const axe = await new AxeBuilder({ page: verifier }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze()
    expect(axe.violations.map(({ id: rule }) => rule)).toEqual([])
    const bytes = readFileSync(zip)
    const at = bytes.indexOf('s00002.m4s') + 5000
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(join(room.folder, 'tampered.zip'), bytes)
    await verifier.setInputFiles('#package', join(room.folder, 'tampered.zip'))
    await verifier.getByRole('heading', { name: 'NOT what the site signed' }).waitFor()
    expect(await verifier.locator('#result li').first().innerText()).toMatch(
      /^data\/native\/bar\/s00002\.m4s: this file was changed/,
    )
    await verifier.setInputFiles('#package', join(room.folder, 'site.yaml'))
    await verifier.getByText('this is no ZIP file').waitFor()
    expect(asked).toEqual([])
    await context.close()
  })
})

describe('the sound of a call', () => {
  let other: EvidenceRoom
  beforeAll(async () => {
    other = await openEvidenceRoom({ before: async (where) => void (await writeCalls(where, ['bar'])) })
    await page.goto(`${other.url()}/evidence`)
    await page.getByLabel('Name').fill('olive')
    await page.getByLabel('Password').fill('a password of Olive')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('article').getByRole('button', { name: 'Cut and export' }).first().click()
  })
  afterAll(() => other?.close())

  test('lies beside the pictures, is listened to, and that is in the record', async () => {
    const row = page.locator('lamppost-cut .row.call').first()
    await row.getByText('Call: Number One Bar').waitFor()
    await page.getByRole('button', { name: 'Listen' }).first().click()
    // A voice is handed out: the password once more.
    const confirm = page.getByRole('dialog', { name: 'Who is there?' })
    await confirm.getByLabel('Name').fill('olive')
    await confirm.getByLabel('Password').fill('a password of Olive')
    await confirm.getByRole('button', { name: 'Go on' }).click()
    const audio = page.locator('lamppost-cut audio').first()
    await audio.waitFor()
    await until(
      () => audio.evaluate((element: HTMLAudioElement) => element.currentTime),
      (at) => at > 0.3,
    )
    expect(await audio.evaluate((element: HTMLAudioElement) => Math.round(element.duration))).toBe(6)
    expect((await other.entries()).filter(({ kind }) => kind === 'call.listened')).toHaveLength(1)
    await isAccessible()
    await shot('call')
  })
  test('goes into the package, and a stretch of it is silent in the redacted copy', async () => {
    await page.locator('lamppost-cut').getByLabel('Why are these recordings handed out?').fill('the voice')
    await page.locator('lamppost-cut').getByLabel('Who asked for it').fill('DC Khan')
    await page.getByRole('button', { name: 'Export 1 camera' }).click()
    const [master] = await until(
      async () => (await other.ask('evidence', 'GET', '/exports')).body.items,
      (items) => items[0]?.state === 'ready',
    )
    expect(master.calls).toContain(HEARD)
    await page.getByRole('button', { name: 'Redacted copy…' }).first().click()
    const row = page.locator('lamppost-cut .row.call').first()
    await row.waitFor()
    // What is made to be handed out has no voices until somebody wants them.
    expect(await row.getByRole('checkbox').isChecked()).toBe(false)
    const silence = page.getByRole('button', { name: 'Silence between start and end' })
    expect(await silence.isDisabled()).toBe(true)
    await page.locator('lamppost-cut .position input').fill(String(Date.parse(master.cuts[0].from) + 3000))
    await page.locator('lamppost-cut .set-from').click()
    await page.locator('lamppost-cut .position input').fill(String(Date.parse(master.cuts[0].from) + 5000))
    await page.locator('lamppost-cut .set-to').click()
    // A call that was left out is not put into the copy by a silence.
    expect(await silence.isDisabled()).toBe(true)
    await row.getByRole('checkbox').check()
    await silence.click()
    await page.getByRole('button', { name: 'Let it be heard again' }).waitFor()
    await isAccessible()
    await shot('silence')
    await page.locator('lamppost-cut').getByLabel('Why are these recordings handed out?').fill('for the family')
    await page.locator('lamppost-cut').getByLabel('Who asked for it').fill('the family')
    await page.getByRole('button', { name: 'Make the redacted copy' }).click()
    const [redacted] = await until(
      async () => (await other.ask('evidence', 'GET', '/exports')).body.items,
      (items) => items[0]?.kind === 'redacted' && items[0].state === 'ready',
    )
    expect(redacted.silences).toEqual([expect.objectContaining({ call: HEARD })])
  })
})
