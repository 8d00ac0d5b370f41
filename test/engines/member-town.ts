/**
 * A town on several machines, all on this one: three real etcd, members as processes of their own, and between each
 * member and each etcd a pipe that can swallow everything, as a broken network does.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
export async function until<T>(ask: () => T | Promise<T>, so: (value: T) => boolean, withinMs = 60_000): Promise<T> {
  for (const end = performance.now() + withinMs; ; await sleep(50)) {
    const value = await Promise.resolve(ask())
    if (so(value)) return value
    if (performance.now() > end)
      throw new Error(`still not so after ${withinMs} ms: ${JSON.stringify(value)?.slice(0, 500)}`)
  }
}
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

/** @param heartbeatMs, electionMs as recommended for a LAN */
export async function startEngine(
  folder: string,
  { voters = 3, heartbeatMs = 50, electionMs = 500, args = [] as string[] } = {},
) {
  const ports = await freePorts(voters * 2)
  const names = Array.from({ length: voters }, (_, i) => `voter-${i + 1}`)
  const peer = (i: number): string => `http://127.0.0.1:${ports[voters + i]}`
  const endpoints = names.map((_, i) => `http://127.0.0.1:${ports[i]}`)
  const cluster = names.map((name, i) => `${name}=${peer(i)}`).join(',')
  const children: (ChildProcess | null)[] = names.map(() => null)
  function start(i: number): void {
    children[i] = spawn(
      'etcd',
      [
        ...[
          '--name',
          names[i] ?? '',
          '--data-dir',
          join(folder, names[i] ?? ''),
          '--log-level',
          'error',
          '--logger',
          'zap',
        ],
        ...['--listen-client-urls', endpoints[i] ?? '', '--advertise-client-urls', endpoints[i] ?? ''],
        ...['--listen-peer-urls', peer(i), '--initial-advertise-peer-urls', peer(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--initial-cluster-token', folder],
        ...['--heartbeat-interval', String(heartbeatMs), '--election-timeout', String(electionMs), ...args],
      ],
      { stdio: 'ignore' },
    )
  }
  names.forEach((_, i) => start(i))
  const statusOf = async (i: number): Promise<{ leader?: string; header: { member_id: string } } | null> =>
    fetch(`${endpoints[i]}/v3/maintenance/status`, { method: 'POST', body: '{}', signal: AbortSignal.timeout(1000) })
      .then((answer) => answer.json() as Promise<{ leader?: string; header: { member_id: string } }>)
      .catch(() => null)
  /** Which of them leads the engine; -1: none does. */
  const leader = async (): Promise<number> => {
    const all = await Promise.all(names.map((_, i) => statusOf(i)))
    return all.findIndex((each) => each?.leader !== undefined && each.leader === each.header.member_id)
  }
  await until(leader, (at) => at >= 0)
  return {
    endpoints,
    leader,
    start,
    signal: (i: number, signal: NodeJS.Signals): void => void children[i]?.kill(signal),
    async kill(i: number): Promise<void> {
      const child = children[i]
      child?.kill('SIGKILL')
      if (child) await ended(child)
    },
    async close(): Promise<void> {
      for (const child of children) child?.kill('SIGCONT')
      for (const child of children) child?.kill('SIGKILL')
      await Promise.all(children.flatMap((child) => (child ? [ended(child)] : [])))
    },
  }
}

export type Pipe = Awaited<ReturnType<typeof startPipe>>
/** To one port; while it is cut, connections stay and nothing comes through. */
export async function startPipe(target: string) {
  const { port: to } = new URL(target)
  let isCut = false
  const pairs = new Set<[Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect({ port: Number(to), host: '127.0.0.1' })
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    const pass = (from: Socket, into: Socket): void => {
      from.on('data', (bytes) => !isCut && into.write(bytes))
      from.on('error', () => into.destroy())
      from.on('close', () => {
        pairs.delete(pair)
        if (!isCut) into.destroy()
      })
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: (): void => void (isCut = true),
    mend(): void {
      isCut = false
      // What was swallowed is missing in the middle of these.
      for (const pair of pairs) for (const each of pair) each.destroy()
      pairs.clear()
    },
    close(): void {
      for (const pair of pairs) for (const each of pair) each.destroy()
      server.close()
    },
  }
}

export type MemberTown = Awaited<ReturnType<typeof openMemberTown>>
type Receipt = { press: string; incident: string | null; receivedAt: string; copies?: number }
export const PASSWORD = 'correct-horse-battery-staple'

/** @param cameras YAML of the site file's cameras; @param helpPoints how many; @param more further keys of the site file */
export async function openMemberTown({
  members = ['A', 'B'],
  helpPoints = 2,
  cameras = 'cameras: []',
  more = '',
  heartbeatMs = 50,
  electionMs = 500,
}: {
  members?: string[]
  helpPoints?: number
  cameras?: string
  more?: string
  heartbeatMs?: number
  electionMs?: number
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-members-'))
  const engine = await startEngine(folder, { heartbeatMs, electionMs })
  const ports = await freePorts(members.length)
  const urlOf = (id: string): string => `http://127.0.0.1:${ports[members.indexOf(id)]}`
  const pipes = new Map<string, Pipe[]>()
  for (const id of members) pipes.set(id, await Promise.all(engine.endpoints.map(startPipe)))
  const dataOf = (id: string): string => join(folder, id, 'data')
  const siteOf = (id: string): string => join(folder, id, 'town.yaml')
  const site = `site: { id: twin, name: Twin, timezone: Europe/London }
town:
  members: [${members.map((id) => `{ id: ${id}, url: "${urlOf(id)}" }`).join(', ')}]
  agreement: { endpoints: [${engine.endpoints.map((each) => `"${each}"`).join(', ')}] }
${more}
helpPoints:
${Array.from({ length: helpPoints }, (_, i) => {
  const [lat, lon] = [54.52 + (i % 50) / 10_000, -1.556 + Math.floor(i / 50) / 10_000]
  const place = `name: Place ${i + 1}, address: Lamp post ${i + 1}, location: { lat: ${lat}, lon: ${lon} }`
  return `  - { id: hp-${i + 1}, ${place}, sources: [{ http: {} }] }`
}).join('\n')}
${cameras}
`
  for (const id of members) {
    mkdirSync(join(folder, id), { recursive: true })
    writeFileSync(siteOf(id), site)
  }
  const environmentOf = (id: string): NodeJS.ProcessEnv => ({
    ...process.env,
    LAMPPOST_ENGINE: (pipes.get(id) ?? []).map(({ url }) => url).join(','),
  })
  /** The command line, as IT gives it. @throws with what it said */
  const run = (id: string, args: readonly string[], input = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(process.execPath, [MAIN, ...args], { env: environmentOf(id) }, (error, stdout, stderr) =>
        error ? reject(new Error(`lamppost ${args.join(' ')}: ${stderr}${stdout}`)) : resolve(stdout),
      )
      child.stdin?.end(input)
    })
  const town = (id: string, ...args: string[]): Promise<string> =>
    run(id, ['town', ...args, '--site', siteOf(id), '--data', dataOf(id)])
  const running = new Map<string, { child: ChildProcess; said: string }>()
  async function start(id: string): Promise<void> {
    const args = [
      'start',
      '--member',
      id,
      '--site',
      siteOf(id),
      '--data',
      dataOf(id),
      '--port',
      String(ports[members.indexOf(id)]),
      '--rtmp-port',
      '0',
    ]
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: environmentOf(id),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const here = { child, said: '' }
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (here.said += bytes.toString()))
    running.set(id, here)
    await until(
      () => here.said,
      (said) => {
        if (child.exitCode !== null) throw new Error(`${id} ended: ${said}`)
        return said.includes('Lamppost is running')
      },
    )
  }
  const [first = 'A', ...others] = members
  const stop = async (): Promise<void> => {
    for (const { child } of running.values()) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    await Promise.all([...running.values()].map(({ child }) => ended(child)))
    for (const all of pipes.values()) for (const pipe of all) pipe.close()
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  }
  let [token, script] = ['', '']
  try {
    await town(first, 'found', '--member', first)
    ;[token = ''] = (
      await run(first, ['token', '--role', 'press', '--name', 'buttons', '--data', dataOf(first)])
    ).split('\n')
    await run(
      first,
      [
        'user',
        'add',
        '--user',
        'asha',
        '--role',
        'operator',
        '--role',
        'supervisor',
        '--role',
        'engineer',
        '--name',
        'Asha',
        '--data',
        dataOf(first),
      ],
      PASSWORD,
    )
    ;[script = ''] = (
      await run(first, ['token', '--role', 'supervisor', '--name', 'script', '--data', dataOf(first)])
    ).split('\n')
    await start(first)
    for (const id of others) {
      await town(id, 'join', '--member', id)
      await start(id)
    }
  } catch (error) {
    // Nobody could close what never opened.
    await stop()
    throw error
  }
  const ask = async <T>(
    id: string,
    path: string,
    init: RequestInit = {},
    ms = 15_000,
  ): Promise<{ status: number; body: T }> => {
    const answer = await fetch(`${urlOf(id)}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${script}`,
        ...(init.body ? { 'content-type': 'application/json' } : {}),
        ...init.headers,
      },
      signal: AbortSignal.timeout(ms),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as T }
  }
  type View = {
    lead: string | null
    term: number | null
    agrees: boolean
    members: { id: string; applied?: number; held?: number; reachable: boolean }[]
  }
  const view = async (id: string): Promise<View | null> =>
    ask<View>(id, '/api/v1/town', {}, 2000).then(
      ({ body }) => body,
      () => null,
    )
  return {
    folder,
    engine,
    members,
    token,
    script,
    urlOf,
    dataOf,
    siteOf,
    site,
    run,
    town,
    start,
    ask,
    view,
    pids: (id: string): number => running.get(id)?.child.pid ?? 0,
    said: (id: string): string => running.get(id)?.said ?? '',
    /** Waits until somebody leads, as those say that are asked. @param not who led before */
    leader: async (among: readonly string[] = members, not: string | null = null): Promise<string> => {
      const found = await until(
        async () => (await Promise.all(among.map(view))).map((each) => each?.lead ?? null),
        (leads) => leads.some((lead) => lead !== null && lead !== not),
      )
      return found.find((lead) => lead !== null && lead !== not) ?? ''
    },
    press: (id: string, helpPoint: string, key: string, ms = 5000): Promise<{ status: number; body: Receipt }> =>
      ask<Receipt>(
        id,
        '/api/v1/presses',
        { method: 'POST', body: JSON.stringify({ helpPoint, id: key }), headers: { authorization: `Bearer ${token}` } },
        ms,
      ),
    /** The same town on one machine, without an engine: to compare with. */
    async startAlone() {
      const here = join(folder, 'alone')
      const [port] = await freePorts(1)
      mkdirSync(here)
      writeFileSync(join(here, 'town.yaml'), site.replace(/^town:\n(?: {2}.*\n)+/m, ''))
      const data = join(here, 'data')
      const [own = ''] = (await run(first, ['token', '--role', 'press', '--name', 'buttons', '--data', data])).split(
        '\n',
      )
      const args = [
        'start',
        '--site',
        join(here, 'town.yaml'),
        '--data',
        data,
        '--port',
        String(port),
        '--rtmp-port',
        '0',
      ]
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
      let said = ''
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()))
      await until(
        () => said,
        (words) => words.includes('Lamppost is running'),
      )
      return {
        press: async (_: string, helpPoint: string, key: string, ms = 5000): Promise<number> => {
          const answer = await fetch(`http://127.0.0.1:${port}/api/v1/presses`, {
            method: 'POST',
            body: JSON.stringify({ helpPoint, id: key }),
            headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
            signal: AbortSignal.timeout(ms),
          })
          await answer.text()
          return answer.status
        },
        async close(): Promise<void> {
          child.kill('SIGTERM')
          await ended(child)
        },
      }
    },
    signal: (id: string, signal: NodeJS.Signals): void => void running.get(id)?.child.kill(signal),
    async kill(id: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
      const here = running.get(id)
      here?.child.kill(signal)
      if (here) await ended(here.child)
      running.delete(id)
    },
    cut: (id: string): void => pipes.get(id)?.forEach((pipe) => pipe.cut()),
    mend: (id: string): void => pipes.get(id)?.forEach((pipe) => pipe.mend()),
    close: stop,
  }
}

export type Kept = {
  head: { seq: number; hash: string }
  keys: Map<string, number>
  counted: number
  terms: number[]
  gaps: number
}
/** What a member's ledger has: each press's key and how often, and the terms in their order. */
export function keptBy(data: string): Kept {
  const db = new DatabaseSync(join(data, 'ledger.sqlite'), { readOnly: true })
  try {
    const rows = db.prepare('SELECT seq, kind, body, hash FROM entries ORDER BY seq').all() as {
      seq: number
      kind: string
      body: string
      hash: string
    }[]
    const keys = new Map<string, number>()
    const terms: number[] = []
    let counted = 0
    for (const { kind, body } of rows) {
      if (kind === 'press.received') {
        const { key } = (JSON.parse(body) as { press: { key: string } }).press
        keys.set(key, (keys.get(key) ?? 0) + 1)
      }
      if (kind === 'press.coalesced') counted += (JSON.parse(body) as { count: number }).count
      if (kind === 'town.led') terms.push((JSON.parse(body) as { term: number }).term)
    }
    const last = rows.at(-1)
    return {
      head: { seq: last?.seq ?? 0, hash: last?.hash ?? '' },
      keys,
      counted,
      terms,
      gaps: (last?.seq ?? 0) - rows.length,
    }
  } finally {
    db.close()
  }
}
/** Waits until all have the same entries. */
export const settled = (town: MemberTown, among: readonly string[] = town.members): Promise<unknown> =>
  until(
    async () => {
      const views = await Promise.all(among.map(town.view))
      return views.map((each, i) => each?.members.find(({ id }) => id === among[i])?.applied)
    },
    (applied) => applied.every((each) => each !== undefined && each === applied[0]),
  )

/**
 * Presses of many people: each key is sent until it is acknowledged, now at one member, now at another, as a panel with two
 * addresses does. `silences`: the longest time without an acknowledgement, of each second in which there was one.
 */
export function startLoad(town: MemberTown, { perSecond = 100, helpPoints = 2, timeoutMs = 700, prefix = 'k' } = {}) {
  const acknowledged = new Map<string, number>()
  let [tries, failed, slowest, number] = [0, 0, 0, 0]
  let lastAt = performance.now()
  let longest = 0
  let isStopped = false
  const going = new Set<Promise<void>>()
  async function one(n: number): Promise<void> {
    const key = `${prefix}-${n}`
    const startedAt = performance.now()
    for (let i = n; ; i += 1) {
      tries += 1
      const member = town.members[i % town.members.length] ?? ''
      const answer = await town.press(member, `hp-${(n % helpPoints) + 1}`, key, timeoutMs).catch(() => null)
      if (answer && (answer.status === 200 || answer.status === 202)) {
        const now = performance.now()
        longest = Math.max(longest, now - lastAt)
        lastAt = now
        slowest = Math.max(slowest, now - startedAt)
        acknowledged.set(key, answer.body.copies ?? 0)
        return
      }
      failed += 1
      if (performance.now() - startedAt > 60_000)
        throw new Error(`${key} was not taken within a minute: ${JSON.stringify(answer)}`)
      await sleep(50)
    }
  }
  const timer = setInterval(() => {
    if (isStopped) return
    const due = Math.floor(perSecond / 20)
    for (let i = 0; i < due; i += 1) {
      number += 1
      // Every tenth is sent twice, as a repeat that crosses its acknowledgement.
      for (let twice = number % 10 === 0 ? 2 : 1; twice > 0; twice -= 1) {
        const work: Promise<void> = one(number + (twice === 2 ? 0 : 0)).finally(() => going.delete(work))
        going.add(work)
      }
    }
  }, 50)
  return {
    /** The longest silence since the last time this was asked, ms. */
    silence(): number {
      const found = Math.max(longest, performance.now() - lastAt)
      longest = 0
      return found
    },
    count: (): number => acknowledged.size,
    async stop(): Promise<{ acknowledged: Map<string, number>; tries: number; failed: number; slowest: number }> {
      isStopped = true
      clearInterval(timer)
      await Promise.all(going)
      return { acknowledged, tries, failed, slowest }
    },
  }
}
