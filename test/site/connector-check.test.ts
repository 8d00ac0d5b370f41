/** What a site file may say of a VMS, and what it is told when that is wrong. */
import { describe, expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'
import { editVmsCamera } from '../../server/site/edit/site-edit.ts'

const town = (
  connectors: string,
  more = '',
): string => `site: { id: darlington, name: Darlington, timezone: Europe/London }
helpPoints: [{ id: high-row, name: High Row, location: { lat: 54.5, lon: -1.5 } }]
cameras:
  - { id: cam-12, name: A, onvif: { url: "http://10.0.4.12/onvif", username: a, password: b } }
  - { id: cam-14, name: B, onvif: { url: "http://10.0.4.14/onvif", username: a, password: b } }
connectors:
${connectors}
${more}`
const zoneMinder = (more: string, id = 'recorder', about = ''): string =>
  `  - { id: ${id}, zoneminder: { username: lamppost, password: "\${ZM}", ${more} }${about} }`
const VALUES: Record<string, string> = { ZM: 'a secret', LONG: 'a secret that is long enough' }
const read = (text: string) =>
  readSite(text, (written) => ({ value: written.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? '') }))
const problems = (text: string): string[] =>
  read(text).problems.map(({ line, key, problem }) => `${line} ${key}: ${problem}`)

describe('a connector', () => {
  test('is read with what is left out', () =>
    expect(read(town(zoneMinder('url: "https://zm.example/zm/", insecure: trigger'))).site?.connectors).toEqual([
      {
        id: 'recorder',
        cameras: new Map(),
        fallback: null,
        drills: false,
        late: 'mark',
        notes: false,
        zoneminder: {
          url: 'https://zm.example/zm',
          trigger: { host: 'zm.example', port: 6802 },
          username: 'lamppost',
          password: 'a secret',
          fingerprint: null,
          ca: null,
        },
      },
    ]))
  test('may say which camera is which, as a number or a text', () =>
    expect(
      read(
        town(
          zoneMinder(
            'url: "https://zm/zm", trigger: "[fe80::1]:7000", insecure: true',
            'recorder',
            ', cameras: { cam-12: 7, cam-14: "8" }',
          ),
        ),
      ).site?.connectors[0],
    ).toMatchObject({
      cameras: new Map([
        ['cam-12', '7'],
        ['cam-14', '8'],
      ]),
      zoneminder: { trigger: { host: 'fe80::1', port: 7000 } },
    }))
  test.each([
    [
      'url: "http://zm.example/zm", insecure: trigger',
      'connectors.0.zoneminder.url: http:// sends the password in the clear',
    ],
    ['url: "https://zm.example/zm"', 'connectors.0.zoneminder: zmtrigger knows no password'],
    [
      'url: "https://a:b@zm.example/zm", insecure: trigger',
      'connectors.0.zoneminder.url: a name and password do not belong',
    ],
    ['url: "ftp://zm.example", insecure: true', 'connectors.0.zoneminder.url'],
    [
      `url: "http://zm/zm", insecure: true, fingerprint: "${'ab'.repeat(32)}"`,
      'connectors.0.zoneminder.url: there is no certificate',
    ],
    ['url: "https://zm/zm", insecure: true, trigger: "zm"', 'connectors.0.zoneminder.trigger'],
    ['url: "https://zm/zm", insecure: true, colour: red', 'connectors.0.zoneminder'],
  ])('{ %s } is refused with line and key', (more, problem) => {
    const [found] = problems(town(zoneMinder(more)))
    expect(found).toContain('7 ')
    expect(found).toContain(problem)
  })
  test('its password stands in the file by reference only', () =>
    expect(
      problems(
        town('  - { id: a, zoneminder: { url: "https://zm/zm", username: a, password: open, insecure: true } }'),
      )[0],
    ).toContain('connectors.0.zoneminder.password'))
  test('names cameras of the town, each of theirs once', () => {
    const of = (cameras: string): string[] =>
      problems(town(zoneMinder('url: "https://zm/zm", insecure: true', 'recorder', `, cameras: ${cameras}`)))
    expect(of('{ cam-99: "1" }')).toEqual(['7 connectors.0.cameras.cam-99: there is no camera "cam-99"'])
    expect(of('{ cam-12: 7, cam-14: "7" }')[0]).toContain('"cam-12" is this camera of the VMS, too')
  })
  test('shares its ids with destinations, and escalation may name it', () => {
    const connector = zoneMinder('url: "https://zm/zm", insecure: true')
    const destination = 'destinations: [{ id: recorder, webhook: { url: "https://a/b", secret: "${LONG}" } }]'
    expect(problems(town(connector, destination))[0]).toContain('connectors.0.id: a destination has the id "recorder"')
    expect(problems(town(connector, 'escalation: [{ after: 30s, to: [recorder] }]'))).toEqual([])
    expect(problems(town(connector, 'escalation: [{ after: 30s, to: [nobody] }]'))[0]).toContain(
      'no destination or connector "nobody"',
    )
  })
})

describe('what an engineer says of a camera', () => {
  const text = town(`  # the recorder in the cellar\n${zoneMinder('url: "https://zm/zm", insecure: true')}`)
  test('goes into the file, and comments stay', () => {
    const said = editVmsCamera(text, 'recorder', 'cam-12' as never, '7')
    expect(said).toContain('# the recorder in the cellar')
    expect(read(said).site?.connectors[0]?.cameras).toEqual(new Map([['cam-12', '7']]))
    const other = editVmsCamera(said, 'recorder', 'cam-14' as never, '8')
    expect(read(other).site?.connectors[0]?.cameras).toEqual(
      new Map([
        ['cam-12', '7'],
        ['cam-14', '8'],
      ]),
    )
  })
  test('and out of it again', () => {
    const said = editVmsCamera(text, 'recorder', 'cam-12' as never, '7')
    const gone = editVmsCamera(said, 'recorder', 'cam-12' as never, null)
    expect(gone).not.toContain('cam-12: "7"')
    expect(read(gone).site?.connectors[0]?.cameras.size).toBe(0)
  })
  test('of a connector that is not there changes nothing', () =>
    expect(editVmsCamera(text, 'nobody', 'cam-12' as never, '7')).toBe(text))
})
