/** The connector of ZoneMinder against the fake one: the suite of the real one, and what a VMS does that lies. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Telling, VmsConnector } from '../../server/connectors/connector.ts'
import { createZoneMinder } from '../../server/connectors/zoneminder.ts'
import type { ZoneMinderAccess } from '../../server/glossary/site.ts'
import { realClock } from '../../server/tools/clock.ts'
import { type FakeZoneMinder, PASSWORD, startFakeZoneMinder } from '../fakes/vms-zoneminder.ts'
import { signalOf, zoneMinderContract } from './zoneminder-contract.ts'

const CAMERA_PASSWORD = 'of-the-camera'
const MONITORS = [
  { id: 1, path: `rtsp://viewer:${CAMERA_PASSWORD}@10.0.4.12/stream` },
  { id: 2, path: 'rtsp://10.0.4.13/stream', mode: 'Mocord' },
  { id: 3, path: 'rtsp://10.0.4.14/stream', mode: 'Monitor' },
]
const never = new AbortController().signal

let fake: FakeZoneMinder
let vms: VmsConnector
const connector = (more: Partial<ZoneMinderAccess> = {}): VmsConnector =>
  createZoneMinder(
    {
      url: fake.url,
      trigger: { host: '127.0.0.1', port: fake.triggerPort },
      username: 'lamppost',
      password: PASSWORD,
      fingerprint: null,
      ca: null,
      ...more,
    },
    realClock,
  )
beforeEach(async () => {
  fake = await startFakeZoneMinder(MONITORS)
  vms = connector()
})
afterEach(() => fake.close())

describe('as the real one', () => {
  zoneMinderContract(() => ({
    vms,
    monitor: '1',
    continuous: '2',
    endThere: async (monitor) => void fake.end(Number(monitor)),
  }))
})

describe('a VMS that lies', () => {
  const raise = (): Promise<Telling> => vms.tell(signalOf({ camera: '1' }), never)
  /** Nothing of ours, and nothing that the list of monitors has, is repeated. */
  const saysNoSecret = (said: unknown): void => {
    const words = JSON.stringify(said)
    for (const secret of [PASSWORD, CAMERA_PASSWORD, 'token-', 'http://']) expect(words).not.toContain(secret)
  }
  test.each<[string, () => void, RegExp]>([
    ['takes an alarm and does nothing', () => (fake.lies.hearsNothing = true), /no event came of it/],
    ['answers 500', () => (fake.lies.status = 500), /answered by 500/i],
    ['answers with a page', () => (fake.lies.html = true), /not its API/i],
    ['sends us elsewhere', () => (fake.lies.redirect = 'https://elsewhere.test/'), /redirects are not followed/i],
    ['never ends its answer', () => (fake.lies.floods = true), /longer than/i],
    ['gives tokens that do not hold', () => (fake.lies.tokensExpired = true), /^$/],
  ])('%s: not told, in words, and without a secret', async (_, lie, words) => {
    lie()
    const telling = await raise()
    if (words.source === '^$') expect(telling.outcome).toBe('told')
    else {
      expect(telling).toMatchObject({ outcome: 'failed', problem: expect.stringMatching(words) })
      saysNoSecret(telling)
    }
  })
  test('a token that is refused is replaced once', async () => {
    const signal = signalOf({ camera: '1' })
    await vms.tell(signal, never)
    const signedIn = (): number => fake.asked.filter((line) => line.includes('login')).length
    expect(signedIn()).toBe(1)
    fake.lies.tokensExpired = true
    // Somebody has restarted it: another token is the right one.
    await connector().tell(signalOf({ camera: '2' }), never)
    expect(await vms.tell({ ...signal, verb: 'protect', event: '2' }, never)).toMatchObject({ outcome: 'told' })
    expect(signedIn()).toBe(3)
  })
  test('a missing right is told by its name, and signing in again is not tried', async () => {
    const raised = await raise()
    fake.lies.mayOnlyLook = true
    const kept = await vms.tell(signalOf({ verb: 'protect', event: raised.outcome === 'told' ? raised.id : '' }), never)
    expect(kept).toMatchObject({ outcome: 'failed', problem: expect.stringContaining('lacks a right') })
    expect(fake.asked.filter((line) => line.includes('login'))).toHaveLength(1)
    const { steps } = await vms.look(never)
    expect(steps.find(({ ok }) => !ok)).toMatchObject({ words: expect.stringContaining('Events: Edit') })
    saysNoSecret([kept, steps])
  })
  test('a wrong password is told so', async () => {
    const { steps } = await connector({ password: 'another' }).look(never)
    expect(steps).toEqual([{ step: 'signs in', ok: false, words: expect.stringContaining('refuses the name') }])
  })
  test('it says that it keeps the footage, and does not: not kept', async () => {
    const raised = await raise()
    fake.lies.savesNothing = true
    const about = { event: raised.outcome === 'told' ? raised.id : '', lines: ['a line'] }
    for (const verb of ['protect', 'note'] as const)
      expect(await vms.tell(signalOf({ verb, ...about }), never)).toMatchObject({ outcome: 'failed' })
  })
  test('its trigger daemon is dead while its port is open: found by the look', async () => {
    fake.lies.triggerDead = true
    const { steps } = await vms.look(never)
    expect(steps.find(({ ok }) => !ok)).toMatchObject({ words: expect.stringMatching(/zmtrigger does not run/i) })
  })
  test('a letter that its database cannot hold: the alarm is raised in plain letters, and says so', async () => {
    fake.lies.latin1 = true
    const telling = await vms.tell(signalOf({ camera: '1', text: 'Stryd Ŵyn: pressed 21:04' }), never)
    expect(telling).toMatchObject({ outcome: 'told', finding: expect.stringContaining('plain') })
    expect(fake.events.at(-1)?.Notes).toContain('Stryd Wyn')
  })
  test('a monitor that records no events is named, with what to do', async () => {
    expect(await vms.tell(signalOf({ camera: '3' }), never)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('function Monitor'),
    })
  })
  test('a monitor without a picture is a finding, not a success', async () => {
    fake.setConnected(1, false)
    expect(await raise()).toMatchObject({ outcome: 'told', finding: expect.stringContaining('no picture') })
  })
  test('nothing answers there: told in words', async () => {
    const { url } = fake
    await fake.close()
    const { steps } = await connector({ url }).look(never)
    expect(steps[0]).toMatchObject({ ok: false, words: 'Nothing answers there.' })
    fake = await startFakeZoneMinder(MONITORS)
  })
})

describe('what others keep there', () => {
  test('footage that a person keeps stays kept when the incident lets go of it', async () => {
    fake.events[0]!.Archived = 1
    fake.events[0]!.Name = 'Shop window case'
    const about = { event: '1', camera: '2' }
    expect(await vms.tell(signalOf({ verb: 'protect', ...about }), never)).toMatchObject({
      finding: expect.stringContaining('kept there already'),
    })
    expect(await vms.tell(signalOf({ verb: 'release', ...about }), never)).toMatchObject({
      finding: expect.stringContaining('somebody there keeps it'),
    })
    expect(fake.events[0]).toMatchObject({ Archived: 1, Name: 'Shop window case' })
  })
  test('two incidents write notes into one event at one time: none is lost', async () => {
    const raised = await vms.tell(signalOf({ camera: '1' }), never)
    const event = raised.outcome === 'told' ? raised.id : ''
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => vms.tell(signalOf({ verb: 'note', event, lines: [`line ${i}`] }), never)),
    )
    for (let i = 0; i < 8; i += 1) expect(fake.events.at(-1)?.Notes).toContain(`line ${i}`)
  })
  test('a dry run takes no camera on which an alarm goes on', async () => {
    expect(await vms.isInUse('1', never)).toBe(false)
    await vms.tell(signalOf({ camera: '1' }), never)
    expect(await vms.isInUse('1', never)).toBe(true)
  })
})
