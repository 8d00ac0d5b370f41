/**
 * Presses the button of the simulated Darlington again and again, and times the way to the wall. Cameras, server and
 * Chromium are processes of their own on one machine, and share its clock.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markScript, openBrowser, root, sleep, startServer, startTown, summary } from './bench-tools.mjs'

/** In the page: when the tile is there, when its picture first moves, and when it shows the preset. */
function watchPage({ pan }) {
  window.lamppostBench = { tile: null, moving: null, framed: null }
  const found = window.lamppostBench
  const now = () => performance.timeOrigin + performance.now()
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const look = () => {
    const incident = document.querySelector('lamppost-wall')?.shadowRoot?.querySelector('lamppost-incident')
    if (found.tile === null && incident?.shadowRoot?.querySelector('h2')) found.tile = now()
    const video = incident?.shadowRoot?.querySelector('lamppost-player.live')?.shadowRoot?.querySelector('video')
    if (video && !video.watched) {
      video.watched = true
      let frames = 0
      const onFrame = () => {
        frames += 1
        if (frames === 2) found.moving = now()
        canvas.width = video.videoWidth
        canvas.height = video.videoHeight
        context.drawImage(video, 0, 0)
        const { data } = context.getImageData(0, canvas.height - 16, 480, 16)
        const mark = window.readMark((x, y) => data[(y * 480 + x) * 4 + 1], 16)
        if (mark && Math.abs(mark.pan - pan) < 0.05 && found.framed === null) {
          found.framed = now()
          found.age = Date.now() - mark.time
        }
        if (found.framed === null) video.requestVideoFrameCallback(onFrame)
      }
      video.requestVideoFrameCallback(onFrame)
    }
    if (found.framed === null) requestAnimationFrame(look)
  }
  look()
}

export async function benchPresses({ presses }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-bench-'))
  const town = await startTown(folder, null, { aside: false })
  const server = await startServer(folder, join(root, 'camera-presets', 'darlington.yaml'), town.environment)
  const { url, tokens, call } = server
  const browser = await openBrowser()
  const samples = {}
  const note = (name, value) => void (samples[name] ??= []).push(value)
  try {
    for (let tries = 0; tries < 200; tries += 1) {
      const { items } = await (await call('operator', 'GET', '/cameras')).json()
      if (
        items.every(
          ({ id, health }) =>
            health.onvif !== 'down' &&
            (health.video === 'up' || health.onvif === 'unknown' || /^(?:nvr|bridge|two|pole)-/.test(id)),
        )
      )
        break
      await sleep(200)
    }
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
    await page.addInitScript(markScript())
    await page.goto(`${url}/`)
    await page.evaluate(
      (token) =>
        fetch('/api/v1/session', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        }),
      tokens.operator,
    )
    await page.goto(`${url}/`)
    const { items: presets } = await (await call('engineer', 'GET', '/cameras/cam-12/presets')).json()
    const pan = presets.find(({ token }) => token === '3').position.pan * 180
    for (let i = 0; i < presses; i += 1) {
      await call('engineer', 'POST', '/cameras/cam-12/presets/4/recall')
      await sleep(1600)
      await page.evaluate(watchPage, { pan })
      const before = (await town.operations('cam-12')).at(-1).at
      const pressedAt = performance.timeOrigin + performance.now()
      const receipt = await call('press', 'POST', '/presses', { helpPoint: 'blackwellgate' })
      note('press -> 202 (durable)', performance.timeOrigin + performance.now() - pressedAt)
      const { incident } = await receipt.json()
      await page.waitForFunction(() => window.lamppostBench.framed !== null, null, { timeout: 20_000, polling: 50 })
      const found = await page.evaluate(() => window.lamppostBench)
      const asked = (await town.operations('cam-12')).filter(
        ({ operation, at }) => operation === 'GotoPreset' && at > before,
      )
      note('press -> PTZ request at the camera', asked[0].at - pressedAt)
      note('PTZ requests per press (count)', asked.length)
      note('press -> tile', found.tile - pressedAt)
      note('press -> first moving picture on the tile', found.moving - pressedAt)
      note('press -> first picture that shows the preset', found.framed - pressedAt)
      note('age of that picture', found.age)
      await call('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'bench' })
    }
  } finally {
    await browser.close()
    await server.close()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summary(values)]))
}
