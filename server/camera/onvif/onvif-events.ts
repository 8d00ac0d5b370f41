/**
 * A camera's digital inputs by its pull point (ONVIF Core 9.1.2): our own loop, because one that subscribes again
 * without patience breaks cameras. What a camera says of itself when one subscribes (`Initialized`) is its state, not
 * an event.
 */
import { createBackoff } from '../../tools/pace/backoff.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import type { OnvifClient } from './onvif-client.ts'
import { refusesUs } from './onvif-failures.ts'
import { escapeXml } from './onvif-envelope.ts'
import { type XmlElement, attributeIn, elementIn, elementsIn, textIn } from './onvif-reply.ts'

const EVENTS = 'http://www.onvif.org/ver10/events/wsdl'
const NOTIFICATION = 'http://docs.oasis-open.org/wsn/b-2'
const ADDRESSING = 'http://www.w3.org/2005/08/addressing'

/**
 * `at`: when the camera says it was, as it wrote it. `initial`: its state when we subscribed; `unheardSince`: when it
 * was last heard before that, milliseconds since 1970, null for a first subscription.
 */
export type InputEvent = {
  input: string
  active: boolean
  at: string | null
  initial: boolean
  unheardSince: number | null
}
type PullPoint = { path: string; /** What the camera wants to hear back with every request to it. */ header: string }

const CALL_MS = 3000
const PULL_S = 10
const LIFETIME_S = 60
const RENEW_MS = 25_000
/** A camera that answers at once, with nothing, is not asked in a storm. */
const LEAST_TURN_MS = 200
const MOST_REFERENCE = 4000
const REFUSED_WAIT_MS = 60_000

/** Runs until the signal fires. `onState` hears null when it listens, else why it does not. */
export async function listenToInputs({
  client,
  path,
  clock,
  signal,
  onInput,
  onState,
}: {
  client: OnvifClient
  path(): string
  clock: Clock
  signal: AbortSignal
  onInput(event: InputEvent): void
  onState(problem: string | null): void
}): Promise<void> {
  const backoff = createBackoff(1000, 30_000)
  let measured = false
  let heardAt: number | null = null
  while (!signal.aborted) {
    let point: PullPoint | null = null
    let wait = 0
    try {
      point = await subscribe(client, path())
      onState(null)
      const unheardSince = heardAt
      for (let renewAt = clock.monotonic() + RENEW_MS; !signal.aborted;) {
        const turn = clock.sleep(LEAST_TURN_MS, signal)
        const events = await unlessStopped(pull(client, point), signal)
        for (const event of events ?? []) onInput(event.initial ? { ...event, unheardSince } : event)
        if (events) heardAt = clock.now()
        backoff.reset()
        measured = false
        if (clock.monotonic() >= renewAt) {
          renewAt = clock.monotonic() + RENEW_MS
          // Not every camera knows it; those count each pull as a sign of life.
          await ask(
            client,
            point,
            'Renew',
            `<Renew xmlns="${NOTIFICATION}"><TerminationTime>PT${LIFETIME_S}S</TerminationTime></Renew>`,
          ).catch(() => {})
        }
        await turn
      }
    } catch (error) {
      if (!signal.aborted) onState(messageOf(error))
      const refused = refusesUs(error)
      wait = refused && measured ? REFUSED_WAIT_MS : backoff.wait()
      // Its clock may have jumped: then our created time is refused, and nothing is wrong with the password.
      if (refused && !measured) await client.measureClock(CALL_MS).catch(() => {})
      measured = refused
    }
    // A camera has room for few subscriptions: what is not used is given back.
    if (point)
      await Promise.race([
        ask(client, point, 'Unsubscribe', `<Unsubscribe xmlns="${NOTIFICATION}"/>`).catch(() => {}),
        clock.sleep(1000),
      ])
    await clock.sleep(wait, signal)
  }
}

/** Null as soon as the signal fires; nothing of it is left then. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(null)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

async function subscribe(client: OnvifClient, path: string): Promise<PullPoint> {
  let text = ''
  const response = await client.call({
    path,
    namespace: EVENTS,
    action: 'CreatePullPointSubscription',
    body:
      `<CreatePullPointSubscription xmlns="${EVENTS}"><InitialTerminationTime>PT${LIFETIME_S}S</InitialTerminationTime>` +
      '</CreatePullPointSubscription>',
    deadlineMs: CALL_MS,
    onText: (xml) => (text = xml),
  })
  const address = textIn(elementIn(response, 'SubscriptionReference') ?? {}, 'Address') ?? ''
  const reference = elementIn(response, 'SubscriptionReference') ?? {}
  if (!URL.canParse(address, client.base.href))
    throw new Failure('camera/refused', 'The camera names no address for its events.')
  // Only its path: cameras behind HTTPS name http addresses, and no camera may send us to another host.
  const { pathname, search } = new URL(address, client.base)
  return {
    path: `${pathname}${search}`,
    header: `<To xmlns="${ADDRESSING}">${escapeXml(address)}</To>${
      elementIn(reference, 'ReferenceParameters') ? referenceParameters(text) : ''
    }`,
  }
}

/** Some cameras tell their pull points apart by what a client must repeat in its header (WS-Addressing 3.3). Pure. */
export function referenceParameters(xml: string): string {
  const [, inside = ''] =
    /<(?:[\w.-]+:)?ReferenceParameters[^<>]*>([\s\S]{0,4000}?)<\/(?:[\w.-]+:)?ReferenceParameters>/.exec(xml) ?? []
  if (inside.length > MOST_REFERENCE) return ''
  const prefixes = new Set([...inside.matchAll(/<([\w.-]+):/g)].map(([, prefix]) => prefix ?? ''))
  const missing = [...prefixes]
    .filter((prefix) => !inside.includes(`xmlns:${prefix}=`))
    .map((prefix) => new RegExp(`xmlns:${prefix}\\s*=\\s*("[^"]*"|'[^']*')`).exec(xml)?.[0] ?? null)
  // A prefix that is declared nowhere would make our own envelope unreadable.
  if (missing.includes(null)) return ''
  return inside.trim().replace(/^<([\w.:-]+)/, (start) => [start, ...missing].join(' '))
}

const ask = (
  client: OnvifClient,
  { path, header }: PullPoint,
  action: string,
  body: string,
  deadlineMs = CALL_MS,
): Promise<XmlElement> =>
  client.call({ path, namespace: action === 'PullMessages' ? EVENTS : NOTIFICATION, action, body, deadlineMs, header })

async function pull(client: OnvifClient, point: PullPoint): Promise<InputEvent[]> {
  const response = await ask(
    client,
    point,
    'PullMessages',
    `<PullMessages xmlns="${EVENTS}"><Timeout>PT${PULL_S}S</Timeout><MessageLimit>50</MessageLimit></PullMessages>`,
    (PULL_S + 5) * 1000,
  )
  return elementsIn(response, 'NotificationMessage').flatMap(inputOf)
}

/** Digital inputs only; the data item is called LogicalState or State, and its value written in several ways. */
function inputOf(notification: XmlElement): InputEvent[] {
  if (textIn(notification, 'Topic')?.trim().endsWith('DigitalInput') !== true) return []
  const message = elementIn(elementIn(notification, 'Message') ?? {}, 'Message')
  if (!message) return []
  const item = (group: string, names: readonly string[]): string | null => {
    const items = elementsIn(elementIn(message, group) ?? {}, 'SimpleItem')
    const found = items.find((each) => names.includes(attributeIn(each, 'Name') ?? ''))
    return found ? attributeIn(found, 'Value') : null
  }
  const state = item('Data', ['LogicalState', 'State'])
  if (state === null) return []
  return [
    {
      input: item('Source', ['InputToken', 'Token']) ?? '',
      active: /^(true|1|active|on)$/i.test(state.trim()),
      at: attributeIn(message, 'UtcTime'),
      initial: attributeIn(message, 'PropertyOperation') === 'Initialized',
      unheardSince: null,
    },
  ]
}
