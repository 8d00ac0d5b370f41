/** What the engines of the edge are told: the same site gives the same text, and nothing secret is in it. */
import { describe, expect, test } from 'vitest'
import { type EdgeSite, edgeConfig, mediaOptions, tlsConfig } from '../../server/call/edge/edge-config.ts'
import { usersIn } from '../../server/call/edge/edge-run.ts'
import { edgeSocketPath } from '../../server/call/edge/edge-socket.ts'
import type { EdgeListen } from '../../server/glossary/call.ts'

const PLACES = { door: 5561, media: 2523, folder: '/data/edge' }
const SITE = {
  listen: [
    { transport: 'udp', address: '10.0.0.5:5060' },
    { transport: 'tcp', address: '10.0.0.5:5060' },
  ] as EdgeListen[],
  mediaPorts: { from: 20_000, to: 20_999 },
  trusted: ['10.9.0.2'],
  desk: 'sip:desk@10.0.0.9',
  noAnswerMs: 30_000,
  trunk: null as EdgeSite['trunk'],
  pbx: null as EdgeSite['pbx'],
}
const TLS: EdgeListen = { transport: 'tls', address: '[fd00::5]:5061', certificate: '/etc/a.pem', key: '/etc/a.key' }
const config = (change: Partial<typeof SITE> = {}): string => edgeConfig({ ...SITE, ...change }, PLACES, 'secret1')

describe('kamailio’s configuration', () => {
  test('listens where the site says, and at its own door on loopback alone', () =>
    expect(config().match(/^listen=.*$/gm)).toEqual([
      'listen=udp:10.0.0.5:5060',
      'listen=tcp:10.0.0.5:5060',
      'listen=tcp:127.0.0.1:5561',
    ]))
  test('loads TLS where a listener has it, and not otherwise', () => {
    expect(config()).not.toContain('tls.so')
    const text = config({ listen: [...SITE.listen, TLS] })
    expect(text).toContain('listen=tls:[fd00::5]:5061')
    expect(text).toContain('modparam("tls", "config", "/data/edge/tls.cfg")')
    expect([tlsConfig(SITE.listen), tlsConfig([TLS])]).toEqual([
      '',
      expect.stringContaining('certificate = "/etc/a.pem"\nprivate_key = "/etc/a.key"'),
    ])
  })
  test('asks for a help point’s certificate where an authority is named that vouches for it, and nowhere else', () => {
    const vouched = { ...TLS, clients: '/etc/ca.pem' }
    expect(tlsConfig([TLS])).toContain('verify_certificate = no')
    expect(tlsConfig([vouched])).toContain(
      'verify_certificate = yes\nrequire_certificate = no\ncertificate = "/etc/a.pem"\n' +
        'private_key = "/etc/a.key"\nca_list = "/etc/ca.pem"\n',
    )
    expect(config({ listen: [TLS] })).not.toContain('tls_peer')
    expect(config({ listen: [vouched] })).toContain('if ($pr == "tls" && $tls_peer_verified == 1)')
    expect(() => tlsConfig([{ ...TLS, clients: '/etc/a\nb' }])).toThrow('cannot stand in')
  })
  test('counts nobody’s requests as a flood whom the site trusts', () => {
    expect(config()).toContain('if ($Rp != 5561 && $si != "10.9.0.2" && !pike_check_req())')
    expect(config({ trusted: [] })).toContain('if ($Rp != 5561 && !pike_check_req())')
  })
  test('waits for a ring a little longer than Lamppost lets it ring, and no longer', () =>
    expect(config()).toContain('t_set_fr(35000, 2000)'))
  test('lets nothing in that belongs to no call', () => {
    const [, inDialog = ''] = /route\[IN_DIALOG\] \{([\s\S]*?)\n\}/.exec(config()) ?? []
    expect(inDialog.indexOf('is_known_dlg()')).toBeLessThan(inDialog.indexOf('rtpengine'))
    expect(inDialog.indexOf('is_known_dlg()')).toBeGreaterThan(0)
  })
  test('goes on to the desk', () => expect(config()).toContain('$ru = "sip:desk@10.0.0.9";'))
  test('takes our own headers from nobody outside', () => {
    const [, press = ''] = /route\[OFFERED\] \{([\s\S]*?)\n\}/.exec(config()) ?? []
    expect(press.indexOf('remove_hf_re("^X-Lamppost-")')).toBeLessThan(press.indexOf('append_hf'))
    expect(press.indexOf('remove_hf_re')).toBeGreaterThanOrEqual(0)
  })
  test.each(['sip:a"; exec("x', 'sip:a\\b@c', 'sip:a@b\n', 'sip:$ru@b', 'sip:a@b#!define'])(
    'takes no text that would end its sentence: %j',
    (desk) => expect(() => config({ desk })).toThrow('cannot stand in'),
  )
})

describe('rtpengine', () => {
  test('has the ports that the site says, on the address that help points reach', () =>
    expect(mediaOptions(SITE, PLACES)).toEqual(
      expect.arrayContaining([
        '--interface=10.0.0.5',
        '--port-min=20000',
        '--port-max=20999',
        '--listen-ng=127.0.0.1:2523',
        // And no door of the distribution's own file.
        '--config-file=none',
      ]),
    ))
})

describe('the edge', () => {
  test('knows who is registered, wherever kamailio says it, and does not count Lamppost', () =>
    expect(
      usersIn({
        Domains: [{ Domain: { AoRs: [{ Info: { AoR: 'hp02' } }, { Info: { AoR: 'lamppost' } }, { AoR: 'hp01@x' }] } }],
      }),
    ).toEqual(['hp01', 'hp02']))
  test('has nobody registered where kamailio says nothing', () => expect(usersIn(null)).toEqual([]))
  test('has its socket in the data folder, or in a short place where that path is too long', () => {
    expect(edgeSocketPath('/data')).toBe('/data/edge.sock')
    const long = `/${'x'.repeat(120)}`
    expect(Buffer.byteLength(edgeSocketPath(long))).toBeLessThan(100)
    expect(edgeSocketPath(long)).toBe(edgeSocketPath(long))
    expect(edgeSocketPath(long)).not.toBe(edgeSocketPath(`${long}y`))
  })
})

describe('the edge beside a PBX', () => {
  const pbx = { host: 'pbx.example', port: 5070, transport: 'tcp', ca: null } as const
  test('knows its calls by a name of each start, and by no other', () => {
    const text = config({ pbx })
    const [, name = ''] = /\$rU == "(px\w+)"/.exec(text) ?? []
    expect(name).toMatch(/^px.{6,}$/)
    expect(text).toContain(`sip:${name}@10.0.0.5:5060;transport=tcp`)
    expect(edgeConfig({ ...SITE, pbx }, PLACES, 'another secret')).not.toContain(name)
    expect(text).toContain('$ru = "sip:pbx.example:5070;transport=tcp"')
  })
  test('without one has none of it', () => expect(config()).not.toMatch(/PBX\]|X-Lamppost-By/))
})
