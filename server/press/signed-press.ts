/**
 * A press over HTTP that proves who sent it without sending a secret: HMAC-SHA256 over its time and its exact bytes.
 * Pure.
 *   X-Lamppost-Timestamp: Unix seconds (or milliseconds, or ISO 8601)
 *   X-Lamppost-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { Failure } from '../tools/failure.ts'

export const WINDOW_MS = 5 * 60_000

/** `secret`: null when the help point has none: nothing is signed by it then. */
export type SignedRequest = { timestamp: string; signature: string; body: Uint8Array }

/**
 * @returns when the device says it sent this, milliseconds since 1970.
 * @throws people/unauthenticated, press/out-of-time
 */
export function checkSignature(
  { timestamp, signature, body }: SignedRequest,
  secret: string | null,
  now: number,
): number {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature)?.[1]
  // The same work for a help point that has no secret, or does not exist.
  const expected = createHmac('sha256', secret ?? randomBytes(32))
    .update(`${timestamp}.`)
    .update(body)
    .digest()
  if (timestamp === '')
    throw new Failure(
      'people/unauthenticated',
      'The header X-Lamppost-Timestamp is missing: Unix seconds, which are signed with the body.',
    )
  if (given === undefined || !timingSafeEqual(Buffer.from(given, 'hex'), expected))
    throw new Failure(
      'people/unauthenticated',
      'The signature is not this help point’s: sign "timestamp.body" with its secret, HMAC-SHA256, as ' +
        'X-Lamppost-Signature: sha256=<hex>. If it is signed so, the secret is another than the site ' +
        'file’s (sources: http: secret), or the file gives this help point none.',
    )
  const sentAt = timeOf(timestamp)
  if (!(Math.abs(now - sentAt) <= WINDOW_MS))
    throw new Failure(
      'press/out-of-time',
      `The signature is right, but its time is more than ${WINDOW_MS / 60_000} minutes from ` +
        `ours, ${new Date(now).toISOString()}. Set the clock (the header Date has ours) and sign again.`,
    )
  return sentAt
}

function timeOf(text: string): number {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000
  if (/^\d{12,14}$/.test(text)) return Number(text)
  return Date.parse(text)
}
