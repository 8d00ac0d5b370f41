/**
 * Puts one fault after the other into a copy of the code and runs the tests of its room: each must go red by an
 * assertion. `node test/rooms/seeded-faults.mjs [--only ROOM]`. The list is seeded-faults.json, beside this file: a
 * line of the product, what stands there instead, the test that must notice, and what the fault would do to a user.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useRuntime } from '../../server/node-runtime.mjs'

await useRuntime(fileURLToPath(import.meta.url), process.argv.slice(2))
const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({ options: { only: { type: 'string' } } })
const LEFT_OUT = new Set(['node_modules', '.git', 'output'])
const WITHIN_MS = 180_000
const CONFIG = join('test', 'vitest.config.ts')

const faults = JSON.parse(readFileSync(new URL('seeded-faults.json', import.meta.url), 'utf8')).filter(
  ({ room }) => values.only === undefined || room === values.only,
)
const copy = mkdtempSync(join(tmpdir(), 'lamppost-faults-'))
/** @returns 'red' by an assertion, 'green', or 'broken': no test ran */
function run(test) {
  const results = join(copy, 'test', 'journeys', 'output', 'results.json')
  rmSync(results, { force: true })
  const project = /^test\/(?:door|contracts)\//.test(test) ? 'side' : 'pure'
  spawnSync(join(copy, 'node_modules', '.bin', 'vitest'), ['run', '--config', CONFIG, '--project', project, test], {
    cwd: copy,
    timeout: WITHIN_MS,
    killSignal: 'SIGTERM',
  })
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'))
    return numFailedTests > 0 ? 'red' : numPassedTests > 0 ? 'green' : 'broken'
  } catch {
    return 'broken'
  }
}

let missed = 0
try {
  cpSync(root, copy, { recursive: true, filter: (path) => path === root || !LEFT_OUT.has(basename(path)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const test of new Set(faults.map((fault) => fault.test))) {
    if (run(test) === 'green') continue
    missed += 1
    console.log(`NOT GREEN without a fault: ${test}`)
  }
  for (const { room, file, find, put, test, says } of faults) {
    const path = join(copy, file)
    const text = readFileSync(path, 'utf8')
    const count = text.split(find).length - 1
    if (count === 1)
      writeFileSync(
        path,
        text.replace(find, () => put),
      )
    const found = count === 1 ? run(test) : `its line stands ${count} times in the file`
    writeFileSync(path, text)
    if (found !== 'red') missed += 1
    console.log(`${found === 'red' ? 'red' : `NOT RED (${found})`}: ${room}: ${says} (${file}; ${test})`)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
console.log(`${faults.length - missed} of ${faults.length} faults were noticed`)
process.exit(missed === 0 ? 0 : 1)
