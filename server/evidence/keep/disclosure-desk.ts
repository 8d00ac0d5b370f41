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
import type { DisclosureBook, Fetching } from './disclosure-book.ts'
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
/** Some fetch in parts, side by side; each costs looks at its connection. */
const MOST_SENDINGS = 4
/** Some ask for a byte first, to see whether there are parts at all. */
const PROBE_BYTES = 16
const isStart = ({ from, to }: Range, job: MadeExport | null): boolean =>
  from === 0 && to < PROBE_BYTES && (job?.facts.bytes ?? 0) > PROBE_BYTES * 100
const NOWHERE = { on: null, elsewhere: false }
const ELSEWHERE = 'It is being fetched at this moment from another address; if that is you, try again in a minute.'

/** A package that is being sent by a link. `use`: which fetching of the link it belongs to. */
type Sending = {
  job: MadeExport
  range: Range
  use: number
  address: string
  /** Bytes that the recipient’s machine has acknowledged; its program may not have read them all. */
  handed: number
  stop(): void
}
/** What the sending of a package reports: how many bytes the recipient’s machine has acknowledged, and its end. */
export type SendingAccount = {
  handed(bytes: number): void
  /**
   * Never rejects: nobody waits for it.
   * @param clean the recipient’s program has ended in good order: it has read all that its machine acknowledged
   */
  over(clean?: boolean): Promise<void>
}

export function createDisclosureDesk({
  clock,
  book,
  append,
  made,
  onError,
}: {
  clock: Clock
  book: DisclosureBook
  append: Append
  made(id: string): MadeExport
  onError(error: unknown): void
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

  const sendingsOf = (id: string): Sending[] => [...(running.get(id) ?? [])]
  function begin(id: string, sending: Sending): SendingAccount {
    running.set(id, (running.get(id) ?? new Set()).add(sending))
    return {
      handed: (bytes) => void (sending.handed = Math.max(sending.handed, bytes)),
      over: (clean = false) => ended(id, sending, clean),
    }
  }
  const againOf = (id: string, use: number): number => book.fetchings(id).find((each) => each.use === use)?.again ?? 0
  /** Of what the recipient’s machine has acknowledged: how many bytes have arrived for certain. */
  const arrivedOf = (id: string, { job, use, handed }: Sending): number =>
    arrivedFor(handed, againOf(id, use), job.facts.bytes)
  /**
   * What has arrived for certain does not leave again in the same fetching. On a full disk the ledger writes it again
   * until it stands there.
   */
  async function ended(id: string, sending: Sending, clean = false): Promise<void> {
    const theirs = running.get(id)
    if (!theirs?.delete(sending)) return
    if (theirs.size === 0) running.delete(id)
    const { job, range, use, handed } = sending
    const arrived = clean && handed > range.to - range.from ? handed : arrivedOf(id, sending)
    const body = { disclosure: id, export: job.id, incident: job.incident, use, from: range.from, handed, arrived }
    await append([{ kind: 'disclosure.sent', actor: 'lamppost', subject: job.id, body }]).durable.catch(onError)
  }
  /**
   * Whether these bytes may leave as a part of that fetching. `ends`: what is still being sent of it to the same
   * recipient, perhaps on a connection that is dead. `elsewhere`: somebody else is being sent them now.
   */
  function fits(id: string, fetching: Fetching, { wanted, address }: { wanted: Range; address: string }) {
    const own = sendingsOf(id).filter(({ use }) => use === fetching.use)
    const elsewhere = own.some((each) => each.address !== address)
    const ends = own.filter(({ range }) => overlaps([range], wanted))
    const arrived = ends.map((each) => ({ from: each.range.from, to: each.range.from + arrivedOf(id, each) - 1 }))
    const free = !overlaps([...fetching.sent, ...arrived.filter(({ from, to }) => from <= to)], wanted)
    return { free: free && !elsewhere, ends, elsewhere: free && elsewhere }
  }
  /** Which fetching it goes on with; null: none. Those that were begun at the same address come first. */
  function goingOn({ id, used, most }: Disclosure, asking: { wanted: Range; address: string }) {
    const own = (each: Fetching): number => (each.address === asking.address ? 0 : 1)
    const all = book.fetchings(id).toSorted((one, other) => own(one) - own(other))
    const found = all.map((fetching) => ({ fetching, ...fits(id, fetching, asking) }))
    // As long as the link is for more, a second one at the same place is somebody else.
    const on = found.find(({ free, ends }) => free && (ends.length === 0 || used >= most)) ?? null
    return { on, elsewhere: found.some((each) => each.elsewhere) }
  }
  function endFor(id: string, sending: Sending): Promise<void> {
    sending.stop()
    return ended(id, sending)
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
      if (wanted && sendingsOf(found.id).length >= MOST_SENDINGS)
        throw new Failure('disclosure/too-many', 'It is being fetched in many parts already; wait for one of them.', {
          extra: { retryAfter: 5 },
        })
      const isProbe = wanted !== null && found.used === 0 && isStart(wanted, job)
      const { on, elsewhere } = job && wanted ? goingOn(found, { wanted, address }) : NOWHERE
      if (on) for (const sending of on.ends) await endFor(found.id, sending)
      const counted = wanted !== null && !isProbe && on === null
      let refused = endOf(known(found.id), counted)
      if (refused !== null && counted && elsewhere) refused = ELSEWHERE
      if (job === null) refused ??= 'The package was deleted.'
      if (refused !== null) job = null
      const use = on ? on.fetching.use : found.used + 1
      // Before anything is waited for: two at once are two.
      const account =
        job && wanted && !isProbe ? begin(found.id, { job, range: wanted, use, address, handed: 0, stop }) : null
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
            ...(wanted && !isProbe ? { range: wanted, use } : {}),
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
    /** What is being sent ends here, and what has arrived of it stands in the record. Before the ledger closes. */
    async close(): Promise<void> {
      for (const id of running.keys()) for (const sending of sendingsOf(id)) await endFor(id, sending)
    },
  }
}
