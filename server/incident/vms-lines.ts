/** What an incident shows of each VMS that is told of it: one line per VMS. Pure. */
import type { VmsLine } from '../glossary/connector.ts'
import type { Recorded } from '../glossary/ledger.ts'

type Told = Extract<Recorded, { kind: 'connector.told' | 'connector.not-told' | 'connector.lost' }>
const FINDINGS_SHOWN = 10

export function withVms(lines: readonly VmsLine[], entry: Told): VmsLine[] {
  const { connector } = entry.body
  const known = lines.find((line) => line.connector === connector)
  const changed = lineAfter(known ?? emptyLine(entry), entry)
  return known ? lines.map((line) => (line === known ? changed : line)) : [...lines, changed]
}

/** A list after a colon takes the place of the list before. */
const subjectOf = (part: string): string => part.split(':')[0] ?? part

const emptyLine = (entry: Told): VmsLine => ({
  connector: entry.body.connector,
  product: 'product' in entry.body ? entry.body.product : '',
  alarm: null,
  footage: 'unknown',
  findings: [],
  receipts: 0,
})

function lineAfter(line: VmsLine, entry: Told): VmsLine {
  const others = (verb: string, part: string): VmsLine['findings'] =>
    line.findings.filter((each) => each.verb !== verb || subjectOf(each.part) !== subjectOf(part))
  switch (entry.kind) {
    case 'connector.told': {
      const { verb, part, how, id, link, camera, finding } = entry.body
      const raised = verb === 'raise' || (verb === 'mark' && line.alarm === null)
      return {
        ...line,
        receipts: line.receipts + 1,
        alarm: raised ? { id, how, link, camera, at: entry.at } : line.alarm,
        footage: verb === 'protect' ? 'kept' : verb === 'release' ? 'released' : line.footage,
        // That there was no camera for it is over as soon as there is one.
        findings: [
          ...others(verb, part).filter((each) => !raised || each.verb !== 'raise'),
          ...(finding === null ? [] : [{ verb, part, words: finding }]),
        ],
      }
    }
    case 'connector.not-told': {
      const { verb, part, problem } = entry.body
      return { ...line, findings: [...others(verb, part), { verb, part, words: problem }].slice(-FINDINGS_SHOWN) }
    }
    case 'connector.lost': {
      const { what, id, why } = entry.body
      const verb = what === 'alarm' ? ('raise' as const) : ('protect' as const)
      return {
        ...line,
        footage: what === 'footage' ? 'unknown' : line.footage,
        findings: [...others(verb, id), { verb, part: id, words: why }].slice(-FINDINGS_SHOWN),
      }
    }
    default:
      return entry satisfies never
  }
}
