/** Addresses and files that make ffmpeg read something else: of this machine, or of another one. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { pinStream } from '../../server/camera/onvif/host-pin.ts'
import { coveredPicture, stillPicture } from '../../server/clip/live/still-picture.ts'
import { convertSegment } from '../../server/clip/ring/converted-clip.ts'
import { readSite } from '../../server/site/site-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-protocols-'))
const secret = join(folder, 'secret.txt')
writeFileSync(secret, 'canary of the disk')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const never = new AbortController().signal

const ADDRESSES = [
  ...['file:///etc/passwd', 'concat:/etc/passwd|/etc/group', 'http://127.0.0.1/x', 'data:text/plain;base64,eA=='],
  ...['subfile,,start,0,end,9,,:/etc/passwd', 'pipe:0', 'async:file:/etc/passwd', 'cache:file:/etc/passwd'],
  ...['crypto+file:/etc/passwd', 'tee:x', 'udp://127.0.0.1:1', 'ftp://127.0.0.1/x', 'lavfi:testsrc', '/etc/passwd'],
]
describe.each(ADDRESSES)('%s', (address) => {
  test('is no stream of a site file', () => {
    const { site, problems } = readSite(
      [
        'site: { id: t, name: T, timezone: Europe/London }',
        'helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]',
        `cameras: [{ id: one, name: One, stream: { url: ${JSON.stringify(address)} } }]`,
        '',
      ].join('\n'),
      // A reference to a file is what stands in it.
      (text) => ({ value: text.startsWith('file:') ? readFileSync(text.slice('file:'.length), 'utf8') : text }),
    )
    expect(site?.cameras ?? null).toBeNull()
    expect(problems.length).toBeGreaterThan(0)
  })
  test('is no stream that a camera may name', async () => {
    const pinned = await pinStream(address, { base: new URL('http://127.0.0.1/onvif'), nat: false }).catch(() => null)
    expect(pinned?.url ?? null).toBeNull()
  })
})

describe('bytes that are something else than they should be', () => {
  const PLAYLISTS: [string, string][] = [
    ['an HLS playlist', `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`],
    ['a list of files', `ffconcat version 1.0\nfile '${secret}'\n`],
    ['a description of a session', `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n`],
    [
      'a DASH manifest',
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation>' +
        `<BaseURL>file://${secret}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ],
    ['a picture of vectors', `<svg xmlns="http://www.w3.org/2000/svg"><image href="file://${secret}"/></svg>`],
  ]
  test.each(PLAYLISTS)('%s is no segment, no keyframe and no picture, and opens nothing', async (_, text) => {
    let connections = 0
    const listener = createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    for (const bytes of [text, text.replaceAll('file://', `http://127.0.0.1:${port}`)].map((each) =>
      Buffer.from(each),
    )) {
      for (const made of [
        () => convertSegment(bytes, bytes, never),
        () => stillPicture(bytes, never),
        () => coveredPicture(bytes, never, []),
      ]) {
        const found = await made().then(
          (made) => ('segment' in made ? made.segment : made),
          (error: unknown) => error,
        )
        expect(found).toBeInstanceOf(Error)
        expect((found as Error).message).not.toContain('canary')
      }
    }
    expect(connections).toBe(0)
    await new Promise((resolve) => listener.close(resolve))
  })
})

test('each run of ffmpeg in the server names the protocols that it may use, and takes no address as an argument', () => {
  const server = fileURLToPath(new URL('../../server', import.meta.url))
  const files = (readdirSync(server, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts') && !name.startsWith('simulator/') && name !== 'tools/media/ffmpeg-run.ts')
    .map((name) => ({ name, text: readFileSync(join(server, name), 'utf8') }))
  const runs = files.filter(({ text }) => /\brunFfmpeg\(\{|'ffmpeg', ?\[|'ffmpeg',$/m.test(text))
  expect(runs.length).toBeGreaterThan(5)
  const open = runs.filter(({ text }) => !text.includes('-protocol_whitelist')).map(({ name }) => name)
  expect(open).toEqual([])
})
