/**
 * A SIP telephone of the test's own, for what real ones do not send: forged headers, another's name, the same INVITE
 * four times. UDP, or TLS with a certificate of its own; digest by MD5. Real telephones (baresip, sipp) call in the tests beside it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type Socket, createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const random = (): string => randomBytes(6).toString('hex')

export type Caller = Awaited<ReturnType<typeof openCaller>>
export type Dial = {
  user: string
  password: string
  /** Whom it says it is; left out, its user. */
  from?: string
  headers?: readonly string[]
  call?: string
  /** Its description; '' for none. Left out: one that a plain telephone sends. */
  sdp?: string
  /** How often each INVITE is sent at once, over so many branches. */
  times?: number
  branches?: number
  /** Of a nonce that was used before. */
  nonce?: string
}

/** Files, PEM. */
export type OwnCertificate = { certificate: string; key: string }
type Line = { transport: 'UDP' | 'TLS'; port: number; send(text: string): void; close(): void }

async function openUdp(host: string, port: number, from: string, onMessage: (text: string) => void): Promise<Line> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, from, resolve))
  socket.on('message', (bytes) => onMessage(bytes.toString()))
  return {
    transport: 'UDP',
    port: socket.address().port,
    send: (text) => socket.send(text, port, host),
    close: () => socket.close(),
  }
}
/** @throws when the edge does not take the certificate: at the latest when it is spoken to */
async function openTls(
  { host, port, from }: { host: string; port: number; from: string },
  own: OwnCertificate | null,
  onMessage: (text: string) => void,
): Promise<Line> {
  const files = own ? { cert: readFileSync(own.certificate), key: readFileSync(own.key) } : {}
  const wire = connectTcp({ host, port, localAddress: from })
  const socket = connect({ socket: wire, rejectUnauthorized: false, ...files })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  let kept = ''
  socket
    .on('error', (error) => onMessage(`broken: ${error.message}`))
    .on('close', () => onMessage('broken: closed'))
    .on('data', (bytes) => {
      kept += bytes.toString()
      for (;;) {
        const head = kept.indexOf('\r\n\r\n')
        const length = Number(/^content-length:\s*(\d+)/im.exec(kept.slice(0, head))?.[1] ?? 0)
        if (head === -1 || kept.length < head + 4 + length) return
        onMessage(kept.slice(0, head + 4 + length))
        kept = kept.slice(head + 4 + length)
      }
    })
  return {
    transport: 'TLS',
    port: wire.localPort ?? 0,
    send: (text) => void socket.write(text),
    close: () => void socket.end(),
  }
}

const bound = (port: number): Promise<Socket | null> =>
  new Promise((done) => {
    const socket = createSocket('udp4')
    socket.once('error', () => done(null))
    socket.bind(port, '127.0.0.1', () => done(socket))
  })
/** An even port for sound, free with the two behind it: for its reports, and for sound that moves. */
async function freeMediaPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const any = await bound(0)
    const base = (any?.address().port ?? 0) & ~1
    any?.close()
    const all = await Promise.all([base, base + 1, base + 2].map(bound))
    for (const socket of all) socket?.close()
    if (base > 0 && all.every((socket) => socket !== null)) return base
  }
  throw new Error('no three ports in a row are free')
}

/**
 * @param edge host and port
 * @param from the address that it calls from
 * @param secure over TLS, with its own certificate or null for none; left out, over UDP
 */
export async function openCaller(edge: string, from = '127.0.0.1', secure?: OwnCertificate | null) {
  const [host = '', port = ''] = edge.split(':')
  const heard: string[] = []
  const waiting = new Set<() => void>()
  const hear = (text: string): void => {
    heard.push(text)
    for (const wake of waiting) wake()
  }
  const line =
    secure === undefined
      ? await openUdp(host, Number(port), from, hear)
      : await openTls({ host, port: Number(port), from }, secure, hear)
  const at = `${from}:${line.port}`
  const own = `${at}${secure === undefined ? '' : ';transport=tls'}`
  const { send, transport } = line
  const statusOf = (text: string): number => Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1] ?? 0)
  const header = (text: string, name: string): string =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(text)?.[1]?.trim() ?? ''

  async function answer(call: string, cseq: number, wanted: (status: number) => boolean, ms = 20_000) {
    const end = performance.now() + ms
    for (;;) {
      const found = heard.find(
        (each) =>
          wanted(statusOf(each)) && header(each, 'call-id') === call && header(each, 'cseq').startsWith(`${cseq} `),
      )
      if (found) return found
      const broken = heard.find((each) => each.startsWith('broken: '))
      if (broken) throw new Error(broken)
      if (performance.now() > end) throw new Error(`no such answer to ${call}: ${heard.map(statusOf).join(' ')}`)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          clearTimeout(late)
          resolve()
        }
        const late = setTimeout(wake, 250)
        waiting.add(wake)
      })
    }
  }
  /** Where it wants to hear; a test that listens binds it. */
  const media = await freeMediaPort()
  const body = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${media} RTP/AVP 8 0`,
    'a=rtpmap:8 PCMA/8000',
    '',
  ].join('\r\n')
  function request(
    method: string,
    cseq: number,
    dial: Dial,
    call: string,
    extra: readonly string[],
    branch = random(),
  ) {
    const { user, from = user, headers = [], sdp = body } = dial
    const text = method === 'INVITE' ? sdp : ''
    return [
      `${method} sip:control@${edge} SIP/2.0`,
      `Via: SIP/2.0/${transport} ${at};branch=z9hG4bK${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${from}@${edge}>;tag=${call.slice(0, 8)}`,
      `To: <sip:${method === 'REGISTER' ? from : 'control'}@${edge}>`,
      `Call-ID: ${call}`,
      `CSeq: ${cseq} ${method === 'ACK' ? 'ACK' : method}`,
      `Contact: <sip:${user}@${own}>`,
      ...headers,
      ...extra,
      ...(text === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(text)}`,
      '',
      text,
    ].join('\r\n')
  }
  function authorization(method: string, { user, password, nonce: used }: Dial, challenge: string): string {
    const nonce = used ?? /nonce="([^"]+)"/.exec(challenge)?.[1] ?? ''
    const [uri, cnonce] = [`sip:control@${edge}`, random()]
    const response = md5(
      `${md5(`${user}:lamppost:${password}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`,
    )
    return (
      `Authorization: Digest username="${user}", realm="lamppost", nonce="${nonce}", uri="${uri}", qop=auth, ` +
      `nc=00000001, cnonce="${cnonce}", response="${response}", algorithm=MD5`
    )
  }
  /**
   * Challenged, then with the answer; who is known without a password is not challenged.
   * @returns the call, the status that it came to, and the number of the request that it answers
   */
  async function ask(
    method: 'INVITE' | 'REGISTER',
    dial: Dial,
    wanted: (status: number) => boolean,
    patienceMs = 20_000,
  ) {
    const { call = random() + random(), times = 1, branches = 1 } = dial
    let challenge = ''
    if (dial.nonce === undefined) {
      send(request(method, 1, dial, call, [], `${call.slice(0, 8)}first`))
      const first = await answer(call, 1, (status) => status >= 180, patienceMs)
      challenge = header(first, 'www-authenticate')
      if (challenge === '') return { call, status: statusOf(first), nonce: '', text: first, cseq: 1 }
      if (method === 'INVITE') send(request('ACK', 1, dial, call, []))
    }
    const extra = [authorization(method, dial, challenge)]
    for (let branch = 0; branch < branches; branch += 1) {
      const text = request(method, 2, dial, call, extra, `${call.slice(0, 8)}${branch}`)
      for (let i = 0; i < times; i += 1) send(text)
    }
    const text = await answer(call, 2, wanted, patienceMs)
    return { call, status: statusOf(text), nonce: /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '', text, cseq: 2 }
  }
  /** A request in the dialog that the 200 has made. */
  function within(method: string, { user }: Dial, call: string, answered: string, cseq: number, sdp = ''): void {
    const all = (name: string): string[] =>
      [...answered.matchAll(new RegExp(`^${name}:[ \\t]*(.*)$`, 'gim'))].map(([, value = '']) => value.trim())
    const target = /<([^>]+)>/.exec(header(answered, 'contact'))?.[1] ?? ''
    send(
      [
        `${method} ${target} SIP/2.0`,
        `Via: SIP/2.0/${transport} ${at};branch=z9hG4bK${random()};rport`,
        'Max-Forwards: 70',
        ...all('record-route').map((route) => `Route: ${route}`),
        `From: ${header(answered, 'from')}`,
        `To: ${header(answered, 'to')}`,
        `Call-ID: ${call}`,
        `CSeq: ${cseq} ${method}`,
        `Contact: <sip:${user}@${own}>`,
        ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
        `Content-Length: ${Buffer.byteLength(sdp)}`,
        '',
        sdp,
      ].join('\r\n'),
    )
  }
  return {
    /** Until it rings, is answered, or is refused. */
    dial: (dial: Dial, wanted = (status: number): boolean => status >= 180) => ask('INVITE', dial, wanted),
    /** The same, sent once: 0 when nobody has answered within two seconds, as while the edge begins anew. */
    dialOnce: (dial: Dial): Promise<number> =>
      ask('INVITE', dial, (status) => status === 180 || status >= 400, 2000).then(
        ({ status }) => status,
        () => 0,
      ),
    media,
    /**
     * Says that a 200 has come, so that the line stays up; or, with BYE, that it is over.
     * @param answered the 200 as it came
     */
    inDialog(method: 'ACK' | 'BYE', dial: Dial, call: string, answered: string): void {
      within(method, dial, call, answered, method === 'ACK' ? 2 : 99)
    },
    /** Another description in the middle of the call. @returns what came to it */
    async again(dial: Dial, call: string, answered: string, cseq: number, sdp: string): Promise<string> {
      within('INVITE', dial, call, answered, cseq, sdp)
      const text = await answer(call, cseq, (status) => status >= 200)
      within('ACK', dial, call, answered, cseq)
      return text
    },
    register: (dial: Dial) => ask('REGISTER', dial, (status) => status >= 200),
    cancel(dial: Dial, call: string, cseq = 2): void {
      send(request('CANCEL', cseq, dial, call, [], `${call.slice(0, 8)}${cseq === 1 ? 'first' : '0'}`))
    },
    /** What came to a request of its; the status decides. */
    answer,
    send,
    heard: (): number[] => heard.map(statusOf),
    /** What it was asked. */
    requests: (): string[] => heard.filter((text) => !text.startsWith('SIP/2.0')),
    close: (): void => line.close(),
  }
}
