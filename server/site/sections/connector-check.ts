/** What a site file says of connectors. Pure. */
import { plainFingerprint } from '../../tools/tls-peer.ts'
import type { CameraId } from '../../glossary/camera.ts'
import type { ConnectorSite } from '../../glossary/site.ts'
import type { Path } from '../schema-words.ts'
import { isPlaceholder } from '../site-references.ts'
import type { SiteDocument } from '../site-schema.ts'

type Complain = (path: Path, problem: string) => void
const TRIGGER_PORT = 6802

/** @param refer the value behind a reference; empty when there is none, which is complained of */
export function connectorsOf(
  document: SiteDocument,
  refer: (path: Path, text: string) => string,
  complain: Complain,
): ConnectorSite[] {
  const destinations = new Set((document.destinations ?? []).map(({ id }) => id))
  const cameras = new Set(document.cameras.map(({ id }) => id))
  return (document.connectors ?? []).map(({ id, zoneminder, ...rest }, i): ConnectorSite => {
    const at = (...path: Path): Path => ['connectors', i, ...path]
    if (destinations.has(id)) complain(at('id'), `a destination has the id "${id}", too`)
    const theirs = new Map<string, string>()
    for (const [camera, their] of Object.entries(rest.cameras ?? {})) {
      if (!cameras.has(camera)) complain(at('cameras', camera), `there is no camera "${camera}"`)
      const other = theirs.get(String(their))
      if (other !== undefined) complain(at('cameras', camera), `"${other}" is this camera of the VMS, too`)
      theirs.set(String(their), camera)
    }
    const { url: written, trigger, username, insecure = false, ca } = zoneminder
    const url = refer(at('zoneminder', 'url'), written).replace(/\/+$/, '')
    if (url !== '' && !isPlaceholder(url)) {
      if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
        complain(at('zoneminder', 'url'), 'the address of a VMS begins with https:// or http://')
      else if (new URL(url).username !== '' || new URL(url).password !== '')
        complain(at('zoneminder', 'url'), 'a name and password do not belong into the address; write them beside it')
      else if (new URL(url).protocol === 'http:' && insecure !== true)
        complain(
          at('zoneminder', 'url'),
          'http:// sends the password in the clear: use https://, or say insecure: true where the network is protected',
        )
      else if (new URL(url).protocol === 'http:' && (zoneminder.fingerprint !== undefined || ca !== undefined))
        complain(at('zoneminder', 'url'), 'there is no certificate to compare without https://')
    }
    if (insecure === false)
      complain(
        at('zoneminder'),
        'zmtrigger knows no password: say insecure: trigger once its port is reached from this server alone',
      )
    return {
      id,
      cameras: new Map(
        Object.entries(rest.cameras ?? {}).map(([camera, their]) => [camera as CameraId, String(their)]),
      ),
      fallback: rest.fallback === undefined ? null : String(rest.fallback),
      drills: rest.drills ?? false,
      late: rest.late ?? 'mark',
      notes: rest.notes ?? false,
      zoneminder: {
        url,
        trigger: triggerOf(trigger, url),
        username,
        password: refer(at('zoneminder', 'password'), zoneminder.password),
        fingerprint: plainFingerprint(zoneminder.fingerprint),
        ca: ca === undefined ? null : refer(at('zoneminder', 'ca'), ca),
      },
    }
  })
}

function triggerOf(written: string | undefined, url: string): { host: string; port: number } {
  const bare = (host: string): string => host.replace(/^\[|\]$/g, '')
  if (written === undefined) return { host: URL.canParse(url) ? bare(new URL(url).hostname) : '', port: TRIGGER_PORT }
  const colon = written.lastIndexOf(':')
  return { host: bare(written.slice(0, colon)), port: Number(written.slice(colon + 1)) }
}
