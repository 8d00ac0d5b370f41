/**
 * A real ZoneMinder 1.36 hears presses without a connector: by its own ONVIF listener, from Lamppost as an ONVIF device,
 * whose picture of the press it records. Its root is built once by `npm run vms:root`; without it this file is left out.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freeTcpPort } from '../../server/tools/process/free-port.ts'
import { until } from '../contracts/test-town.ts'
import { ACCESS, type DeviceTown, openDeviceTown } from '../door/device-town.ts'
import { startZoneMinder, whyNot } from './zoneminder-vms.ts'

const reason = whyNot()
if (reason !== null) console.log(`left out: ZoneMinder as a client of the ONVIF device, because ${reason}`)

let town: DeviceTown
let vms: Awaited<ReturnType<typeof startZoneMinder>>
let monitor = ''
const events = () => vms.eventsOf(monitor)
const newest = async () => (await events()).at(-1)
const open = new Set<string>()
async function press(helpPoint: string): Promise<string> {
  const id = await town.press(helpPoint)
  open.add(id)
  return id
}

describe.skipIf(reason !== null)('a real ZoneMinder as a client of the ONVIF device', () => {
  beforeAll(async () => {
    ;[town, vms] = await Promise.all([openDeviceTown({ device: '  dialects: [motion-rule]' }), startZoneMinder()])
    const address = await town.address()
    await town.ready()
    const { username, password } = ACCESS
    monitor = await vms.addMonitor(
      'press-now',
      `rtsp://${username}:${encodeURIComponent(password)}@${address}/stream/press-now`,
      'Nodect',
      {
        ONVIF_URL: `http://${address}/onvif/device_service`,
        ONVIF_Options: 'SOAP12',
        ONVIF_Username: username,
        ONVIF_Password: password,
      },
    )
    await vms.connected()
    const listener = vms.run(`zmonvif-trigger.pl -l 127.0.0.1:${await freeTcpPort()}`)
    await until(
      () => town.state(),
      (state) => {
        if (listener.said().includes("Can't locate")) throw new Error(listener.said())
        return state?.clients.some(({ how, problem }) => how === 'notify' && problem === null) ?? false
      },
      60_000,
    )
  })
  afterEach(async () => {
    for (const id of open) await town.close(id).catch(() => {})
    open.clear()
    await until(
      () => town.state(),
      (state) => state?.active.length === 0,
    )
    // It takes its notifications one after the other, and each alarm that ends takes it a second.
    let count = -1
    await until(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 3000))
        const all = await events()
        const isQuiet = all.length === count && all.every(({ EndDateTime }) => EndDateTime !== null)
        count = all.length
        return isQuiet
      },
      (isQuiet) => isQuiet,
    )
  })
  afterAll(async () => {
    await vms?.close()
    await town?.end()
  })

  test('records a press with five seconds and more from before it, and stops when somebody has taken it', async () => {
    // A recorder has so much from before only once it has run for so long.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    const pressedAt = Date.now()
    const id = await press('bar')
    const event = await until(newest, (found) => found !== undefined)
    expect(event?.Cause).toBe('Help point bar')
    expect(pressedAt - Date.parse(`${event?.StartDateTime.replace(' ', 'T')}Z`)).toBeGreaterThanOrEqual(5000)
    expect((await newest())?.EndDateTime).toBeNull()
    await town.take(id)
    await until(newest, (found) => found?.EndDateTime != null)
  })
  test('records on in one event while the picture changes from one camera to another of the same size', async () => {
    await press('bar')
    const [before] = [await until(events, (all) => all.at(-1)?.EndDateTime === null)]
    const restarts = vms.processes('zmc ').length
    await press('park')
    const incident = await until(
      async () => (await town.state())?.active ?? [],
      (active) => active.includes('park'),
    )
    expect(incident).toEqual(['bar', 'park'])
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const after = await events()
    expect(after).toHaveLength(before.length)
    expect(after.at(-1)?.EndDateTime).toBeNull()
    expect(vms.processes('zmc ')).toHaveLength(restarts)
    expect((await town.state())?.clients.filter(({ how }) => how === 'stream')).toHaveLength(1)
  })
  test('records on in one event though the next camera is of another size, and hears the press after it', async () => {
    const before = (await events()).length
    await press('bar')
    await until(events, (all) => all.length === before + 1)
    const [capture] = vms.processes('zmc ')
    const station = await press('station')
    await until(
      async () => (await town.state())?.active ?? [],
      (active) => active.includes('station'),
    )
    await new Promise((resolve) => setTimeout(resolve, 4000))
    expect(await events()).toHaveLength(before + 1)
    expect((await newest())?.EndDateTime).toBeNull()
    // A capture that began anew would have left the listener with nobody to tell.
    expect(vms.processes('zmc ')).toEqual([capture])
    await town.close(station)
    await until(events, (all) => all.length > before + 1)
  })
  test('goes on for who still waits when somebody else is taken', async () => {
    const [bar, park] = [await press('bar'), await press('park')]
    await until(
      async () => (await town.state())?.active ?? [],
      (active) => active.length === 2,
    )
    const count = (await events()).length
    await town.take(park)
    const all = await until(events, (found) => found.length > count && found.at(-1)?.EndDateTime === null)
    expect(all.at(-1)?.Cause).toBe('Help point bar')
    await town.take(bar)
    await until(newest, (found) => found?.EndDateTime != null)
  })
})
