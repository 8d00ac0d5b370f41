/** Networks as people write them. */
import { describe, expect, test } from 'vitest'
import { isInNetworks, networkOf, networkProblem } from '../../server/tools/networks.ts'

describe('a network of the site file', () => {
  test.each(['10.0.4.0/24', '10.0.4.7/32', '0.0.0.0/0', 'fd00::/8', '2001:db8::1/128'])('%s is one', (network) =>
    expect(networkProblem(network)).toBeNull(),
  )
  test.each([
    '10.0.4.0',
    '10.0.4.0/33',
    '10.0.4.0/',
    '10.0.4/24',
    'fd00::/129',
    'camera.example/24',
    '/24',
    '10.0.4.0/2 4',
    '',
  ])('%j is none', (network) => expect(networkProblem(network)).toContain(`"${network}" is no network`))
  test.each([
    ['10.0.4.255', true],
    ['10.0.5.0', false],
    ['::ffff:10.0.4.9', true],
    ['fd00::1', true],
    ['fe80::1', false],
    ['camera.example', false],
    ['', false],
  ])('%s is inside: %s', (address, inside) => expect(isInNetworks(address, ['10.0.4.0/24', 'fd00::/8'])).toBe(inside))
  test('none has nobody inside', () => expect(isInNetworks('10.0.4.1', [])).toBe(false))
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['2001:0DB8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s counts as %s: whoever has an IPv6 line has 2^64 addresses', (address, network) =>
  expect(networkOf(address)).toBe(network),
)
