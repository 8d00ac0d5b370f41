/** Debian's mosquitto, started for one test file on ports of its own, with TLS and a password. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { listenOnOwnPort } from '../../server/simulator/own-port.ts'
import { until } from './test-town.ts'

export const BROKER_PASSWORD = 'p&ss £word'
const USER = 'lamppost'

const find = (program: string): string =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path)) ?? program
/** One that stays free while its broker is down: nobody else is given it for an outgoing connection. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOnOwnPort(server, 0)
  await new Promise((resolve) => server.close(resolve))
  return port
}

export type Broker = Awaited<ReturnType<typeof startBroker>>

export async function startBroker() {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-broker-'))
  const [plain, tls] = [await freePort(), await freePort()]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ],
    { stdio: 'ignore' },
  )
  execFileSync(find('mosquitto_passwd'), ['-b', '-c', join(folder, 'passwords'), USER, BROKER_PASSWORD], {
    stdio: 'ignore',
  })
  // As root it would become another user, who must read these.
  const lines = [
    'per_listener_settings false',
    'allow_anonymous false',
    `password_file ${join(folder, 'passwords')}`,
    'persistence true',
    `persistence_location ${folder}/`,
    'autosave_interval 1',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `listener ${plain} 127.0.0.1`,
    `listener ${tls} 127.0.0.1`,
    `certfile ${join(folder, 'cert.pem')}`,
    `keyfile ${join(folder, 'key.pem')}`,
  ]
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  let running: ChildProcess | null = null
  let said = ''

  async function start(): Promise<void> {
    const started = spawn(find('mosquitto'), ['-c', join(folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running = started
    said = ''
    const listen = (chunk: Buffer): void => void (said += chunk.toString())
    started.stdout.on('data', listen)
    started.stderr.on('data', listen)
    await until(
      () => said,
      (text) => text.includes('running') || started.exitCode !== null,
      10_000,
    )
    if (started.exitCode !== null) throw new Error(`mosquitto ended: ${said}`)
  }
  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ending = running
    running = null
    if (!ending || ending.exitCode !== null) return
    const gone = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill(signal)
    await gone
  }
  await start()
  return {
    tls: `mqtts://localhost:${tls}`,
    plain: `mqtt://127.0.0.1:${plain}`,
    username: USER,
    certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'),
    certificateFile: join(folder, 'cert.pem'),
    log: () => said,
    start,
    stop,
    /** By Debian's own client: another's words. */
    async publish(topic: string, message: string, { retain = false, qos = 1, version = 'mqttv5' } = {}): Promise<void> {
      await promisify(execFile)(find('mosquitto_pub'), [
        '-h',
        '127.0.0.1',
        '-p',
        String(plain),
        '-u',
        USER,
        '-P',
        BROKER_PASSWORD,
        '-V',
        version,
        '-q',
        String(qos),
        '-t',
        topic,
        ...(message === '' ? ['-n'] : ['-m', message]),
        ...(retain ? ['-r'] : []),
      ])
    },
    async end(): Promise<void> {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
