import { expect, test } from 'vitest'
import { createRtspReader } from '../../server/tools/onvif-server/rtsp-messages.ts'
import { rtspDigest } from '../../server/tools/onvif-server/digest-check.ts'

const read = (...chunks: string[]): string[] => {
  const methods: string[] = []
  const reader = createRtspReader({
    onRequest: ({ method, body }) => methods.push(`${method}${body ? ` ${body}` : ''}`),
    onPacket: () => methods.push('packet'),
  })
  for (const chunk of chunks) reader(Buffer.from(chunk, 'latin1'))
  return methods
}
const request = (length: string): string => `OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: ${length}\r\n\r\n`

test('requests and packets are told apart, however they are split', () => {
  expect(read('OPTIONS * RTSP/1.0\r\n', 'CSeq: 1\r\n\r\n$\0\0\u0002ab', `${request('3')}abc`)).toEqual([
    'OPTIONS',
    'packet',
    'OPTIONS abc',
  ])
})
test.each(['x', '-52', '-1', '1e3', '1e12', '99999999', '0x10', ' ', 'NaN', '65537'])(
  'a body of the length %j is no request: it ends the connection, and does not go round for ever',
  (length) => expect(() => read(request(length))).toThrow('a body of no length'),
)
test('a header without end is refused, also when it comes at once', () => {
  expect(() => read('OPTIONS * RTSP/1.0\r\n' + 'a'.repeat(17_000))).toThrow('without end')
  expect(() => read(`OPTIONS * RTSP/1.0\r\nX: ${'a'.repeat(60_000)}\r\n\r\n`)).toThrow('without end')
})
test('a sign-in that is longer than any is not looked at', () => {
  const digest = rtspDigest({ realm: 'r', username: 'u', password: 'p' }, 'n')
  expect(digest.check(`Digest ${'a'.repeat(200_000)}`, 'DESCRIBE')).toBe('wrong')
})
