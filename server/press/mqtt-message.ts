/** What an MQTT message of a help point means. Pure: the payload is a stranger's. */
import { PRESS_KINDS, type PressKind } from '../glossary/press.ts'

/** `when`: what a JSON payload must say to be a press, by dotted name; null when every message is one. */
export type MqttTopic = { topic: string; when: Readonly<Record<string, string | number | boolean>> | null; /** Where it says that it lives; null when nowhere else. */ heartbeat: string | null; /** Where a JSON payload has an id of this one press, another with each, by dotted name; null: at `id`, which may also be the device's own. */ key: string | null }
export type MqttMeaning = { press: { key: string | null; pressedAt: string | null; sentAt: string | null; kind: PressKind } | null }

const LONGEST_KEY = 200
const PRESS_ID = 'id'

/** A message that is not a press is a sign of life. */
export function meaningOf(payload: Uint8Array, { when, key }: Pick<MqttTopic, 'when' | 'key'>): MqttMeaning {
  const said = jsonOf(payload)
  if (when && !Object.entries(when).every(([path, wanted]) => at(said, path) === wanted)) return { press: null }
  const text = (name: string): string | null => {
    const value = at(said, name)
    return (typeof value === 'string' || typeof value === 'number') && String(value).length > 0 && String(value).length <= LONGEST_KEY ? String(value) : null
  }
  const kind = at(said, 'kind')
  return { press: { key: text(key ?? PRESS_ID), pressedAt: text('pressedAt'), sentAt: text('sentAt'), kind: PRESS_KINDS.find((each) => each === kind) ?? 'press' } }
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8')) as unknown
  } catch {
    return null
  }
}
const at = (value: unknown, path: string): unknown => path.split('.').reduce<unknown>((inner, name) => (inner !== null && typeof inner === 'object' && Object.hasOwn(inner, name) ? (inner as Record<string, unknown>)[name] : undefined), value)
