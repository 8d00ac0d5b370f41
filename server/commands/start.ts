/** `lamppost start`: in the foreground until a signal, or until whoever started it is gone. */
import { existsSync, readFileSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { type PublicAddress, isLoopback, publicAddressOf } from '../door/public-address.ts'
import type { TownOnMembers } from '../glossary/member.ts'
import { openHouse } from '../house.ts'
import type { House, HouseOptions } from '../options.ts'
import { wasHandedOn } from '../node-runtime.mjs'
import { NIGHTS, type Night } from '../simulator/night.ts'
import { TRAINING_FOLDER } from '../simulator/demo-town.ts'
import { loadSite, readDemoSite } from '../site/site-file.ts'
import { createResolver } from '../site/site-references.ts'
import { siteText } from './site-text.ts'
import { packageRoot } from '../tools/package-root.ts'
import { withOwnWay } from '../members/own-way.ts'
import { takeEnvironment } from '../tools/process/own-environment.ts'
import { raisePriority } from '../tools/process/thread-priority.ts'

const CLOSE_WITHIN_MS = 2500
const PARENT_CHECK_MS = 500
const CERTIFICATE_CHECK_MS = 2000

export type StartOptions = {
  site?: string | undefined
  /** A real town's site file, to practise with: every camera of it is simulated. */
  simulate?: string | undefined
  /** What happens in a simulated town. */
  night?: string | undefined
  data?: string | undefined
  port?: string | undefined
  host?: string | undefined
  'rtmp-port'?: string | undefined
  'tls-cert'?: string | undefined
  'tls-key'?: string | undefined
  'public-url'?: string | undefined
  'base-path'?: string | undefined
  'trust-proxy'?: boolean | undefined
  /** Passwords and pictures go over the network as they are. */
  'plain-http'?: boolean | undefined
  /** The simulated town's help point does not telephone. */
  'no-calls'?: boolean | undefined
  /** Which server of a town on several machines this is. */
  member?: string | undefined
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--${option} ${text} is no port; use 0 to 65535, 0 picks a free one`)
  return port
}

function pemOf(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`--${option} ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Both or none: a certificate and its key, as PEM. */
function tlsOf(cert: string | undefined, key: string | undefined): { cert: string; key: string } | null {
  if (cert === undefined && key === undefined) return null
  if (cert === undefined || key === undefined)
    throw new Error('--tls-cert and --tls-key go together: a certificate and its key, as PEM files')
  const pems = { cert: pemOf('tls-cert', cert), key: pemOf('tls-key', key) }
  try {
    createSecureContext(pems)
  } catch (error) {
    throw new Error(
      `--tls-cert ${cert} and --tls-key ${key} do not make a certificate and its ` +
        `key: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
  return pems
}

export async function startCommand({
  site,
  simulate,
  night,
  data,
  port = '8420',
  host = '127.0.0.1',
  'rtmp-port': rtmpPort = site === undefined ? '0' : '1935',
  'tls-cert': cert,
  'tls-key': key,
  'public-url': publicUrl,
  'base-path': basePath,
  'trust-proxy': trustProxy,
  'plain-http': plainHttp = false,
  'no-calls': noCalls = false,
  member,
}: StartOptions): Promise<number> {
  if (site !== undefined && !existsSync(site)) throw new Error(`the site file ${site} does not exist`)
  if (site !== undefined && simulate !== undefined)
    throw new Error('--site starts a real town and --simulate one for practice: give one of them')
  if (simulate !== undefined) await mustBeTown(simulate)
  if (noCalls && site !== undefined)
    throw new Error('--no-calls is for the simulated town; a site whose help points do not telephone has no voice')
  const dataFolder = resolve(data ?? join(packageRoot, simulate === undefined ? 'data' : 'data-training'))
  mustNotMix(dataFolder, simulate !== undefined)
  const options = {
    siteFile: site === undefined ? null : resolve(site),
    practice: { real: simulate === undefined ? null : resolve(simulate), night: nightOf(night, site) },
    dataFolder,
    port: portOf('port', port),
    host,
    tls: tlsOf(cert, key),
    rtmpPort: portOf('rtmp-port', rtmpPort),
    demoVoice: !noCalls,
    address: publicAddressOf({ basePath, publicUrl, trustProxy }),
  }
  if (options.tls === null && !plainHttp && !isBehindProxy(options.address)) await refusePlainHttp(host)
  // Presses are rare: between two of them the code of their whole way would be thrown away, and compiled anew while
  // somebody waits.
  setFlagsFromString('--no-flush-bytecode')
  // In a burst V8 gives each thread up to 48 MB for young objects, lets what is old grow to several times its size, and
  // keeps both: most of a flood's memory. Here a thread that is started has 12 MB for young objects from the first,
  // which spares recording some collections; the first thread stays as it began; what is old grows by half.
  setFlagsFromString('--min-semi-space-size=4')
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
  const ended = untilAsked()
  const environment = takeEnvironment()
  const opened = { ...options, environment }
  const house = await (
    site === undefined ? openHouse(opened) : openSite({ ...opened, siteFile: resolve(site) }, member)
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`port ${port} on ${host} is in use; choose another with --port, or 0 for any free one`)
    if (error.code === 'ENOTFOUND' || error.code === 'EADDRNOTAVAIL')
      throw new Error(`--host ${host} is no address of this machine; 0.0.0.0 is all of them`)
    throw error
  })
  // Last: what was started until here, the threads that write files among them, stays as it is.
  raisePriority()
  process.stdout.write(greeting(house, dataFolder, simulate))
  if (cert !== undefined && key !== undefined && options.tls)
    followCertificate([cert, key], options.tls, house.renewCertificate)
  await ended
  await Promise.race([house.close(), new Promise((done) => setTimeout(done, CLOSE_WITHIN_MS))])
  return 0
}

/** One server of the town: the only one, or a member. @throws in words where the site file and --member do not agree */
async function openSite(
  options: HouseOptions & { siteFile: string },
  asked: string | undefined,
): Promise<Omit<House, 'accept' | 'append'>> {
  const member = asked ?? options.environment?.['LAMPPOST_MEMBER']
  const town = await townIn(options.siteFile, options.environment ?? process.env)
  if (!town) {
    if (member === undefined) return openHouse(options)
    throw new Error(`--member ${member} is for a town on several machines: the site file has no town: members`)
  }
  const names = town.members.map(({ id }) => id).join(', ')
  if (member === undefined) throw new Error(`this town has the servers ${names}: say with --member which one this is`)
  const { readTownRecord } = await import('../members/town-record.ts')
  const record = readTownRecord(options.dataFolder)
  if (!record)
    throw new Error(
      `${options.dataFolder} belongs to no town yet: lamppost town found --member ${member} … for the first server, ` +
        'lamppost town join for each other',
    )
  if (record.member !== member)
    throw new Error(`${options.dataFolder} is the folder of the member ${record.member}, not of ${member}`)
  const { openMember } = await import('../member.ts')
  return openMember({ ...options, record, town: withOwnWay(town, options.environment) })
}
/** Null: a town on one machine, or a file that the house will refuse in its own words. */
async function townIn(file: string, environment: NodeJS.ProcessEnv): Promise<TownOnMembers | null> {
  try {
    return (await loadSite(file, createResolver(environment))).site.onMembers
  } catch {
    return null
  }
}

function nightOf(name: string | undefined, site: string | undefined): Night | null {
  if (name === undefined) return null
  if (site !== undefined) throw new Error('--night is for a simulated town: a real one has nights of its own')
  const night = NIGHTS.find((each) => each === name)
  if (night === undefined) throw new Error(`--night must be one of ${NIGHTS.join(', ')}`)
  return night
}
/** @throws with one line per problem when the file is no valid town's */
async function mustBeTown(file: string): Promise<void> {
  readDemoSite(file, await siteText(file))
}
/** @throws when practice would stand in a real town's record, or the other way round */
function mustNotMix(dataFolder: string, isTraining: boolean): void {
  const wasTraining = existsSync(join(dataFolder, TRAINING_FOLDER))
  if (isTraining && !wasTraining && existsSync(join(dataFolder, 'ledger.sqlite')))
    throw new Error(`${dataFolder} is a real town's data: give --simulate a folder of its own with --data`)
  if (!isTraining && wasTraining)
    throw new Error(`${dataFolder} is for practice (--simulate): give a real town another folder with --data`)
}

/** TLS is the proxy's, and it is on this machine or in a network that is trusted. */
const isBehindProxy = ({ trustProxy, origin }: PublicAddress): boolean =>
  trustProxy || (origin?.startsWith('https:') ?? false)

/** @throws in words when others than this machine would hear passwords as they are */
async function refusePlainHttp(host: string): Promise<void> {
  const all = host === '' ? '0.0.0.0' : host
  const found = isIP(all) === 0 ? await lookup(all, { all: true }).catch(() => []) : [{ address: all }]
  if (found.every(({ address }) => isLoopback(address))) return
  throw new Error(
    `--host ${host} is reached from other machines, and without TLS everybody between hears passwords and pictures: ` +
      'give --tls-cert and --tls-key, or --public-url https://… behind a proxy, or say --plain-http',
  )
}

/** A new certificate is taken without a restart, as soon as it and its key belong together. */
function followCertificate(
  [cert, key]: [string, string],
  loaded: { cert: string; key: string },
  renew: (pems: { cert: string; key: string }) => void,
): void {
  const read = (): string => {
    try {
      return JSON.stringify([readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')])
    } catch {
      // It is being written.
      return ''
    }
  }
  let known = JSON.stringify([loaded.cert, loaded.key])
  setInterval(() => {
    const now = read()
    if (now === '' || now === known) return
    try {
      const pems = tlsOf(cert, key)
      if (pems) renew(pems)
      known = now
    } catch {
      // Only one of the two is new so far.
    }
  }, CERTIFICATE_CHECK_MS).unref()
}

const nameOf = (simulate: string | undefined): string =>
  simulate === undefined ? 'the simulated Darlington' : `${simulate} for practice`
const greeting = (
  { url, demo }: Pick<House, 'url' | 'demo'>,
  dataFolder: string,
  simulate: string | undefined,
): string =>
  demo
    ? `\nLamppost is running ${nameOf(simulate)}. Open:\n  ${url}/          the control room wall\n` +
      `  ${url}/button    the lamp post with its button\n  ${url}/presets   the engineer's cameras and presets\n` +
      `  ${url}/evidence  the evidence officer's clips\n  ${url}/help-points   whether every help point works\n` +
      `  ${url}/shift     the hand-over from shift to shift\nCredentials for ` +
      `scripts: ${join(dataFolder, 'demo-credentials.json')}. Ctrl-C ends it.\n`
    : `\nLamppost is running: ${url}/  (log: ${join(dataFolder, 'lamppost.log')})\n`

/** A signal; or, under npm, the death of npm: then nobody could stop us any more. */
function untilAsked(): Promise<void> {
  return new Promise((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
    process.once('SIGHUP', () => done())
    if (!process.env.npm_lifecycle_event) return
    const above = lineage()
    setInterval(() => lineage() !== above && done(), PARENT_CHECK_MS).unref()
  })
}

/**
 * The processes above this one up to npm: an older Node that handed on to this one, and a shell that npm put in between,
 * outlive npm.
 */
function lineage(): string {
  const above: number[] = []
  let between = wasHandedOn() ? 1 : 0
  for (let pid = process.ppid; ; between -= 1) {
    above.push(pid)
    const [, name = '', parent = ''] = /^\d+ \((.*)\) \S (\d+)/.exec(statOf(pid)) ?? []
    if (parent === '' || (between <= 0 && !/^(sh|dash|bash)$/.test(name))) return above.join(' ')
    pid = Number(parent)
  }
}

/** Empty when the process has ended meanwhile. */
function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}
