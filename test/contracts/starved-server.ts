/** The whole server as a process, with fifty help points and no camera: for what may starve a press. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './test-town.ts'

const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

export function createStarvedServers() {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-full-'))
  const site = join(folder, 'town.yaml')
  writeFileSync(
    site,
    [
      'site: { id: full, name: Full, timezone: Europe/London }',
      'helpPoints:',
      ...Array.from(
        { length: 50 },
        (_, i) => `  - { id: hp-${i}, name: Help point ${i}, location: { lat: 54.5, lon: -1.5 } }`,
      ),
      'cameras: []',
      '',
    ].join('\n'),
  )
  let running: ChildProcess[] = []
  async function stop(server: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    running = running.filter((each) => each !== server)
    if (server.exitCode !== null || server.signalCode !== null) return
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await gone
  }
  return {
    folder,
    stop,
    stopAll: async (signal?: NodeJS.Signals): Promise<void> =>
      void (await Promise.all(running.map((each) => stop(each, signal)))),
    /** @param handles as many files and connections as it may have open */
    async start(data: string, handles?: number): Promise<{ server: ChildProcess; url: string }> {
      const args = [MAIN, 'start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0']
      const server =
        handles === undefined
          ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
          : spawn('prlimit', [`--nofile=${handles}:${handles}`, process.execPath, ...args], {
              stdio: ['ignore', 'pipe', 'pipe'],
            })
      running.push(server)
      let said = ''
      for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (said += String(chunk)))
      await until(
        () => said,
        (text) => text.includes('is running: ') || server.exitCode !== null,
        30_000,
      )
      const url = /is running: (http:\S+?)\/ /.exec(said)?.[1]
      if (!url) throw new Error(said)
      return { server, url }
    },
    tokenOf: (data: string, role = 'press'): string =>
      spawnSync(process.execPath, [MAIN, 'token', '--role', role, '--name', `load ${role}`, '--data', data], {
        encoding: 'utf8',
      }).stdout.trim(),
    /** @returns the status; 0 when there was no answer */
    async press(url: string, token: string, n: number): Promise<number> {
      const answer = await fetch(`${url}/api/v1/presses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ helpPoint: `hp-${n % 50}`, id: `n${n}` }),
        signal: AbortSignal.timeout(120_000),
      }).catch(() => null)
      await answer?.arrayBuffer().catch(() => null)
      return answer?.status ?? 0
    },
    forget: (): void => rmSync(folder, { recursive: true }),
  }
}
