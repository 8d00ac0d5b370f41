import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCameraHead } from '../../server/camera/head/camera-head.ts'
import { type FramingHead, runFraming } from '../../server/camera/framing/framing-run.ts'
import type { InventoryThread } from '../../server/camera/onvif/onvif-inventory-thread.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import { realClock } from '../../server/tools/clock.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { callWorker } from '../../server/tools/process/worker-calls.ts'
import { createFakeHead } from '../fakes/fake-head.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from './test-town.ts'

const TOKEN = PRESET.token as PresetToken
let town: Awaited<ReturnType<typeof startTestTown>>
const inventory = callWorker<InventoryThread>(builtEntry('camera/onvif/onvif-inventory-thread.js'), {})
const heads: ReturnType<typeof createCameraHead>[] = []
const health: unknown[] = []

function headOf(id: string, access = {}) {
  const head = createCameraHead({
    id: id as CameraId,
    access: { url: town.camera(id).url, fingerprint: null, ...CREDENTIALS, ...access },
    clock: realClock,
    takeInventory: inventory.calls.take,
    onHealth: (change) => health.push(change),
    onSession: () => {},
  })
  heads.push(head)
  return head
}
beforeAll(async () => void (town = await startTestTown(plan('ptz'), plan('fixed', false))))
afterAll(async () => {
  await Promise.all(heads.map((head) => head.close()))
  await inventory.terminate()
  await town.end()
})

describe.each<[string, () => Promise<FramingHead>]>([
  [
    'a real head on a simulated camera',
    async () => {
      const head = headOf('ptz')
      await until(head.health, ({ onvif }) => onvif === 'up')
      return head
    },
  ],
  [
    'the fake head',
    async () => createFakeHead({ now: realClock.monotonic, presets: { [TOKEN]: { pan: 0.2, tilt: -0.1, zoom: 0.1 } } }),
  ],
])('%s', (_, open) => {
  test('knows where its preset is, moves there, is seen moving, and stands there', async () => {
    const head = await open()
    const position = head.presetPosition(TOKEN)
    expect(position).toMatchObject({ pan: expect.any(Number), tilt: expect.any(Number), zoom: expect.any(Number) })
    await head.gotoPreset(TOKEN)
    expect(await head.status()).toMatchObject({ moving: true })
    expect(head.moveStatusTrusted()).toBe(true)
    const there = await until(head.status, ({ moving }) => moving === false)
    expect(there.position?.pan).toBeCloseTo(position?.pan ?? 9, 3)
  })
  test('refuses a preset it does not have', async () => {
    const head = await open()
    await expect(head.gotoPreset('nowhere' as PresetToken)).rejects.toMatchObject({
      code: expect.stringMatching(/^(camera\/refused|preset\/unknown)$/),
      message: expect.stringContaining('nowhere'),
    })
  })
})

describe('a real head', () => {
  test('frames with one request, and proves it by stopping and position', async () => {
    const head = headOf('ptz')
    await until(head.health, ({ onvif }) => onvif === 'up')
    const camera = town.camera('ptz')
    await head.move({ pan: -1, tilt: 0, zoom: 0 }, 1500)
    await until(head.status, ({ moving }) => moving === false)
    const before = camera.operations().length
    const judgement = await runFraming({
      head,
      move: { way: 'preset', token: TOKEN },
      clock: realClock,
      signal: new AbortController().signal,
      onJudgement: () => {},
    })
    expect(judgement).toEqual({ state: 'framed', proofs: ['accepted', 'stopped', 'position'], reason: null })
    const asked = camera.operations().slice(before)
    expect(asked[0]?.operation).toBe('GotoPreset')
    expect(asked.filter(({ operation }) => operation === 'GotoPreset')).toHaveLength(1)
    expect(camera.pose().pan).toBeCloseTo(PRESET.pose.pan, 1)
  })
  test('saves where it looks, and the camera keeps it under the token it gave', async () => {
    const head = headOf('ptz')
    await until(head.health, ({ onvif }) => onvif === 'up')
    const token = await head.savePreset('Fish & chips "£"', null)
    expect((await head.presets()).find((preset) => preset.token === token)).toMatchObject({ name: 'Fish & chips "£"' })
    await head.removePreset(token)
    expect((await head.presets()).map((preset) => preset.token)).toEqual([TOKEN])
  })
  test('knows a fixed camera for what it is', async () => {
    const head = headOf('fixed')
    await until(head.health, ({ onvif }) => onvif === 'up')
    expect(head.ptz()).toBe(false)
    await expect(head.gotoPreset(TOKEN)).rejects.toMatchObject({ code: 'camera/fixed' })
  })
  test('a wrong password is told in words, and is not tried again for a minute', async () => {
    const camera = town.camera('fixed')
    const head = headOf('fixed', { password: 'wrong' })
    await until(head.health, ({ onvif }) => onvif === 'down')
    expect(head.health().reason).toMatch(/refused our user name and password/)
    const asked = camera.operations().length
    await new Promise((resolve) => setTimeout(resolve, 2000))
    // The other head of this camera keeps itself warm; a second try would ask for device information again.
    expect(
      camera
        .operations()
        .slice(asked)
        .filter(({ operation }) => operation === 'GetDeviceInformation'),
    ).toEqual([])
  })
  test('a camera whose clock is three hours wrong is understood', async () => {
    const camera = town.camera('ptz')
    camera.setClock(3 * 3_600_000)
    const head = headOf('ptz')
    await until(head.health, ({ onvif }) => onvif === 'up')
    camera.setClock(0)
  })
  test('goes down when the cable is pulled, and comes back by itself', async () => {
    const head = headOf('ptz')
    await until(head.health, ({ onvif }) => onvif === 'up')
    await town.camera('ptz').unplug()
    await until(head.health, ({ onvif }) => onvif === 'down', 25_000)
    await expect(head.gotoPreset(TOKEN)).rejects.toMatchObject({ code: 'camera/unreachable' })
    await town.camera('ptz').plugIn()
    await until(head.health, ({ onvif }) => onvif === 'up', 25_000)
  })
})
