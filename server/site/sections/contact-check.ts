/** What a site file says of contacts: whom an operator calls, and how. Pure. */
import type { Contact } from '../../glossary/site.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

type Complain = (path: Path, problem: string) => void

/** Numbers that bring an emergency service, in the United Kingdom and by mobile telephones everywhere. */
const EMERGENCY = /^(?:\d?(?:999|112|911)|18000)$/
/** However it is written: 9-9-9, +112; and behind the digit by which a PBX reaches the network. */
const isEmergency = (number: string): boolean => EMERGENCY.test(number.replaceAll(/[^0-9]/g, ''))
/** Whom an operator calls, and how. */
export function contactsOf({ contacts = [], voice }: SiteDocument, complain: Complain): Contact[] {
  return contacts.map(({ id, name, phone, urgent = null, sip, mobile = null, email = null }, i) => {
    const number = sip?.slice('sip:'.length, -'@trunk'.length)
    if (number !== undefined && !voice?.trunk)
      complain(['contacts', i, 'sip'], 'it is called by the trunk: add voice: { trunk: { to: "sip:…" } }')
    const emergency = number !== undefined && isEmergency(number)
    const { callerId, address } = voice?.trunk ?? {}
    const shows = callerId !== undefined && address !== undefined ? { number: callerId, address } : null
    const telephone: Contact['telephone'] =
      number === undefined
        ? null
        : { number, by: emergency && !shows ? 'desk' : 'trunk', shows: emergency ? shows : null }
    return { id, name, phone, urgent, telephone, mobile: mobile?.replaceAll(' ', '') ?? null, email }
  })
}
