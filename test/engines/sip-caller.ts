/**
 * A SIP telephone of the test's own, for what real ones do not send: forged headers, another's name, the same INVITE
 * four times. UDP, digest by MD5. Real telephones (baresip, sipp) call in the tests beside it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'

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
  /** How often each INVITE is sent at once, over so many branches. */
  times?: number
  branches?: number
  /** Of a nonce that was used before. */
  nonce?: string
}

/** @param edge host and port; @param own the address that it calls from */
export async function openCaller(edge: string, from = '127.0.0.1') {
  const [host = '', port = ''] = edge.split(':')
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, from, resolve))
  const own = `${from}:${socket.address().port}`
  const heard: string[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (bytes) => {
    heard.push(bytes.toString())
    for (const wake of waiting) wake()
  })
  const send = (text: string): void => socket.send(text, Number(port), host)
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
  const media = 40_000 + (socket.address().port % 10_000) * 2
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
    const { user, from = user, headers = [] } = dial
    const text = method === 'INVITE' ? body : ''
    return [
      `${method} sip:control@${edge} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${branch};rport`,
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
  /** Challenged, then with the answer. @returns the call, and the status that it came to */
  async function ask(
    method: 'INVITE' | 'REGISTER',
    dial: Dial,
    wanted: (status: number) => boolean,
    patienceMs = 20_000,
  ) {
    const { call = random() + random(), times = 1, branches = 1 } = dial
    let challenge = ''
    if (dial.nonce === undefined) {
      send(request(method, 1, dial, call, []))
      challenge = header(await answer(call, 1, (status) => status >= 300, patienceMs), 'www-authenticate')
      if (method === 'INVITE') send(request('ACK', 1, dial, call, []))
    }
    const extra = [authorization(method, dial, challenge)]
    for (let branch = 0; branch < branches; branch += 1) {
      const text = request(method, 2, dial, call, extra, `${call.slice(0, 8)}${branch}`)
      for (let i = 0; i < times; i += 1) send(text)
    }
    const text = await answer(call, 2, wanted, patienceMs)
    return { call, status: statusOf(text), nonce: /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '', text }
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
    inDialog(method: 'ACK' | 'BYE', { user }: Dial, call: string, answered: string): void {
      const all = (name: string): string[] =>
        [...answered.matchAll(new RegExp(`^${name}:[ \\t]*(.*)$`, 'gim'))].map(([, value = '']) => value.trim())
      const target = /<([^>]+)>/.exec(header(answered, 'contact'))?.[1] ?? ''
      send(
        [
          `${method} ${target} SIP/2.0`,
          `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${random()};rport`,
          'Max-Forwards: 70',
          ...all('record-route').map((route) => `Route: ${route}`),
          `From: ${header(answered, 'from')}`,
          `To: ${header(answered, 'to')}`,
          `Call-ID: ${call}`,
          `CSeq: ${method === 'ACK' ? 2 : 3} ${method}`,
          `Contact: <sip:${user}@${own}>`,
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
      )
    },
    register: (dial: Dial) => ask('REGISTER', dial, (status) => status >= 200),
    cancel(dial: Dial, call: string): void {
      send(request('CANCEL', 2, dial, call, [], `${call.slice(0, 8)}0`))
    },
    /** What came to a request of its; the status decides. */
    answer,
    send,
    heard: (): number[] => heard.map(statusOf),
    close: (): void => void socket.close(),
  }
}
