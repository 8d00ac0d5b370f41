/** What a camera answered, read with distrust: counted before it is parsed, and only what it said. Pure. */
import { XMLParser } from 'fast-xml-parser'
import { messageOf } from '../../tools/failure.ts'

const MOST_ELEMENTS = 20_000
const MOST_DEPTH = 64

/** A parsed element: children by local name; attributes with "@"; text in "#text" when there is more than text. */
export type XmlElement = { [name: string]: XmlValue }
export type XmlValue = string | XmlElement | (string | XmlElement)[] | undefined

export type Reply =
  | { kind: 'body'; name: string; element: XmlElement }
  | { kind: 'fault'; code: string; words: string }
  | { kind: 'nonsense'; words: string; /** It is a page for a browser. */ html?: true }

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
})

const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])
/** The five named entities and character references; anything else stays as it was written. */
const unescapeXml = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    const point = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : null
    if (point === null) return NAMED.get(String(name)) ?? whole
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })

/** Linear in the length of the text; says why it must not be parsed. */
function dangerIn(xml: string, mostElements: number): string | null {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) return 'a document type, which SOAP forbids'
  let depth = 0
  let elements = 0
  let attributes = 0
  let end = -1
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at + 1)) {
    const next = xml.charCodeAt(at + 1)
    if (next === 0x2f) depth -= 1
    else if (next !== 0x21 && next !== 0x3f) {
      // What stands before the end of the element that is being counted was counted with it: each character is looked
      // at once.
      if (at < end) continue
      end = xml.indexOf('>', at)
      if (end === -1) return 'an element that never ends'
      elements += 1
      for (let equals = xml.indexOf('=', at); equals !== -1 && equals < end; equals = xml.indexOf('=', equals + 1))
        attributes += 1
      if (xml.charCodeAt(end - 1) !== 0x2f) depth += 1
    }
    if (depth > MOST_DEPTH) return `elements nested more than ${MOST_DEPTH} deep`
    if (elements > mostElements) return `more than ${mostElements} elements`
    if (attributes > mostElements) return `more than ${mostElements} attributes`
  }
  return null
}

/**
 * Reads one SOAP answer. The HTTP status is no help: some cameras send good envelopes with 500, and faults with 200.
 */
export function readReply(xml: string, mostElements = MOST_ELEMENTS): Reply {
  if (xml.trim() === '') return { kind: 'nonsense', words: 'an empty answer' }
  if (/^\s*(?:<!doctype html|<html)/i.test(xml)) return { kind: 'nonsense', words: 'a web page', html: true }
  const danger = dangerIn(xml, mostElements)
  if (danger) return { kind: 'nonsense', words: danger }
  let envelope: XmlElement | null
  try {
    envelope = elementIn(parser.parse(xml) as XmlElement, 'Envelope')
  } catch (error) {
    return { kind: 'nonsense', words: `not XML: ${messageOf(error)}` }
  }
  const body = envelope && elementIn(envelope, 'Body')
  const name = body && Object.keys(body).find((key) => !key.startsWith('@') && !key.startsWith('#'))
  if (!body || !name) return { kind: 'nonsense', words: 'no SOAP body' }
  const element = elementIn(body, name) ?? {}
  if (name !== 'Fault') return { kind: 'body', name, element }
  return { kind: 'fault', code: faultCodes(element), words: faultText(element) }
}

const faultCodes = (fault: XmlElement): string => {
  const codes: string[] = []
  for (let code = elementIn(fault, 'Code'); code && codes.length < 5; code = elementIn(code, 'Subcode'))
    codes.push(textIn(code, 'Value') ?? '')
  return codes.join(' ') || (textIn(fault, 'faultcode') ?? '')
}
const faultText = (fault: XmlElement): string => {
  const reason = elementIn(fault, 'Reason')
  return (reason && textIn(reason, 'Text')) ?? textIn(fault, 'faultstring') ?? 'no reason given'
}

/** The one child of that local name, as an element; {} when it is empty, null when it is missing. */
export function elementIn(parent: XmlElement, name: string): XmlElement | null {
  const [first] = elementsIn(parent, name)
  return first ?? null
}

export function elementsIn(parent: XmlElement, name: string): XmlElement[] {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? { '#text': item } : item))
}

export function textIn(parent: XmlElement, name: string): string | null {
  const element = elementIn(parent, name)
  if (!element) return null
  const text = element['#text']
  return typeof text === 'string' ? unescapeXml(text) : ''
}

export const attributeIn = (element: XmlElement, name: string): string | null => {
  const value = element[`@${name}`]
  return typeof value === 'string' ? unescapeXml(value) : null
}

export const numberIn = (element: XmlElement, name: string): number | null => {
  const value = attributeIn(element, name)
  const number = value === null || value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : null
}
