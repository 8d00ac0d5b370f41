/** What the register keeps of one incident, and how an entry of the ledger changes it. Pure. */
import type { ClosureCode, IncidentId, IncidentState } from '../../glossary/incident.ts'
import type { Recorded } from '../../glossary/ledger.ts'
import { codeOfWords } from '../closure-codes.ts'

/** Times are milliseconds since 1970; null: not yet. */
export type RegisterRow = {
  id: IncidentId
  /** The entry that opened it. */
  seq: number
  helpPoint: string
  kind: 'press' | 'drill'
  state: IncidentState
  openedAt: number
  /** When a person pressed first; a drill's own moment until then. */
  calledAt: number
  /** Of persons. */
  presses: number
  /** The newest push of the button: when, and by which ways it has come so far, parted by blanks. */
  pushedAt: number
  pushedBy: string
  acceptedAt: number | null
  wordsAt: number | null
  arrangedAt: number | null
  closedAt: number | null
  code: ClosureCode | null
}
/** One press of a person, or many that came faster than anybody can press. */
export type PressRow = { at: number; helpPoint: string; count: number; isRepeat: boolean }
export type DrillRow = { at: number; helpPoint: string; passed: boolean }
/** What an entry adds to the register; `row` null: it changes none. */
export type RegisterChange = {
  row: RegisterRow | null
  press: PressRow | null
  drill: DrillRow | null
  person: string | null
  words: string | null
}

/** The kinds of entries that the register is made of; others need not be brought to it. */
const KINDS: ReadonlySet<Recorded['kind']> = new Set([
  'press.received',
  'press.coalesced',
  'incident.opened',
  'incident.acknowledged',
  'incident.put-on-hold',
  'incident.taken-up',
  'incident.reopened',
  'incident.noted',
  'incident.contacted',
  'incident.step-ticked',
  'incident.closed',
  'call.ringing',
  'call.connected',
  'call.party-called',
  'drill.finished',
] as const)
export const isRegistered = ({ kind }: Pick<Recorded, 'kind'>): boolean => KINDS.has(kind)

/** The incident whose row the entry needs; null: none. */
export const rowOf = ({ body }: Recorded): IncidentId | null => ('incident' in body ? (body.incident ?? null) : null)

/** Who a person is in the record: the role, a colon, the name. Null: no person. */
export function personOf(actor: string): string | null {
  const [role = '', ...name] = actor.split(':')
  return ['operator', 'supervisor', 'evidence'].includes(role) && name.length > 0 ? name.join(':') : null
}

const NOTHING: RegisterChange = { row: null, press: null, drill: null, person: null, words: null }
/** @param row of the entry's incident; null: none is known */
export function changeBy(row: RegisterRow | null, entry: Recorded): RegisterChange {
  const at = Date.parse(entry.at)
  if (entry.kind === 'drill.finished')
    return { ...NOTHING, drill: { at, helpPoint: entry.body.helpPoint, passed: entry.body.passed } }
  if (entry.kind === 'incident.opened') return { ...NOTHING, row: opened(entry, at) }
  if (!row) return NOTHING
  const change = { ...NOTHING, person: personOf(entry.actor) }
  switch (entry.kind) {
    case 'press.received': {
      const { press } = entry.body
      if (press.kind === 'drill') return change
      // A device whose clock is wrong does not know when it was pressed.
      const pressedAt = press.clockOff ? at : Date.parse(press.pressedAt)
      return pressed(row, { at: Number.isNaN(pressedAt) ? at : pressedAt, helpPoint: press.helpPoint, count: 1 }, entry)
    }
    case 'press.coalesced': {
      const { helpPoint, count, kind } = entry.body
      return kind === 'drill' ? change : pressed(row, { at, helpPoint, count }, entry)
    }
    case 'incident.acknowledged':
    case 'incident.reopened':
      return {
        ...change,
        row: {
          ...row,
          state: 'acknowledged',
          acceptedAt: row.acceptedAt ?? at,
          ...(entry.kind === 'incident.reopened' ? { closedAt: null, code: null } : {}),
        },
        words: entry.kind === 'incident.reopened' ? entry.body.reason : null,
      }
    case 'call.party-called':
      return { ...change, row: { ...row, arrangedAt: row.arrangedAt ?? at } }
    case 'incident.contacted':
      return { ...change, row: { ...row, arrangedAt: row.arrangedAt ?? at }, words: entry.body.outcome }
    case 'incident.noted':
      return { ...change, words: entry.body.text }
    case 'incident.put-on-hold':
      return { ...change, words: entry.body.reason }
    case 'incident.closed': {
      const { reason, code } = entry.body
      return {
        ...change,
        row: { ...row, state: 'closed', closedAt: at, code: code ?? codeOfWords(reason) },
        words: reason,
      }
    }
    case 'call.ringing':
      return entry.body.contact === undefined
        ? change
        : { ...change, row: { ...row, arrangedAt: row.arrangedAt ?? at } }
    case 'call.connected': {
      // Words with the person who pressed.
      const { contact, camera } = entry.body
      if (contact !== undefined || camera !== undefined) return change
      return { ...change, row: { ...row, wordsAt: row.wordsAt ?? at } }
    }
    default:
      return change
  }
}

const opened = (
  { seq, body: { incident, helpPoint, kind } }: Extract<Recorded, { kind: 'incident.opened' }>,
  at: number,
): RegisterRow => ({
  id: incident,
  seq,
  helpPoint,
  kind,
  state: 'open',
  openedAt: at,
  calledAt: at,
  presses: 0,
  pushedAt: at,
  pushedBy: '',
  acceptedAt: null,
  wordsAt: null,
  arrangedAt: null,
  closedAt: null,
  code: null,
})

/** A button and a telephone in one device tell of one push within so long. */
const SAME_PUSH_MS = 5000

/** A person who presses during a drill makes it an incident, from then on. */
function pressed(
  row: RegisterRow,
  press: Omit<PressRow, 'isRepeat'>,
  entry: Extract<Recorded, { kind: 'press.received' | 'press.coalesced' }>,
): RegisterChange {
  const at = Date.parse(entry.at)
  const source = entry.kind === 'press.received' ? entry.body.press.source : entry.body.source
  const before = row.pushedBy.split(' ')
  const isSamePush = row.presses > 0 && at - row.pushedAt <= SAME_PUSH_MS && !before.includes(source)
  if (isSamePush && press.count === 1) return { ...NOTHING, row: { ...row, pushedBy: `${row.pushedBy} ${source}` } }
  const isFirst = row.presses === 0
  const joined =
    row.kind === 'drill'
      ? { kind: 'press' as const, calledAt: at, acceptedAt: null, wordsAt: null, arrangedAt: null }
      : {}
  const pushed = { presses: row.presses + press.count, pushedAt: at, pushedBy: source }
  return { ...NOTHING, row: { ...row, ...joined, ...pushed }, press: { ...press, isRepeat: !isFirst } }
}
