/**
 * XML bombs, entities, deep nesting, a hundred megabytes, an answer without end, one that drips: each is a fault of the
 * camera that it is of, in bounded memory, and costs no other camera and no press.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Trap } from '../../server/simulator/onvif/onvif-traps.ts'
import { CREDENTIALS, plan, startTestTown, until } from '../contracts/test-town.ts'
import { type ThreatProcess, siteOf, startThreatProcess } from './threat-process.ts'

const MOST_MORE_MEGABYTES = 150
let cameras: Awaited<ReturnType<typeof startTestTown>>
let town: ThreatProcess
const small = { width: 640, height: 360, rate: 5 }
beforeAll(async () => {
  cameras = await startTestTown(plan('bad', true, small), plan('good', true, small))
  town = await startThreatProcess(
    siteOf(
      ['bad', 'good'].map(
        (id) =>
          `{ id: ${id}, name: ${id}, location: { lat: 54.5, lon: -1.5 }, onvif: { url: "${cameras.camera(id).url}", ` +
          `username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" } }`,
      ),
    ),
  )
  await until(town.cameras, (all) => all.every(({ health }) => health.video === 'up' && health.onvif === 'up'))
})
afterAll(async () => {
  await town?.close()
  await cameras?.end()
})

const TRAPS: Trap[] = [
  ...([
    'xml-bomb',
    'xmlns-flood',
    'deep-nesting',
    'hundred-megabytes',
    'endless',
    'slow-drip',
    'never-answers',
  ] as const),
  ...(['fin-mid-body', 'reset', 'empty-200', 'redirect'] as const),
]
test.each(TRAPS)('%s is a fault of its camera, and of nothing else', async (trap) => {
  const before = town.megabytes()
  cameras.camera('bad').setTrap(trap)
  const asked = async (): Promise<number> =>
    (
      await town.ask('engineer', 'POST', '/api/v1/discovery/inquiry', {
        url: cameras.camera('bad').url,
        ...CREDENTIALS,
      })
    ).status
  let most = before
  const looking = setInterval(() => (most = Math.max(most, town.megabytes())), 20)
  // Three at once, as an impatient engineer does; the camera's own session asks, too.
  const statuses = await Promise.all([asked(), asked(), asked()])
  clearInterval(looking)
  // Some are harmless in an answer that nobody needs; none is an error of ours.
  expect(statuses.filter((status) => status === 500)).toEqual([])
  expect(most - before).toBeLessThan(MOST_MORE_MEGABYTES)
  const pressed = await town.ask('press', 'POST', '/api/v1/presses', { helpPoint: 'bar' })
  expect(pressed.status).toBe(202)
  const good = (await town.cameras()).find(({ id }) => id === 'good')
  expect(good?.health).toMatchObject({ video: 'up', onvif: 'up' })
  expect(town.isRunning()).toBe(true)
})
test('the camera is told as lost, in words, while the other goes on; and it is well again when it is', async () => {
  cameras.camera('bad').setTrap('endless')
  const bad = await until(
    async () => (await town.cameras()).find(({ id }) => id === 'bad'),
    (found) => found?.health.onvif === 'down',
  )
  expect(bad?.health.reason).toMatch(/[a-z]{3,}/)
  cameras.camera('bad').setTrap(null)
  await until(town.cameras, (all) => all.every(({ health }) => health.onvif === 'up'))
})
