/** A real Node 18, as set-up finds it on a machine that nobody has updated: what it starts runs in Node 24. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { unpack } from '../../server/node-runtime.mjs'
import { packageRoot } from '../../server/tools/package-root.ts'
import { oldNode } from '../old-node.mjs'
import { aliveOf, treeOf } from '../journeys/town-process.ts'
import { until } from './test-town.ts'

const MAIN = join(packageRoot, 'dist', 'server', 'main.js')
const RUNTIME = join(packageRoot, 'server', 'node-runtime.mjs')
let OLD: string
let folder: string
let probe: string
beforeAll(() => {
  OLD = oldNode(packageRoot)
  folder = mkdtempSync(join(tmpdir(), 'lamppost-old-node-'))
  probe = join(folder, 'probe.mjs')
  // Says what it sees, then does what its argument asks.
  writeFileSync(
    probe,
    `import { useRuntime } from ${JSON.stringify(RUNTIME)}
     await useRuntime(${JSON.stringify(probe)})
     const [ask, value] = process.argv.slice(2)
     const say = (words) => process.stdout.write(words + '\\n')
     if (ask === 'exit') process.exit(Number(value))
     if (ask === 'die') process.kill(process.pid, value)
     if (ask === 'read') process.stdin.on('data', (text) => say('read ' + text)).on('end', () => process.exit(0))
     if (ask === 'signals') for (const name of value.split(',')) process.on(name, () => say('got ' + name))
     say([process.versions.node.split('.')[0], process.execArgv.join(), process.stdin.isTTY ?? false].join(' '))
     setInterval(() => {}, 1000)`,
  )
})
const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))
/** @returns the process of the old Node, and what the two have written so far */
function started(...args: string[]) {
  const outer = spawn(OLD, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  running.push(outer)
  let said = ''
  outer.stdout.on('data', (text) => (said += text))
  outer.stderr.on('data', (text) => (said += text))
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
    outer.once('exit', (code, signal) => done({ code, signal })),
  )
  return {
    outer,
    ended,
    said: (words: RegExp) =>
      until(
        () => said,
        (text) => words.test(text),
      ),
  }
}
const run = (...args: string[]) => spawnSync(OLD, args, { encoding: 'utf8' })

describe('a command that Node 18 starts', () => {
  test('runs in the runtime that set-up fetched, with the same options, arguments and answers', () => {
    expect(run('--version').stdout).toMatch(/^v18\./)
    expect(run(MAIN, '--help').stdout).toMatch(/^lamppost: links presses/)
    expect(run(MAIN, 'fly')).toMatchObject({ status: 2, stderr: expect.stringContaining('no command "fly"') })
    expect(run(MAIN, 'verify', '/nowhere.zip')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('/nowhere.zip'),
    })
    const site = join(packageRoot, 'camera-presets', 'darlington.yaml')
    expect(run(MAIN, 'check', site)).toMatchObject({ status: 0, stdout: expect.stringContaining('3 help points') })
  })
  test('is one of its own, also where a process in the runtime started it', () => {
    const env = { ...process.env, LAMPPOST_NODE_RUNTIME: '1' }
    expect(spawnSync(OLD, [MAIN, 'fly'], { encoding: 'utf8', env }).stderr).toContain('no command "fly"')
  })
  test('that is still too old after it was handed on does not start itself for ever', () => {
    const env = { ...process.env, LAMPPOST_NODE_RUNTIME: String(process.pid) }
    expect(spawnSync(OLD, [MAIN, 'fly'], { encoding: 'utf8', env }).stderr).toMatch(
      /^lamppost: Node 24 or newer is needed/,
    )
  })
  test('ends with the exit code of the process in the runtime', () => {
    expect(run(probe, 'exit', '0').status).toBe(0)
    expect(run(probe, 'exit', '7').status).toBe(7)
  })
  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'])('dies by %s when the process in the runtime does', (signal) => {
    expect(run(probe, 'die', signal)).toMatchObject({ status: null, signal })
  })
  test('hands on each signal once, and goes on itself', async () => {
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
    const { outer, ended, said } = started('--no-warnings', probe, 'signals', names.join(','))
    await said(/^24 --no-warnings false\n$/)
    let all = ''
    for (const name of names) {
      outer.kill(name as NodeJS.Signals)
      all += `got ${name}\n`
      await said(new RegExp(`${all}$`))
    }
    outer.kill('SIGKILL')
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' })
  })
  test('reads what the old Node gets on its standard input, and hears its end', async () => {
    const { outer, ended, said } = started(probe, 'read')
    outer.stdin.write('a password')
    await said(/read a password/)
    outer.stdin.end()
    expect(await ended).toEqual({ code: 0, signal: null })
  })
  test('stops and goes on with it', async () => {
    const { outer, said } = started(probe, 'none')
    await said(/^24/)
    const [, inner] = treeOf(outer.pid ?? 0)
    const stateOf = (pid: number | undefined) =>
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.slice(0, 1)
    outer.kill('SIGTSTP')
    await until(
      () => stateOf(outer.pid) + stateOf(inner),
      (states) => states === 'TT',
    )
    outer.kill('SIGCONT')
    await until(
      () => stateOf(outer.pid) + stateOf(inner),
      (states) => !states.includes('T'),
    )
    outer.kill('SIGKILL')
  })
  test('has the terminal of the old Node, and Ctrl-C there ends both', async () => {
    // script (bsdutils, part of every Debian) gives it a terminal and hands on what is typed.
    const typed = spawn('script', ['-qec', `${OLD} ${probe} read`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    typed.stdout.on('data', (text) => (said += text))
    await until(
      () => said,
      (text) => text.includes('24  true'),
    )
    const tree = treeOf(typed.pid ?? 0)
    expect(tree.length).toBeGreaterThanOrEqual(3)
    typed.stdin.write('\u0003')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
    )
  })
  test('leaves nothing of a running town behind when the old Node is killed with SIGKILL', async () => {
    const { outer, said } = started(MAIN, 'start', '--port', '0', '--no-calls', '--data', join(folder, 'killed'))
    await said(/Lamppost is running the simulated Darlington/)
    // The server, its simulated cameras, and their encoders.
    const tree = await until(
      () => treeOf(outer.pid ?? 0),
      (pids) => pids.length > 10,
    )
    outer.kill('SIGKILL')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
    )
  })
  test('ends the town when the npm that started the old Node is killed', async () => {
    // A shell of that name is all that npm leaves between itself and Node; it is killed here in npm's place.
    const command = `${OLD} ${MAIN} start --port 0 --data ${join(folder, 'orphan')}; true`
    const shell = spawn('sh', ['-c', command], { env: { ...process.env, npm_lifecycle_event: 'start' } })
    running.push(shell)
    let said = ''
    shell.stdout.on('data', (text) => (said += text))
    await until(
      () => said,
      (text) => text.includes('Lamppost is running'),
    )
    const tree = treeOf(shell.pid ?? 0)
    shell.kill('SIGKILL')
    await until(
      () => aliveOf(tree),
      (alive) => alive.length === 0,
    )
  })
  test('says in one line how to get the runtime where there is none, before it reads what Node 18 cannot', () => {
    const bare = join(folder, 'bare', 'dist', 'server')
    mkdirSync(bare, { recursive: true })
    writeFileSync(join(folder, 'bare', 'package.json'), '{ "type": "module" }')
    for (const file of ['main.js', 'node-runtime.mjs'])
      copyFileSync(join(packageRoot, 'dist', 'server', file), join(bare, file))
    mkdirSync(join(bare, 'commands'))
    writeFileSync(join(bare, 'commands', 'command-line.js'), 'this is no JavaScript')
    expect(run(join(bare, 'main.js'), 'start')).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'lamppost: Node 24 or newer is needed and this is 18.20.8; to fetch it for Lamppost alone, run: ' +
        `node ${join(folder, 'bare', 'server', 'setup.mjs')} runtime\n`,
    })
  })
})

test('a runtime that is not the pinned one is refused, and so is one that the registry does not have', () => {
  const target = mkdtempSync(join(folder, 'wrong-'))
  const build = { name: 'is-number', version: '7.0.0', integrity: 'sha512-AAAA' }
  expect(() => unpack(build, target)).toThrow(
    /is-number@7\.0\.0 .* has the hash sha512-\S+, and not the pinned sha512-AAAA/,
  )
  expect(() => unpack({ ...build, version: '0.0.99' }, target)).toThrow(/is-number@0\.0\.99 was not fetched/)
})
