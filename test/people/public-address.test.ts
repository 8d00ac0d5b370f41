import { describe, expect, test } from 'vitest'
import {
  AT_THE_ROOT,
  isForwarded,
  isLoopback,
  isOwnOrigin,
  publicAddressOf,
  withoutBase,
} from '../../server/door/public-address.ts'
import { addressIn, baseOf } from '../../web-components/wall-client/server-base.ts'

describe('a request that changes something', () => {
  const from = (origin: string | undefined, more: Record<string, string> = {}) => ({
    host: 'room.example:8420',
    ...(origin === undefined ? {} : { origin }),
    ...more,
  })
  test.each([
    ['of our own page', from('http://room.example:8420'), true],
    ['of another port of this host', from('http://room.example:8080'), false],
    ['of another scheme of this host', from('https://room.example:8420'), false],
    ['of another host', from('http://evil.example'), false],
    ['of a page that hides where it is from', from('null'), false],
    ['of nonsense', from('room.example:8420'), false],
    ['of a program, which names none', from(undefined), true],
    ['of a page that names none, of another site', from(undefined, { 'sec-fetch-site': 'cross-site' }), false],
    ['of a page that names none, of another port', from(undefined, { 'sec-fetch-site': 'same-site' }), false],
    [
      'with a forwarded host, where no proxy is trusted',
      from('https://public.example', { 'x-forwarded-host': 'public.example', 'x-forwarded-proto': 'https' }),
      false,
    ],
  ])('%s', (_, headers, own) => expect(isOwnOrigin(headers, false, AT_THE_ROOT)).toBe(own))
  test('behind a proxy that is trusted has the origin that it names; with a public address that one', () => {
    const headers = {
      host: '127.0.0.1:8420',
      origin: 'https://public.example',
      'x-forwarded-host': 'public.example',
      'x-forwarded-proto': 'https',
    }
    expect(isOwnOrigin(headers, false, { ...AT_THE_ROOT, trustProxy: true })).toBe(true)
    // What stands before the proxy's own word came from the page's server, or from anybody.
    expect(
      isOwnOrigin(
        { ...headers, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example, public.example' },
        false,
        { ...AT_THE_ROOT, trustProxy: true },
      ),
    ).toBe(false)
    expect(
      isOwnOrigin(
        { host: '127.0.0.1:8420', origin: 'https://public.example' },
        false,
        publicAddressOf({ publicUrl: 'https://public.example/cctv/lamppost/' }),
      ),
    ).toBe(true)
    expect(
      isOwnOrigin(
        { host: '127.0.0.1:8420', origin: 'http://127.0.0.1:8420' },
        false,
        publicAddressOf({ publicUrl: 'https://public.example/' }),
      ),
    ).toBe(false)
  })
})

describe('a prefix of a host', () => {
  test('is named by either option, and taken off what a proxy passes on', () => {
    expect(publicAddressOf({ basePath: '/cctv/lamppost/' })).toEqual({
      basePath: '/cctv/lamppost',
      origin: null,
      trustProxy: false,
    })
    expect(publicAddressOf({ publicUrl: 'https://h.example/cctv/lamppost/', trustProxy: true })).toEqual({
      basePath: '/cctv/lamppost',
      origin: 'https://h.example',
      trustProxy: true,
    })
    const at = { basePath: '/cctv/lamppost' }
    for (const [passed, path] of [
      ['/cctv/lamppost/api/v1/site', '/api/v1/site'],
      ['/api/v1/site', '/api/v1/site'],
      ['/cctv/lamppost', '/'],
      ['/cctv/lamppost?a=1', '/?a=1'],
      ['/cctv/lamppostal', '/cctv/lamppostal'],
    ] as const)
      expect(withoutBase(passed, at)).toBe(path)
  })
  test.each([
    { basePath: 'cctv' },
    { basePath: '/a/../b' },
    { publicUrl: 'host' },
    { publicUrl: 'ftp://h/' },
    { publicUrl: 'https://h/?a' },
    { basePath: '/a', publicUrl: 'https://h/b/' },
  ])('%j is refused in words', (options) =>
    expect(() => publicAddressOf(options)).toThrow(/--(?:base-path|public-url)/),
  )
  test('is found by the module that was loaded from it, and not by one that was bundled elsewhere', () => {
    const page = 'https://h.example/cctv/lamppost/presets'
    expect(baseOf('', 'https://h.example/cctv/lamppost/lamppost.js', page)).toBe('/cctv/lamppost')
    expect(baseOf('', 'https://h.example/lamppost.js', page)).toBe('')
    expect(baseOf('', 'https://h.example/assets/bundle.js', page)).toBe('')
    expect(baseOf('', 'https://other.example/x/lamppost.js', page)).toBe('')
    expect(baseOf('https://other.example/x/', 'https://h.example/lamppost.js', page)).toBe('https://other.example/x')
  })
  test('is not put before a path twice', () => {
    expect(addressIn('/cctv/lamppost', '/api/v1/site')).toBe('/cctv/lamppost/api/v1/site')
    expect(addressIn('/cctv/lamppost', '/cctv/lamppost/api/v1/x.m3u8')).toBe('/cctv/lamppost/api/v1/x.m3u8')
    expect(addressIn('https://h.example/x', '/x/api/v1/x.m3u8')).toBe('https://h.example/x/api/v1/x.m3u8')
    expect(addressIn('', '/api/v1/site')).toBe('/api/v1/site')
  })
})

test('a request that a proxy passed on, and an address of this machine, are known', () => {
  expect([isForwarded({ 'x-forwarded-for': '1.2.3.4' }), isForwarded({ host: 'a' })]).toEqual([true, false])
  expect(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '127.evil'].map(isLoopback)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
