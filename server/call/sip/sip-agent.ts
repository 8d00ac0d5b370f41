/**
 * The port behind which a SIP library stands: calls that the edge brings, and what is done with them. sip.js has had no
 * release since 2022: it faces only the edge's door on loopback, and `test/engines` is what another library in its place
 * must pass. Not here: sound (call-line), what a call means to the room (call-desk).
 */
import { randomInt } from 'node:crypto'
import {
  Invitation,
  Inviter,
  type Session,
  type SessionDescriptionHandler,
  Registerer,
  RegistererState,
  SessionState,
  UserAgent,
} from 'sip.js'
import type { Trunk } from '../../glossary/call.ts'
import { messageOf } from '../../tools/failure.ts'
import { agentOptions, connected } from './agent-connection.ts'
import { type Offer, type OwnSound, type RemoteSound, description, readOffer } from './sip-description.ts'

/** `forwarded`: the edge has gone on to the desk, because nothing rang in time. */
export type CancelledBy = 'gave-up' | 'answered-elsewhere' | 'forwarded'
export type Invite = {
  /** SIP's own name of the call, Call-ID. */
  sip: string
  /** Whom the edge has found it to be of. */
  user: string
  /** Transport, address and port: `udp:10.1.2.3:5060`. */
  from: string
  /** The signalling came over TLS. */
  secured: boolean
  /** The PBX has brought it, and says who calls. */
  byPbx: boolean
  /** The media engine could not take it: it is a press, and no operator here would be heard. */
  noSound: boolean
}
/** What a call's sound needs of its session; made before the first description is. */
export type SoundPort = OwnSound & {
  /** What the other side wants now; each re-INVITE says it anew. */
  remote(sound: RemoteSound): void
  close(): void
}
export type SipEvents = {
  onRegistered(registered: boolean): void
  onInvite(invite: Invite): void
  onCancelled(sip: string, by: CancelledBy): void
  /** @param lost the line is gone without a word of the other side */
  onHungUp(sip: string, lost: boolean): void
  openSound(sip: string): Promise<SoundPort>
  onError(words: string): void
}
/**
 * What became of a call of ours. `status` 200: it is answered; else why not (RFC 3261 21). `from`: as an invite's.
 * `rang`: it was heard to ring there, or to be on its way (18x).
 */
export type PlacedCall = { status: number; from: string; rang: boolean }
/**
 * Whom the room calls: a help point that is registered at the edge (`asked`: to answer by itself), or a telephone
 * outside, by the trunk. The edge knows no other way.
 */
export type Callee = { user: string; asked: boolean } | { number: string; trunk: Trunk }
/** Why a call is placed. A drill, a test, or a simulated town never calls a telephone outside. */
export type PlacedFor = 'person' | 'drill'
export type SipAgent = {
  /**
   * @param sip the Call-ID that it will have
   * @throws for a drill that would call a telephone outside
   */
  place(sip: string, callee: Callee, why: PlacedFor): Promise<PlacedCall>
  /** 180: the press is on disk. */
  ring(sip: string): Promise<void>
  /** 200, once. @throws when it has ended meanwhile */
  answer(sip: string): Promise<void>
  /** Whether the other side still knows the call: one that has lost its power says no goodbye. */
  probe(sip: string): Promise<boolean>
  /** Keys by INFO, one after the other. @returns whether the other side has taken each */
  keys(sip: string, text: string): Promise<boolean>
  /** A final refusal: the edge goes on to the desk. One that was answered gets a goodbye. */
  refuse(sip: string, status: number): Promise<void>
  /** BYE. Nothing happens to one that has ended. */
  hangUp(sip: string): Promise<void>
  close(): Promise<void>
}

/** A help point that answers by itself is asked to, in the words of several makers. */
const ANSWER_BY_ITSELF = [
  'Call-Info: <sip:127.0.0.1>;answer-after=0',
  'Alert-Info: <http://127.0.0.1>;info=alert-autoanswer',
]
const REGISTERED_FOR_S = 60
const REFRESHED_AT_PERCENT = 75
const NO_COMMON_SOUND = 488
const GIVEN_UP = 487
const AGAIN_MS = 500
/** The edge waits two seconds for a ring; a CANCEL about then, before we rang, is the edge's own. */
const EDGE_GOES_ON_MS = 1900
const DAY_S = 86_400
/** Without any answer, not even the edge's, nothing is said. */
const PROBE_MS = 40_000
const GOODBYE_MS = 1000
const KEY_MS = 4000
const REFUSAL_FOLLOWS_MS = 500

/** @param door the edge's: its port on loopback, and the secret by which it knows us */
export function createSipAgent(
  { port, secret }: { port: number; secret: string },
  { onRegistered, onInvite, onCancelled, onHungUp, openSound, onError }: SipEvents,
): SipAgent {
  type Known = { session: Invitation | Inviter; at: number; rang: boolean; over: boolean }
  const calls = new Map<string, Known>()
  /** Being placed, and not yet on the wire. */
  const beginning = new Set<string>()
  const uri = UserAgent.makeURI('sip:lamppost@127.0.0.1')
  if (!uri) throw new Error('sip.js does not read its own address')
  const stopped = new AbortController()

  const optionsOf = (credentials: Pick<Trunk, 'username' | 'password'> | null) => ({
    uri,
    ...(credentials === null
      ? {}
      : {
          authorizationUsername: credentials.username ?? '',
          authorizationPassword: credentials.password ?? '',
        }),
    ...agentOptions(port),
    sessionDescriptionHandlerFactory: (session: Session) => soundOf(session, openSound),
    // It rings by itself otherwise, before the press is on disk.
    sendInitialProvisionalResponse: false,
    noAnswerTimeout: DAY_S,
  })
  const agent = new UserAgent({
    ...optionsOf(null),
    delegate: {
      onInvite: invited,
      onDisconnect: () => {
        onRegistered(false)
        void connectAgain()
      },
    },
  })
  const registerer = new Registerer(agent, {
    expires: REGISTERED_FOR_S,
    // Before the edge forgets us, and gives a call to the desk.
    refreshFrequency: REFRESHED_AT_PERCENT,
    regId: 1,
    extraHeaders: [`X-Lamppost-Door: ${secret}`],
  })
  let again: ReturnType<typeof setTimeout> | undefined
  /** A refresh that was refused, or had no answer, is not tried again by itself. */
  function soon(): void {
    onRegistered(false)
    clearTimeout(again)
    if (!stopped.signal.aborted) again = setTimeout(() => void connectAgain(), AGAIN_MS)
  }
  registerer.stateChange.addListener((state) => state === RegistererState.Unregistered && soon())
  const register = (): Promise<unknown> =>
    registerer.register({ requestDelegate: { onAccept: () => onRegistered(true), onReject: soon } })

  let connecting = false
  async function connectAgain(): Promise<void> {
    if (connecting) return
    connecting = true
    while (!stopped.signal.aborted) {
      try {
        if (!agent.transport.isConnected()) await agent.reconnect()
        await register()
        break
      } catch (error) {
        onError(`the edge's door does not answer: ${messageOf(error)}`)
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
    connecting = false
  }

  function invited(invitation: Invitation): void {
    const { request } = invitation
    const sip = request.callId
    const user = request.getHeader('X-Lamppost-Help-Point') ?? ''
    const from = request.getHeader('X-Lamppost-From') ?? ''
    if (calls.has(sip)) return void invitation.reject({ statusCode: 482 }).catch(() => {})
    const { call, over } = know(sip, invitation)
    invitation.delegate = {
      ...invitation.delegate,
      onCancel: ({ request: cancel }) =>
        over(() => onCancelled(sip, cancelledBy(cancel.getHeader('Reason'), call.rang, performance.now() - call.at))),
    }
    const byPbx = request.getHeader('X-Lamppost-By') === 'pbx'
    const noSound = request.hasHeader('X-Lamppost-No-Sound')
    onInvite({ sip, user, from, secured: from.startsWith('tls:'), byPbx, noSound })
  }
  /** From here on its end is told, once, unless it is ours. */
  function know(sip: string, session: Known['session']) {
    const call: Known = { session, at: performance.now(), rang: false, over: false }
    calls.set(sip, call)
    const over = (tell: () => void): void => {
      if (call.over) return
      call.over = true
      tell()
    }
    // One that came is told of whatever becomes of it.
    let told = session instanceof Invitation
    session.delegate = {
      // Nobody sends the room to another telephone.
      onRefer: (referral) => void referral.reject({ statusCode: 603 }).catch(() => {}),
      onBye: (bye) => {
        void bye.accept().catch(() => {})
        over(() => onHungUp(sip, false))
      },
    }
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) told = true
      if (state !== SessionState.Terminated) return
      calls.delete(sip)
      // A dialog that ended without a word of the other side: no ACK came, or the edge is gone. What became of one of
      // ours that was not answered is said where it was placed.
      over(() => told && onHungUp(sip, true))
    })
    return { call, over }
  }

  /**
   * Calls outside have an agent of their own: an agent answers each challenge of its dialogs with the trunk's password, and
   * so this one has dialogs with the trunk only.
   */
  let outside: { agent: UserAgent; of: string } | null = null
  async function agentOutside({ username, password }: Trunk): Promise<UserAgent> {
    const of = JSON.stringify([username, password])
    if (outside?.of !== of) {
      const old = outside?.agent
      outside = { agent: new UserAgent(optionsOf({ username, password })), of }
      // Its calls go on: a dialog keeps the agent that it began with.
      if (old && ![...calls.values()].some(({ session }) => session.userAgent === old)) void leave(old)
    }
    const { agent: mine } = outside
    await connected(mine)
    return mine
  }
  async function leave(old: UserAgent): Promise<void> {
    await old.transport.dispose()
    await old.stop().catch(() => {})
  }

  void agent
    .start()
    .then(register)
    .catch(() => connectAgain())

  /** A goodbye to one that was answered, else a refusal; nothing to one that is over. Never rejects. */
  async function end({ session }: Known, status: number): Promise<void> {
    try {
      if (session.state === SessionState.Established) await session.bye()
      else if (session instanceof Invitation) await session.reject({ statusCode: status })
      else await session.cancel()
    } catch {
      // It has ended by itself.
    }
  }
  /** What we end ourselves is not told as theirs. */
  function ours(sip: string): Known | null {
    const call = calls.get(sip)
    if (!call || call.over) return null
    call.over = true
    return call
  }
  return {
    async ring(sip) {
      const call = calls.get(sip)
      if (!(call?.session instanceof Invitation) || call.over) return
      call.rang = true
      await call.session.progress({ statusCode: 180 })
    },
    async answer(sip) {
      const call = calls.get(sip)
      if (!(call?.session instanceof Invitation) || call.over) throw new Error('this call has ended')
      if (call.session.state !== SessionState.Initial) return
      await call.session.accept()
    },
    async refuse(sip, status) {
      const call = ours(sip)
      if (call) await end(call, status)
    },
    async hangUp(sip) {
      beginning.delete(sip)
      const call = ours(sip)
      if (call) await end(call, 603)
    },
    async place(sip, callee, why) {
      if ('trunk' in callee && why !== 'person')
        throw new Error('a drill, a test or a simulated town calls no telephone outside')
      beginning.add(sip)
      const mine =
        'user' in callee
          ? agent
          : await agentOutside(callee.trunk).catch((error: unknown) => {
              beginning.delete(sip)
              throw error
            })
      if (!beginning.delete(sip)) return { status: GIVEN_UP, from: '', rang: false }
      const { host, user, headers, shown } = wayTo(callee)
      const target = UserAgent.makeURI(`sip:${user}@${host}`)
      if (!target) throw new Error(`${user} is no name that SIP can call`)
      const extraHeaders = [`X-Lamppost-Door: ${secret}`, ...headers]
      // It takes any option of a request; its types say less (sip.js 0.21.2, inviter.js).
      const params: Record<string, string> = {
        callId: sip,
        ...(shown === null ? {} : { fromUri: `sip:${shown}@${host}` }),
      }
      const inviter = new Inviter(mine, target, { params, extraHeaders })
      know(sip, inviter)
      return new Promise((resolve, reject) => {
        // Nobody else says that a 200 has crossed our CANCEL; a refusal is told right after the end.
        inviter.stateChange.addListener((state) => {
          if (state === SessionState.Terminated)
            setTimeout(() => resolve({ status: GIVEN_UP, from: '', rang }), REFUSAL_FOLLOWS_MS)
        })
        let rang = false
        inviter
          .invite({
            requestDelegate: {
              onProgress: ({ message }) => void (rang ||= (message.statusCode ?? 0) > 100),
              // Also of a 200 whose sound cannot be used; the library has ended it then.
              onAccept: ({ message }) =>
                resolve({
                  status: inviter.state === SessionState.Established ? 200 : NO_COMMON_SOUND,
                  from: message.getHeader('X-Lamppost-From') ?? '',
                  rang,
                }),
              onReject: ({ message }) => resolve({ status: message.statusCode ?? 480, from: '', rang }),
              // Nobody is called elsewhere.
              onRedirect: ({ message }) => resolve({ status: message.statusCode ?? 302, from: '', rang }),
            },
          })
          .catch(reject)
      })
    },
    async probe(sip) {
      const call = calls.get(sip)
      if (!call || call.over || call.session.state !== SessionState.Established) return true
      // What cannot be asked is not known to be gone.
      return Promise.race([isThere(call.session), later(PROBE_MS, true)]).catch(() => true)
    },
    async keys(sip, text) {
      const call = calls.get(sip)
      if (!call || call.over || call.session.state !== SessionState.Established) return false
      for (const key of text)
        if (!(await Promise.race([pressed(call.session, key), later(KEY_MS, false)]))) return false
      return true
    },
    async close() {
      stopped.abort()
      for (const [sip, call] of calls) {
        if (call.over) continue
        call.over = true
        onHungUp(sip, true)
        // An edge that has died does not say goodbye back.
        await Promise.race([end(call, 480), later(GOODBYE_MS, undefined)])
      }
      clearTimeout(again)
      await registerer.unregister().catch(() => {})
      if (outside) await leave(outside.agent)
      await agent.transport.dispose()
      agent.stop().catch(() => {})
    },
  }
}

/** How the edge is told whom to call. `shown`: the name of ours that is shown there; null: the room's. Pure. */
export function wayTo(callee: Callee): { host: string; user: string; headers: string[]; shown: string | null } {
  if ('user' in callee)
    return { host: '127.0.0.1', user: callee.user, headers: callee.asked ? ANSWER_BY_ITSELF : [], shown: null }
  const { host, username, callerId } = callee.trunk
  return {
    host,
    user: callee.number,
    headers: ['X-Lamppost-Out: trunk'],
    // Some providers' user names are addresses; only their first half is a name.
    shown: callerId ?? username?.split('@')[0] ?? 'lamppost',
  }
}

const later = <T>(ms: number, what: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(what), ms).unref())

/** Whatever it answers, it is there; unless nobody did (408), or it does not know the call (481). */
const isThere = (session: Session): Promise<boolean> =>
  new Promise((resolve, reject) => {
    session
      .info({
        requestDelegate: {
          onAccept: () => resolve(true),
          onReject: ({ message }) => resolve(message.statusCode !== 408 && message.statusCode !== 481),
        },
      })
      .catch(reject)
  })

/** One key (draft-kaplan-dispatch-info-dtmf-package says how devices do it). */
const pressed = (session: Session, key: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const content = `Signal=${key}\r\nDuration=160\r\n`
    session
      .info({
        requestOptions: {
          body: { contentDisposition: 'render', contentType: 'application/dtmf-relay', content },
        },
        requestDelegate: { onAccept: () => resolve(true), onReject: () => resolve(false) },
      })
      .catch(reject)
  })

/** Why the other side took its call back, by RFC 3326's reason where there is one. Pure. */
export function cancelledBy(reason: string | undefined, rang: boolean, afterMs: number): CancelledBy {
  if (/\bcause\s*=\s*"?200\b/i.test(reason ?? '')) return 'answered-elsewhere'
  return !rang && afterMs >= EDGE_GOES_ON_MS ? 'forwarded' : 'gave-up'
}

/** sip.js asks for descriptions, and hands those of the other side over; the sound itself is not its concern. */
function soundOf(session: Session, openSound: SipEvents['openSound']): SessionDescriptionHandler {
  const { callId } = (session as Invitation).request
  const id = randomInt(1, 2 ** 31)
  let version = 0
  let offer: Offer | null = null
  let opened: Promise<SoundPort> | null = null
  const sound = (): Promise<SoundPort> => (opened ??= openSound(callId))
  return {
    hasDescription: (type) => type.startsWith('application/sdp'),
    async setDescription(text) {
      offer = readOffer(text)
      ;(await sound()).remote(offer.sound)
    },
    async getDescription() {
      const { address, port, reportPort } = await sound()
      version += 1
      const body = description({ address, port, reportPort, session: id, version: id + version }, offer)
      // The answer to what was offered is given once; what we offer next is ours.
      offer = null
      return { body, contentType: 'application/sdp' }
    },
    rollbackDescription: () => Promise.resolve(),
    sendDtmf: () => false,
    close: () =>
      void opened?.then(
        ({ close }) => close(),
        () => {},
      ),
  }
}
