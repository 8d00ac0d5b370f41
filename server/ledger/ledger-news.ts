/** The state of the record, for the log and for open pages. */
import type { Entry, Verification } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'

/** Logs the result of a verification of the whole record. */
export const verdictTo =
  (logger: { info(about: object, words: string): void; error(about: object, words: string): void }) =>
  ({ ok, entries, problem }: Verification): void =>
    ok ? logger.info({ entries }, 'the ledger is intact') : logger.error({ entries, problem }, 'THE LEDGER IS BROKEN')

/** Publishes a break of the chain to open pages. */
export const brokenNews =
  (news: { publish(news: LiveNews): void }) =>
  (entry: Entry): void => {
    if (entry.kind === 'ledger.broken') news.publish({ event: 'ledger.health', data: { problem: entry.body.problem } })
  }
