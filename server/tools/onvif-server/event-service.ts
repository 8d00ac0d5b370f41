/**
 * The event service of an ONVIF device (ONVIF Core 9, event.wsdl): pull points, and where the device can reach its
 * clients, notifications that are sent to them (WS-BaseNotification).
 */
import { randomBytes } from 'node:crypto'
import { isoTime } from '../clock.ts'
import { type SoapRequest, type SoapVersion, durationMs, text } from './soap-requests.ts'
import { SoapFault, noSuchAction, xml } from './soap-words.ts'
import { topicFilter } from './topic-filter.ts'

type Item = readonly [name: string, value: string]
export type EventMessage = {
  /** `tns1:Device/Trigger/DigitalInput` */ topic: string
  operation: 'Initialized' | 'Changed'
  source: readonly Item[]
  data: readonly Item[]
  /** Wall clock, milliseconds. */ at: number
}
/** Who asks, and by which address it reached the device: `http://host:port`. */
export type EventContext = {
  path: string
  base: string
  signal: AbortSignal
  from?: string
  agent?: string
  /** Whether the answer left whole; left out: nobody can say. */ left?: Promise<boolean>
}
/** One subscription, as its client may be told about. Times are wall clock, milliseconds. */
export type Subscriber = {
  from: string
  agent: string
  delivery: 'pull' | 'notify'
  /** Where it is notified; null: it asks. */ to: string | null
  since: number
  /** When it last asked, renewed, or took a notification. */ lastHeard: number
  /** Why it hears nothing: it cannot be notified, or wants topics that are not here; null: it hears. */
  problem: string | null
}
type Subscription = Omit<Subscriber, 'lastHeard'> & {
  id: string
  version: SoapVersion
  wants(topic: string): boolean
  messages: EventMessage[]
  /** Monotonic, as `heardAt`. */ until: number
  heardAt: number
  lifeMs: number
  /** No topic of this device: it hears nothing, whatever it does. */ wantsNothing: boolean
  wake: (() => void) | null
}
/** It was sent whole, and how it was taken is not known, or not well: to be sent once more, and no more often. */
export class Untaken extends Error {}
/** Sends one notification. @throws with words for an engineer; `Untaken` where it may have been heard */
export type Notify = (to: string, messages: EventMessage, version: SoapVersion) => Promise<void>
export type EventLimits = {
  /** Of one client's address: beyond it, the one that has been silent longest gives way. */ each: number
  all: number
  /** Milliseconds that a subscription lives at least, and at most, without being used. */ life: {
    least: number
    most: number
  }
}

const LEAST_MESSAGES = 200
/** What a client did not hear for longer is no news to it: of these it hears only what is so now. */
const NEWS_MS = 60_000
const MOST_UNTAKEN = 2
const LONGEST_PULL_MS = 60_000
/** A client that is notified says nothing by itself: it is looked at so often whether it is there. */
const PROBE_EVERY_MS = 60_000
/** A client that cannot be reached may be restarting. */
const AGAIN_MS = [500, 1000, 2000, 5000, 10_000]
const NOTHING_WANTED = 'It asked for topics that this device does not have.'
const SIMPLE: EventLimits = { each: 10, all: 10, life: { least: 60_000, most: 60_000 } }
const tooMany = (): SoapFault => new SoapFault(['Receiver', 'ter:Action', 'ter:MaxPullPoints'], 'Too many pull points')

export type EventService = ReturnType<typeof createEventService>
/**
 * @param states what is so now: each subscription begins with it
 * @param topicSet XML of the topics, inside a wstop:TopicSet
 * @param notify left out: nobody is notified, clients ask
 * @param mayNotify whether this client may have notifications sent there; it is a fault with the reason where there is one
 */
export function createEventService({
  now,
  monotonic = now,
  states,
  topicSet,
  limits = SIMPLE,
  notify,
  mayNotify = () => null,
  probe = async () => {},
  sleep = (ms) => new Promise((resolve) => void setTimeout(resolve, ms).unref()),
}: {
  /** Wall clock. */ now(): number
  /** Milliseconds that only ever grow; left out: the wall clock. */ monotonic?(): number
  states(): Omit<EventMessage, 'operation'>[]
  topicSet: string
  limits?: EventLimits
  notify?: Notify
  mayNotify?(to: string, from: string): string | null
  /** Whether somebody listens there while there is nothing to say. @throws with words for an engineer */
  probe?(to: string): Promise<void>
  sleep?(ms: number): Promise<void>
}) {
  const subscriptions = new Map<string, Subscription>()
  /** What is true comes last: ZoneMinder ends its alarm at the first that is not, whatever it is of. */
  const initial = (): EventMessage[] =>
    states()
      .toSorted((one, other) => Number(isTrue(one)) - Number(isTrue(other)))
      .map((state) => ({ ...state, operation: 'Initialized' }))

  function queue(subscription: Subscription, messages: readonly EventMessage[]): void {
    const wanted = messages.filter(({ topic }) => subscription.wants(topic))
    if (wanted.length === 0) return
    subscription.messages.push(...wanted)
    const most = Math.max(LEAST_MESSAGES, 4 * states().length)
    if (subscription.messages.length > most) subscription.messages = newestOfEach(subscription.messages)
    subscription.wake?.()
  }
  function sweep(): void {
    for (const [id, { until }] of subscriptions) if (until < monotonic()) subscriptions.delete(id)
  }
  const end = (subscription: Subscription): void => {
    subscriptions.delete(subscription.id)
    subscription.wake?.()
  }
  function at(path: string): Subscription {
    const found = subscriptions.get(path.split('/').at(-1) ?? '')
    if (!found || found.until < monotonic())
      throw new SoapFault(['Sender', 'ter:InvalidArgVal'], 'There is no such pull point')
    return found
  }
  function used(subscription: Subscription): void {
    subscription.heardAt = monotonic()
    subscription.until = monotonic() + subscription.lifeMs
  }
  /** @param asked a duration, or a time of the device's clock */
  function lifeOf(asked: string | null): number {
    const wanted = durationMs(asked) ?? (asked === null ? null : Date.parse(asked) - now())
    const life = wanted === null || Number.isNaN(wanted) ? limits.life.least : wanted
    return Math.min(limits.life.most, Math.max(limits.life.least, life))
  }
  const wall = (at: number): number => now() + at - monotonic()
  const until = ({ until: at }: Subscription): string =>
    `<wsnt:CurrentTime>${isoTime(now())}</wsnt:CurrentTime><wsnt:TerminationTime>${isoTime(wall(at))}</wsnt:TerminationTime>`

  /** @throws ter:MaxPullPoints */
  function subscribe(request: SoapRequest, { from = '', agent = '' }: EventContext, to: string | null): Subscription {
    sweep()
    const own = [...subscriptions.values()].filter((each) => each.from === from)
    const oldest = own.toSorted((one, other) => one.heardAt - other.heardAt)[0]
    // Where there is one client only, as far as is known, the newest has no better right than the others.
    if (oldest && from !== '' && own.length >= limits.each) end(oldest)
    if (subscriptions.size >= limits.all) throw tooMany()
    const lifeMs = lifeOf(text(request.argument, 'InitialTerminationTime'))
    const made: Subscription = {
      id: randomBytes(12).toString('hex'),
      from,
      agent,
      delivery: to === null ? 'pull' : 'notify',
      to,
      since: now(),
      heardAt: monotonic(),
      problem: null,
      version: request.version,
      wants: topicFilter(text(request.argument, 'Filter', 'TopicExpression')),
      messages: [],
      until: monotonic() + lifeMs,
      lifeMs,
      wantsNothing: false,
      wake: null,
    }
    subscriptions.set(made.id, made)
    queue(made, initial())
    made.wantsNothing = states().length > 0 && made.messages.length === 0
    return made
  }

  async function pull(point: Subscription, request: SoapRequest, { signal, left }: EventContext): Promise<string> {
    const limit = Math.max(1, Math.floor(Number(text(request.argument, 'MessageLimit') ?? 1)) || 1)
    // A second question while one waits: the first is answered, as nobody listens to it any more.
    point.wake?.()
    used(point)
    if (point.messages.length === 0) await waitFor(point, durationMs(text(request.argument, 'Timeout')) ?? 5000, signal)
    if (!signal.aborted) used(point)
    // Nobody is there to hear it: it stays for the next question.
    const messages = signal.aborted ? [] : point.messages.splice(0, limit)
    void left?.then((whole) => {
      if (whole) return
      point.messages.unshift(...messages)
      point.wake?.()
    })
    return (
      `<tev:PullMessagesResponse><tev:CurrentTime>${isoTime(now())}</tev:CurrentTime>` +
      `<tev:TerminationTime>${isoTime(wall(point.until))}</tev:TerminationTime>${messages.map(written).join('')}</tev:PullMessagesResponse>`
    )
  }

  /** One notification at a time, in order; one that cannot be sent is sent again for as long as the client wants it. */
  async function notifyAll(subscription: Subscription, to: string, send: Notify): Promise<void> {
    let failed = 0
    let untaken: { message: EventMessage | null; times: number } = { message: null, times: 0 }
    /** What it could not take, and should know how it is now; and what was said to it for that. */
    const owed = new Set<string>()
    const again = new WeakSet<EventMessage>()
    while (subscriptions.get(subscription.id) === subscription && subscription.until >= monotonic()) {
      if (failed > 0) subscription.messages = withoutOld(subscription.messages, now() - NEWS_MS)
      const [message] = subscription.messages
      const drop = (): void => {
        if (message && subscription.messages[0] === message) subscription.messages.shift()
      }
      try {
        if (message) await send(to, message, subscription.version)
        else {
          await waitFor(subscription, PROBE_EVERY_MS)
          if (subscription.messages.length > 0 || subscriptions.get(subscription.id) !== subscription) continue
          await probe(to)
        }
        drop()
        failed = 0
        subscription.heardAt = monotonic()
        subscription.problem = null
        if (message) owed.delete(keyOf(message))
        const missed = owed.size === 0 ? [] : initial().filter((state) => owed.delete(keyOf(state)))
        for (const each of missed) again.add(each)
        // What comes later in the queue is newer.
        if (missed.length > 0) subscription.messages.unshift(...missed)
      } catch (error) {
        subscription.problem = error instanceof Error ? error.message : String(error)
        failed += 1
        await sleep(AGAIN_MS[Math.min(failed, AGAIN_MS.length) - 1] ?? 0)
        if (!message || !(error instanceof Untaken)) continue
        untaken = { message, times: untaken.message === message ? untaken.times + 1 : 1 }
        if (untaken.times < MOST_UNTAKEN) continue
        // One message that a client cannot take must not keep the others from it.
        drop()
        if (!again.has(message)) owed.add(keyOf(message))
      }
    }
    if (subscriptions.get(subscription.id) === subscription) end(subscription)
  }

  function begin(request: SoapRequest, context: EventContext): Subscription {
    if (!notify) throw noSuchAction(request.operation)
    const to = text(request.argument, 'ConsumerReference', 'Address')?.trim() ?? ''
    if (!/^https?:\/\//.test(to) || !URL.canParse(to))
      throw new SoapFault(['Sender', 'ter:InvalidArgVal'], 'A ConsumerReference names an address that begins with http')
    const refused = mayNotify(to, context.from ?? '')
    if (refused !== null) throw new SoapFault(['Sender', 'ter:InvalidArgVal'], refused)
    const subscription = subscribe(request, context, to)
    // The answer first: a client that is told before it knows of its subscription has no place for it.
    setImmediate(() => void notifyAll(subscription, to, notify))
    return subscription
  }

  return {
    /** Everybody who wants this topic hears it once. */
    say(message: Omit<EventMessage, 'operation'>): void {
      for (const subscription of subscriptions.values()) queue(subscription, [{ ...message, operation: 'Changed' }])
    },
    /** What is so of something new: no change, and everybody should know it. */
    introduce(messages: readonly Omit<EventMessage, 'operation'>[]): void {
      for (const subscription of subscriptions.values())
        queue(
          subscription,
          messages.map((message) => ({ ...message, operation: 'Initialized' })),
        )
    },
    /** Clients that are notified hear once more what is so: it is no news, and those that ask need no reminder. */
    remind(message: Omit<EventMessage, 'operation'>): void {
      for (const subscription of subscriptions.values())
        if (subscription.delivery === 'notify') queue(subscription, [{ ...message, operation: 'Changed' }])
    },
    subscribers(): Subscriber[] {
      sweep()
      return [...subscriptions.values()].map(
        ({ from, agent, delivery, to, since, heardAt, problem, wantsNothing }) => ({
          from,
          agent,
          delivery,
          to,
          since,
          lastHeard: wall(heardAt),
          problem: problem ?? (wantsNothing ? NOTHING_WANTED : null),
        }),
      )
    },
    close(): void {
      for (const subscription of subscriptions.values()) end(subscription)
    },
    async answer(request: SoapRequest, context: EventContext): Promise<string> {
      const { path, base } = context
      switch (request.operation) {
        case 'GetServiceCapabilities':
          return (
            '<tev:GetServiceCapabilitiesResponse><tev:Capabilities WSPullPointSupport="true"' +
            `${notify ? ' WSSubscriptionPolicySupport="false"' : ''}/></tev:GetServiceCapabilitiesResponse>`
          )
        case 'GetEventProperties':
          return eventProperties(topicSet)
        case 'CreatePullPointSubscription': {
          const point = subscribe(request, context, null)
          return (
            `<tev:CreatePullPointSubscriptionResponse>${referenceTo(point, base, 'tev')}${until(point)}` +
            '</tev:CreatePullPointSubscriptionResponse>'
          )
        }
        case 'Subscribe': {
          const subscription = begin(request, context)
          return `<wsnt:SubscribeResponse>${referenceTo(subscription, base, 'wsnt')}${until(subscription)}</wsnt:SubscribeResponse>`
        }
        case 'PullMessages':
          return pull(at(path), request, context)
        case 'Renew': {
          const point = at(path)
          point.lifeMs = lifeOf(text(request.argument, 'TerminationTime'))
          used(point)
          return (
            `<wsnt:RenewResponse><wsnt:TerminationTime>${isoTime(wall(point.until))}</wsnt:TerminationTime>` +
            `<wsnt:CurrentTime>${isoTime(now())}</wsnt:CurrentTime></wsnt:RenewResponse>`
          )
        }
        case 'SetSynchronizationPoint':
          queue(at(path), initial())
          return '<tev:SetSynchronizationPointResponse/>'
        case 'Unsubscribe':
          end(at(path))
          return '<wsnt:UnsubscribeResponse/>'
        default:
          throw noSuchAction(request.operation)
      }
    },
  }
}

const isTrue = ({ data }: Pick<EventMessage, 'data'>): boolean => data[0]?.[1] === 'true'
const keyOf = ({ topic, source }: EventMessage): string => JSON.stringify([topic, source])
/** What is so of each thing, in the order in which it became so. */
function newestOfEach(messages: readonly EventMessage[]): EventMessage[] {
  const newest = new Map<string, EventMessage>()
  for (const message of messages) {
    newest.delete(keyOf(message))
    newest.set(keyOf(message), message)
  }
  return [...newest.values()]
}
/** Of what is older than that, only what is still so. */
function withoutOld(messages: readonly EventMessage[], before: number): EventMessage[] {
  const newest = new Set(newestOfEach(messages))
  return messages.filter((message) => message.at >= before || newest.has(message))
}

function waitFor(subscription: Subscription, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      if (subscription.wake === done) subscription.wake = null
      resolve()
    }
    const timer = setTimeout(done, Math.min(LONGEST_PULL_MS, ms))
    timer.unref()
    subscription.wake = done
    signal?.addEventListener('abort', done, { once: true })
  })
}

const referenceTo = ({ id }: Subscription, base: string, prefix: 'tev' | 'wsnt'): string =>
  `<${prefix}:SubscriptionReference><wsa5:Address>${base}/onvif/pull/${id}</wsa5:Address></${prefix}:SubscriptionReference>`

const eventProperties = (topicSet: string): string =>
  '<tev:GetEventPropertiesResponse>' +
  '<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>' +
  '<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet xmlns:wstop="http://docs.oasis-open.org/wsn/t-1" ' +
  `xmlns:xs="http://www.w3.org/2001/XMLSchema">${topicSet}</wstop:TopicSet>` +
  '<wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet</wsnt:TopicExpressionDialect>' +
  '<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter' +
  '</tev:MessageContentFilterDialect>' +
  '<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>' +
  '</tev:GetEventPropertiesResponse>'

/** A wsnt:NotificationMessage. */
export function written({ topic, operation, source, data, at }: EventMessage): string {
  const items = (all: readonly Item[]): string =>
    all.map(([name, value]) => `<tt:SimpleItem Name="${name}" Value="${xml(value)}"/>`).join('')
  return (
    `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic>` +
    `<wsnt:Message><tt:Message UtcTime="${isoTime(at)}" PropertyOperation="${operation}">` +
    `<tt:Source>${items(source)}</tt:Source><tt:Data>${items(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`
  )
}

/** XML of one topic for a TopicSet: a property with one data item. @param path `Device/Trigger/DigitalInput` */
export function topicXml(
  path: string,
  source: readonly { name: string; type: string }[],
  data: { name: string; type: string },
  isProperty = true,
): string {
  const item = ({ name, type }: { name: string; type: string }): string =>
    `<tt:SimpleItemDescription Name="${name}" Type="${type}"/>`
  const description =
    `<tt:MessageDescription${isProperty ? ' IsProperty="true"' : ''}><tt:Source>${source.map(item).join('')}</tt:Source>` +
    `<tt:Data>${item(data)}</tt:Data></tt:MessageDescription>`
  const names = path.split('/')
  return names.reduceRight((inner, name, i) => {
    const tag = i === 0 ? `tns1:${name}` : name
    return `<${tag} wstop:topic="${i === names.length - 1}">${inner}</${tag}>`
  }, description)
}
