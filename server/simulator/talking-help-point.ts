/**
 * The simulated town's help point that telephones: baresip, a SIP telephone of others, without a sound card. It says a
 * sentence again and again, and hears what the room says. Only where baresip is on the machine.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { freeTcpPort } from '../tools/process/free-port.ts'
import { type Engine, findProgram, startEngine } from '../tools/process/guarded-engine.ts'

const MODULES = '/usr/lib/baresip/modules'
const ANSWER_WITHIN_MS = 3000
/** The sentence takes nine seconds: a quarter of an hour. */
const TIMES = 100

export type TalkingHelpPoint = {
  /** Calls the room, as a press of its button does; nothing happens while it is in a call. */
  press(): Promise<void>
  close(): Promise<void>
}
export const canTalk = (): boolean => findProgram('baresip') !== null

const accountOf = ({ user, password, address }: { user: string; password: string; address: string }): string =>
  `<sip:${user}@${address}>;auth_user=${user};auth_pass=${password};regint=60;outbound="sip:${address}";` +
  'audio_codecs=PCMA/8000/1,PCMU/8000/1;answermode=auto\n'

/** @param sound a WAV that it says; @param control its own port on loopback, by which it is told to dial */
const configOf = (sound: string, control: number): string =>
  [
    'poll_method epoll',
    'sip_listen 127.0.0.1:0',
    `audio_source aufile,${sound}`,
    'audio_player aufile,/dev/null',
    'audio_alert aufile,/dev/null',
    'audio_srate 8000',
    'audio_channels 1',
    'ausrc_srate 8000',
    'auplay_srate 8000',
    'audio_buffer 20-160',
    'rtcp_mux no',
    'net_interface 127.0.0.1',
    `module_path ${MODULES}`,
    'module g711.so',
    'module aufile.so',
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app ctrl_tcp.so',
    'module_app menu.so',
    `ctrl_tcp_listen 127.0.0.1:${control}`,
    '',
  ].join('\n')

/**
 * A WAV's sound so many times: baresip hangs up at the end of the file. Pure.
 * @param wav with the header of 44 bytes that most programs write
 */
export function repeated(wav: Buffer, times: number): Buffer {
  const [header, sound] = [Buffer.from(wav.subarray(0, 44)), wav.subarray(44)]
  header.writeUInt32LE(36 + sound.length * times, 4)
  header.writeUInt32LE(sound.length * times, 40)
  return Buffer.concat([header, ...Array.from({ length: times }, () => sound)])
}

/** Asks baresip by its control port (netstrings of JSON). @throws when it does not answer */
function ask(port: number, command: string, params = ''): Promise<{ ok: boolean; data: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const late = setTimeout(() => socket.destroy(new Error('the help point does not answer')), ANSWER_WITHIN_MS)
    let said = ''
    socket.once('connect', () => {
      const text = JSON.stringify({ command, params, token: command })
      socket.write(`${Buffer.byteLength(text)}:${text},`)
    })
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text
      // Events come on the same connection; the answer has our token.
      for (const part of said.split(/,?\d+:(?=\{)/)) {
        if (!part.includes(`"token":"${command}"`)) continue
        clearTimeout(late)
        socket.end()
        resolve({ ok: /"ok":true/.test(part), data: part })
      }
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(late)
      reject(new Error('the help point does not answer'))
    })
  })
}

export async function startTalkingHelpPoint({
  folder,
  user,
  password,
  address,
}: {
  folder: string
  user: string
  password: string
  /** Of the edge, UDP. */
  address: string
}): Promise<TalkingHelpPoint> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const control = await freeTcpPort()
  const sound = join(folder, 'says.wav')
  writeFileSync(sound, repeated(readFileSync(join(packageRoot, 'server', 'simulator', 'help-point.wav')), TIMES))
  writeFileSync(join(folder, 'accounts'), accountOf({ user, password, address }), { mode: 0o600 })
  writeFileSync(join(folder, 'config'), configOf(sound, control))
  writeFileSync(join(folder, 'contacts'), '')
  const engine: Engine = startEngine('baresip', ['-f', folder], folder, () => {})
  return {
    async press() {
      const calls = await ask(control, 'listcalls')
      // It says "Active calls (1)", and lists them.
      if (/Active calls \([1-9]/.test(calls.data)) return
      await ask(control, 'dial', `sip:control@${address}`)
    },
    async close() {
      engine.close()
      await engine.ended
    },
  }
}
