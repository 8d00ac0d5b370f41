/**
 * Histories of a town of two, by chance: members die, are cut off and come back, answers are lost, the engine loses its
 * majority, while people press. A seed that fails is named, and LAMPPOST_SEED runs it alone; LAMPPOST_HISTORIES says how
 * many.
 */
import { expect, test } from 'vitest'
import { randomOf } from '../fakes/seeded-random.ts'
import {
  type Disk,
  type ModelMember,
  type Move,
  createModelClock,
  createModelEngine,
  hashAfter,
  startModelMember,
} from './model-town.ts'

const IDS = ['A', 'B']
const HISTORIES = Number(process.env['LAMPPOST_HISTORIES'] ?? 60)
const ONLY = process.env['LAMPPOST_SEED']
const FAULTS_MS = 16_000
const SETTLES_MS = 30_000

async function history(seed: number): Promise<string[]> {
  const random = randomOf(seed)
  // The first numbers of near seeds are near.
  for (let i = 0; i < 10; i += 1) random()
  const { clock, run } = createModelClock()
  const engine = createModelEngine(clock, random, { lost: random() < 0.3 ? 0.05 : 0.005 })
  engine.found(IDS)
  const disks = new Map<string, Disk>(IDS.map((id) => [id, { rows: [], held: [] }]))
  const moves: Move[] = []
  const members = new Map<string, ModelMember>()
  const start = (id: string): void => {
    const disk = disks.get(id) as Disk
    members.set(id, startModelMember(id, { engine, clock, disk, moves, others: () => members }))
  }
  for (const id of IDS) start(id)
  const acknowledged = new Map<string, string>()
  const wrong: string[] = []
  let now = 0
  let number = 0
  const down = new Set<string>()
  const press = (id: string, key: string): void => {
    if (down.has(id)) return
    members
      .get(id)
      ?.press(key)
      .then(
        ({ receipt }) => acknowledged.set(key, receipt.press),
        () => {},
      )
  }
  while (now < FAULTS_MS) {
    now += 20 + Math.floor(random() * 200)
    await run(now)
    const id = IDS[Math.floor(random() * IDS.length)] ?? 'A'
    const chance = random()
    if (chance < 0.75) {
      // Some keys are pressed at both, at once, and some again much later.
      const key = random() < 0.15 && number > 0 ? `k${Math.ceil(random() * number)}` : `k${(number += 1)}`
      press(id, key)
      if (random() < 0.2) press(id === 'A' ? 'B' : 'A', key)
    } else if (chance < 0.82 && down.size === 0) {
      members.get(id)?.kill()
      down.add(id)
    } else if (chance < 0.88) {
      for (const each of down) {
        down.delete(each)
        start(each)
      }
    } else if (chance < 0.92) members.get(id)?.cut()
    else if (chance < 0.97) {
      for (const each of members.values())
        if (!each.reached() && !down.has(IDS.find((name) => members.get(name) === each) ?? '')) each.mend()
    } else engine.majority(random() < 0.6)
    if (random() < 0.1) engine.majority(true)
  }
  engine.majority(true)
  for (const id of IDS) {
    if (down.has(id)) start(id)
    else members.get(id)?.mend()
  }
  down.clear()
  await run(now + SETTLES_MS)
  const [a, b] = IDS.map((id) => disks.get(id)?.rows ?? [])
  if (!a || !b) return ['no disks']
  if (JSON.stringify(a) !== JSON.stringify(b)) wrong.push(`A has ${a.length} rows and B ${b.length}, or other ones`)
  const keys = a.map(({ body }) => (JSON.parse(body) as { key: string }).key)
  const twice = keys.filter((key, i) => keys.indexOf(key) !== i)
  if (twice.length > 0) wrong.push(`twice: ${twice.join()}`)
  const lost = [...acknowledged.keys()].filter((key) => !keys.includes(key))
  if (lost.length > 0) wrong.push(`acknowledged and lost: ${lost.join()}`)
  let hash = '0'
  a.forEach((row, i) => {
    hash = hashAfter(hash, row)
    if (row.seq !== i + 1 || row.hash !== hash) wrong.push(`row ${row.seq} is not number ${i + 1} of one chain`)
  })
  moves.forEach(({ term, at, by }, i) => {
    const before = moves[i - 1]
    if (before && term < before.term)
      wrong.push(`at ${at} ${by} moved under term ${term} after one under ${before.term}`)
  })
  if (![...members.values()].some((each) => each.leads())) wrong.push('nobody leads in the end')
  if ([...disks.values()].some(({ held }) => held.length > 0)) wrong.push('a press is still held in the end')
  if (acknowledged.size === 0 || moves.length === 0) wrong.push('nothing happened')
  for (const each of members.values()) each.kill()
  return wrong
}

test(
  `in ${HISTORIES} histories nothing acknowledged is lost or twice, the order is one, and no old lead moves a camera`,
  { timeout: 3_600_000 },
  async () => {
    const seeds = ONLY === undefined ? Array.from({ length: HISTORIES }, (_, i) => i + 1) : [Number(ONLY)]
    const failed: Record<string, string[]> = {}
    for (const seed of seeds) {
      const wrong = await history(seed)
      if (wrong.length > 0) failed[`LAMPPOST_SEED=${seed}`] = wrong
    }
    expect(failed).toEqual({})
  },
)
