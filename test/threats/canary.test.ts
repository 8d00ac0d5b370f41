/**
 * Passwords and keys, each with a word of its own: none is in a command line, in the environment of a child, in the
 * log, in an answer to anybody, in the metrics or in a package.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROLES } from '../../server/glossary/people.ts'
import { plan, startTestTownFor, until } from '../contracts/test-town.ts'
import { type ThreatProcess, siteOf, startThreatProcess } from './threat-process.ts'

/** With signs that have forms of their own in an address and in XML. */
const CANARIES = {
  CAMERA: 'canary-camera p&ss:w@rd/1',
  SECOND: 'canary-second-camera-4712',
  HOOK: 'canary-of-the-webhook-4713',
  BUTTON: 'canary-of-the-button-4714',
  BROKER: 'canary-of-the-broker-4715',
} as const
/** Every form in which it could stand somewhere. */
const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  secret.replaceAll('&', '&amp;'),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(`lamppost:${secret}`).toString('base64'),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
]
const FORMS = Object.values(CANARIES).flatMap(formsOf)
const found = (where: string, text: string): string[] =>
  FORMS.filter((form) => text.includes(form)).map((form) => `${where}: ${form}`)

let cameras: Awaited<ReturnType<typeof startTestTownFor>>
let second: Awaited<ReturnType<typeof startTestTownFor>>
let town: ThreatProcess
const hook = createServer((request, response) => {
  request.resume()
  response.writeHead(500).end()
})
const small = { width: 640, height: 360, rate: 10 }

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  cameras = await startTestTownFor({ username: 'lamppost', password: CANARIES.CAMERA }, plan('bar', true, small))
  second = await startTestTownFor({ username: 'lamppost', password: CANARIES.SECOND }, plan('row', true, small))
  const camera = (id: string, url: string, secret: string, more: string): string =>
    `{ id: ${id}, name: ${id}, location: { lat: 54.5237, lon: -1.5562 }, onvif: { url: "${url}", username: lamppost, ` +
    `password: "\${${secret}}" }, ${more} }`
  town = await startThreatProcess(
    siteOf(
      [
        // Read by an ffmpeg, whose command line everybody sees.
        camera('bar', cameras.camera('bar').url, 'CANARY_CAMERA', 'buffer: { preRoll: 10s, reader: ffmpeg }'),
        camera('row', second.camera('row').url, 'CANARY_SECOND', 'buffer: { preRoll: 10s }'),
        // One that refuses it: its words must not repeat it.
        camera('lost', 'http://127.0.0.1:9/onvif/device_service', 'CANARY_CAMERA', 'buffer: { preRoll: 10s }'),
      ],
      [
        'mqtt: { url: "mqtt://127.0.0.1:9", username: lamppost, password: "${CANARY_BROKER}" }',
        `destinations: [{ id: hook, webhook: { url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/x", ` +
          'secret: "${CANARY_HOOK}" }, events: [incident.*] }]',
      ].join('\n'),
    ).replace(
      'name: Number One Bar,',
      'name: Number One Bar, sources: [{ http: { secret: "${CANARY_BUTTON}" } }, { mqtt: { topic: bar } }],',
    ),
    {
      environment: Object.fromEntries(Object.entries(CANARIES).map(([name, secret]) => [`CANARY_${name}`, secret])),
    },
  )
  await until(town.cameras, (all) => all.filter(({ health }) => health.video === 'up').length === 2)
})
afterAll(async () => {
  await town?.close()
  await cameras?.end()
  await second?.end()
  hook.closeAllConnections()
  await new Promise((resolve) => hook.close(resolve))
})

/** Every file of a ZIP as text: stored, or deflated. */
function textOfZip(bytes: Buffer): string {
  let text = bytes.toString('latin1')
  for (let at = bytes.indexOf('PK\x03\x04'); at >= 0; at = bytes.indexOf('PK\x03\x04', at + 4)) {
    if (bytes.readUInt16LE(at + 8) !== 8) continue
    const begin = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
    try {
      text += inflateRawSync(bytes.subarray(begin)).toString('latin1')
    } catch {
      // Data that looks like a beginning.
    }
  }
  return text
}
const filesOf = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())

test('the canaries sing: each is where it must be', () => {
  expect(found('itself', FORMS.join(' '))).toHaveLength(FORMS.length)
  expect(readFileSync(`/proc/${town.pid}/environ`, 'latin1')).toContain(CANARIES.HOOK)
})
test('none is in a command line or in what children are given, from the press to the picture', async () => {
  const seen: string[] = []
  const looking = setInterval(() => {
    for (const text of [...town.commandLines(), ...town.environments()]) seen.push(text)
  }, 20)
  const { body } = await town.ask('press', 'POST', '/api/v1/presses', { helpPoint: 'bar' })
  for (const camera of ['bar', 'row']) {
    await town.ask('operator', 'POST', `/api/v1/incidents/${body.incident}/framings`, { camera })
    await until(
      () => town.ask('operator', 'GET', `/api/v1/cameras/${camera}/snapshot.jpg`),
      ({ status }) => status === 200,
    )
  }
  await until(
    async () => (await town.ask('operator', 'GET', `/api/v1/incidents/${body.incident}/clips/bar/index.m3u8`)).bytes,
    (bytes) => bytes.includes('segment/'),
  )
  clearInterval(looking)
  expect(seen.some((text) => text.includes('ffmpeg'))).toBe(true)
  expect(town.environments().length).toBeGreaterThan(0)
  expect([...new Set(seen.flatMap((text) => found('process', text)))]).toEqual([])
})
test('none is in an answer to anybody, in the metrics or in a package', async () => {
  const { body: api } = await town.ask(null, 'GET', '/api/v1/openapi.json')
  const paths = Object.entries(api.paths as Record<string, Record<string, unknown>>)
    .filter(([path, ways]) => 'get' in ways && !/events|live|playlist/.test(path))
    .map(([path]) =>
      path
        .replace(/\/cameras\/\{\w+\}/, '/cameras/lost')
        .replace(/\/help-points\/\{\w+\}/, '/help-points/bar')
        .replaceAll(/\{\w+\}/g, 'x'),
    )
  expect(paths.length).toBeGreaterThan(30)
  const leaks: string[] = []
  for (const path of [...paths, '/metrics', '/readyz', '/api/v1/state', '/api/v1/cameras/bar/recorder'])
    for (const role of [...ROLES, null]) {
      const { bytes, headers } = await town.ask(role, 'GET', path)
      leaks.push(...found(`${role} ${path}`, bytes.toString('latin1') + JSON.stringify([...headers])))
    }
  const inquiry = { url: 'http://127.0.0.1:9/onvif/device_service', username: 'lamppost', password: CANARIES.CAMERA }
  const asked = await town.ask('engineer', 'POST', '/api/v1/discovery/inquiry', inquiry)
  leaks.push(...found('inquiry', asked.bytes.toString('latin1')))
  expect(leaks).toEqual([])
  const to = new Date().toISOString()
  const ordered = await town.ask('evidence', 'POST', '/api/v1/exports', {
    ...{ reason: 'canary', requestedBy: { name: 'A', organisation: 'B', reference: 'C' } },
    ...{ cameras: ['bar', 'row'], from: new Date(Date.now() - 4000).toISOString(), to },
  })
  expect(ordered.status).toBe(202)
  const made = await until(
    async () => (await town.ask('evidence', 'GET', `/api/v1/exports/${ordered.body.id}`)).body,
    ({ state }: { state: string }) => state === 'ready' || state === 'failed',
  )
  expect(made.state).toBe('ready')
  const { bytes } = await town.ask('evidence', 'GET', `/api/v1/exports/${ordered.body.id}/package.zip`)
  expect(bytes.length).toBeGreaterThan(10_000)
  expect(found('package', textOfZip(bytes))).toEqual([])
})
test('none is in the log, in what the server says, or in any file of the data folder', () => {
  const leaks = filesOf(town.data).flatMap((file) => found(file.slice(town.data.length), readFileSync(file, 'latin1')))
  expect(readFileSync(join(town.data, 'lamppost.log'), 'utf8').length).toBeGreaterThan(1000)
  expect([...leaks, ...found('said', town.said())]).toEqual([])
})
