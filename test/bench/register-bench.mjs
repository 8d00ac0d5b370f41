/**
 * The register of incidents: how long it takes to read years of them from the ledger, and whether lists, searches and the
 * figures of a town with 20,000 incidents are as quick as those of one with 20. Both towns in one run, asked in turns.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, sleep, summary } from './bench-tools.mjs'

const MAIN = join(root, 'dist', 'server', 'main.js')
const POINTS = ['bar', 'station', 'market', 'wynd', 'rank']
const SITE = [
  'site: { id: town, name: Town, timezone: Europe/London }',
  'helpPoints:',
  ...POINTS.map((id) => `  - { id: ${id}, name: ${id}, location: { lat: 54.5, lon: -1.5 } }`),
  'cameras: []',
  '',
].join('\n')
const PEOPLE = ['Ann Lee', 'Ben Stone', 'Siân Prys', 'Kim Vale']
const CODES = ['helped', 'police', 'hub', 'mistake', 'malicious', 'nobody', 'other']
const WORDS = 'person coat red blue taxi friend station walked home lost phone bench rain calm officers arrived'.split(
  ' ',
)
const DAYS = 700
const TIMES = 40

/** As years of nights leave it: nine entries for each. */
async function fill(folder, count) {
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'site.yaml'), SITE)
  const { openLedgerRows } = await import(join(root, 'dist', 'server', 'ledger', 'ledger-sqlite.js'))
  const rows = openLedgerRows(join(folder, 'data', 'ledger.sqlite'))
  const end = Date.now() - 3_600_000
  let seq = rows.head().seq
  let batch = []
  for (let i = 0; i < count; i += 1) {
    const incident = `inc-bench${String(i).padStart(8, '0')}`
    const helpPoint = POINTS[i % POINTS.length]
    const name = PEOPLE[i % PEOPLE.length]
    const words = (from) => Array.from({ length: 12 }, (_, k) => WORDS[(i * 7 + from + k * 3) % WORDS.length]).join(' ')
    let at = end - DAYS * 86_400_000 * (1 - i / count)
    const put = (kind, actor, body, afterMs = 0) => {
      at += afterMs
      seq += 1
      const entry = { seq, at: new Date(at).toISOString(), kind, actor, subject: incident }
      batch.push({ ...entry, body: JSON.stringify({ incident, ...body }) })
    }
    const who = `operator:${name}`
    put('incident.opened', `help-point:${helpPoint}`, { helpPoint, kind: 'press' })
    const times = { pressedAt: new Date(at).toISOString(), receivedAt: new Date(at).toISOString() }
    const press = { id: `prs-${i}`, key: `k${i}`, helpPoint, kind: 'press', source: 'http', ...times }
    put('press.received', `help-point:${helpPoint}`, { press })
    put('incident.acknowledged', who, { owner: name }, 3000 + (i % 20) * 1000)
    put('incident.noted', who, { text: `${words(1)}${i % 1000 === 7 ? ' zephyr' : ''}` }, 5000)
    put('incident.contacted', who, { contact: 'police', outcome: words(5) }, 8000)
    put('incident.step-ticked', who, { step: 0, text: 'Speak to the caller' }, 1000)
    put('incident.noted', who, { text: words(9) }, 9000)
    put('incident.noted', who, { text: words(2) }, 9000)
    put('incident.closed', who, { reason: words(4), code: CODES[i % CODES.length] }, 60_000)
    if (batch.length >= 5000) rows.append(batch.splice(0))
  }
  if (batch.length > 0) rows.append(batch)
  rows.close()
}

async function start(folder) {
  const data = join(folder, 'data')
  const given = spawnSync(
    process.execPath,
    [MAIN, 'token', '--role', 'supervisor', '--name', 'Bench', '--data', data],
    {
      encoding: 'utf8',
    },
  )
  if (given.status !== 0) throw new Error(given.stderr)
  const token = given.stdout.trim().split(/\s+/).at(-1)
  const argv = ['start', '--site', join(folder, 'site.yaml'), '--data', data, '--port', '0']
  const server = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  server.stdout.on('data', (chunk) => (said += chunk))
  for (let tries = 0; tries < 60_000 && !said.includes('is running'); tries += 1) await sleep(5)
  const url = /http:\/\/[^/\s]+/.exec(said)?.[0]
  if (!url) throw new Error('the server did not start')
  const get = async (path) => {
    const begun = performance.now()
    const answer = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
    await answer.arrayBuffer()
    return { status: answer.status, ms: performance.now() - begun }
  }
  const stop = () =>
    new Promise((resolve) => {
      server.once('exit', resolve)
      server.kill('SIGTERM')
    })
  return { get, stop }
}

const ASKED = {
  'the newest 50': '/incidents?limit=50',
  'by a rare word': '/incidents?q=zephyr&limit=50',
  'by a word that all have': '/incidents?q=station&limit=50',
  'by three words, an outcome and a person':
    '/incidents?q=red%20taxi%20home&outcome=police&person=ben%20stone&limit=50',
  'by a help point': '/incidents?helpPoint=rank&limit=50',
  'figures of four weeks': '/reports/presses',
  'figures of two years': '/reports/presses?from=2020-01-01',
}

export async function benchRegister() {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-bench-register-'))
  const figures = {}
  const towns = []
  try {
    for (const count of [20, 20_000]) {
      const town = join(folder, String(count))
      mkdirSync(town)
      await fill(town, count)
      const begun = performance.now()
      towns.push(await start(town))
      const up = performance.now() - begun
      for (let tries = 0; tries < 300; tries += 1) {
        const { status } = await towns.at(-1).get('/incidents?q=zephyr&limit=1')
        if (status === 200) break
        await sleep(100)
      }
      figures[`a first start with ${count} incidents`] = {
        up: Math.round(up),
        'register read': Math.round(performance.now() - begun),
      }
    }
    for (const [name, path] of Object.entries(ASKED)) {
      const times = towns.map(() => [])
      for (let i = 0; i < TIMES; i += 1)
        for (const [t, town] of towns.entries()) {
          const { status, ms } = await town.get(path)
          if (status !== 200) throw new Error(`${path} was answered ${status}`)
          times[t].push(ms)
        }
      const [few, many] = times.map(summary)
      figures[name] = { '20,000': many, 20: few }
    }
  } finally {
    for (const town of towns) await town.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}
