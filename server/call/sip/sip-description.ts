/**
 * Session descriptions (RFC 8866), offer and answer (RFC 3264): which sound, where to, in which direction. Pure.
 * Not here: SRTP, other codecs, addresses behind NAT: rtpengine has made plain A-law on this machine of all of them.
 */
import { parse } from 'sdp-transform'

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
export type Direction = (typeof DIRECTIONS)[number]
/** What the other side wants to be sent, and where. `keys`: the payload type of its RFC 4733 events. */
export type RemoteSound = { address: string; port: number; keys: number | null; direction: Direction }
/** Where we want to be sent sound, and reports of ours (RFC 3605). */
export type OwnSound = { address: string; port: number; reportPort: number }
export type Offer = {
  sound: RemoteSound
  lines: { type: string; protocol: string; formats: string; chosen: boolean }[]
}

const A_LAW = 8
const MOST_BYTES = 16_384

/** A side that only sends is answered by one that only receives (RFC 3264 6.1). */
export const mirrored = (direction: Direction): Direction =>
  direction === 'sendonly' ? 'recvonly' : direction === 'recvonly' ? 'sendonly' : direction

const isDirection = (text: unknown): text is Direction => DIRECTIONS.some((each) => each === text)

/** @throws with words when there is no A-law sound in it */
export function readOffer(text: string): Offer {
  if (text.length > MOST_BYTES) throw new Error(`a description of ${text.length} characters is not read`)
  const session = parse(text)
  const lines = session.media.map(({ type, protocol, payloads = '', port }) => ({
    type,
    protocol,
    // One format alone is read as a number, whatever the types say.
    formats: [payloads].join(''),
    chosen: false,
    port,
  }))
  const at = lines.findIndex(
    ({ type, protocol, formats, port }) =>
      type === 'audio' && port > 0 && protocol === 'RTP/AVP' && formats.split(' ').includes(String(A_LAW)),
  )
  const media = session.media[at]
  const line = lines[at]
  if (!media || !line) throw new Error('it offers no A-law sound over plain RTP')
  line.chosen = true
  const address = media.connection?.ip ?? session.connection?.ip
  if (!address) throw new Error('it names no address')
  const keys = media.rtp.find(({ codec, rate }) => codec.toLowerCase() === 'telephone-event' && rate === 8000)
  const said = media.direction ?? (session as { direction?: unknown }).direction
  const direction = isDirection(said) ? said : 'sendrecv'
  return {
    sound: {
      address,
      port: media.port,
      keys: keys?.payload ?? null,
      // RFC 2543's way to put somebody on hold, which old devices have.
      direction: address === '0.0.0.0' ? 'inactive' : direction,
    },
    lines: lines.map(({ type, protocol, formats, chosen }) => ({ type, protocol, formats, chosen })),
  }
}

/**
 * What we send and where we want to hear: an answer to `offer`, with one line for each of its lines, or our own offer
 * when there is none.
 * @param version grows with each change (RFC 3264 8)
 */
export function description(
  { address, port, reportPort, session, version }: OwnSound & { session: number; version: number },
  offer: Offer | null,
): string {
  const kind = address.includes(':') ? 'IP6' : 'IP4'
  const keys = offer ? offer.sound.keys : 101
  const sound = [
    `m=audio ${port} RTP/AVP ${A_LAW}${keys === null ? '' : ` ${keys}`}`,
    `a=rtpmap:${A_LAW} PCMA/8000`,
    ...(keys === null ? [] : [`a=rtpmap:${keys} telephone-event/8000`, `a=fmtp:${keys} 0-15`]),
    'a=ptime:20',
    `a=rtcp:${reportPort}`,
    `a=${offer ? mirrored(offer.sound.direction) : 'sendrecv'}`,
  ]
  const lines = offer
    ? offer.lines.flatMap(({ type, protocol, formats, chosen }) =>
        chosen ? sound : [`m=${type} 0 ${protocol} ${formats || '0'}`],
      )
    : sound
  return [
    'v=0',
    `o=- ${session} ${version} IN ${kind} ${address}`,
    's=Lamppost',
    `c=IN ${kind} ${address}`,
    't=0 0',
    ...lines,
    '',
  ].join('\r\n')
}
