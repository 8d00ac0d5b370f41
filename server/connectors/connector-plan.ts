/**
 * What one VMS must still be told of one incident: the incident as it is, compared with what this VMS was told. Pure:
 * a restart in the middle of an act makes the same plan again, and the connector looks before it makes anything.
 */
import type { CameraId } from '../glossary/camera.ts'
import type { Verb } from '../glossary/connector.ts'
import type { Incident } from '../glossary/incident.ts'

/** An event or alarm of theirs that is ours. `over`: it ended there though the incident was open. */
export type TheirEvent = {
  id: string
  camera: CameraId | null
  /** Their camera, as far as it is known: two of ours, or none of them, may be one of theirs. */
  theirs: string | null
  /** It is the alarm, and not a mark of a further camera. */
  alarm: boolean
  protected: boolean
  ended: boolean
  over: boolean
  released: boolean
}
export type ToldSoFar = {
  /** Verb and part of each act that was told, or that cannot be told. */
  done: ReadonlySet<string>
  events: readonly TheirEvent[]
  closedAt: string | null
  /** A lock of the evidence officer: until then, null for ever; undefined: none. */
  lockedUntil?: string | null
}
export type PlanRule = {
  verbs: readonly Verb[]
  matched(camera: CameraId): boolean
  /** There is somewhere to raise an alarm without a camera. */
  fallback: boolean
  late: 'mark' | 'alarm'
  /** How long footage is kept after the closing, milliseconds. */
  keepMs: number
  /** A line of the log as the VMS gets it; null: it gets none. */
  line(line: Incident['log'][number]): string | null
}
export type Act = {
  verb: Verb
  part: string
  camera: CameraId | null
  event: string | null
  /** For `note`. */
  line: string | null
  late: boolean
  /** It is known beforehand that it cannot be told, and why. */
  cannot: string | null
}
/** `again`: when the plan must be looked at again by itself, milliseconds since 1970; null: when something happens. */
export type Plan = { acts: Act[]; again: number | null; finished: boolean }

/** After that a press is news of the past: it pops nothing up. */
const LATE_MS = 5 * 60_000
/** So long the room's cameras are waited for: the alarm should name the one that comes. */
const CAMERA_WAIT_MS = 1500
/** Of cameras that the VMS does not have, the newest list is what counts. */
const WITHOUT_MATCH = 'without a match'
const keyOf = (verb: Verb, part: string): string => `${verb} ${part}`
export const actKey = ({ verb, part }: Pick<Act, 'verb' | 'part'>): string => keyOf(verb, part)

const act = (verb: Verb, part: string, more: Partial<Act> = {}): Act => ({
  verb,
  part,
  camera: null,
  event: null,
  line: null,
  late: false,
  cannot: null,
  ...more,
})

export function planFor(incident: Incident, told: ToldSoFar, rule: PlanRule, now: number): Plan {
  const isOpen = incident.state !== 'closed'
  const again: number[] = []
  const acts = [
    ...keeping(told, rule),
    ...raising(incident, told, rule, now, again),
    ...noting(incident, told, rule),
    ...(isOpen ? [] : ending(told)),
    ...(isOpen ? [] : releasing(incident, told, rule, now, again)),
  ].filter((each) => rule.verbs.includes(each.verb) && !told.done.has(actKey(each)))
  const finished = !isOpen && acts.length === 0 && again.length === 0
  return { acts, again: again.length === 0 ? null : Math.min(...again), finished }
}

/** The first camera that was asked and has not failed raises; each further one is marked. */
function raising(incident: Incident, told: ToldSoFar, rule: PlanRule, now: number, again: number[]): Act[] {
  const called = lastCall(incident)
  // What has raised an alarm in time is not late, however long it goes on.
  const isLate = !told.events.some(({ alarm }) => alarm) && (called === null || now - called.receivedAt > LATE_MS)
  const isOpen = incident.state !== 'closed'
  // What was over before the VMS could be told is a mark of the past; what was told goes no further.
  if (!isOpen && told.events.length > 0) return []
  const markOnly = !isOpen || (isLate && rule.late === 'mark')
  // A mark of the past is no alarm that goes on, and there need not be a second one.
  const standing = told.events.filter(({ over, ended }) => !over && (markOnly || !ended))
  const cameras = camerasOf(incident)
  const usable = cameras.filter(rule.matched)
  const unmatched = cameras.filter((camera) => !rule.matched(camera))
  const cannot =
    unmatched.length === 0
      ? []
      : [
          act('mark', `${WITHOUT_MATCH}: ${unmatched.join(', ')}`, {
            cannot: `Not matched with cameras of the VMS: ${unmatched.join(', ')}.`,
          }),
        ]
  if (usable.length === 0) {
    if (standing.length > 0) return cannot
    if (cameras.length === 0 && isOpen && now - Date.parse(incident.openedAt) < CAMERA_WAIT_MS) {
      again.push(Date.parse(incident.openedAt) + CAMERA_WAIT_MS)
      return []
    }
    const part = `no camera, ${told.events.length}`
    if (rule.fallback) return [...cannot, act(markOnly ? 'mark' : 'raise', part, { late: markOnly })]
    const problem =
      cameras.length === 0
        ? 'No camera came for this press, and the site file names none of the VMS for that (fallback).'
        : 'No camera of this press is matched with a camera of the VMS.'
    return [...cannot, act('raise', 'no camera', { cannot: problem })]
  }
  const missing = usable.filter((camera) => !standing.some((event) => event.camera === camera))
  const isAlarmed = standing.some(({ alarm }) => alarm)
  const verbOf = (i: number): Verb => (!markOnly && !isAlarmed && i === 0 ? 'raise' : 'mark')
  return [
    ...missing.map((camera, i) =>
      act(verbOf(i), `${camera}, ${told.events.filter((event) => event.camera === camera).length}`, {
        camera,
        late: markOnly,
      }),
    ),
    ...cannot,
  ]
}

/**
 * The cameras that came for this press. Where no camera came (the press was late, other incidents hold the cameras, or
 * their heads do not answer), the cameras that recorded it or would have come: the VMS records a camera whatever its head
 * does.
 */
function camerasOf({ framings, clips, log }: Incident): CameraId[] {
  const asked = framings.filter(({ state }) => state !== 'failed')
  if (asked.length > 0) return [...new Set(asked.map(({ camera }) => camera))]
  const passedOver = log.flatMap(({ kind, body }) =>
    kind === 'camera.passed-over' ? [(body as { camera: CameraId }).camera] : [],
  )
  return [...new Set([...[...framings, ...clips].map(({ camera }) => camera), ...passedOver])]
}

const keeping = ({ events }: ToldSoFar, { verbs }: PlanRule): Act[] =>
  verbs.includes('protect')
    ? events
        .filter((event) => !event.protected && !event.released)
        .map(({ id, camera }) => act('protect', id, { event: id, camera }))
    : []

/** Lines go to the alarm that goes on, or to the last one; one act has all that were not told yet. */
function noting(incident: Incident, { events }: ToldSoFar, rule: PlanRule): Act[] {
  const event = events.find(({ over }) => !over) ?? events.at(-1)
  if (!event) return []
  const at = { event: event.id, camera: event.camera }
  const presses = incident.presses.length + incident.repeats
  const last = incident.log.findLast((line) => rule.line(line) !== null)
  // A button that is stuck presses for hours: one line a minute says so, and the last one how often it was.
  const until = incident.state === 'closed' ? 'all' : Math.floor(Date.parse(lastPressAt(incident)) / 60_000)
  const repeated =
    presses > 1 ? [act('note', `presses of ${event.id}: ${until}`, { ...at, line: String(presses) })] : []
  return [
    ...repeated,
    ...(last ? [act('note', `lines of ${event.id}: ${last.seq}`, { ...at, line: rule.line(last) })] : []),
  ]
}

const ending = ({ events }: ToldSoFar): Act[] =>
  events.filter(({ ended, over }) => !ended && !over).map(({ id, camera }) => act('ended', id, { event: id, camera }))

/** A drill keeps nothing; a press as long as the site keeps evidence, and as long as the evidence officer says. */
function releasing(incident: Incident, told: ToldSoFar, rule: PlanRule, now: number, again: number[]): Act[] {
  const kept = told.events.filter((event) => event.protected && !event.released)
  if (kept.length === 0 || incident.closedAt === null) return []
  const until = Math.max(
    Date.parse(incident.closedAt) + (incident.kind === 'drill' ? 0 : rule.keepMs),
    lockEnd(told.lockedUntil),
  )
  if (now < until) {
    again.push(until)
    return []
  }
  return kept.map(({ id, camera }) => act('release', id, { event: id, camera }))
}

/** A lock without an end is looked at again when the evidence officer says so. */
const lockEnd = (until: string | null | undefined): number =>
  until === undefined ? 0 : until === null ? Number.MAX_SAFE_INTEGER : Date.parse(until)

/** Of an incident the newest press that is told as it happens; null: all of them came late. */
function lastCall({ kind, presses, log }: Incident): { receivedAt: number; pressedAt: number } | null {
  const press = presses.findLast((each) => !each.late && (kind === 'drill' || each.kind === 'press'))
  // Presses faster than anybody can press are counted, and not listed.
  const counted = log.findLast((line) => line.kind === 'press.coalesced')
  if (!press) return null
  const receivedAt = Math.max(Date.parse(press.receivedAt), counted ? Date.parse(counted.at) : 0)
  return { receivedAt, pressedAt: Date.parse(press.clockOff ? press.receivedAt : press.pressedAt) }
}
const lastPressAt = ({ presses, log, openedAt }: Incident): string =>
  log.findLast(({ kind }) => kind === 'press.coalesced')?.at ?? presses.at(-1)?.receivedAt ?? openedAt

/**
 * When somebody pressed, by the device's clock where that is to be believed: the first press, or, where nothing else is
 * to be told, the newest that calls.
 */
export function pressTime(incident: Incident, late: boolean): number {
  const called = late ? null : lastCall(incident)
  if (called) return called.pressedAt
  const [first] = incident.presses
  if (!first) return Date.parse(incident.openedAt)
  return Date.parse(first.clockOff ? first.receivedAt : first.pressedAt)
}
