/** What an incident shows of each VMS that is told of it: one line per VMS. Pure. */
import { FOOTAGE, type Footage, type VmsLine } from '../glossary/connector.ts'
import type { Recorded } from '../glossary/ledger.ts'

type Told = Extract<Recorded, { kind: 'connector.told' | 'connector.not-told' | 'connector.lost' }>
type Finding = VmsLine['findings'][number]
const FINDINGS_SHOWN = 10

export function withVms(lines: readonly VmsLine[], entry: Told): VmsLine[] {
  const { connector } = entry.body
  const known = lines.find((line) => line.connector === connector)
  const changed = lineAfter(known ?? emptyLine(entry), entry)
  return known ? lines.map((line) => (line === known ? changed : line)) : [...lines, changed]
}

/** A list, or a number, after a colon takes the place of the one before. */
const subjectOf = (part: string): string => part.split(':')[0] ?? part

const emptyLine = (entry: Told): VmsLine => ({
  connector: entry.body.connector,
  product: 'product' in entry.body ? entry.body.product : '',
  alarm: null,
  footage: 'unknown',
  events: [],
  findings: [],
  receipts: 0,
})
/** The worst of all; where there is no event yet nothing is known. */
const worstOf = (events: VmsLine['events']): Footage =>
  FOOTAGE.find((each) => events.some(({ footage }) => footage === each)) ?? 'unknown'

function withFootage(line: VmsLine, id: string | null, footage: Footage): VmsLine {
  const events = line.events.map((event) => (event.id === id ? { ...event, footage } : event))
  return { ...line, events, footage: worstOf(events) }
}
function withFinding(line: VmsLine, { verb, part, words }: Omit<Finding, 'words'> & { words: string | null }): VmsLine {
  const others = line.findings.filter((each) => each.verb !== verb || subjectOf(each.part) !== subjectOf(part))
  const findings = words === null ? others : [...others, { verb, part, words }].slice(-FINDINGS_SHOWN)
  return { ...line, findings }
}

function lineAfter(line: VmsLine, entry: Told): VmsLine {
  switch (entry.kind) {
    case 'connector.told':
      return toldLine(line, entry)
    case 'connector.not-told': {
      const { verb, part, problem, lasting } = entry.body
      const after = withFinding(line, { verb, part, words: problem })
      return verb === 'protect' && lasting ? withFootage(after, part, 'lost') : after
    }
    case 'connector.lost': {
      const { what, id, why } = entry.body
      const after = withFinding(line, { verb: what === 'footage' ? 'protect' : 'mark', part: id, words: why })
      return what === 'alarm' ? after : withFootage(after, id, what === 'event' ? 'lost' : 'unknown')
    }
    default:
      return entry satisfies never
  }
}

function toldLine(line: VmsLine, { at, body }: Extract<Told, { kind: 'connector.told' }>): VmsLine {
  const { verb, part, how, id, link, camera, finding } = body
  const receipts = line.receipts + 1
  if (verb === 'protect')
    return withFinding(withFootage({ ...line, receipts }, part, 'kept'), { verb, part, words: finding })
  if (verb === 'release')
    return withFinding(withFootage({ ...line, receipts }, part, 'released'), { verb, part, words: finding })
  if (verb !== 'raise' && verb !== 'mark') return withFinding({ ...line, receipts }, { verb, part, words: finding })
  const isNew = id !== null && !line.events.some((event) => event.id === id)
  const events = isNew ? [...line.events, { id, camera, footage: 'unknown' as const }] : line.events
  const raised = verb === 'raise' || line.alarm === null
  const after: VmsLine = {
    ...line,
    receipts,
    events,
    footage: worstOf(events),
    alarm: raised ? { id, how, link, camera, at } : line.alarm,
    // That there was no camera for it, or that it failed before, is over as soon as there is one.
    findings: raised ? line.findings.filter((each) => each.verb !== 'raise') : line.findings,
  }
  return withFinding(after, { verb, part, words: finding })
}
