/**
 * Makes a bare machine ready, with nothing but Node 18 or newer: `node server/setup.mjs
 * start|test|engines|bench|build`.
 * Installs npm packages and system programs where it can, says exactly what to run where it cannot, fetches Node 24
 * where the machine's Node is older and goes on with it, builds, and then runs the server in this same process, so that
 * a signal to npm reaches it. `runtime` fetches Node 24 and does nothing else.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fetchRuntime, isNewEnough, useRuntime, withRuntimeAside } from './node-runtime.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [mode = 'start', ...rest] = process.argv.slice(2)
/** What this file itself can be read and run by; the product needs what node-runtime.mjs names. */
const LEAST_OF_SET_UP = 18

/** Set-up cannot go on: said in words, and what was moved aside is put back on the way out. */
class Stopped extends Error {}
function fail(words) {
  throw new Stopped(words)
}
/** Debian puts servers where a person's PATH does not look. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
const onPath = (program) =>
  FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
/** Runs quietly; what it printed is shown only when it fails. */
function run(words, command, args, remedy, environment = {}) {
  process.stderr.write(`lamppost: ${words} …\n`)
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...environment },
  })
  if (status !== 0)
    fail(
      `${words} failed${remedy ? `; run: ${remedy}` : ''}\n${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}`,
    )
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) < LEAST_OF_SET_UP)
    fail(`set-up needs Node ${LEAST_OF_SET_UP} or newer; this is ${process.versions.node}. See https://nodejs.org`)
}

/** On an older Node: fetches the runtime, and goes on with it from the start. */
async function goOnWithRuntime() {
  if (isNewEnough()) return
  try {
    fetchRuntime(root)
  } catch (error) {
    fail(error.message)
  }
  if (mode !== 'runtime') await useRuntime(fileURLToPath(import.meta.url))
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.lamppost-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  const ci = ['ci', '--no-audit', '--no-fund', '--include=dev']
  withRuntimeAside(root, (PATH) => run('installing npm packages', 'npm', ci, `npm ${ci.join(' ')}`, { PATH }))
  writeFileSync(stamp, lock)
}

/** May this process become root without asking anybody? */
function mayInstall() {
  if (!onPath('apt-get')) return false
  return process.getuid?.() === 0 || (onPath('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0)
}

/** What a command is begun with, so that root runs it. */
const asRootUser = () => (process.getuid?.() === 0 ? [] : ['sudo', '-n'])

/**
 * Engines come with services of their own, which must not start.
 * @param required without them there is nothing to start; else their absence is said in one line
 */
function installEngines(needed, required) {
  const missing = needed.filter(({ program }) => !onPath(program))
  if (missing.length === 0) return
  const packages = [...new Set(missing.flatMap(({ debian, also = [] }) => [debian, ...also]))]
  const line = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (!mayInstall()) {
    const words = `${missing.map(({ program }) => program).join(' and ')} cannot be installed here`
    if (required) fail(`${words}. As root run:\n  ${line}`)
    process.stderr.write(`lamppost: ${words}: no help point telephones. As root: ${line}\n`)
    return
  }
  const [first, ...args] = [...asRootUser(), 'sh', join(root, 'server', 'install-engines.sh'), ...packages]
  try {
    run(`installing ${packages.join(', ')}`, first, args, line)
  } catch (error) {
    if (required || !(error instanceof Stopped)) throw error
    process.stderr.write(`lamppost: ${error.message.split('\n')[0]}: no help point telephones\n`)
  }
}

/** Whether calls come to the town that is started: the simulated one's help point telephones where it can. */
function callsWanted() {
  if (mode !== 'start' || rest.includes('--no-calls')) return null
  const at = rest.findIndex((each) => each === '--site' || each.startsWith('--site='))
  if (at < 0) return 'if-possible'
  const file = rest[at].includes('=') ? rest[at].slice('--site='.length) : rest[at + 1]
  // A file that cannot be read, or has mistakes, is the server's to name.
  return existsSync(file ?? '') && /^voice\s*:/m.test(readFileSync(file, 'utf8')) ? 'required' : null
}

function installPrograms(needed) {
  const missing = needed.filter(({ program }) => !onPath(program))
  if (missing.length === 0) return
  const packages = missing.map(({ debian }) => debian)
  const root = process.getuid?.() === 0
  const asRoot = root || !onPath('sudo') ? '' : 'sudo '
  const line = `${asRoot}apt-get update && ${asRoot}apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const names = missing.map(({ program }) => program).join(' and ')
  if (!onPath('apt-get'))
    fail(`${names} must be on the PATH and there is no apt-get here to install it with. On Debian run:\n  ${line}`)
  if (!mayInstall())
    fail(`${names} must be installed, and that needs root. ${asRoot ? 'Run' : 'As root run'}:\n  ${line}`)
  const apt = (...args) => [...asRootUser(), 'apt-get', ...args]
  const [first, ...update] = apt('update')
  run('looking up Debian packages', first, update, line)
  const [, ...install] = apt('install', '-y', '--no-install-recommends', ...packages)
  run(`installing ${packages.join(', ')}`, first, install, line)
  const still = missing.filter(({ program }) => !onPath(program))
  if (still.length > 0)
    fail(`${still.map(({ program }) => program).join(' and ')} still missing after the installation. Run:\n  ${line}`)
}

function sourceHash() {
  const hash = createHash('sha256')
  const visit = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name))
    else hash.update(relative(root, path)).update(readFileSync(path))
  }
  for (const place of ['server', 'web-components', 'tsconfig.json', 'package-lock.json']) visit(join(root, place))
  return hash.digest('hex')
}

function build() {
  const stamp = join(root, 'dist', '.built-from')
  const hash = sourceHash()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  const bin = (name) => join(root, 'node_modules', '.bin', name)
  run('building the server', bin('tsc'), ['--project', 'server/tsconfig.json'])
  run('building the web components', process.execPath, [join('web-components', 'build.mjs')])
  run('writing their types', bin('tsc'), ['--project', 'web-components/tsconfig.json'])
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(stamp, hash)
}

const FFMPEG = { program: 'ffmpeg', debian: 'ffmpeg' }
const SETPRIV = { program: 'setpriv', debian: 'util-linux' }
const CHROMIUM = { program: 'chromium', debian: 'chromium' }
const NGINX = { program: 'nginx', debian: 'nginx-light' }
const OPENSSL = { program: 'openssl', debian: 'openssl' }
const WRK = { program: 'wrk', debian: 'wrk' }
const MOSQUITTO = { program: 'mosquitto', debian: 'mosquitto' }
const MOSQUITTO_PUB = { program: 'mosquitto_pub', debian: 'mosquitto-clients' }
const KAMAILIO = { program: 'kamailio', debian: 'kamailio', also: ['kamailio-tls-modules'] }
const RTPENGINE = { program: 'rtpengine', debian: 'rtpengine-daemon' }
const BARESIP = { program: 'baresip', debian: 'baresip-core' }
const SIPP = { program: 'sipp', debian: 'sip-tester' }
const ETCD = { program: 'etcd', debian: 'etcd-server' }
const NEEDED = {
  test: [FFMPEG, SETPRIV, CHROMIUM, OPENSSL, MOSQUITTO, MOSQUITTO_PUB, NGINX],
  engines: [FFMPEG, SETPRIV, CHROMIUM, OPENSSL],
  bench: [FFMPEG, SETPRIV, CHROMIUM, OPENSSL, NGINX, WRK],
}

try {
  checkNode()
  await goOnWithRuntime()
  if (mode === 'runtime') process.exit(0)
  installPrograms(NEEDED[mode] ?? [FFMPEG, SETPRIV])
  if (mode === 'engines') installEngines([KAMAILIO, RTPENGINE, BARESIP, SIPP, ETCD], true)
  const calls = callsWanted()
  if (calls === 'required') installEngines([KAMAILIO, RTPENGINE], true)
  if (calls === 'if-possible') installEngines([KAMAILIO, RTPENGINE, BARESIP], false)
  installPackages()
  build()
} catch (error) {
  if (!(error instanceof Stopped)) throw error
  process.stderr.write(`lamppost: ${error.message}\n`)
  process.exit(1)
}
if (mode === 'start') {
  process.argv = [process.argv[0], join(root, 'dist', 'server', 'main.js'), 'start', ...rest]
  await import(pathToFileURL(join(root, 'dist', 'server', 'main.js')).href)
}
