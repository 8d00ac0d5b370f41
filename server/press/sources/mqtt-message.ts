/** What an MQTT message of a help point means. Pure: the payload is a stranger's. */
import { PRESS_KINDS, type PressKind } from '../../glossary/press.ts'

/**
 * `when`: what a payload must say to be a press: of JSON by dotted name, of anything else as `text`; null when every
 * message that is not empty is one.
 */
export type MqttTopic = {
  topic: string
  when: Readonly<Record<string, string | number | boolean>> | null
  /** Where it says that it lives; null when nowhere else. */ heartbeat: string | null
  /**
   * Where a JSON payload has an id of this one press, another with each, by dotted name; null: at `id`, which may
   * also be the device's own.
   */
  key: string | null
}
export type MqttMeaning = {
  press: { key: string | null; pressedAt: string | null; sentAt: string | null; kind: PressKind } | null
}

const LONGEST_KEY = 200
const PRESS_ID = 'id'

/** A message that is not a press is a sign of life; an empty one is how a retained one is taken back. */
export function meaningOf(payload: Uint8Array, { when, key }: Pick<MqttTopic, 'when' | 'key'>): MqttMeaning {
  const whole = textOf(payload)
  if (whole === '') return { press: null }
  const said = jsonOf(whole)
  if (
    when &&
    !Object.entries(when).every(([path, wanted]) =>
      agrees(at(said, path) ?? (path === WHOLE_TEXT ? bareText(said, whole) : undefined), wanted),
    )
  )
    return { press: null }
  const text = (name: string): string | null => {
    const value = at(said, name)
    return (typeof value === 'string' || typeof value === 'number') &&
      String(value).length > 0 &&
      String(value).length <= LONGEST_KEY
      ? String(value)
      : null
  }
  const kind = at(said, 'kind')
  return {
    press: {
      key: text(key ?? PRESS_ID),
      pressedAt: text('pressedAt'),
      sentAt: text('sentAt'),
      kind: PRESS_KINDS.find((each) => each === kind) ?? 'press',
    },
  }
}

/** What the site file calls a payload that is no JSON object. */
const WHOLE_TEXT = 'text'
/** Without what devices put around it: a byte order mark, line ends, the NUL of a C string. */
const textOf = (payload: Uint8Array): string =>
  Buffer.from(payload)
    .toString('utf8')
    .replaceAll(/^[\s\0\uFEFF]+|[\s\0]+$/g, '')
/** A payload that is no JSON object, as it stands: `pressed`, `"pressed"`, `1`. */
const bareText = (said: unknown, whole: string): unknown =>
  typeof said === 'string'
    ? said
    : said !== null && typeof said === 'object' && !Array.isArray(said)
      ? undefined
      : whole

const WORDS_FOR_TRUE = new Set(['true', 'yes', 'on'])
const WORDS_FOR_FALSE = new Set(['false', 'no', 'off'])
/**
 * Whether what a device says is what the site file wants. YAML 1.2 reads `yes` and `on` as text where a device says
 * `true`, and devices write numbers and truths as text: such are the same; capital letters are no difference.
 */
function agrees(said: unknown, wanted: string | number | boolean): boolean {
  if (typeof said !== 'string' && typeof said !== 'number' && typeof said !== 'boolean') return false
  const [mine, theirs] = [String(wanted).trim().toLowerCase(), String(said).trim().toLowerCase()]
  if (mine === theirs) return true
  if (mine !== '' && theirs !== '' && Number(mine) === Number(theirs)) return true
  const truths = [mine, theirs].map((word) =>
    WORDS_FOR_TRUE.has(word)
      ? true
      : WORDS_FOR_FALSE.has(word)
        ? false
        : word === '1'
          ? true
          : word === '0'
            ? false
            : null,
  )
  return truths[0] !== null && truths[0] === truths[1]
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, name) =>
        inner !== null && typeof inner === 'object' && Object.hasOwn(inner, name)
          ? (inner as Record<string, unknown>)[name]
          : undefined,
      value,
    )
