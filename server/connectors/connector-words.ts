/** The sentences of an incident as a VMS shows them: in English, as the record is. Pure. */
import type { Framing } from '../glossary/camera.ts'
import type { Incident, LogLine } from '../glossary/incident.ts'
import type { EntryBodies, EntryKind } from '../glossary/ledger.ts'
import { localTime } from '../tools/local-time.ts'

type Names = { helpPoint: string; camera(id: string): string; timezone: string }

/** By which an incident is found in a VMS; the site is in it, because two Lampposts may use one VMS. */
export const markOf = (site: string, incident: string): string => `[${site}/${incident}]`

/** Line breaks and other control characters separate fields in most protocols: a space in their place. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()

/** Cut between characters, so that it has at most so many bytes of UTF-8. */
export function atMost(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let cut = ''
  let used = Buffer.byteLength('…')
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) return `${cut}…`
    cut += character
  }
  return cut
}

/** @param number what people say on the telephone; null: it has none */
export const titleOf = (
  { kind }: Pick<Incident, 'kind'>,
  helpPoint: string,
  late: boolean,
  number: string | null,
): string =>
  oneLine(
    `${kind === 'drill' ? 'DRILL ' : ''}${late ? 'late: ' : ''}Help point ${helpPoint}${number === null ? '' : ` (${number})`}`,
  )

export const pressedText = (pressedAt: number, { helpPoint, timezone }: Names, late: boolean): string =>
  oneLine(`${helpPoint}: pressed ${localTime(pressedAt, timezone)}${late ? ', told late' : ''}`)

function framingText({ camera, way, state, proofs, reason }: Framing, names: Names): string {
  const how = proofs.join(' and ')
  const name = names.camera(camera)
  if (way === 'fixed') return `${name}: a fixed camera`
  if (way === 'as-is') return `${name}: brought as it looks`
  if (state === 'framed') return `${name}: framed${how === '' ? '' : ` (${how})`}`
  if (state === 'failed') return `${name}: not on its preset${reason === null ? '' : `: ${reason}`}`
  return `${name}: not proven to be on its preset${reason === null ? '' : `: ${reason}`}`
}

/** Who acts, without the role before the name. */
const nameOf = (actor: string): string => actor.slice(actor.indexOf(':') + 1)

const is = <Kind extends EntryKind>(line: LogLine, kind: Kind): line is LogLine & { body: EntryBodies[Kind] } =>
  line.kind === kind

/**
 * What one line of an incident's log says to the people at the VMS; null: nothing for them. With the help point's name:
 * incidents of several may stand in one event.
 * @param notes whether what operators type is told
 */
export function lineText(line: LogLine, names: Names, notes: boolean): string | null {
  const words = wordsOf(line, names, notes)
  return words === null
    ? null
    : oneLine(`${localTime(Date.parse(line.at), names.timezone)} ${names.helpPoint}: ${words}`)
}
function wordsOf(line: LogLine, names: Names, notes: boolean): string | null {
  if (is(line, 'framing.changed')) {
    const { framing } = line.body
    return framing.state === 'asked' || framing.state === 'moving' ? null : framingText(framing, names)
  }
  if (is(line, 'incident.acknowledged')) return `taken by ${line.body.owner}`
  if (is(line, 'incident.escalated')) return `nobody has taken it for ${Math.round(line.body.waitedMs / 1000)} s`
  if (is(line, 'incident.put-on-hold')) return `on hold, ${line.body.by}`
  if (is(line, 'incident.noted')) return notes ? `${nameOf(line.actor)}: ${line.body.text}` : null
  if (is(line, 'incident.contacted')) return `${line.body.contact} was called${notes ? `: ${line.body.outcome}` : ''}`
  if (is(line, 'incident.reopened')) return `opened again by ${line.body.owner}`
  if (is(line, 'incident.closed')) return `closed by ${nameOf(line.actor)}`
  return null
}

/** Repeat presses are one line, whatever their number. */
export const pressesText = (presses: number, last: string, { helpPoint, timezone }: Names): string =>
  oneLine(`${localTime(Date.parse(last), timezone)} ${helpPoint}: pressed ${presses} times`)
