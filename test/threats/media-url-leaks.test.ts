/** An address of a picture or clip that is sent to somebody who may not see it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ThreatTown, openThreatTown } from './threat-town.ts'

let town: ThreatTown
beforeAll(async () => (town = await openThreatTown()))
afterAll(() => town.close())

const MEDIA = [
  ...[
    '/api/v1/cameras/cam/snapshot.jpg',
    '/api/v1/cameras/cam/live/index.m3u8',
    '/api/v1/cameras/cam/live/segment/1.m4s',
  ],
  ...[
    '/api/v1/incidents/x/clips/cam/index.m3u8',
    '/api/v1/incidents/x/clips/cam/clip.mp4',
    '/api/v1/calls/x/recording.wav',
  ],
  ...['/api/v1/exports/x/package.zip', '/api/v1/live', '/api/v1/events'],
]
test.each(MEDIA)('%s shows nothing without a session, and takes no token in its address', async (path) => {
  for (const query of ['', `?token=${town.tokens.operator}`, `?access_token=${town.tokens.operator}`]) {
    const { status } = await town.ask('GET', `${path}${query}`)
    expect([401, 404]).toContain(status)
  }
})
test('no token that was tried in an address stands in the log', () => {
  expect(readFileSync(join(town.data, 'lamppost.log'), 'utf8')).not.toContain(town.tokens.operator)
})
