/**
 * `npm run bench [-- town] [-- --only
 * press,framing,mutations,readers,durable,sessions,live,tiles,wall,evidence,picture,masks,device,people,register,
 * recording,fuzz
 * --moves N --mutations N --fuzz N --readers N --presses N --seconds N --cameras N --minutes N --entries N --rounds N --parts
 * compare,town,rings,rate,flood,deaths,big,idle,one,six,nine]`: sets up, measures, prints figures, and writes them as
 * JSON to test/bench/output. Figures, never assertions. `--only voice` and
 * `--only connectors` need root: the first installs the engines of calls, the second wants `npm run vms:root` before it.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useRuntime } from '../../server/node-runtime.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const number = (fallback) => ({ type: 'string', default: String(fallback) })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: {
      type: 'string',
      default:
        'press,framing,mutations,readers,durable,sessions,live,tiles,wall,evidence,picture,masks,device,people,register,recording',
    },
    presses: number(50),
    moves: number(1000),
    mutations: number(10_000),
    readers: number(50),
    seconds: number(40),
    attaches: number(20),
    cameras: number(100),
    minutes: number(2),
    entries: number(10_000_000),
    fuzz: number(100_000),
    rounds: number(100),
    parts: { type: 'string', default: 'compare,town,rings,rate,flood,deaths,big,idle,one,six,nine' },
  },
})
// `npm run bench -- town` is that one alone.
if (positionals.length > 0) values.only = positionals.join(',')
const needs = ['voice', 'town'].some((name) => values.only.split(',').includes(name)) ? 'engines' : 'bench'
const { status } = spawnSync(process.execPath, ['server/setup.mjs', needs], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
// On an older Node this starts once more, in the runtime that set-up has fetched.
await useRuntime(fileURLToPath(import.meta.url))

const options = Object.fromEntries(
  [
    'presses',
    'moves',
    'mutations',
    'readers',
    'seconds',
    'attaches',
    'cameras',
    'minutes',
    'entries',
    'rounds',
    'fuzz',
  ].map((name) => [name, Number(values[name])]),
)
const benches = {
  press: async () => (await import('./press-bench.mjs')).benchPresses(options),
  framing: async () => (await import('./framing-bench.mjs')).benchFraming(options),
  mutations: async () => (await import('./mutations-bench.mjs')).benchMutations(options),
  readers: async () => (await import('./readers-bench.mjs')).benchReaders(options),
  durable: async () =>
    (await import('./durable-bench.mjs')).benchDurable({ ...options, parts: values.parts.split(',') }),
  sessions: async () => (await import('./sessions-bench.mjs')).benchSessions(options),
  live: async () => (await import('./live-bench.mjs')).benchLive(options),
  tiles: async () => (await import('./live-bench.mjs')).benchTiles({ ...options, parts: values.parts.split(',') }),
  wall: async () => (await import('./wall-bench.mjs')).benchWall({ ...options, parts: values.parts.split(',') }),
  evidence: async () =>
    (await import('./evidence-bench.mjs')).benchEvidence({ minutes: Math.max(10, options.minutes) }),
  picture: async () => (await import('./picture-bench.mjs')).benchPicture(options),
  town: async () => (await import('./town-bench.mjs')).benchTown({ rounds: Math.min(100, options.rounds) }),
  voice: async () =>
    (await import('./voice-bench.mjs')).benchVoice({ ...options, rounds: Math.min(20, options.rounds) }),
  connectors: async () => (await import('./connectors-bench.mjs')).benchConnectors(options),
  masks: async () => (await import('./masks-bench.mjs')).benchMasks(options),
  people: async () => (await import('./people-bench.mjs')).benchPeople(options),
  register: async () => (await import('./register-bench.mjs')).benchRegister(),
  fuzz: async () => (await import('./fuzz-bench.mjs')).benchFuzz(options),
  device: async () => (await import('./device-bench.mjs')).benchDevice(options),
  recording: async () =>
    (await import('./recording-bench.mjs')).benchRecording({ ...options, parts: values.parts.split(',') }),
}
const output = join(root, 'test', 'bench', 'output')
mkdirSync(output, { recursive: true })
const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version }
const flat = (value) =>
  value !== null && typeof value === 'object'
    ? Object.entries(value)
        .map(([name, inner]) => `${name} ${inner !== null && typeof inner === 'object' ? `(${flat(inner)})` : inner}`)
        .join('  ')
    : String(value)

for (const name of values.only.split(',')) {
  const bench = benches[name]
  if (!bench) throw new Error(`there is no benchmark "${name}"; there are ${Object.keys(benches).join(', ')}`)
  console.log(`\n${name}: ${machine.cores} cores, Node ${machine.node}; milliseconds where nothing else is said`)
  const figures = await bench()
  for (const [what, figure] of Object.entries(figures)) console.log(`  ${what.padEnd(56)} ${flat(figure)}`)
  writeFileSync(
    join(output, `${name}.json`),
    `${JSON.stringify({ at: new Date().toISOString(), machine, options, figures }, null, 2)}\n`,
  )
  console.log(`written to test/bench/output/${name}.json`)
}
process.exit(0)
