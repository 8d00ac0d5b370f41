/**
 * Hands a package to somebody outside: by a link that ends, that can be revoked, that is counted, and of which each
 * use is an entry.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Disclosure, MadeExport } from '../../glossary/evidence.ts'
import type { Append } from '../../glossary/ledger.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { newId } from '../../tools/identity.ts'
import { createTokenBuckets } from '../../tools/pace/token-bucket.ts'
import type { DisclosureBook } from './disclosure-book.ts'

export type DisclosureOrder = {
  recipient: string
  organisation?: string | undefined
  purpose: string
  days: number
  most?: number | undefined
}
const DAY = 86_400_000
const DEFAULT_MOST = 5
const ASKED_PER_SECOND = 0.5
const ASKED_AT_ONCE = 40
const ON_THE_WAY_BYTES = 8_000_000

export function createDisclosureDesk({
  clock,
  book,
  append,
  made,
}: {
  clock: Clock
  book: DisclosureBook
  append: Append
  made(id: string): MadeExport
}) {
  /** Bytes that may still be gone on with, by what was counted; a start forgets them, and the next part counts anew. */
  const allowance = new Map<string, number>()
  const linkOf = (secret: string): string => createHash('sha256').update(secret, 'utf8').digest('hex')
  function known(id: string): Disclosure {
    const found = book.get(id)
    if (!found) throw new Failure('disclosure/unknown', `There is no hand-over "${id}".`)
    return found
  }
  /** Why it does not open any more; null when it does. `fresh`: it would be counted. */
  function endOf({ revokedAt, until, used, most }: Disclosure, fresh: boolean): string | null {
    if (revokedAt !== null) return 'This link was revoked by who made it.'
    if (Date.parse(until) <= clock.now()) return `This link ended at ${until}.`
    return fresh && used >= most ? `This link was used ${used} times, and that was all it was for.` : null
  }

  /** Whoever has a link must not fill the ledger with it. */
  const asked = createTokenBuckets({ perSecond: ASKED_PER_SECOND, burst: ASKED_AT_ONCE, clock })

  return {
    of: book.of,
    /** A fetching broke off: what did not leave may be gone on with, and a little more, which lay on the way. */
    brokeOff: (id: string, left: number): void => void (left > 0 && allowance.set(id, left + ON_THE_WAY_BYTES)),
    /** @returns the secret of the link, which nobody can ask for again. @throws export/not-ready, export/gone */
    async make(
      id: string,
      { recipient, organisation = '', purpose, days, most = DEFAULT_MOST }: DisclosureOrder,
      actor: string,
    ): Promise<Disclosure & { secret: string }> {
      const job = made(id)
      const secret = randomBytes(32).toString('base64url')
      const disclosure = newId<string & { readonly __is: 'disclosure' }>('dis', clock.now())
      await append([
        {
          kind: 'disclosure.made',
          actor,
          subject: job.id,
          body: {
            disclosure,
            export: job.id,
            incident: job.incident,
            recipient: recipient.trim(),
            organisation: organisation.trim(),
            purpose: purpose.trim(),
            until: isoTime(clock.now() + days * DAY),
            most,
            link: linkOf(secret),
          },
        },
      ]).durable
      return { ...known(disclosure), secret }
    },
    /** @throws disclosure/unknown */
    async revoke(id: string, { by, reason }: { by: string; reason: string }, actor: string): Promise<Disclosure> {
      const { export: of, revokedAt } = known(id)
      if (revokedAt === null)
        await append([
          {
            kind: 'disclosure.revoked',
            actor,
            subject: of,
            body: { disclosure: id, export: of, incident: made(of).incident, by, reason },
          },
        ]).durable
      return known(id)
    },
    /**
     * Somebody follows a link. The entry is durable when this returns, also of a refusal.
     * @param what null: the page about it. @param rangeOf what is asked for of the package; null is the whole
     * @throws disclosure/unknown when there was never such a link; disclosure/over when it has ended
     */
    async open(
      secret: string,
      {
        what,
        rangeOf,
        address,
      }: {
        what: 'package' | 'companion' | null
        rangeOf(made: MadeExport): { from: number; to: number } | null
        address: string
      },
    ): Promise<{ disclosure: Disclosure; made: MadeExport }> {
      const found = book.byLink(linkOf(secret))
      if (!found) throw new Failure('disclosure/unknown', 'There is no such link. Ask whoever gave it to you.')
      if (!asked.take(found.id))
        throw new Failure('disclosure/too-many', 'This link is asked for too often; wait a minute.', {
          extra: { retryAfter: 60 },
        })
      let job: MadeExport | null = null
      try {
        job = made(found.export)
      } catch {
        // It was deleted.
      }
      const part = job && what === 'package' ? rangeOf(job) : null
      // A fetching that broke off is gone on with, and was counted when it began; all but a little is another one.
      const left = allowance.get(found.id) ?? 0
      const wanted = part && job ? part.to - part.from + 1 : 0
      const goesOn = part !== null && part.from > 0 && wanted <= left
      const counted = what === 'package' && !goesOn
      let refused = endOf(found, counted)
      if (job === null) refused ??= 'The package was deleted.'
      if (refused !== null) job = null
      if (refused === null && what === 'package') allowance.set(found.id, 0)
      await append([
        {
          kind: 'disclosure.opened',
          actor: `disclosure:${found.recipient}`,
          subject: found.export,
          body: {
            disclosure: found.id,
            export: found.export,
            incident: job?.incident ?? null,
            what: what ?? 'page',
            counted,
            address,
            refused,
          },
        },
      ]).durable
      if (!job) throw new Failure('disclosure/over', refused ?? '')
      return { disclosure: known(found.id), made: job }
    },
  }
}
