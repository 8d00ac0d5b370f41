import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { trainingText } from '../../server/simulator/training-town.ts'
import { readDemoSite } from '../../server/site/site-file.ts'

const DARLINGTON = readFileSync(new URL('../../camera-presets/darlington.yaml', import.meta.url), 'utf8')
const REAL = `site: { id: town, name: Town, timezone: Europe/London, prefix: DL }
mqtt: { url: "mqtts://broker.example", password: "\${BROKER}" }
sia: { port: 10002 }
destinations:
  - { id: duty, webhook: { url: "https://duty.example/", secret: "\${DUTY}" } }
escalation: [{ after: 30s }, { after: 2m, to: [duty] }]
embedding: ["https://vms.example"]
helpPoints:
  - id: bar
    name: Bar
    location: { lat: 54.5, lon: -1.5 }
    instructions: [Speak to the caller]
    sources: [{ http: { secret: "\${BAR}" } }, { mqtt: { topic: bar } }, { onvifInput: { camera: cam-1 } }]
    heartbeat: { every: 1h }
cameras:
  - id: cam-1
    name: First
    location: { lat: 54.5001, lon: -1.5 }
    onvif: &access { url: "https://10.0.0.1/onvif", username: u, password: "\${CAM}", source: "VideoSource_2" }
    presets: { bar: { token: "7", name: Bar } }
  - { id: cam-2, name: Second, rtmp: { streamKey: "\${KEY}" } }
  - { id: cam-3, name: Third, stream: { url: "rtsp://10.0.0.3/x", username: u, password: file:/etc/secret } }
contacts:
  - { id: police, name: Police, phone: "101", urgent: "999" }
`
type Town = Record<string, unknown> & { cameras: Record<string, unknown>[] }
const training = (text: string): Town => parse(trainingText(text)) as Town

describe('a town for practice', () => {
  test('reaches no device, service or telephone of the real one', () => {
    const text = trainingText(REAL)
    for (const real of ['10.0.0', 'broker', 'duty', 'vms.example', '/etc/secret', '10002', 'topic', '999', '101'])
      expect(text, real).not.toContain(real)
    for (const reference of ['BROKER', 'DUTY', 'BAR', 'CAM', 'KEY']) expect(text).not.toContain(`\${${reference}}`)
    expect(training(REAL)).not.toHaveProperty('mqtt')
  })
  test('has the same help points, cameras, presets, instructions and contacts', () => {
    const town = training(REAL)
    expect(town.cameras.map(({ id, name, presets }) => ({ id, name, presets }))).toEqual([
      { id: 'cam-1', name: 'First', presets: { bar: { token: '7', name: 'Bar' } } },
      { id: 'cam-2', name: 'Second', presets: undefined },
      { id: 'cam-3', name: 'Third', presets: undefined },
    ])
    expect(town['helpPoints']).toMatchObject([{ id: 'bar', instructions: ['Speak to the caller'] }])
    expect(town['contacts']).toEqual([{ id: 'police', name: 'Police', phone: '000' }])
    expect(town['escalation']).toEqual([{ after: '30s' }, { after: '2m' }])
  })
  test('says that it is for practice, in its numbers and its evidence, too', () => {
    const site = readDemoSite('training.yaml', trainingText(REAL))
    expect([site.training, site.prefix, site.evidence.prefix]).toEqual([true, 'TRAINING', 'TRAINING'])
  })
  test('each camera keeps its kind: it is asked, it is read, or it pushes', () => {
    const [asked, pushing, streamed] = training(REAL).cameras
    expect(asked?.['onvif']).toEqual({
      url: 'http://127.0.0.1:${TRAINING_0_ONVIF}/onvif/device_service',
      username: 'lamppost',
      password: '${TRAINING_PASSWORD}',
    })
    expect(pushing?.['rtmp']).toEqual({ streamKey: '${TRAINING_1_KEY}' })
    expect(streamed?.['stream']).toMatchObject({ url: 'rtsp://127.0.0.1:${TRAINING_2_RTSP}/stream' })
  })
  test('of 250 cameras records eight all the time, those first that a press would move', () => {
    const many = Array.from(
      { length: 249 },
      (_, i) =>
        `  - { id: c-${i}, name: C, onvif: { url: "http://10.0.1.${i}/", username: u, password: "\${CAM}" } }\n`,
    )
    const town = training(REAL.replace('cameras:\n', `cameras:\n${many.join('')}`))
    const recorded = town.cameras.filter(({ buffer }) => buffer !== 'on-press')
    expect([recorded.length, recorded.some(({ id }) => id === 'cam-1')]).toEqual([8, true])
  })
  test('can be made of Darlington, which has one of each kind of device', () => {
    const site = readDemoSite('training.yaml', trainingText(DARLINGTON))
    expect(site.cameras).toHaveLength(readDemoSite('darlington.yaml', DARLINGTON).cameras.length)
    expect([site.voice, site.streets]).toEqual([null, 'darlington-streets.geojson'])
  })
})
