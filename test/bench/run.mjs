/** `npm run bench [-- --presses N]`: sets up, measures, prints figures and writes them as JSON to test/bench/output. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({ options: { presses: { type: 'string', default: '50' } } })
const { status } = spawnSync(process.execPath, ['server/setup.mjs', 'test'], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const { benchPresses } = await import('./press-bench.mjs')
const figures = await benchPresses(Number(values.presses))
const report = { at: new Date().toISOString(), machine: { cores: cpus().length, model: cpus()[0]?.model, node: process.version }, presses: Number(values.presses), figures }
const output = join(root, 'test', 'bench', 'output')
mkdirSync(output, { recursive: true })
writeFileSync(join(output, 'press.json'), `${JSON.stringify(report, null, 2)}\n`)
console.log(`\n${values.presses} presses, ${report.machine.cores} cores, Node ${process.version}; milliseconds`)
for (const [name, { p50, p95, count }] of Object.entries(figures)) console.log(`  ${name.padEnd(52)} p50 ${String(p50).padStart(7)}   p95 ${String(p95).padStart(7)}   (${count})`)
console.log('written to test/bench/output/press.json')
process.exit(0)
