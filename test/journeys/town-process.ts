/** `npm start` as a person runs it, and Chromium as the control room has it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type Page, chromium } from 'playwright'
import type { DemoCredentials } from '../../server/people/accounts/demo-people.ts'
import { PATIENCE_MS, until } from '../contracts/test-town.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** A page of ours with nothing on it but one player. */
export const showPlayer = (page: Page, what: { token: string; camera: string; small?: boolean }): Promise<void> =>
  page.evaluate(({ token, camera, small = false }) => {
    document.body.replaceChildren()
    const player = document.createElement('lamppost-player')
    player.setAttribute('token', token)
    player.setAttribute('camera', camera)
    player.toggleAttribute('small', small)
    document.body.append(player)
  }, what)

export type Town = {
  npm: ChildProcess
  folder: string
  credentials: DemoCredentials
  said: () => string
  end(): Promise<void>
}

export async function npmStart(folder = mkdtempSync(join(tmpdir(), 'lamppost-journey-'))): Promise<Town> {
  const npm = spawn('npm', ['start', '--', '--port', '0', '--no-calls', '--data', folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  npm.stdout.on('data', (chunk) => (said += chunk))
  npm.stderr.on('data', (chunk) => (said += chunk))
  await until(
    () => said,
    (text) => text.includes('Open:') || npm.exitCode !== null,
    60_000,
  )
  const file = join(folder, 'demo-credentials.json')
  if (!existsSync(file)) throw new Error(said)
  const credentials = JSON.parse(readFileSync(file, 'utf8')) as DemoCredentials
  return {
    npm,
    folder,
    credentials,
    said: () => said,
    async end() {
      if (npm.exitCode === null && npm.signalCode === null) {
        const gone = new Promise((resolve) => npm.once('exit', resolve))
        const tree = treeOf(npm.pid ?? 0)
        npm.kill('SIGTERM')
        await gone
        // npm may be gone before the server is, and the server still writes.
        await until(
          () => aliveOf(tree),
          (alive) => alive.length === 0,
          10_000,
        )
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function api<T>(
  { credentials }: Town,
  who: keyof DemoCredentials['tokens'],
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${credentials.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${credentials.tokens[who]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as T
}

/** Of the demo town: recorded only while an incident needs them. */
export const isOnPress = (id: string): boolean => /^(?:nvr|bridge|two|pole)-/.test(id)
type Cameras = { items: { id: string; health: { onvif: string; video: string } }[] }
export const ready = (town: Town): Promise<Cameras> =>
  until(
    () => api<Cameras>(town, 'operator', 'GET', '/cameras'),
    ({ items }) => items.every(({ id, health }) => health.onvif !== 'down' && (health.video === 'up' || isOnPress(id))),
    60_000,
  )

/** What Playwright turns off itself: of two such lists Chromium takes the last. */
const OFF_FOR_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
]
/**
 * Pages of the address bar's own: Chromium loads two for every window, each costs as much as a wall that stands
 * still.
 */
const OFF_HERE = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup']
const ARGS = [
  `--disable-features=${[...OFF_FOR_PLAYWRIGHT, ...OFF_HERE].join(',')}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** @param further arguments of Chromium */
export async function openBrowser(...further: string[]): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...ARGS, ...further] })
  const newContext = browser.newContext.bind(browser)
  browser.newContext = async (options) => {
    const context = await newContext(options)
    context.setDefaultTimeout(PATIENCE_MS)
    return context
  }
  return browser
}

function chromiumPath(): string {
  const found = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'chromium'))
    .find((path) => existsSync(path))
  if (!found) throw new Error('chromium is not on the PATH; run npm test, which installs it')
  return found
}

/** Those that still run; a zombie does not. */
export function aliveOf(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  })
}

/** The process and everything below it; threads have children of their own: the video thread starts ffmpeg. */
export function treeOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    )
    return [pid, ...[...new Set(children)].flatMap(treeOf)]
  } catch {
    return [pid]
  }
}
