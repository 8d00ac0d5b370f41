import { Failure } from '../tools/failure.ts'

/**
 * A camera may name any address for its stream; only its own host is followed (SSRF). Credentials in it are dropped.
 * @throws camera/refused
 */
export function pinToHost(uri: string, configured: URL): URL {
  const url = URL.canParse(uri) ? new URL(uri) : null
  if (!url || (url.protocol !== 'rtsp:' && url.protocol !== 'rtsps:')) throw new Failure('camera/refused', `The camera names a stream address that is not RTSP: ${uri.slice(0, 200)}`)
  if (url.hostname !== configured.hostname) throw new Failure('camera/refused', `The camera names a stream on another host (${url.hostname}); only ${configured.hostname} from the site file is followed.`)
  url.username = ''
  url.password = ''
  return url
}
