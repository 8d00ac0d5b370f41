/**
 * `npm run deb`: a Debian package of what is built here, with its own Node: lamppost_VERSION_ARCHITECTURE.deb in
 * dist/. Needs dpkg-deb; nothing of the machine is changed.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '..', '..')
const { version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** What the built server reads beside itself. */
const READ_AT_RUN_TIME = [
  'tools/media/guarded-ffmpeg.sh',
  'tools/process/guarded-engine.sh',
  'call/phrases',
  'simulator/help-point.wav',
  'install-engines.sh',
]
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }
const architecture = ARCHITECTURES[process.arch]
if (!architecture) throw new Error(`there is no package for ${process.arch}`)

function run(command, args, options = {}) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
}
/** Bytes below a folder. */
function sizeOf(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return 0
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : found.size
}

const staging = mkdtempSync(join(tmpdir(), 'lamppost-deb-'))
try {
  const inside = (...path) => join(staging, ...path)
  const put = (from, to, mode) => {
    mkdirSync(join(to, '..'), { recursive: true })
    cpSync(from, to, { recursive: true })
    if (mode !== undefined) chmodSync(to, mode)
  }
  const lib = inside('usr', 'lib', 'lamppost')
  for (const name of ['package.json', 'package-lock.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'camera-presets'])
    put(join(root, name), join(lib, name))
  for (const name of READ_AT_RUN_TIME) put(join(root, 'server', name), join(lib, 'server', name))
  for (const name of ['server', 'web']) put(join(root, 'dist', name), join(lib, 'dist', name))
  // Exactly what the lock names, and nothing that only builds or tests.
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: lib })
  const { stdout: bill, status } = spawnSync(
    'npm',
    ['sbom', '--omit=dev', '--sbom-format=cyclonedx', '--package-lock-only'],
    {
      ...{ cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    },
  )
  if (status !== 0) throw new Error('npm could not write the bill of materials (npm sbom)')
  writeFileSync(join(lib, 'sbom.cdx.json'), bill)
  put(process.execPath, join(lib, 'node', 'bin', 'node'), 0o755)
  put(join(here, 'debian', 'lamppost.sh'), inside('usr', 'bin', 'lamppost'), 0o755)
  for (const unit of ['lamppost.service', 'lamppost-edge.service'])
    put(join(here, unit), inside('lib', 'systemd', 'system', unit), 0o644)
  put(join(here, 'debian', 'environment'), inside('etc', 'lamppost', 'environment'), 0o640)
  chmodSync(inside('etc', 'lamppost'), 0o750)
  const control = inside('DEBIAN')
  mkdirSync(control)
  for (const script of ['postinst', 'prerm', 'postrm']) put(join(here, 'debian', script), join(control, script), 0o755)
  writeFileSync(join(control, 'conffiles'), '/etc/lamppost/environment\n')
  const kilobytes = Math.ceil(sizeOf(staging) / 1024)
  writeFileSync(
    join(control, 'control'),
    `Package: lamppost
Version: ${version}
Architecture: ${architecture}
Maintainer: The Lamppost authors
Section: video
Priority: optional
Installed-Size: ${kilobytes}
Depends: ffmpeg, tar, passwd, libc6 (>= 2.28)
Recommends: fonts-dejavu-core
Suggests: kamailio, kamailio-websocket-modules, kamailio-tls-modules, kamailio-utils-modules, rtpengine-daemon, nginx
Description: ${description}
 ${license}. Node is part of the package. The engines of help points that telephone
 (kamailio, rtpengine) are installed only where a site uses them.
`,
  )
  const file = join(root, 'dist', `lamppost_${version}_${architecture}.deb`)
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', staging, file])
  process.stdout.write(`${file}\n`)
} finally {
  rmSync(staging, { recursive: true, force: true })
}
