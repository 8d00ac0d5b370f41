import { describe, expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'

const PASSWORD = 'a password of it'
const read = (device: string, password = PASSWORD) =>
  readSite(
    `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }
  - { id: park, name: Park, location: { lat: 54.5, lon: -1.5 } }
cameras: [{ id: cam-1, name: One, stream: { url: "rtsp://10.0.0.1/s" } }]
onvifDevice: { ${device} }
`,
    (text) =>
      text === '${NOTHING}'
        ? { missing: 'NOTHING is not set' }
        : { value: text.startsWith('file:') ? 'no PEM' : text.startsWith('$') ? password : text },
  )
const GOOD = 'port: 8899, username: vms, password: "${P}"'
const problems = (device: string, password?: string): string[] =>
  read(device, password).problems.map(({ key, problem }) => `${key}: ${problem}`)

test('a port, a name and a password are enough', () => {
  expect(read(GOOD).site?.onvifDevice).toEqual({
    host: null,
    port: 8899,
    username: 'vms',
    password: PASSWORD,
    tls: null,
    dialects: ['input', 'motion-rule', 'motion-alarm'],
    devices: 'one',
    addresses: new Map(),
    activeMs: null,
  })
})
test('a town without one has none', () => {
  const { site } = readSite(
    'site: { id: t, name: T, timezone: UTC }\nhelpPoints: [{ id: a, name: A, location: { lat: 1, lon: 1 } }]\ncameras: []\n',
    (text) => ({ value: text }),
  )
  expect(site?.onvifDevice).toBeNull()
})
test('all that can be said of it is understood', () => {
  const more = 'host: 10.0.0.5, dialects: [input], devices: each, address: { park: 10.0.0.9 }, active: 5s'
  expect(read(`${GOOD}, ${more}`).site?.onvifDevice).toMatchObject({
    host: '10.0.0.5',
    dialects: ['input'],
    devices: 'each',
    addresses: new Map([['park', '10.0.0.9']]),
    activeMs: 5000,
  })
})
describe('what cannot be is said with its place', () => {
  test.each<[string, string, string?]>([
    ['port: 8899, username: vms', 'onvifDevice'],
    ['port: 70000, username: vms, password: "${P}"', 'onvifDevice.port'],
    ['port: 8899, username: "v:ms", password: "${P}"', 'onvifDevice.username'],
    ['port: 8899, username: vms, password: written-here', 'onvifDevice.password'],
    ['port: 8899, username: vms, password: "${NOTHING}"', 'onvifDevice.password: NOTHING is not set'],
    [GOOD, 'onvifDevice.password: a password of fewer than 8', 'short'],
    [GOOD, 'onvifDevice.password: some VMSs cannot send letters with accents', 'pässword of it'],
    [`${GOOD}, dialects: []`, 'onvifDevice.dialects'],
    [`${GOOD}, dialects: [input, input]`, 'onvifDevice.dialects'],
    [`${GOOD}, active: yes`, 'onvifDevice.active'],
    [`${GOOD}, active: 1s`, 'onvifDevice.active: no shorter than 2s'],
    [`${GOOD}, address: { park: 10.0.0.9 }`, 'onvifDevice.address: addresses of their own are for devices: each'],
    [
      `${GOOD}, devices: each, address: { park: 10.0.0.9 }`,
      'onvifDevice.address: name an address for every help point',
    ],
    [`${GOOD}, host: 0.0.0.0, devices: each, address: { park: 10.0.0.9 }`, 'onvifDevice.address: name an address'],
    [
      `${GOOD}, host: 10.0.0.9, devices: each, address: { park: 10.0.0.9 }`,
      'onvifDevice.address.park: "host" has this',
    ],
    [`${GOOD}, devices: each, address: { bar: 10.0.0.8, park: 10.0.0.8 }`, 'onvifDevice.address.park: "bar" has this'],
    [
      `${GOOD}, devices: each, address: { bar: 10.0.0.8, park: 10.0.0.9, none: 10.0.0.7 }`,
      'onvifDevice.address.none: there is no',
    ],
    [
      `${GOOD}, devices: each, address: { bar: 999.0.0.8, park: 10.0.0.9 }`,
      'onvifDevice.address.bar: 999.0.0.8 is no IP',
    ],
    ['port: 65535, username: vms, password: "${P}", devices: each', 'onvifDevice.port: 2 devices from port 65535'],
    [`${GOOD}, certificate: "file:/c.pem"`, 'onvifDevice.certificate: a certificate and its key belong together'],
    [`${GOOD}, certificate: "file:/c.pem", key: "file:/k.pem"`, 'onvifDevice.certificate: certificate and key are PEM'],
    [`${GOOD}, colour: blue`, 'onvifDevice.colour'],
  ])('%s', (device, said, password) => {
    expect(problems(device, password)).toContainEqual(expect.stringContaining(said))
  })
  test('a help point that has the name of a picture', () => {
    const { problems: found } = readSite(
      `site: { id: t, name: T, timezone: UTC }
helpPoints: [{ id: press-now, name: A, location: { lat: 1, lon: 1 } }]
cameras: []
onvifDevice: { ${GOOD} }
`,
      () => ({ value: PASSWORD }),
    )
    expect(found).toMatchObject([{ line: 2, key: 'helpPoints.0.id' }])
  })
})
