/** Names that lead out of their folder. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

const NAMES = [
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f',
  '..%5c..%5c',
  'x%00.jpg',
  '%00',
  '....%2f%2f',
  '%252e%252e%252f',
  'a%2fb',
  '__proto__',
  'constructor',
]
const PATHS = [
  ...['/api/v1/cameras/NAME', '/api/v1/cameras/NAME/snapshot.jpg', '/api/v1/cameras/NAME/live/segment/NAME'],
  ...['/api/v1/incidents/NAME', '/api/v1/incidents/NAME/clips/NAME/index.m3u8', '/api/v1/exports/NAME/package.zip'],
  ...['/api/v1/calls/NAME/recording.wav', '/disclosures/NAME/package.zip', '/NAME', '/NAME/ledger.sqlite'],
]

test.each(NAMES)('%s is none, in any place, for anybody', async (name) => {
  for (const path of PATHS)
    for (const token of [undefined, town.tokens.operator, town.tokens.evidence, town.tokens.engineer]) {
      const { status, body } = await town.ask(
        'GET',
        path.replaceAll('NAME', name),
        token === undefined ? {} : { token },
      )
      expect({ path, status: status >= 400 && status < 500 }).toEqual({ path, status: true })
      expect(JSON.stringify(body)).not.toMatch(/root:|SQLite format|BEGIN (?:PRIVATE|CERTIFICATE)/)
    }
})
test('a camera of a site file cannot be called so', async () => {
  const { readSite } = await import('../../server/site/site-check.ts')
  for (const id of ['../../x', '..', 'a/b', '-C', 'x\\u0000'])
    expect(
      readSite(
        `site: { id: t, name: T, timezone: Europe/London }\nhelpPoints: []\n` +
          `cameras: [{ id: "${id}", name: X, rtmp: { streamKey: "\${K}" } }]\n`,
        () => ({ value: 'abcdefgh' }),
      ).problems.length,
    ).toBeGreaterThan(0)
})
