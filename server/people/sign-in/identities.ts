/** Who somebody is, by what they hold: a token of the people file, of a wall or of the simulated town, or a session. */
import type { Credential } from '../../door/credentials.ts'
import { rolesOf } from '../../door/rights.ts'
import type { Person, Role } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { type DemoCredentials, demoPeople } from '../accounts/demo-people.ts'
import type { PeopleFile } from '../accounts/people-file.ts'
import { withoutFactor } from '../second-factor/withheld.ts'
import { type StoredToken, type StoredUser, hashToken, personOfToken, personOfUser } from '../accounts/people-format.ts'
import { knownOf } from '../accounts/people-changes.ts'
import type { DirectoryHolder } from '../directory/directory-plan.ts'
import { createKnownBrowsers } from './known-browsers.ts'
import type { Holder, Maker, SessionStore } from './session-store.ts'
import { createSessions } from './sessions.ts'
import { createWallPasses } from './wall-passes.ts'

/** A token that has been renewed goes on for so long after the new one's first use. */
const OVERLAP_MS = 3_600_000
const DAY_MS = 24 * 3_600_000
/** IT has so long to renew a token before what uses it is refused. */
const WARNED_MS = 30 * DAY_MS

export type IdentitiesNeeds = {
  clock: Pick<Clock, 'now' | 'monotonic'>
  people: PeopleFile
  store: SessionStore
  /** Of the simulated town; null in a real one. */
  demo: DemoCredentials | null
  /** Roles that nobody has without a second factor. */
  factorRequiredFor(): readonly Role[]
  /** Who somebody is whom the council's directory has named; null: nobody any more. */
  ofDirectory(holder: DirectoryHolder): Person | null
  onError(error: unknown): void
}

export function openIdentities(needs: IdentitiesNeeds) {
  const { clock, people, store, demo, ofDirectory, factorRequiredFor, onError } = needs
  const demoTokens = new Map([...(demo ? demoPeople(demo) : [])].map(([token, person]) => [hashToken(token), person]))
  const usedAt = new Map<string, number>()
  /** Whoever still comes with a token that has ended: when last. */
  const lateAt = new Map<string, number>()
  const save = (): Promise<void> => store.save(kept)

  /** The new token is in use: the old one has an hour left. */
  async function endRenewed({ id }: StoredToken): Promise<void> {
    const soon = isoTime(clock.now() + OVERLAP_MS)
    for (const old of people.now().tokens)
      if (old.replacedBy === id && (old.until === null || old.until > soon))
        await people.endToken(old.id, soon).catch(onError)
  }
  function lastingToken(sha256: string): Person | null {
    const found = people.byHash(sha256)
    if (!found) return null
    if (found.until !== null && Date.parse(found.until) <= clock.now()) {
      lateAt.set(found.id, clock.now())
      return null
    }
    // Not on the way of a press.
    if (!usedAt.has(found.id)) setImmediate(() => void endRenewed(found))
    usedAt.set(found.id, clock.now())
    return personOfToken(found)
  }
  /** As they are by a session. Null: a session of before they had a second factor. */
  function personOf(account: StoredUser, proven: boolean): Person | null {
    const has = account.factors.length > 0
    if (has && !proven) return null
    return has ? personOfUser(account) : withoutFactor(personOfUser(account), factorRequiredFor())
  }
  const byHash = (sha256: string): Person | null => demoTokens.get(sha256) ?? passes.who(sha256) ?? lastingToken(sha256)
  const whoMade = (maker: Maker): Person | null =>
    'session' in maker ? sessions.whoMade(maker.session) : byHash(maker.token)
  /** The same person, who still has the role that they gave away. */
  function isHeld(maker: Maker, { through, role }: Person & { through: string }): boolean {
    const now = whoMade(maker)
    return now !== null && now.name === through && rolesOf(now).includes(role)
  }
  function whoIs(holder: Holder): Person | null {
    if ('pass' in holder) return isHeld(holder.maker, holder.pass) ? holder.pass : null
    if ('token' in holder) return byHash(holder.token)
    if ('directory' in holder) return ofDirectory(holder.directory)
    const found = people.user(holder.user)
    return found?.stamp === holder.stamp ? personOf(found, holder.factor !== undefined) : null
  }
  const sessions = createSessions({ clock, whoIs, onChange: () => void save() })
  const passes = createWallPasses({ clock, isHeld, onChange: () => void save() })
  const browsers = createKnownBrowsers({
    stampOf: (user) => people.user(user)?.stamp ?? null,
    onChange: () => void save(),
  })
  const before = store.read()
  const knownBefore = before?.kept.people ?? null
  const kept = () => ({
    ...{ sessions: sessions.save(), passes: passes.save(), browsers: browsers.save() },
    people: people.isRead() ? knownOf(people.now()) : knownBefore,
  })
  if (before) {
    sessions.restore(before.kept.sessions, before.away)
    passes.restore(before.kept.passes, before.away)
    browsers.restore(before.kept.browsers)
  }
  return {
    sessions,
    passes,
    browsers,
    personOf,
    /** By what a person is known where they try: their browser, or a session of theirs that is open there. */
    knownAs: ({ browser, session }: { browser: string | null; session: string | null }, user: string): string | null =>
      browsers.knownAs(browser, user) ?? sessions.ofUser(session, user),
    whoHas: (credential: Credential): Person | null =>
      'bearer' in credential ? byHash(hashToken(credential.bearer)) : sessions.who(credential.cookie),
    /** For a sign-in: one that lasts, with its hash. */
    byToken(token: string): { person: Person; sha256: string } | null {
      const sha256 = hashToken(token)
      const person = demoTokens.get(sha256) ?? lastingToken(sha256)
      return person ? { person, sha256 } : null
    },
    /** What something is made with: it ends when that does. */
    makerOf: (credential: Credential): Maker =>
      'bearer' in credential ? { token: hashToken(credential.bearer) } : { session: hashToken(credential.cookie) },
    /** When a token was last used since the start; null: not yet. */
    usedAt: (id: string): string | null => {
      const at = usedAt.get(id)
      return at === undefined ? null : isoTime(at)
    },
    /** Accounts and tokens as the record knew them when the server stopped. */
    knownBefore: knownBefore ?? { tokens: [], users: [] },
    /** Those that end within a month, and those that have ended and were asked for within a day. */
    endingTokens: () =>
      people.now().tokens.flatMap(({ id, name, until, replacedBy }) => {
        if (until === null) return []
        const left = Date.parse(until) - clock.now()
        const late = clock.now() - (lateAt.get(id) ?? Number.NEGATIVE_INFINITY) < DAY_MS
        const soon = left > 0 && left < WARNED_MS && replacedBy === undefined
        return soon || (left <= 0 && late) ? [{ name, until, over: left <= 0 }] : []
      }),
    save,
    close: (): Promise<void> => store.close(kept),
  }
}
export type Identities = ReturnType<typeof openIdentities>
