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
import { type Range, arrivedFor, overlaps } from './sent-ranges.ts'

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

/** A package that is being sent by a link. `use`: which fetching of the link it belongs to. */
type Sending = {
  range: Range
  use: number
  /** Bytes that the other side has acknowledged. */
  handed: number
  stop(): void
}
/** For whoever sends it: how much has left, and that it is over, however it ended. */
export type SendingAccount = { handed(bytes: number): void; over(): Promise<void> }

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
  /** By the hand-over. */
  const running = new Map<string, Set<Sending>>()
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

  /** What has left in the fetching that is under way, or is leaving. */
  function taken(id: string, use: number): Range[] {
    const leaving = [...(running.get(id) ?? [])].filter((each) => each.use === use)
    return [...book.sentOf(id).sent, ...leaving.map(({ range }) => range)]
  }
  function begin(id: string, job: MadeExport, sending: Sending): SendingAccount {
    running.set(id, (running.get(id) ?? new Set()).add(sending))
    return {
      handed: (bytes) => void (sending.handed = Math.max(sending.handed, bytes)),
      over: () => ended(id, job, sending),
    }
  }
  const isWhole = ({ range, handed }: Sending): boolean => handed > range.to - range.from
  const arrivedOf = (id: string, job: MadeExport, sending: Sending): number =>
    isWhole(sending) ? sending.handed : arrivedFor(sending.handed, book.sentOf(id).again, job.facts.bytes)
  /** What has arrived for certain does not leave again in the same fetching. */
  async function ended(id: string, job: MadeExport, sending: Sending): Promise<void> {
    const theirs = running.get(id)
    if (!theirs?.delete(sending)) return
    if (theirs.size === 0) running.delete(id)
    const { range, use, handed } = sending
    const arrived = arrivedOf(id, job, sending)
    const body = { disclosure: id, export: job.id, incident: job.incident, use, from: range.from, handed, arrived }
    await append([{ kind: 'disclosure.sent', actor: 'lamppost', subject: job.id, body }]).durable
  }
  /**
   * Somebody goes on elsewhere with what is still being sent, perhaps on a connection that is dead: that ends. What has
   * arrived is not to be had again: then nothing ends, and they are refused.
   */
  async function goOnElsewhere({ id, used }: Disclosure, job: MadeExport, wanted: Range): Promise<void> {
    const others = [...(running.get(id) ?? [])].filter((each) => each.use === used && overlaps([each.range], wanted))
    const arrived = others.map((each) => ({
      from: each.range.from,
      to: each.range.from + arrivedOf(id, job, each) - 1,
    }))
    if (overlaps([...book.sentOf(id).sent, ...arrived.filter(({ from, to }) => from <= to)], wanted)) return
    for (const sending of others) {
      sending.stop()
      await ended(id, job, sending)
    }
  }
  return {
    of: book.of,
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
        stop = () => {},
      }: {
        what: 'package' | 'companion' | null
        rangeOf(made: MadeExport): Range | null
        address: string
        /** Ends the sending of it: the same recipient goes on elsewhere. */
        stop?: () => void
      },
    ): Promise<{ disclosure: Disclosure; made: MadeExport; account: SendingAccount | null }> {
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
      const wanted = job && what === 'package' ? (rangeOf(job) ?? { from: 0, to: job.facts.bytes - 1 }) : null
      if (job && wanted && found.used >= found.most) await goOnElsewhere(found, job, wanted)
      // What did not leave yet belongs to the fetching that was counted when it began; what did is another one.
      const goesOn = wanted !== null && found.used > 0 && !overlaps(taken(found.id, found.used), wanted)
      const counted = wanted !== null && !goesOn
      let refused = endOf(known(found.id), counted)
      if (job === null) refused ??= 'The package was deleted.'
      if (refused !== null) job = null
      const use = found.used + (counted ? 1 : 0)
      // Before anything is waited for: two at once are two.
      const account = job && wanted ? begin(found.id, job, { range: wanted, use, handed: 0, stop }) : null
      const entry = append([
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
            ...(wanted ? { range: wanted } : {}),
            address,
            refused,
          },
        },
      ])
      await entry.durable.catch(async (error: unknown) => {
        await account?.over()
        throw error
      })
      if (!job) throw new Failure('disclosure/over', refused ?? '')
      return { disclosure: known(found.id), made: job, account }
    },
  }
}
