/** What the engines write, as kamailio 5.6 wrote it: refusals, and what is wrong. */
import { expect, test } from 'vitest'
import { createEngineWords } from '../../server/call/edge/edge-words.ts'

function hear(...lines: string[]) {
  const refused: string[] = []
  const errors: string[] = []
  const words = createEngineWords({
    onRefused: ({ from, why }) => refused.push(`${from}: ${why}`),
    onError: (text) => errors.push(text),
  })
  for (const line of lines) words.line(line)
  return { refused, errors, last: words.last() }
}
const failed = (worker: string, from: string, ...reason: string[]): string[] => [
  ` ${worker} ERROR: tls [tls_server.c:1330]: tls_h_read_f(): protocol level error`,
  ...reason.map(
    (each) => ` ${worker} ERROR: tls [tls_util.h:50]: tls_err_ret(): TLS accept:error:0A000086:SSL routines::${each}`,
  ),
  ` ${worker} ERROR: tls [tls_server.c:1334]: tls_h_read_f(): src addr: ${from}`,
  ` ${worker} ERROR: tls [tls_server.c:1337]: tls_h_read_f(): dst addr: 10.0.0.5:5061`,
  ` ${worker} ERROR: <core> [core/tcp_read.c:1476]: tcp_read_req(): ERROR: tcp_read_req: error reading - c: 0x7f r: 0x7f (-1)`,
]

test('a refusal of the edge’s own is one, with its address and its reason', () =>
  expect(hear(' 3(12) NOTICE: <script>: REFUSED 10.1.2.3 wrong password')).toMatchObject({
    refused: ['10.1.2.3: wrong password'],
    errors: [],
  }))
test.each([
  ['certificate verify failed (sni: unknown)', 'a certificate that nobody vouches for (certificate verify failed)'],
  ['unsupported certificate', 'a certificate that nobody vouches for (unsupported certificate)'],
  ['tlsv1 alert unknown ca (sni: unknown)', 'it does not take the certificate of calls (tlsv1 alert unknown ca)'],
  ['unsupported protocol (sni: unknown)', 'its TLS does not fit (unsupported protocol)'],
])('a handshake that failed (%s) is one refusal, and fills no log', (reason, why) =>
  expect(hear(...failed('7(31279)', '10.1.2.3:45615', reason))).toEqual({
    refused: [`10.1.2.3: ${why}`],
    errors: [],
    last: '',
  }),
)
test('so is one of which no reason is given, and one over IPv6', () => {
  expect(hear(...failed('8(1)', '10.1.2.3:45615')).refused).toEqual(['10.1.2.3: its TLS handshake failed'])
  expect(hear(...failed('8(1)', '[fd00::7]:45615', 'no shared cipher')).refused).toEqual([
    '[fd00::7]: its TLS does not fit (no shared cipher)',
  ])
})
test('two workers that write at once are not mixed up', () => {
  const [a, b] = [
    failed('7(1)', '10.0.0.1:1', 'certificate verify failed'),
    failed('8(2)', '10.0.0.2:2', 'no shared cipher'),
  ]
  expect(hear(...a.flatMap((line, i) => [line, b[i] ?? ''])).refused).toEqual([
    '10.0.0.1: a certificate that nobody vouches for (certificate verify failed)',
    '10.0.0.2: its TLS does not fit (no shared cipher)',
  ])
})
test('an address without a failure before it is nobody’s refusal, and a failure is told once', () => {
  const lines = failed('7(1)', '10.0.0.1:1', 'certificate verify failed')
  expect(hear(...lines.slice(2), ...lines, ...lines.slice(2)).refused).toHaveLength(1)
})
test('what is wrong with an engine is told as it stands; the last of it is kept for whoever asks why it ended', () => {
  const first = ' 0(9) ERROR: <core> [main.c:1]: bind: Address already in use'
  const last = '[1796060115.414066] ERR: [control] Failed to open TCP control port'
  expect(hear(first, ' 0(9) INFO: <core>: all is well', last)).toEqual({ refused: [], errors: [first, last], last })
})
