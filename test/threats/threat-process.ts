/** The server as a process of its own, for threats that are judged from outside: what it starts, writes and holds. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROLES, type Role } from '../../server/glossary/people.ts'
import { type Answer, askAs } from '../contracts/ask-as.ts'
import { until } from '../contracts/test-town.ts'

const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
/** @param limits of the process, as prlimit has them */
export async function startThreatProcess(
  site: string,
  { environment = {}, limits = [] }: { environment?: Record<string, string>; limits?: string[] } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-threat-process-'))
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const file = join(folder, 'site.yaml')
  writeFileSync(file, site)
  const tokens = Object.fromEntries(
    ROLES.map((role) => [
      role,
      spawnSync(process.execPath, [MAIN, 'token', '--role', role, '--name', `Some ${role}`, '--data', data], {
        encoding: 'utf8',
      }).stdout.trim(),
    ]),
  ) as Record<Role, string>
  const command = [process.execPath, MAIN, 'start', '--site', file, '--data', data, '--port', '0', '--rtmp-port', '0']
  const [program = '', ...args] = limits.length > 0 ? ['prlimit', ...limits, ...command] : command
  const server = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  await until(
    () => said,
    (text) => text.includes('is running: ') || server.exitCode !== null,
  )
  const url = /is running: (http:\S+?)\/ /.exec(said)?.[1]
  if (!url) throw new Error(said)
  const pid = server.pid ?? 0

  const ask = (who: Role | null, method: string, path: string, body?: unknown): Promise<Answer> =>
    askAs(url, who && tokens[who], method, path, body)
  return {
    folder,
    data,
    url,
    pid,
    tokens,
    ask,
    said: (): string => said,
    isRunning: (): boolean => server.exitCode === null && server.signalCode === null,
    /** Megabytes that it holds. */
    megabytes: (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    /** The command lines and environments of it and of everything that it has started. */
    commandLines: (): string[] => treeOf(pid).flatMap((each) => textOf(`/proc/${each}/cmdline`)),
    /** Of what it has started; a copy of it that has not become another program yet shows its own. */
    environments(): string[] {
      const own = textOf(`/proc/${pid}/cmdline`).join('')
      return treeOf(pid).flatMap((each) => {
        const environment = textOf(`/proc/${each}/environ`)
        return textOf(`/proc/${each}/cmdline`).join('') === own ? [] : environment
      })
    },
    cameras: async (): Promise<{ id: string; health: Record<'onvif' | 'video' | 'reason', string | null> }[]> =>
      (await ask('engineer', 'GET', '/api/v1/cameras')).body.items,
    async close(): Promise<void> {
      if (server.exitCode === null && server.signalCode === null) {
        const gone = new Promise((resolve) => server.once('exit', resolve))
        server.kill('SIGTERM')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type ThreatProcess = Awaited<ReturnType<typeof startThreatProcess>>

const textOf = (file: string): string[] => {
  try {
    return [readFileSync(file, 'latin1').replaceAll('\0', ' ')]
  } catch {
    return []
  }
}
function treeOf(pid: number): number[] {
  let children: number[] = []
  try {
    children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      textOf(`/proc/${pid}/task/${task}/children`)
        .flatMap((text) => text.trim().split(/\s+/).filter(Boolean))
        .map(Number),
    )
  } catch {
    // It has ended.
  }
  return [pid, ...children.flatMap(treeOf)]
}

/** A site of such cameras, each as lines of YAML flow. */
export const siteOf = (cameras: readonly string[], more = ''): string =>
  [
    'site: { id: threat, name: Threat, timezone: Europe/London }',
    'helpPoints:',
    '  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }',
    '  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }',
    cameras.length === 0 ? 'cameras: []' : 'cameras:',
    ...cameras.map((camera) => `  - ${camera}`),
    more,
    '',
  ].join('\n')
