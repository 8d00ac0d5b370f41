/**
 * The main job with real engines: a help point (baresip) calls through the edge (kamailio, rtpengine), an operator in
 * Chromium accepts, and each is heard by the other and on the recording. Told by the share of all energy at the tone
 * that was said, never by "connected".
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type Page, chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type VoiceTown, openOperator, openVoiceTown, shareAt, toneFile } from './voice-town.ts'

const CLEAR = 0.8
let town: VoiceTown
let browser: Browser
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  town = await openVoiceTown({ tls: true })
  await town.startServer()
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${toneFile(join(town.folder, 'operator.wav'), 880, 48_000)}`,
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
  page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => /Content Security/.test(message.text()) && complaints.push(message.text()))
  // What the loudspeaker is given is looked at, too.
  await page.addInitScript(() => {
    const connect = AudioNode.prototype.connect as (...args: unknown[]) => unknown
    AudioNode.prototype.connect = function connected(this: AudioNode, ...args: unknown[]) {
      if (args[0] instanceof AudioDestinationNode) {
        const analyser = this.context.createAnalyser()
        analyser.fftSize = 16_384
        Object.assign(globalThis, { analyser })
        connect.call(this, analyser)
      }
      return connect.apply(this, args)
    } as typeof AudioNode.prototype.connect
  })
  await page.goto(`${town.url()}/`)
  await page.evaluate((token) => {
    document.querySelector('form.sign-in')?.remove()
    document.querySelector('lamppost-wall')?.remove()
    const wall = document.createElement('lamppost-wall')
    wall.setAttribute('token', token)
    wall.setAttribute('keys', 'page')
    document.body.append(wall)
  }, town.tokens.Asha)
})
afterAll(async () => {
  await browser?.close()
  await town?.end()
})

/** The strongest frequency that the operator hears, and its share of all energy. */
const hears = (): Promise<{ hz: number; share: number }> =>
  page.evaluate(() => {
    const { analyser } = globalThis as unknown as { analyser: AnalyserNode }
    const bins = new Float32Array(analyser.frequencyBinCount)
    analyser.getFloatFrequencyData(bins)
    const energy = bins.map((decibels) => 10 ** (decibels / 10))
    const best = energy.indexOf(Math.max(...energy))
    const all = energy.reduce((sum, each) => sum + each, 0)
    const near = energy.slice(Math.max(0, best - 12), best + 13).reduce((sum, each) => sum + each, 0)
    return { hz: (best * analyser.context.sampleRate) / analyser.fftSize, share: near / all }
  })

describe('a person at the lamp post', () => {
  test('calls, is taken with the incident by one key, is heard and hears, and both are recorded', async () => {
    const helpPoint = town.helpPoint()
    const ringing = await town.call('ringing')
    expect(ringing).toMatchObject({ helpPoint: 'bar', secured: false, owner: null })
    await page.locator('lamppost-call .accept').waitFor()
    await page.screenshot({ path: join(town.folder, 'ringing.png') })
    await page.keyboard.press('t')
    await page.locator('lamppost-call .call.connected').waitFor()
    const { body: incident } = await town.ask('Asha', 'GET', `/incidents/${ringing.incident}`)
    expect([incident.owner, incident.state]).toEqual(['Asha', 'acknowledged'])
    const heard = await until(hears, ({ hz, share }) => Math.abs(hz - 440) < 25 && share > CLEAR)
    expect(heard.share).toBeGreaterThan(CLEAR)
    // Long enough that the recording and the help point have seconds of it.
    await until(
      async () => (await town.call('connected')).quality,
      (quality) => quality !== null && quality.levelIn > -30 && quality.levelOut > -30 && quality.oneWay === null,
    )
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.locator('lamppost-call .call.ended', { hasText: 'the room hung up' }).waitFor()
    const over = await until(
      async () => (await town.ask('Asha', 'GET', `/calls/${ringing.id}`)).body,
      ({ recording }) => recording !== null,
    )
    expect(over).toMatchObject({ state: 'ended', end: 'operator-hung-up', recording: { gaps: [] } })

    expect((await town.ask('Asha', 'GET', `/calls/${ringing.id}/recording.wav`)).status).toBe(403)
    const { bytes } = await town.ask('Eve', 'GET', `/calls/${ringing.id}/recording.wav`)
    expect(bytes.length).toBe(over.recording.bytes)
    const file = join(town.folder, 'recording.wav')
    writeFileSync(file, bytes)
    const [left, right] = [shareAt(file, 0, 440), shareAt(file, 1, 880)]
    expect(left.share).toBeGreaterThan(CLEAR)
    expect(right.share).toBeGreaterThan(CLEAR)
    const order = {
      incident: ringing.incident,
      calls: [ringing.id],
      reason: 'asked for',
      requestedBy: { name: 'DC Khan' },
    }
    const { status, body: ordered } = await town.ask('Eve', 'POST', '/exports', order)
    expect([status, ordered.calls]).toEqual([202, [ringing.id]])
    const made = await until(
      async () => (await town.ask('Eve', 'GET', `/exports/${ordered.id}`)).body,
      ({ state }) => state === 'ready' || state === 'failed',
    )
    expect([made.state, made.problem]).toEqual(['ready', null])
    expect(Math.min(left.seconds, right.seconds)).toBeGreaterThan(2)
    await helpPoint.hangUp()
    const atHelpPoint = shareAt(helpPoint.heard(), null, 880)
    expect(atHelpPoint.share).toBeGreaterThan(CLEAR)
    expect(await town.log(ringing.incident)).toEqual(
      expect.arrayContaining([
        'call.ringing',
        'call.taken',
        'call.connected',
        'call.ended',
        'call.recorded',
        'call.listened',
      ]),
    )
  })
  test('with TLS, mandatory SRTP and G.722 alone is heard and hears as well', async () => {
    const helpPoint = town.helpPoint({ user: 'hp02', secure: true, hz: 660 })
    const call = await town.call('ringing')
    expect(call).toMatchObject({ helpPoint: 'row', secured: true })
    await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, {})
    const operator = await openOperator(town, 'Ben', call.id)
    await town.call('connected')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    operator.close()
    await town.call('offered')
    await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, {})
    await town.ask('Ben', 'POST', `/calls/${call.id}/ending`)
    await helpPoint.hangUp()
    const file = join(town.folder, 'room.raw.wav')
    const { bytes } = await until(
      () => town.ask('Eve', 'GET', `/calls/${call.id}/recording.wav`),
      ({ status }) => status === 200,
    )
    writeFileSync(file, bytes)
    expect(shareAt(file, 0, 660).share).toBeGreaterThan(CLEAR)
    expect(shareAt(helpPoint.heard(), null, 880).seconds).toBeGreaterThan(1.5)
  })
  test('hangs up: the wall is silent within a second of it', async () => {
    const helpPoint = town.helpPoint()
    const call = await town.call('ringing')
    await helpPoint.hangUp()
    const over = await until(
      async () => (await town.ask('Asha', 'GET', `/calls/${call.id}`)).body,
      ({ state }) => state === 'ended',
    )
    expect(over.end).toBe('gave-up')
    await page.locator('lamppost-call .accept').waitFor({ state: 'hidden' })
  })
  test('is put on hold and hears so; muted, the room is not heard', async () => {
    const helpPoint = town.helpPoint()
    await page.locator('lamppost-call .accept').click()
    await page.locator('lamppost-call .call.connected').waitFor()
    await page.locator('lamppost-call .mute').click()
    await until(
      async () => (await town.call('connected')).quality?.levelOut ?? 0,
      (level) => level < -60,
    )
    await page.getByRole('button', { name: 'Muted: speak again' }).click()
    await page.getByRole('button', { name: 'Hold call' }).click()
    await page.locator('lamppost-call .call.held').waitFor()
    await page.getByRole('button', { name: 'Go on speaking' }).click()
    await page.locator('lamppost-call .call.connected').waitFor()
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.locator('lamppost-call .call.ended').waitFor()
    await helpPoint.hangUp()
  })
})

describe('the room', () => {
  test('calls a help point back that answers by itself, and each hears the other', async () => {
    const incident = (await town.ask('Asha', 'GET', '/incidents')).body.items.find(
      ({ helpPoint, state }: { helpPoint: string; state: string }) => helpPoint === 'bar' && state !== 'closed',
    )
    const registered = (is: boolean) =>
      until(
        async () => (await town.ask('Asha', 'GET', '/help-points')).body.items,
        (points) => points.find(({ id }: { id: string }) => id === 'bar')?.voice.registered === is,
      )
    // The one of the test before says goodbye.
    await registered(false)
    expect((await town.ask('Asha', 'POST', '/calls', { helpPoint: 'bar' })).body.code).toBe('call/unreachable')
    const helpPoint = town.helpPoint({ dial: false, answers: true, hz: 550 })
    await registered(true)
    await page.getByRole('button', { name: 'Call back' }).first().click()
    await page.locator('lamppost-call .call.connected').waitFor()
    const call = await town.call('connected')
    expect(call).toMatchObject({ direction: 'out', owner: 'Asha', incident: incident.id, secured: false })
    expect((await town.ask('Ben', 'POST', '/calls', { helpPoint: 'bar' })).body).toMatchObject({
      code: 'call/busy',
      owner: 'Asha',
    })
    await until(hears, ({ hz, share }) => Math.abs(hz - 550) < 30 && share > CLEAR)
    // What opens a gate is asked twice.
    await page.getByRole('button', { name: 'Send “gate”', exact: true }).click()
    // A double click is one press.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await town.log(call.incident)).not.toContain('call.keyed')
    await page.getByRole('button', { name: 'Press again to send “gate”' }).click()
    await until(
      () => town.log(call.incident),
      (kinds) => kinds.includes('call.keyed'),
    )
    await new Promise((resolve) => setTimeout(resolve, 2000))
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.locator('lamppost-call .call.ended').waitFor()
    await helpPoint.hangUp()
    expect(shareAt(helpPoint.heard(), null, 880).share).toBeGreaterThan(CLEAR)
  })
  test('calls one that takes TLS, SRTP and G.722 alone', async () => {
    const helpPoint = town.helpPoint({ user: 'hp02', secure: true, dial: false, answers: true, hz: 660 })
    const placed = await until(
      () => town.ask('Ben', 'POST', '/calls', { helpPoint: 'row' }),
      ({ status }) => status === 202,
    )
    const operator = await openOperator(town, 'Ben', placed.body.id)
    expect(await town.call('connected')).toMatchObject({ direction: 'out', secured: true })
    await new Promise((resolve) => setTimeout(resolve, 2000))
    await town.ask('Ben', 'POST', `/calls/${placed.body.id}/ending`)
    operator.close()
    await helpPoint.hangUp()
    expect(helpPoint.lines.filter((line) => /failed to decrypt/.test(line))).toEqual([])
    expect(shareAt(helpPoint.heard(), null, 880).seconds).toBeGreaterThan(1)
  })
  test('opens a gate by the keys that the site file names: they arrive as keys, beside the sound or by INFO', async () => {
    const registered = (is: boolean) =>
      until(
        async () => (await town.ask('Asha', 'GET', '/help-points/bar')).body.voice.registered,
        (so) => so === is,
      )
    async function opens(helpPoint: ReturnType<VoiceTown['helpPoint']>, call: string, heard: (key: string) => string) {
      const operator = await openOperator(town, 'Asha', call)
      await town.call('connected')
      const { body } = await town.ask('Asha', 'POST', `/calls/${call}/keys`, { name: 'gate' })
      expect(body).toMatchObject({ state: 'connected' })
      await until(
        () => helpPoint.lines.join('\n'),
        (said) => ['1', '#'].every((key) => said.includes(heard(key))),
      )
      await until(
        () => operator.said.find((each) => 'quality' in each)?.quality,
        (quality) => typeof (quality as { lossPercent?: unknown } | undefined)?.lossPercent === 'number',
      )
      await town.ask('Asha', 'POST', `/calls/${call}/ending`)
      operator.close()
      await helpPoint.hangUp()
      expect(await town.log(body.incident)).toContain('call.keyed')
    }
    await registered(false)
    const called = town.helpPoint({ dial: false, echoes: true })
    await registered(true)
    const placed = await town.ask('Asha', 'POST', '/calls', { helpPoint: 'bar' })
    await opens(called, placed.body.id, (key) => `received event: '${key}' (end=1)`)
    // The edge takes such events out of a call that comes in.
    const calls = town.helpPoint({ secure: true })
    const ringing = await town.call('ringing')
    await town.ask('Asha', 'POST', `/calls/${ringing.id}/taking`, {})
    await opens(calls, ringing.id, (key) => `received DTMF: '${key}'`)
    await registered(false)
  })
  test('hangs up before anybody answers: the help point rings no more', async () => {
    const helpPoint = town.helpPoint({ dial: false })
    const placed = await until(
      () => town.ask('Asha', 'POST', '/calls', { helpPoint: 'bar' }),
      ({ status }) => status === 202,
    )
    await until(
      () => helpPoint.lines.join('\n'),
      (said) => /incoming call/i.test(said),
    )
    await town.ask('Asha', 'POST', `/calls/${placed.body.id}/ending`)
    await until(
      () => helpPoint.lines.join('\n'),
      (said) => /cancel|terminat|closed/i.test(said),
    )
    expect((await town.ask('Asha', 'GET', `/calls/${placed.body.id}`)).body.end).toBe('operator-hung-up')
    await helpPoint.hangUp()
  })
})

describe('an operator', () => {
  test('speaks by push to talk while the space bar is held, and is not heard else, whatever has the focus', async () => {
    const helpPoint = town.helpPoint()
    await page.locator('lamppost-call .accept').click()
    await page.locator('lamppost-call .call.connected').waitFor()
    const loud = async (): Promise<number> => (await town.call('connected')).quality?.levelOut ?? -90
    await until(loud, (level) => level > -30)
    // The button has the focus now: the space bar must not press it.
    await page.getByRole('button', { name: 'Push to talk' }).click()
    await until(loud, (level) => level < -60)
    await page.keyboard.down(' ')
    await page.getByText('Speak now').waitFor()
    await until(loud, (level) => level > -30)
    // The caller is quieter meanwhile, and still heard.
    await until(hears, ({ hz, share }) => Math.abs(hz - 440) < 25 && share > CLEAR)
    await page.keyboard.up(' ')
    await until(loud, (level) => level < -60)
    expect(await page.getByRole('button', { name: 'Push to talk' }).getAttribute('aria-pressed')).toBe('true')
    const volume = page.getByRole('slider', { name: 'Volume' })
    await volume.press('ArrowRight')
    expect(await volume.getAttribute('aria-valuetext')).toBe('+3 dB')
    await page.getByRole('button', { name: 'Push to talk' }).click()
    await until(loud, (level) => level > -30)
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.locator('lamppost-call .call.ended').waitFor()
    await helpPoint.hangUp()
  })
})

describe('a help point that the site file wants to be spoken with by push to talk', () => {
  test('hears the room only while the key is held, and the next call of another one is as it was', async () => {
    // Nobody's: what another person has in hand is not taken over by one press.
    const closeThere = async (): Promise<void> => {
      for (const { id, helpPoint: at, state, owner } of (await town.ask('Asha', 'GET', '/incidents')).body.items) {
        if (at !== 'row' || state === 'closed') continue
        // What a colleague has is taken over before it is closed.
        if (owner !== null && owner !== 'Asha')
          await town.ask('Asha', 'POST', `/incidents/${id}/acknowledgement`, { from: owner })
        await town.ask('Asha', 'POST', `/incidents/${id}/closure`, { reason: 'tested' })
      }
    }
    await closeThere()
    const helpPoint = town.helpPoint({ user: 'hp02' })
    // Another incident is in hand: its card accepts the call, and becomes the large tile.
    await page.locator('lamppost-incident').getByRole('button', { name: 'Accept call' }).click()
    await page.locator('lamppost-call .call.connected').waitFor()
    const push = page.getByRole('button', { name: 'Push to talk' })
    expect(await push.getAttribute('aria-pressed')).toBe('true')
    const loud = async (): Promise<number> => (await town.call('connected')).quality?.levelOut ?? -90
    await until(loud, (level) => level < -60)
    await page.keyboard.down(' ')
    await until(loud, (level) => level > -30)
    await page.keyboard.up(' ')
    expect(await page.evaluate(() => localStorage.getItem('lamppost call push to talk'))).toBeNull()
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.locator('lamppost-call .call.ended').first().waitFor()
    await helpPoint.hangUp()
    await closeThere()
  })
})

describe('two operators', () => {
  test('one of whom is lost: the call is offered to the other, and the help point’s line goes on', async () => {
    const helpPoint = town.helpPoint()
    const call = await town.call('ringing')
    // Asha has the incident since the test before: Ben says that he takes both over.
    expect((await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, {})).body).toMatchObject({
      code: 'incident/taken',
      owner: 'Asha',
    })
    expect((await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, { takeOver: true })).status).toBe(200)
    expect((await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, {})).body).toMatchObject({
      code: 'call/taken',
      owner: 'Ben',
    })
    const ben = await openOperator(town, 'Ben', call.id)
    await town.call('connected')
    ben.close()
    await town.call('offered')
    await page.locator('lamppost-call .call.offered .accept').click()
    await page.locator('lamppost-call .call.connected').waitFor()
    const heard = await until(hears, ({ hz, share }) => Math.abs(hz - 440) < 25 && share > CLEAR)
    expect(heard.share).toBeGreaterThan(CLEAR)
    await page.getByRole('button', { name: 'Give back' }).click()
    await page.locator('lamppost-call .call.offered').waitFor()
    await helpPoint.hangUp()
    await page.locator('lamppost-call .call.ended', { hasText: 'the caller hung up' }).waitFor()
    expect((await town.log(call.incident)).filter((kind) => kind === 'call.ringing').length).toBeGreaterThanOrEqual(1)
  })
})

test('no page broke a rule: no script error, no violation of its policy', () => expect(complaints).toEqual([]))
