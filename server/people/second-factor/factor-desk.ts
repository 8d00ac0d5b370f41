/** What people do with their own second factors, and what a supervisor does when somebody has lost theirs. */
import { randomBytes } from 'node:crypto'
import type { Draft } from '../../glossary/ledger.ts'
import type { Factor } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { qrPath } from '../../tools/qr-code.ts'
import { Failure } from '../../tools/failure.ts'
import { type Own, type OwnAccountNeeds, createOwnAccount, unknownUser } from '../accounts/own-account.ts'
import type { PeopleFile } from '../accounts/people-file.ts'
import type { Stored, StoredUser } from '../accounts/people-format.ts'
import { type StoredFactor, factorView } from './factor-format.ts'
import { clockWords, codeAddress, codeStep, newCodeSecret } from './one-time-codes.ts'
import type { MadePasskey, NewPasskeyOptions, Passkeys, RegistrationResponseJSON } from './passkeys.ts'
import type { Seal } from './seal.ts'

const MOST_FACTORS = 10
const CODES = 'new codes'

export type FactorDeskNeeds = {
  clock: Pick<Clock, 'now'>
  people: Pick<PeopleFile, 'user' | 'changeFactors'>
  seal: Seal
  passkeys: Passkeys
  /** `save`: sessions as they are now are to outlive a restart. */
  identities: OwnAccountNeeds['identities'] & { save(): Promise<void> }
  record(draft: Draft): Promise<unknown>
  town(): string
}
/** `offer`: what is sent back with the first code. `address`: what the QR code says (otpauth://). */
export type CodesOffer = { offer: string; secret: string; address: string; qr: { size: number; path: string } }
export type Offered = { offer: string; code: string }
/** Who does it, and whose own session it is. */
export type Doer = { actor: string; own: Own }

type Whose = { user: string; actor: string }
/** @throws factor/too-many */
function mustHaveRoom(factors: readonly StoredFactor[]): void {
  if (factors.length >= MOST_FACTORS)
    throw new Failure('factor/too-many', `There are ${MOST_FACTORS} already; remove one first.`)
}
const hasPasskey = ({ factors }: StoredUser, credential: string): boolean =>
  factors.some((each) => each.kind === 'passkey' && each.credential === credential)

export function createFactorDesk({ clock, people, seal, passkeys, identities, record, town }: FactorDeskNeeds) {
  const { find, isOwn, mustStillBe, goOn } = createOwnAccount({ people, identities })
  async function done(draft: Draft): Promise<void> {
    await record(draft)
    await identities.save()
  }
  /**
   * @param before as of the beginning of the request
   * @throws people/unauthenticated, factor/too-many, factor/refused
   */
  async function change(
    before: Pick<StoredUser, 'user' | 'stamp'>,
    make: (now: StoredUser, all: Stored) => StoredFactor[],
    { own }: Doer,
  ): Promise<void> {
    const { user } = before
    const now = await people.changeFactors(user, (account, all) => {
      mustStillBe(account, before)
      return make(account, all)
    })
    if (!now) throw unknownUser(user)
    goOn(own, user, { stamp: now.stamp, factor: now.factors.at(-1)?.kind ?? null })
  }
  const entry = (kind: 'factor.added' | 'factor.removed', of: StoredFactor, { user, actor }: Whose): Draft => ({
    ...{ kind, actor, subject: user, body: { user, factor: of.id, what: of.kind, name: of.name } },
  })
  async function add(account: StoredUser, made: StoredFactor, doer: Doer): Promise<Factor> {
    const { user } = account
    let replaced: StoredFactor[] = []
    await change(
      account,
      ({ factors }, { users }) => {
        // There is one telephone that makes codes: a new one takes the place of the old one.
        replaced = made.kind === 'totp' ? factors.filter(({ kind }) => kind === 'totp') : []
        const others = factors.filter((each) => !replaced.includes(each))
        mustHaveRoom(others)
        if (made.kind === 'passkey' && users.some((each) => hasPasskey(each, made.credential)))
          throw new Failure('factor/refused', 'This passkey is set up already.')
        return [...others, made]
      },
      doer,
    )
    const whose = { user, actor: doer.actor }
    for (const each of replaced) await record(entry('factor.removed', each, whose))
    await done(entry('factor.added', made, whose))
    return factorView(made)
  }
  const kept = (name: string): Pick<StoredFactor, 'id' | 'name' | 'since'> => ({
    id: randomBytes(6).toString('hex'),
    name,
    since: isoTime(clock.now()),
  })

  return {
    isOwn,
    /** @throws user/unknown */
    list: (user: string): Factor[] => find(user).factors.map(factorView),
    /** @throws user/unknown */
    offerCodes(user: string): CodesOffer {
      find(user)
      const secret = newCodeSecret()
      const address = codeAddress(secret, { town: town(), user })
      return { offer: seal.close(CODES, { user, secret }), secret, address, qr: qrPath(address) }
    },
    /** @throws user/unknown, factor/no-passkeys, factor/too-many */
    async offerPasskey(user: string, origin: string): Promise<NewPasskeyOptions> {
      const account = find(user)
      mustHaveRoom(account.factors)
      return passkeys.newOptions(origin, { ...account, town: town() })
    },
    /** @throws user/unknown, factor/refused, factor/too-many */
    async addCodes(user: string, { offer, code }: Offered, name: string, doer: Doer): Promise<Factor> {
      const account = find(user)
      const offered = seal.open<{ user: string; secret: string }>(CODES, offer)
      if (offered?.user !== user)
        throw new Failure('factor/refused', 'This took too long, or was begun by somebody else; begin again.')
      const { secret } = offered
      const used = codeStep({ secret, used: 0 }, code, clock.now())
      if (used === null) throw new Failure('factor/refused', `This is not the code of now. ${clockWords(clock.now())}`)
      return add(account, { ...kept(name), kind: 'totp', secret, used }, doer)
    },
    /** @throws user/unknown, factor/refused, factor/too-many, factor/no-passkeys */
    async addPasskey(
      user: string,
      { response, origin }: { response: RegistrationResponseJSON; origin: string },
      name: string,
      doer: Doer,
    ): Promise<Factor> {
      const account = find(user)
      const made: MadePasskey = await passkeys.made(response, { user, origin })
      return add(account, { ...kept(name), kind: 'passkey', ...made }, doer)
    },
    /** @throws user/unknown, factor/unknown */
    async remove(user: string, id: string, doer: Doer): Promise<void> {
      const account = find(user)
      const gone = account.factors.find((each) => each.id === id)
      if (!gone) throw new Failure('factor/unknown', 'There is no such second factor.')
      await change(account, ({ factors }) => factors.filter((each) => each.id !== id), doer)
      await done(entry('factor.removed', gone, { user, actor: doer.actor }))
    },
    /**
     * Somebody has lost theirs: none is left, and they are signed out everywhere. Whoever finds the telephone gets in
     * nowhere. @throws user/unknown
     */
    async reset(user: string, actor: string): Promise<void> {
      const { factors } = find(user)
      await people.changeFactors(user, () => [])
      await done({ kind: 'factors.reset', actor, subject: user, body: { user, factors: factors.length } })
    },
  }
}
export type FactorDesk = ReturnType<typeof createFactorDesk>
