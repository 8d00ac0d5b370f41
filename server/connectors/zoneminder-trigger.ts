/**
 * One line to zmtrigger, ZoneMinder's port for alarms from outside, and what it says of that monitor afterwards. It knows
 * no password, answers nothing to a line that it does not understand, and separates by | and line breaks.
 */
import { connect } from 'node:net'
import { atMost, oneLine } from './connector-words.ts'
import { VmsTrouble, troubleText } from './vms-http.ts'

/** Bytes that ZoneMinder keeps of each; what is longer is cut off in the middle of a character. */
const CAUSE_BYTES = 31
const TEXT_BYTES = 255
const SHOW_BYTES = 32
const CONNECT_WITHIN_MS = 3000

export type TriggerPlace = { host: string; port: number }
/** `event`: its id; 0: the event could not be written; null: nothing was said of this monitor. */
export type TriggerAnswer = { event: number | null }

/** Its API answers 500 to a character of four bytes, such as an emoji, and saves nothing. */
export const storable = (text: string): string => oneLine(text).replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '?')

/**
 * ZoneMinder 1.36.33 writes the text into its database as it comes: one apostrophe, as in St Cuthbert's, costs the whole
 * event (tried: event id 0), and more than that could be done with it.
 */
const field = (text: string, bytes: number): string =>
  atMost(oneLine(text).replaceAll(/[|\\]/g, '/').replaceAll("'", '’'), bytes)

export const onLine = (monitor: string, cause: string, text: string, show: string): string =>
  `${monitor}|on|100|${field(cause, CAUSE_BYTES)}|${field(text, TEXT_BYTES)}|${field(show, SHOW_BYTES)}\n`
export const offLine = (monitor: string): string => `${monitor}|off|0|Help point|closed\n`

/**
 * @param waitMs how long it is listened for an answer about this monitor
 * @throws VmsTrouble when the port cannot be reached
 */
export function trigger(
  { host, port }: TriggerPlace,
  line: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<TriggerAnswer> {
  const [monitor = '', state = ''] = line.split('|')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    let heard = ''
    const end = (answer: TriggerAnswer): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.destroy()
      resolve(answer)
    }
    const fail = (why: string): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.destroy()
      reject(new VmsTrouble(`its trigger port ${port} cannot be used: ${why}`))
    }
    const stop = (): void => fail('it was given up')
    let timer = setTimeout(() => fail('it does not answer'), CONNECT_WITHIN_MS)
    signal.addEventListener('abort', stop)
    socket.on('connect', () => {
      clearTimeout(timer)
      timer = setTimeout(() => end({ event: null }), waitMs)
      socket.write(line)
    })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      heard = (heard + text).slice(-10_000)
      for (const said of heard.split('\n')) {
        const [about, what, , event] = said.split('|')
        if (about === monitor && what === state && event !== undefined && /^\d+$/.test(event.trim()))
          end({ event: Number(event) })
      }
    })
    socket.on('error', (error) => fail(troubleText(error)))
    socket.on('close', () => end({ event: null }))
    if (signal.aborted) stop()
  })
}
