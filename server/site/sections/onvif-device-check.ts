/** What a site file says of the ONVIF device. Pure. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'
import type { HelpPointId } from '../../glossary/press.ts'
import type { OnvifDeviceSite } from '../../glossary/site.ts'
import { DIALECTS } from '../../glossary/onvif-device.ts'
import type { Path } from '../schema-words.ts'
import { isPlaceholder } from '../site-references.ts'
import type { SiteDocument } from '../site-schema.ts'

type Complain = (path: Path, problem: string) => void
/** The picture of the newest press has this name: no help point can have it. */
const RESERVED = 'press-now'
const SHORTEST_PASSWORD = 8
const MOST_PORT = 65_535
/** Listens on the addresses that others have for themselves. */
const EVERYWHERE = new Set(['0.0.0.0', '::'])
/** What is shown shorter than that is not seen by clients that look now and then. */
const LEAST_ACTIVE_S = 2

/** @param refer the value behind a reference; empty when there is none, which is complained of */
export function onvifDeviceOf(
  document: SiteDocument,
  refer: (path: Path, text: string) => string,
  complain: Complain,
): OnvifDeviceSite | null {
  const { onvifDevice, helpPoints } = document
  if (!onvifDevice) return null
  const at = (...path: Path): Path => ['onvifDevice', ...path]
  const { host = null, port, username, devices = 'one', active = 'until-taken' } = onvifDevice
  const password = refer(at('password'), onvifDevice.password)
  if (password !== '' && !isPlaceholder(password) && password.length < SHORTEST_PASSWORD)
    complain(at('password'), `a password of fewer than ${SHORTEST_PASSWORD} characters is guessed`)
  // Facts: ZoneMinder hashes other characters in another encoding than it should.
  else if (!isPlaceholder(password) && !/^[\x20-\x7e]*$/.test(password))
    complain(at('password'), 'some VMSs cannot send letters with accents: use ASCII letters, digits and signs')
  helpPoints.forEach(({ id }, i) => {
    if (id === RESERVED) complain(['helpPoints', i, 'id'], `the ONVIF device has a picture with the name "${RESERVED}"`)
  })
  const addresses = Object.entries(onvifDevice.address ?? {})
  if (addresses.length > 0 && devices === 'one')
    complain(at('address'), 'addresses of their own are for devices: each; where the one device listens, host says')
  if (addresses.length > 0 && addresses.length < helpPoints.length && (host === null || EVERYWHERE.has(host)))
    complain(at('address'), 'name an address for every help point, or say by host where the others listen')
  const taken = new Map<string, string>(host === null ? [] : [[host, 'host']])
  for (const [helpPoint, address] of addresses) {
    if (!helpPoints.some(({ id }) => id === helpPoint))
      complain(at('address', helpPoint), `there is no help point "${helpPoint}"`)
    if (isIP(address) === 0) complain(at('address', helpPoint), `${address} is no IP address`)
    const other = taken.get(address)
    if (other !== undefined) complain(at('address', helpPoint), `"${other}" has this address, too`)
    taken.set(address, helpPoint)
  }
  const onPorts = devices === 'each' ? helpPoints.length - addresses.length : 1
  if (port !== 0 && port + onPorts - 1 > MOST_PORT)
    complain(at('port'), `${onPorts} devices from port ${port} on are more than there are ports`)
  if (active !== 'until-taken' && Number(active.slice(0, -1)) < LEAST_ACTIVE_S)
    complain(at('active'), `no shorter than ${LEAST_ACTIVE_S}s: some clients look once a second only`)
  return {
    host,
    port,
    username,
    password,
    tls: tlsOf(onvifDevice, at, refer, complain),
    dialects: [...(onvifDevice.dialects ?? DIALECTS)],
    devices,
    addresses: new Map(addresses.map(([helpPoint, address]) => [helpPoint as HelpPointId, address])),
    activeMs: active === 'until-taken' ? null : Number(active.slice(0, -1)) * 1000,
  }
}

function tlsOf(
  { certificate, key }: NonNullable<SiteDocument['onvifDevice']>,
  at: (...path: Path) => Path,
  refer: (path: Path, text: string) => string,
  complain: Complain,
): OnvifDeviceSite['tls'] {
  if ((certificate === undefined) !== (key === undefined))
    complain(at(certificate === undefined ? 'key' : 'certificate'), 'a certificate and its key belong together')
  if (certificate === undefined || key === undefined) return null
  const tls = { certificate: refer(at('certificate'), certificate), key: refer(at('key'), key) }
  if (tls.certificate === '' || tls.key === '' || isPlaceholder(tls.certificate) || isPlaceholder(tls.key)) return tls
  try {
    if (!new X509Certificate(tls.certificate).checkPrivateKey(createPrivateKey(tls.key)))
      complain(at('key'), 'this is the key of another certificate')
  } catch {
    complain(at('certificate'), 'certificate and key are PEM files, the certificate of the device first')
  }
  return tls
}
