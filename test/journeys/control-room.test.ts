import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { BLOCK, COLUMNS, type Mark, ROWS, readMark } from '../../server/simulator/picture/picture-mark.ts'
import { until } from '../contracts/test-town.ts'
import { type Town, api, npmStart, openBrowser, ready, treeOf } from './town-process.ts'

const output = fileURLToPath(new URL('output', import.meta.url))
let town: Town
let browser: Browser
const complaints: string[] = []

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  ;[town, browser] = await Promise.all([npmStart(), openBrowser()])
  await ready(town)
})
afterAll(async () => {
  await browser?.close()
  await town?.end()
})

async function openPage(path: string): Promise<Page> {
  const page = await (
    await browser.newContext({ viewport: { width: 1920, height: 1080 }, acceptDownloads: true })
  ).newPage()
  page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`))
  page.on(
    'console',
    (message) => /Content Security Policy/.test(message.text()) && complaints.push(`${path}: ${message.text()}`),
  )
  await page.goto(`${town.credentials.url}${path}`)
  return page
}

/** Where the playing video shows that the camera looks, and when: read from its pixels. */
async function seenIn(page: Page, player: string): Promise<Mark | null> {
  const pixels = await page.locator(`${player} video`).evaluate(
    (video: HTMLVideoElement, { width, rows }) => {
      if (video.readyState < 2) return null
      const canvas = document.createElement('canvas')
      canvas.width = video.videoWidth
      canvas.height = video.videoHeight
      const context = canvas.getContext('2d')
      if (!context) return null
      context.drawImage(video, 0, 0)
      return {
        height: rows,
        luma: [...context.getImageData(0, canvas.height - rows, width, rows).data.filter((_, i) => i % 4 === 1)],
      }
    },
    { width: COLUMNS * BLOCK, rows: ROWS * BLOCK },
  )
  return pixels && readMark((x, y) => pixels.luma[y * COLUMNS * BLOCK + x] ?? 0, pixels.height)
}

type Incident = {
  id: string
  state: string
  owner: string | null
  openedAt: string
  closedAt: string | null
  presses: { receivedAt: string }[]
  framings: { camera: string; preset: string; state: string }[]
}
const incidents = async (): Promise<Incident[]> =>
  (await api<{ items: Incident[] }>(town, 'operator', 'GET', '/incidents')).items
const LIVE = 'lamppost-incident lamppost-player.live'

describe('a press reaches the wall', () => {
  let wall: Page
  let pressedAt = 0

  test('the wall shows nothing of Lamppost until somebody presses', async () => {
    wall = await openPage('/')
    await wall.locator('#matrix img').first().waitFor()
    await wall.locator('lamppost-wall .banner').waitFor()
    await wall.screenshot({ path: join(output, 'idle.png') })
    expect(await wall.locator('lamppost-incident').count()).toBe(0)
    // But that this browser would keep quiet, which whoever sits down here mends with their first touch.
    expect(await wall.locator('lamppost-wall .banner').allInnerTexts()).toEqual([
      expect.stringContaining('Sound is blocked in this browser'),
    ])
    await wall.locator('#clock').click()
    await wall.locator('lamppost-wall .banner').waitFor({ state: 'detached' })
    expect(await wall.locator('lamppost-wall').evaluate((element) => element.getBoundingClientRect().height)).toBe(0)
  })

  test('a press on the lamp post brings a tile with the help point’s name and address', async () => {
    const post = await openPage('/button')
    await post.locator('#points button').first().waitFor()
    pressedAt = Date.now()
    await post.locator('#press').click()
    await wall.locator('lamppost-incident h2').waitFor()
    expect(await wall.locator('lamppost-incident h2').innerText()).toBe('Number One Bar, Blackwellgate')
    expect(await wall.locator('lamppost-incident .address').innerText()).toContain('Lamp post outside Number One Bar')
    await post.locator('#answer', { hasText: 'The control room has your call.' }).waitFor()
    await post.screenshot({ path: join(output, 'button.png') })
    await post.close()
  })

  test('the playing picture shows, in its pixels, that the camera looks at the preset', async () => {
    const proof = wall.locator('lamppost-incident .main .proof')
    await until(
      () => proof.innerText(),
      (words) => words?.includes('On preset · ') ?? false,
      15_000,
    )
    const status = await api<{ items: { token: string; position: { pan: number; tilt: number; zoom: number } }[] }>(
      town,
      'engineer',
      'GET',
      '/cameras/cam-12/presets',
    )
    const preset = status.items.find(({ token }) => token === '3')?.position
    const mark = await until(
      () => seenIn(wall, LIVE),
      (seen) => seen !== null && Math.abs(seen.pan - (preset?.pan ?? 9) * 180) < 0.1,
    )
    expect(mark?.tilt).toBeCloseTo((preset?.tilt ?? 9) * 90, 0)
    expect(mark?.zoom).toBeCloseTo(1 + (preset?.zoom ?? 9) * 7, 1)
    expect(Math.abs(Date.now() - (mark?.time ?? 0))).toBeLessThan(30_000)
  })

  test('the picture moves on, and its age is told', async () => {
    const first = await until(
      () => seenIn(wall, LIVE),
      (mark) => mark !== null,
    )
    await until(
      () => seenIn(wall, LIVE),
      (mark) => (mark?.time ?? 0) > (first?.time ?? 0) + 1000,
    )
    await until(
      () => wall.locator(`${LIVE} .age`).innerText(),
      (words) => /^Live, (under )?\d+\.\d s$/.test(words ?? ''),
    )
  })

  test('further views are there, and one can be made large', async () => {
    const further = wall.locator('lamppost-incident .view')
    expect(await further.count(), 'each that has a key').toBeGreaterThan(3)
    await until(
      () => seenIn(wall, 'lamppost-incident .view:nth-child(1) lamppost-player'),
      (mark) => mark !== null,
      20_000,
    )
    await wall.screenshot({ path: join(output, 'press.png') })
    await further.first().click()
    await until(
      () => wall.locator('lamppost-incident .main strong').innerText(),
      (name) => name.endsWith('Houndgate / Blackwellgate'),
    )
    await wall.locator('lamppost-incident .view', { hasText: 'Blackwellgate / Skinnergate' }).click()
  })

  test('the operator goes back to before the press, while live goes on', async () => {
    await wall.locator('lamppost-incident button.replay').click()
    const clip = 'lamppost-incident lamppost-player.clip'
    await until(
      () => seenIn(wall, clip),
      (mark) => mark !== null,
      20_000,
    )
    await wall.locator(`${clip} button`, { hasText: '10 s back' }).click()
    const before = await until(
      () => seenIn(wall, clip),
      (mark) => mark !== null && mark.time < pressedAt - 1000,
      15_000,
    )
    const live = await until(
      () => seenIn(wall, LIVE),
      (mark) => mark !== null,
    )
    expect(live?.time ?? 0).toBeGreaterThan(before?.time ?? 0)
    await wall.locator(`${clip} button`, { hasText: 'To the press' }).click()
    await until(
      () => seenIn(wall, clip),
      (mark) => mark !== null && Math.abs(mark.time - pressedAt) < 4000,
      15_000,
    )
    // Frame by frame, by button and by key, and the time told is the picture's.
    await wall.locator(`${clip} button.back`).click()
    const settled = () =>
      wall
        .locator(`${clip} video`)
        .evaluate((video: HTMLVideoElement) => video.paused && !video.seeking && video.readyState >= 2)
    await until(settled, (so) => so)
    let last: Mark | null = null
    const one = await until(
      async () => {
        await wall.waitForTimeout(700)
        const [before, now] = [last, await seenIn(wall, clip)]
        last = now
        return now !== null && before?.time === now.time ? now : null
      },
      (mark) => mark !== null,
    )
    const mediaTime = () => wall.locator(`${clip} video`).evaluate((video: HTMLVideoElement) => video.currentTime)
    const stoodAt = await mediaTime()
    let steps = 0
    // A simulated camera that was held up sends a picture twice or thrice, and leaves others out: one frame further
    // may look the same, and the clock in the picture may jump. How far a step goes is told by the recording's own
    // time.
    const next = await until(
      async () => {
        const was = await mediaTime()
        await wall.locator(`${clip} button.forward`).click()
        steps += 1
        for (let i = 0; i < 100 && (await mediaTime()) === was; i += 1) await wall.waitForTimeout(50)
        await wall.waitForTimeout(400)
        return seenIn(wall, clip)
      },
      (mark) => mark !== null && mark.time > (one?.time ?? 0),
    )
    // Nor are its frames a fifteenth of a second apart then: a step is one of them, wherever that lies.
    expect(((await mediaTime()) - stoodAt) / steps).toBeGreaterThan(0.5 / 15)
    expect(((await mediaTime()) - stoodAt) / steps).toBeLessThan(0.5)
    expect(next?.time).toBeGreaterThan(one?.time ?? 0)
    for (let i = 0; i < steps; i += 1) {
      const was = await mediaTime()
      await wall.locator(`${clip} button.forward`).press(',')
      for (let j = 0; j < 100 && (await mediaTime()) === was; j += 1) await wall.waitForTimeout(50)
      await wall.waitForTimeout(400)
    }
    await until(
      () => seenIn(wall, clip),
      (mark) => mark?.time === one?.time,
    )
    const said =
      /Recorded (\d\d):(\d\d):(\d\d)\.(\d) GMT/.exec((await wall.locator(`${clip} .age`).innerText()) ?? '') ?? []
    const shown = new Date(one?.time ?? 0)
    const secondsOf = (h: number, m: number, s: number): number => h * 3600 + m * 60 + s
    expect(
      Math.abs(
        secondsOf(Number(said[1]), Number(said[2]), Number(said[3])) -
          secondsOf(shown.getUTCHours(), shown.getUTCMinutes(), shown.getUTCSeconds()),
      ),
    ).toBeLessThanOrEqual(1)
    await wall.screenshot({ path: join(output, 'replay.png') })
    await wall.setViewportSize({ width: 1280, height: 720 })
    await wall.screenshot({ path: join(output, 'replay-720.png') })
    await wall.setViewportSize({ width: 1920, height: 1080 })
    await wall.locator('lamppost-incident .replay-bar .end').click()
  })

  test('a second browser loses the race for the incident, and is told who has it', async () => {
    const token = openPeopleFile(join(town.folder, 'people.json')).addToken({
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    const second = await openPage('/')
    await second.locator('lamppost-incident').waitFor()
    await second.locator('lamppost-wall').evaluate((element, value) => element.setAttribute('token', value), token)
    await second.locator('lamppost-incident button.take').waitFor()
    const [{ id } = { id: '' }] = await incidents()
    await wall.locator('lamppost-incident button.take').click()
    await wall.locator('lamppost-incident .owner', { hasText: 'Accepted by Demo operator' }).waitFor()
    const refused = await second.evaluate(
      async ({ path, bearer }) =>
        (await fetch(path, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } })).json(),
      { path: `/api/v1/incidents/${id}/acknowledgement`, bearer: token },
    )
    expect(refused).toMatchObject({ status: 409, code: 'incident/taken', owner: 'Demo operator' })
    await second.locator('lamppost-incident .owner', { hasText: 'Accepted by Demo operator' }).waitFor()
    await second.context().close()
  })

  test('two browsers that ask at the same moment: one has it, the other says who', async () => {
    await api(town, 'press', 'POST', '/presses', { helpPoint: 'high-row', id: 'race' })
    const token = openPeopleFile(join(town.folder, 'people.json')).addToken({
      name: 'Asha',
      role: 'operator',
      helpPoints: null,
    })
    const second = await openPage('/')
    await second.locator('lamppost-wall').evaluate((element, value) => element.setAttribute('token', value), token)
    // The first wall has another incident in hand: its person makes this one large.
    await wall.getByRole('button', { name: /^Show High Row/ }).click()
    const tile = (page: Page) =>
      page.locator('lamppost-incident.large').filter({ has: page.locator('h2', { hasText: 'High Row' }) })
    const take = (page: Page) => tile(page).locator('button.take')
    await Promise.all([take(wall).waitFor(), take(second).waitFor()])
    // Neither hears of the other before both have asked.
    let release: () => void = () => {}
    const bothAsked = new Promise<void>((resolve) => (release = resolve))
    for (const page of [wall, second])
      await page.route('**/api/v1/incidents/inc-*', async (route) => {
        if (route.request().method() === 'GET') await bothAsked
        await route.continue()
      })
    await Promise.all(
      [take(wall), take(second)].map((button) => button.evaluate((element: HTMLButtonElement) => element.click())),
    )
    release()
    const owners = await Promise.all([wall, second].map((page) => tile(page).locator('.owner').innerText()))
    expect(new Set(owners).size).toBe(1)
    const refusals = () => Promise.all([wall, second].map((page) => tile(page).locator('.refusal').innerText()))
    await until(
      refusals,
      (all) => all.filter((words) => /^Already accepted by (Asha|Demo operator)$/.test(words ?? '')).length === 1,
    )
    await wall.unroute('**/api/v1/incidents/inc-*')
    await second.context().close()
    const highRow = (await incidents()).find(
      ({ owner, presses }) => owner && presses.length === 1 && owners[0]?.includes(owner),
    )
    // Whoever of the two has it: a colleague's incident is taken over before it is closed.
    if (highRow?.owner !== 'Demo operator')
      await api(town, 'operator', 'POST', `/incidents/${highRow?.id}/acknowledgement`, { from: highRow?.owner })
    await api(town, 'operator', 'POST', `/incidents/${highRow?.id}/closure`, { reason: 'Drill complete' })
    await until(
      () => incidents(),
      (all) => all.find(({ id }) => id === highRow?.id)?.state === 'closed',
    )
  })

  test('a step is ticked and a note written without a word lost', async () => {
    const tile = wall.locator('lamppost-incident.large')
    await tile.locator('h2', { hasText: 'Number One Bar' }).waitFor()
    await tile.locator('.step').first().click()
    await tile.locator('.step.done').waitFor()
    await tile.locator('textarea').fill('Caller is safe <b>inside</b>')
    await tile.locator('textarea').press('Enter')
    await tile.locator('.notes .note', { hasText: 'Caller is safe <b>inside</b>' }).waitFor()
  })

  test('closing needs a reason, and then the wall is free again', async () => {
    const tile = wall.locator('lamppost-incident', { hasText: 'Number One Bar' })
    await tile.locator('button.close').click()
    await tile.locator('dialog button.danger').click()
    expect(await tile.locator('dialog').isVisible()).toBe(true)
    await tile.locator('dialog label', { hasText: 'Helped by staff' }).click()
    await wall.screenshot({ path: join(output, 'close.png') })
    await tile.locator('dialog button.danger').click()
    await until(
      () => wall.locator('lamppost-incident').count(),
      (count) => count === 0,
    )
  })

  test('the evidence officer downloads the MP4, and ffprobe and sha256sum agree with what the page says', async () => {
    const evidence = await openPage('/evidence')
    const article = evidence.locator('article', { hasText: 'Number One Bar' })
    const [download] = await Promise.all([
      evidence.waitForEvent('download'),
      article.locator('button.download').first().click(),
    ])
    const file = join(output, 'clip.mp4')
    await download.saveAs(file)
    const said = await article.locator('.hash code').innerText()
    expect(spawnSync('sha256sum', [file], { encoding: 'utf8' }).stdout.split(' ')[0]).toBe(said)
    const { stdout } = spawnSync(
      'ffprobe',
      ['-v', 'error', '-show_entries', 'stream=codec_name,codec_type:format=duration', '-of', 'json', file],
      { encoding: 'utf8' },
    )
    const probe = JSON.parse(stdout)
    expect(probe.streams).toEqual([{ codec_name: 'h264', codec_type: 'video' }])
    // From before the press to the closure, by the wall clock: a busy machine's cameras do not fill every second with
    // pictures.
    expect(Number(probe.format.duration)).toBeGreaterThan(5)
    // Others were opened after it; on a quick machine within seconds.
    const off = ({ presses }: Incident): number => Math.abs(Date.parse(presses[0]?.receivedAt ?? '') - pressedAt)
    const [incident] = (await incidents()).toSorted((a, b) => off(a) - off(b))
    const playlist = await (
      await fetch(`${town.credentials.url}/api/v1/incidents/${incident?.id}/clips/cam-12/index.m3u8`, {
        headers: { authorization: `Bearer ${town.credentials.tokens.evidence}` },
      })
    ).text()
    const times = [...playlist.matchAll(/PROGRAM-DATE-TIME:(\S+)/g)].map(([, time = '']) => Date.parse(time))
    expect(times[0]).toBeLessThan(pressedAt - 1000)
    expect(times.at(-1)).toBeGreaterThan(Date.parse(incident?.closedAt ?? '') - 10_000)
    await evidence.screenshot({ path: join(output, 'evidence.png') })
    await evidence.context().close()
  })

  test('the engineer sees every camera, steers one, saves where it looks as a preset, and goes back to it', async () => {
    const presets = await openPage('/presets')
    const room = presets.locator('lamppost-presets')
    await until(
      () => room.locator('.card img').count(),
      (count) => count === 9,
      30_000,
    )
    await room.locator('.card', { hasText: 'High Row, north end' }).click()
    const player = 'lamppost-presets lamppost-player'
    const goTo = (name: string) => room.locator('li', { hasText: name }).locator('button').first().click()
    /** Reads until the picture stands still. */
    const standing = async (): Promise<Mark> => {
      let before: Mark | null = null
      const mark = await until(
        async () => {
          await presets.waitForTimeout(400)
          const now = await seenIn(presets, player)
          const still = now !== null && before !== null && now.pan === before.pan && now.time > before.time
          before = now
          return still ? now : null
        },
        (seen) => seen !== null,
      )
      return mark as Mark
    }
    await goTo('Statue steps')
    const statue = await standing()
    const right = room.locator('.steer button').nth(1)
    await right.dispatchEvent('pointerdown')
    await until(
      () => seenIn(presets, player),
      (mark) => mark !== null && Math.abs(mark.pan - statue.pan) > 15,
    )
    await right.dispatchEvent('pointerup')
    const market = await standing()
    await room.locator('input[name="name"]').fill('Market & clock')
    await room.locator('form button.main').click()
    await room.locator('.message.good', { hasText: 'Saved: Market & clock' }).waitFor()
    await goTo('Statue steps')
    await until(
      () => seenIn(presets, player),
      (mark) => mark !== null && Math.abs(mark.pan - statue.pan) < 0.2,
    )
    await goTo('Market & clock')
    await until(
      () => seenIn(presets, player),
      (mark) => mark !== null && Math.abs(mark.pan - market.pan) < 0.2,
    )
    await presets.screenshot({ path: join(output, 'presets.png') })
    await presets.context().close()
  })

  test('loss of the server is shown loudly, nothing pretends to be live, and the wall comes back by itself', async () => {
    await api(town, 'press', 'POST', '/presses', { helpPoint: 'skinnergate', id: 'lost' })
    await wall.locator('lamppost-incident.large').waitFor()
    await until(
      () => wall.locator(`${LIVE} .age`).innerText(),
      (words) => words?.startsWith('Live') ?? false,
    )
    // The process stands still: connections stay open and nothing comes any more, the worst kind of loss.
    const server = treeOf(town.npm.pid ?? 0).find((pid) =>
      /^node .*setup\.mjs/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')),
    )
    if (!server) throw new Error('no server was found below npm')
    process.kill(server, 'SIGSTOP')
    try {
      await wall.locator('lamppost-wall .banner').waitFor()
      await until(
        () => wall.locator(`${LIVE} .cover`).count(),
        (count) => count === 1,
        20_000,
      )
      await wall.screenshot({ path: join(output, 'lost.png') })
    } finally {
      process.kill(server, 'SIGCONT')
    }
    await until(
      () => wall.locator('lamppost-wall .banner').count(),
      (count) => count === 0,
      20_000,
    )
    await until(
      () => wall.locator(`${LIVE} .age`).innerText(),
      (words) => words?.startsWith('Live') ?? false,
      30_000,
    )
  })

  test('nothing on any page broke a rule: no script error, no content security violation', () => {
    expect(complaints).toEqual([])
  })
})
