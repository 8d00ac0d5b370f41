/**
 * Reads the log lines of kamailio and rtpengine: refused callers, and errors of the engines. kamailio writes several
 * lines for one failed TLS handshake. Here they become one refusal, so that a stranger cannot fill our log.
 */
export type Refused = { from: string; why: string }

/** OpenSSL's reason, at the end of its words: `error:0A000086:SSL routines::certificate verify failed (sni: unknown)`. */
const REASON = /error:[0-9A-F]{8}:[^:]*:[^:]*:([^(]+?)\s*(?:\(|$)/
/** What became of a handshake, for an engineer. An alert is what the other side has said. */
function whyOf(reason: string): string {
  if (reason === '') return 'its TLS handshake failed'
  if (/alert.*(?:certificate|unknown ca)/i.test(reason)) return `it does not take the certificate of calls (${reason})`
  if (/certificate|unknown ca/i.test(reason)) return `a certificate that nobody vouches for (${reason})`
  return `its TLS does not fit (${reason})`
}
/** kamailio's worker, whose lines belong together: ` 7(26961) ERROR: …`. */
const WORKER = /^\s*\d+\((\d+)\)/
const OF_A_CONNECTION =
  /tls_(?:h_read_f|accept|err_ret|read_f)\(\)|tcp_read_req\(\): ERROR: tcp_read_req: error reading|verification failure/i
const OWN_WORDS = /REFUSED (\S+) (.+)$/

export function createEngineWords({
  onRefused,
  onError,
}: {
  onRefused(refused: Refused): void
  onError(words: string): void
}) {
  /** By worker: OpenSSL's reason for a failed handshake, until the line with the caller's address comes. */
  const reasons = new Map<string, string>()
  let last = ''
  return {
    /** The last thing that was wrong, '' for nothing. */
    last: () => last,
    line(text: string): void {
      const [, from, why] = OWN_WORDS.exec(text) ?? []
      if (from && why) return onRefused({ from, why: why.trim() })
      const [, worker = ''] = WORKER.exec(text) ?? []
      // The reason follows where OpenSSL gives one.
      if (/protocol level error/.test(text)) reasons.set(worker, '')
      const [, reason] = REASON.exec(text) ?? []
      if (reason && OF_A_CONNECTION.test(text)) reasons.set(worker, reason)
      const [, address] = /src addr: (\S+):\d+\s*$/.exec(text) ?? []
      const known = reasons.get(worker)
      if (address && known !== undefined && reasons.delete(worker)) onRefused({ from: address, why: whyOf(known) })
      if (OF_A_CONNECTION.test(text) || !/CRITICAL|ERROR|\bERR\b/.test(text)) return undefined
      last = text
      return onError(text)
    },
  }
}
