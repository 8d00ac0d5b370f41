import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { aliveOf, npmStart, ready, treeOf } from './town-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Empty when the process has ended meanwhile. */
function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** How much a thread stands back (nice), of all threads of a process. */
function niceOf(pid: number): { thread: number; nice: number }[] {
  const gone = <T>(read: () => T, none: T): T => {
    try {
      return read()
    } catch {
      return none
    }
  }
  return gone(() => readdirSync(`/proc/${pid}/task`), []).map((thread) => ({
    thread: Number(thread),
    nice: Number(
      gone(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'), '')
        .split(') ')[1]
        ?.split(' ')[16],
    ),
  }))
}
/** Whether this system lets us go before others: root mostly may, in a container it mostly may not. */
const mayGoFirst = ((): boolean => {
  const sleeper = spawn('sleep', ['5'], { stdio: 'ignore' })
  try {
    setPriority(sleeper.pid ?? 0, -10)
    return true
  } catch {
    return false
  } finally {
    sleeper.kill()
  }
})()

describe('npm start', () => {
  test('runs the town, says what to open, ends by itself on SIGTERM and leaves nothing behind', async () => {
    const town = await npmStart()
    await ready(town)
    expect(town.said()).toContain(`${town.credentials.url}/button`)
    expect(statSync(join(town.folder, 'demo-credentials.json')).mode & 0o777).toBe(0o600)
    // An encoder for each of nine cameras, and a recorder for the one that pushes: the others are read by the server
    // itself.
    await until(
      () => treeOf(town.npm.pid ?? 0).filter((pid) => programOf(pid).startsWith('ffmpeg')).length,
      (count) => count === 10,
    )
    const tree = treeOf(town.npm.pid ?? 0)
    // A press comes before video: nothing but the thread that takes it goes before others, where the system lets it.
    const early = tree.flatMap(niceOf).filter(({ nice }) => nice < 0)
    const server = tree.findLast((pid) => /^(?:\S*\/)?node /.test(programOf(pid)) && programOf(pid).includes('start'))
    expect(early).toEqual(mayGoFirst ? [{ thread: server, nice: -10 }] : [])
    town.npm.kill('SIGTERM')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
      10_000,
    )
    await town.end()
  })
  test('leaves nothing behind when the server is killed with SIGKILL', async () => {
    const town = await npmStart()
    await ready(town)
    const tree = treeOf(town.npm.pid ?? 0)
    const server = tree.find((pid) => /^(?:\S*\/)?node .*(?:setup\.mjs|main\.js)/.test(programOf(pid)))
    if (!server) throw new Error('no server was found below npm')
    process.kill(server, 'SIGKILL')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
      5000,
    )
    await town.end()
  })
  test('ends the server when npm itself is killed with SIGKILL', async () => {
    const town = await npmStart()
    const tree = treeOf(town.npm.pid ?? 0)
    town.npm.kill('SIGKILL')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
      6000,
    )
    await town.end()
  })
  test('says in words what is wrong with its arguments', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(root, 'dist', 'server', 'main.js'), ...args], { encoding: 'utf8' })
    expect(run('start', '--port', 'x')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/--port x is no port/),
    })
    expect(run('start', '--site', '/nowhere.yaml')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/\/nowhere\.yaml does not exist/),
    })
    expect(run('fly')).toMatchObject({ status: 2, stderr: expect.stringMatching(/no command "fly"/) })
    expect(run('--prot', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^lamppost: Unknown option '--prot'\.\n\nlamppost: links presses/),
    })
    expect(run('check', join(root, 'camera-presets', 'darlington.yaml'))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/3 help points, 13 cameras[\s\S]*environment must have .*CAMERA_PASSWORD/),
    })
    expect(run('check', join(root, 'package.json')).status).toBe(1)
    expect(run('check', join(root, 'nowhere.yaml'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nowhere.yaml cannot be read'),
    })
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-words-'))
    try {
      const file = join(folder, 'town.yaml')
      writeFileSync(
        file,
        readFileSync(join(root, 'camera-presets', 'darlington.yaml'), 'utf8')
          .replace('password: "${CAMERA_PASSWORD}"', 'password: hunter2')
          .replace(/^streets:.*$/m, '')
          .replace(/lat: (54\.\d+), lon: (-1\.\d+)/, 'lat: $2, lon: $1'),
      )
      expect(run('check', file)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(
          new RegExp(
            `warning: blackwellgate is [\\d,]+ km from cam-\\d+, .*are lat and lon of one of them swapped\\?[^]*` +
              `warning: the password of cam-\\d+ is written in the file`,
          ),
        ),
      })
      expect(run('start', '--host', '300.1.1.1', '--port', '0', '--data', join(folder, 'never'))).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/--host 300\.1\.1\.1 is no address of this machine/),
      })
      const token = (...more: string[]) =>
        run('token', '--role', 'press', '--name', 'x', '--data', join(folder, 'new'), ...more)
      expect(token()).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^\S+\n$/),
        stderr: expect.stringMatching(/^There was no .*new: it is made now/),
      })
      expect(token().stderr).not.toMatch(/There was no/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

// Where nobody may go before others, nobody inherits it.
test.skipIf(!mayGoFirst)('a process or thread that is started by the one that goes first is an ordinary one', () => {
  const script = `
    import { readFileSync, readdirSync, promises } from 'node:fs'
    // The threads that write files are there before, as in the server.
    await promises.stat('/')
    const from = (path) => import(new URL(path, ${JSON.stringify(`file://${root}/dist/server/`)}))
    const [{ raisePriority }, { guardedSpawn }, { callWorker }, { builtEntry }] = await Promise.all([
      'tools/process/thread-priority.js', 'tools/media/guarded-spawn.js', 'tools/process/worker-calls.js',
      'tools/package-root.js'].map(from))
    const niceOf = (task) => Number(readFileSync(task + '/stat', 'utf8').split(') ')[1].split(' ')[16])
    const threadsOf = (pid) => readdirSync('/proc/' + pid + '/task').map((thread) => '/proc/' + pid + '/task/' + thread)
    const nice = (pid) => threadsOf(pid).map(niceOf).sort((a, b) => a - b)
    const before = new Set(readdirSync('/proc/self/task'))
    raisePriority()
    const child = guardedSpawn('sleep', ['30'], { stdio: 'ignore' })
    const worker = callWorker(builtEntry('camera/onvif/onvif-inventory-thread.js'), {})
    await worker.calls.nothing().catch(() => {})
    const threads = readdirSync('/proc/self/task').filter((thread) => !before.has(thread))
    const started = threads.map((thread) => niceOf('/proc/self/task/' + thread))
    console.log(JSON.stringify({ self: nice(process.pid)[0], child: nice(child.pid), started }))
    child.kill()
    await worker.terminate()`
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-nice-'))
  writeFileSync(join(folder, 'first.mjs'), script)
  const { stdout } = spawnSync(process.execPath, [join(folder, 'first.mjs')], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(JSON.parse(stdout)).toEqual({ self: -10, child: [0], started: [0] })
})

describe('setting up', () => {
  test('where it cannot install, it names the exact command and exits with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-path-'))
    const bare = spawn(process.execPath, [join(root, 'server', 'setup.mjs'), 'build'], { env: { PATH: folder } })
    let said = ''
    bare.stderr.on('data', (chunk) => (said += chunk))
    expect(await new Promise((resolve) => bare.once('exit', resolve))).toBe(1)
    expect(said).toMatch(/ffmpeg and setpriv must be on the PATH/)
    expect(said).toContain('apt-get install -y --no-install-recommends ffmpeg util-linux')
    rmSync(folder, { recursive: true })
  })
  // Only root can become somebody else to try it.
  test.skipIf(process.getuid?.() !== 0)(
    'as a person who is not root and may not sudo, it names the exact command too',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'lamppost-path-'))
      spawnSync('chmod', ['755', folder])
      symlinkSync('/usr/bin/apt-get', join(folder, 'apt-get'))
      const source = readFileSync(join(root, 'server', 'setup.mjs'), 'utf8')
      const person = spawn(process.execPath, ['--input-type=module', '-', 'build'], {
        env: { PATH: folder },
        uid: 65_534,
        gid: 65_534,
        cwd: '/',
      })
      person.stdin.end(
        source
          .replaceAll("new URL('..', import.meta.url)", JSON.stringify(`file://${folder}/`))
          .replace("'./node-runtime.mjs'", JSON.stringify(join(root, 'server', 'node-runtime.mjs'))),
      )
      let said = ''
      person.stderr.on('data', (chunk) => (said += chunk))
      expect(await new Promise((resolve) => person.once('exit', resolve))).toBe(1)
      expect(said).toContain(
        'As root run:\n  apt-get update && apt-get install -y --no-install-recommends ffmpeg util-linux',
      )
      rmSync(folder, { recursive: true })
    },
  )
})
