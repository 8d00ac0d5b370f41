import { expect, test } from 'vitest'
import type { OnvifDeviceState } from '../../server/glossary/onvif-device.ts'
import type { OnvifDeviceSite, Site } from '../../server/glossary/site.ts'
import type { OnvifDevice } from '../../server/onvif-device/device.ts'
import type { DevicePlan } from '../../server/onvif-device/device-plan.ts'
import { createDeviceRegistry } from '../../server/onvif-device/device-registry.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

function room() {
  const clock = createFakeClock()
  const happened: string[] = []
  const states: string[] = []
  let taken = false
  let heard = false
  const registry = createDeviceRegistry({
    clock,
    async open(plan: DevicePlan) {
      if (taken) throw new Error('EADDRINUSE')
      happened.push(`open ${plan.id}:${plan.port}`)
      return {
        become: (next) => void happened.push(`become ${next.inputs.join(',')}`),
        heard: () => {},
        state: () => ({ state: heard ? 'well' : 'unheard' }) as Omit<OnvifDeviceState, 'since'>,
        close: async () => void happened.push(`close ${plan.id}`),
      } satisfies OnvifDevice
    },
    onState: ({ state }) => void states.push(state),
    onError: () => {},
  })
  const site = (names: string[], more: Partial<OnvifDeviceSite> | null = {}): Site =>
    ({
      id: 'town',
      name: 'Town',
      helpPoints: names.map((name) => ({ id: name.toLowerCase(), name })),
      onvifDevice: more && { host: null, port: 8899, devices: 'one', addresses: new Map(), tls: null, ...more },
    }) as unknown as Site
  return { clock, registry, site, happened, states, take: (is: boolean) => (taken = is), hear: () => (heard = true) }
}

test('a help point that is added or renamed cuts nobody off; another port or password opens the device anew', async () => {
  const { clock, registry, site, happened } = room()
  await registry.follow(site(['Bar']))
  await registry.follow(site(['Bar', 'Park']))
  expect(happened).toEqual(['open town:8899', 'become bar,park'])
  await registry.follow(site(['Bar', 'Park'], { port: 9000 }))
  await registry.follow(site(['Bar', 'Park'], { port: 9000, password: 'another' }))
  await clock.advance(10)
  expect(happened.slice(2)).toEqual(['close town', 'open town:9000', 'close town', 'open town:9000'])
})
test('a town without one has none any more', async () => {
  const { registry, site, happened } = room()
  await registry.follow(site(['Bar']))
  await registry.follow(site(['Bar'], null))
  expect([happened.at(-1), registry.state()]).toEqual(['close town', []])
})
test('a port that is taken is said, tried again, and then it is there', async () => {
  const { clock, registry, site, happened, take } = room()
  take(true)
  await registry.follow(site(['Bar']))
  await clock.advance(10)
  expect(registry.state()[0]).toMatchObject({
    state: 'failing',
    problem: expect.stringContaining('port 8899: EADDRINUSE'),
  })
  take(false)
  await clock.advance(60_000)
  expect(happened).toEqual(['open town:8899'])
  expect(registry.state()[0]?.state).toBe('unheard')
})
test('whether somebody listens is told when it changes, and once', async () => {
  const { clock, registry, site, states, hear } = room()
  registry.begin()
  await registry.follow(site(['Bar']))
  await clock.advance(60_000)
  hear()
  // Whoever looks meanwhile must not take the news from the others.
  registry.state()
  await clock.advance(60_000)
  expect(states).toEqual(['unheard', 'well'])
  await registry.close()
})
test('nothing is opened once it is closed', async () => {
  const { registry, site, happened } = room()
  await registry.close()
  await registry.follow(site(['Bar']))
  expect(happened).toEqual([])
})
