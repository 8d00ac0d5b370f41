/** Cameras that answer and send, and show nothing: a whole house, simulated cameras, real pictures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, plan, startTestTown, until } from './test-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-blind-'))
const IDS = ['covered', 'dark', 'frozen', 'well'] as const
let town: Awaited<ReturnType<typeof startTestTown>>
let house: House
let token: string

beforeAll(async () => {
  town = await startTestTown(...IDS.map((id) => plan(id, false, { width: 640, height: 360, rate: 5 })))
  const cameras = IDS.map(
    (id) =>
      `  - { id: ${id}, name: ${id}, location: { lat: 54.5, lon: -1.5 }, onvif: { url: "${town.camera(id).url}", ` +
      `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" } }`,
  )
  writeFileSync(
    join(folder, 'site.yaml'),
    [
      'site: { id: t, name: T, timezone: Europe/London }',
      'helpPoints: [{ id: here, name: Here, location: { lat: 54.5, lon: -1.5 } }]',
      'cameras:',
      ...cameras,
      '',
    ].join('\n'),
  )
  token = openPeopleFile(join(folder, 'people.json')).addToken({ name: 'Asha', role: 'operator', helpPoints: null })
  house = await openHouse({
    siteFile: join(folder, 'site.yaml'),
    dataFolder: folder,
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
  })
})
afterAll(async () => {
  await house?.close()
  await town?.end()
  rmSync(folder, { recursive: true, force: true })
})
type Health = { video: string; blind: string | null }
const health = async (): Promise<Record<string, Health>> => {
  const { items } = (await (
    await fetch(`${house.url}/api/v1/cameras`, { headers: { authorization: `Bearer ${token}` } })
  ).json()) as { items: { id: string; health: Health }[] }
  return Object.fromEntries(items.map(({ id, health: now }) => [id, now]))
}

describe('a camera that sends pictures of nothing', () => {
  test('is told: a bag over the lens, no light, a picture that stands still; and well again when it is', async () => {
    await until(health, (now) => IDS.every((id) => now[id]?.video === 'up'))
    for (const fault of ['covered', 'dark', 'frozen'] as const) town.camera(fault).setFault(fault)
    await until(
      health,
      (now) => now.covered?.blind === 'covered' && now.dark?.blind === 'dark' && now.frozen?.blind === 'frozen',
    )
    expect((await health()).well?.blind).toBeNull()
    for (const fault of ['covered', 'dark', 'frozen'] as const) town.camera(fault).setFault('none')
    await until(health, (now) => IDS.every((id) => now[id]?.blind === null))
  })
})
