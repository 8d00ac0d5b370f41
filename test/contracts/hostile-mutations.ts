/**
 * What a device sends, changed by a seed: bytes turned, cut off, doubled, put in; lengths that lie; other hosts
 * named; more than anybody wants. For trying what it does to others.
 */

import type { Random } from '../fakes/seeded-random.ts'

const below = (random: Random, most: number): number => Math.floor(random() * most)

/** Bytes of any protocol, changed a little. */
export const BYTE_MUTATIONS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => {
    const changed = Buffer.from(bytes)
    for (let left = 1 + below(random, 12); left > 0 && changed.length > 0; left -= 1)
      changed[below(random, changed.length)] = below(random, 256)
    return changed
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  (bytes, random) => {
    const from = below(random, bytes.length)
    const piece = bytes.subarray(from, from + below(random, 400))
    return Buffer.concat([
      bytes.subarray(0, from),
      ...Array.from({ length: 1 + below(random, 200) }, () => piece),
      bytes.subarray(from),
    ])
  },
  (bytes, random) => {
    const at = below(random, bytes.length)
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(Array.from({ length: below(random, 3000) }, () => below(random, 256))),
      bytes.subarray(at),
    ])
  },
  (bytes, random) =>
    Buffer.from(
      bytes
        .toString('latin1')
        .replaceAll(/\d+/g, (digits) =>
          random() < 0.15
            ? (['0', '-1', '4294967296', '99999999999999999999', '1e309', ''][below(random, 6)] ?? '')
            : digits,
        ),
      'latin1',
    ),
]

/** @param elsewhere host and port of a stranger, which nobody here has asked for */
export type HttpMutation = (
  answer: { head: string; body: Buffer },
  random: Random,
  elsewhere: string,
) => { bytes: Buffer; /** Repeats itself until the other side has enough, or so many bytes. */ endless?: number }
const told = (head: string, body: Buffer): { bytes: Buffer } => ({
  bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]),
})
const withLength = (head: string, length: string): string =>
  head.replace(/content-length: [^\r]*/i, `content-length: ${length}`)
export const HTTP_MUTATIONS: readonly HttpMutation[] = [
  ...BYTE_MUTATIONS.map(
    (mutate): HttpMutation =>
      ({ head, body }, random) =>
        told(withLength(head, String(mutate(body, random).length)), mutate(body, random)),
  ),
  ...BYTE_MUTATIONS.map((mutate): HttpMutation => ({ head, body }, random) => ({
    bytes: mutate(Buffer.concat([Buffer.from(head, 'latin1'), body]), random),
  })),
  ({ head, body }, random) =>
    told(withLength(head, ['0', '-5', '1', '99999999999', 'many', '10, 20'][below(random, 6)] ?? ''), body),
  ({ body }, random, elsewhere) =>
    told(
      `HTTP/1.1 ${[301, 302, 303, 307, 308][below(random, 5)]} Moved\r\n` +
        `location: http://${elsewhere}/onvif/device_service\r\ncontent-length: ${body.length}\r\n\r\n`,
      body,
    ),
  ({ head, body }, _, elsewhere) => {
    const changed = Buffer.from(body.toString('latin1').replaceAll(/127\.0\.0\.1:\d+/g, elsewhere), 'latin1')
    return told(withLength(head, String(changed.length)), changed)
  },
  ({ head }, random) => ({
    ...told(withLength(head, '99999999999'), Buffer.alloc(65_536, below(random, 256))),
    endless: 40_000_000,
  }),
  () => ({
    bytes: Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n'),
    endless: 20_000_000,
  }),
  ({ body }) =>
    told(
      `HTTP/1.1 200 OK\r\n${Array.from({ length: 3000 }, (_, i) => `x-${i}: ${i}\r\n`).join('')}content-length: ${body.length}\r\n\r\n`,
      body,
    ),
  (_, random) =>
    told(
      `HTTP/1.1 401 No\r\nwww-authenticate: Digest realm="${'x'.repeat(below(random, 5000))}", nonce=, ` +
        `qop="auth,,auth-int", algorithm=${['MD5', 'SHA-512-256', '', 'MD5-sess'][below(random, 4)]}\r\n` +
        `www-authenticate: Basic realm="x"\r\ncontent-length: 0\r\n\r\n`,
      Buffer.alloc(0),
    ),
  ({ head, body }, random) => {
    const deep = body
      .toString('latin1')
      .replace(/<\/[A-Za-z:]*Body>/, (end) => `${'<a>'.repeat(1 + below(random, 20_000))}${end}`)
    return told(withLength(head, String(deep.length)), Buffer.from(deep, 'latin1'))
  },
]
