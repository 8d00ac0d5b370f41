/** How long each step of an incident took, and where its marks stand on a line. Pure. */
import type { Incident, LogLine } from '../../server/glossary/incident.ts'
import { whoOf } from './log-words.ts'

/** Milliseconds from the press; null: it has not happened, or a clock was set back. `who`: '' for nobody. */
export type Step = { afterMs: number | null; who: string }
export type IncidentTimes = Record<'accepted' | 'words' | 'arranged' | 'closed', Step>
type Folded = Pick<Incident, 'log' | 'openedAt' | 'state'>

/** A drill that a person pressed into counts from that press. */
const pressedAt = ({ log, openedAt }: Folded): number => {
  const first = log.find(
    ({ kind, body }) => kind === 'press.received' && (body as { press?: { kind?: string } }).press?.kind === 'press',
  )
  return Date.parse(first?.at ?? openedAt)
}

/** Sound that has come both ways is Lamppost's to write, and an operator's doing. */
const actorOf = ({ actor, body }: LogLine): string => (body as { by?: string }).by ?? whoOf(actor)

type OfCall = { contact?: string; camera?: string }
/** Of a call of the room, to a contact or a loudspeaker: no words with the person who pressed. */
const isWithCaller = ({ body }: Pick<LogLine, 'body'>): boolean =>
  (body as OfCall).contact === undefined && (body as OfCall).camera === undefined
const isHelpCalled = ({ kind, body }: Pick<LogLine, 'kind' | 'body'>): boolean =>
  kind === 'incident.contacted' ||
  kind === 'call.party-called' ||
  (kind === 'call.ringing' && (body as OfCall).contact !== undefined)

export function timesOf(incident: Folded): IncidentTimes {
  const from = pressedAt(incident)
  const step = (line: LogLine | undefined): Step => {
    const after = line ? Date.parse(line.at) - from : Number.NaN
    return { afterMs: after >= 0 ? after : null, who: line ? actorOf(line) : '' }
  }
  const first = (is: (line: LogLine) => boolean): LogLine | undefined =>
    incident.log.find((line) => is(line) && Date.parse(line.at) >= from)
  return {
    accepted: step(first(({ kind }) => kind === 'incident.acknowledged')),
    words: step(first((line) => line.kind === 'call.connected' && isWithCaller(line))),
    arranged: step(first(isHelpCalled)),
    closed: step(
      incident.state === 'closed' ? incident.log.findLast(({ kind }) => kind === 'incident.closed') : undefined,
    ),
  }
}

export type Mark = { at: number; kind: 'press' | 'take' | 'call' | 'help' | 'note' | 'hold' | 'close' }
const MARKS: Readonly<Record<string, Mark['kind']>> = {
  'press.received': 'press',
  'press.coalesced': 'press',
  'incident.acknowledged': 'take',
  'incident.reopened': 'take',
  'call.connected': 'call',
  'incident.noted': 'note',
  'incident.put-on-hold': 'hold',
  'incident.closed': 'close',
}
/** Of the line: milliseconds since 1970. */
export type Span = { from: number; to: number }

/** @param now the end of what goes on */
export function marksOf({ log }: Pick<Incident, 'log'>): Mark[] {
  return log.flatMap((line) => {
    const mark = isHelpCalled(line) ? 'help' : Object.hasOwn(MARKS, line.kind) ? MARKS[line.kind] : undefined
    const isNone = line.kind === 'call.connected' && !isWithCaller(line)
    return mark && !isNone ? [{ at: Date.parse(line.at), kind: mark }] : []
  })
}
export function spanOf({ log, clips, openedAt }: Pick<Incident, 'log' | 'clips' | 'openedAt'>, now: number): Span {
  const moments = [
    Date.parse(openedAt),
    ...marksOf({ log }).map(({ at }) => at),
    ...clips.flatMap(({ from, to }) => [Date.parse(from), to === null ? now : Date.parse(to)]),
  ].filter((moment) => !Number.isNaN(moment))
  const [from, to] = [Math.min(...moments), Math.max(...moments)]
  return { from, to: Math.max(to, from + 1000) }
}
/** Where a moment stands on the line: 0..1. */
export const shareOf = (at: number, { from, to }: Span): number => Math.min(1, Math.max(0, (at - from) / (to - from)))

const STILLS_AFTER_MS = [-5000, 0, 10_000, 60_000] as const
/** The moments of a clip that a report shows: around the press, and its end. */
export function stillsOf({ from, to }: { from: string; to: string | null }, pressed: number, now: number): number[] {
  const [start, end] = [Date.parse(from), (to === null ? now : Date.parse(to)) - 2000]
  const wanted = [...STILLS_AFTER_MS.map((after) => pressed + after), end]
  return [...new Set(wanted.filter((at) => at >= start && at <= end))].sort((a, b) => a - b)
}
