/** A real ZoneMinder of the test's own: started over the root that `npm run vms:root` has built, ended by one kill. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, startEngine } from '../../server/tools/process/guarded-engine.ts'
import { freeTcpPort } from '../../server/tools/process/free-port.ts'
import { until } from '../contracts/test-town.ts'

export const ROOT = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lamppost', 'zoneminder-root')
const start = fileURLToPath(new URL('zoneminder/start.sh', import.meta.url))

/** Why it cannot run here; null: it can. */
export function whyNot(): string | null {
  if (process.getuid?.() !== 0) return 'ZoneMinder needs root for namespaces of its own'
  if (!existsSync(join(ROOT, 'complete'))) return 'there is no root of ZoneMinder: npm run vms:root builds it'
  return findProgram('unshare') === null ? 'unshare is not on this machine' : null
}

export const ENGINEER = { user: 'engineer', pass: 'engineer-of-the-test' }
export const LAMPPOST = { user: 'lamppost', pass: 'lamppost-of-the-test' }
export const VIEWER = { user: 'viewer', pass: 'viewer-of-the-test' }
type EventRow = {
  Id: number
  MonitorId: number
  Notes: string
  Name: string
  StartDateTime: string
  EndDateTime: string | null
  Archived: number
}

export async function startZoneMinder() {
  const [http, trigger] = [await freeTcpPort(), await freeTcpPort()]
  const said: string[] = []
  const engine = startEngine(
    'sh',
    [start, ROOT, String(http), String(trigger)],
    mkdtempSync(join(tmpdir(), 'lamppost-vms-')),
    (line) => said.push(line),
  )
  let hasEnded = false
  void engine.ended.then(() => (hasEnded = true))
  await until(
    () => said,
    () => {
      if (hasEnded) throw new Error(`ZoneMinder ended: ${said.slice(-20).join('\n')}`)
      return said.includes('READY')
    },
    120_000,
  )
  const url = `http://127.0.0.1:${http}/zm`
  let token = ''
  async function ask<T>(path: string, form?: Record<string, string>, method = form ? 'POST' : 'GET'): Promise<T> {
    if (token === '') {
      const body = new URLSearchParams(ENGINEER)
      const answer = await fetch(`${url}/api/host/login.json`, { method: 'POST', body })
      token = ((await answer.json()) as { access_token: string }).access_token
    }
    const [at, query] = path.split('?')
    const body = form ? { body: new URLSearchParams(form) } : {}
    const answer = await fetch(`${url}/api/${at}?token=${token}${query ? `&${query}` : ''}`, { method, ...body })
    const said = await answer.text()
    return (said === '' ? null : JSON.parse(said)) as T
  }
  /** Its own processes: those whose root has its port. */
  const isOurs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/root/etc/apache2/ports.conf`, 'utf8').includes(`127.0.0.1:${http}`)
    } catch {
      return false
    }
  }
  const commandOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  const processes = (part: string): number[] =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(part) && isOurs(pid))
      .map(Number)
  return {
    url,
    trigger,
    said,
    async addMonitor(name: string, path: string, mode: string, more: Record<string, string> = {}): Promise<string> {
      const settings = {
        Name: name,
        Type: 'Ffmpeg',
        Function: mode,
        Enabled: '1',
        Path: path,
        Method: 'rtpRtsp',
        Width: '960',
        Height: '540',
        Colours: '4',
        SaveJPEGs: '0',
        VideoWriter: '2',
        PreEventCount: '75',
        ImageBufferCount: '30',
        MaxImageBufferCount: '300',
        ...more,
      }
      await ask(
        'monitors.json',
        Object.fromEntries(Object.entries(settings).map(([key, value]) => [`Monitor[${key}]`, value])),
      )
      type Listed = { monitors: { Monitor: { Id: number; Name: string } }[] }
      const { monitors } = await ask<Listed>('monitors.json')
      return String(monitors.find(({ Monitor }) => Monitor.Name === name)?.Monitor.Id)
    },
    async connected(): Promise<void> {
      type Listed = { monitors: { Monitor_Status: { Status: string; CaptureFPS: string } }[] }
      await until(
        () => ask<Listed>('monitors.json'),
        ({ monitors }) =>
          monitors.length > 0 &&
          monitors.every(({ Monitor_Status: is }) => is.Status === 'Connected' && Number(is.CaptureFPS) > 1),
        60_000,
      )
    },
    async events(incident: string): Promise<EventRow[]> {
      type Listed = { events: { Event: EventRow }[] }
      const { events } = await ask<Listed>(`events/index/Notes%20REGEXP:${incident}.json?limit=100`)
      return events.map(({ Event }) => Event)
    },
    /** One that is kept is not deleted, though it says 200: somebody has to let it go first. */
    async deleteEvent(id: number): Promise<void> {
      // Whoever keeps it may keep it again between the two.
      await until(
        async () => {
          await ask(`events/${id}.json`, { 'Event[Archived]': '0' }, 'PUT')
          await ask(`events/${id}.json`, undefined, 'DELETE')
          return ask<{ success?: boolean }>(`events/${id}.json`)
        },
        ({ success }) => success === false,
      )
    },
    letGo: (id: number): Promise<unknown> => ask(`events/${id}.json`, { 'Event[Archived]': '0' }, 'PUT'),
    processes,
    /** One of its own programs, as its own daemons run: in its namespaces, and not as root. */
    run(command: string): { said(): string } {
      const [first] = processes('/inside.sh')
      let heard = ''
      const enter = ['--target', String(first), '--mount', '--pid', '--root', '--wd=/']
      const child = spawn('nsenter', [...enter, 'su', '-s', '/bin/sh', 'www-data', '-c', command], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes: Buffer) => (heard += bytes.toString()))
      return { said: () => heard }
    },
    /** Of one monitor, the oldest first. */
    async eventsOf(monitor: string): Promise<(EventRow & { Cause: string; Length: string })[]> {
      type Listed = { events: { Event: EventRow & { Cause: string; Length: string } }[] }
      const { events } = await ask<Listed>(`events/index/MonitorId:${monitor}.json?limit=100&sort=Id&direction=asc`)
      return events.map(({ Event }) => Event)
    },
    kill: (part: string, signal: NodeJS.Signals): void => {
      for (const pid of processes(part)) process.kill(pid, signal)
    },
    async close(): Promise<void> {
      engine.close()
      await engine.ended
    },
  }
}
