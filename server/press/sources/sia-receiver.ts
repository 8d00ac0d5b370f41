/**
 * A receiver for alarm transmitters: SIA DC-09 over TCP and UDP. A message is acknowledged only when its press is on
 * disk. Not here: the frames (sia-frame), what they say (sia-event).
 */
import { type Socket as UdpSocket, createSocket } from 'node:dgram'
import { type Socket, createServer } from 'node:net'
import type { HelpPointId } from '../../glossary/press.ts'
import type { Clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { handleLimit } from '../../tools/process/handle-share.ts'
import type { AcceptPress } from '../press-until-taken.ts'
import { HELP_CODES, eventsOf, isEmpty } from './sia-event.ts'
import {
  LONGEST_FRAME,
  type SiaFrame,
  type SiaReading,
  ackOf,
  duhOf,
  nakOf,
  readFrame,
  splitFrames,
} from './sia-frame.ts'

/** `zone`: null for any; `codes`: null for those by which somebody asks for help; `key`: AES, 16, 24 or 32 bytes. */
export type SiaButton = {
  helpPoint: HelpPointId
  account: string
  zone: string | null
  codes: readonly string[] | null
  key: Buffer | null
}

const IDLE_MS = 5 * 60_000
const MOST_CONNECTIONS = 500
/** Of all handles of this process; presses come by other ways, too. */
const MOST_SHARE = 6
const SPARE = 8
/**
 * For how long an equal message means the same press: a transmitter sends it again when our answer was lost, a few
 * times within a minute and a half. A panel may send the sequence 0000 and no time with each press, and its counter
 * begins anew with its power.
 */
export const SAME_PRESS_MS = 2 * 60_000
/**
 * Some panels send neither a time nor a number that counts: once the incident is over, their next message is a person
 * after their last repeat (20 s after a lost answer).
 */
const AFTER_CLOSED_MS = 30_000
/** Two messages of one second may have the same time. */
const STANDS_MS = 1500
const MOST_KEPT = 5000
const LONGEST_KEY = 200
const REPLIES = new Set(['ACK', 'NAK', 'DUH', 'RSP'])
/** What one peer may have in the air: more is not a transmitter. */
const MOST_UNANSWERED = 200
const MOST_UNREAD_BYTES = 64 * 1024
const MOST_PER_ADDRESS = 50
/** How old an encrypted message may be, and how far ahead: otherwise somebody may have kept it (DC-09 5.5.1.8). */
const OLDEST_MS = 40_000
const NEWEST_MS = 20_000

export type SiaReceiver = { port: number; close(): Promise<void> }

/** @throws when the port is in use. */
export async function startSiaReceiver(options: {
  host: string
  port: number
  buttons(): readonly SiaButton[]
  accept: AcceptPress
  heard(helpPoint: HelpPointId): void
  clock: Clock
  onRefused(reason: string, from: string): void
  onError(error: unknown): void
  /** Connections at most; left out: a share of this process's handles. */ most?: number
}): Promise<SiaReceiver> {
  const { host, buttons, accept, heard, clock, onRefused, onError } = options
  /** What came lately, by account, sequence and content; the same answer for the same message. */
  const recent = new Map<string, { at: number; answer: Promise<Buffer> }>()
  /** What an account's clock said minus ours, as its supervision told. */
  const clocks = new Map<string, number>()
  const {
    most = Math.min(
      MOST_CONNECTIONS,
      Math.max(SPARE, Math.floor((handleLimit() ?? Number.POSITIVE_INFINITY) / MOST_SHARE)),
    ),
  } = options
  const keyOf = (account: string): Buffer | null =>
    buttons().find((button) => button.account === account && button.key)?.key ?? null
  const isKnown = (account: string): boolean => buttons().some((button) => button.account === account)

  /**
   * A frame whose header names nobody known is whose account stands inside its brackets; encrypted, every key is
   * tried.
   */
  function read(bytes: Buffer): SiaReading {
    const reading = readFrame(bytes, keyOf)
    if ('frame' in reading && !('fault' in reading))
      return {
        frame:
          isKnown(reading.frame.account) || !isKnown(reading.frame.innerAccount)
            ? reading.frame
            : { ...reading.frame, account: reading.frame.innerAccount },
      }
    if (reading.fault !== 'undecipherable' || isKnown(reading.frame.account ?? '')) return reading
    for (const { account, key } of buttons()) {
      const deciphered = key ? readFrame(bytes, () => key) : null
      if (deciphered && !('fault' in deciphered) && deciphered.frame.innerAccount === account)
        return { frame: { ...deciphered.frame, account } }
    }
    return reading
  }

  /** Null: it is not worth an answer. `onKept`: the sender is a panel of this town. */
  async function answerTo(bytes: Buffer, from: string, onKept = () => {}): Promise<Buffer | null> {
    const reading = read(bytes)
    const now = clock.now()
    if ('fault' in reading) {
      const { fault, frame, whole = false } = reading
      onRefused(
        {
          crc: 'a DC-09 message whose check sum is wrong',
          length: 'a DC-09 message whose length is wrong',
          shape: whole ? 'a DC-09 message in a shape that is not known' : 'bytes that are no DC-09 message',
          undecipherable: `an encrypted DC-09 message of account ${frame.account ?? '?'} for which there is no key, or another one`,
        }[fault],
        from,
      )
      // It is to come again: damage on the way is no reason to lose a press.
      return fault === 'crc' || fault === 'length'
        ? nakOf(now, frame.binaryCrc ?? false)
        : fault === 'undecipherable' || whole
          ? duhOf(frame)
          : null
    }
    const { frame } = reading
    // An answer is never answered: two receivers would talk for ever.
    if (REPLIES.has(frame.id)) return null
    if (isKnown(frame.account)) noteTime(frame, bytes)
    const same = `${frame.account} ${frame.sequence} ${bytes.toString('latin1')}`
    const known = recent.get(same)
    // Without a time that runs the same bytes may be a person anew: then the desk knows whether the incident is open.
    if (known && clock.monotonic() - known.at <= (runs(frame, now) ? SAME_PRESS_MS : AFTER_CLOSED_MS))
      return known.answer
    // Only what was taken in is remembered: anything else is tried again when it comes again.
    const answer = taken(frame, now, from).then(
      ({ reply, kept }) => {
        if (kept) onKept()
        else recent.delete(same)
        return reply
      },
      (error: unknown) => {
        recent.delete(same)
        onError(error)
        return nakOf(now, frame.binaryCrc)
      },
    )
    recent.delete(same)
    recent.set(same, { at: clock.monotonic(), answer })
    const [oldest] = recent.keys()
    if (recent.size > MOST_KEPT && oldest !== undefined) recent.delete(oldest)
    return answer
  }

  /** The newest time of each account, and whether another message has had it before: such a clock stands. */
  const times = new Map<string, { at: string; bytes: string; since: number; stands: boolean }>()
  function noteTime({ account, at }: SiaFrame, bytes: Buffer): void {
    if (at === null) return
    const said = bytes.toString('latin1')
    const before = times.get(account)
    if (before?.at !== at) times.set(account, { at, bytes: said, since: clock.monotonic(), stands: false })
    else if (before.bytes !== said && clock.monotonic() - before.since > STANDS_MS) before.stands = true
  }
  /** Its time is one that goes on: a panel whose clock stands gives each press the same. */
  const runs = ({ at, account }: SiaFrame, now: number): boolean =>
    at !== null &&
    times.get(account)?.stands !== true &&
    Math.abs(Date.parse(at) - now - (clocks.get(account) ?? 0)) <= SAME_PRESS_MS

  async function taken(frame: SiaFrame, now: number, from: string): Promise<{ reply: Buffer; kept: boolean }> {
    const refuse = (reply: Buffer): { reply: Buffer; kept: boolean } => ({ reply, kept: false })
    const mine = buttons().filter(({ account }) => account === frame.account)
    if (mine.length === 0) {
      onRefused(
        `a DC-09 message of account ${frame.account || '(none)'}, which no help point of the site file has`,
        from,
      )
      return refuse(duhOf(frame))
    }
    const offset = frame.at === null ? null : Date.parse(frame.at) - now
    if (frame.encrypted && (offset === null || offset < -OLDEST_MS || offset > NEWEST_MS)) {
      onRefused(`an encrypted DC-09 message of account ${frame.account} whose time is not now`, from)
      return refuse(nakOf(now, frame.binaryCrc))
    }
    // Whoever has a key must use it: else anybody could speak for the account.
    if (!frame.encrypted && mine.some(({ key }) => key !== null)) {
      onRefused(`a plain DC-09 message of account ${frame.account}, which has a key`, from)
      return refuse(duhOf(frame))
    }
    for (const helpPoint of new Set(mine.map((button) => button.helpPoint))) heard(helpPoint)
    const events = eventsOf(frame)
    if (events.length === 0 && !isEmpty(frame)) {
      const said = JSON.stringify(frame.data.slice(0, 60))
      onRefused(`a DC-09 message of account ${frame.account} whose event is not understood: ${said}`, from)
      return refuse(duhOf(frame))
    }
    if (events.length === 0 && offset !== null) clocks.set(frame.account, offset)
    const drift = clocks.get(frame.account)
    const sentAt = drift === undefined ? null : new Date(now + drift).toISOString()
    const pressed = new Set(
      events
        .filter(({ begins }) => begins)
        .flatMap(({ code, zone }) =>
          mine
            .filter(
              (button) => (button.zone === null || button.zone === zone) && (button.codes ?? HELP_CODES).includes(code),
            )
            .map(({ helpPoint }) => helpPoint),
        ),
    )
    // What it says is in it, too: a panel that gives each message the same number tells two buttons apart by that.
    const key = ['sia', frame.account, frame.sequence, frame.at ?? '', frame.data].join(' ').slice(0, LONGEST_KEY)
    await Promise.all(
      [...pressed].map((helpPoint) =>
        accept({
          helpPoint,
          key,
          sameForMs: SAME_PRESS_MS,
          ...(runs(frame, now) ? {} : { sameAfterClosedMs: AFTER_CLOSED_MS }),
          pressedAt: frame.at,
          sentAt,
          kind: 'press',
          source: 'sia',
          by: `sia ${frame.account}`,
        }),
      ),
    )
    return { reply: ackOf(frame, now, keyOf(frame.account)), kept: true }
  }

  function listen(socket: Socket): void {
    let unread: Buffer = Buffer.alloc(0)
    let unanswered = 0
    let answering: Promise<void> = Promise.resolve()
    const address = socket.remoteAddress ?? ''
    if ([...sockets].filter((other) => other.remoteAddress === address).length > MOST_PER_ADDRESS)
      return void socket.destroy()
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const { frames, rest } = splitFrames(Buffer.concat([unread, chunk]))
      unread = rest
      if (unanswered + frames.length > MOST_UNANSWERED || socket.writableLength > MOST_UNREAD_BYTES)
        return void socket.destroy()
      for (const frame of frames) {
        unanswered += 1
        const answer = answerTo(frame, address, () => {
          if (socket.destroyed) return
          known.delete(socket)
          known.add(socket)
        })
        answering = answering
          .then(async () => {
            const bytes = await answer
            if (bytes && !socket.destroyed) socket.write(bytes)
          })
          .catch(onError)
          .finally(() => (unanswered -= 1))
      }
    })
  }
  const sockets = new Set<Socket>()
  /** Those that have sent a message of an account of this town; the one that did so longest ago first. */
  const known = new Set<Socket>()
  const server = createServer((socket) => {
    // A transmitter that comes finds a place, however many strangers sit here and say nothing.
    if (sockets.size >= most) ([...sockets].find((each) => !known.has(each)) ?? [...known][0])?.destroy()
    if (sockets.size >= most + SPARE) return void socket.destroy()
    sockets.add(socket)
    socket.once('close', () => known.delete(socket))
    socket.once('close', () => sockets.delete(socket))
    listen(socket)
  })
  server.maxConnections = most + SPARE
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : options.port
  server.on('error', onError)
  let closed = false
  const udp: UdpSocket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  udp.on('message', (message, from) => {
    // Port 0 is nobody's: the address was made up.
    if (message.length > LONGEST_FRAME || from.port === 0) return
    const { frames, rest } = splitFrames(Buffer.concat([message, Buffer.of(0x0d)]))
    for (const frame of frames.length > 0 ? frames : [rest]) {
      answerTo(frame, from.address)
        .then((bytes) => {
          if (bytes && !closed) udp.send(bytes, from.port, from.address, (error) => error && onError(error))
        })
        .catch(onError)
    }
  })
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(port, host, resolve)
  }).catch((error: unknown) => {
    server.close()
    throw new Error(`UDP port ${port} for SIA DC-09 cannot be opened: ${messageOf(error)}`, { cause: error })
  })
  udp.on('error', onError)

  return {
    port,
    async close() {
      closed = true
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise((resolve) => server.close(resolve)),
        new Promise<void>((resolve) => udp.close(() => resolve())),
      ])
    },
  }
}
