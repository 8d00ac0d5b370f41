/**
 * A real ZoneMinder 1.36 hears, shows and keeps the presses of the simulated town, whose cameras feed it. Its root is
 * built once by `npm run vms:root`; without it this file is left out, and says why.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createZoneMinder } from '../../server/connectors/zoneminder.ts'
import type { ConnectorState, ConnectorTrial, VmsLine } from '../../server/glossary/connector.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import { openPeopleFile } from '../../server/people/people-file.ts'
import { realClock } from '../../server/tools/clock.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { zoneMinderContract } from '../connectors/zoneminder-contract.ts'
import { until } from '../contracts/test-town.ts'
import { LAMPPOST, type RealZoneMinder, VIEWER, startZoneMinder, whyNot } from './zoneminder-vms.ts'

const reason = whyNot()
if (reason !== null) console.log(`left out: the real ZoneMinder, because ${reason}`)

const folder = mkdtempSync(join(tmpdir(), 'lamppost-zoneminder-'))
const data = join(folder, 'data')
const secret = join(folder, 'vms-password')
let vms: RealZoneMinder
const site = join(folder, 'site.yaml')
/** The simulated town has the cameras, and lives on when the town that is tested is killed. */
let street: ChildProcess | null = null
let town: ChildProcess | null = null
let url = ''
let tokens: Record<'operator' | 'engineer' | 'press' | 'supervisor', string>
const monitors = { nodect: '', mocord: '' }

function run(args: readonly string[]): { child: ChildProcess; said(): string } {
  const child = spawn(process.execPath, [builtEntry('main.js'), 'start', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  return { child, said: () => said }
}
async function started({ child, said }: ReturnType<typeof run>, words: RegExp): Promise<string> {
  const text = await until(said, (so) => {
    if (child.exitCode !== null) throw new Error(`the town ended: ${so}`)
    return words.test(so)
  })
  return words.exec(text)?.[1] ?? ''
}
async function startTown(): Promise<void> {
  const town_ = run(['--data', data, '--site', site, '--rtmp-port', '0'])
  town = town_.child
  url = await started(town_, /(http:\/\/127\.0\.0\.1:\d+)/)
}
async function ask<T>(
  who: keyof typeof tokens,
  path: string,
  body?: unknown,
  method = body ? 'POST' : 'GET',
): Promise<T> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (answer.status === 204 ? null : await answer.json()) as T
}
const press = async (kind: 'press' | 'drill' = 'press'): Promise<string> =>
  (await ask<{ incident: string }>('press', '/presses', { helpPoint: 'blackwellgate', kind })).incident
const incidentOf = (id: string): Promise<Incident> => ask('operator', `/incidents/${id}`)
const lineOf = async (id: string): Promise<VmsLine | undefined> => (await incidentOf(id)).vms[0]
const close = (id: string): Promise<unknown> => ask('operator', `/incidents/${id}/closure`, { reason: 'over' })
const state = async (): Promise<ConnectorState | undefined> =>
  (await ask<{ items: ConnectorState[] }>('engineer', '/connectors')).items[0]
const raised = (id: string): Promise<VmsLine | undefined> =>
  until(
    () => lineOf(id),
    (line) => line?.alarm != null,
  )
/** Everything was told: closed, ended there, and nothing waits. */
async function settled(id: string): Promise<void> {
  await until(
    () => vms.events(id),
    (events) =>
      events.length > 0 &&
      events
        .filter(({ MonitorId }) => String(MonitorId) === monitors.nodect)
        .every(({ EndDateTime }) => EndDateTime !== null),
    60_000,
  )
}

describe.skipIf(reason !== null)('a real ZoneMinder', () => {
  beforeAll(async () => {
    vms = await startZoneMinder()
    mkdirSync(data, { recursive: true })
    writeFileSync(secret, LAMPPOST.pass)
    const simulated = run(['--data', join(folder, 'street'), '--no-calls'])
    street = simulated.child
    await started(simulated, /(Ctrl-C ends it)/)
    const of = <T>(file: string): T => JSON.parse(readFileSync(join(folder, 'street', file), 'utf8')) as T
    const ports = of<Record<string, { rtsp: number; onvif: number }>>('simulator/ports.json')
    const { simulator } = of<{ simulator: { username: string; password: string } }>('demo-credentials.json')
    const { username, password } = simulator
    const stream = (camera: string): string => `rtsp://${username}:${password}@127.0.0.1:${ports[camera]?.rtsp}/stream`
    monitors.nodect = await vms.addMonitor('blackwellgate', stream('cam-12'), 'Nodect')
    monitors.mocord = await vms.addMonitor('skinnergate', stream('cam-14'), 'Mocord')
    const camera = (id: string, preset: string): string => `
  - id: ${id}
    name: ${id}
    onvif: { url: "http://127.0.0.1:${ports[id]?.onvif}/onvif/device_service", username: ${username}, password: "${password}" }
    presets: { blackwellgate: { token: "${preset}", name: blackwellgate } }`
    writeFileSync(
      site,
      `site: { id: darlington, name: Darlington, timezone: Europe/London }
helpPoints:
  - id: blackwellgate
    name: "Number One Bar, Blackwellgate: St Cuthbert's side"
    location: { lat: 54.52363, lon: -1.5561 }
    sources: [{ http: {} }]
cameras:${camera('cam-12', '3')}${camera('cam-14', 'bw')}
connectors:
  - id: recorder
    zoneminder: { url: "${vms.url}", trigger: "127.0.0.1:${vms.trigger}", username: lamppost, password: "file:${secret}", insecure: true }
`,
    )
    const people = openPeopleFile(join(data, 'people.json'))
    const token = (role: keyof typeof tokens): string => people.addToken({ role, name: role, helpPoints: null })
    tokens = {
      operator: token('operator'),
      engineer: token('engineer'),
      press: token('press'),
      supervisor: token('supervisor'),
    }
    await startTown()
    await vms.connected()
    await until(state, (is) => is?.state === 'well' && is.cameras?.matched === 2, 60_000)
  })
  afterAll(async () => {
    for (const child of [town, street])
      if (child && child.exitCode === null) {
        const gone = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGTERM')
        await gone
      }
    await vms?.close()
  })

  describe('as its fake', () => {
    zoneMinderContract(() => ({
      vms: createZoneMinder(
        {
          url: vms.url,
          trigger: { host: '127.0.0.1', port: vms.trigger },
          username: 'lamppost',
          password: LAMPPOST.pass,
          fingerprint: null,
          ca: null,
        },
        realClock,
      ),
      monitor: monitors.nodect,
      continuous: monitors.mocord,
      async endThere(monitor) {
        const { createConnection } = await import('node:net')
        const socket = createConnection({ host: '127.0.0.1', port: vms.trigger })
        socket.write(`${monitor}|off|0|somebody|there\n`)
        await until(
          () => new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString()))),
          (said) => said.includes('|off|'),
        )
        socket.destroy()
      },
    }))
    test('an account that may only look is told which right it lacks', async () => {
      const { steps } = await createZoneMinder(
        {
          url: vms.url,
          trigger: { host: '127.0.0.1', port: vms.trigger },
          username: VIEWER.user,
          password: VIEWER.pass,
          fingerprint: null,
          ca: null,
        },
        realClock,
      ).look(new AbortController().signal)
      expect(steps.filter(({ ok }) => !ok)).toEqual([
        { step: 'right: Events Edit', ok: false, words: expect.stringContaining('Events: Edit') },
      ])
    })
  })

  test('a press raises one alarm with the seconds before it, kept, with who took it; its end is the end there', async () => {
    const id = await press()
    expect(await raised(id)).toMatchObject({
      product: 'ZoneMinder',
      alarm: { how: 'read-back', camera: 'cam-12', link: expect.stringContaining('view=event') },
    })
    await press()
    await ask('operator', `/incidents/${id}/acknowledgement`, {})
    const [event, ...more] = await until(
      async () => (await vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === monitors.nodect),
      ([first]) =>
        /taken by/.test(first?.Notes ?? '') && /pressed 2 times/.test(first?.Notes ?? '') && first?.Archived === 1,
      60_000,
    )
    expect(more).toEqual([])
    const { presses } = await incidentOf(id)
    expect(Date.parse(`${event?.StartDateTime}Z`)).toBeLessThan(Date.parse(presses[0]?.pressedAt ?? '') - 3000)
    // The second camera is marked and kept as well.
    await until(
      async () => (await vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === monitors.mocord),
      (marked) => marked.some(({ Archived }) => Archived === 1),
      60_000,
    )
    await close(id)
    await settled(id)
    expect(await lineOf(id)).toMatchObject({ footage: 'kept' })
  })

  test('an alarm that somebody there deletes while it goes on is raised again, as one of the same incident', async () => {
    const id = await press()
    const line = await raised(id)
    await vms.deleteEvent(Number(line?.alarm?.id))
    const again = await until(
      () => lineOf(id),
      (now) => now?.alarm?.id !== line?.alarm?.id,
      60_000,
    )
    expect(again?.alarm?.camera).toBe('cam-12')
    await close(id)
    await settled(id)
  })

  test('footage that somebody there lets go while the incident is open is kept again', async () => {
    const id = await press()
    const line = await raised(id)
    const event = async () => (await vms.events(id)).find(({ Id }) => String(Id) === line?.alarm?.id)
    await until(event, (now) => now?.Archived === 1)
    await vms.letGo(Number(line?.alarm?.id))
    await until(event, (now) => now?.Archived === 1)
    await close(id)
    await settled(id)
  })

  test('its capture dies in the middle of an event: raised again once the picture is back', async () => {
    const id = await press()
    const line = await raised(id)
    vms.kill(`zmc -m ${monitors.nodect}`, 'SIGKILL')
    const again = await until(
      () => lineOf(id),
      (now) => now?.alarm?.id !== line?.alarm?.id,
      120_000,
    )
    expect(again?.alarm).toMatchObject({ camera: 'cam-12', how: 'read-back' })
    await vms.connected()
    await close(id)
    await until(
      () => vms.events(id),
      (events) => events.some(({ EndDateTime }) => EndDateTime !== null),
      60_000,
    )
  })

  test('its trigger stands still while somebody presses: never green, and told once when it goes on', async () => {
    vms.kill('zmtrigger.pl', 'SIGSTOP')
    const id = await press()
    await until(state, (is) => is?.state === 'failing' && is.waiting > 0, 30_000)
    expect(await lineOf(id)).not.toMatchObject({ alarm: { how: 'read-back' } })
    vms.kill('zmtrigger.pl', 'SIGCONT')
    await raised(id)
    await until(state, (is) => is?.state === 'well' && is.waiting === 0, 60_000)
    expect((await vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === monitors.nodect)).toHaveLength(1)
    await close(id)
    await settled(id)
  })

  test('killed at random moments of a press, twenty times: each press has one alarm there, none two', async () => {
    for (let i = 0; i < 20; i += 1) {
      const id = await press()
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 900))
      const gone = new Promise((resolve) => town?.once('exit', resolve))
      town?.kill('SIGKILL')
      await gone
      await startTown()
      await raised(id)
      const alarms = (await vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === monitors.nodect)
      expect(alarms.map(({ Id }) => Id)).toHaveLength(1)
      await close(id)
      await settled(id)
    }
  })

  test('a dry run proves it, takes its alarm away again, and touches no alarm that goes on', async () => {
    const id = await press()
    const line = await raised(id)
    const trial = await ask<ConnectorTrial>('engineer', '/connectors/recorder/test', { press: true })
    expect(trial.steps.filter(({ ok }) => !ok)).toEqual(
      trial.ok
        ? []
        : [{ step: 'DRILL alarm', ok: false, words: expect.stringContaining('nobody needs'), ms: expect.any(Number) }],
    )
    const event = (await vms.events(id)).find(({ Id }) => String(Id) === line?.alarm?.id)
    expect(event).toMatchObject({ EndDateTime: null, Archived: 1 })
    await close(id)
    await settled(id)
    const second = await until(
      () => ask<ConnectorTrial>('engineer', '/connectors/recorder/test', { press: true }),
      ({ ok }) => ok,
    )
    expect(second).toMatchObject({ ok: true, pressed: true })
  })

  test('a drill is not told, where the site does not say so', async () => {
    const id = await press('drill')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(await vms.events(id)).toEqual([])
    await close(id)
  })

  test('the account’s password is nowhere in what was written down', async () => {
    const log = readFileSync(join(data, 'lamppost.log'), 'utf8')
    expect(log).not.toContain(LAMPPOST.pass)
    expect(log).not.toContain('access_token')
    const { items } = await ask<{ items: unknown[] }>('supervisor', '/ledger?after=0&limit=200')
    expect(JSON.stringify(items)).not.toContain(LAMPPOST.pass)
  })
})
