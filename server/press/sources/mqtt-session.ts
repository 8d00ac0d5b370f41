/**
 * One help point's session with the broker: persistent, QoS 1, and a message is acknowledged only when it has been
 * taken in. Each help point has its own, so that a flood at one does not stand before another's press. MQTT 5 and
 * 3.1.1.
 */
import { createHash } from 'node:crypto'
import { type IClientOptions, type IPublishPacket, type ISubscriptionMap, type MqttClient, connect } from 'mqtt'
import { messageOf } from '../../tools/failure.ts'

export type MqttBroker = {
  url: string
  username: string | null
  password: string | null
  /** PEM of who signed its certificate; null for the system's own. */ ca: string | null
  version: 4 | 5
}
/**
 * `mark`: the same message sent once more has the same one. `redelivered`: the broker says that it has sent it
 * before.
 */
export type MqttArrival = { topic: string; payload: Uint8Array; mark: string; redelivered: boolean }
/** What of the client is not in its types: every packet that it sends passes here. */
type Sender = {
  _sendPacket(packet: { cmd: string; messageId?: number }, done?: (error?: Error) => void, ...more: unknown[]): unknown
}

const RECONNECT_MS = 1000
const KEEPALIVE_S = 15
/** How long the broker keeps what comes while we are away. */
export const SESSION_S = 7 * 86_400
const MARKS_KEPT = 200
const LEAVE_WITHIN_MS = 2000
const LARGEST_BYTES = 64 * 1024

export function openMqttSession(options: {
  now(): number
  broker: MqttBroker
  clientId: string
  topics: readonly string[]
  /** Resolves when the message may be acknowledged; false: never, so that the broker sends it again. */ take(
    arrival: MqttArrival,
  ): Promise<boolean>
  onLink(problem: string | null): void
}) {
  const { now, broker, clientId, topics, take, onLink } = options
  const five = broker.version === 5
  const settings: IClientOptions = {
    manualConnect: true,
    clientId,
    clean: false,
    protocolVersion: broker.version,
    keepalive: KEEPALIVE_S,
    reconnectPeriod: RECONNECT_MS,
    reconnectOnConnackError: true,
    connectTimeout: 10_000,
    resubscribe: false,
    ...(broker.username === null ? {} : { username: broker.username }),
    ...(broker.password === null ? {} : { password: broker.password }),
    ...(broker.ca === null ? {} : { ca: broker.ca }),
    ...(five ? { properties: { sessionExpiryInterval: SESSION_S, maximumPacketSize: LARGEST_BYTES } } : {}),
  }
  const client: MqttClient = connect(broker.url, settings)
  const taking = new Map<number, Promise<boolean>>()
  /** Marks of what came lately: one that the broker sends again after a lost connection is known by it. */
  const marks = new Map<string, string>()
  let connection = 0
  let counted = 0
  let acknowledging: Promise<unknown> = Promise.resolve()

  function markOf({ topic, payload, messageId = 0, dup }: IPublishPacket): string {
    const sha256 = createHash('sha256').update(payload).digest('hex').slice(0, 16)
    const same = `${topic} ${messageId} ${sha256}`
    const known = marks.get(same)
    if (dup && known !== undefined) return known
    counted += 1
    const mark = `${now().toString(36)}-${counted}-${sha256}`
    marks.delete(same)
    marks.set(same, mark)
    const [oldest] = marks.keys()
    if (marks.size > MARKS_KEPT && oldest !== undefined) marks.delete(oldest)
    return mark
  }

  // Called for each message, one after the other. It does not wait: the next one may be from somebody who waits, too.
  client.handleMessage = (packet, done) => {
    // What a broker kept for whoever begins to listen is a state, not a person.
    const taken = packet.retain
      ? Promise.resolve(true)
      : take({
          topic: packet.topic,
          payload: Buffer.from(packet.payload),
          mark: markOf(packet),
          redelivered: packet.dup,
        })
    if (packet.messageId !== undefined) taking.set(packet.messageId, taken)
    taken.catch(() => {})
    done()
  }
  // The acknowledgement that follows at once waits here until the message is on disk; in the order of the messages
  // (MQTT-4.6.0-2).
  const sender = client as unknown as Sender
  const send = sender._sendPacket.bind(client)
  sender._sendPacket = (packet, done, ...more) => {
    const taken = packet.cmd === 'puback' && packet.messageId !== undefined ? taking.get(packet.messageId) : undefined
    if (!taken) return send(packet, done, ...more)
    taking.delete(packet.messageId ?? 0)
    const since = connection
    acknowledging = acknowledging
      .then(() => taken)
      .then((may) => {
        // A connection that is gone takes its numbers with it: the broker sends the message again over the next one.
        if (may && since === connection && client.connected) send(packet)
        else if (!may && since === connection) client.stream.destroy()
      })
      .catch(() => {})
    done?.()
    return client
  }

  client.on('connect', ({ sessionPresent }) => {
    connection += 1
    // A broker that has forgotten us counts from the beginning: its numbers mean other messages now.
    if (!sessionPresent) marks.clear()
    const mine = connection
    const wanted = Object.fromEntries(topics.map((topic) => [topic, { qos: 1 as const, ...(five ? { rh: 2 } : {}) }]))
    // Always anew: what the client remembers of its subscriptions, the broker may have forgotten.
    client.subscribe({ ...wanted, resubscribe: true } as ISubscriptionMap, (error, granted = []) => {
      if (mine !== connection) return
      const refused = granted.filter(({ qos }) => qos !== 1).map(({ topic }) => topic)
      if (!error && granted.length < topics.length) return onLink('The broker has not confirmed the subscription.')
      onLink(
        error
          ? `The broker refused the subscription: ${messageOf(error)}`
          : refused.length > 0
            ? `The broker does not grant QoS 1 for ${refused.join(', ')}: a press could be lost.`
            : null,
      )
    })
  })
  client.on('close', () => {
    connection += 1
    taking.clear()
    onLink('The broker does not answer.')
  })
  client.on('error', (error) => onLink(`The broker: ${messageOf(error)}`))
  client.connect()

  /** A broker that does not answer any more must not keep us. */
  function leave(): Promise<void> {
    return new Promise((resolve) => {
      const tooLong = setTimeout(() => client.end(true, {}, () => resolve()), LEAVE_WITHIN_MS)
      client.end(false, {}, () => {
        clearTimeout(tooLong)
        resolve()
      })
    })
  }

  return {
    /** Goes without ending the session: the broker keeps what comes. */
    close: leave,
    /** Ends the session for good: nobody wants these messages any more. */
    async forget(): Promise<void> {
      if (client.connected) for (const topic of topics) await client.unsubscribeAsync(topic).catch(() => {})
      await leave()
    },
  }
}
