/**
 * Makes a bare machine ready, with nothing but Node: `node server/setup.mjs start|test|bench|build [arguments]`.
 * Installs npm packages and system programs where it can, says exactly what to run where it cannot, builds, and then
 * runs the server in this same process, so that a signal to npm reaches it.
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

const root = fileURLToPath(new URL('..', import.meta.url))
const [mode = 'start', ...rest] = process.argv.slice(2)
const LEAST_NODE = [20, 19]

function fail(words) {
  process.stderr.write(`lamppost: ${words}\n`)
  process.exit(1)
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
function run(words, command, args, remedy) {
  process.stderr.write(`lamppost: ${words} …\n`)
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0)
    fail(
      `${words} failed${remedy ? `; run: ${remedy}` : ''}\n${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}`,
    )
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]))
    fail(`Node ${LEAST_NODE.join('.')} or newer is needed; this is ${process.versions.node}. See https://nodejs.org`)
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.lamppost-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  run('installing npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--include=dev'], 'npm ci')
  writeFileSync(stamp, lock)
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
  const sudo = root ? [] : ['sudo', '-n']
  if (!root && (!onPath('sudo') || spawnSync('sudo', ['-n', 'true']).status !== 0))
    fail(`${names} must be installed, and that needs root. ${asRoot ? 'Run' : 'As root run'}:\n  ${line}`)
  const apt = (...args) => [...sudo, 'apt-get', ...args]
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
const NEEDED = {
  test: [FFMPEG, SETPRIV, CHROMIUM, OPENSSL, MOSQUITTO, MOSQUITTO_PUB, NGINX],
  bench: [FFMPEG, SETPRIV, CHROMIUM, OPENSSL, NGINX, WRK],
}

checkNode()
installPrograms(NEEDED[mode] ?? [FFMPEG, SETPRIV])
installPackages()
build()
if (mode === 'start') {
  process.argv = [process.argv[0], join(root, 'dist', 'server', 'main.js'), 'start', ...rest]
  await import(pathToFileURL(join(root, 'dist', 'server', 'main.js')).href)
}
