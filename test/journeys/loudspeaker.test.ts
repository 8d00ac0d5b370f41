/** The room speaks into the street: through the loudspeaker of a camera of the demo town, from the tile and by the API. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { levelOf, toALaw } from '../../server/tools/media/g711.ts'
import { until } from '../contracts/test-town.ts'
import { type Town, api, npmStart, openBrowser, ready } from './town-process.ts'
import { large, output } from './wall-room.ts'

const MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
const CAMERA = 'cam-31'
let town: Town
let browser: Browser
beforeAll(async () => {
  town = await npmStart()
  await ready(town)
  browser = await openBrowser(...MICROPHONE)
})
afterAll(async () => {
  await browser?.close()
  await town?.end()
})

type Call = { id: string; state: string; camera: string | null; helpPoint: string | null; code?: string; owner: string }
const ask = <T = Call>(who: 'operator' | 'supervisor', method: string, path: string, body?: unknown): Promise<T> =>
  api<T>(town, who, method, path, body)
const press = async (): Promise<string> =>
  (await api<{ incident: string }>(town, 'press', 'POST', '/presses', { helpPoint: 'blackwellgate' })).incident
const heardFile = (): string => join(town.folder, 'simulator', `${CAMERA}.heard.wav`)
const WAV_HEADER_BYTES = 58
/** What the loudspeaker has said, once nobody speaks any more. */
async function heard(): Promise<Buffer> {
  await until(() => existsSync(heardFile()) && readFileSync(heardFile()).length > WAV_HEADER_BYTES, Boolean)
  return readFileSync(heardFile()).subarray(WAV_HEADER_BYTES)
}
async function wall(): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  await page.goto(`${town.credentials.url}/embed#token=${town.credentials.tokens.operator}`)
  await page.mouse.click(2, 2)
  return page
}

test('an operator speaks from the tile; the street hears it, and the record says so', async () => {
  rmSync(heardFile(), { force: true })
  const incident = await press()
  const page = await wall()
  await large(page).locator('h2').waitFor()
  await large(page).locator('.view', { hasText: 'doorway' }).click()
  await large(page).locator('button.speak').click()
  const call = large(page).locator('lamppost-call')
  await call.locator('.head', { hasText: 'Your voice goes to Number One Bar doorway' }).waitFor()
  // Nothing is offered that a loudspeaker cannot do, and nobody is said to be heard.
  expect(await call.locator('button', { hasText: /Hold call|Give back/ }).count()).toBe(0)
  expect(await large(page).locator('button.speak').count()).toBe(0)
  await page.screenshot({ path: join(output, 'loudspeaker.png') })
  // A further page speaks there, too? Nobody does.
  expect(await ask('supervisor', 'POST', '/calls', { camera: CAMERA, incident })).toMatchObject({ code: 'call/busy' })
  await page.waitForTimeout(2500)
  await call.locator('button[part=end]').click()
  const sound = await heard()
  const levels = Array.from({ length: Math.floor(sound.length / 160) }, (_, i) =>
    levelOf(sound.subarray(i * 160, (i + 1) * 160)),
  )
  // Chromium's own microphone beeps once a second.
  expect(Math.max(...levels)).toBeGreaterThan(-40)
  const { log } = await ask<{ log: { kind: string; body: object }[] }>('operator', 'GET', `/incidents/${incident}`)
  const kinds = log.map(({ kind }) => kind).filter((kind) => kind.startsWith('call.'))
  expect(kinds.slice(0, 4)).toEqual(['call.ringing', 'call.answered', 'call.connected', 'call.ended'])
  expect(log.find(({ kind }) => kind === 'call.connected')?.body).toMatchObject({ camera: CAMERA })
  // The button is back.
  await large(page).locator('button.speak').waitFor()
  await page.context().close()
})

/** A program in an operator's place: says a tone. */
async function speak(call: string, hz: number): Promise<WebSocket> {
  const socket = new WebSocket(`${town.credentials.url.replace('http', 'ws')}/api/v1/calls/audio`)
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ token: town.credentials.tokens.operator }))
  socket.send(JSON.stringify({ talk: call }))
  let sample = 0
  const timer = setInterval(() => {
    const frame = Buffer.alloc(164)
    frame.writeUInt32LE(sample, 0)
    for (let i = 0; i < 160; i += 1, sample += 1)
      frame[4 + i] = toALaw(Math.round(12_000 * Math.sin((2 * Math.PI * hz * sample) / 8000)))
    if (socket.readyState === WebSocket.OPEN) socket.send(frame)
    else clearInterval(timer)
  }, 20)
  return socket
}
const connected = (id: string): Promise<Call> =>
  until(
    () => ask('operator', 'GET', `/calls/${id}`),
    ({ state }) => state === 'connected',
  )

test('a program speaks without an incident, for a reason; whose page is gone has given the loudspeaker back', async () => {
  rmSync(heardFile(), { force: true })
  expect(await ask('operator', 'POST', '/calls', { camera: CAMERA })).toMatchObject({ code: 'request/invalid' })
  const wish = { camera: CAMERA, reason: 'The bar is on fire' }
  const placed = await ask('operator', 'POST', '/calls', wish)
  expect(placed).toMatchObject({
    camera: CAMERA,
    helpPoint: null,
    incident: null,
    reason: wish.reason,
    direction: 'out',
  })
  const socket = await speak(placed.id, 440)
  await connected(placed.id)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  socket.terminate()
  const over = await until(
    () => ask('operator', 'GET', `/calls/${placed.id}`),
    ({ state }) => state === 'ended',
  )
  expect(over).toMatchObject({ end: 'operator-hung-up' })
  expect(levelOf(await heard())).toBeGreaterThan(-30)
  // It is nobody's: the next one speaks.
  const next = await ask('operator', 'POST', '/calls', wish)
  await ask('operator', 'POST', `/calls/${next.id}/ending`)
})
test.each([
  ['two at once', { camera: CAMERA, contact: 'police', reason: 'Fire' }, 'request/invalid'],
  ['nobody', { reason: 'Fire' }, 'request/invalid'],
  ['a camera without a loudspeaker', { camera: 'cam-12', reason: 'Fire' }, 'call/no-speaker'],
  ['a camera that does not exist', { camera: 'cam-999', reason: 'Fire' }, 'call/no-speaker'],
  ['a contact of a simulated town', { contact: 'police', reason: 'Fire' }, 'call/no-trunk'],
  ['an incident that does not exist', { camera: CAMERA, incident: 'inc_none' }, 'incident/unknown'],
])('a call to %s is refused, and nothing is written', async (_, wish, code) => {
  const before = await ask<{ items: Call[] }>('operator', 'GET', '/calls')
  expect(await ask('operator', 'POST', '/calls', wish)).toMatchObject({ code })
  expect(await ask('operator', 'GET', '/calls')).toEqual(before)
})
test('a camera says by its API whether the room can speak there', async () => {
  const { items } = await ask<{ items: { id: string; speaker: string | null }[] }>('operator', 'GET', '/cameras')
  expect(items.filter(({ speaker }) => speaker !== null)).toMatchObject([{ id: CAMERA, speaker: 'onvif' }])
})
test('a call about no incident stands on the wall, where every operator sees who speaks', async () => {
  const page = await wall()
  const placed = await ask('supervisor', 'POST', '/calls', { camera: CAMERA, reason: 'The bar is on fire' })
  const line = page.locator('.room-call', { hasText: /speaks through the loudspeaker of Number One Bar doorway/ })
  await line.waitFor()
  await page.screenshot({ path: join(output, 'loudspeaker-no-incident.png') })
  await ask('supervisor', 'POST', `/calls/${placed.id}/ending`)
  await line.waitFor({ state: 'detached' })
  // This person's own has its controls there.
  await ask('operator', 'POST', '/calls', { camera: CAMERA, reason: 'The bar is on fire' })
  const mine = page.locator('.calls lamppost-call')
  await mine.locator('button', { hasText: 'Speak from this screen' }).click()
  await mine.locator('.head', { hasText: 'Your voice goes to Number One Bar doorway' }).waitFor()
  await page.screenshot({ path: join(output, 'loudspeaker-own.png') })
  await mine.locator('button[part=end]').click()
  await mine.waitFor({ state: 'detached' })
  await page.context().close()
})
