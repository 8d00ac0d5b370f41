/** Every port that a town uses, for whoever writes firewall rules: what its site file and the command line say. Pure. */
import type { EdgeListen } from '../glossary/call.ts'
import type { Site } from '../glossary/site.ts'
import { transportOf } from './sections/voice-check.ts'

/** `in`: others come to this machine; `out`: it goes to them. */
export type PortUse = {
  direction: 'in' | 'out'
  protocol: 'tcp' | 'udp'
  port: string
  /** Whose machine is at the other end. */
  peer: string
  what: string
}
/** Of the command line. */
export type OwnPorts = { port: number; host: string; rtmpPort: number; tls: boolean }

const DEFAULTS: Readonly<Record<string, number>> = {
  ...{ 'http:': 80, 'https:': 443, 'rtsp:': 554, 'rtsps:': 322, 'rtmp:': 1935 },
  ...{ 'tls:': 6514 },
  ...{ 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443, 'sip:': 5060, 'sips:': 5061 },
}
/** A reference whose value is not known here leaves an address that is none. */
function placeOf(address: string): { host: string; port: string } {
  const url = URL.canParse(address) ? new URL(address) : null
  if (!url) return { host: 'see the site file', port: 'see the site file' }
  return { host: url.hostname || address, port: url.port || String(DEFAULTS[url.protocol] ?? '') }
}
function out(address: string, what: string, protocol: PortUse['protocol'] = 'tcp'): PortUse {
  const { host, port } = placeOf(address)
  return { direction: 'out', protocol, port, peer: host, what }
}
const into = (protocol: PortUse['protocol'], port: number | string, peer: string, what: string): PortUse => ({
  ...{ direction: 'in' as const, protocol, port: String(port), peer, what },
})

function ofCameras({ cameras }: Site): PortUse[] {
  return cameras.flatMap(({ onvif, stream }) => {
    const place = onvif && placeOf(onvif.url)
    return [
      ...(onvif ? [out(onvif.url, 'camera: ONVIF')] : []),
      ...(stream ? [out(stream.url, 'camera: stream')] : []),
      ...(stream?.substream ? [out(stream.substream, 'camera: small stream')] : []),
      ...(stream?.snapshot ? [out(stream.snapshot, 'camera: stills')] : []),
      ...(place && !stream
        ? [
            {
              ...{ direction: 'out' as const, protocol: 'tcp' as const, port: '554', peer: place.host },
              what: 'camera: stream (as its ONVIF says; 554 is usual, 322 over TLS)',
            },
          ]
        : []),
      ...(onvif || (stream && !stream.url.startsWith('http'))
        ? [
            into(
              'udp',
              'any',
              place?.host ?? placeOf(stream?.url ?? '').host,
              'camera: pictures, where it sends none over TCP',
            ),
          ]
        : []),
    ]
  })
}
function ofPresses({ mqtt, sia }: Site): PortUse[] {
  return [
    ...(mqtt ? [out(mqtt.url, 'presses over MQTT: the broker')] : []),
    ...(sia ? [into('tcp', sia.port, 'alarm panels', 'presses as SIA DC-09')] : []),
    ...(sia ? [into('udp', sia.port, 'alarm panels', 'presses as SIA DC-09')] : []),
  ]
}
const hostOfSip = (address: string): string => address.replace(/^sips?:(?:[^@]*@)?/, '').replace(/;.*$/, '')
const placeOfPeer = ({ host, port }: { host: string; port: number | null }): string =>
  `${host}${port === null ? '' : `:${port}`}`
const calledAt = (at: string, transport: EdgeListen['transport'], what: string): PortUse =>
  out(`${transport === 'tls' ? 'sips' : 'sip'}://${at}`, what, transport === 'udp' ? 'udp' : 'tcp')
function ofCalls({ voice }: Site): PortUse[] {
  if (!voice) return []
  const { trunk, pbx } = voice
  const { listen, mediaPorts } = voice.edge
  const media = mediaPorts ? `${mediaPorts.from}-${mediaPorts.to}` : 'given by the system (set voice.edge.media)'
  return [
    ...listen.map(({ transport, address }) =>
      into(
        transport === 'udp' ? 'udp' : 'tcp',
        placeOf(`sip://${address}`).port,
        pbx?.transport === transport ? 'help points, the PBX' : 'help points',
        `calls: SIP (${transport})`,
      ),
    ),
    into(
      'udp',
      media,
      ['help points, the desk', ...(trunk ? ['the trunk'] : []), ...(pbx ? ['the PBX'] : [])].join(', '),
      'calls: sound (RTP)',
    ),
    calledAt(hostOfSip(voice.desk), transportOf(voice.desk), 'calls: the desk telephone'),
    ...(trunk ? [calledAt(placeOfPeer(trunk), trunk.transport, 'calls: the trunk')] : []),
    ...(pbx ? [calledAt(placeOfPeer(pbx), pbx.transport, 'calls: the PBX')] : []),
  ]
}
/** With a device for each help point, each has a port of its own, from the given one on. */
function devicePorts({ onvifDevice, helpPoints }: Site): string {
  const { port = 0, devices = 'one' } = onvifDevice ?? {}
  if (port === 0) return 'given by the system (set onvifDevice.port)'
  return devices === 'each' && helpPoints.length > 1 ? `${port}-${port + helpPoints.length - 1}` : String(port)
}
function ofOthers(site: Site): PortUse[] {
  const { onvifDevice, destinations, connectors, directory, checkpointsTo, evidence, onMembers } = site
  return [
    ...(onvifDevice
      ? [into('tcp', devicePorts(site), 'VMS', 'Lamppost as an ONVIF device: requests, events, pictures')]
      : []),
    ...(onvifDevice ? [into('udp', 'any', 'VMS', 'its pictures, where the VMS asks for UDP')] : []),
    ...destinations.map(({ id, url, syslog }) => out(url, syslog ? `syslog ${id}` : `webhook ${id}`)),
    ...connectors.flatMap(({ id, zoneminder }) => [
      out(zoneminder.url, `VMS ${id}: its API`),
      out(`tcp://${zoneminder.trigger.host}:${zoneminder.trigger.port}`, `VMS ${id}: alarms`),
    ]),
    ...(onMembers?.members ?? []).map(({ id, url }) =>
      out(url, `the town’s other servers: ${id}, where this is another`),
    ),
    ...(onMembers?.agreement.endpoints ?? []).map((url) => out(url, 'the engine of the town’s servers (etcd)')),
    ...(directory ? [out(directory.issuer, 'the council’s directory')] : []),
    ...checkpointsTo.map((url) => out(url, 'checkpoints of the record')),
    ...(evidence.timeStamp ? [out(evidence.timeStamp.url, 'time-stamps of evidence')] : []),
  ]
}

export function portsOf(site: Site, { port, host, rtmpPort, tls }: OwnPorts): PortUse[] {
  const who = host === '127.0.0.1' ? 'this machine, or the proxy on it' : 'the control room, help points over HTTP'
  const all = [
    into('tcp', port, who, `pages, API, live pictures, WebSockets (${tls ? 'HTTPS' : 'HTTP'})`),
    ...(site.cameras.some(({ rtmp }) => rtmp)
      ? [into('tcp', rtmpPort, 'cameras', 'streams that cameras send (RTMP)')]
      : []),
    ...ofCameras(site),
    ...ofPresses(site),
    ...ofCalls(site),
    ...ofOthers(site),
    {
      ...{ direction: 'out' as const, protocol: 'udp' as const, port: '123', peer: 'a time server' },
      what: 'the time (the system’s own NTP)',
    },
    {
      ...{ direction: 'out' as const, protocol: 'udp' as const, port: '53', peer: 'the resolver' },
      what: 'names (the system’s own DNS)',
    },
    {
      ...{ direction: 'out' as const, protocol: 'udp' as const, port: '3702', peer: '239.255.255.250 (multicast)' },
      what: 'finding cameras, when an engineer asks (WS-Discovery)',
    },
  ]
  return [...new Map(all.map((each) => [Object.values(each).join('\t'), each])).values()]
}
