/**
 * SIA DC-09 (ANSI/SIA DC-09-2013) on the wire: frames found in bytes, checked and read, and the replies. Pure.
 * `<LF>crc 0LLL"id"seq Rrcvr Lpref #acct[data][more]_time<CR>`; CRC-16/ARC over what lies between the header and CR.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export type SiaFrame = {
  /** SIA-DCS, ADM-CID, NULL; without the asterisk. */
  id: string
  encrypted: boolean
  sequence: string
  /** With its letter; '' when there is none. */
  receiver: string
  prefix: string
  /** Whose it is: the header's account; where the header has none, or only zeros, the one inside the brackets. */
  account: string
  /** As it stands in the header: replies repeat it. '' when there is none. */
  headerAccount: string
  /** As it stands inside the brackets; '' when there is none. */
  innerAccount: string
  data: string
  extended: string[]
  /** UTC ISO 8601; null when it has none. */
  at: string | null
  /** The check sum came as two bytes instead of four digits, as some devices send it: answered alike. */
  binaryCrc: boolean
}
/** `undecipherable`: encrypted, and there is no key or another one. */
export type SiaReading =
  /** `whole`: its check sum and length are right, so that somebody meant to say something. */
  { frame: SiaFrame } | { fault: 'crc' | 'length' | 'shape' | 'undecipherable'; frame: Partial<SiaFrame>; whole?: true }

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
/** Longer than any event with its extended data; a stranger's endless frame is cut off here. */
export const LONGEST_FRAME = 4096

/** CRC-16/ARC: reflected 0x8005, from 0. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return crc
}

type Header = { body: number; length: number; binary: boolean }
function headerAt(bytes: Buffer, start: number): Header | null {
  for (const [digits, binary] of [
    [4, false],
    [2, true],
  ] as const) {
    const body = start + digits + 4
    const length = bytes.subarray(start + digits, body).toString('latin1')
    if (!binary && !/^[0-9a-f]{4}$/i.test(bytes.subarray(start, start + 4).toString('latin1'))) continue
    if (bytes[body] === QUOTE && /^0[0-9a-f]{3}$/i.test(length))
      return { body, length: Number.parseInt(length, 16), binary }
  }
  return null
}

/**
 * Takes whole frames off the front. The length says where a frame ends: a binary check sum may hold any byte, a CR
 * among them.
 * @returns the frames with their headers, and what is left of an unfinished one.
 */
export function splitFrames(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = []
  let at = 0
  for (;;) {
    // A binary check sum may begin with any of these itself.
    while (at < bytes.length && (bytes[at] === LF || bytes[at] === CR || bytes[at] === 0) && !headerAt(bytes, at))
      at += 1
    if (bytes.length - at < 9) break
    const header = headerAt(bytes, at)
    const end = header ? endOf(bytes, header) : bytes.indexOf(CR, at)
    if (end === -1 || end > bytes.length) break
    frames.push(bytes.subarray(at, end))
    at = end
  }
  const rest = bytes.subarray(at)
  return { frames, rest: rest.length > LONGEST_FRAME ? Buffer.alloc(0) : Buffer.from(rest) }
}
/** Some count the CR, some write the length in decimal digits: the CR that follows the body decides. */
function endOf(bytes: Buffer, { body, length }: Header): number {
  if (bytes[body + length] === CR || bytes[body + length - 1] === CR) return body + length
  const cr = bytes.indexOf(CR, body)
  return cr === -1 && bytes.length - body <= length ? -1 : cr
}

const WORDS = [
  /^"(\*?)([A-Z]{3}-[A-Z]{3}|NULL|ACK|NAK|DUH|RSP)"(\d{4})((?:[RL][0-9A-F]{0,6}){0,2})(?:[#A]?([0-9A-F]{0,16}))?\[/i,
  // As some write them: other lengths of names and numbers, and spaces.
  /^"(\*?)([A-Z]{2,4}-[A-Z]{2,4}|NULL|ACK|NAK|DUH|RSP)"\s?(\d{1,6})((?:[RL][0-9A-F]{0,6}){0,2})(?:[#A]?([0-9A-F]{0,16}))?\s?\[/i,
]

/** @param keyOf the key for an account's encrypted frames; null when there is none. */
export function readFrame(bytes: Buffer, keyOf: (account: string) => Buffer | null): SiaReading {
  const header = headerAt(bytes, 0)
  if (!header) return { fault: 'shape', frame: {} }
  const { body, binary } = header
  let content = bytes.subarray(body)
  if (content.at(-1) === CR) content = content.subarray(0, -1)
  const said = binary ? bytes.readUInt16BE(0) : Number.parseInt(bytes.subarray(0, 4).toString('latin1'), 16)
  const withCr = Buffer.concat([content, Buffer.of(CR)])
  const good = crc16(content) === said || crc16(withCr) === said
  const text = content.toString('latin1')
  const [head = '', star = '', id = '', sequence = '0000', places = '', account = ''] =
    WORDS.map((each) => each.exec(text)).find((found) => found !== null) ?? []
  // Some write them the other way round.
  const [receiver = '', prefix = ''] = [/R[0-9A-F]{1,6}/i, /L[0-9A-F]{0,6}/i].map((each) => each.exec(places)?.[0])
  const known = {
    id: id.toUpperCase(),
    encrypted: star === '*',
    sequence,
    receiver,
    prefix,
    account: account.toUpperCase(),
    headerAccount: account.toUpperCase(),
    binaryCrc: binary,
  }
  if (!good) return { fault: 'crc', frame: known }
  if (
    ![content.length, withCr.length].includes(header.length) &&
    Number.parseInt(bytes.subarray(body - 4, body).toString('latin1'), 10) !== content.length
  )
    return { fault: 'length', frame: known }
  if (head === '') return { fault: 'shape', frame: known, whole: true }
  const plain = star ? decrypt(text.slice(head.length), keyOf(known.account)) : text.slice(head.length)
  if (plain === null) return { fault: 'undecipherable', frame: known }
  const tail = tailOf(plain, star === '*')
  return tail
    ? { frame: { ...known, ...tail, ...accountsOf(known.headerAccount, tail.data) } }
    : { fault: star ? 'undecipherable' : 'shape', frame: known, whole: true }
}

/** Some panels leave the header's account out, or write zeros there, and name themselves inside the brackets only. */
function accountsOf(header: string, data: string): { account: string; innerAccount: string } {
  const [, inner = ''] = /^\s*#?([0-9A-F]{1,16})\|/i.exec(data) ?? []
  const innerAccount = inner.toUpperCase()
  return { account: /^0*$/.test(header) && innerAccount !== '' ? innerAccount : header, innerAccount }
}

/**
 * What follows the brackets in a way of the panel's own never costs the message, where its check sum is right. What
 * was deciphered is judged by its whole shape.
 */
function tailOf(text: string, deciphered: boolean): Pick<SiaFrame, 'data' | 'extended' | 'at'> | null {
  const [, data, more = '', time, left = ''] =
    /^([^\]]*)\]((?:\[[^\]]*\])*)(?:_(\d\d:\d\d:\d\d,\d\d-\d\d-\d{4}))?\s*(.*)$/s.exec(text) ?? []
  if (data === undefined || (deciphered && left !== '')) return null
  return {
    data,
    extended: [...more.matchAll(/\[([^\]]*)\]/g)].map(([, inner = '']) => inner),
    at: time === undefined ? null : timeOf(time),
  }
}
/** GMT, as HH:MM:SS,MM-DD-YYYY. */
function timeOf(text: string): string | null {
  const [, hour, minute, second, month, day, year] = /^(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{4})$/.exec(text) ?? []
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  return Number.isNaN(Date.parse(iso)) ? null : iso
}
const timeText = (now: number): string => {
  const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)/.exec(new Date(now).toISOString()) ?? []
  return `_${time},${month}-${day}-${year}`
}

const cipherOf = (key: Buffer): string => `aes-${key.length * 8}-cbc`
/** AES in CBC mode from zeros, in hex; padded in front, up to a bar that some leave out. */
function decrypt(hex: string, key: Buffer | null): string | null {
  if (!key || !/^(?:[0-9a-f]{32})+\s*$/i.test(hex)) return null
  const decipher = createDecipheriv(cipherOf(key), key, Buffer.alloc(16)).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(hex.trim(), 'hex'), decipher.final()]).toString('latin1')
  const bar = plain.indexOf('|')
  const close = plain.indexOf(']')
  if (close === -1) return null
  return bar === -1 || bar > close ? plain.slice(close) : plain.slice(bar + 1)
}
function encrypt(text: string, key: Buffer): string {
  const missing = 16 - ((text.length + 1) % 16 || 16)
  // Padding may be anything but what has a meaning.
  const padding = Array.from(randomBytes(missing), (byte) => String.fromCodePoint(65 + (byte % 26))).join('')
  const cipher = createCipheriv(cipherOf(key), key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(`${padding}|${text}`, 'latin1'), cipher.final()])
    .toString('hex')
    .toUpperCase()
}

function frameOf(content: string, binary: boolean): Buffer {
  const body = Buffer.from(content, 'latin1')
  const crc = crc16(body)
  const sum = binary ? Buffer.of(crc >> 8, crc & 255) : Buffer.from(crc.toString(16).toUpperCase().padStart(4, '0'))
  return Buffer.concat([
    Buffer.of(LF),
    sum,
    Buffer.from(body.length.toString(16).toUpperCase().padStart(4, '0')),
    body,
    Buffer.of(CR),
  ])
}
const returned = ({
  sequence = '0000',
  receiver = '',
  prefix = 'L0',
  account = '',
  headerAccount = account,
}: Partial<SiaFrame>): string => `${sequence}${receiver}${prefix || 'L0'}${headerAccount ? `#${headerAccount}` : ''}[`

/** Taken in. An encrypted message is answered in its own cipher. */
export function ackOf(frame: SiaFrame, now: number, key: Buffer | null): Buffer {
  if (frame.encrypted && key)
    return frameOf(`"*ACK"${returned(frame)}${encrypt(`]${timeText(now)}`, key)}`, frame.binaryCrc)
  return frameOf(`"ACK"${returned(frame)}]`, frame.binaryCrc)
}
/** Understood, and of no use here: sending it again would not help. */
export const duhOf = (frame: Partial<SiaFrame>): Buffer => frameOf(`"DUH"${returned(frame)}]`, frame.binaryCrc ?? false)
/** Not taken in: the device is to send it again; it hears our time. */
export const nakOf = (now: number, binaryCrc: boolean): Buffer =>
  frameOf(`"NAK"0000R0L0A0[]${timeText(now)}`, binaryCrc)
