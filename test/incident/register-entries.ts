/** Entries of incidents as a ledger has them, written short, for tests of numbers, register and report. */
import type { Entry, EntryKind } from '../../server/glossary/ledger.ts'

export const HOUR = 3_600_000
export function entryMaker(start = Date.parse('2026-11-20T22:00:00Z')) {
  let seq = 0
  let at = start
  const entry = <Kind extends EntryKind>(kind: Kind, body: object, actor = 'lamppost'): Entry => {
    seq += 1
    const hash = String(seq).padStart(64, '0')
    return { seq, at: new Date(at).toISOString(), kind, actor, subject: 'x', body, hash } as unknown as Entry
  }
  const press = (
    incident: string,
    kind = 'press',
    helpPoint = 'blackwellgate',
    pressedAt = at,
    more: { source?: string; clockOff?: boolean } = {},
  ): Entry =>
    entry('press.received', {
      incident,
      press: {
        id: `prs-${seq}`,
        key: `k${seq}`,
        helpPoint,
        kind,
        pressedAt: new Date(pressedAt).toISOString(),
        source: 'http',
        ...more,
      },
    })
  return {
    entry,
    press,
    /** The number of the newest. */
    last: (): number => seq,
    wait: (ms: number): void => void (at += ms),
    at: (text: string): void => void (at = Date.parse(text)),
    open: (incident: string, kind = 'press', helpPoint = 'blackwellgate'): Entry[] => [
      entry('incident.opened', { incident, helpPoint, kind }),
      press(incident, kind, helpPoint),
    ],
    take: (incident: string, owner = 'Ann'): Entry =>
      entry('incident.acknowledged', { incident, owner }, `operator:${owner}`),
    note: (incident: string, text: string, who = 'Ann'): Entry =>
      entry('incident.noted', { incident, text }, `operator:${who}`),
    contact: (incident: string, outcome = 'On their way'): Entry =>
      entry('incident.contacted', { incident, contact: 'police', outcome }, 'operator:Ann'),
    close: (incident: string, reason: string, code?: string, who = 'Ann'): Entry =>
      entry('incident.closed', { incident, reason, ...(code ? { code } : {}) }, `operator:${who}`),
  }
}
