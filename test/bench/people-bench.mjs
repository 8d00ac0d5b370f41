/**
 * Accounts and sessions: ten thousand guesses at one password from a hundred addresses, while its person signs in and a
 * help point is pressed; and a restart, until somebody who was signed in is so again.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, sleep, summary } from './bench-tools.mjs'

const MAIN = join(root, 'dist', 'server', 'main.js')
const PASSWORD = 'three boats under a bridge'
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]
cameras: []
`
const GUESSES = 10_000
const AT_ONCE = 20

function command(data, input, ...argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv, '--data', data], {
    ...{ input, encoding: 'utf8' },
  })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}
async function start(folder, port) {
  const argv = ['start', '--site', join(folder, 'site.yaml'), '--data', join(folder, 'data'), '--port', String(port)]
  const server = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  server.stdout.on('data', (chunk) => (said += chunk))
  for (let tries = 0; tries < 2000 && !said.includes('is running'); tries += 1) await sleep(5)
  const url = /http:\/\/[^/\s]+/.exec(said)?.[0]
  if (!url) throw new Error('the server did not start')
  const stop = (signal = 'SIGTERM') =>
    new Promise((resolve) => {
      server.once('exit', resolve)
      server.kill(signal)
    })
  return { url, stop }
}
/** @param from a loopback address of this machine */
function ask(url, { method = 'GET', from = '127.0.0.1', headers = {}, body }) {
  const text = body === undefined ? '' : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        ...{ method, localAddress: from, agent: false },
        headers: {
          ...headers,
          ...(text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve({ status: answer.statusCode, cookies: answer.headers['set-cookie'] ?? [] }))
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}
const cookieOf = ({ cookies }) => cookies.map((each) => each.split(';')[0]).join('; ')

/** One after the other until it is told to stop: how long each took, and how many were not answered so. */
function again(act, wanted, everyMs) {
  const times = []
  let other = 0
  const stopped = new AbortController()
  const done = (async () => {
    while (!stopped.signal.aborted) {
      const from = performance.now()
      if ((await act()).status === wanted) times.push(performance.now() - from)
      else other += 1
      await sleep(everyMs)
    }
  })()
  return async () => {
    stopped.abort()
    await done
    return { ...summary(times), other }
  }
}

async function guessing(folder, seconds) {
  const data = join(folder, 'data')
  const { url, stop } = await start(folder, 0)
  try {
    const token = command(data, '', 'token', '--role', 'press', '--name', 'Pole')
    const signIn = (password, from, cookie) =>
      ask(`${url}/api/v1/session`, {
        ...{ method: 'POST', from, body: { user: 'asha', password } },
        headers: cookie === undefined ? {} : { cookie },
      })
    const press = () =>
      ask(`${url}/api/v1/presses`, {
        ...{ method: 'POST', body: { helpPoint: 'bar' }, headers: { authorization: `Bearer ${token}` } },
      })
    const cookie = cookieOf(await signIn(PASSWORD, '127.0.0.1'))
    const alone = again(press, 202, 25)
    await sleep(seconds * 500)
    const pressAlone = await alone()
    const endPress = again(press, 202, 25)
    const endPerson = again(() => signIn(PASSWORD, '127.0.0.50', cookie), 201, 500)
    const counts = {}
    let next = 0
    const from = performance.now()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < GUESSES) {
          const i = next
          next += 1
          const { status } = await signIn(`guess ${i}`, `127.0.0.${2 + (i % 100)}`)
          counts[status] = (counts[status] ?? 0) + 1
        }
      }),
    )
    const took = performance.now() - from
    return {
      'guesses, checked (401) and slowed (429)': counts,
      'seconds that they took': Math.round(took / 100) / 10,
      'their person signs in meanwhile, in a known browser': await endPerson(),
      'a press is acknowledged, nobody guessing': pressAlone,
      'a press is acknowledged meanwhile': await endPress(),
    }
  } finally {
    await stop()
  }
}

async function restarts(folder, rounds) {
  let { url, stop } = await start(folder, 0)
  const { port } = new URL(url)
  const body = { user: 'asha', password: PASSWORD }
  const cookie = cookieOf(await ask(`${url}/api/v1/session`, { method: 'POST', body }))
  const up = []
  const signedIn = []
  let lost = 0
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now()
    // Killed as a machine is that loses its power, and stopped as for a patch, in turns.
    await stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
    ;({ url, stop } = await start(folder, port))
    up.push(performance.now() - from)
    const { status } = await ask(`${url}/api/v1/session`, { headers: { cookie } })
    if (status === 200) signedIn.push(performance.now() - from)
    else lost += 1
  }
  await stop()
  return {
    'restart, until the server is up': summary(up),
    'restart, until who was signed in is so again': summary(signedIn),
    'signed out by it': lost,
  }
}

export async function benchPeople({ seconds, rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-people-bench-'))
  try {
    writeFileSync(join(folder, 'site.yaml'), SITE)
    command(join(folder, 'data'), `${PASSWORD}\n`, 'user', '--user', 'asha', '--role', 'operator', '--name', 'Asha')
    return { ...(await guessing(folder, seconds)), ...(await restarts(folder, Math.min(20, rounds))) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
