/** Answers WS-Discovery probes on loopback for the cameras of a simulated town, as each real one would for itself. */
import { createSocket } from 'node:dgram'
import { xml } from '../../tools/onvif-server/soap-words.ts'

const GROUP = '239.255.255.250'
const PORT = 3702

export type Discoverable = { id: string; name: string; address: string }

/** Never rejects: a town is worth as much without it. */
export function startDiscoveryResponder(
  cameras: readonly Discoverable[],
  onError: (words: string) => void,
): { close(): Promise<void> } {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('error', (error) => onError(`discovery: ${error.message}`))
  socket.on('message', (message, from) => {
    const probe = message.toString('utf8')
    if (!/:?Probe[\s>]/.test(probe)) return
    const id = /MessageID[^>]*>([^<]+)</.exec(probe)?.[1] ?? ''
    for (const camera of cameras) socket.send(match(camera, id), from.port, from.address)
  })
  // Only what is sent to the group on loopback.
  socket.bind(PORT, GROUP, () => {
    try {
      socket.addMembership(GROUP, '127.0.0.1')
    } catch (error) {
      onError(`discovery: ${String(error)}`)
    }
  })
  return { close: () => new Promise((resolve) => socket.close(() => resolve())) }
}

/** Several towns of one machine may have cameras of the same names: each is a device of its own. */
const match = ({ id, name, address }: Discoverable, relatesTo: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" ' +
  'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" ' +
  'xmlns:dn="http://www.onvif.org/ver10/network/wsdl">' +
  `<e:Header><w:RelatesTo>${xml(relatesTo)}</w:RelatesTo>` +
  '<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</w:Action></e:Header>' +
  '<e:Body><d:ProbeMatches><d:ProbeMatch><w:EndpointReference>' +
  `<w:Address>urn:uuid:lamppost-simulator-${xml(id)}-${new URL(address).port}</w:Address>` +
  '</w:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>' +
  `<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/${encodeURIComponent(name)} ` +
  `onvif://www.onvif.org/hardware/Simulator</d:Scopes><d:XAddrs>${xml(address)}</d:XAddrs>` +
  '<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>'
