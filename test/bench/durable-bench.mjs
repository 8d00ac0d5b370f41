/**
 * What the desk and the ledger take: durable presses a second, floods, ten million entries, and a hundred deaths. No
 * video.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ownCpu, root, rssOf, sleep, startServer, summary, until } from './bench-tools.mjs'

const round = (value) => Math.round(value * 100) / 100

/** A town of help points only: what cameras cost is measured elsewhere. */
function townFile(file, count) {
  const lines = ['site: { id: bench, name: Bench, timezone: Europe/London }', 'helpPoints:']
  for (let i = 0; i < count; i += 1)
    lines.push(`  - { id: hp-${i}, name: Help point ${i}, location: { lat: 54.5, lon: -1.5 } }`)
  lines.push('cameras: []')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** One kept connection, as a gateway has it; `post` resolves with the status and how long it took. */
function connection(url, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const post = (body) =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body)
      const startedAt = performance.now()
      const request = http.request(
        `${url}/api/v1/presses`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          },
        },
        (answer) => {
          let said = ''
          answer
            .on('data', (chunk) => (said += chunk))
            .on('end', () =>
              resolve({
                status: answer.statusCode,
                ms: performance.now() - startedAt,
                receipt: answer.statusCode < 300 ? JSON.parse(said) : null,
              }),
            )
        },
      )
      request.on('error', reject)
      request.end(text)
    })
  return { post, close: () => agent.destroy() }
}

/** By wrk: what sends must not take the processor from what is measured. */
async function asFastAsPossible(server, { connections, seconds, points }) {
  const before = ownCpu(server.pid)
  const wrk = spawn(
    'wrk',
    [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      join(root, 'test', 'bench', 'press.lua'),
      server.url,
      '--',
      server.tokens.press,
      String(points),
      `w${before}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  wrk.stdout.on('data', (chunk) => (said += chunk))
  await new Promise((resolve) => wrk.once('exit', resolve))
  const { requests, us, refused, failed, ...times } = JSON.parse(/JSON (\{.*\})/.exec(said)?.[1] ?? '{}')
  return {
    'acknowledged a second': Math.round((requests - refused) / (us / 1e6)),
    refused,
    failed,
    ...times,
    'server % of a core': Math.round((ownCpu(server.pid) - before) / (us / 1e6) / 10),
  }
}

/** Sent when they are due, whether or not the ones before were answered. */
async function atRate(server, { perSecond, seconds, connections, helpPointOf, warmUp }) {
  const all = Array.from({ length: connections }, () => connection(server.url, server.tokens.press))
  // Each help point's first press, and the code's first runs, before it counts.
  await Promise.all(
    all.map(async ({ post }, c) => {
      for (let n = c; n < warmUp; n += connections) await post({ helpPoint: helpPointOf(n), id: `warm-${n}` })
    }),
  )
  const answers = []
  const startedAt = performance.now()
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const wait = startedAt + (n / perSecond) * 1000 - performance.now()
    if (wait > 1) await sleep(wait)
    answers.push(
      all[n % connections]
        .post({ helpPoint: helpPointOf(n), id: `rate-${startedAt}-${n}` })
        .catch(() => ({ status: 0, ms: 0 })),
    )
  }
  const done = await Promise.all(answers)
  for (const { close } of all) close()
  const statuses = {}
  for (const { status } of done) statuses[status] = (statuses[status] ?? 0) + 1
  return { done, statuses, times: done.filter(({ status }) => status === 202).map(({ ms }) => ms) }
}

/** Resolves with how long after `at` the events' stream told of a press at this help point. */
async function watchEvents(server) {
  const stop = new AbortController()
  const answer = await fetch(`${server.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${server.tokens.operator}` },
    signal: stop.signal,
  })
  const seen = new Map()
  const reading = (async () => {
    let text = ''
    for await (const chunk of answer.body) {
      text += Buffer.from(chunk).toString()
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        const key = /event: press\.received\n[\s\S]*"key":"([^"]+)"/.exec(event)?.[1]
        if (key) seen.set(key, performance.now())
      }
    }
  })().catch(() => {})
  return { seen, close: async () => (stop.abort(), reading) }
}

async function flood(server, seconds) {
  const workers = 2
  const perWorker = 5000
  const token = server.tokens.press
  // In processes of their own: what sends ten thousand a second must not be what measures.
  const script = join(root, 'test', 'bench', 'flood-process.mjs')
  const senders = Array.from({ length: workers }, () =>
    spawn(process.execPath, [script, server.url, token, String(perWorker), String(seconds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const said = senders.map(
    (sender) =>
      new Promise((resolve) => {
        let text = ''
        sender.stdout.on('data', (chunk) => (text += chunk))
        sender.once('exit', () => resolve(JSON.parse(text)))
      }),
  )
  const wall = await watchEvents(server)
  const { post, close } = connection(server.url, token)
  const waits = []
  let most = 0
  await sleep(1000)
  for (let i = 1; i <= Math.floor(seconds) - 1; i += 1) {
    const key = `elsewhere-${i}`
    const at = performance.now()
    post({ helpPoint: `hp-${i}`, id: key }).catch(() => {})
    await until(() => wall.seen.get(key), Boolean, 20_000).catch(() => {})
    waits.push((wall.seen.get(key) ?? Number.POSITIVE_INFINITY) - at)
    most = Math.max(most, rssOf(server.pid))
    await sleep(Math.max(0, 1000 - (performance.now() - at)))
  }
  const sent = await Promise.all(said)
  close()
  await wall.close()
  const total = (name) => sent.reduce((sum, each) => sum + (each[name] ?? 0), 0)
  return {
    'offered a second': Math.round(total('offered') / seconds),
    'acknowledged a second': Math.round(total('acknowledged') / seconds),
    'refused (429) a second': Math.round(total('refused') / seconds),
    failed: total('failed'),
    'another press on the wall after': summary(waits),
    'one by one': waits.map((ms) => Math.round(ms)).join(' '),
    'server MB at most': Math.round(most),
  }
}

/** Rows as the server writes them, as fast as SQLite takes them. */
async function fill(file, count) {
  const { hashOf, leafOf, NO_PREVIOUS } = await import(join(root, 'dist', 'server', 'ledger', 'ledger-hash.js'))
  const { openLedgerRows } = await import(join(root, 'dist', 'server', 'ledger', 'ledger-sqlite.js'))
  openLedgerRows(file).close()
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  const insert = db.prepare(
    'INSERT INTO entries (seq, at, kind, actor, subject, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  let prev = NO_PREVIOUS
  const at = '2026-11-20T22:30:00.000Z'
  for (let seq = 1; seq <= count;) {
    db.exec('BEGIN')
    for (let i = 0; i < 100_000 && seq <= count; i += 1, seq += 1) {
      const n = Math.floor((seq - 1) / 20)
      const incident = `inc-${String(n).padStart(12, '0')}`
      const helpPoint = `hp-${n % 250}`
      const step = (seq - 1) % 20
      const body =
        step === 0
          ? { incident, helpPoint, kind: 'press' }
          : step === 1
            ? {
                press: {
                  id: `prs-${seq}`,
                  key: `old-${seq}`,
                  helpPoint,
                  kind: 'press',
                  pressedAt: at,
                  receivedAt: at,
                  source: 'http',
                  late: false,
                  clockOff: false,
                },
                incident,
              }
            : step === 19
              ? { incident, reason: 'over' }
              : { incident, text: `entry ${seq}` }
      const kind =
        step === 0
          ? 'incident.opened'
          : step === 1
            ? 'press.received'
            : step === 19
              ? 'incident.closed'
              : 'incident.noted'
      const row = { seq, at, kind, actor: 'help-point:x', subject: incident, body: JSON.stringify(body) }
      const hash = hashOf(prev, leafOf(row))
      insert.run(seq, at, kind, row.actor, incident, row.body, prev, hash)
      prev = hash
    }
    db.exec('COMMIT')
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

async function bigLedger(folder, entries) {
  const figures = {}
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const file = join(data, 'ledger.sqlite')
  const site = townFile(join(folder, 'town.yaml'), 250)
  let at = performance.now()
  await fill(file, entries)
  console.log(
    `  (${entries} entries, ${Math.round(statSync(file).size / 1e6)} MB, written in ${Math.round((performance.now() - at) / 1000)} s)`,
  )
  const first = await startServer(folder, site)
  figures['first start: everything is read once, and the tree is made: seconds'] = round(first.startMs / 1000)
  await first.close()
  const starts = []
  for (let i = 0; i < 3; i += 1) {
    const server = await startServer(folder, site)
    starts.push(server.startMs)
    if (i < 2) await server.close()
    else {
      figures['start -> first press possible, snapshot of the fold, whole process'] = summary(starts)
      const { post, close } = connection(server.url, server.tokens.press)
      const presses = []
      for (let n = 0; n < 100; n += 1) presses.push((await post({ helpPoint: `hp-${n}`, id: `new-${n}` })).ms)
      figures['a press meanwhile (the ledger is being verified)'] = summary(presses)
      const old = []
      for (let n = 0; n < 50; n += 1)
        old.push(
          (
            await post({
              helpPoint: `hp-${Math.floor((20 * 1000 * (n + 1) + 1) / 20) % 250}`,
              id: `old-${20 * 1000 * (n + 1) + 2}`,
            })
          ).ms,
        )
      figures['a key of years ago, known again'] = summary(old)
      const timed = async (path) => {
        const times = []
        for (let n = 0; n < 20; n += 1) {
          const startedAt = performance.now()
          await (await server.call('supervisor', 'GET', path(n))).arrayBuffer()
          times.push(performance.now() - startedAt)
        }
        return summary(times)
      }
      figures['GET /ledger, 200 entries from anywhere'] = await timed(
        (n) => `/ledger?limit=200&after=${Math.floor((entries / 21) * n)}`,
      )
      figures['GET /incidents, the newest 50'] = await timed(() => '/incidents?limit=50')
      figures['GET /incidents/{id} of years ago'] = await timed(
        (n) => `/incidents/inc-${String(n * 1000).padStart(12, '0')}`,
      )
      figures['server MB'] = Math.round(rssOf(server.pid))
      at = performance.now()
      const verdict = await (await server.call('supervisor', 'GET', '/ledger/verification')).json()
      figures['verification of all of it, in a thread that stands back: seconds'] = round(
        (performance.now() - at) / 1000,
      )
      figures['it is intact, entries'] = `${verdict.ok} ${verdict.entries}`
      close()
      await server.close()
    }
  }
  return figures
}

/** Load, kill -9, start again; in the end every receipt that was ever given must be in the ledger, once. */
async function deaths(folder, rounds) {
  mkdirSync(folder, { recursive: true })
  const site = townFile(join(folder, 'town.yaml'), 50)
  const receipts = new Map()
  let acknowledged = 0
  let again = 0
  const recoveries = []
  for (let i = 0; i < rounds; i += 1) {
    const server = await startServer(folder, site)
    recoveries.push(server.startMs)
    const all = Array.from({ length: 16 }, () => connection(server.url, server.tokens.press))
    const life = { over: false }
    const load = all.map(async ({ post }, c) => {
      for (let n = 0; !life.over; n += 1) {
        const key = `r${i}-c${c}-n${n}`
        const helpPoint = `hp-${(c * 7 + n) % 50}`
        const answer = await post({ helpPoint, id: key }).catch(() => null)
        if (answer?.status !== 202) continue
        receipts.set(`${helpPoint} ${key}`, answer.receipt)
        acknowledged += 1
      }
    })
    await sleep(100 + Math.random() * 400)
    const gone = new Promise((resolve) => server.process.once('exit', resolve))
    process.kill(server.pid, 'SIGKILL')
    await gone
    life.over = true
    await Promise.all(load)
    for (const { close } of all) close()
  }
  const { verifyLedger } = await import(join(root, 'dist', 'server', 'ledger', 'ledger-proof.js'))
  const verdict = verifyLedger(join(folder, 'data', 'ledger.sqlite'))
  const db = new DatabaseSync(join(folder, 'data', 'ledger.sqlite'), { readOnly: true })
  const found = new Map()
  let counted = 0
  for (const { kind, body } of db
    .prepare("SELECT kind, body FROM entries WHERE kind IN ('press.received', 'press.coalesced')")
    .iterate()) {
    const said = JSON.parse(body)
    if (kind === 'press.coalesced') counted += said.count
    else {
      const name = `${said.press.helpPoint} ${said.press.key}`
      if (found.has(name)) again += 1
      found.set(name, said.press.id)
    }
  }
  const coalescedIds = new Set(
    db
      .prepare("SELECT json_extract(body, '$.press') AS id FROM entries WHERE kind = 'press.coalesced'")
      .all()
      .map(({ id }) => id),
  )
  db.close()
  const lost = [...receipts].filter(
    ([name, receipt]) => found.get(name) !== receipt.press && !coalescedIds.has(receipt.press),
  ).length
  return {
    [`${rounds} times kill -9 under load`]: {
      acknowledged,
      lost,
      'written twice': again,
      'chain intact': verdict.ok,
      entries: verdict.entries,
      'of them counted together': counted,
    },
    'start after a death -> first press possible': summary(recoveries),
  }
}

export async function benchDurable({ entries, rounds, parts }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-durable-'))
  const figures = {}
  try {
    if (parts.includes('rate')) {
      const points = 3000
      const server = await startServer(join(folder, 'rate'), townFile(join(folder, 'rate.yaml'), points))
      await asFastAsPossible(server, { connections: 64, seconds: 4, points })
      figures['64 connections, 3,000 help points (each press an entry of its own)'] = await asFastAsPossible(server, {
        connections: 64,
        seconds: 10,
        points,
      })
      await server.close()
      const few = await startServer(join(folder, 'few'), townFile(join(folder, 'few.yaml'), 250))
      figures['64 connections, 250 help points (what is too fast is counted together)'] = await asFastAsPossible(few, {
        connections: 64,
        seconds: 10,
        points: 250,
      })
      await few.close()
      const calm = await startServer(join(folder, 'calm'), townFile(join(folder, 'calm.yaml'), points))
      const { times, statuses } = await atRate(calm, {
        perSecond: 500,
        seconds: 15,
        connections: 64,
        warmUp: points,
        helpPointOf: (n) => `hp-${n % points}`,
      })
      figures['500 a second: acknowledged after'] = { ...summary(times), statuses: JSON.stringify(statuses) }
      await calm.close()
    }
    if (parts.includes('flood')) {
      const server = await startServer(join(folder, 'flood'), townFile(join(folder, 'flood.yaml'), 250))
      const before = rssOf(server.pid)
      figures['one help point, 10,000 a second offered for 10 s'] = {
        ...(await flood(server, 10)),
        'server MB before': Math.round(before),
      }
      await server.close()
    }
    if (parts.includes('deaths')) Object.assign(figures, await deaths(join(folder, 'deaths'), rounds))
    if (parts.includes('big')) Object.assign(figures, await bigLedger(join(folder, 'big'), entries))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}
