import { describe, expect, test } from 'vitest'
import { foreignReferences } from '../../server/site/edit/references-rule.ts'

const BEFORE = `cameras:
  - id: a
    onvif: { url: "http://\${A_ADDRESS}/onvif", username: u, password: "\${CAM}" }
  - id: b
    onvif: { url: "http://10.0.0.2/onvif", username: u, password: file:/etc/lamppost/b }
mqtt: { url: "mqtts://broker", password: "\${BROKER}" }
evidence: { signer: { key: file:/etc/lamppost/signer.pem } }
`
const camera = (url: string, password: string): string =>
  BEFORE.replace('mqtt:', `  - id: c\n    onvif: { url: "${url}", username: u, password: "${password}" }\nmqtt:`)
const refused = (after: string): string[] =>
  foreignReferences(BEFORE, after, ['/data/secrets', '/run/secrets']).map(({ line, key }) => `${line} ${key}`)

describe('secrets that a page brings into the site file', () => {
  test.each([
    ['what is there already, in its section', 'http://10.0.0.3', '${CAM}'],
    ['a file that is there already', 'http://10.0.0.3', 'file:/etc/lamppost/b'],
    ['an address that is there already', 'http://${A_ADDRESS}:81', '${CAM}'],
    ['a variable that nothing else uses', 'http://10.0.0.3', '${CAM_C}'],
    ['a file of the folder for that', 'http://10.0.0.3', 'file:/data/secrets/c'],
    ['a file that the system lends', 'http://10.0.0.3', 'file:/run/secrets/c'],
  ])('may be %s', (_, url, password) => expect(refused(camera(url, password))).toEqual([]))
  test.each([
    ['a file of somewhere else', 'http://10.0.0.3', 'file:/etc/shadow', ['7 password']],
    ['a way out of the folder', 'http://10.0.0.3', 'file:/data/secrets/../people.json', ['7 password']],
    ['a folder of a like name', 'http://10.0.0.3', 'file:/data/secrets-of-others/x', ['7 password']],
    ['the secret of another section', 'http://10.0.0.3', '${BROKER}', ['7 password']],
    ['a key of another section', 'http://10.0.0.3', 'file:/etc/lamppost/signer.pem', ['7 password']],
    ['a secret where it would be shown', 'http://${CAM}', '${CAM}', ['7 url']],
    ['a variable where it would be shown', 'http://${HOME}/x', '${CAM}', ['7 url']],
  ])('may not be %s', (_, url, password, places) => expect(refused(camera(url, password))).toEqual(places))
  test('what goes is no matter, and comments and names of keys are none', () => {
    expect(refused('cameras: []\n# ${HOME}\n"${HOME}": 1\n')).toEqual([])
  })
  test('is not a borrowed one: an alias stands where it stands, in whatever way it is borrowed', () => {
    const lent = BEFORE.replace('password: "${BROKER}"', 'password: &x "${BROKER}"')
    const moved = (camera: string): string =>
      `${lent.slice(lent.indexOf('mqtt:'))}${lent.slice(0, lent.indexOf('mqtt:'))}${camera}`
    const at = (camera: string) => foreignReferences(BEFORE, moved(camera), ['/data/secrets']).map(({ key }) => key)
    expect(at('  - { id: c, onvif: { url: "http://h", username: u, password: *x } }\n')).toEqual(['password'])
    expect(at('  - { id: c, onvif: { url: *x, username: u, password: "${CAM}" } }\n')).toEqual(['url'])
    const map = moved('  - { id: c, onvif: *m }\n').replace('mqtt: {', 'mqtt: &m {')
    expect(foreignReferences(BEFORE, map, ['/data/secrets']).map(({ key }) => key)).toEqual(['password'])
  })
  test('may not be a file that another section uses, wherever it lies', () => {
    const before = BEFORE.replace('"${BROKER}"', 'file:/run/secrets/broker')
    const after = `${before}cameras2: [{ password: file:/run/secrets/broker }]\n`
    expect(foreignReferences(before, after, ['/run/secrets'])).toHaveLength(1)
  })
})
