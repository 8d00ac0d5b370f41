/**
 * A town on two servers and a witness, under presses from both sides and faults: what is lost, what is twice, how long it
 * is silent. All on one machine: counts are absolute, times are of processes that share its cores and its disk.
 */
import { performance } from 'node:perf_hooks'
import { keptBy, openMemberTown, settled, sleep, startLoad, until } from '../engines/member-town.ts'

const HELP_POINTS = 400
const PER_SECOND = 150
const other = (id) => (id === 'A' ? 'B' : 'A')
const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? null : Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)])
}
const summary = (values) => ({ p50: quantile(values, 0.5), p95: quantile(values, 0.95), max: quantile(values, 1) })

/** One town for one kind of fault. @param round does the fault and resolves with what it measured */
async function faults(name, rounds, round, { restMs = 1500 } = {}) {
  const town = await openMemberTown({ helpPoints: HELP_POINTS })
  try {
    await town.leader()
    const load = startLoad(town, { perSecond: PER_SECOND, helpPoints: HELP_POINTS, timeoutMs: 2000 })
    await sleep(2000)
    const [silences, nexts] = [[], []]
    let unseated = 0
    for (let i = 0; i < rounds; i += 1) {
      load.silence()
      const lead = await town.leader()
      const took = await round(town, lead)
      silences.push(load.silence())
      if (took.nextMs !== undefined) nexts.push(took.nextMs)
      if (took.unseated) unseated += 1
      await sleep(restMs)
      process.stdout.write(`  ${name}: ${i + 1} of ${rounds}\r`)
    }
    const { acknowledged, slowest } = await load.stop()
    await until(
      () => town.members.map((id) => keptBy(town.dataOf(id))),
      (kept) => kept.every(({ keys }) => [...acknowledged.keys()].every((key) => keys.has(key))),
      60_000,
    ).catch(() => {})
    await settled(town)
    const [a, b] = town.members.map((id) => keptBy(town.dataOf(id)))
    return {
      fault: name,
      rounds,
      acknowledged: acknowledged.size,
      oneCopyFirst: [...acknowledged.values()].filter((copies) => copies === 1).length,
      lost: [...acknowledged.keys()].filter((key) => !a.keys.has(key)).length,
      twice: [...a.keys.values()].filter((times) => times > 1).length,
      sameHead: a.head.hash === b.head.hash,
      gaps: a.gaps,
      termsRise: a.terms.every((term, i) => i === 0 || term > a.terms[i - 1]),
      longestSilenceMs: summary(silences),
      slowestPressMs: Math.round(slowest),
      ...(nexts.length > 0 ? { nextLeadMs: summary(nexts) } : {}),
      ...(name.includes('engine') ? { leadUnseated: unseated } : {}),
    }
  } finally {
    await town.close()
  }
}
const timed = async (work) => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
/** Of two things until both have their engine's leader where it is wanted. */
async function engineLeaderAt(town, wanted) {
  for (;;) {
    const at = await town.engine.leader()
    if (wanted(at)) return at
    await town.engine.kill(at)
    town.engine.start(at)
    await until(town.engine.leader, (found) => found >= 0)
    await sleep(300)
  }
}

const KINDS = {
  'machine of the lead killed, with the engine’s leader': async (town, lead) => {
    const box = town.members.indexOf(lead)
    await engineLeaderAt(town, (at) => at === box)
    const again = await town.leader()
    if (again !== lead) return {}
    await Promise.all([town.kill(lead), town.engine.kill(box)])
    const nextMs = await timed(() => town.leader([other(lead)], lead))
    await sleep(500)
    town.engine.start(box)
    await town.start(lead)
    return { nextMs }
  },
  'machine of the lead killed, engine’s leader elsewhere': async (town, lead) => {
    const box = town.members.indexOf(lead)
    await engineLeaderAt(town, (at) => at !== box && at >= 0)
    const again = await town.leader()
    if (again !== lead) return {}
    await Promise.all([town.kill(lead), town.engine.kill(box)])
    const nextMs = await timed(() => town.leader([other(lead)], lead))
    await sleep(500)
    town.engine.start(box)
    await town.start(lead)
    return { nextMs }
  },
  'the engine’s leader killed alone': async (town, lead) => {
    const at = await town.engine.leader()
    await town.engine.kill(at)
    await sleep(4000)
    const now = await town.leader()
    town.engine.start(at)
    return { unseated: now !== lead }
  },
  'lead cut off from the engine for 5 s': async (town, lead) => {
    town.cut(lead)
    const nextMs = await timed(() => town.leader([other(lead)], lead))
    await sleep(Math.max(0, 5000 - nextMs))
    town.mend(lead)
    await sleep(2000)
    return { nextMs }
  },
  'majority stopped for 5 s': async (town) => {
    for (const i of [0, 1]) town.engine.signal(i, 'SIGSTOP')
    await sleep(5000)
    for (const i of [0, 1]) town.engine.signal(i, 'SIGCONT')
    await town.leader()
    await sleep(2000)
    return {}
  },
  'lead stopped for 1 to 20 s, and let go': async (town, lead) => {
    town.signal(lead, 'SIGSTOP')
    await sleep(1000 + Math.random() * 19_000)
    town.signal(lead, 'SIGCONT')
    await town.leader()
    await sleep(1500)
    return {}
  },
  'lead handed on by command': async (town, lead) => {
    const nextMs = await timed(() => town.town(lead, 'move-lead', '--to', other(lead)))
    return { nextMs }
  },
}

/** One press at a time, and many at once: a town of members beside one machine, in one run. */
async function acknowledgement() {
  const measure = async (town, id) => {
    const [one, many] = [[], []]
    for (let i = 0; i < 300; i += 1)
      one.push(await timed(() => town.press(id, `hp-${(i % HELP_POINTS) + 1}`, `one-${id}-${i}`)))
    const startedAt = performance.now()
    const count = 3000
    let next = 0
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (next < count) {
          next += 1
          const n = next
          many.push(await timed(() => town.press(id, `hp-${(n % HELP_POINTS) + 1}`, `many-${id}-${n}`, 30_000)))
        }
      }),
    )
    return { one: summary(one), perSecond: Math.round(count / ((performance.now() - startedAt) / 1000)) }
  }
  const town = await openMemberTown({ helpPoints: HELP_POINTS })
  try {
    const lead = await town.leader()
    const alone = await town.startAlone()
    try {
      return {
        oneMachine: await measure(alone, 'alone'),
        lead: await measure(town, lead),
        otherMember: await measure(town, other(lead)),
        oneMachineAgain: await measure(alone, 'again'),
      }
    } finally {
      await alone.close()
    }
  } finally {
    await town.close()
  }
}

export async function benchTown({ rounds }) {
  const table = []
  for (const [name, round] of Object.entries(KINDS)) {
    const row = await faults(name, rounds, round)
    table.push(row)
    console.log(JSON.stringify(row))
  }
  const acknowledged = await acknowledgement()
  console.log(JSON.stringify(acknowledged))
  return { perSecond: PER_SECOND, faults: table, acknowledged }
}
