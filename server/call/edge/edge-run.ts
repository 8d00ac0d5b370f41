/**
 * The edge's engines: started in their order, told who may call, kept alive, ended. Not here: what they are configured
 * to do (edge-config), who asks for them (edge-process).
 */
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EdgeListen, SipIdentity } from '../../glossary/call.ts'
import { freePort, freeTcpPort, freeUdpPort } from '../../tools/process/free-port.ts'
import { type Engine, findProgram, startEngine } from '../../tools/process/guarded-engine.ts'
import { type Refused, createEngineWords } from './edge-words.ts'
import { type EdgeSite, REALM, edgeConfig, mediaOptions, tlsConfig } from './edge-config.ts'

const ENGINES = [
  { program: 'kamailio', packages: ['kamailio', 'kamailio-tls-modules'] },
  { program: 'rtpengine', packages: ['rtpengine-daemon'] },
]
const READY_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 50
const MEDIA_PORTS = 400
const STOP_WITHIN_MS = 4000

/** What a person has to do before the edge can start; null where its engines are installed. */
export function enginesMissing(): string | null {
  const missing = ENGINES.filter(({ program }) => findProgram(program) === null)
  if (missing.length === 0) return null
  const packages = missing.flatMap((each) => each.packages).join(' ')
  return (
    `${missing.map(({ program }) => program).join(' and ')} must be installed for calls. As root run:\n` +
    `  apt-get update && apt-get install -y --no-install-recommends ${packages}`
  )
}

/** Every port 0 becomes one that is free now; listeners of one host that ask for 0 share it. */
async function withPorts(listen: readonly EdgeListen[]): Promise<EdgeListen[]> {
  const given = new Map<string, number>()
  const all: EdgeListen[] = []
  for (const each of listen) {
    const at = each.address.lastIndexOf(':')
    const host = each.address.slice(0, at).replace(/^\[|\]$/g, '')
    if (each.address.slice(at + 1) !== '0') {
      all.push(each)
      continue
    }
    const name = `${host} ${each.transport === 'tls' ? 'tls' : ''}`
    const port = given.get(name) ?? (await freePort(host))
    given.set(name, port)
    all.push({ ...each, address: `${host.includes(':') ? `[${host}]` : host}:${port}` })
  }
  return all
}

/** Reading certificates anew takes kamailio longer than anything else. */
const RPC_WITHIN_MS = 10_000
/** Of kamailio's dialogs; states below the third have not been answered. */
type Dialog = {
  h_entry: number
  h_id: number
  state: number
  'call-id': string
  caller: { cseq: string | number }
}
const CONFIRMED = 3
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

export type Edge = {
  /** Where Lamppost registers; `secret` is its header's. */
  door: { port: number; secret: string }
  /** Where help points reach it, with the ports that the system gave. */
  listen: readonly EdgeListen[]
  tell(identities: readonly SipIdentity[]): Promise<void>
  /** The files of the TLS listener are read again; calls that are up go on. @throws when one of them is no good */
  reloadCertificates(): Promise<void>
  /** Who is registered now, by user. */
  registered(): Promise<string[]>
  /** Ends every call that Lamppost has answered: its help points get a BYE. @returns how many */
  endCalls(): Promise<number>
  /** Resolves when an engine has ended, with its name. */
  died: Promise<string>
  close(): Promise<void>
}

/**
 * @param folder what is written for the engines, readable by this user only
 * @throws with words for a person when an engine does not start
 */
export async function startEdge(
  site: Omit<EdgeSite, 'mediaPorts'> & { mediaPorts: { from: number; to: number } | null },
  {
    folder,
    identities,
    onRefused,
    onError,
  }: {
    folder: string
    identities: readonly SipIdentity[]
    onRefused(refused: Refused): void
    onError(words: string): void
  },
): Promise<Edge> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const secret = randomBytes(24).toString('hex')
  const listen = await withPorts(site.listen)
  const places = { door: await freeTcpPort(), media: await freeUdpPort(), folder }
  const first = await freeUdpPort()
  const mediaPorts = site.mediaPorts ?? {
    from: Math.min(first - (first % 2), 65_000 - MEDIA_PORTS),
    to: Math.min(first - (first % 2), 65_000 - MEDIA_PORTS) + MEDIA_PORTS,
  }
  const whole = { ...site, listen, mediaPorts }
  const file = join(folder, 'kamailio.cfg')
  writeFileSync(file, edgeConfig(whole, places, secret), { mode: 0o600 })
  writeFileSync(join(folder, 'tls.cfg'), tlsConfig(listen, site), { mode: 0o600 })

  const engines: Engine[] = []
  let closing = false
  let onDied: (name: string) => void = () => {}
  const died = new Promise<string>((resolve) => (onDied = resolve))
  function start(name: string, args: readonly string[]): void {
    const engine = startEngine(name, args, folder, words.line)
    void engine.ended.then(() => void (closing || onDied(name)))
    engines.push(engine)
  }
  const words = createEngineWords({ onRefused, onError })

  let asked = 0
  async function rpc(method: string, params: unknown[] = []): Promise<unknown> {
    asked += 1
    const answer = await fetch(`http://127.0.0.1:${places.door}/rpc/${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ jsonrpc: '2.0', method, params, id: asked }),
      signal: AbortSignal.timeout(RPC_WITHIN_MS),
    })
    const said = (await answer.json().catch(() => null)) as {
      result?: unknown
      error?: { code: number; message: string }
    } | null
    if (!said || said.error) throw new Error(`the edge refused ${method}: ${said?.error?.message ?? answer.status}`)
    return said.result
  }
  async function close(): Promise<void> {
    closing = true
    for (const engine of engines.toReversed()) engine.close()
    const late = setTimeout(() => {
      for (const engine of engines) engine.process.kill('SIGTERM')
    }, STOP_WITHIN_MS)
    await Promise.all(engines.map(({ ended }) => ended))
    clearTimeout(late)
  }
  async function until(what: string, ready: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + READY_WITHIN_MS
    for (;;) {
      if (await ready().catch(() => false)) return
      const gone = await Promise.race([died, sleep(LOOK_EVERY_MS)])
      if (typeof gone === 'string') throw new Error(`${gone} ended before it was ready: ${words.last()}`)
      if (performance.now() > end)
        throw new Error(`${what} is not ready after ${READY_WITHIN_MS / 1000} s: ${words.last()}`)
    }
  }
  let told = new Map<string, string>()
  async function tell(all: readonly SipIdentity[]): Promise<void> {
    const now = new Map<string, string>()
    for (const { user, password, certificate, from } of all) {
      if (password !== null) now.set(`ha1 ${user}`, md5(`${user}:${REALM}:${password}`))
      // Both: the certificate alone is not enough.
      if (certificate !== null)
        now.set(
          password === null ? `bycert ${certificate}` : `certified ${user}`,
          password === null ? user : certificate,
        )
      const alone = password === null && certificate === null
      if (!alone && from !== null) now.set(`limited ${user}`, '1')
      for (const address of from ?? []) {
        if (alone) now.set(`byaddress ${address}`, user)
        else now.set(`from ${user}::${address}`, '1')
      }
    }
    // What restricts stands there before what lets in, and goes after it.
    const restricts = (name: string): boolean => /^(?:limited|from|certified) /.test(name)
    const byStrictness = (a: string, b: string): number => Number(restricts(b)) - Number(restricts(a))
    for (const name of [...told.keys()].toSorted(byStrictness).toReversed())
      if (!now.has(name)) await rpc('htable.delete', name.split(' '))
    for (const name of [...now.keys()].toSorted(byStrictness)) {
      const value = now.get(name) ?? ''
      if (told.get(name) !== value) await rpc('htable.sets', [...name.split(' '), value])
    }
    told = now
  }

  try {
    // rtpengine first: kamailio looks for it once at its start, and then not again for a minute.
    start('rtpengine', mediaOptions(whole, places))
    await until('rtpengine', () => answersPing(places.media))
    start('kamailio', ['-DD', '-E', '-f', file, '-m', '64', '-M', '4', '-Y', folder])
    await until('kamailio', async () => (await rpc('core.version')) !== undefined)
    await tell(identities)
  } catch (error) {
    await close()
    throw error
  }
  return {
    door: { port: places.door, secret },
    listen,
    tell,
    async reloadCertificates() {
      await rpc('tls.reload')
    },
    registered: async () => usersIn(await rpc('ul.dump', ['brief'])),
    async endCalls() {
      const dialogs = (await rpc('dlg.profile_list', ['lamppost'])) as Dialog[] | null
      const all = Array.isArray(dialogs) ? dialogs : []
      for (const { h_entry: entry, h_id: id, state, 'call-id': call, caller } of all) {
        // One that rings has nobody to say goodbye to: it is taken back.
        const ended =
          state < CONFIRMED ? rpc('tm.cancel', [call, String(caller.cseq)]) : rpc('dlg.end_dlg', [entry, id])
        await ended.catch(() => {})
      }
      return all.length
    },
    died,
    close,
  }
}

/** rtpengine's own question and answer, bencoded. */
async function answersPing(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('message', (bytes) => resolve(bytes.toString().includes('pong')))
      socket.once('error', () => resolve(false))
      socket.send('1 d7:command4:pinge', port, '127.0.0.1')
      setTimeout(() => resolve(false), 200)
    })
  } finally {
    socket.close()
  }
}

/** Every address of record in what `ul.dump` says, wherever it stands. */
export function usersIn(dump: unknown): string[] {
  const users = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (value === null || typeof value !== 'object') return
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'AoR' && typeof inner === 'string') users.add(inner.split('@')[0] ?? inner)
      visit(inner)
    }
  }
  visit(dump)
  users.delete('lamppost')
  return [...users].sort()
}
