/** A town whose help points telephone, in processes of its own, so that each can be killed, frozen and started again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { startEngine } from '../../server/tools/process/guarded-engine.ts'
import { toALaw } from '../../web-components/lamppost-call/sound-codec.ts'
import { until } from '../contracts/test-town.ts'

export const PASSWORD = 'a-password-of-help-points'
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
export type Answer = { status: number; body: any; bytes: Buffer }
export type VoiceTown = Awaited<ReturnType<typeof openVoiceTown>>

/** A certificate for 127.0.0.1 and its key, as files. */
export function selfSigned(folder: string): { certificate: string; key: string } {
  const [certificate, key] = [join(folder, 'a.pem'), join(folder, 'a.key')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', certificate]
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject])
  return { certificate, key }
}
/** An authority, which signs certificates of help points: each as files. */
export function authority(folder: string, name: string) {
  const file = (of: string, kind: string): string => join(folder, `${name}-${of}.${kind}`)
  const ca = { certificate: file('ca', 'pem'), key: file('ca', 'key') }
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const made = ['-newkey', 'rsa:2048', '-nodes']
  openssl('req', '-x509', ...made, '-days', '2', '-keyout', ca.key, '-out', ca.certificate, '-subj', `/CN=${name}`)
  return {
    ...ca,
    /** @param commonName its name; @param dns its first DNS name, where it has one; @param days negative: it is over */
    sign(commonName: string, { dns = '', days = 2 } = {}): { certificate: string; key: string } {
      const of = `${commonName}${dns}${days}`
      const [certificate, key, request] = [file(of, 'pem'), file(of, 'key'), file(of, 'csr')]
      const names = dns === '' ? [] : ['-addext', `subjectAltName=DNS:${dns}`]
      openssl(
        'req',
        ...made,
        '-keyout',
        key,
        '-out',
        request,
        '-subj',
        commonName === '' ? '/O=Council' : `/CN=${commonName}`,
        ...names,
      )
      const by = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial', '-copy_extensions', 'copy']
      const dates = days > 0 ? ['-days', String(days)] : ['-days', '0']
      openssl('x509', '-req', '-in', request, '-out', certificate, ...by, ...dates)
      return { certificate, key }
    },
  }
}
/** A tone as WAV, 16 bits. */
export function toneFile(file: string, hz: number, rate: number, channels = 1, seconds = 120): string {
  const samples = Int16Array.from({ length: rate * seconds * channels }, (_, i) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * hz * Math.floor(i / channels)) / rate)),
  )
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.byteLength, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * 2 * channels, 28)
  header.writeUInt16LE(2 * channels, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.byteLength, 40)
  writeFileSync(file, Buffer.concat([header, Buffer.from(samples.buffer)]))
  return file
}
/** Which share of all energy of a file's channel lies at a frequency, in its loud tenths of a second. */
export function shareAt(file: string, channel: number | null, hz: number): { share: number; seconds: number } {
  const filter = channel === null ? ['-ac', '1'] : ['-af', `pan=mono|c0=c${channel}`]
  const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, ...filter, '-ar', '8000', '-f', 's16le', '-'], {
    maxBuffer: 1e9,
  })
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2))
  const factor = 2 * Math.cos((2 * Math.PI * hz) / 8000)
  let [at, all, loud] = [0, 0, 0]
  for (let from = 0; from + 800 <= samples.length; from += 800) {
    const window = samples.subarray(from, from + 800)
    const energy = window.reduce((sum, each) => sum + each * each, 0)
    if (energy < 800 * 30_000) continue
    loud += 1
    let [a, b] = [0, 0]
    for (const sample of window) [a, b] = [sample + factor * a - b, a]
    at += ((a * a + b * b - factor * a * b) * 2) / 800
    all += energy
  }
  return { share: all === 0 ? 0 : at / all, seconds: loud / 10 }
}

const siteText = (
  listen: string,
  desk: number,
  voice: string,
  trusted: string,
  more: string,
  points: string,
  media: string,
): string => `
site: { id: town, name: Town, timezone: Europe/London }
voice: { edge: { listen: ${listen}, trusted: [${trusted}]${media} }, desk: "sip:desk@127.0.0.1:${desk}"${voice} }
helpPoints:
  - id: bar
    name: Number One Bar
    location: { lat: 54.52363, lon: -1.55610 }
    sources: [{ sip: { user: hp01, password: "\${HELP_POINT}" } }]
    voice: { autoAnswer: true, keys: { gate: "1#" } }
  - id: row
    name: High Row
    location: { lat: 54.52500, lon: -1.55520 }
    sources: [{ sip: { user: hp02, password: "\${HELP_POINT}" } }]
    voice: { pushToTalk: true }
${points}${more}cameras: []
`

/**
 * @param apart the edge is a service of its own, as on a real site
 * @param voice more of the site file's `voice`; @param trusted addresses that no flood gate counts
 * @param clients file of the authority of help points' certificates; @param more lines of the site file's help points
 */
export async function openVoiceTown({
  apart = false,
  voice = '',
  tls = false,
  trusted = '',
  clients = '',
  more = '',
  points = '',
  media = '',
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-voice-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const people = openPeopleFile(join(data, 'people.json'))
  const token = (role: 'operator' | 'evidence' | 'press', name: string): string =>
    people.addToken({ role, name, helpPoints: null })
  const tokens = {
    Asha: token('operator', 'Asha'),
    Ben: token('operator', 'Ben'),
    Eve: token('evidence', 'Eve'),
    Post: token('press', 'Post'),
  }
  const ports = { sip: 20_000 + randomInt(8000), desk: 30_000 + randomInt(2000), tls: 28_000 + randomInt(1900) }
  let listen = `[{ udp: "127.0.0.1:${ports.sip}" }, { tcp: "127.0.0.1:${ports.sip}" }`
  if (tls) {
    const { certificate, key } = selfSigned(folder)
    listen += `, { tls: "127.0.0.1:${ports.tls}", certificate: "file:${certificate}", key: "file:${key}"`
    listen += clients === '' ? ' }' : `, clients: "file:${clients}" }`
  }
  const site = join(folder, 'site.yaml')
  writeFileSync(site, siteText(`${listen}]`, ports.desk, voice, trusted, more, points, media))
  const env = { ...process.env, HELP_POINT: PASSWORD }
  const children: ChildProcess[] = []
  function run(...args: string[]): { child: ChildProcess; said(): string } {
    const child = spawn(process.execPath, [builtEntry('main.js'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (said += bytes.toString()))
    children.push(child)
    return { child, said: () => said }
  }
  const started = async (what: { said(): string; child: ChildProcess }, words: string): Promise<void> => {
    await until(
      () => ({ said: what.said(), code: what.child.exitCode }),
      ({ said, code }) => {
        if (code !== null) throw new Error(`it ended (${code}): ${said}`)
        return said.includes(words)
      },
    )
  }
  let url = ''
  let server: ReturnType<typeof run> | null = null
  const ask = async (who: keyof typeof tokens, method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens[who]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    let said: unknown = null
    try {
      said = JSON.parse(bytes.toString())
    } catch {
      // A recording is no JSON.
    }
    return { status: answer.status, body: said, bytes }
  }
  const town = {
    folder,
    data,
    site,
    ports,
    tokens,
    edge: `127.0.0.1:${ports.sip}`,
    url: () => url,
    ask,
    pid: () => server?.child.pid ?? 0,
    async startServer(): Promise<void> {
      server = run('start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0')
      await started(server, 'Lamppost is running')
      url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.said())?.[0] ?? ''
      await until(
        async () => (await ask('Asha', 'GET', '/site')).body.voice,
        (state) => state?.ready === true,
      )
    },
    /** Dead at once, and nothing of it cleans up; or by SIGTERM, as a service is stopped. */
    async killServer(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
      const mine = server?.child
      const ended = new Promise((resolve) => mine?.once('exit', resolve))
      mine?.kill(signal)
      await ended
    },
    freeze: (signal: 'SIGSTOP' | 'SIGCONT'): void => void server?.child.kill(signal),
    /** The call of a help point that goes on, once there is one in that state. */
    call: (...states: string[]): Promise<Answer['body']> =>
      until(
        async () =>
          (await ask('Asha', 'GET', '/calls')).body.items.find((each: { state: string }) =>
            states.includes(each.state),
          ),
        (call) => call !== undefined,
      ),
    /** Presses over HTTP, as a device beside the telephone does. @returns the incident */
    press: async (helpPoint: string): Promise<string> =>
      (await ask('Post', 'POST', '/presses', { helpPoint })).body.incident,
    log: async (incident: string): Promise<string[]> =>
      (await ask('Asha', 'GET', `/incidents/${incident}`)).body.log.map(({ kind }: { kind: string }) => kind),
    /**
     * baresip as a help point: it says a tone and keeps what it hears.
     * @param dial whether it calls at once; else it only registers
     * @param answers whether it answers by itself
     * @param line the one codec that it knows, as baresip names it, its sampling rate, and how long its packets are
     * @param own its certificate, over TLS; it has no password then
     * @param at another server that it registers at and calls: a PBX
     * @param outside a port: it is a telephone behind the trunk, registers nowhere, and answers by itself
     * @param echoes as one whose microphone hears its loudspeaker: it answers by itself, and sends back what it hears
     */
    helpPoint({
      user = 'hp01',
      password = PASSWORD,
      dial = true,
      hz = 440,
      secure = false,
      answers = false,
      echoes = false,
      outside = 0,
      at: elsewhere = '',
      own = null as { certificate: string; key: string } | null,
      line = null as { codec: string; rate: number; packetMs?: number } | null,
    } = {}) {
      const home = mkdtempSync(join(folder, `${user}-`))
      const rate = line?.rate ?? (secure ? 16_000 : 8000)
      const channels = Number(line?.codec.split('/')[2] ?? 1)
      const sound = toneFile(join(home, 'says.wav'), hz, rate, channels)
      const at =
        elsewhere !== '' ? elsewhere : secure ? `127.0.0.1:${ports.tls};transport=tls` : `127.0.0.1:${ports.sip}`
      const codecs = line
        ? `${line.codec}${line.packetMs === undefined ? '' : `;ptime=${line.packetMs}`}`
        : secure
          ? 'G722/16000/1;mediaenc=srtp-mand'
          : 'PCMA/8000/1,PCMU/8000/1'
      writeFileSync(
        join(home, 'accounts'),
        (outside > 0
          ? `<sip:${user}@127.0.0.1:${outside}>;regint=0;${own ? 'mediaenc=srtp-mand;' : ''}`
          : `<sip:${user}@${at}>;${own ? '' : `auth_user=${user};auth_pass=${password};`}regint=60;outbound="sip:${at}";`) +
          `audio_codecs=${codecs}${answers || outside > 0 ? ';answermode=auto' : ''}\n`,
      )
      writeFileSync(
        join(home, 'config'),
        [
          'poll_method epoll',
          `sip_listen 127.0.0.1:${outside}`,
          ...(echoes
            ? ['audio_source aubridge,nil', 'audio_player aubridge,nil', 'audio_alert aubridge,nil']
            : [`audio_source aufile,${sound}`, 'audio_player aufile,/dev/null', 'audio_alert aufile,/dev/null']),
          `audio_srate ${rate}`,
          `audio_channels ${channels}`,
          `ausrc_srate ${rate}`,
          `auplay_srate ${rate}`,
          'audio_buffer 20-160',
          'rtcp_mux no',
          'net_interface 127.0.0.1',
          'sip_verify_server no',
          ...(own ? [`sip_certificate ${join(home, 'own.pem')}`] : []),
          'module_path /usr/lib/baresip/modules',
          ...['g711', 'g722', 'g726', 'gsm', 'opus', 'srtp', ...(echoes ? ['aubridge'] : ['aufile', 'sndfile'])].map(
            (name) => `module ${name}.so`,
          ),
          ...(echoes ? ['module_app echo.so'] : []),
          'module_tmp uuid.so',
          'module_tmp account.so',
          'module_app menu.so',
          `snd_path ${home}`,
          '',
        ].join('\n'),
      )
      writeFileSync(join(home, 'contacts'), '')
      if (own) writeFileSync(join(home, 'own.pem'), readFileSync(own.certificate) + '\n' + readFileSync(own.key))
      const lines: string[] = []
      const args = ['-f', home, ...(dial && outside === 0 ? ['-e', `/dial sip:control@${at}`] : [])]
      const engine = startEngine('baresip', args, home, (line) => lines.push(line))
      return {
        lines,
        /** What it heard. */
        heard: (): string => {
          const name = readdirSync(home).find((each) => each.endsWith('dec.wav'))
          return name === undefined ? '' : join(home, name)
        },
        ended: engine.ended,
        async hangUp(): Promise<void> {
          engine.close()
          await engine.ended
        },
        /** It says no goodbye. */
        loseItsPower(): void {
          for (const each of leftOf({ folder: home })) {
            const [pid, ...command] = each.split(' ')
            if (command.join(' ').startsWith('/usr/bin/baresip')) process.kill(Number(pid), 'SIGKILL')
          }
        },
      }
    },
    /** sipp as the desk telephone: it answers by itself. @returns how many calls it was offered */
    desk() {
      const home = mkdtempSync(join(folder, 'desk-'))
      const messages = join(home, 'messages.log')
      const engine = startEngine(
        'sipp',
        [
          '-sn',
          'uas',
          '-i',
          '127.0.0.1',
          '-p',
          String(ports.desk),
          '-nostdin',
          '-trace_msg',
          '-message_file',
          messages,
        ],
        home,
        () => {},
      )
      return {
        calls: (): number =>
          existsSync(messages)
            ? new Set(
                readFileSync(messages, 'utf8')
                  .split(/^-{3,}.*$/m)
                  .filter((each) => /INVITE sip:/.test(each) && /received/.test(each))
                  .map((each) => /^Call-ID:\s*(.*)$/im.exec(each)?.[1]),
              ).size
            : 0,
        async close(): Promise<void> {
          engine.close()
          await engine.ended
        },
      }
    },
    async startEdge(): Promise<ReturnType<typeof run>> {
      const edge = run('edge', '--site', site, '--data', data)
      await started(edge, 'it answers for')
      return edge
    },
    async end(): Promise<void> {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGCONT')
        child.kill('SIGTERM')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  if (apart) await town.startEdge()
  return town
}

/** An operator without a browser: says a tone by the same WebSocket, and counts what it hears. */
export async function openOperator(town: VoiceTown, who: 'Asha' | 'Ben', call: string, hz = 880) {
  const socket = new WebSocket(`${town.url().replace('http', 'ws')}/api/v1/calls/audio`)
  const said: Record<string, unknown>[] = []
  const heard: Buffer[] = []
  socket.on('message', (data: Buffer, binary) => {
    if (binary) heard.push(data.subarray(4))
    else said.push(JSON.parse(String(data)) as Record<string, unknown>)
  })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ token: town.tokens[who] }))
  socket.send(JSON.stringify({ talk: call }))
  let sample = 0
  let next = performance.now()
  const timer = setInterval(() => {
    for (; next <= performance.now(); next += 20) {
      const frame = Buffer.alloc(164)
      frame.writeUInt32LE(sample, 0)
      for (let i = 0; i < 160; i += 1, sample += 1)
        frame[4 + i] = toALaw(Math.round(12_000 * Math.sin((2 * Math.PI * hz * sample) / 8000)))
      if (socket.readyState === WebSocket.OPEN) socket.send(frame)
    }
  }, 10)
  return {
    said,
    heard,
    socket,
    /** Its page is frozen: the connection stays, and nothing is said any more. */
    stop: (): void => clearInterval(timer),
    close(): void {
      clearInterval(timer)
      socket.terminate()
    },
  }
}

/** Processes that name this folder or stand in it: what a town has left behind. */
export function leftOf(town: Pick<VoiceTown, 'folder'>): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const at = readlinkSync(`/proc/${pid}/cwd`)
      return line.includes(town.folder) || at.startsWith(town.folder) ? [`${pid} ${line}`] : []
    } catch {
      return []
    }
  })
}
