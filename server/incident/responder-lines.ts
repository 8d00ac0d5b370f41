/** What an incident shows of the links by which it is lent: one line per link, and the notes that they show. Pure. */
import type { Incident } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'
import type { ResponderLine } from '../glossary/responder.ts'

export type Lending = Extract<
  Recorded,
  {
    kind:
      | 'responder.lent'
      | 'responder.revoked'
      | 'responder.ended'
      | 'responder.opened'
      | 'responder.fetched'
      | 'responder.answered'
      | 'responder.note-shared'
  }
>
type Lent = Pick<Incident, 'responders' | 'sharedNotes'>

export function withLending({ responders, sharedNotes }: Lent, entry: Lending): Lent {
  if (entry.kind === 'responder.note-shared') {
    const others = sharedNotes.filter((note) => note !== entry.body.note)
    return { responders, sharedNotes: entry.body.shared ? [...others, entry.body.note] : others }
  }
  if (entry.kind === 'responder.lent') return { responders: [...responders, lineOf(entry)], sharedNotes }
  const { link } = entry.body
  return {
    responders: responders.map((line) => (line.id === link ? { ...line, ...changed(line, entry) } : line)),
    sharedNotes,
  }
}

/** A later version of a shared note takes its place. */
export const withVersion = (sharedNotes: readonly number[], seq: number, replaces: number | undefined): number[] =>
  sharedNotes.map((note) => (note === replaces ? seq : note))

/** Closing an incident ends its links. */
export const lendingEnds = (lines: readonly ResponderLine[], at: string): ResponderLine[] =>
  lines.map((line) => (line.endedAt === null && line.until > at ? { ...line, endedAt: at } : line))

const lineOf = ({ at, body }: Extract<Lending, { kind: 'responder.lent' }>): ResponderLine => ({
  id: body.link,
  contact: body.contact,
  name: body.name,
  by: body.by,
  at,
  until: body.until,
  endedAt: null,
  opened: 0,
  lastOpenedAt: null,
  fetched: 0,
  answer: null,
})

function changed(
  { opened, fetched, endedAt }: ResponderLine,
  entry: Exclude<Lending, { kind: 'responder.lent' | 'responder.note-shared' }>,
): Partial<ResponderLine> {
  switch (entry.kind) {
    case 'responder.revoked':
    case 'responder.ended':
      return { endedAt: endedAt ?? entry.at }
    case 'responder.opened':
      return { opened: opened + 1, lastOpenedAt: entry.at }
    case 'responder.fetched':
      return { fetched: fetched + entry.body.count }
    case 'responder.answered':
      return { answer: { answer: entry.body.answer, words: entry.body.words, at: entry.at } }
    default:
      return entry satisfies never
  }
}
