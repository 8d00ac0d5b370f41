import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { answerChallenge, readChallenge } from '../../server/tools/http-digest.ts'
import { escapeXml, passwordDigest, soapEnvelope } from '../../server/camera/onvif/onvif-envelope.ts'
import {
  attributeIn,
  elementIn,
  elementsIn,
  numberIn,
  readReply,
  textIn,
} from '../../server/camera/onvif/onvif-reply.ts'
import { pinStream } from '../../server/camera/onvif/host-pin.ts'
import { pinService } from '../../server/camera/onvif/onvif-address.ts'

const envelope = (body: string): string =>
  '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
  `xmlns:tptz="x" xmlns:tt="y"><s:Body>${body}</s:Body></s:Envelope>`

describe('what is sent', () => {
  test('the password digest is the one of the UsernameToken profile, with the password as UTF-8', () => {
    const nonce = Buffer.from('0123456789abcdef')
    const expected = createHash('sha1')
      .update(Buffer.concat([nonce, Buffer.from('2026-11-20T22:30:00.000Z'), Buffer.from([0xc2, 0xa3, 0x31])]))
      .digest('base64')
    expect(passwordDigest(nonce, '2026-11-20T22:30:00.000Z', '£1')).toBe(expected)
  })
  test('names and tokens are escaped, and control characters left out', () => {
    expect(escapeXml(`Smith & Sons <"'\u0000>`)).toBe('Smith &amp; Sons &lt;&quot;&apos;&gt;')
  })
  test('the created time is the camera’s, and no password is in the envelope', () => {
    const xml = soapEnvelope('<x/>', { username: 'a&b', password: 'secret', cameraNow: 0 })
    expect(xml).toContain('1970-01-01T00:00:00.000Z')
    expect(xml).toContain('a&amp;b')
    expect(xml).not.toContain('secret')
  })
  test('HTTP digest: the worked example of RFC 7616 is answered with the kept nonce and a growing count', () => {
    const challenge = readChallenge([
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, ' +
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      'Digest realm="x", nonce="y", algorithm=MD5',
    ])
    expect(challenge).toMatchObject({ algorithm: 'SHA-256', qop: true })
    if (!challenge) return
    const first = answerChallenge(challenge, {
      username: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      path: '/dir/index.html',
    })
    const second = answerChallenge(challenge, {
      username: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      path: '/dir/index.html',
    })
    expect(first).toContain('nc=00000001')
    expect(second).toContain('nc=00000002')
    const cnonce = /cnonce="([^"]+)"/.exec(first)?.[1] ?? ''
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
    const expected = sha(
      `${sha('Mufasa:http-auth@example.org:Circle of Life')}:${challenge.nonce}:00000001:${cnonce}:auth:${sha('GET:/dir/index.html')}`,
    )
    expect(first).toContain(`response="${expected}"`)
  })
})

describe('what comes back', () => {
  test('the body’s element is read by local name, whatever its prefix', () => {
    const reply = readReply(
      envelope(
        '<tptz:GetPresetsResponse><tptz:Preset token="1.0"><tt:Name>A &amp; B &#163;</tt:Name></tptz:Preset>' +
          '<tptz:Preset token="20000000000000000001"/></tptz:GetPresetsResponse>',
      ),
    )
    if (reply.kind !== 'body') throw new Error(reply.words)
    const presets = elementsIn(reply.element, 'Preset')
    expect(presets.map((preset) => attributeIn(preset, 'token'))).toEqual(['1.0', '20000000000000000001'])
    expect(presets[0] && textIn(presets[0], 'Name')).toBe('A & B £')
    expect(presets[1] && textIn(presets[1], 'Name')).toBeNull()
  })
  test('a missing number stays missing', () => {
    const reply = readReply(envelope('<a><b x="" y="0.5"/></a>'))
    const b = reply.kind === 'body' ? elementIn(reply.element, 'b') : null
    expect(b && numberIn(b, 'x')).toBeNull()
    expect(b && numberIn(b, 'y')).toBe(0.5)
    expect(b && numberIn(b, 'z')).toBeNull()
  })
  test('a fault keeps its codes and its words', () => {
    const fault = readReply(
      envelope(
        '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode>' +
          '</s:Code><s:Reason><s:Text xml:lang="en">No</s:Text></s:Reason></s:Fault>',
      ),
    )
    expect(fault).toEqual({ kind: 'fault', code: 's:Sender ter:NotAuthorized', words: 'No' })
  })
  test.each([
    ['nothing', '', /empty/],
    ['an XML bomb', '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', /document type/],
    ['deep nesting', envelope('<a>'.repeat(100) + '</a>'.repeat(100)), /nested/],
    [
      'a flood of xmlns',
      envelope(`<a ${Array.from({ length: 30_000 }, (_, i) => `xmlns:n${i}="u"`).join(' ')}/>`),
      /attributes/,
    ],
    ['a flood of elements', envelope('<a/>'.repeat(30_000)), /elements/],
    ['elements that never end', `${'<a'.repeat(490_000)}/>`, /no SOAP body|not XML|nested|elements|never ends/],
    ['a web page', '<html><body>Welcome</body></html>', /web page/],
  ])('%s is refused without being parsed for long', (_, xml, words) => {
    expect(readReply(xml)).toMatchObject({ kind: 'nonsense', words: expect.stringMatching(words) })
  })
})

describe('where a camera may send us', () => {
  const configured = new URL('http://10.0.4.12/onvif/device_service')
  const names: Record<string, string[]> = {
    'cam.town.example': ['10.0.4.12', '10.0.4.99'],
    'elsewhere.example': ['10.0.4.13'],
  }
  const pin = (uri: string, base = configured, nat = false) =>
    pinStream(uri, { base, nat, lookUp: async (name) => names[name] ?? [] })
  test('its own host is followed, without credentials in the address', async () => {
    expect((await pin('rtsp://admin:x@10.0.4.12:554/s?a=1&b=2')).url?.href).toBe('rtsp://10.0.4.12:554/s?a=1&b=2')
  })
  test.each([
    'rtsp://169.254.169.254/x',
    'rtsp://10.0.4.13/x',
    'rtsp://elsewhere.example/x',
    'rtsp://unknown.example/x',
    'file:///etc/passwd',
    'http://10.0.4.12/x',
    'nonsense',
  ])('%s is not followed', async (uri) => {
    expect(await pin(uri)).toMatchObject({ url: null, problem: expect.stringMatching(/only 10\.0\.4\.12|not RTSP/) })
  })
  test(
    'an address that the site file’s name leads to is its own; a name that ' +
      'leads to the site file’s address is written as that',
    async () => {
      expect((await pin('rtsp://10.0.4.99/s', new URL('http://cam.town.example/onvif'))).url?.href).toBe(
        'rtsp://10.0.4.99/s',
      )
      expect((await pin('rtsp://cam.town.example:8554/s')).url?.href).toBe('rtsp://10.0.4.12:8554/s')
    },
  )
  test('behind a NAT the configured host stands in the place of its own, with the port that it names', async () => {
    expect((await pin('rtsp://192.168.1.4:8554/s', configured, true)).url?.href).toBe('rtsp://10.0.4.12:8554/s')
  })
  test.each([
    ['http://10.0.4.12/onvif/ptz?channel=3', '/onvif/ptz?channel=3'],
    ['http://10.0.4.12:8081/onvif/ptz', 'http://10.0.4.12:8081/onvif/ptz'],
    ['http://192.168.1.4:8081/onvif/ptz', '/onvif/ptz'],
    ['https://10.0.4.12/onvif/ptz', '/onvif/ptz'],
    ['/onvif/ptz', '/onvif/ptz'],
    ['file:///etc/passwd', null],
  ])('its service at %s is asked at %s of the configured host', (named, pinned) =>
    expect(pinService(named, configured)).toBe(pinned),
  )
})
