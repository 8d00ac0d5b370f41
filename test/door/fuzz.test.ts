/**
 * Every route as every role, with requests that nobody expects: no error of the server, and nobody waits. In this place
 * a tenth of what the bench sends (`npm run bench -- --only fuzz`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { READERS, ROLES, type Role } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { type FuzzRequest, createFuzz, operationsOf } from '../fakes/fuzz-requests.ts'
import { randomOf } from '../fakes/seeded-random.ts'

const EACH = 10_000
const AT_ONCE = 24
const WITHIN_MS = 15_000
/** The same requests each time; FUZZ_SEED sends others, as the bench does. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_787)
/** They ask networks, and wait for what is not there. */
const NOT_HERE = new Set(['POST /api/v1/discovery', 'GET /api/v1/events'])
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
cameraNetworks: [127.0.0.0/8]
helpPoints:
  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }
  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }
cameras:
  - { id: cam-1, name: One, location: { lat: 54.5237, lon: -1.5565 }, onvif: { url: "http://127.0.0.1:9/onvif", username: a, password: b } }
  - { id: cam-2, name: Two, location: { lat: 54.5237, lon: -1.5565 }, stream: { url: "rtsp://127.0.0.1:9/x" } }
`
const folder = mkdtempSync(join(tmpdir(), 'lamppost-fuzz-'))
let house: House
const tokens = new Map<string, string>()
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

beforeAll(async () => {
  writeFileSync(join(folder, 'site.yaml'), SITE)
  const data = join(folder, 'data')
  const people = openPeopleFile(join(data, 'people.json'))
  for (const role of ROLES) tokens.set(role, people.addToken({ name: `Some ${role}`, role, helpPoints: null }))
  await people.addUser('asha', 'three boats under a bridge', { name: 'Asha', role: 'operator', helpPoints: null })
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: data,
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
})
afterAll(async () => {
  agent.destroy()
  await house.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Resolves with the status, as soon as it is there; 0: the connection was ended. */
const send = (
  { method, path, headers, body }: FuzzRequest,
  token: string | null,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(
      `${house.url}${path}`,
      { method, agent, headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } },
      (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text.length < 2000 ? (text += chunk.toString()) : answer.destroy()))
        answer.on('close', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    sent.setTimeout(WITHIN_MS, () => {
      sent.destroy()
      reject(new Error('no answer'))
    })
    sent.on('error', (error) =>
      /no answer/.test(error.message) ? reject(error) : resolve({ status: 0, text: error.message }),
    )
    sent.end(body ?? undefined)
  })
const json = async (path: string, role: Role) =>
  (await fetch(`${house.url}/api/v1${path}`, { headers: { authorization: `Bearer ${tokens.get(role)}` } })).json()

/** Of things that are there, so that requests come as far as they can. */
async function knownIds(): Promise<string[]> {
  const pressed = (await (
    await fetch(`${house.url}/api/v1/presses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.get('press')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ helpPoint: 'bar' }),
    })
  ).json()) as { incident: string }
  return ['bar', 'row', 'cam-1', 'cam-2', pressed.incident, 'asha', '1', 'index.m3u8', 'Some operator']
}

test.each([...READERS, 'press', 'nobody'] as const)(
  'as %s: no error of the server, and no request without an answer',
  async (role) => {
    const operations = operationsOf((await json('/openapi.json', 'operator')) as never).filter(
      ({ method, path }) => !NOT_HERE.has(`${method} ${path}`),
    )
    expect(operations.length).toBeGreaterThan(90)
    const next = createFuzz({ operations, ids: await knownIds(), random: randomOf(SEED + role.length) })
    const wrong: unknown[] = []
    const statuses = new Map<number, number>()
    let left = EACH
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left > 0 && wrong.length < 5) {
          left -= 1
          const asked = next()
          const said = await send(asked, tokens.get(role) ?? null).catch((error: unknown) => ({
            status: -1,
            text: String(error),
          }))
          statuses.set(said.status, (statuses.get(said.status) ?? 0) + 1)
          // 503 says what is not available; everything else from 500 on but a camera's own refusal is ours.
          if (said.status === -1 || said.status === 500 || /"code":"internal"/.test(said.text))
            wrong.push({ seed: SEED, ...asked, body: asked.body?.slice(0, 300), ...said })
        }
      }),
    )
    expect(wrong).toEqual([])
    // Some come through, others are refused: it was not one and the same answer.
    expect([...statuses.keys()].length).toBeGreaterThan(2)
    if (process.env.FUZZ_SAY) process.stdout.write(`${role} ${JSON.stringify([...statuses])}\n`)
  },
)
test('presses are still taken afterwards, and the record is whole', async () => {
  const pressed = await send(
    {
      method: 'POST',
      path: '/api/v1/presses',
      headers: { 'content-type': 'application/json' },
      body: '{"helpPoint":"row"}',
    },
    tokens.get('press') ?? null,
  )
  expect([200, 202]).toContain(pressed.status)
  expect((await fetch(`${house.url}/readyz`)).status).toBe(200)
  const verified = await fetch(`${house.url}/api/v1/ledger/verification`, {
    headers: { authorization: `Bearer ${tokens.get('supervisor')}` },
  })
  if (verified.ok) expect(await verified.json()).toMatchObject({ ok: true })
})
