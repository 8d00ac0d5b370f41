/** What a DC-09 message says happened: SIA DC-03 events and Ademco Contact ID (DC-05). Pure. */
import type { SiaFrame } from './sia-frame.ts'

/** `zone`: the button, without leading zeros; null when it is not said. */
export type SiaEvent = { account: string; code: string; zone: string | null; begins: boolean }

/** Somebody asks for help: panic, hold-up, medical, emergency. */
export const HELP_CODES: readonly string[] = [
  'PA',
  'HA',
  'MA',
  'QA',
  '100',
  '101',
  '102',
  '120',
  '121',
  '122',
  '123',
  '124',
]

const zoneOf = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text.replace(/^0+(?=.)/, '').toUpperCase()

/**
 * A message has one event with Contact ID, and may have several with SIA. None of a message that says something: it is
 * not understood. `NULL` says nothing: it only shows that the device lives.
 */
export function eventsOf({ id, account, data }: SiaFrame): SiaEvent[] {
  if (id === 'NULL') return []
  const [, inner = account, rest = data] = /^\s*#?([0-9A-F]*)\|(.*)$/is.exec(data) ?? []
  const owner = (account || inner).toUpperCase()
  const read = id === 'ADM-CID' ? contactId : siaEvents
  const found = read(owner, rest)
  // Some put the bar between the parts of the event itself, and no account before it.
  return found.length > 0 ? found : read((account || '').toUpperCase(), data)
}

/**
 * `1120 01 005`, also with bars, several spaces or shorter numbers, or without spaces after `18`. Qualifier 1 (E)
 * begins, 3 (R) ends, 6 repeats what was told before.
 */
function contactId(account: string, text: string): SiaEvent[] {
  // The account and the kind of message (18) may stand before it, as on a telephone line.
  const said = text.trim().replace(/^[0-9A-F]{3,16}\s+18\s*(?=[136ER]\d{3})/i, '')
  const [, qualifier, code, zone] =
    /^(?:18)?([136ER])(\d{3})[\s|]+[0-9A-F]{1,2}[\s|]+(\d{4}(?!\d)|[0-9A-F]{3}|\d{1,2})/i.exec(said) ??
    /^(?:18)?([136ER])(\d{3}) ?[0-9A-F]{2} ?([0-9A-F]{3})/i.exec(said) ??
    []
  if (code === undefined || qualifier === undefined) return []
  return [{ account, code, zone: zoneOf(zone), begins: /[1E]/i.test(qualifier) }]
}

/** Says more of the next code: the time, the date, the area, the person, and the like. */
const MODIFIERS = /ti\d\d:\d\d(?::\d\d)?|da\d\d-\d\d-\d\d|[a-z]{2}\d*/g
/** One code alone, in small letters: `npa5`, `nri1`, `pa005`; text is none. */
const SMALL = /^(?:n\s?([a-z]{2})\s?(\d[0-9a-f]*)?|([a-z]{2})\s?(\d[0-9a-f]*))$/
/**
 * `Nri1/PA005`, `NPA5^text^`, several codes divided by slashes, bars or asterisks; ri, id, pi, ti, da and the like say
 * more of the next one. A panel that writes it all in small letters is read where nothing else is found.
 */
function siaEvents(account: string, text: string): SiaEvent[] {
  const words = text.replaceAll(/\^[^^]*\^?/g, '').split(/[/|*]/)
  const found = words.flatMap((word) => {
    // N: new; O: told again. Neither begins a code of two letters.
    const bare = word
      .trim()
      .replace(/^[NO]\s*(?=[A-Z]{2}|[a-z]{2})/, '')
      .replaceAll(MODIFIERS, '')
    const [, code, after, zone] = /^([A-Z]{2})(?:\s(\d[0-9A-F]*)(?![0-9A-Za-z])|([0-9A-F]*))/.exec(bare) ?? []
    return code === undefined ? [] : [{ account, code, zone: zoneOf(after ?? zone), begins: true }]
  })
  if (found.length > 0) return found
  return words.flatMap((word) => {
    const [, code, zone, bare, own] = SMALL.exec(word.trim()) ?? []
    const said = code ?? bare
    return said === undefined ? [] : [{ account, code: said.toUpperCase(), zone: zoneOf(zone ?? own), begins: true }]
  })
}

/** Nothing but whose it is, and when: a sign of life. */
export const isEmpty = ({ id, data }: SiaFrame): boolean =>
  id === 'NULL' ||
  data
    .replace(/^\s*#?[0-9A-F]*\|?/i, '')
    .replaceAll(MODIFIERS, '')
    .trim() === ''
