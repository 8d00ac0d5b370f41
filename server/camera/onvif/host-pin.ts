/**
 * A camera may name any address for its stream; only its own host is followed, so that no camera sends us elsewhere
 * (SSRF). Credentials in it are dropped.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

export type PinnedStream = { url: URL; problem: null } | { url: null; problem: string }
type LookUp = (name: string) => Promise<string[]>

const LOOK_UP_MS = 2000
const systemLookUp: LookUp = async (name) => {
  const tooLong = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too long')), LOOK_UP_MS).unref())
  return Promise.race([
    lookup(name, { all: true }).then((found) => found.map(({ address }) => address)),
    tooLong,
  ]).catch(() => [])
}
/** An IPv6 address without its brackets. */
export const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

/** @param nat the camera's own network is another: the configured host stands in the place of any that it names. */
export async function pinStream(
  uri: string,
  { base, nat, lookUp = systemLookUp }: { base: URL; nat: boolean; lookUp?: LookUp },
): Promise<PinnedStream> {
  const url = URL.canParse(uri) ? new URL(uri) : null
  if (!url || (url.protocol !== 'rtsp:' && url.protocol !== 'rtsps:'))
    return { url: null, problem: `The camera names a stream address that is not RTSP: ${uri.slice(0, 200)}` }
  url.username = ''
  url.password = ''
  if (nat) url.hostname = base.hostname
  if (url.hostname === base.hostname || (await isSameHost(bare(url.hostname), bare(base.hostname), lookUp))) {
    // A name is not looked up again later, when it may lead elsewhere: ours is.
    if (isIP(bare(url.hostname)) === 0) url.hostname = base.hostname
    return { url, problem: null }
  }
  return {
    url: null,
    problem:
      `The camera names a stream on another host (${url.hostname}); only ${base.hostname} from the site file ` +
      'is followed. Where that is the camera’s own network, write nat: true, or the stream’s address: stream: { url: … }.',
  }
}

/** The site file has a name and the camera its address, or the other way round. */
export async function isSameHost(named: string, configured: string, lookUp: LookUp = systemLookUp): Promise<boolean> {
  if (isIP(named) !== 0 && isIP(configured) !== 0) return named === configured
  const addressesOf = async (host: string): Promise<string[]> => (isIP(host) === 0 ? lookUp(host) : [host])
  const [one, other] = await Promise.all([addressesOf(named), addressesOf(configured)])
  return one.some((address) => other.includes(address))
}
