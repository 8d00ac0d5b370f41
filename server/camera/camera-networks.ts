/**
 * Where cameras may be: a person who types an address must not make this server ask anything else in the council's
 * network, nor the cloud's own addresses. Pure, but for looking a name up.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Failure } from '../tools/failure.ts'
import { isInNetworks } from '../tools/networks.ts'

/** Private networks (RFC 1918, RFC 6598, RFC 4193): what is asked where the site file names none. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']

/** Where clouds tell a machine its own secrets, inside those networks or not. */
const NEVER = ['169.254.169.0/24', '100.100.100.200/32', 'fd00:ec2::/32', 'fd20:ce::/32']

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '')

/** Empty of a name that nobody knows. */
export async function addressesOf(url: string): Promise<string[]> {
  const host = hostOf(url)
  if (isIP(host) !== 0) return [host]
  return (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address)
}

const isCameraAddress = (address: string, networks: readonly string[] | null): boolean =>
  isInNetworks(address, networks ?? PRIVATE) && !isInNetworks(address, NEVER)

/**
 * @param networks as the site file names them; null: private ones, and wherever a camera of the site file is already
 * @throws camera/outside-networks, for a name also when it has no address
 */
export async function mustBeCameraAddress(
  url: string,
  { networks, known }: { networks: readonly string[] | null; known: readonly string[] },
): Promise<void> {
  const host = hostOf(url)
  if (networks === null && known.some((each) => hostOf(each) === host)) return
  const found = await addressesOf(url)
  if (found.length > 0 && found.every((address) => isCameraAddress(address, networks))) return
  throw new Failure(
    'camera/outside-networks',
    networks === null
      ? `${host} is not in a private network. Where this town’s cameras are, says cameraNetworks in the site file.`
      : `${host} is in none of the networks that cameraNetworks in the site file names.`,
  )
}
