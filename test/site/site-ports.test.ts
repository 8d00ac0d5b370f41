import { expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'
import { portsOf } from '../../server/site/site-ports.ts'

const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 }, sources: [{ sip: { user: bar, password: "\${P}" } }] }
  - { id: row, name: Row, location: { lat: 54.5, lon: -1.5 }, sources: [{ mqtt: { topic: row } }] }
cameras:
  - { id: one, name: One, onvif: { url: "https://10.0.4.1/onvif", username: a, password: "\${P}" } }
  - { id: two, name: Two, stream: { url: "rtsp://10.0.4.2:8554/x", substream: "rtsps://10.0.4.2/y" } }
  - { id: three, name: Three, rtmp: { streamKey: "\${P}" } }
mqtt: { url: "mqtts://broker.example" }
sia: { port: 12300 }
voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }, { tcp: "10.0.0.5:5070" }] },
  desk: "sip:desk@10.0.0.9", trunk: { to: "sip:trunk.example:5080;transport=tcp" },
  pbx: { registrar: "sip:pbx.example:5070", user: "700" } }
destinations: [{ id: police, webhook: { url: "https://police.example:8443/x", secret: "\${P}" } }]
onvifDevice: { port: 8899, username: vms, password: "\${P}", devices: each }
directory: { name: Council, oidc: { issuer: "https://login.example", client: l, secret: "\${P}" }, roles: { operator: [x] } }
evidence: { timeStamp: { url: "http://tsa.example/tsr" } }
`
const site = () => {
  const { site: found, problems } = readSite(SITE, (text) => ({
    value: text.replace('${P}', 'secret-of-16-characters'),
  }))
  expect(problems).toEqual([])
  if (!found) throw new Error('no site')
  return found
}
const OWN = { port: 443, host: '0.0.0.0', rtmpPort: 1935, tls: true }
const lines = () =>
  portsOf(site(), OWN).map(({ direction, protocol, port, peer }) => `${direction} ${protocol} ${port} ${peer}`)

test('names every port that a town uses, with the default where none is written', () => {
  expect(lines()).toEqual([
    'in tcp 443 the control room, help points over HTTP',
    'in tcp 1935 cameras',
    'out tcp 443 10.0.4.1',
    'out tcp 554 10.0.4.1',
    'in udp any 10.0.4.1',
    'out tcp 8554 10.0.4.2',
    'out tcp 322 10.0.4.2',
    'in udp any 10.0.4.2',
    'out tcp 8883 broker.example',
    'in tcp 12300 alarm panels',
    'in udp 12300 alarm panels',
    'in udp 5060 help points, the PBX',
    'in tcp 5070 help points',
    'in udp given by the system (set voice.edge.media) help points, the desk, the trunk, the PBX',
    'out udp 5060 10.0.0.9',
    'out tcp 5080 trunk.example',
    'out udp 5070 pbx.example',
    'in tcp 8899-8900 VMS',
    'in udp any VMS',
    'out tcp 8443 police.example',
    'out tcp 443 login.example',
    'out tcp 80 tsa.example',
    'out udp 123 a time server',
    'out udp 53 the resolver',
    'out udp 3702 239.255.255.250 (multicast)',
  ])
})
test('shows no secret, and names what it is for', () => {
  const all = portsOf(site(), OWN)
  expect(JSON.stringify(all)).not.toContain('secret-of-16-characters')
  for (const { what } of all) expect(what).not.toBe('')
})
test('of a town without any of that is short', () => {
  const { site: small } = readSite(
    'site: { id: t, name: T, timezone: Europe/London }\n' +
      'helpPoints: [{ id: b, name: B, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\n',
    () => ({ value: '' }),
  )
  expect(small && portsOf(small, { ...OWN, host: '127.0.0.1', tls: false })).toMatchObject([
    { direction: 'in', port: '443', peer: 'this machine, or the proxy on it', what: expect.stringContaining('(HTTP)') },
    { port: '123' },
    { port: '53' },
    { port: '3702' },
  ])
})
