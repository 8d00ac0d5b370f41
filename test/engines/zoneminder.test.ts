/**
 * A real ZoneMinder 1.36 hears, shows and keeps the presses of a town. Its root is built once by `npm run vms:root`;
 * without it this file is left out, and says why.
 */
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createZoneMinder } from '../../server/connectors/zoneminder.ts'
import type { ConnectorTrial } from '../../server/glossary/connector.ts'
import { realClock } from '../../server/tools/clock.ts'
import { zoneMinderContract } from '../connectors/zoneminder-contract.ts'
import { until } from '../contracts/test-town.ts'
import { type VmsTown, openVmsTown } from './vms-town.ts'
import { LAMPPOST, VIEWER, whyNot } from './zoneminder-vms.ts'

const reason = whyNot()
if (reason !== null) console.log(`left out: the real ZoneMinder, because ${reason}`)

let town: VmsTown
const connector = ({ user, pass }: typeof LAMPPOST) =>
  createZoneMinder(
    {
      url: town.vms.url,
      trigger: { host: '127.0.0.1', port: town.vms.trigger },
      username: user,
      password: pass,
      fingerprint: null,
      ca: null,
    },
    realClock,
  )

describe.skipIf(reason !== null)('a real ZoneMinder', () => {
  beforeAll(async () => void (town = await openVmsTown()))
  afterAll(() => town?.end())

  describe('as its fake', () => {
    zoneMinderContract(() => ({
      vms: connector(LAMPPOST),
      monitor: town.monitors.nodect,
      continuous: town.monitors.mocord,
      async endThere(monitor) {
        const socket = createConnection({ host: '127.0.0.1', port: town.vms.trigger })
        socket.write(`${monitor}|off|0|somebody|there\n`)
        await until(
          () => new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString()))),
          (said) => said.includes('|off|'),
        )
        socket.destroy()
      },
    }))
    test('an account that may only look is told which right it lacks', async () => {
      const { steps } = await connector(VIEWER).look(new AbortController().signal)
      expect(steps.filter(({ ok }) => !ok)).toEqual([
        { step: 'right: Events Edit', ok: false, words: expect.stringContaining('Events: Edit') },
      ])
    })
  })

  test('a press raises one alarm with the seconds before it, kept, with who took it; its end is the end there', async () => {
    const id = await town.press()
    expect(await town.raised(id)).toMatchObject({
      product: 'ZoneMinder',
      alarm: { how: 'read-back', camera: 'cam-12', link: expect.stringContaining('view=event') },
    })
    await town.press()
    await town.ask('operator', `/incidents/${id}/acknowledgement`, {})
    const [event, ...more] = await until(
      async () => await town.alarms(id),
      ([first]) =>
        /taken by/.test(first?.Notes ?? '') && /pressed 2 times/.test(first?.Notes ?? '') && first?.Archived === 1,
      60_000,
    )
    expect(more).toEqual([])
    const { presses } = await town.incidentOf(id)
    expect(Date.parse(`${event?.StartDateTime}Z`)).toBeLessThan(Date.parse(presses[0]?.pressedAt ?? '') - 3000)
    // The second camera is marked and kept as well.
    await until(
      async () => (await town.vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === town.monitors.mocord),
      (marked) => marked.some(({ Archived }) => Archived === 1),
      60_000,
    )
    await town.close(id)
    await town.settled(id)
    expect(await town.lineOf(id)).toMatchObject({ footage: 'kept' })
  })

  test('an alarm that somebody there deletes while it goes on is raised again, as one of the same incident', async () => {
    const id = await town.press()
    const line = await town.raised(id)
    await town.vms.deleteEvent(Number(line?.alarm?.id))
    const again = await until(
      () => town.lineOf(id),
      (now) => now?.alarm?.id !== line?.alarm?.id,
      60_000,
    )
    expect(again?.alarm?.camera).toBe('cam-12')
    await town.close(id)
    await town.settled(id)
  })

  test('footage that somebody there lets go while the incident is open is kept again', async () => {
    const id = await town.press()
    const line = await town.raised(id)
    const event = async () => (await town.vms.events(id)).find(({ Id }) => String(Id) === line?.alarm?.id)
    await until(event, (now) => now?.Archived === 1)
    await town.vms.letGo(Number(line?.alarm?.id))
    await until(event, (now) => now?.Archived === 1)
    await town.close(id)
    await town.settled(id)
  })

  test('its capture dies in the middle of an event: raised again once the picture is back', async () => {
    const id = await town.press()
    const line = await town.raised(id)
    town.vms.kill(`zmc -m ${town.monitors.nodect}`, 'SIGKILL')
    const again = await until(
      () => town.lineOf(id),
      (now) => now?.alarm?.id !== line?.alarm?.id,
      120_000,
    )
    expect(again?.alarm).toMatchObject({ camera: 'cam-12', how: 'read-back' })
    await town.vms.connected()
    await town.close(id)
    await until(
      () => town.vms.events(id),
      (events) => events.some(({ EndDateTime }) => EndDateTime !== null),
      60_000,
    )
  })

  test('its trigger stands still while somebody presses: never green, and told once when it goes on', async () => {
    town.vms.kill('zmtrigger.pl', 'SIGSTOP')
    const id = await town.press()
    await until(town.state, (is) => is?.state === 'failing' && is.waiting > 0, 30_000)
    expect(await town.lineOf(id)).not.toMatchObject({ alarm: { how: 'read-back' } })
    town.vms.kill('zmtrigger.pl', 'SIGCONT')
    await town.raised(id)
    await until(town.state, (is) => is?.state === 'well' && is.waiting === 0, 60_000)
    expect(await town.alarms(id)).toHaveLength(1)
    await town.close(id)
    await town.settled(id)
  })

  test('killed at random moments of a press, twenty times: each press has one alarm there, none two', async () => {
    for (let i = 0; i < 20; i += 1) {
      const id = await town.press()
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 900))
      await town.kill()
      await town.start()
      await town.raised(id)
      const alarms = await town.alarms(id)
      expect(alarms.map(({ Id }) => Id)).toHaveLength(1)
      await town.close(id)
      await town.settled(id)
    }
  })

  test('a dry run proves it, takes its alarm away again, and touches no alarm that goes on', async () => {
    const id = await town.press()
    const line = await town.raised(id)
    const trial = await town.ask<ConnectorTrial>('engineer', '/connectors/recorder/test', { press: true })
    expect(trial.steps.filter(({ ok }) => !ok)).toEqual(
      trial.ok
        ? []
        : [{ step: 'DRILL alarm', ok: false, words: expect.stringContaining('nobody needs'), ms: expect.any(Number) }],
    )
    const event = (await town.vms.events(id)).find(({ Id }) => String(Id) === line?.alarm?.id)
    expect(event).toMatchObject({ EndDateTime: null, Archived: 1 })
    await town.close(id)
    await town.settled(id)
    const second = await until(
      () => town.ask<ConnectorTrial>('engineer', '/connectors/recorder/test', { press: true }),
      ({ ok }) => ok,
    )
    expect(second).toMatchObject({ ok: true, pressed: true })
  })

  test('a drill is not told, where the site does not say so', async () => {
    const id = await town.press('drill')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(await town.vms.events(id)).toEqual([])
    await town.close(id)
  })

  test('the account’s password is nowhere in what was written down', async () => {
    const log = readFileSync(join(town.data, 'lamppost.log'), 'utf8')
    expect(log).not.toContain(LAMPPOST.pass)
    expect(log).not.toContain('access_token')
    const { items } = await town.ask<{ items: unknown[] }>('supervisor', '/ledger?after=0&limit=200')
    expect(JSON.stringify(items)).not.toContain(LAMPPOST.pass)
  })
})
