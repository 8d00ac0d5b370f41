/** A town with a real ZoneMinder: the simulated street feeds both, and lives on when the town that is tested is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectorState, VmsLine } from '../../server/glossary/connector.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { until } from '../contracts/test-town.ts'
import { LAMPPOST, startZoneMinder } from './zoneminder-vms.ts'

type Who = 'operator' | 'engineer' | 'press' | 'supervisor'
export type VmsTown = Awaited<ReturnType<typeof openVmsTown>>

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
async function ended(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

export async function openVmsTown() {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-zoneminder-'))
  const [data, site, secret] = [join(folder, 'data'), join(folder, 'site.yaml'), join(folder, 'vms-password')]
  mkdirSync(data)
  writeFileSync(secret, LAMPPOST.pass)
  const vms = await startZoneMinder()
  const street = run(['--data', join(folder, 'street'), '--no-calls'])
  await started(street, /(Ctrl-C ends it)/)
  const of = <T>(file: string): T => JSON.parse(readFileSync(join(folder, 'street', file), 'utf8')) as T
  const ports = of<Record<string, { rtsp: number; onvif: number }>>('simulator/ports.json')
  const { username, password } = of<{ simulator: { username: string; password: string } }>(
    'demo-credentials.json',
  ).simulator
  const stream = (camera: string): string => `rtsp://${username}:${password}@127.0.0.1:${ports[camera]?.rtsp}/stream`
  const monitors = {
    nodect: await vms.addMonitor('blackwellgate', stream('cam-12'), 'Nodect'),
    mocord: await vms.addMonitor('skinnergate', stream('cam-14'), 'Mocord'),
  }
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
  const token = (role: Who): string => people.addToken({ role, name: role, helpPoints: null })
  const tokens = {
    operator: token('operator'),
    engineer: token('engineer'),
    press: token('press'),
    supervisor: token('supervisor'),
  }
  let url = ''
  let server: ChildProcess | null = null
  async function ask<T>(who: Who, path: string, body?: unknown, method = body ? 'POST' : 'GET'): Promise<T> {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (answer.status === 204 ? null : await answer.json()) as T
  }
  const lineOf = async (id: string): Promise<VmsLine | undefined> =>
    (await ask<Incident>('operator', `/incidents/${id}`)).vms[0]
  const state = async (): Promise<ConnectorState | undefined> =>
    (await ask<{ items: ConnectorState[] }>('engineer', '/connectors')).items[0]
  async function start(): Promise<void> {
    const town = run(['--data', data, '--site', site, '--rtmp-port', '0'])
    server = town.child
    url = await started(town, /(http:\/\/127\.0\.0\.1:\d+)/)
  }
  await start()
  await vms.connected()
  await until(state, (is) => is?.state === 'well' && is.cameras?.matched === 2)
  /** Of the monitor that records on alarms only. */
  const alarms = async (id: string) =>
    (await vms.events(id)).filter(({ MonitorId }) => String(MonitorId) === monitors.nodect)
  return {
    data,
    vms,
    monitors,
    ask,
    start,
    kill: () => ended(server, 'SIGKILL'),
    press: async (kind: 'press' | 'drill' = 'press'): Promise<string> =>
      (await ask<{ incident: string }>('press', '/presses', { helpPoint: 'blackwellgate', kind })).incident,
    incidentOf: (id: string): Promise<Incident> => ask('operator', `/incidents/${id}`),
    lineOf,
    alarms,
    state,
    close: (id: string): Promise<unknown> => ask('operator', `/incidents/${id}/closure`, { reason: 'over' }),
    raised: (id: string): Promise<VmsLine | undefined> =>
      until(
        () => lineOf(id),
        (line) => line?.alarm != null,
      ),
    /** Closed here, ended there. */
    async settled(id: string): Promise<void> {
      await until(
        () => alarms(id),
        (events) => events.length > 0 && events.every(({ EndDateTime }) => EndDateTime !== null),
      )
    },
    async end(): Promise<void> {
      await ended(server, 'SIGTERM')
      await ended(street.child, 'SIGTERM')
      await vms.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
