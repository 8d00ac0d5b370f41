import { utf8Text } from '../../server/tools/utf8-text.ts'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { readSite } from '../../server/site/site-check.ts'
import { editPreset } from '../../server/site/edit/site-edit.ts'
import { createResolver } from '../../server/site/site-references.ts'
import { SITE_SCHEMA } from '../../server/site/site-schema.ts'

const DARLINGTON = readFileSync(new URL('../../camera-presets/darlington.yaml', import.meta.url), 'utf8')
const any = (text: string) => ({ value: text.replaceAll(/\$\{\w+\}/g, '1') })
const problemsOf = (text: string, resolve: Parameters<typeof readSite>[1] = any) => readSite(text, resolve).problems

const SMALL = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - id: here
    name: Here
    location: { lat: 54.5, lon: -1.5 }
cameras:
  - id: cam-1
    name: First # the corner
    onvif: { url: "http://10.0.0.1/onvif/device_service", username: u, password: "\${PASSWORD}" }
    presets:
      here: { token: "3", name: Here }
`

describe('the site file', () => {
  test('Darlington is a valid town with 3 help points, 5 PTZ, 3 fixed cameras, one that pushes, and one of each kind of odd device', () => {
    const { site, problems } = readSite(DARLINGTON, any)
    expect(problems).toEqual([])
    expect(site?.helpPoints.map(({ id }) => id)).toEqual(['blackwellgate', 'skinnergate', 'high-row'])
    expect(site?.cameras.filter(({ presets }) => presets.size > 0)).toHaveLength(5)
    expect(site?.cameras.filter(({ presets, onvif }) => presets.size === 0 && onvif).map(({ id }) => id)).toEqual([
      'cam-31',
      'cam-32',
      'cam-33',
      'nvr-3',
      'bridge-87',
      'two-1',
    ])
    expect(site?.cameras.filter(({ stream }) => stream).map(({ id }) => id)).toEqual(['pole-9'])
    expect(site?.cameras.filter(({ buffer }) => buffer.mode === 'on-press').map(({ id }) => id)).toEqual([
      'nvr-3',
      'bridge-87',
      'two-1',
      'pole-9',
    ])
    expect(site?.cameras.filter(({ rtmp }) => rtmp).map(({ id }) => id)).toEqual(['push-3'])
  })
  test.each([
    ['500MB', 5e8],
    ['2GB', 2e9],
    ['3TB', 3e12],
  ])('a size of %s is %d bytes, as disks are sold', (size, bytes) =>
    expect(readSite(`${SMALL}storage: { most: ${size}, reserve: ${size} }\n`, any).site?.storage).toMatchObject({
      most: bytes,
      reserve: bytes,
    }),
  )
  test('the JSON Schema beside it is the one the server uses', () => {
    const file = new URL('../../camera-presets/site.schema.json', import.meta.url)
    if (process.env.UPDATE_API) writeFileSync(file, `${JSON.stringify(SITE_SCHEMA, null, 2)}\n`)
    const written = JSON.parse(readFileSync(file, 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(SITE_SCHEMA)))
  })
  test.each<[string, Buffer, RegExp]>([
    [
      'Latin-1',
      Buffer.from(SMALL.replace('name: Here', 'name: "Caf\u00e9"'), 'latin1'),
      /line \d+ has a byte that is no UTF-8; save the file as UTF-8/,
    ],
    ['UTF-16', Buffer.from(`\ufeff${SMALL}`, 'utf16le'), /it is UTF-16; save it as UTF-8/],
  ])('a file in %s is refused in words', (_, bytes, words) => expect(() => utf8Text(bytes)).toThrow(words))
  test('a byte order mark is no part of the text', () => expect(utf8Text(Buffer.from(`\ufeff${SMALL}`))).toBe(SMALL))
  test.each([
    ['the same address twice', (second: string) => second, /same address: say which channel/],
    [
      'the same channel twice',
      (second: string) => second.replace('username: u', 'username: u, source: ch-1'),
      /same channel of the same device/,
    ],
  ])('two cameras with %s are refused by name and line', (_, change, words) => {
    const entry = (id: string): string =>
      `  - { id: ${id}, name: ${id}, onvif: { url: "http://10.0.0.9:80/onvif/", username: u, password: "\${PASSWORD}" } }\n`
    const text = SMALL.replace(
      'cameras:\n',
      `cameras:\n${change(entry('one'))}${change(entry('two')).replace(':80/onvif/', '/onvif')}`,
    )
    const { problems } = readSite(text, any)
    expect(problems).toMatchObject([{ key: 'cameras.1.onvif.url', problem: expect.stringMatching(words) }])
    expect(problems[0]?.problem).toContain('"one"')
  })
  test.each([
    [
      'one stream, its port written or not',
      'stream: { url: "rtsp://10.0.4.9/a" }',
      'stream: { url: "rtsp://10.0.4.9:554/a/" }',
      /reads the same stream/,
    ],
    [
      'one head, by its node',
      'onvif: { url: "http://10.0.0.9/onvif", username: u, password: p, source: a, ptz: { node: n } }',
      'onvif: { url: "http://10.0.0.9/onvif", username: u, password: p, source: b, ptz: { node: n } }',
      /moves the same head/,
    ],
    [
      'one head, by its profile',
      'onvif: { url: "http://10.0.0.9/onvif", username: u, password: p, source: a, ptz: { profile: n } }',
      'onvif: { url: "http://10.0.0.9/onvif", username: u, password: p, source: b, ptz: { profile: n } }',
      /moves the same head/,
    ],
    [
      'one device, by http and https',
      'onvif: { url: "http://10.0.0.9/onvif", username: u, password: p }',
      'onvif: { url: "https://10.0.0.9/ONVIF/", username: u, password: p }',
      /the same address/,
    ],
  ])('two cameras of %s are refused by name', (_, first, second, words) => {
    const { problems } = readSite(
      SMALL.replace(
        'cameras:\n',
        `cameras:\n  - { id: one, name: One, ${first} }\n  - { id: two, name: Two, ${second} }\n`,
      ),
      any,
    )
    expect(problems.map(({ problem }) => problem)).toContainEqual(expect.stringMatching(words))
    expect(problems[0]?.problem).toContain('"one"')
  })
  test('channels of one recorder are cameras of their own', () => {
    const entry = (id: string, channel: string): string =>
      `  - { id: ${id}, name: ${id}, onvif: { url: "http://10.0.0.9/onvif", username: u, password: "\${PASSWORD}", ${channel} } }\n`
    expect(
      readSite(SMALL.replace('cameras:\n', `cameras:\n${entry('one', 'source: a')}${entry('two', 'source: b')}`), any)
        .problems,
    ).toEqual([])
  })
  test('a camera without ONVIF is written by its stream', () => {
    const text = SMALL.replace(
      'cameras:\n',
      'cameras:\n  - { id: pole, name: Pole, stream: { url: "rtsp://10.0.4.9/axis-media/media.amp", ' +
        'username: u, password: "${PASSWORD}" } }\n',
    )
    expect(readSite(text, any).site?.cameras[0]).toMatchObject({
      id: 'pole',
      onvif: null,
      stream: { url: 'rtsp://10.0.4.9/axis-media/media.amp', username: 'u', substream: null },
    })
    expect(readSite(text.replace('rtsp://10', 'rtsp://u:p@10'), any).problems[0]?.problem).toMatch(
      /do not belong into the address/,
    )
    expect(readSite(text.replace('rtsp://10', 'http://10'), any).problems[0]?.problem ?? '').not.toBe('')
  })
  test.each([
    'BST',
    'GMT',
    'EST',
    'IST',
    'CET',
    'WET',
    'MST',
    'HST',
    'GMT0',
    'EST5EDT',
    'Zulu',
    'Etc/GMT+1',
    '+01:00',
    'Europe/Darlington',
    '',
  ])('the time zone %j, which does not say whose clocks it means, is refused with the remedy', (zone) => {
    const { problems } = readSite(SMALL.replace(/timezone: [^ ,}]+/, `timezone: "${zone}"`), any)
    expect(problems).toMatchObject([{ key: 'site.timezone' }])
    if (zone !== '') expect(problems[0]?.problem).toContain('Europe/London')
  })
  test.each(['Europe/London', 'America/Argentina/Buenos_Aires', 'UTC', 'GB', 'Eire', 'Singapore'])(
    'the time zone %s is taken',
    (zone) => expect(readSite(SMALL.replace(/timezone: [^ ,}]+/, `timezone: ${zone}`), any).problems).toEqual([]),
  )
  test('tokens stay strings, durations become milliseconds, buffers have defaults', () => {
    const camera = readSite(SMALL, any).site?.cameras[0]
    expect(camera?.presets.get('here' as HelpPointId)).toEqual({ token: '3', name: 'Here', mask: [] })
    expect(camera?.buffer).toEqual({
      mode: 'always',
      preRollMs: 60_000,
      keepMs: 86_400_000,
      mostBytes: null,
      sound: 'drop',
      reader: 'direct',
    })
  })
  test.each([
    [
      'an unknown key',
      SMALL.replace('    name: Here\n', '    name: Here\n    colour: red\n'),
      5,
      'helpPoints.0.colour',
      /not known/,
    ],
    [
      'a duplicate id',
      SMALL.replace('cameras:', '  - { id: here, name: Again, location: { lat: 1, lon: 1 } }\ncameras:'),
      6,
      'helpPoints.1.id',
      /used twice/,
    ],
    [
      'a preset for a help point that does not exist',
      SMALL.replace('      here:', '      nowhere:'),
      11,
      'cameras.0.presets.nowhere',
      /no help point "nowhere"/,
    ],
    ['a missing key', SMALL.replace('    name: Here\n', ''), 3, 'helpPoints.0', /name is missing/],
    [
      'a token that is a number',
      SMALL.replace('token: "3"', 'token: 3'),
      11,
      'cameras.0.presets.here.token',
      /must be text: put it in quotes/,
    ],
    ['a place that is not on Earth', SMALL.replace('54.5', '154.5'), 5, 'helpPoints.0.location.lat', /90/],
    [
      'a time zone that does not exist',
      SMALL.replace('Europe/London', 'Europe/Darlington'),
      1,
      'site.timezone',
      /no time zone/,
    ],
    ['a camera without an address', SMALL.replace(/ {4}onvif:.*\n/, ''), 7, 'cameras.0', /onvif, stream or rtmp/],
    ['a key written twice', SMALL.replace('    name: Here\n', '    name: Here\n    name: There\n'), 5, '', /unique/i],
    [
      'presets of a camera that cannot be sent anywhere',
      SMALL.replace(/ {4}onvif:.*\n/, '    rtmp: { streamKey: "${KEY_OF_IT}" }\n').replace('${PASSWORD}', 'x'),
      10,
      'cameras.0.presets',
      /only a camera with onvif/,
    ],
    ['an ONVIF address that is none', SMALL.replace('http://10', 'ftp://10'), 9, 'cameras.0.onvif.url', /http/],
  ])('%s is refused with its line and key', (_, text, line, key, words) => {
    expect(problemsOf(text)).toContainEqual({ line, key, problem: expect.stringMatching(words) })
  })
  test.each([
    ['an empty file', '', ['1 : the file is empty, or no site file']],
    [
      'a duration with a unit that is none',
      SMALL.replace('      here:', '      here:').replace(
        '    presets:',
        '    buffer: { keep: 24hours }\n    presets:',
      ),
      ['10 cameras.0.buffer.keep: must be written so: A whole number and s, m, h or d: 60s, 24h'],
    ],
    [
      'a word that is none of a few',
      SMALL.replace('    presets:', '    buffer: on-pres\n    presets:'),
      ['10 cameras.0.buffer: must be one of on-press, { preRoll, keep, most, sound, reader }'],
    ],
    [
      'a source of no kind',
      SMALL.replace('cameras:', '    sources: [{ htp: {} }]\ncameras:'),
      ['6 helpPoints.0.sources.0: must be one of { http }, { mqtt }, { onvifInput }, { lorawan }, { sia }, { sip }'],
    ],
    [
      'two mistakes in the last kind of source there is, and one elsewhere',
      SMALL.replace('cameras:', '    sources: [{ sia: { account: "12", zon: "1" } }]\ncameras:').replace(
        'lat: 54.5',
        'lat: 154.5',
      ),
      [
        '5 helpPoints.0.location.lat: must be <= 90',
        '6 helpPoints.0.sources.0.sia.account: must be written so: 3 to 16 hex digits',
        '6 helpPoints.0.sources.0.sia.zon: this key is not known here',
      ],
    ],
    [
      'a secret in plain text',
      SMALL.replace('cameras:', '    sources: [{ http: { secret: plain } }]\ncameras:'),
      [
        '6 helpPoints.0.sources.0.http.secret: must be written so: A secret, by reference ' +
          'only: ${NAME} of the environment, or file:/run/secrets/x',
      ],
    ],
  ])('%s is said once, with what would be right', (_, text, said) =>
    expect(
      problemsOf(text)
        .map(({ line, key, problem }) => `${line} ${key}: ${problem}`)
        .sort(),
    ).toEqual(said),
  )
  test('a secret that is not there is named, and its value never appears', () => {
    const resolve = createResolver({ OTHER: 'canary' })
    const problems = problemsOf(SMALL, resolve)
    expect(problems).toEqual([{ line: 9, key: 'cameras.0.onvif.password', problem: 'the environment has no PASSWORD' }])
  })
  test('secrets come from the environment or a file', () => {
    const { site } = readSite(SMALL, createResolver({ PASSWORD: 'p&£' }))
    expect(site?.cameras[0]?.onvif?.password).toBe('p&£')
    expect(createResolver({})('file:/nowhere/at/all')).toEqual({ missing: 'the file /nowhere/at/all cannot be read' })
  })
})

describe('the sources of a help point', () => {
  const town = (sources: string, more = '') => `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: here, name: Here, location: { lat: 54.5, lon: -1.5 }, sources: ${sources} }
  - { id: there, name: There, location: { lat: 54.5, lon: -1.5 }, sources: [{ lorawan: { device: AB12 } }] }
cameras: []
${more}
`
  const resolve = createResolver({
    LONG: 'a secret that is long enough',
    SHORT: 'short',
    EMPTY: '',
    AES: 'ABCD'.repeat(8),
    URL: 'https://user:pw@hooks.example/x',
  })
  const words = (text: string): string[] =>
    readSite(text, resolve).problems.map(({ line, key, problem }) => `${line} ${key}: ${problem}`)

  test('are all read, secrets by reference', () => {
    const { site, problems } = readSite(
      town(
        '[{ http: { secret: "${LONG}" } }, { mqtt: { topic: a/b, when: { action: single, n: 1 }, heartbeat: ' +
          'a/alive, key: event.id } }, { lorawan: { device: eui-1, port: 85, payload: "ff2e" } }, { ' +
          'sia: { account: "12ab", zone: "005", codes: [PA], key: "${AES}" } }]',
        'mqtt: { url: "mqtts://broker.example", username: u, password: "${LONG}", version: "3.1.1" }\n' +
          'sia: { port: 12509 }\ndestinations: [{ id: room, webhook: { url: "https://room.example/hook", ' +
          'secret: "${LONG}" } }]\ncheckpoints: { to: ["https://elsewhere.example/notes"] }',
      ),
      resolve,
    )
    expect(problems).toEqual([])
    expect(site?.helpPoints[0]).toMatchObject({
      secret: 'a secret that is long enough',
      mqtt: [{ topic: 'a/b', when: { action: 'single', n: 1 }, heartbeat: 'a/alive', key: 'event.id' }],
      lorawan: [{ device: 'eui-1', port: 85, payload: 'ff2e' }],
      sia: [{ account: '12AB', zone: '5', codes: ['PA'], key: 'ABCD'.repeat(8) }],
    })
    expect(site).toMatchObject({
      mqtt: { version: 4, ca: null },
      sia: { port: 12_509, host: null },
      destinations: [
        {
          id: 'room',
          events: ['press.received', 'incident.*', 'drill.finished', 'voice.failed', 'help-point.*', 'ledger.broken'],
        },
      ],
      checkpointsTo: ['https://elsewhere.example/notes'],
    })
  })
  test.each([
    [
      'a secret that can be guessed',
      town('[{ http: { secret: "${SHORT}" } }]'),
      '3 helpPoints.0.sources.0.http.secret: this secret has 5 characters; it needs at least 16',
    ],
    [
      'a secret that is empty',
      town('[{ http: { secret: "${EMPTY}" } }]'),
      '3 helpPoints.0.sources.0.http.secret: what this refers to is empty',
    ],
    [
      'a transmitter without a receiver',
      town('[{ sia: { account: "1234" } }]'),
      '3 helpPoints.0.sources.0.sia: there is no receiver: the site file needs sia: { port: … }',
    ],
    [
      'an AES key of another length',
      town('[{ sia: { account: "1234", key: "${SHORT}" } }]', 'sia: { port: 1 }'),
      '3 helpPoints.0.sources.0.sia.key: an AES key has 32, 48 or 64 hex digits',
    ],
    [
      'a device that is another’s, too',
      town('[{ lorawan: { device: ab12 } }]'),
      '4 helpPoints.1.sources.0.lorawan.device: the help point "here" has this device, too',
    ],
    [
      'a name and password in a webhook’s address',
      town('[]', 'destinations: [{ id: room, webhook: { url: "${URL}", secret: "${LONG}" } }]'),
      '6 destinations.0.webhook.url: a name and password in an address are not sent; sign by the secret instead',
    ],
    ['a broker whose address is none', town('[]', 'mqtt: { url: "mqtt://h:99999" }'), '6 mqtt.url: this is no address'],
  ])('%s is refused with line and key', (_, text, problem) => expect(words(text)).toEqual([problem]))
  test.each([
    ['a secret that stands there', town('[{ http: { secret: secret } }]')],
    ['a topic with a wildcard', town('[{ mqtt: { topic: "a/#" } }]')],
    ['a drill at no time', town('[]').replace('sources: [] }', 'sources: [], drill: { daily: "25:00" } }')],
  ])('%s is refused', (_, text) => expect(words(text).length).toBeGreaterThan(0))
})

describe('editing a preset in the site file', () => {
  const camera = 'cam-1' as CameraId
  test('keeps comments, references and everything else', () => {
    const edited = editPreset(SMALL, camera, {
      helpPoint: 'here' as HelpPointId,
      token: '101' as PresetToken,
      name: 'New view',
    })
    expect(edited).toContain('# the corner')
    expect(edited).toContain('${PASSWORD}')
    expect(readSite(edited, any).site?.cameras[0]?.presets.get('here' as HelpPointId)).toEqual({
      token: '101',
      name: 'New view',
      mask: [],
    })
  })
  test('adds the first preset of a camera', () => {
    const bare = SMALL.slice(0, SMALL.indexOf('    presets:'))
    const edited = editPreset(bare, camera, {
      helpPoint: 'here' as HelpPointId,
      token: '1' as PresetToken,
      name: 'One',
    })
    expect(readSite(edited, any).site?.cameras[0]?.presets.size).toBe(1)
  })
  test('forgets every mapping to a removed preset', () => {
    const edited = editPreset(SMALL, camera, { forget: '3' as PresetToken })
    expect(readSite(edited, any).site?.cameras[0]?.presets.size).toBe(0)
  })
  test('of a camera that is not there changes nothing', () => {
    expect(editPreset(SMALL, 'cam-9' as CameraId, { forget: '3' as PresetToken })).toBe(SMALL)
  })
  test('Darlington survives an edit with nothing else changed', () => {
    const edited = editPreset(DARLINGTON, 'cam-12' as CameraId, {
      helpPoint: 'blackwellgate' as HelpPointId,
      token: '3' as PresetToken,
      name: 'Help point Number One',
    })
    const lines = (text: string) => text.split('\n').length
    expect(lines(edited)).toBe(lines(DARLINGTON))
    expect(edited).toContain('# Darlington town centre.')
  })
})
