/**
 * A camera that names other machines, for its services, its streams, its stills and its events, or redirects there:
 * nothing of ours ever connects to them. Its own host is all that is spoken to.
 */
import { once } from 'node:events'
import { type AddressInfo, type Server, connect, createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { profile, startScriptedCamera } from '../contracts/scripted-camera.ts'
import { CREDENTIALS, until } from '../contracts/test-town.ts'
import { type ThreatProcess, siteOf, startThreatProcess } from './threat-process.ts'

/** Another machine of the council; what connects to it is counted. */
const ELSEWHERE = '127.0.0.77'
let victim: Server
let connections = 0
let town: ThreatProcess
const devices: Awaited<ReturnType<typeof startScriptedCamera>>[] = []
const onvif = (url: string): string =>
  `onvif: { url: "${url}", username: ${CREDENTIALS.username}, password: "${CREDENTIALS.password}" }`

beforeAll(async () => {
  victim = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => victim.listen(0, ELSEWHERE, resolve))
  const port = (victim.address() as AddressInfo).port
  const there = (scheme: string): string => `${scheme}://${ELSEWHERE}:${port}/x`
  const stream = (uri: string): string => `<MediaUri><tt:Uri>${uri}</tt:Uri></MediaUri>`
  const still = stream(there('http'))
  const profiles = profile('one')
  const services = ['ver10/media', 'ver20/ptz', 'ver10/events']
    .map(
      (name) =>
        `<Service><Namespace>http://www.onvif.org/${name}/wsdl</Namespace><XAddr>${there('http')}</XAddr></Service>`,
    )
    .join('')
  const redirect = { status: 302, text: '', headers: { location: there('http') } }
  for (const script of [
    // Its services are elsewhere.
    { GetServices: () => services, GetProfiles: () => profiles, GetStreamUri: () => stream(there('rtsp')) },
    // Only its stream and its stills are.
    ...['rtsp', 'rtsps', 'http', 'https', 'file', 'tcp'].map((scheme) => ({
      GetProfiles: () => profiles,
      GetStreamUri: () => stream(there(scheme)),
      GetSnapshotUri: () => still,
    })),
    // A name in front of another one.
    {
      GetProfiles: () => profiles,
      GetStreamUri: () => stream(`rtsp://127.0.0.1:554@${ELSEWHERE}:${port}/x`),
      GetSnapshotUri: () => still,
    },
    // It sends everything there.
    {
      GetServices: () => redirect,
      GetProfiles: () => redirect,
      GetStreamUri: () => redirect,
      GetCapabilities: () => redirect,
    },
  ])
    devices.push(await startScriptedCamera(script))
  town = await startThreatProcess(
    siteOf(
      devices.map(
        ({ url }, i) => `{ id: cam-${i}, name: Camera ${i}, location: { lat: 54.5, lon: -1.5 }, ${onvif(url)} }`,
      ),
      `cameraNetworks: [127.0.0.0/8]`,
    ),
  )
})
afterAll(async () => {
  await town?.close()
  for (const device of devices) await device.close()
  await new Promise((resolve) => victim.close(resolve))
})

test('no connection is made there, whatever a camera names and whoever asks it', async () => {
  // Each was asked, also for its stream.
  await until(
    () => devices.map(({ asked }) => asked.length),
    (counts) => counts.every((count) => count > 1),
  )
  for (const { url } of devices) {
    const { status } = await town.ask('engineer', 'POST', '/api/v1/discovery/inquiry', { url, ...CREDENTIALS })
    expect([200, 422, 502, 503, 504]).toContain(status)
  }
  const { body } = await town.ask('press', 'POST', '/api/v1/presses', { helpPoint: 'bar' })
  await town.ask('operator', 'GET', `/api/v1/incidents/${body.incident}`)
  // Two turns of everything that is tried again.
  await new Promise((resolve) => setTimeout(resolve, 4000))
  expect(connections).toBe(0)
  const cameras = await town.cameras()
  expect(cameras.every(({ health }) => health.video !== 'up')).toBe(true)
  expect(cameras.every(({ health }) => health.reason !== null)).toBe(true)
  // Who does connect is counted.
  await once(connect((victim.address() as AddressInfo).port, ELSEWHERE), 'close')
  expect(connections).toBe(1)
})
