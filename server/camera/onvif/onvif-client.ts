/**
 * Calls to one camera: credentials in whichever form and by whichever clock it takes them, and answers checked for
 * the element asked for.
 */
import type { OnvifAccess } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { type Challenge, answerChallenge, readChallenge } from '../../tools/http-digest.ts'
import { pinService } from './onvif-address.ts'
import { soapEnvelope } from './onvif-envelope.ts'
import { createPoster } from './onvif-post.ts'
import { cameraTimeOf } from './onvif-clock.ts'
import { type Reply, type XmlElement, elementIn, elementsIn, readReply, textIn } from './onvif-reply.ts'

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl'
/** Closer than this, the clocks are no reason for a refusal: devices allow some seconds. */
const CLOCKS_APART_MS = 4000

/** `path`: of a service on the configured address, its query included; or a whole address where its port is another. */
export type OnvifCall = {
  path: string
  namespace: string
  action: string
  body: string
  deadlineMs: number
  /** A list of a recorder's channels or profiles: as long as `most` says. */ long?: true
  /** Further header elements. */ header?: string
  /** It moves the head, or changes what the camera has. */ changes?: boolean
  /** Hears the answer as it came. */ onText?(xml: string): void
}
export type OnvifClient = ReturnType<typeof createOnvifClient>

/** @param most what a still, and one answer that may be long, may have; all others, what a press's need at most. */
export function createOnvifClient({
  access,
  clock,
  mayChange = () => true,
  most = {},
}: {
  access: OnvifAccess
  clock: Clock
  /** Asked immediately before each command that moves or changes something: another server may have taken over. */ mayChange?(): boolean
  most?: { bytes?: number; elements?: number }
}) {
  const base = new URL(access.url)
  const devicePath = `${base.pathname}${base.search}`
  const { post, get, certificate, connections, close } = createPoster(base, access.fingerprint)
  let challenge: Challenge | null = null
  /** Stills are another service of it, with another realm. */
  let pictureChallenge: Challenge | null = null
  /** The camera's clock minus ours; used for credentials unless it has shown that it goes by ours. */
  let offsetMs = 0
  let byOurClock = false
  /** Its clock may have been set since it was read. */
  let doubted = false

  async function exchange(
    { path, namespace, action, body, deadlineMs, header, onText, long, changes = false }: OnvifCall,
    credentials: boolean,
  ): Promise<{ reply: Reply; status: number; challenges: string[] }> {
    const token =
      credentials && !challenge
        ? { username: access.username, password: access.password, cameraNow: clock.now() + (byOurClock ? 0 : offsetMs) }
        : null
    const headers: Record<string, string> = { soapaction: `"${namespace}/${action}"` }
    if (credentials && challenge)
      headers.authorization = answerChallenge(challenge, { ...access, method: 'POST', path: pathOf(path) })
    if (changes && !mayChange())
      throw new Failure('camera/refused', 'Another server leads the town now, and moves its cameras.')
    const { status, challenges, text } = await post(
      path,
      soapEnvelope(body, token, header),
      headers,
      deadlineMs,
      long ? most.bytes : undefined,
    )
    onText?.(text)
    return { reply: readReply(text, long ? most.elements : undefined), status, challenges }
  }

  /** @throws camera/unreachable, camera/refused. Resolves with the element `<action>Response`. */
  async function call(request: OnvifCall): Promise<XmlElement> {
    const answer = await authenticated(request)
    // Some tell one time and check credentials by another: ours is tried once, and kept where it is the right one.
    if (isRefusal(answer) && !challenge && Math.abs(offsetMs) > CLOCKS_APART_MS) {
      byOurClock = !byOurClock
      const again = await authenticated(request)
      if (!isRefusal(again)) {
        doubted = true
        return expectAnswer(again.reply, again.status, request.action)
      }
      byOurClock = !byOurClock
      return expectAnswer(answer.reply, answer.status, request.action, 2)
    }
    return expectAnswer(answer.reply, answer.status, request.action)
  }
  async function authenticated(request: OnvifCall): Promise<Awaited<ReturnType<typeof exchange>>> {
    let answer = await exchange(request, true)
    if (answer.status === 401) {
      const fresh = readChallenge(answer.challenges)
      // A new nonce is answered once; the same credentials refused twice are wrong.
      if (fresh) {
        challenge = fresh
        answer = await exchange(request, true)
      }
    }
    return answer
  }
  const pathOf = (address: string): string => {
    const { pathname, search } = new URL(address, base)
    return `${pathname}${search}`
  }

  return {
    base,
    /** Of the device service. */
    devicePath,
    call,
    certificate,
    connections,
    /** Credentials were taken by another clock than the one it told: it should be read again. */
    clockDoubted: (): boolean => doubted,
    /**
     * The camera's clock minus ours, milliseconds, measured without credentials (ONVIF Core 5.9.1) and, where the
     * camera wants them, with. Null when it tells no time: that is no fault.
     * @throws camera/unreachable
     */
    async measureClock(deadlineMs: number): Promise<number | null> {
      const sentAt = clock.now()
      doubted = false
      const request = {
        path: devicePath,
        namespace: DEVICE,
        action: 'GetSystemDateAndTime',
        body: `<GetSystemDateAndTime xmlns="${DEVICE}"/>`,
        deadlineMs,
      }
      const open = await exchange(request, false)
      const { reply } = isRefusal(open) ? await authenticated(request) : open
      const cameraNow =
        reply.kind === 'body' && reply.name === 'GetSystemDateAndTimeResponse' ? cameraTimeOf(reply.element) : null
      if (cameraNow === null) return null
      offsetMs = Math.round(cameraNow - (sentAt + clock.now()) / 2)
      return offsetMs
    },
    /** What device it is: only one that takes our password tells. @throws camera/unreachable, camera/refused */
    information: (deadlineMs: number): Promise<XmlElement> =>
      call({
        path: devicePath,
        namespace: DEVICE,
        action: 'GetDeviceInformation',
        body: `<GetDeviceInformation xmlns="${DEVICE}"/>`,
        deadlineMs,
      }),
    /** A still over HTTP; null when it gives none that is a JPEG. The address is pinned to the configured host. */
    async picture(uri: string, deadlineMs: number): Promise<Buffer | null> {
      const address = pinService(uri, base)
      if (address === null) return null
      const authorized = (): Record<string, string> =>
        pictureChallenge
          ? { authorization: answerChallenge(pictureChallenge, { ...access, method: 'GET', path: pathOf(address) }) }
          : {}
      let answer = await get(address, authorized(), deadlineMs, most.bytes)
      const fresh = answer.status === 401 ? readChallenge(answer.challenges) : null
      if (fresh) {
        pictureChallenge = fresh
        answer = await get(address, authorized(), deadlineMs, most.bytes)
      }
      return answer.status === 200 && answer.bytes[0] === 0xff && answer.bytes[1] === 0xd8 ? answer.bytes : null
    },
    /**
     * The hardware address of the interface that we reach it by, such as 00:1a:2b:3c:4d:5e; null when it tells none,
     * or several and not which. Many tell it to administrators only.
     */
    async hardwareAddress(deadlineMs: number): Promise<string | null> {
      const answer = await call({
        path: devicePath,
        namespace: DEVICE,
        action: 'GetNetworkInterfaces',
        body: `<GetNetworkInterfaces xmlns="${DEVICE}"/>`,
        deadlineMs,
      })
      const interfaces = elementsIn(answer, 'NetworkInterfaces').flatMap((each) => {
        const address = hardwareAddressIn(each)
        return address === null ? [] : [{ address, ours: JSON.stringify(each).includes(`"${base.hostname}"`) }]
      })
      return (
        (interfaces.find(({ ours }) => ours) ?? (interfaces.length === 1 ? interfaces[0] : undefined))?.address ?? null
      )
    },
    close,
  }
}

function hardwareAddressIn(networkInterface: XmlElement): string | null {
  const said = textIn(elementIn(networkInterface, 'Info') ?? {}, 'HwAddress') ?? ''
  const digits = said.replaceAll(/[:.-]/g, '').toLowerCase()
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : null
}

/** @param tries how often our password was sent for it */
function expectAnswer(reply: Reply, status: number, action: string, tries = 1): XmlElement {
  if (reply.kind === 'body' && reply.name === `${action}Response`) return reply.element
  if (isRefusal({ reply, status }))
    throw new Failure('camera/refused', 'The camera refused our user name and password.', {
      extra: { credentials: true, trouble: 'password', tries },
    })
  if (reply.kind === 'fault')
    throw new Failure('camera/refused', `The camera refused ${action}: ${reply.words}`, {
      extra: { fault: reply.code, trouble: 'missing-answer' },
    })
  if (reply.kind === 'body')
    throw new Failure('camera/refused', `The camera answered ${action} with ${reply.name}.`, {
      extra: { trouble: 'missing-answer' },
    })
  throw new Failure('camera/refused', `The camera answered ${action} with ${reply.words} (HTTP ${status}).`, {
    extra: { trouble: reply.html === true ? 'web-page' : 'missing-answer' },
  })
}
const isRefusal = ({ reply, status }: { reply: Reply; status: number }): boolean =>
  status === 401 || (reply.kind === 'fault' && /NotAuthorized|FailedAuthentication/i.test(reply.code))
