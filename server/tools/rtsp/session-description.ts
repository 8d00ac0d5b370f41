/** What a camera says it sends (SDP, RFC 8866, with the formats of RFC 6184 and RFC 7798). Pure. */

export type MediaTrack = {
  kind: string
  payload: number
  /** In capitals: H264, H265, PCMA, … */
  encoding: string
  /** Ticks per second of its RTP timestamps. */
  clockRate: number
  /** As in SETUP: absolute, or relative to the description's address; '' for the description's own. */
  control: string
  /** `a=fmtp`, names in small letters. */
  format: ReadonlyMap<string, string>
  /** Every format that it offers, by payload type; in capitals, as `encoding`. */
  offers: readonly { payload: number; encoding: string; clockRate: number }[]
  /** `sendonly` is sound that the camera wants to be sent (ONVIF Streaming Specification 5.3). */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
}
const DIRECTIONS = ['sendonly', 'recvonly', 'inactive'] as const
/** More media, and more formats of one, than any camera has: what is longer is read so far. */
const MOST_MEDIA = 64
const MOST_FORMATS = 64
/** Those without a number here tick as video does. */
const STATIC_CLOCKS = new Map([
  [0, 8000],
  [8, 8000],
])

/** Numbers that need no `a=rtpmap` (RFC 3551). */
const STATIC_ENCODINGS = new Map([
  [0, 'PCMU'],
  [8, 'PCMA'],
  [26, 'JPEG'],
  [32, 'MPV'],
  [33, 'MP2T'],
])

/** The first payload type of every medium, as offered. Lines that make no sense are passed over. */
export function readDescription(sdp: string): MediaTrack[] {
  const [, ...media] = `\n${sdp.replaceAll('\r', '')}`.split('\nm=')
  return media.slice(0, MOST_MEDIA).flatMap((text) => {
    const [first = '', ...lines] = text.split('\n')
    const [kind = '', , , ...formats] = first.trim().split(/\s+/)
    const [payloadText = ''] = formats
    const payload = Number(payloadText)
    if (payloadText === '' || !Number.isInteger(payload)) return []
    const attribute = (name: string, of = ''): string | undefined => {
      const start = `a=${name}:${of}`
      return lines
        .find((line) => line.startsWith(start))
        ?.slice(start.length)
        .trim()
    }
    // Read once: a description may have tens of thousands of lines, and as many formats.
    const maps = new Map(
      lines
        .filter((line) => line.startsWith('a=rtpmap:'))
        .map((line) => {
          const [number = '', said = ''] = line.slice('a=rtpmap:'.length).trim().split(/\s+/)
          return [Number(number), said] as const
        })
        .toReversed(),
    )
    const offered = (number: number): MediaTrack['offers'][number] => {
      const [encoding = '', clock = ''] = (maps.get(number) ?? '').split('/')
      return {
        payload: number,
        encoding: (encoding || (STATIC_ENCODINGS.get(number) ?? '')).toUpperCase(),
        clockRate: Number(clock) || (STATIC_CLOCKS.get(number) ?? 90_000),
      }
    }
    const { encoding, clockRate } = offered(payload)
    const pairs = (attribute('fmtp', `${payload} `) ?? '')
      .split(';')
      .map(
        (pair) =>
          [pair.slice(0, pair.indexOf('=')).trim().toLowerCase(), pair.slice(pair.indexOf('=') + 1).trim()] as const,
      )
    return [
      {
        kind,
        payload,
        encoding,
        clockRate,
        control: attribute('control') ?? '',
        format: new Map(pairs.filter(([name]) => name !== '')),
        offers: formats.slice(0, MOST_FORMATS).map(Number).filter(Number.isInteger).map(offered),
        direction: DIRECTIONS.find((each) => lines.some((line) => line.trim() === `a=${each}`)) ?? 'sendrecv',
      },
    ]
  })
}

/** The parameter sets that a description carries, in the order VPS, SPS, PPS. */
export function describedSets({ format }: MediaTrack): Buffer[] {
  return ['sprop-vps', 'sprop-sps', 'sprop-pps', 'sprop-parameter-sets']
    .flatMap((name) => (format.get(name) ?? '').split(','))
    .filter((text) => text !== '')
    .map((text) => Buffer.from(text, 'base64'))
}

/**
 * The base that the camera names for its tracks: only an RTSP address of the host that was asked. Some write
 * `rtsp://rtsp://…`, a host and port alone, or another host.
 */
export function baseIn(named: readonly (string | undefined)[], asked: URL): string | null {
  const isOwn = (text: string): boolean =>
    URL.canParse(text) && /^rtsps?:$/.test(new URL(text).protocol) && new URL(text).hostname === asked.hostname
  return named.find((text) => text !== undefined && isOwn(text.trim()))?.trim() ?? null
}

/** The address for SETUP: relative ones extend the description's own (RFC 2326 C.1.1). */
export function controlAddress(base: string, control: string): string {
  if (control === '' || control === '*') return base
  if (
    URL.canParse(control) &&
    /^rtsps?:\/\/[^/:]+(?::\d+)?(?:[/?]|$)/i.test(control) &&
    !/^rtsps?:\/\/rtsps?:/i.test(control)
  )
    return control
  // Nonsense of an address says at least the track's own name.
  if (/^rtsps?:\/\//i.test(control)) return controlAddress(base, control.slice(control.lastIndexOf('/') + 1))
  return `${base.endsWith('/') ? base : `${base}/`}${control.replace(/^\//, '')}`
}
