/** Pull-point events of a simulated device (ONVIF Core 9, event.wsdl): its digital input and its presets reached. */
import { randomBytes } from 'node:crypto'
import { isoTime } from '../../tools/clock.ts'
import { durationMs } from './onvif-ptz-service.ts'
import { type SoapRequest, text } from './onvif-requests.ts'
import { SoapFault, noSuchAction, xml } from './onvif-words.ts'

type Message = {
  topic: string
  operation: 'Initialized' | 'Changed'
  source: [string, string]
  data: [string, string]
  at: number
}
type PullPoint = { messages: Message[]; until: number; wake: (() => void) | null }

const MOST_PULL_POINTS = 10
const MOST_MESSAGES = 200
const LIFETIME_MS = 60_000
const TOPIC_SET =
  '<tns1:Device wstop:topic="false"><Trigger wstop:topic="false"><DigitalInput wstop:topic="true">' +
  '<tt:MessageDescription IsProperty="true"><tt:Source><tt:SimpleItemDescription Name="InputToken" ' +
  'Type="tt:ReferenceToken"/></tt:Source><tt:Data><tt:SimpleItemDescription Name="LogicalState" Type="xs:boolean"/>' +
  '</tt:Data></tt:MessageDescription></DigitalInput></Trigger></tns1:Device>' +
  '<tns1:PTZController wstop:topic="false"><PTZPresets wstop:topic="false"><Reached wstop:topic="true">' +
  '<tt:MessageDescription><tt:Source><tt:SimpleItemDescription Name="PTZConfigurationToken" Type="tt:ReferenceToken"/>' +
  '</tt:Source><tt:Data><tt:SimpleItemDescription Name="PresetToken" Type="tt:ReferenceToken"/>' +
  '</tt:Data></tt:MessageDescription></Reached></PTZPresets></tns1:PTZController>'

export type EventService = ReturnType<typeof createEventService>

export function createEventService({ now }: { now(): number }) {
  const points = new Map<string, PullPoint>()
  let inputActive = false
  const inputMessage = (operation: Message['operation']): Message => ({
    topic: 'tns1:Device/Trigger/DigitalInput',
    operation,
    source: ['InputToken', 'input-1'],
    data: ['LogicalState', String(inputActive)],
    at: now(),
  })

  function say(message: Message): void {
    for (const point of points.values()) {
      point.messages.push(message)
      if (point.messages.length > MOST_MESSAGES) point.messages.shift()
      point.wake?.()
    }
  }
  function pointAt(path: string): PullPoint {
    const point = points.get(path.split('/').at(-1) ?? '')
    if (!point || point.until < now())
      throw new SoapFault(['Sender', 'ter:InvalidArgVal'], 'There is no such pull point')
    return point
  }
  const until = (point: PullPoint): string =>
    `<wsnt:CurrentTime>${isoTime(now())}</wsnt:CurrentTime><wsnt:TerminationTime>${isoTime(point.until)}</wsnt:TerminationTime>`

  async function pull(point: PullPoint, request: SoapRequest, signal: AbortSignal): Promise<string> {
    const limit = Math.max(1, Number(text(request.argument, 'MessageLimit') ?? 1))
    if (point.messages.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(60_000, durationMs(text(request.argument, 'Timeout'))))
        point.wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
        void Promise.resolve().then(() => timer.unref())
      })
    point.wake = null
    point.until = now() + LIFETIME_MS
    const messages = point.messages.splice(0, limit)
    return (
      `<tev:PullMessagesResponse><tev:CurrentTime>${isoTime(now())}</tev:CurrentTime>` +
      `<tev:TerminationTime>${isoTime(point.until)}</tev:TerminationTime>${messages.map(written).join('')}</tev:PullMessagesResponse>`
    )
  }

  return {
    /** The help point's dry contact. */
    setInput(active: boolean): void {
      if (inputActive === active) return
      inputActive = active
      say(inputMessage('Changed'))
    },
    presetReached: (token: string): void =>
      say({
        topic: 'tns1:PTZController/PTZPresets/Reached',
        operation: 'Changed',
        source: ['PTZConfigurationToken', 'ptz-1'],
        data: ['PresetToken', token],
        at: now(),
      }),
    async answer(
      request: SoapRequest,
      { path, base, signal }: { path: string; base: string; signal: AbortSignal },
    ): Promise<string> {
      switch (request.operation) {
        case 'GetServiceCapabilities':
          return '<tev:GetServiceCapabilitiesResponse><tev:Capabilities WSPullPointSupport="true"/></tev:GetServiceCapabilitiesResponse>'
        case 'GetEventProperties':
          return (
            '<tev:GetEventPropertiesResponse>' +
            '<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>' +
            '<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet xmlns:wstop="http://docs.oasis-open.org/wsn/t-1" ' +
            `xmlns:xs="http://www.w3.org/2001/XMLSchema">${TOPIC_SET}</wstop:TopicSet>` +
            '<wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet</wsnt:TopicExpressionDialect>' +
            '<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter' +
            '</tev:MessageContentFilterDialect>' +
            '<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>' +
            '</tev:GetEventPropertiesResponse>'
          )
        case 'CreatePullPointSubscription': {
          for (const [id, point] of points) if (point.until < now()) points.delete(id)
          if (points.size >= MOST_PULL_POINTS)
            throw new SoapFault(['Receiver', 'ter:Action', 'ter:MaxPullPoints'], 'Too many pull points')
          const id = randomBytes(6).toString('hex')
          const point: PullPoint = { messages: [inputMessage('Initialized')], until: now() + LIFETIME_MS, wake: null }
          points.set(id, point)
          return (
            `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa5:Address>${base}/onvif/pull/${id}</wsa5:Address>` +
            `</tev:SubscriptionReference>${until(point)}</tev:CreatePullPointSubscriptionResponse>`
          )
        }
        case 'PullMessages':
          return pull(pointAt(path), request, signal)
        case 'Renew': {
          const point = pointAt(path)
          point.until = now() + LIFETIME_MS
          return (
            `<wsnt:RenewResponse><wsnt:TerminationTime>${isoTime(point.until)}</wsnt:TerminationTime>` +
            `<wsnt:CurrentTime>${isoTime(now())}</wsnt:CurrentTime></wsnt:RenewResponse>`
          )
        }
        case 'SetSynchronizationPoint':
          pointAt(path).messages.push(inputMessage('Initialized'))
          return '<tev:SetSynchronizationPointResponse/>'
        case 'Unsubscribe':
          pointAt(path)
          points.delete(path.split('/').at(-1) ?? '')
          return '<wsnt:UnsubscribeResponse/>'
        default:
          throw noSuchAction(request.operation)
      }
    },
  }
}

function written({ topic, operation, source, data, at }: Message): string {
  const item = ([name, value]: [string, string]): string => `<tt:SimpleItem Name="${name}" Value="${xml(value)}"/>`
  return (
    `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic>` +
    `<wsnt:Message><tt:Message UtcTime="${isoTime(at)}" PropertyOperation="${operation}">` +
    `<tt:Source>${item(source)}</tt:Source><tt:Data>${item(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`
  )
}
