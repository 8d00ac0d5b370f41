/** Help points that press over MQTT: one session each, as the site file says. Not here: the protocol (mqtt-session). */
import type { IncidentId } from '../../glossary/incident.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import type { Clock } from '../../tools/clock.ts'
import { type MqttTopic, meaningOf } from './mqtt-message.ts'
import { type MqttBroker, SESSION_S, openMqttSession } from './mqtt-session.ts'
import { type AcceptPress, acceptUntilTaken } from '../press-until-taken.ts'

/**
 * For how long an equal key means the same press: a device publishes again when its broker's acknowledgement was
 * lost. `id` may be the device's own, the same with each press: two minutes, and only while its incident is open.
 * What the site file names as the key is another with each press, up to a restart of the device: an hour, also of what
 * the broker sends again. What has no key is known by the message itself, which the broker may have kept for as long as
 * our session lasts.
 */
export const SAME_PRESS_MS = {
  id: 2 * 60_000,
  named: 3_600_000,
  afterClosed: 2 * 60_000,
  redelivered: SESSION_S * 1000,
}
/**
 * A message that the broker sends once more within this time is no press: it only did not hear that the message was
 * taken. A device whose messages are all alike must not be mistaken for long.
 */
const SENT_AGAIN_MS = 10 * 60_000
const TAKEN_KEPT = 1000

type Wanted = { broker: MqttBroker; clientId: string; topics: MqttTopic[] }
type Held = { wanted: string; session: ReturnType<typeof openMqttSession> }

export function createMqttSource(options: {
  accept: AcceptPress
  /** Whether it is not closed yet. */ isOpen(incident: IncidentId): boolean
  heard(helpPoint: HelpPointId): void
  clock: Clock
  onLink(helpPoint: HelpPointId, problem: string | null): void
  onError(error: unknown): void
  openSession?: typeof openMqttSession
}) {
  const { accept, isOpen, heard, clock, onLink, onError, openSession = openMqttSession } = options
  const sessions = new Map<HelpPointId, Held>()
  const stopped = new AbortController()

  function open(helpPoint: HelpPointId, { broker, clientId, topics }: Wanted): Held['session'] {
    let told: string | null | undefined
    const takenMarks = new Map<string, number>()
    const wasTaken = (mark: string): boolean =>
      clock.monotonic() - (takenMarks.get(mark) ?? Number.NEGATIVE_INFINITY) <= SENT_AGAIN_MS
    function noteTaken(mark: string): void {
      takenMarks.delete(mark)
      takenMarks.set(mark, clock.monotonic())
      const [oldest] = takenMarks.keys()
      if (takenMarks.size > TAKEN_KEPT && oldest !== undefined) takenMarks.delete(oldest)
    }
    return openSession({
      now: clock.now,
      broker,
      clientId,
      topics: [
        ...new Set(topics.flatMap(({ topic, heartbeat }) => (heartbeat === null ? [topic] : [topic, heartbeat]))),
      ],
      onLink(problem) {
        if (problem === told || stopped.signal.aborted) return
        told = problem
        onLink(helpPoint, problem)
      },
      async take({ topic, payload, mark, redelivered }) {
        const [said] = topics.flatMap((each) => {
          const { press } = each.topic === topic ? meaningOf(payload, each) : { press: null }
          return press ? [{ press, keyIsTheDevices: each.key === null }] : []
        })
        // Of a topic that the site file has no more, nobody wants to know.
        if (!topics.some((each) => each.topic === topic || each.heartbeat === topic)) return true
        heard(helpPoint)
        if (!said) return true
        // The broker did not hear that it was taken.
        if (redelivered && wasTaken(mark)) return true
        const { press, keyIsTheDevices } = said
        const arrival = {
          helpPoint,
          // Two buttons of one help point may count alike.
          key: press.key === null ? `mqtt ${mark}` : topics.length > 1 ? `${topic} ${press.key}` : press.key,
          sameForMs: SAME_PRESS_MS[press.key === null ? 'redelivered' : keyIsTheDevices ? 'id' : 'named'],
          // What the broker sends again may have waited there for longer.
          ...(press.key === null || keyIsTheDevices || redelivered
            ? {}
            : { sameAfterClosedMs: SAME_PRESS_MS.afterClosed }),
          pressedAt: press.pressedAt,
          sentAt: press.sentAt,
          kind: press.kind,
          source: 'mqtt',
          by: `mqtt ${helpPoint}`,
        }
        const trying = { accept, clock, signal: stopped.signal, onError }
        const taken = await acceptUntilTaken(arrival, trying)
        // Many devices put their own id there, the same with each press: what is known from an incident that is over
        // is a person anew.
        const old =
          taken?.repeated &&
          press.key !== null &&
          keyIsTheDevices &&
          !(taken.receipt.incident !== null && isOpen(taken.receipt.incident))
        const isTaken = old
          ? (await acceptUntilTaken({ ...arrival, key: `${arrival.key} ${mark}` }, trying)) !== null
          : taken !== null
        if (isTaken) noteTaken(mark)
        return isTaken
      },
    })
  }

  return {
    /** Opens what is new, leaves what is gone, keeps what is the same. */
    async follow(wanted: ReadonlyMap<HelpPointId, Wanted>): Promise<void> {
      for (const [helpPoint, held] of sessions) {
        const now = wanted.get(helpPoint)
        if (now && JSON.stringify(now) === held.wanted) continue
        sessions.delete(helpPoint)
        // What it listened to until now is another's, or nobody's: the broker must not keep it for us.
        const sameTopics =
          now && JSON.stringify(now.topics) === JSON.stringify((JSON.parse(held.wanted) as Wanted).topics)
        await (sameTopics ? held.session.close() : held.session.forget())
      }
      for (const [helpPoint, each] of wanted)
        if (!sessions.has(helpPoint))
          sessions.set(helpPoint, { wanted: JSON.stringify(each), session: open(helpPoint, each) })
    },
    async close(): Promise<void> {
      stopped.abort()
      await Promise.all([...sessions.values()].map(({ session }) => session.close()))
    },
  }
}
