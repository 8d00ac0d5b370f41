/** What people do with their own second factors, and what a supervisor does when somebody has lost theirs. */
import { randomBytes } from 'node:crypto'
import type { Draft } from '../../glossary/ledger.ts'
import type { Factor } from '../../glossary/people.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { qrPath } from '../../tools/qr-code.ts'
import { Failure } from '../../tools/failure.ts'
import { createOwnAccount } from '../accounts/own-account.ts'
import type { PeopleFile } from '../accounts/people-file.ts'
import type { StoredUser } from '../accounts/people-format.ts'
import { type StoredFactor, factorView } from './factor-format.ts'
import { codeAddress, codeStep, newCodeSecret } from './one-time-codes.ts'
import type { MadePasskey, NewPasskeyOptions, Passkeys, RegistrationResponseJSON } from './passkeys.ts'
import type { Seal } from './seal.ts'

const MOST_FACTORS = 10
const CODES = 'new codes'

export type FactorDeskNeeds = {
  clock: Pick<Clock, 'now'>
  people: Pick<PeopleFile, 'user' | 'changeFactors'>
  seal: Seal
  passkeys: Passkeys
  record(draft: Draft): Promise<unknown>
  /** Sessions as they are now are to outlive a restart. */
  save(): Promise<void>
  town(): string
}
/** `offer`: what is sent back with the first code. `address`: what the QR code says (otpauth://). */
export type CodesOffer = { offer: string; secret: string; address: string; qr: { size: number; path: string } }
export type Offered = { offer: string; code: string }
/** Who does it: as the record names them. `proved`: their session goes on as one with a second factor. */
export type Doer = { actor: string; proved(kind: StoredFactor['kind'], stamp: string): void }

export function createFactorDesk({ clock, people, seal, passkeys, record, save, town }: FactorDeskNeeds) {
  /** @throws user/unknown */
  function find(user: string): StoredUser {
    const found = people.user(user)
    if (!found) throw new Failure('user/unknown', `Nobody signs in as "${user}" here.`)
    return found
  }
  async function done(draft: Draft): Promise<void> {
    await record(draft)
    await save()
  }
  /** @throws factor/too-many */
  async function add(user: string, made: StoredFactor, { actor, proved }: Doer): Promise<Factor> {
    const { stamp } = find(user)
    // The session first: with the factor in the file it would end as one without.
    proved(made.kind, stamp)
    const now = await people.changeFactors(user, (before) => {
      // There is one telephone that makes codes: a new one takes the place of the old one.
      const kept = made.kind === 'totp' ? before.filter(({ kind }) => kind !== 'totp') : before
      if (kept.length >= MOST_FACTORS)
        throw new Failure('factor/too-many', `There are ${MOST_FACTORS} already; remove one first.`)
      return [...kept, made]
    })
    if (!now) throw new Failure('user/unknown', `Nobody signs in as "${user}" here any more.`)
    const { id, kind, name } = made
    await done({ kind: 'factor.added', actor, subject: user, body: { user, factor: id, what: kind, name } })
    return factorView(made)
  }
  const kept = (name: string): Pick<StoredFactor, 'id' | 'name' | 'since'> => ({
    id: randomBytes(6).toString('hex'),
    name,
    since: isoTime(clock.now()),
  })

  return {
    isOwn: createOwnAccount(people),
    /** @throws user/unknown */
    list: (user: string): Factor[] => find(user).factors.map(factorView),
    /** @throws user/unknown */
    offerCodes(user: string): CodesOffer {
      find(user)
      const secret = newCodeSecret()
      const address = codeAddress(secret, { town: town(), user })
      return { offer: seal.close(CODES, { user, secret }), secret, address, qr: qrPath(address) }
    },
    /** @throws user/unknown, factor/no-passkeys */
    offerPasskey: (user: string, origin: string): Promise<NewPasskeyOptions> =>
      passkeys.newOptions(origin, { ...find(user), town: town() }),
    /** @throws user/unknown, factor/refused, factor/too-many */
    async addCodes(user: string, { offer, code }: Offered, name: string, doer: Doer): Promise<Factor> {
      const offered = seal.open<{ user: string; secret: string }>(CODES, offer)
      if (offered?.user !== user)
        throw new Failure('factor/refused', 'This took too long, or was begun by somebody else; begin again.')
      const { secret } = offered
      const used = codeStep({ secret, used: 0 }, code, clock.now())
      if (used === null)
        throw new Failure(
          'factor/refused',
          `This is not the code of now. The server’s clock says ${isoTime(clock.now()).slice(0, 19)} UTC: is the ` +
            'telephone’s right?',
        )
      if (!seal.useUp(offered)) throw new Failure('factor/refused', 'This was done already.')
      return add(user, { ...kept(name), kind: 'totp', secret, used }, doer)
    },
    /** @throws user/unknown, factor/refused, factor/too-many, factor/no-passkeys */
    async addPasskey(
      user: string,
      { response, origin }: { response: RegistrationResponseJSON; origin: string },
      name: string,
      doer: Doer,
    ): Promise<Factor> {
      const made: MadePasskey = await passkeys.made(response, { user, origin })
      return add(user, { ...kept(name), kind: 'passkey', ...made }, doer)
    },
    /** @throws user/unknown, factor/unknown */
    async remove(user: string, id: string, actor: string): Promise<void> {
      const gone = find(user).factors.find((each) => each.id === id)
      if (!gone) throw new Failure('factor/unknown', 'There is no such second factor.')
      await people.changeFactors(user, (before) => before.filter((each) => each.id !== id))
      const { kind, name } = gone
      await done({ kind: 'factor.removed', actor, subject: user, body: { user, factor: id, what: kind, name } })
    },
    /**
     * Somebody has lost theirs: none is left, and they are signed out everywhere. Whoever finds the telephone gets in
     * nowhere. @throws user/unknown
     */
    async reset(user: string, actor: string): Promise<void> {
      const { factors } = find(user)
      await people.changeFactors(user, () => [], { newStamp: true })
      await done({ kind: 'factors.reset', actor, subject: user, body: { user, factors: factors.length } })
    },
  }
}
export type FactorDesk = ReturnType<typeof createFactorDesk>
