/** What a site file says of the systems that are told what happens. Pure. */
import type { Destination } from '../../glossary/site.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

const OF_A_ROOM = ['press.received', 'incident.*', 'drill.finished', 'voice.failed', 'help-point.*', 'ledger.broken']
/** What an auditor asks for: who came in, what they looked at and handed out, who may do what, what was refused. */
const OF_AN_AUDIT = [
  ...['session.*', 'access.*', 'user.*', 'token.*', 'factor.*', 'factors.*', 'export.*', 'disclosure.*', 'evidence.*'],
  ...['clip.*', 'camera.viewed', 'call.listened', 'shift.*', 'site.*', 'ledger.*', 'house.*'],
  ...['press.refused', 'call.refused'],
]
const isThisMachine = (host: string): boolean => /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(host)

type Given = NonNullable<SiteDocument['destinations']>[number]
type Check = {
  /** The value behind a reference; empty when there is none, which is complained of. */
  refer(path: Path, text: string): string
  /** One that is long enough to sign with. */
  secret(path: Path, text: string): string
  isPlaceholder(text: string): boolean
  complain(path: Path, problem: string): void
}

function webhookOf({ url: given, secret: key }: NonNullable<Given['webhook']>, at: Path, check: Check) {
  const url = check.refer([...at, 'url'], given)
  if (!check.isPlaceholder(url) && !/^https?:\/\//.test(url))
    check.complain([...at, 'url'], 'a webhook’s address begins with http:// or https://')
  if (URL.canParse(url) && (new URL(url).username !== '' || new URL(url).password !== ''))
    check.complain([...at, 'url'], 'a name and password in an address are not sent; sign by the secret instead')
  return { url, secret: check.secret([...at, 'secret'], key), syslog: null }
}
function syslogOf({ url, ca }: NonNullable<Given['syslog']>, at: Path, check: Check) {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' }
  if (hostname === '') check.complain([...at, 'url'], 'is no address; write tls://host:6514')
  else if (protocol === 'tcp:' && !isThisMachine(hostname))
    check.complain([...at, 'url'], 'write tls://: whoever is between would read who did what')
  return { url, secret: '', syslog: { ca: ca === undefined ? null : check.refer([...at, 'ca'], ca) } }
}

export function destinationsOf({ destinations = [] }: SiteDocument, check: Check): Destination[] {
  return destinations.flatMap(({ id, webhook, syslog, events }, i): Destination[] => {
    const at = (...more: Path): Path => ['destinations', i, ...more]
    if (webhook && syslog) check.complain(at(), 'is a webhook or syslog, not both: write two destinations')
    if (webhook) return [{ id, ...webhookOf(webhook, at('webhook'), check), events: events ?? OF_A_ROOM }]
    if (syslog) return [{ id, ...syslogOf(syslog, at('syslog'), check), events: events ?? OF_AN_AUDIT }]
    check.complain(at(), 'needs webhook: { url, secret } or syslog: { url }')
    return []
  })
}
