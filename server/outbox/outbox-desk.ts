/**
 * Tells other systems what they must hear: in order, at least once, again and again with growing waits, and with a
 * receipt in the ledger. What cannot be delivered is laid aside as a dead letter, visibly. Not here: what an event
 * looks like (cloud-event).
 */
import type { Draft, Entry } from '../glossary/ledger.ts'
import type { DestinationState } from '../glossary/outbox.ts'
import type { Destination } from '../glossary/site.ts'
import { createBackoff } from '../tools/pace/backoff.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { cloudEvent, eventId, signEvent } from './cloud-event.ts'
import type { OutboxBook } from './outbox-book.ts'
import type { SyslogAccess } from './syslog-send.ts'
import type { PostEvent, PostOutcome } from './webhook-post.ts'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 5 * 60_000
/** News a day old helps nobody in a control room any more. */
const OLDEST_MS = 24 * 3_600_000
/** What people did is asked for long afterwards. */
const OLDEST_AUDIT_MS = 30 * 24 * 3_600_000
/**
 * A refusal that will not pass is tried again in case it was a mistake, such as a proxy that is being set up: for
 * about a quarter of an hour.
 */
const LASTING_TRIES = 9
/** One event that a destination cannot digest must not keep it from all later ones: they are told first. */
const STUBBORN_TRIES = 12
const LOOK_EVERY_MS = 60_000

type Failing = NonNullable<DestinationState['failing']>
type Run = {
  destination: Destination
  stop: AbortController
  ended: Promise<void>
  wake: () => void
  failing: Failing | null
}

export function createOutboxDesk(options: {
  clock: Clock
  site(): string
  book: OutboxBook
  post: PostEvent
  syslog(access: SyslogAccess, entry: Entry, signal: AbortSignal): Promise<PostOutcome>
  append(drafts: Draft[]): { durable: Promise<unknown> }
  whenDurable(seq: number): Promise<void>
  entry(seq: number): Promise<Entry | null>
  onError(error: unknown): void
}) {
  const { clock, site, book, post, syslog, append, whenDurable, entry, onError } = options
  const runs = new Map<string, Run>()

  function say({ url, secret, syslog: server }: Destination, found: Entry, signal: AbortSignal): Promise<PostOutcome> {
    if (server) return syslog({ url, ca: server.ca }, found, signal)
    const id = eventId(site(), found.seq)
    return post(url, signEvent(cloudEvent(found, site()), id, secret, clock.now()), signal)
  }
  async function tell(run: Run, seq: number): Promise<void> {
    const { destination, stop } = run
    const backoff = createBackoff(FIRST_WAIT_MS, LONGEST_WAIT_MS)
    await whenDurable(seq)
    const found = await entry(seq)
    const settle = async (draft: Draft): Promise<void> => {
      run.failing = null
      await append([draft]).durable
    }
    const about = { destination: destination.id, seq, event: found?.kind ?? 'unknown' }
    const asDraft = (attempts: number, problem: string): Draft => ({
      kind: 'outbox.dead',
      actor: 'lamppost',
      subject: destination.id,
      body: { ...about, attempts, problem },
    })
    if (!found) return settle(asDraft(0, 'The entry cannot be read any more.'))
    for (let attempts = 1; !stop.signal.aborted; attempts += 1) {
      const said = await say(destination, found, stop.signal)
      if (stop.signal.aborted) return
      if (said.outcome === 'delivered')
        return settle({
          kind: 'outbox.delivered',
          actor: 'lamppost',
          subject: destination.id,
          body: { ...about, attempts, status: said.status },
        })
      if (
        said.lasting === 'yes' ||
        (said.lasting === 'perhaps' && attempts >= LASTING_TRIES) ||
        (said.answered && attempts >= STUBBORN_TRIES) ||
        clock.now() - Date.parse(found.at) > (destination.syslog ? OLDEST_AUDIT_MS : OLDEST_MS)
      )
        return settle(asDraft(attempts, said.problem))
      const wait = Math.min(LONGEST_WAIT_MS, Math.max(said.after ?? 0, backoff.wait()))
      run.failing = {
        seq,
        since: run.failing?.since ?? isoTime(clock.now()),
        attempts,
        problem: said.problem,
        nextAt: isoTime(clock.now() + wait),
      }
      await clock.sleep(wait, stop.signal)
    }
  }

  async function keepTelling(run: Run): Promise<void> {
    const { destination, stop } = run
    while (!stop.signal.aborted) {
      const seq = book.next(destination.id)
      if (seq !== null) {
        await tell(run, seq).catch(async (error: unknown) => {
          onError(error)
          await clock.sleep(FIRST_WAIT_MS, stop.signal)
        })
        continue
      }
      const woken = new AbortController()
      run.wake = () => woken.abort()
      await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([stop.signal, woken.signal]))
    }
  }

  function begin(destination: Destination): void {
    const run: Run = {
      destination,
      stop: new AbortController(),
      ended: Promise.resolve(),
      wake: () => {},
      failing: null,
    }
    runs.set(destination.id, run)
    run.ended = keepTelling(run)
  }
  async function end(name: string): Promise<void> {
    const run = runs.get(name)
    runs.delete(name)
    run?.stop.abort()
    await run?.ended
  }

  return {
    /** Something was recorded. */
    wake: (): void => runs.forEach((run) => run.wake()),
    /** As the site file has it now. A new destination is told what comes from here on. */
    async follow(destinations: readonly Destination[]): Promise<void> {
      for (const [name, { destination }] of runs)
        if (JSON.stringify(destinations.find(({ id }) => id === name)) !== JSON.stringify(destination)) await end(name)
      const drafts: Draft[] = []
      for (const name of book.names())
        if (!destinations.some(({ id }) => id === name))
          drafts.push({ kind: 'outbox.closed', actor: 'lamppost', subject: name, body: { destination: name } })
      for (const { id, events } of destinations)
        if (JSON.stringify(book.get(id)?.events) !== JSON.stringify(events))
          drafts.push({ kind: 'outbox.opened', actor: 'lamppost', subject: id, body: { destination: id, events } })
      if (drafts.length > 0) append(drafts)
      for (const destination of destinations) if (!runs.has(destination.id)) begin(destination)
    },
    state: (): DestinationState[] =>
      [...runs.values()].map(({ destination: { id, url, events }, failing }) => {
        const told = book.get(id)
        return {
          destination: id,
          url: shown(url),
          events,
          waiting: told?.pending.length ?? 0,
          delivered: told?.delivered ?? 0,
          last: told?.last ?? null,
          failing,
          dead: told?.dead ?? [],
        }
      }),
    /** A dead letter is tried once more. @throws outbox/unknown, ledger/unavailable */
    async retry(name: string, seq: number, actor: string): Promise<void> {
      if (!runs.has(name) || !book.get(name)?.dead.some((letter) => letter.seq === seq))
        throw new Failure('outbox/unknown', `The destination "${name}" has no dead letter of entry ${seq}.`)
      const { durable } = append([{ kind: 'outbox.retried', actor, subject: name, body: { destination: name, seq } }])
      runs.get(name)?.wake()
      await durable
    },
    async close(): Promise<void> {
      await Promise.all([...runs.keys()].map(end))
    },
  }
}

/** Path and query may hold secrets. */
function shown(url: string): string {
  try {
    const { protocol, host } = new URL(url)
    return `${protocol}//${host}/…`
  } catch (error) {
    return messageOf(error)
  }
}
