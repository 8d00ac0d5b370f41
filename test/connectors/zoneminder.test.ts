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
    const signal = signalOf({ camera: '1' })
    const raised = await vms.tell(signal, never)
    fake.lies.mayOnlyLook = true
    const event = raised.outcome === 'told' ? raised.id : ''
    const kept = await vms.tell({ ...signal, verb: 'protect', event }, never)
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
    const signal = signalOf({ camera: '1' })
    const raised = await vms.tell(signal, never)
    fake.lies.savesNothing = true
    const about = { ...signal, event: raised.outcome === 'told' ? raised.id : '', lines: ['a line'] }
    for (const verb of ['protect', 'note'] as const)
      expect(await vms.tell({ ...about, verb }, never)).toMatchObject({ outcome: 'failed' })
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
    const about = { event: '1', camera: '2', incident: 'inc-99' }
    fake.events[0]!.Notes = 'Help point: [darlington/inc-99] pressed'
    expect(await vms.tell(signalOf({ verb: 'protect', ...about }), never)).toMatchObject({
      finding: expect.stringContaining('kept there already'),
    })
    expect(await vms.tell(signalOf({ verb: 'release', ...about }), never)).toMatchObject({
      finding: expect.stringContaining('somebody there keeps it'),
    })
    expect(fake.events[0]).toMatchObject({ Archived: 1, Name: 'Shop window case' })
  })
  test('two incidents write notes into one event at one time: none is lost', async () => {
    const signal = signalOf({ camera: '1' })
    const raised = await vms.tell(signal, never)
    const event = raised.outcome === 'told' ? raised.id : ''
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => vms.tell({ ...signal, verb: 'note', event, lines: [`line ${i}`] }, never)),
    )
    for (let i = 0; i < 8; i += 1) expect(fake.events.at(-1)?.Notes).toContain(`line ${i}`)
  })
  test('notes that are full lose their oldest lines, and keep their order', async () => {
    const signal = signalOf({ camera: '1' })
    const raised = await vms.tell(signal, never)
    const event = raised.outcome === 'told' ? raised.id : ''
    const lines = Array.from({ length: 120 }, (_, i) => `${String(i).padStart(3, '0')} ${'x'.repeat(100)}`)
    for (let i = 20; i <= 120; i += 20)
      await vms.tell({ ...signal, verb: 'note', event, lines: lines.slice(0, i) }, never)
    const [first, ...rest] = fake.events.at(-1)?.Notes.split('\n') ?? []
    expect(first).toContain(signal.mark)
    expect(rest).toEqual(lines.slice(-rest.length))
    expect(Buffer.byteLength(fake.events.at(-1)?.Notes ?? '')).toBeLessThanOrEqual(8000)
  })
  test('a dry run takes no camera on which an alarm goes on', async () => {
    expect(await vms.isInUse('1', never)).toBe(false)
    await vms.tell(signalOf({ camera: '1' }), never)
    expect(await vms.isInUse('1', never)).toBe(true)
  })
  test('an event of the same number that is not ours is left as it is', async () => {
    // Another ZoneMinder stands at this address by now, or its database began anew.
    const about = { event: '1', camera: '2' }
    for (const verb of ['protect', 'note', 'ended', 'release'] as const)
      expect(await vms.tell(signalOf({ verb, ...about, lines: ['a line'] }), never)).toMatchObject({
        outcome: 'cannot',
      })
    expect(fake.events[0]).toMatchObject({ Archived: 0, Notes: '', Name: 'New Event', EndDateTime: null })
    expect(fake.lines).toEqual([])
  })
  test('somebody who presses while a dry run has the event keeps it: alarm, footage and notes', async () => {
    const drill = signalOf({ camera: '1', incident: 'drill-7', title: 'DRILL Help point' })
    const raised = await vms.tell(drill, never)
    const event = raised.outcome === 'told' ? (raised.id ?? '') : ''
    const press = signalOf({ camera: '1' })
    await vms.tell(press, never)
    await vms.tell({ ...press, verb: 'protect', event }, never)
    for (const verb of ['ended', 'release'] as const) await vms.tell({ ...drill, verb, event }, never)
    await expect(vms.remove(event, drill, never)).rejects.toThrow('somebody pressed')
    expect(fake.events.at(-1)).toMatchObject({
      EndDateTime: null,
      Archived: 1,
      Notes: expect.stringContaining(press.mark),
    })
  })
})

describe('a VMS that is upgraded', () => {
  test('answers 404 to everything for a while: nothing is gone by that', async () => {
    const signal = signalOf({ camera: '1' })
    const raised = await vms.tell(signal, never)
    const event = raised.outcome === 'told' ? (raised.id ?? '') : ''
    fake.lies.status = 404
    for (const verb of ['protect', 'note', 'ended', 'release'] as const)
      expect(await vms.tell({ ...signal, verb, event, lines: ['a line'] }, never)).toMatchObject({ outcome: 'failed' })
    await expect(vms.lost([{ id: event, kept: false }], never)).rejects.toThrow('404')
    await expect(vms.cameras(never)).rejects.toThrow('404')
  })
  test('one event that cannot be read hides no other', async () => {
    const [one, two] = [signalOf({ camera: '1' }), signalOf({ camera: '2' })]
    await vms.tell(one, never)
    await vms.tell(two, never)
    fake.lies.brokenEvent = 1
    fake.end(1)
    expect(
      await vms.lost(
        ['1', '2'].map((id) => ({ id, kept: false })),
        never,
      ),
    ).toMatchObject([{ id: '2', what: 'alarm' }])
  })
  test('fifty that ask at one time sign in once', async () => {
    await Promise.all(Array.from({ length: 50 }, () => vms.cameras(never)))
    expect(fake.asked.filter((line) => line.includes('login'))).toHaveLength(1)
  })
})

test('while its API does not answer the alarm is sent all the same, once, and not said to be heard', async () => {
  const signal = signalOf({ camera: '1' })
  await vms.cameras(never)
  fake.lies.status = 503
  for (let i = 0; i < 3; i += 1) expect(await vms.tell(signal, never)).toMatchObject({ outcome: 'failed' })
  expect(fake.lines.filter((line) => line.includes('|on|'))).toHaveLength(1)
  delete fake.lies.status
  expect(await vms.tell(signal, never)).toMatchObject({ outcome: 'told', how: 'read-back' })
  expect(fake.events.filter((event) => event.Notes.includes(signal.incident))).toHaveLength(1)
})

test('an alarm that was sent while nobody could say whether it came is ended with its incident', async () => {
  const signal = signalOf({ camera: '1' })
  await vms.cameras(never)
  fake.lies.status = 503
  await vms.tell(signal, never)
  delete fake.lies.status
  // Five minutes later, or closed: what is told then is a mark of the past.
  const marked = await vms.tell({ ...signal, verb: 'mark', late: true }, never)
  expect(marked).toMatchObject({ outcome: 'told', running: true })
})

test('an event whose capture was killed has no end, and covers no later hour', async () => {
  fake.events[0]!.StartDateTime = '2026-11-20 10:00:00'
  const at = Date.parse('2026-11-20T15:00:00Z')
  expect(await vms.tell(signalOf({ verb: 'mark', late: true, camera: '2', pressedAt: at }), never)).toMatchObject({
    outcome: 'cannot',
    problem: expect.stringContaining('no footage'),
  })
})
