/**
 * `npm test`: sets up, checks, then runs every test. `npm test -- FILE …` runs some; `--no-checks` leaves out the
 * checks.
 * `npm run test:engines`: what needs root and large packages, installed by set-up.
 * `npm run check`: sets up and checks. `npm run test:one -- FILE`: sets up and runs that file alone.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useRuntime } from '../server/node-runtime.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name) => join(root, 'node_modules', '.bin', name)
const RESULTS = join(root, 'test', 'journeys', 'output', 'results.json')
const SECOND_TRIES = join(root, 'test', 'journeys', 'output', 'second-tries.json')
const args = process.argv.slice(2)
const MODES = new Set(['--no-checks', '--checks', '--one', '--engines'])
const wanted = args.filter((arg) => !MODES.has(arg))
const one = args.includes('--one')
const engines = args.includes('--engines')
if (one && wanted.length === 0) {
  console.error('Name the test file: npm run test:one -- test/clip/clip-cut.test.ts')
  process.exit(2)
}

/** What went wrong, once more at the end: of a long log the middle is often cut. */
const failures = []
/** Tests that passed only when they were tried again: each is a fault of the test or of the product, and to be mended. */
const secondTries = []
function step(words, command, commandArgs) {
  const startedAt = performance.now()
  const { status } = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit' })
  if (status !== 0) failures.push(`  ${words}`)
  console.log(
    `${status === 0 ? 'passed' : 'FAILED'}: ${words} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
  )
  return status === 0
}

if (!step('set-up', process.execPath, ['server/setup.mjs', engines ? 'engines' : 'test'])) process.exit(1)
// On an older Node this starts once more, in the runtime that set-up has fetched.
await useRuntime(fileURLToPath(import.meta.url))
if (one) {
  const found = step(wanted.join(' '), bin('vitest'), ['run', '--config', 'test/vitest.config.ts', ...wanted])
  process.exit(found ? 0 : 1)
}
const checks =
  args.includes('--no-checks') || engines
    ? []
    : [
        step('format (prettier)', bin('prettier'), ['--check', '--log-level', 'warn', '.']),
        step('types (tsc)', bin('tsc'), ['--noEmit']),
        step('lint (oxlint)', bin('oxlint'), ['--type-aware']),
        step('nothing unused (knip)', bin('knip'), ['--no-config-hints']),
        step('the shape of the house', bin('vitest'), [
          'run',
          '--config',
          'test/vitest.config.ts',
          '--project',
          'pure',
          'test/rooms',
        ]),
      ]
/** Of a run's results, a line for each that failed. */
const failuresIn = ({ testResults }) =>
  testResults.flatMap(({ name, message, assertionResults }) => {
    const bad = assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n')[0] ?? ''}`)
    return (bad.length > 0 || !message ? bad : [message.split('\n')[0]]).map(
      (words) => `  ${name.slice(root.length)} > ${words}`,
    )
  })
/**
 * Files that run at one time. Pure ones use a core each; what stands side by side waits for cameras and browsers more
 * than for the processor; the rest are alone.
 */
const WORKERS = { pure: 2, side: 3, real: 1, engines: 2 }
const vitest = (project) =>
  step(`${project} tests`, bin('vitest'), [
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    project,
    `--maxWorkers=${WORKERS[project]}`,
    '--passWithNoTests',
    ...wanted,
  ])
let passed = 0
let failed = checks.filter((ok) => !ok).length
const projects = engines ? ['engines'] : ['pure', 'side', 'real']
for (const project of args.includes('--checks') ? [] : projects) {
  // A run that dies leaves none, and must not be told by the one before.
  rmSync(RESULTS, { force: true })
  rmSync(SECOND_TRIES, { force: true })
  const ok = vitest(project)
  const results = existsSync(RESULTS)
    ? JSON.parse(readFileSync(RESULTS, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0, testResults: [] }
  const { numPassedTests, numFailedTests, numFailedTestSuites } = results
  if (!ok) failures.push(...failuresIn(results))
  for (const name of existsSync(SECOND_TRIES) ? JSON.parse(readFileSync(SECOND_TRIES, 'utf8')) : [])
    secondTries.push(`  second try: ${name}`)
  passed += numPassedTests
  // A file that did not even load has failed without a test to name.
  failed += numFailedTests || (ok ? 0 : Math.max(1, numFailedTestSuites))
}
for (const words of [...secondTries, ...failures]) console.log(words)
console.log(`${passed + checks.filter(Boolean).length} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
