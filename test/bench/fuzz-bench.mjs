/**
 * Every route as every role, with requests that nobody expects (test/fakes/fuzz-requests.ts): how many errors, how many
 * without an answer, and what memory is left afterwards.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFuzz, operationsOf } from '../fakes/fuzz-requests.ts'
import { randomOf } from '../fakes/seeded-random.ts'
import { root, sleep } from './bench-tools.mjs'

const MAIN = join(root, 'dist', 'server', 'main.js')
const ROLES = ['operator', 'engineer', 'evidence', 'supervisor', 'press', 'nobody']
const AT_ONCE = 24
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
cameraNetworks: [127.0.0.0/8]
helpPoints:
  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 } }
  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }
cameras: []
`
/** They ask networks, and wait for what is not there. */
const NOT_HERE = new Set(['POST /api/v1/discovery', 'GET /api/v1/events'])

function token(data, role) {
  const argv = [MAIN, 'token', '--data', data, '--role', role, '--name', `Some ${role}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}
const memoryOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

export async function benchFuzz({ fuzz }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-fuzz-bench-'))
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'site.yaml'), SITE)
  const tokens = Object.fromEntries(ROLES.filter((role) => role !== 'nobody').map((role) => [role, token(data, role)]))
  const argv = ['start', '--site', join(folder, 'site.yaml'), '--data', data, '--port', '0']
  const server = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  server.stdout.on('data', (chunk) => (said += chunk))
  while (!said.includes('is running')) await sleep(20)
  const url = /http:\/\/[^/\s]+/.exec(said)[0]
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const send = ({ method, path, headers, body }, role) =>
    new Promise((resolve) => {
      const bearer = tokens[role] ? { authorization: `Bearer ${tokens[role]}` } : {}
      const sent = request(`${url}${path}`, { method, agent, headers: { ...headers, ...bearer } }, (answer) => {
        let bytes = 0
        answer.on('data', (chunk) => (bytes += chunk.length) > 100_000 && answer.destroy())
        answer.on('close', () => resolve(answer.statusCode))
      })
      sent.setTimeout(15_000, () => sent.destroy(new Error('no answer')))
      sent.on('error', (error) => resolve(error.message === 'no answer' ? -1 : 0))
      sent.end(body ?? undefined)
    })
  const bearer = { authorization: `Bearer ${tokens.operator}` }
  const openapi = await (await fetch(`${url}/api/v1/openapi.json`, { headers: bearer })).json()
  const operations = operationsOf(openapi).filter(({ method, path }) => !NOT_HERE.has(`${method} ${path}`))
  const ids = ['bar', 'row', 'asha', '1', 'Some operator']
  const figures = { requestsEach: fuzz, roles: {}, memoryMb: [Math.round(memoryOf(server.pid))] }
  for (const role of ROLES) {
    const next = createFuzz({ operations, ids, random: randomOf(role.length) })
    const counts = { errors: 0, withoutAnswer: 0 }
    let left = fuzz
    const begun = performance.now()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) {
          const status = await send(next(), role)
          if (status === 500) counts.errors += 1
          if (status === -1) counts.withoutAnswer += 1
        }
      }),
    )
    counts.perSecond = Math.round((fuzz * 1000) / (performance.now() - begun))
    figures.roles[role] = counts
    await sleep(5000)
    figures.memoryMb.push(Math.round(memoryOf(server.pid)))
  }
  agent.destroy()
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true })
  return figures
}
