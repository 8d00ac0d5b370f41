/** A ledger entry as a SIEM reads it: RFC 5424, its content as JSON, framed by its length (RFC 5425). Pure. */
import type { Entry } from '../glossary/ledger.ts'

/** RFC 5424, 6.2.1: log audit. */
const FACILITY = 13
const SEVERITY = { critical: 2, warning: 4, info: 6 } as const
/** What most receivers take by themselves; a longer one would be cut, and be no JSON any more. */
const MOST_BYTES = 8000
const SEQUENCE_ENDS = 2 ** 31

const severityOf = (kind: string): number =>
  kind === 'ledger.broken'
    ? SEVERITY.critical
    : /refused|failed|revoked|removed|reset$/.test(kind)
      ? SEVERITY.warning
      : SEVERITY.info
/** Printable ASCII, as the header wants. */
const plain = (text: string, most: number): string => text.replaceAll(/[^!-~]/g, '_').slice(0, most) || '-'

export type Sender = { site: string; host: string; version: string; pid: number }

export function syslogMessage(entry: Entry, { site, host, version, pid }: Sender): string {
  const { seq, at, kind, actor, subject, body, hash } = entry
  const head = [
    `<${FACILITY * 8 + severityOf(kind)}>1`,
    ...[at, plain(host, 255), 'lamppost', String(pid), plain(kind, 32)],
    `[origin software="Lamppost" swVersion="${plain(version, 32).replaceAll(/["\\\]]/g, '_')}"]` +
      `[meta sequenceId="${((seq - 1) % (SEQUENCE_ENDS - 1)) + 1}"]`,
  ].join(' ')
  const whole = JSON.stringify({ site, seq, kind, actor, subject, at, body, hash })
  // What was left out is known by the hash, and stands in the record.
  const content =
    Buffer.byteLength(whole) + Buffer.byteLength(head) < MOST_BYTES
      ? whole
      : JSON.stringify({ site, seq, kind, actor, subject, at, body: null, hash })
  return `${head} \uFEFF${content}`
}
/** With its length before it: what is in it, line breaks too, ends nothing. */
export const framed = (message: string): string => `${Buffer.byteLength(message)} ${message}`
