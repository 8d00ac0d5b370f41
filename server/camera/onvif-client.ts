/** Calls to one camera: credentials in whichever form it wants, its clock, and answers checked for the element asked for. */
import type { OnvifAccess } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { type Challenge, answerChallenge, readChallenge } from '../tools/http-digest.ts'
import { soapEnvelope } from './onvif-envelope.ts'
import { createPoster } from './onvif-post.ts'
import { type Reply, type XmlElement, elementIn, elementsIn, readReply, textIn } from './onvif-reply.ts'

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl'

export type OnvifCall = { path: string; namespace: string; action: string; body: string; deadlineMs: number; /** Further header elements. */ header?: string; /** Hears the answer as it came. */ onText?(xml: string): void }
export type OnvifClient = ReturnType<typeof createOnvifClient>

export function createOnvifClient({ access, clock }: { access: OnvifAccess; clock: Clock }) {
  const base = new URL(access.url)
  const { post, certificate, connections, close } = createPoster(base, access.fingerprint)
  let challenge: Challenge | null = null
  let offsetMs = 0

  async function exchange({ path, namespace, action, body, deadlineMs, header, onText }: OnvifCall, credentials: boolean): Promise<{ reply: Reply; status: number; challenges: string[] }> {
    const token = credentials && !challenge ? { username: access.username, password: access.password, cameraNow: clock.now() + offsetMs } : null
    const headers: Record<string, string> = { soapaction: `"${namespace}/${action}"` }
    if (credentials && challenge) headers.authorization = answerChallenge(challenge, { ...access, method: 'POST', path })
    const { status, challenges, text } = await post(path, soapEnvelope(body, token, header), headers, deadlineMs)
    onText?.(text)
    return { reply: readReply(text), status, challenges }
  }

  /** @throws camera/unreachable, camera/refused. Resolves with the element `<action>Response`. */
  async function call(request: OnvifCall): Promise<XmlElement> {
    let answer = await exchange(request, true)
    if (answer.status === 401) {
      const fresh = readChallenge(answer.challenges)
      // A new nonce is answered once; the same credentials refused twice are wrong.
      if (fresh) {
        challenge = fresh
        answer = await exchange(request, true)
      }
    }
    return expectAnswer(answer.reply, answer.status, request.action)
  }

  return {
    base,
    call,
    certificate,
    connections,
    /** The camera's clock minus ours, milliseconds, measured without credentials (ONVIF Core 5.9.1); null when it tells no UTC. */
    async measureClock(deadlineMs: number): Promise<number | null> {
      const sentAt = clock.now()
      const { reply, status } = await exchange({ path: base.pathname, namespace: DEVICE, action: 'GetSystemDateAndTime', body: `<GetSystemDateAndTime xmlns="${DEVICE}"/>`, deadlineMs }, false)
      const element = expectAnswer(reply, status, 'GetSystemDateAndTime')
      const cameraNow = utcOf(element)
      if (cameraNow === null) return null
      offsetMs = Math.round(cameraNow - (sentAt + clock.now()) / 2)
      return offsetMs
    },
    /** The hardware address of the interface that we reach it by, such as 00:1a:2b:3c:4d:5e; null when it tells none, or several and not which. Many tell it to administrators only. */
    async hardwareAddress(deadlineMs: number): Promise<string | null> {
      const answer = await call({ path: base.pathname, namespace: DEVICE, action: 'GetNetworkInterfaces', body: `<GetNetworkInterfaces xmlns="${DEVICE}"/>`, deadlineMs })
      const interfaces = elementsIn(answer, 'NetworkInterfaces').flatMap((each) => {
        const address = hardwareAddressIn(each)
        return address === null ? [] : [{ address, ours: JSON.stringify(each).includes(`"${base.hostname}"`) }]
      })
      return (interfaces.find(({ ours }) => ours) ?? (interfaces.length === 1 ? interfaces[0] : undefined))?.address ?? null
    },
    close,
  }
}

function hardwareAddressIn(networkInterface: XmlElement): string | null {
  const said = textIn(elementIn(networkInterface, 'Info') ?? {}, 'HwAddress') ?? ''
  const digits = said.replaceAll(/[:.-]/g, '').toLowerCase()
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : null
}

function expectAnswer(reply: Reply, status: number, action: string): XmlElement {
  if (reply.kind === 'body' && reply.name === `${action}Response`) return reply.element
  if (status === 401 || (reply.kind === 'fault' && /NotAuthorized|FailedAuthentication/i.test(reply.code)))
    throw new Failure('camera/refused', 'The camera refused our user name and password.', { extra: { credentials: true } })
  if (reply.kind === 'fault') throw new Failure('camera/refused', `The camera refused ${action}: ${reply.words}`, { extra: { fault: reply.code } })
  if (reply.kind === 'body') throw new Failure('camera/refused', `The camera answered ${action} with ${reply.name}.`)
  throw new Failure('camera/refused', `The camera answered ${action} with ${reply.words} (HTTP ${status}).`)
}

function utcOf(element: XmlElement): number | null {
  const utc = elementIn(elementIn(element, 'SystemDateAndTime') ?? {}, 'UTCDateTime')
  const date = utc && elementIn(utc, 'Date')
  const time = utc && elementIn(utc, 'Time')
  if (!date || !time) return null
  const [year, month, day] = ['Year', 'Month', 'Day'].map((name) => Number(textIn(date, name)))
  const [hour, minute, second] = ['Hour', 'Minute', 'Second'].map((name) => Number(textIn(time, name)))
  const ms = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second)
  // Whole seconds only: on average the camera is half a second further on.
  return Number.isFinite(ms) ? ms + 500 : null
}
