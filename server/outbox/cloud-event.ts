/**
 * A ledger entry as other systems get it: CloudEvents 1.0 in JSON, signed as Standard Webhooks has it, so that
 * ready-made receivers can check it. Pure.
 */
import { createHmac } from 'node:crypto'
import type { Entry } from '../glossary/ledger.ts'

export type SignedEvent = { body: string; headers: Record<string, string> }

/** The same entry always has the same id: whoever hears it twice knows. */
export const eventId = (site: string, seq: number): string => `${site}-${seq}`

export function cloudEvent({ seq, at, kind, actor, subject, body, hash }: Entry, site: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: eventId(site, seq),
    source: `/lamppost/${site}`,
    type: `lamppost.${kind}`,
    subject,
    time: at,
    datacontenttype: 'application/json',
    sequence: String(seq).padStart(16, '0'),
    data: { seq, kind, actor, subject, at, body, hash },
  })
}

/** @param secret as given; `whsec_` before base64 is understood. @param now milliseconds since 1970 */
export function signEvent(body: string, id: string, secret: string, now: number): SignedEvent {
  const timestamp = String(Math.floor(now / 1000))
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    body,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
      'idempotency-key': id,
    },
  }
}
