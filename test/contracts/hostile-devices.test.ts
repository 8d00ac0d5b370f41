import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type Server, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCameraHead } from '../../server/camera/head/camera-head.ts'
import { runFraming } from '../../server/camera/framing/framing-run.ts'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import type { InventoryThread } from '../../server/camera/onvif/onvif-inventory-thread.ts'
import { createOnvifPtz } from '../../server/camera/onvif/onvif-ptz.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { Trap } from '../../server/simulator/onvif/onvif-traps.ts'
import { realClock } from '../../server/tools/clock.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { callWorker } from '../../server/tools/process/worker-calls.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from './test-town.ts'

const TOKEN = PRESET.token as PresetToken
/** What a camera call may take at most; a little more for a busy machine. */
const DEADLINE_MS = 2000
const SLACK_MS = 10_000
let town: Awaited<ReturnType<typeof startTestTown>>
const inventory = callWorker<InventoryThread>(builtEntry('camera/onvif/onvif-inventory-thread.js'), {})
const heads: ReturnType<typeof createCameraHead>[] = []

function headOf(id: string, password = CREDENTIALS.password) {
  const head = createCameraHead({
    id: id as CameraId,
    access: { url: town.camera(id).url, fingerprint: null, ...CREDENTIALS, password },
    clock: realClock,
    takeInventory: inventory.calls.take,
    onHealth: () => {},
    onSession: () => {},
  })
  heads.push(head)
  return head
}
/** The press path by itself: a client that knows the camera, and asks it to move. */
function ptzOf(id: string) {
  const client = createOnvifClient({
    access: { url: town.camera(id).url, fingerprint: null, ...CREDENTIALS },
    clock: realClock,
  })
  return { client, ptz: createOnvifPtz({ client, path: '/onvif/ptz_service', profile: 'profile-1' }) }
}

beforeAll(async () => void (town = await startTestTown(plan('bad'), plan('good'))))
afterAll(async () => {
  await Promise.all(heads.map((head) => head.close()))
  await inventory.terminate()
  await town.end()
})

describe('a move asked of a device that', () => {
  test.each<[Trap, RegExp]>([
    ['wrong-password', /refused our user name and password/],
    ['slow-drip', /no answer within 2 s/],
    ['fin-mid-body', /broke off|aborted|hang up/],
    ['endless', /longer than 1000000 bytes/],
    ['hundred-megabytes', /longer than 1000000 bytes/],
    ['xml-bomb', /document type, which SOAP forbids/],
    ['xmlns-flood', /attributes/],
    ['deep-nesting', /nested more than/],
    ['empty-200', /empty answer/],
    ['wrong-element', /answered GotoPreset with SomethingElseResponse/],
    ['never-answers', /no answer within 2 s/],
    ['reset', /ECONNRESET|hang up/],
    ['redirect', /empty answer.*HTTP 302/],
  ])(
    'is a trap (%s) fails in words, within its deadline, in little memory, and no other camera notices',
    async (trap, words) => {
      const bad = ptzOf('bad')
      const good = ptzOf('good')
      town.camera('bad').setTrap(trap)
      try {
        // What never ends is ended by its deadline; the rest by what it is, however slow this machine is.
        const withinMs = /drip|never/.test(trap) ? DEADLINE_MS : 15_000
        const before = process.memoryUsage().rss
        const asked = performance.now()
        const refusal = bad.ptz.gotoPreset(TOKEN, withinMs).then(
          () => null,
          (error: Error & { code: string }) => error,
        )
        await good.ptz.gotoPreset(TOKEN, 15_000)
        const error = await refusal
        expect(performance.now() - asked).toBeLessThan(withinMs + SLACK_MS)
        expect(error?.code).toMatch(/^camera\/(refused|unreachable)$/)
        expect(error?.message).toMatch(words)
        expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
      } finally {
        town.camera('bad').setTrap(null)
        bad.client.close()
        good.client.close()
      }
    },
  )
  test('answers 500 with a good envelope has moved all the same', async () => {
    const { client, ptz } = ptzOf('bad')
    town.camera('bad').setTrap('good-500')
    await ptz.gotoPreset(TOKEN, 15_000)
    town.camera('bad').setTrap(null)
    client.close()
  })
  test('closes an idle connection just as we use it is asked once more, and moves once', async () => {
    let requests = 0
    const server = createHttpServer((request, response) => {
      request.resume().on('end', () => {
        requests += 1
        // The second request of a connection finds it closed.
        if (requests === 2) return void request.socket.destroy()
        response.end(
          '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><GotoPresetResponse/></e:Body></e:Envelope>',
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = createOnvifClient({
      access: {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`,
        fingerprint: null,
        ...CREDENTIALS,
      },
      clock: realClock,
    })
    const ptz = createOnvifPtz({ client, path: '/ptz', profile: 'p' })
    await ptz.gotoPreset(TOKEN, 15_000)
    await ptz.gotoPreset(TOKEN, 15_000)
    expect(requests).toBe(3)
    client.close()
    server.closeAllConnections()
    server.close()
  })
})

describe('what is known of a framing', () => {
  const frame = async (trap: Trap | null, token: PresetToken = TOKEN) => {
    const head = headOf('bad')
    await until(head.health, ({ onvif }) => onvif === 'up')
    await head.move({ pan: -1, tilt: 0, zoom: 0 }, 1500)
    await until(head.status, ({ moving }) => moving === false)
    town.camera('bad').setTrap(trap)
    try {
      return await runFraming({
        head,
        move: { way: 'preset', token },
        clock: realClock,
        signal: new AbortController().signal,
        onJudgement: () => {},
      })
    } finally {
      town.camera('bad').setTrap(null)
    }
  }
  test('when the device names no position: that it moved and stopped, never where', async () => {
    expect(await frame('no-position')).toEqual({ state: 'framed', proofs: ['accepted', 'stopped'], reason: null })
  })
  test('when its MoveStatus never changes and it names no position: nothing, and that is said', async () => {
    const head = createCameraHead({
      id: 'bad' as CameraId,
      access: { url: town.camera('bad').url, fingerprint: null, ...CREDENTIALS },
      clock: realClock,
      takeInventory: inventory.calls.take,
      onHealth: () => {},
      onSession: () => {},
    })
    heads.push(head)
    town.camera('bad').setTrap('move-status-stuck')
    try {
      await until(head.health, ({ onvif }) => onvif === 'up')
      const judged = await runFraming({
        head: { ...head, presetPosition: () => null, deadlineMs: () => 1500 },
        move: { way: 'preset', token: TOKEN },
        clock: realClock,
        signal: new AbortController().signal,
        onJudgement: () => {},
      })
      expect(judged).toMatchObject({
        state: 'unproven',
        proofs: ['accepted'],
        reason: expect.stringMatching(/neither where it looks nor whether it has stopped/),
      })
    } finally {
      town.camera('bad').setTrap(null)
    }
  })
  test('when it says OK to a preset and does not move: it is not there', async () => {
    expect(await frame('unknown-token-ok')).toMatchObject({
      state: 'failed',
      proofs: ['accepted'],
      reason: expect.stringMatching(/stands \d+ % of its range away/),
    })
  })
  test('when it says OK to anything, a token that it does not list is not even asked for', async () => {
    const before = town.camera('bad').operations().length
    expect(await frame('unknown-token-ok', 'made-up' as PresetToken)).toMatchObject({
      state: 'failed',
      proofs: [],
      reason: expect.stringMatching(/has no preset made-up\.$/),
    })
    expect(
      town
        .camera('bad')
        .operations()
        .slice(before)
        .some(({ operation }) => operation === 'GotoPreset'),
    ).toBe(false)
  })
  test('a device that locks accounts is not asked again and again with a password that it refused', async () => {
    const camera = town.camera('bad')
    camera.setTrap('locked-out')
    const head = headOf('bad', 'wrong')
    await until(head.health, ({ onvif }) => onvif === 'down')
    const asked = camera.operations().length
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const tries = camera
      .operations()
      .slice(asked)
      .filter(({ operation }) => operation === 'GetDeviceInformation' || operation === 'GetProfiles')
    expect(tries).toEqual([])
    // The account is not locked: who knows the password still gets in.
    const right = headOf('bad')
    await until(right.health, ({ onvif }) => onvif === 'up')
    camera.setTrap(null)
  })
})

describe('a camera over HTTPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-https-'))
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name)) as [string, string]
  let server: Server
  let requests = 0
  beforeAll(async () => {
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=camera',
    ])
    server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      requests += 1
      request
        .resume()
        .on('end', () =>
          response.end(
            '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><GotoPresetResponse/></e:Body></e:Envelope>',
          ),
        )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const client = (fingerprint: string | null) =>
    createOnvifClient({
      access: {
        url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`,
        fingerprint,
        ...CREDENTIALS,
      },
      clock: realClock,
    })
  const ask = (made: ReturnType<typeof client>) =>
    createOnvifPtz({ client: made, path: '/ptz', profile: 'p' }).gotoPreset(TOKEN, DEADLINE_MS)
  const shown = () => new X509Certificate(readFileSync(cert)).fingerprint256.replaceAll(':', '').toLowerCase()

  test('that shows the certificate the site file names is spoken to, again and again on one connection', async () => {
    const made = client(shown())
    await ask(made)
    await ask(made)
    made.close()
    expect(requests).toBe(2)
  })
  test('that shows another one gets no request and no credentials', async () => {
    const before = requests
    const made = client('00'.repeat(32))
    await expect(ask(made)).rejects.toMatchObject({
      code: 'camera/unreachable',
      message: expect.stringMatching(/certificate is another one than the site file names/),
    })
    made.close()
    expect(requests).toBe(before)
  })
  test('that signed its own is trusted where the site file names none', async () => {
    const made = client(null)
    await ask(made)
    made.close()
  })
  test('that shows another certificate hears no word of the onboarding either; with the right one it is asked', async () => {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/onvif/device_service`
    const before = requests
    await expect(
      inventory.calls.take({ url, fingerprint: 'ab'.repeat(32), ...CREDENTIALS }, 4000),
    ).rejects.toMatchObject({ message: expect.stringMatching(/certificate is another one than the site file names/) })
    expect(requests).toBe(before)
    await inventory.calls.take({ url, fingerprint: shown(), ...CREDENTIALS }, 4000).catch(() => {})
    expect(requests).toBeGreaterThan(before)
  })
})
