/**
 * How much of each file that says "Pure." the pure tests reach: `npm run coverage`. Ends with 1 when one of those that
 * were reached whole (pure-whole.txt, beside this file) is not any more; `--keep` writes that list anew.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useRuntime } from '../../server/node-runtime.mjs'

await useRuntime(fileURLToPath(import.meta.url), process.argv.slice(2))
const root = fileURLToPath(new URL('../..', import.meta.url))
const list = new URL('pure-whole.txt', import.meta.url)
const isPure = (file) => /\bPure\./.test(/^\/\*\*[\s\S]*?\*\//.exec(readFileSync(join(root, file), 'utf8'))?.[0] ?? '')
const pure = execFileSync('git', ['ls-files', 'server/*.ts', 'web-components/*.ts'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && isPure(file))

const folder = mkdtempSync(join(tmpdir(), 'lamppost-coverage-'))
const { status } = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  [
    ...['run', '--config', 'test/vitest.config.ts', '--project', 'pure', '--maxWorkers=2', '--reporter=dot'],
    ...[
      '--coverage.enabled',
      '--coverage.provider=v8',
      '--coverage.reporter=json',
      '--coverage.reportOnFailure',
      `--coverage.reportsDirectory=${folder}`,
    ],
    ...pure.map((file) => `--coverage.include=${file}`),
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
)
if (status !== 0) console.log('Some pure tests failed: the figures are of the others.')
const found = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8'))
rmSync(folder, { recursive: true })

const share = (counts) => [counts.filter((count) => count > 0).length, counts.length]
const rows = Object.entries(found)
  .map(([path, { s, b, statementMap }]) => ({
    file: relative(root, path),
    statements: share(Object.values(s)),
    branches: share(Object.values(b).flat()),
    missed: [...new Set(Object.keys(s).flatMap((id) => (s[id] === 0 ? [statementMap[id].start.line] : [])))],
  }))
  .toSorted((a, c) => a.statements[0] / a.statements[1] - c.statements[0] / c.statements[1])
const isWhole = ({ statements, branches }) => statements[0] === statements[1] && branches[0] === branches[1]
for (const { file, statements, branches, missed } of rows.filter((row) => !isWhole(row)))
  console.log(
    `${statements.join('/')} statements, ${branches.join('/')} branches: ${file} ${missed.slice(0, 12).join(' ')}`,
  )
const sum = (of) => of.reduce(([a, c], [d, e]) => [a + d, c + e], [0, 0]).join(' of ')
const whole = rows.filter(isWhole).map(({ file }) => file)
console.log(
  `${whole.length} of ${rows.length} pure files are reached whole; ${sum(rows.map((row) => row.statements))} statements, ` +
    `${sum(rows.map((row) => row.branches))} branches`,
)
if (process.argv.includes('--keep')) writeFileSync(list, `${whole.toSorted().join('\n')}\n`)
const lost = readFileSync(list, 'utf8')
  .split('\n')
  .filter((file) => pure.includes(file) && !whole.includes(file))
for (const file of lost) console.log(`NOT WHOLE ANY MORE: ${file}`)
process.exit(lost.length === 0 && status === 0 ? 0 : 1)
