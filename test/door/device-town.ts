/** A whole server that is an ONVIF device, with simulated cameras behind it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Incident } from '../../server/glossary/incident.ts'
import type { Entry } from '../../server/glossary/ledger.ts'
import type { OnvifDeviceState } from '../../server/glossary/onvif-device.ts'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { CREDENTIALS, PRESET, plan, startTestTown, until } from '../contracts/test-town.ts'

export const ACCESS = { username: 'vms', password: 'p&ss "word" of the VMS' }
export type DeviceTown = Awaited<ReturnType<typeof openDeviceTown>>

/** @param device lines of the site file's `onvifDevice`, beside the password */
export async function openDeviceTown({ device = '' }: { device?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-device-'))
  const [data, site, password] = [join(folder, 'data'), join(folder, 'site.yaml'), join(folder, 'password')]
  mkdirSync(data)
  writeFileSync(password, ACCESS.password)
  const street = await startTestTown(plan('cam-1'), plan('cam-2'), plan('cam-3', true, { width: 640, height: 360 }))
  const camera = (id: string, helpPoint: string): string => `
  - id: ${id}
    name: Camera ${id}
    onvif: { url: "${street.camera(id).url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }
    presets: { ${helpPoint}: { token: "${PRESET.token}", name: there } }`
  const write = (lines: string, port = 0): void =>
    writeFileSync(
      site,
      `site: { id: darlington, name: "Darlington <&> more", timezone: Europe/London }
helpPoints:
  - { id: bar, name: "Number One Bar, Blackwellgate: St Cuthbert's <side> & ŵ", location: { lat: 54.52363, lon: -1.5561 } }
  - { id: park, name: South Park, location: { lat: 54.517, lon: -1.56 } }
  - { id: station, name: Station, location: { lat: 54.52, lon: -1.547 } }
cameras:${camera('cam-1', 'bar')}${camera('cam-2', 'park')}${camera('cam-3', 'station')}
onvifDevice:
  port: ${port}
  username: ${ACCESS.username}
  password: "file:${password}"
${lines}
`,
    )
  write(device)
  const people = openPeopleFile(join(data, 'people.json'))
  const tokens = new Map<Role, string>()
  for (const role of ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const)
    tokens.set(role, people.addToken({ name: role, role, helpPoints: null }))
  const open = () => openHouse({ siteFile: site, dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 })
  let house = await open()
  async function ask<T>(role: Role, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${house.url}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${tokens.get(role)}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const states = async (role: Role = 'engineer'): Promise<OnvifDeviceState[]> =>
    (await ask<{ items: OnvifDeviceState[] }>(role, '/onvif-devices')).items
  const address = async (place = 0): Promise<string> =>
    (await until(
      async () => (await states())[place]?.address ?? null,
      (found) => found !== null,
    )) ?? ''
  /** Its cameras are here, and have pictures. */
  async function ready(): Promise<void> {
    type Cameras = { items: { health: { onvif: string; video: string } }[] }
    await until(
      () => ask<Cameras>('engineer', '/cameras'),
      ({ items }) => items.every(({ health }) => health.onvif === 'up' && health.video === 'up'),
    )
  }
  return {
    street,
    ask,
    states,
    address,
    ready,
    write,
    url: () => house.url,
    token: (role: Role): string => tokens.get(role) ?? '',
    async state(): Promise<OnvifDeviceState | undefined> {
      return (await states())[0]
    },
    async entries(kind: string): Promise<Entry[]> {
      const all: Entry[] = []
      for (let after = 0; ;) {
        const { items } = await ask<{ items: Entry[] }>('supervisor', `/ledger?after=${after}&limit=200`)
        all.push(...items)
        const last = items.at(-1)
        if (!last) return all.filter((each) => each.kind === kind)
        after = last.seq
      }
    },
    press: async (helpPoint: string, kind: 'press' | 'drill' = 'press'): Promise<string> =>
      (await ask<{ incident: string }>('press', '/presses', { helpPoint, kind })).incident,
    take: (id: string): Promise<Incident> => ask('operator', `/incidents/${id}/acknowledgement`, {}),
    close: (id: string): Promise<Incident> => ask('operator', `/incidents/${id}/closure`, { reason: 'over' }),
    incident: (id: string): Promise<Incident> => ask('operator', `/incidents/${id}`),
    async restart(): Promise<void> {
      await house.close()
      house = await open()
    },
    async end(): Promise<void> {
      await house.close()
      await street.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const [WIDTH, HEIGHT] = [32, 18]
export type Watcher = ReturnType<typeof watchStream>
/** ffmpeg as a reader of one picture: small, grey, as it comes, for as long as one session lasts. */
export function watchStream(address: string, token: string, transport: 'tcp' | 'udp' = 'tcp') {
  const { username, password } = ACCESS
  const url = `rtsp://${username}:${encodeURIComponent(password)}@${address}/stream/${token}`
  const out = ['-vf', `scale=${WIDTH}:${HEIGHT},format=gray`, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-']
  const ffmpeg: ChildProcess = spawn(
    'ffmpeg',
    ['-loglevel', 'warning', '-rtsp_transport', transport, '-fflags', 'nobuffer', '-i', url, ...out],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const frames: { at: number; pixels: Buffer }[] = []
  let rest: Buffer = Buffer.alloc(0)
  let said = ''
  ffmpeg.stdout?.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (; rest.length >= WIDTH * HEIGHT; rest = rest.subarray(WIDTH * HEIGHT))
      frames.push({ at: performance.now(), pixels: rest.subarray(0, WIDTH * HEIGHT) })
  })
  ffmpeg.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => ffmpeg.once('close', resolve))
  return {
    frames,
    ended,
    said: () => said,
    alive: (): boolean => ffmpeg.exitCode === null && ffmpeg.signalCode === null,
    async end(): Promise<void> {
      ffmpeg.kill('SIGKILL')
      await ended
    },
  }
}

/** The board is one grey with words in its middle; a street has many greys at its edges. */
export function isBoard(pixels: Buffer | undefined): boolean {
  if (!pixels) return false
  const edge = [...pixels.subarray(0, WIDTH * 3), ...pixels.subarray(WIDTH * (HEIGHT - 3))]
  return Math.max(...edge) - Math.min(...edge) < 12
}
