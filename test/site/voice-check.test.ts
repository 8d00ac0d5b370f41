/** What a site file may say of voice, and what is refused by line and key. */
import { describe, expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'

const VOICE = 'voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }] }, desk: "sip:desk@10.0.0.9" }'
const VOUCHED =
  'voice: { edge: { listen: [{ tls: "10.0.0.5:5061", certificate: file:/a, key: file:/b, clients: file:/ca }, ' +
  '{ udp: "10.0.0.5:5060" }] }, ' +
  'desk: "sip:desk@10.0.0.9" }'
const town = (voice: string, ...sources: string[]): string =>
  [
    'site: { id: town, name: Town, timezone: Europe/London }',
    'helpPoints:',
    ...sources.map(
      (source, i) => `  - { id: hp-${i}, name: P${i}, location: { lat: 54, lon: -1 }, sources: [${source}] }`,
    ),
    'cameras: []',
    voice,
  ].join('\n')
const read = (text: string) =>
  readSite(text, (reference) => ({ value: reference.startsWith('${') ? 'a secret of the test' : reference }))
const problems = (text: string): string[] =>
  read(text).problems.map(({ line, key, problem }) => `${line} ${key}: ${problem}`)

describe('a site with voice', () => {
  test('has an edge, a desk, and defaults for the rest', () =>
    expect(read(town(VOICE, '{ sip: { user: hp01, password: "${HP01}", from: [10.1.2.3] } }')).site).toMatchObject({
      voice: {
        edge: { listen: [{ transport: 'udp', address: '10.0.0.5:5060' }], mediaPorts: null, trusted: [] },
        answer: 'operator',
        desk: 'sip:desk@10.0.0.9',
        noAnswerMs: 30_000,
        recorded: true,
      },
      helpPoints: [{ sip: { user: 'hp01', password: 'a secret of the test', from: ['10.1.2.3'] } }],
    }))
  test('may say all of it', () =>
    expect(
      read(
        town(
          'voice: { edge: { listen: [{ tls: "10.0.0.5:5061", certificate: file:/a, key: file:/b }], media: 20000-20999, ' +
            'trusted: [10.9.0.2] }, desk: "sips:desk@pbx.example;transport=tls", answer: at-once, noAnswer: 1m, recorded: false }',
          '{ http: {} }',
        ),
      ).site?.voice,
    ).toEqual({
      edge: {
        listen: [{ transport: 'tls', address: '10.0.0.5:5061', certificate: '/a', key: '/b' }],
        mediaPorts: { from: 20_000, to: 20_999 },
        trusted: ['10.9.0.2'],
      },
      answer: 'at-once',
      desk: 'sips:desk@pbx.example;transport=tls',
      noAnswerMs: 60_000,
      recorded: false,
      announcement: [],
      phrases: [],
      trunk: null,
      pbx: null,
    }))
  test('and one without has none', () =>
    expect(read(town('', '{ http: {} }')).site).toMatchObject({ voice: null, helpPoints: [{ sip: null }] }))
})

test('a certificate is proof enough, in small letters, and an address beside it may be another help point’s as well', () => {
  const { site, problems: found } = read(
    town(
      VOUCHED,
      '{ sip: { user: a, certificate: HP03.Street.example, from: [10.0.0.1] } }',
      '{ sip: { user: b, from: [10.0.0.1] } }',
    ),
  )
  expect(found).toEqual([])
  expect(site).toMatchObject({
    voice: { edge: { listen: [{ clients: '/ca' }, {}] } },
    helpPoints: [
      { sip: { user: 'a', password: null, certificate: 'hp03.street.example', from: ['10.0.0.1'] } },
      { sip: { user: 'b', password: null, certificate: null, from: ['10.0.0.1'] } },
    ],
  })
})

describe('is refused, with line and key:', () => {
  const sip = (...fields: string[]): string => `{ sip: { ${fields.join(', ')} } }`
  test.each([
    [
      'two help points with one user',
      town(VOICE, sip('user: a', 'from: [10.0.0.1]'), sip('user: a', 'from: [10.0.0.2]')),
      /^4 .*user: the help point "hp-0" has this user, too/,
    ],
    ['neither a password nor an address', town(VOICE, sip('user: a')), /^3 .*sip: anybody could call by this name/],
    [
      'an address that two help points are known by',
      town(VOICE, sip('user: a', 'from: [10.0.0.1]'), sip('user: b', 'from: [10.0.0.1]')),
      /^4 .*from\.0: the help point "hp-0"/,
    ],
    [
      'an address that is none',
      town(VOICE, sip('user: a', 'from: [10.0.0.1.2]')),
      /^3 .*from\.0: 10\.0\.0\.1\.2 is no IP address/,
    ],
    ['a name of Lamppost’s own', town(VOICE, sip('user: lamppost', 'from: [10.0.0.1]')), /a name of Lamppost’s own/],
    [
      'a certificate for which no authority vouches',
      town(VOICE, sip('user: a', 'certificate: a.example')),
      /^3 .*certificate: no authority vouches for it/,
    ],
    [
      'a certificate that two help points have, in whatever letters',
      town(VOUCHED, sip('user: a', 'certificate: a.example'), sip('user: b', 'certificate: A.Example')),
      /^4 .*certificate: the help point "hp-0" has this certificate, too/,
    ],
    ...['clients', 'certificate', 'key'].map((field): [string, string, RegExp] => [
      `a path of ${field} that depends on where somebody stands`,
      town(VOUCHED.replace(new RegExp(`${field}: file:/`), `${field}: file:`), sip('user: a', 'from: [10.0.0.1]')),
      new RegExp(`voice.edge.listen.0.${field}: write the whole path`),
    ]),
    [
      'a second tls listener, whose files would count for nothing',
      town(
        VOUCHED.replace(
          '{ udp: "10.0.0.5:5060" }',
          '{ tls: "10.0.0.5:5062", certificate: file:/c, key: file:/d }',
        ).replace('sip:desk@10.0.0.9', 'sips:desk@10.0.0.9'),
        sip('user: a', 'from: [10.0.0.1]'),
      ),
      /listen\.1\.tls: there is a tls listener already/,
    ],
    ...[
      ['sip:desk@10.0.0.9', 'tcp', 'UDP'],
      ['sip:desk@10.0.0.9;transport=TCP', 'udp', 'TCP'],
      ['sips:desk@10.0.0.9', 'udp', 'TLS'],
      ['sip:desk@10.0.0.9;transport=tls', 'tcp', 'TLS'],
    ].map(([desk = '', listener = '', wanted = '']): [string, string, RegExp] => [
      `a desk that no listener can call (${desk} by ${listener})`,
      town(
        `voice: { edge: { listen: [{ ${listener}: "10.0.0.5:5060" }] }, desk: "${desk}" }`,
        sip('user: a', 'from: [10.0.0.1]'),
      ),
      new RegExp(`voice.desk: it is called over ${wanted}, and no listener of the edge has that`),
    ]),
    ['a password that stands in the file', town(VOICE, sip('user: a', 'password: hunter2')), /password/],
    [
      'a help point that telephones where nobody answers',
      town('', sip('user: a', 'from: [10.0.0.1]')),
      /there is nobody to call/,
    ],
    [
      'two names of one help point',
      town(VOICE, `${sip('user: a', 'from: [10.0.0.1]')}, ${sip('user: b', 'from: [10.0.0.2]')}`),
      /telephones by one name/,
    ],
    [
      'an edge without a desk',
      town('voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }] } }', '{ http: {} }'),
      /^5 voice: desk is missing/,
    ],
    [
      'a public address without TLS',
      town('voice: { edge: { listen: [{ udp: "81.2.3.4:5060" }] }, desk: "sip:d@10.0.0.9" }', '{ http: {} }'),
      /^5 .*udp: this address is reached from anywhere/,
    ],
    [
      'every address of the machine without TLS',
      town('voice: { edge: { listen: [{ udp: "0.0.0.0:5060" }] }, desk: "sip:d@10.0.0.9" }', '{ http: {} }'),
      /write that/,
    ],
    [
      'an address that sound does not go by',
      town(
        'voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }, { tcp: "10.0.0.6:5060" }] }, desk: "sip:d@10.0.0.9" }',
        '{ http: {} }',
      ),
      /all listeners have one address/,
    ],
    [
      'no IP address',
      town('voice: { edge: { listen: [{ udp: "999.0.0.5:5060" }] }, desk: "sip:d@10.0.0.9" }', '{ http: {} }'),
      /999\.0\.0\.5 is no IP address/,
    ],
    [
      'a port that there is not',
      town('voice: { edge: { listen: [{ udp: "10.0.0.5:70000" }] }, desk: "sip:d@10.0.0.9" }', '{ http: {} }'),
      /no such port/,
    ],
    [
      'media ports the wrong way round',
      town(
        'voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }], media: 20999-20000 }, desk: "sip:d@10.0.0.9" }',
        '{ http: {} }',
      ),
      /at least 20 ports/,
    ],
    [
      'a desk that would end a sentence of the edge',
      town(VOICE.replace('sip:desk@10.0.0.9', 'sip:a@b\\"; exit'), '{ http: {} }'),
      /desk/,
    ],
    ['a second to answer in', town(VOICE.replace('desk:', 'noAnswer: 1s, desk:'), '{ http: {} }'), /less than 5s/],
  ])('%s', (_, text, words) => expect(problems(text).join('\n')).toMatch(words))
  test('a public address is fine with TLS beside it, or where the site names whom it trusts', () => {
    const listen = (more: string, trusted = ''): string =>
      town(
        `voice: { edge: { listen: [{ udp: "81.2.3.4:5060" }${more}]${trusted} }, desk: "sip:d@10.0.0.9" }`,
        '{ http: {} }',
      )
    expect(problems(listen(', { tls: "81.2.3.4:5061", certificate: file:/a, key: file:/b }'))).toEqual([])
    expect(problems(listen('', ', trusted: [10.9.0.2]'))).toEqual([])
  })
})

describe('how the room speaks with a help point', () => {
  const SOURCE = 'sources: [{ sip: { user: hp01, password: "${HP01}" } }]'
  const of = (...lines: string[]): string =>
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      'helpPoints:',
      '  - id: bar',
      '    name: Bar',
      '    location: { lat: 54, lon: -1 }',
      ...lines.map((line) => `    ${line}`),
      'cameras: []',
      VOICE,
    ].join('\n')
  test('is called by the name that it registers by, and heard as much louder as the file says', () => {
    const user = /user: (hp\d+)/.exec(SOURCE)?.[1] ?? ''
    expect(read(of(SOURCE, `voice: { call: "sip:${user}", gain: -6 }`)).site?.helpPoints[0]?.voice.gain).toBe(-6)
  })
  test('is as it asks to be when the file says nothing', () =>
    expect(read(of(SOURCE)).site?.helpPoints[0]?.voice).toEqual({
      gain: 0,
      autoAnswer: null,
      pushToTalk: false,
      keys: {},
      drill: 'never',
    }))
  test.each([
    ['true', '"04:30"', 'at-night'],
    ['true', '"23:00"', 'at-night'],
    ['at-any-hour', '"12:00"', 'at-any-hour'],
    ['false', '"12:00"', 'never'],
  ])('is tried by a tone: %s at %s is %s', (drill, daily, is) => {
    const text = of(
      SOURCE,
      `voice: { autoAnswer: true, pushToTalk: true, drill: ${drill} }`,
      `drill: { daily: ${daily} }`,
    )
    expect(read(text).site?.helpPoints[0]?.voice).toEqual({
      gain: 0,
      autoAnswer: true,
      pushToTalk: true,
      keys: {},
      drill: is,
    })
  })
  test.each([
    ['voice: { autoAnswer: true }', 'sources: [{ http: {} }]', /does not telephone/],
    ['voice: { drill: true }', `${SOURCE}\n    drill: { daily: "04:30" }`, /answers by itself.*autoAnswer: true/],
    ['voice: { autoAnswer: true, drill: true }', SOURCE, /after its daily drill/],
    [
      'voice: { autoAnswer: true, drill: true }',
      `${SOURCE}\n    drill: { daily: "07:00" }`,
      /the street hears the tone, and its drill is at 07:00/,
    ],
    ['voice: { drill: noon }', SOURCE, /voice/],
    ['voice: { call: "sip:hp99" }', SOURCE, /the edge calls what registers there, and that is sip:hp/],
    ['voice: { call: hp01 }', SOURCE, /call/],
    ['voice: { gain: 13 }', SOURCE, /gain/],
    ['voice: { autoanswer: true }', SOURCE, /autoanswer/],
  ])('%s is refused where it cannot be so', (voice, more, words) =>
    expect(problems(of(voice, more)).join('\n')).toMatch(words),
  )
})

describe('what callers are played', () => {
  const withVoice = (more: string): string =>
    town(`voice: { edge: { listen: [{ udp: "10.0.0.5:5060" }] }, desk: "sip:desk@10.0.0.9", ${more} }`, '{ http: {} }')
  test('is the site’s own, by language', () =>
    expect(
      read(
        withVoice(
          'announcement: { cy: "file:/a.cy.wav", en: "file:/a.en.wav" }, ' +
            'phrases: [{ id: hub, name: Number Forty, say: { en: "file:/hub.wav" } }]',
        ),
      ).site?.voice,
    ).toMatchObject({
      announcement: [
        { language: 'cy', file: '/a.cy.wav' },
        { language: 'en', file: '/a.en.wav' },
      ],
      phrases: [{ id: 'hub', name: 'Number Forty', say: [{ language: 'en', file: '/hub.wav' }] }],
    }))
  test.each([
    ['announcement: { en: "file:a.wav" }', /voice\.announcement\.en: write the whole path/],
    ['announcement: { english: "file:/a.wav" }', /voice\.announcement/],
    ['phrases: [{ id: a, name: A, say: {} }]', /voice\.phrases\.0\.say: it is said in no language/],
    [
      'phrases: [{ id: a, name: A, say: { en: "file:/a" } }, { id: a, name: B, say: { en: "file:/b" } }]',
      /voice\.phrases\.1\.id: another phrase has this id/,
    ],
  ])('%s is refused', (more, words) => expect(problems(withVoice(more)).join('\n')).toMatch(words))
})

describe('a PBX', () => {
  const withPbx = (pbx: string, source: string, more = ''): string =>
    town(
      `voice: { edge: { listen: [{ tcp: "10.0.0.5:5060" }] }, desk: "sip:desk@10.0.0.9;transport=tcp"${more}${pbx} }`,
      source,
    )
  const PBX = ', pbx: { registrar: "sip:pbx.example:5070;transport=tcp", user: "700", password: "${P}" }'
  test('brings the calls of its extensions, and vouches for their numbers', () =>
    expect(read(withPbx(PBX, '{ sip: { user: "2001", via: pbx } }', ', answer: never')).site).toMatchObject({
      voice: {
        answer: 'never',
        pbx: { host: 'pbx.example', port: 5070, transport: 'tcp', user: '700', password: 'a secret of the test' },
      },
      helpPoints: [{ sip: { user: '2001', password: null, byPbx: true } }],
    }))
  test.each([
    ['', '{ sip: { user: "2001", via: pbx } }', '', /sources\.0\.sip\.via: there is no PBX/],
    [PBX, '{ sip: { user: "2001", via: pbx, password: "${P}" } }', '', /the PBX vouches for it/],
    ['', '{ http: {} }', ', answer: never', /voice\.answer: nobody would answer/],
    [PBX.replace('transport=tcp', 'transport=udp'), '{ http: {} }', '', /pbx\.registrar: it is called over UDP/],
    [PBX.replace('tcp"', 'tls"'), '{ http: {} }', '', /voice\.pbx: ca is missing/],
    [PBX.replace('"${P}"', 'secret'), '{ http: {} }', '', /voice\.pbx\.password: must be written/],
  ])('%s with %s%s is refused', (pbx, source, more, words) =>
    expect(problems(withPbx(pbx, source, more)).join('\n')).toMatch(words),
  )
})

describe('a trunk', () => {
  const withTrunk = (trunk: string, contacts = '', listen = '{ udp: "10.0.0.5:5060" }'): string =>
    town(`voice: { edge: { listen: [${listen}] }, desk: "sip:desk@10.0.0.9", trunk: ${trunk} }`, '{ http: {} }') +
    (contacts === '' ? '' : `\ncontacts: [${contacts}]`)
  const POLICE = '{ id: police, name: Police, phone: "101", sip: "sip:101@trunk" }'
  const RESCUE = '{ id: rescue, name: Emergency, phone: "999", sip: "sip:999@trunk" }'

  test('is a host, its transport, and who pays', () =>
    expect(
      read(
        withTrunk(
          '{ to: "sip:trunk.example:5062;transport=tls", username: council, password: "${TRUNK}", ca: file:/ca.pem, ' +
            'callerId: "01325000000", address: "Town Hall" }',
          '',
          '{ tls: "10.0.0.5:5061", certificate: file:/a, key: file:/b }, { udp: "10.0.0.5:5060" }',
        ),
      ).site?.voice?.trunk,
    ).toEqual({
      host: 'trunk.example',
      port: 5062,
      transport: 'tls',
      username: 'council',
      password: 'a secret of the test',
      ca: '/ca.pem',
      callerId: '01325000000',
      address: 'Town Hall',
    }))
  test('brings contacts with a number into a call; an emergency number only with what will be seen there', () => {
    const telephones = (trunk: string): unknown =>
      read(withTrunk(trunk, `${POLICE}, ${RESCUE}, { id: hub, name: Hub, phone: "1" }`)).site?.contacts.map(
        ({ telephone }) => telephone,
      )
    expect(telephones('{ to: "sip:10.0.0.7" }')).toEqual([
      { number: '101', by: 'trunk', shows: null },
      { number: '999', by: 'desk', shows: null },
      null,
    ])
    expect(telephones('{ to: "sip:10.0.0.7", callerId: "01325000000", address: "Town Hall" }')).toEqual([
      { number: '101', by: 'trunk', shows: null },
      { number: '999', by: 'trunk', shows: { number: '01325000000', address: 'Town Hall' } },
      null,
    ])
  })
  test.each([
    ['{ to: "sip:trunk.example;transport=tcp" }', '', /5 voice\.trunk\.to: it is called over TCP, and no listener/],
    ['{ to: "sip:trunk.example;transport=tls" }', '', /5 voice\.trunk: ca is missing/],
    ['{ to: "sip:trunk.example:99999" }', '', /5 voice\.trunk\.to: there is no such port/],
    ['{ to: "sip:trunk.example", ca: "file:ca.pem" }', '', /5 voice\.trunk\.ca: write the whole path/],
    ['{ to: "sip:trunk.example", password: "${X}" }', '', /5 voice\.trunk\.password: it belongs to a username/],
    ['{ to: "sip:trunk.example", password: secret }', '', /5 voice\.trunk\.password: must be written/],
    ['{ to: "https://trunk.example" }', '', /5 voice\.trunk\.to/],
  ])('%s is refused by line and key', (trunk, contacts, words) =>
    expect(problems(withTrunk(trunk, contacts)).join('\n')).toMatch(words),
  )
  test.each(['9-9-9', '9.9.9', '+999', '9999', '1-1-2', '112', '911', '18000'])(
    'takes %s for an emergency number, however it is written',
    (number) =>
      expect(
        read(withTrunk('{ to: "sip:10.0.0.7" }', POLICE.replace('sip:101@', `sip:${number}@`))).site?.contacts[0]
          ?.telephone,
      ).toEqual({ number, by: 'desk', shows: null }),
  )
  test('that is missing is said of the contact that needs it', () =>
    expect(problems(`${town(VOICE, '{ http: {} }')}\ncontacts: [${POLICE}]`)).toEqual([
      expect.stringMatching(/contacts\.0\.sip: it is called by the trunk: add voice/),
    ]))
  test('is the only place that a contact’s number leads to', () =>
    expect(problems(withTrunk('{ to: "sip:trunk.example" }', POLICE.replace('@trunk', '@evil.example'))).length).toBe(
      1,
    ))
})

describe('the loudspeaker of a camera', () => {
  const withCamera = (camera: string, more = VOICE): string =>
    [
      'site: { id: town, name: Town, timezone: Europe/London }',
      'helpPoints:',
      '  - { id: bar, name: Bar, location: { lat: 54, lon: -1 } }',
      'cameras:',
      `  - { id: cam-1, name: Corner, speaker: onvif, ${camera} }`,
      more,
    ].join('\n')
  const ONVIF = 'onvif: { url: "http://10.0.4.1/onvif/device_service", username: a, password: "${HP01}" }'
  test('is reached by its stream', () => expect(read(withCamera(ONVIF)).site?.cameras[0]?.speaker).toBe('onvif'))
  test.each([
    ['of a town without voice', withCamera(ONVIF, ''), /nobody could speak there: the site file needs voice/],
    ['of a camera that pushes', withCamera('rtmp: { streamKey: "${HP01}" }'), /reached by the camera’s stream/],
    ['in a form that nobody has', withCamera(ONVIF).replace('speaker: onvif', 'speaker: loud'), /speaker/],
  ])('%s is refused', (_, text, words) => expect(problems(text).join('\n')).toMatch(words))
})
