/** What a site file says of the town's servers. Pure. */
import type { MemberId, TownOnMembers } from '../../glossary/member.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

const isThisMachine = (url: string): boolean =>
  /^http:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?(?:\/|$)/.test(url)

/** @param refer the value behind a reference; empty when there is none, which is complained of */
export function townOf(
  { town }: SiteDocument,
  refer: (path: Path, text: string) => string,
  complain: (path: Path, problem: string) => void,
): TownOnMembers | null {
  if (!town) return null
  const { members, agreement } = town
  const { endpoints, user = null, password, ca } = agreement
  members.forEach(({ id, url }, i) => {
    const isTwice = (other: (typeof members)[number], at: number): boolean =>
      at < i && (other.id === id || other.url === url)
    if (members.some(isTwice))
      complain(['town', 'members', i], 'is there twice: each member has an id and an address of its own')
    if (!URL.canParse(url)) complain(['town', 'members', i, 'url'], 'is no address')
    else if (url.startsWith('http:') && !isThisMachine(url))
      complain(
        ['town', 'members', i, 'url'],
        'write https://: whoever is between the members would hear sessions and pictures',
      )
  })
  endpoints.forEach((url, i) => {
    if (!URL.canParse(url)) complain(['town', 'agreement', 'endpoints', i], 'is no address')
    else if (url.startsWith('http:') && !isThisMachine(url))
      complain(
        ['town', 'agreement', 'endpoints', i],
        'write https://: the engine’s password would go over the network as it is',
      )
  })
  if ((user === null) !== (password === undefined)) complain(['town', 'agreement'], 'user and password go together')
  return {
    members: members.map(({ id, url }) => ({ id: id as MemberId, url: url.replace(/\/+$/, '') })),
    agreement: {
      endpoints,
      user,
      password: password === undefined ? null : refer(['town', 'agreement', 'password'], password),
      ca: ca === undefined ? null : refer(['town', 'agreement', 'ca'], ca),
    },
  }
}
