/** What other systems are told: each entry that a destination wants, until it is received. */
import { hostname } from 'node:os'
import { version } from '../tools/package-root.ts'
import type { Door } from '../door/door.ts'
import { outboxRoutes } from './outbox-routes.ts'
import type { Append, Entry } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { createOutboxBook } from './outbox-book.ts'
import { createOutboxDesk } from './outbox-desk.ts'
import { framed, syslogMessage } from './syslog-message.ts'
import { createSyslogSenders } from './syslog-send.ts'
import { postWebhook } from './webhook-post.ts'

export type OutboxNeeds = {
  clock: Clock
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  town: { site(): Site }
  ledger: {
    append: Append
    whenDurable(seq: number): Promise<void>
    page(after: number, limit: number): Promise<Entry[]>
    tail(listener: (entry: Entry) => void): () => void
  }
}

const SENDER = { host: hostname(), version, pid: process.pid }

export function openOutbox({ clock, closing, onError, town, ledger }: OutboxNeeds) {
  const { append, whenDurable, page, tail } = ledger
  const outboxBook = createOutboxBook()
  const senders = createSyslogSenders()
  const desk = createOutboxDesk({
    clock,
    site: () => town.site().id,
    book: outboxBook,
    post: postWebhook,
    syslog: (access, entry, signal) =>
      senders.send(access, framed(syslogMessage(entry, { ...SENDER, site: town.site().id })), signal),
    append,
    whenDurable,
    entry: async (seq) => (await page(seq - 1, 1)).find((entry) => entry.seq === seq) ?? null,
    onError,
  })
  closing.add('connections to syslog', senders.close)
  closing.add('the outbox', desk.close)
  // From the first entry on: what is written while the town starts must not wait for the next look.
  closing.add('the outbox’s tail', tail(desk.wake))
  return {
    state: desk.state,
    folds: { outbox: outboxBook },
    follow: { 'the outbox': ({ destinations }: Site) => desk.follow(destinations) },
    routes: ({ app }: Door): void => outboxRoutes(app, desk),
  }
}
