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
 * A message has one event with Contact ID, and may have several with SIA. None: it only shows that the device lives.
 */
export function eventsOf({ id, account, data }: SiaFrame): SiaEvent[] {
  if (id === 'NULL') return []
  const [, inner = account, rest = data] = /^#?([0-9A-F]*)\|(.*)$/is.exec(data) ?? []
  const owner = (account || inner).toUpperCase()
  return id === 'ADM-CID' ? contactId(owner, rest) : siaEvents(owner, rest)
}

/** `1120 01 005`, or without spaces after `18`. Qualifier 1 begins, 3 ends, 6 repeats what was told before. */
function contactId(account: string, text: string): SiaEvent[] {
  const [, qualifier, code, zone] = /^(?:18)?([136])(\d{3}) ?[0-9A-F]{2} ?([0-9A-F]{3})/i.exec(text.trim()) ?? []
  return code === undefined ? [] : [{ account, code, zone: zoneOf(zone), begins: qualifier === '1' }]
}

/**
 * `Nri1/PA005`, `NPA5^text^`, several codes divided by slashes or bars; ri, id, pi, ti, da and the like say more of
 * the next one.
 */
function siaEvents(account: string, text: string): SiaEvent[] {
  const words = text.replaceAll(/\^[^^]*\^?/g, '').split(/[/|]/)
  return words.flatMap((word) => {
    // N: new; O: told again. Neither begins a code of two letters.
    const bare = word
      .replace(/^[NO](?=[A-Z]{2}|[a-z]{2})/, '')
      .replaceAll(/(?:ti\d\d:\d\d(?::\d\d)?|da\d\d-\d\d-\d\d|[a-z]{2}\d*)/g, '')
    const [, code, zone] = /^([A-Z]{2})([0-9A-F]*)/.exec(bare) ?? []
    return code === undefined ? [] : [{ account, code, zone: zoneOf(zone), begins: true }]
  })
}
