/** What a site file says of voice: the edge, the desk, and who calls from where. Pure. */
import { BlockList, isIP } from 'node:net'
import type { EdgeListen, HelpPointVoice, Pbx, SipIdentity, SpokenFile, Trunk, VoiceSite } from '../../glossary/call.ts'
import { isNight } from '../../tools/local-time.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

type Complain = (path: Path, problem: string) => void
type Listener = NonNullable<SiteDocument['voice']>['edge']['listen'][number]

const DEFAULT_NO_ANSWER_MS = 30_000
/** A call that is not answered within a second is no call that a person can take. */
const LEAST_NO_ANSWER_MS = 5000
/** The edge's own names: whoever had one of them would be given the calls of others. */
const RESERVED = new Set(['lamppost', 'desk'])

/** Networks that nobody outside reaches (RFC 1918, 6598, 3927, 4193, 4291). */
const inside = new BlockList()
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const)
  inside.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
  ['::1', 128],
] as const)
  inside.addSubnet(net, bits, 'ipv6')

/** How a SIP address is called (RFC 3261 19.1.1, 19.1.2). */
export const transportOf = (address: string): EdgeListen['transport'] => {
  const said = /;transport=(udp|tcp|tls)\b/i.exec(address)?.[1]?.toLowerCase()
  return said === 'tcp' || said === 'tls' ? said : said === undefined && /^sips:/i.test(address) ? 'tls' : 'udp'
}
const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
const isInside = (host: string): boolean => inside.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')

function listenerOf(listener: Listener): EdgeListen {
  if ('udp' in listener) return { transport: 'udp', address: listener.udp }
  if ('tcp' in listener) return { transport: 'tcp', address: listener.tcp }
  const path = (text: string): string => text.slice('file:'.length)
  return {
    transport: 'tls',
    address: listener.tls,
    certificate: path(listener.certificate),
    key: path(listener.key),
    ...(listener.clients === undefined ? {} : { clients: path(listener.clients) }),
  }
}

function mediaPortsOf(text: string | undefined, complain: Complain): VoiceSite['edge']['mediaPorts'] {
  if (text === undefined) return null
  const [from = 0, to = 0] = text.split('-').map(Number)
  if (from < 1024 || to > 65_535 || to - from < 20)
    complain(['voice', 'edge', 'media'], 'a range of at least 20 ports between 1024 and 65535, the lower one first')
  return { from, to }
}

/** A SIP peer that the edge calls. @param at where its address stands */
function peerOf(
  address: string,
  ca: string | undefined,
  { at, whole, what }: { at: Path; whole: Path; what: string },
  listen: readonly EdgeListen[],
  complain: Complain,
): Pick<Trunk, 'host' | 'port' | 'transport' | 'ca'> {
  const transport = transportOf(address)
  const [, host = '', port] = /^sip:([^:;]+)(?::(\d+))?/.exec(address) ?? []
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) complain(at, 'there is no such port')
  if (!listen.some((each) => each.transport === transport))
    complain(
      at,
      `it is called over ${transport.toUpperCase()}, and no listener of the edge has that: add { ${transport}: … } to ` +
        'voice.edge.listen, or write another transport behind its address',
    )
  if (transport === 'tls' && ca === undefined)
    complain(whole, `ca is missing: the file of the authority (PEM) that vouches for ${what} over TLS`)
  if (ca !== undefined && !ca.startsWith('file:/'))
    complain([...whole, 'ca'], 'write the whole path, as in file:/etc/lamppost/trunk-ca.pem')
  return {
    host,
    port: port === undefined ? null : Number(port),
    transport,
    ca: ca?.slice('file:'.length) ?? null,
  }
}
/** @param refer reads a reference */
function trunkOf(
  { trunk }: NonNullable<SiteDocument['voice']>,
  listen: readonly EdgeListen[],
  refer: (path: Path, text: string) => string,
  complain: Complain,
): Trunk | null {
  if (!trunk) return null
  const whole: Path = ['voice', 'trunk']
  const place = { at: [...whole, 'to'], whole, what: 'the provider' }
  if (trunk.password !== undefined && trunk.username === undefined)
    complain([...whole, 'password'], 'it belongs to a username: add one')
  return {
    ...peerOf(trunk.to, trunk.ca, place, listen, complain),
    username: trunk.username ?? null,
    password: trunk.password === undefined ? null : refer([...whole, 'password'], trunk.password),
    callerId: trunk.callerId ?? null,
    address: trunk.address ?? null,
  }
}
/** @param refer reads a reference */
function pbxOf(
  { pbx, answer }: NonNullable<SiteDocument['voice']>,
  listen: readonly EdgeListen[],
  refer: (path: Path, text: string) => string,
  complain: Complain,
): Pbx | null {
  if (!pbx) {
    if (answer === 'never')
      complain(
        ['voice', 'answer'],
        'nobody would answer: never is for a site whose PBX rings other telephones (pbx: …)',
      )
    return null
  }
  const whole: Path = ['voice', 'pbx']
  const place = { at: [...whole, 'registrar'], whole, what: 'the PBX' }
  return {
    ...peerOf(pbx.registrar, pbx.ca, place, listen, complain),
    user: pbx.user,
    password: pbx.password === undefined ? null : refer([...whole, 'password'], pbx.password),
  }
}

function spokenFiles(files: Readonly<Record<string, string>>, at: Path, complain: Complain): SpokenFile[] {
  return Object.entries(files).map(([language, file]) => {
    if (!file.startsWith('file:/'))
      complain([...at, language], 'write the whole path, as in file:/etc/lamppost/waiting.en.wav')
    return { language, file: file.slice('file:'.length) }
  })
}

/** @param durationMs of a text like 30s. @param refer reads a reference */
export function voiceOf(
  { voice }: SiteDocument,
  durationMs: (text: string) => number,
  refer: (path: Path, text: string) => string,
  complain: Complain,
): VoiceSite | null {
  if (!voice) return null
  const listen = voice.edge.listen.map(listenerOf)
  for (const [i, { address, transport }] of listen.entries()) {
    const at: Path = ['voice', 'edge', 'listen', i, transport]
    const host = hostOf(address)
    if (isIP(host) === 0) complain(at, `${host} is no IP address`)
    else if (host === '0.0.0.0' || isIP(host) === 6)
      complain(at, 'sound needs the IPv4 address by which help points reach this machine: write that')
    else if (host !== hostOf(listen[0]?.address ?? ''))
      complain(at, 'all listeners have one address: sound goes by that one')
    else if (Number(address.slice(address.lastIndexOf(':') + 1)) > 65_535) complain(at, 'there is no such port')
    else if (
      transport !== 'tls' &&
      !isInside(host) &&
      !listen.some((other) => other.transport === 'tls') &&
      (voice.edge.trusted ?? []).length === 0
    )
      complain(
        at,
        'this address is reached from anywhere: add a tls listener, or name in trusted who may send much, or listen on an ' +
          'address inside',
      )
  }
  const secure = voice.edge.listen.flatMap((listener, i) => ('tls' in listener ? [{ listener, i }] : []))
  for (const { listener, i } of secure) {
    for (const field of ['certificate', 'key', 'clients'] as const)
      if (listener[field] !== undefined && !listener[field].startsWith('file:/'))
        complain(['voice', 'edge', 'listen', i, field], 'write the whole path, as in file:/etc/lamppost/edge.pem')
    if (i !== secure[0]?.i)
      complain(['voice', 'edge', 'listen', i, 'tls'], 'there is a tls listener already: all calls over TLS come by one')
  }
  const wanted = transportOf(voice.desk ?? '')
  if (voice.desk !== undefined && !listen.some(({ transport }) => transport === wanted))
    complain(
      ['voice', 'desk'],
      `it is called over ${wanted.toUpperCase()}, and no listener of the edge has that: add { ${wanted}: … }, or write ` +
        `;transport=${listen[0]?.transport} behind its address`,
    )
  if (voice.desk === undefined)
    complain(['voice'], 'desk is missing: the telephone that rings when Lamppost does not (desk: "sip:desk@10.0.0.9")')
  const noAnswerMs = voice.noAnswer === undefined ? DEFAULT_NO_ANSWER_MS : durationMs(voice.noAnswer)
  if (noAnswerMs < LEAST_NO_ANSWER_MS) complain(['voice', 'noAnswer'], 'nobody can take a call in less than 5s')
  return {
    edge: {
      listen,
      mediaPorts: mediaPortsOf(voice.edge.media, complain),
      trusted: voice.edge.trusted ?? [],
    },
    answer: voice.answer ?? 'operator',
    desk: voice.desk ?? '',
    noAnswerMs,
    recorded: voice.recorded ?? true,
    announcement: spokenFiles(voice.announcement ?? {}, ['voice', 'announcement'], complain),
    phrases: (voice.phrases ?? []).map(({ id, name, say }, i, all) => {
      if (all.findIndex((other) => other.id === id) !== i)
        complain(['voice', 'phrases', i, 'id'], 'another phrase has this id')
      if (Object.keys(say).length === 0) complain(['voice', 'phrases', i, 'say'], 'it is said in no language')
      return { id, name, say: spokenFiles(say, ['voice', 'phrases', i, 'say'], complain) }
    }),
    trunk: trunkOf(voice, listen, refer, complain),
    pbx: pbxOf(voice, listen, refer, complain),
  }
}

/** Whose calls come by which name, by help point in the file's order. @param refer reads a reference */
export function sipIdentities(
  { helpPoints, voice }: SiteDocument,
  refer: (path: Path, text: string) => string,
  complain: Complain,
): (SipIdentity | null)[] {
  const users = new Map<string, string>()
  const addresses = new Map<string, string>()
  const certificates = new Map<string, string>()
  const vouched = (voice?.edge.listen ?? []).some((listener) => 'tls' in listener && listener.clients !== undefined)
  return helpPoints.map(({ id, sources = [] }, i) => {
    const all = sources.flatMap((source, j) => {
      if (!('sip' in source)) return []
      const { user, password, certificate, from, via } = source.sip
      const at = (...path: Path): Path => ['helpPoints', i, 'sources', j, 'sip', ...path]
      if (!voice) complain(at(), 'there is nobody to call: the site file needs voice: { edge: …, desk: … }')
      if (RESERVED.has(user.toLowerCase())) complain(at('user'), `"${user}" is a name of Lamppost’s own`)
      const owner = users.get(user)
      if (owner !== undefined) complain(at('user'), `the help point "${owner}" has this user, too`)
      users.set(user, id)
      if (via !== undefined && voice && !voice.pbx)
        complain(at('via'), 'there is no PBX: add voice: { pbx: { registrar: "sip:…", user: … } }')
      if (via !== undefined && (password ?? certificate ?? from) !== undefined)
        complain(at(), 'the PBX vouches for it: leave password, certificate and from out')
      if (via === undefined && password === undefined && certificate === undefined && from === undefined)
        complain(
          at(),
          'anybody could call by this name: it needs a password, a certificate, or from with its addresses',
        )
      if (certificate !== undefined) {
        const other = certificates.get(certificate.toLowerCase())
        if (other !== undefined) complain(at('certificate'), `the help point "${other}" has this certificate, too`)
        certificates.set(certificate.toLowerCase(), id)
        if (voice && !vouched)
          complain(
            at('certificate'),
            'no authority vouches for it: the tls listener of voice.edge needs clients: file:… (PEM)',
          )
      }
      for (const [k, address] of (from ?? []).entries()) {
        if (isIP(address) === 0) complain(at('from', k), `${address} is no IP address`)
        const other = addresses.get(address)
        const alone = password === undefined && certificate === undefined
        if (alone && other !== undefined)
          complain(
            at('from', k),
            `the help point "${other}" is known by this address, too: one of them needs a password`,
          )
        if (alone) addresses.set(address, id)
      }
      return [
        {
          user,
          password: password === undefined ? null : refer(at('password'), password),
          certificate: certificate?.toLowerCase() ?? null,
          from: from ?? null,
          byPbx: via === 'pbx',
        },
      ]
    })
    if (all.length > 1) complain(['helpPoints', i, 'sources'], 'a help point telephones by one name')
    return all[0] ?? null
  })
}

/** How the room speaks with each help point, in the file's order. */
export function helpPointVoices({ helpPoints }: SiteDocument, complain: Complain): HelpPointVoice[] {
  return helpPoints.map(({ voice, sources = [], drill: daily }, i) => {
    const { autoAnswer = null, pushToTalk = false, keys = {}, drill = false, gain = 0 } = voice ?? {}
    const at = (...path: Path): Path => ['helpPoints', i, 'voice', ...path]
    const users = sources.flatMap((source) => ('sip' in source && source.sip.via !== 'pbx' ? [source.sip.user] : []))
    if (voice?.call !== undefined && !users.some((user) => voice.call === `sip:${user}`))
      complain(
        at('call'),
        `the edge calls what registers there, and that is ${users.map((user) => `sip:${user}`).join(', ') || 'nothing of it'}`,
      )
    if (voice && !sources.some((source) => 'sip' in source))
      complain(at(), 'it does not telephone: add sources: [{ sip: { user: …, password: … } }]')
    if (sources.some((source) => 'sip' in source && source.sip.via === 'pbx')) {
      if (drill !== false)
        complain(at('drill'), 'a help point behind the PBX cannot be called from here: leave drill out')
      if (autoAnswer === true)
        complain(at('autoAnswer'), 'a help point behind the PBX cannot be called from here: leave autoAnswer out')
    }
    if (drill !== false) {
      if (autoAnswer !== true) complain(at('drill'), 'only one that answers by itself can be tried: autoAnswer: true')
      if (!daily) complain(at('drill'), 'it is tried after its daily drill: drill: { daily: "04:30" }')
      else if (drill === true && !isNight(daily.daily))
        complain(
          at('drill'),
          `the street hears the tone, and its drill is at ${daily.daily}: move that between 23:00 and 07:00, or say at-any-hour`,
        )
    }
    return {
      gain,
      autoAnswer,
      pushToTalk,
      keys,
      drill: drill === true ? 'at-night' : drill === false ? 'never' : drill,
    }
  })
}
