/** What a site file says of the council's directory. Pure. */
import type { DirectorySite } from '../../glossary/site.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

const DEFAULT_SCOPE = 'openid profile'
const DEFAULT_CLAIM = 'groups'
const DEFAULT_FACTOR_CLAIM = 'amr'
const isThisMachine = (url: string): boolean =>
  /^http:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?(?:\/|$)/.test(url)

/** @param refer the value behind a reference; empty when there is none, which is complained of */
export function directoryOf(
  { directory }: SiteDocument,
  refer: (path: Path, text: string) => string,
  complain: (path: Path, problem: string) => void,
): DirectorySite | null {
  if (!directory) return null
  const { name, oidc, roles, claim = DEFAULT_CLAIM, secondFactor } = directory
  const { issuer, client, scope = DEFAULT_SCOPE } = oidc
  if (issuer.startsWith('http:') && !isThisMachine(issuer))
    complain(['directory', 'oidc', 'issuer'], 'write https://: whoever is between would say who signs in here')
  if (!URL.canParse(issuer)) complain(['directory', 'oidc', 'issuer'], 'is no address')
  if (!scope.split(' ').includes('openid')) complain(['directory', 'oidc', 'scope'], 'needs openid in it')
  const factor =
    typeof secondFactor === 'object' ? { claim: DEFAULT_FACTOR_CLAIM, ...secondFactor } : (secondFactor ?? null)
  const secret = refer(['directory', 'oidc', 'secret'], oidc.secret)
  return { name, issuer, client, secret, scope, claim, roles, secondFactor: factor }
}
