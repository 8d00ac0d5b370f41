/** One try to tell one event to one address. No redirects: what the site file says is where it goes. */
import { messageOf } from '../tools/failure.ts'
import type { SignedEvent } from './cloud-event.ts'

export type PostOutcome =
  | { outcome: 'delivered'; status: number }
  /**
   * `lasting`: whether another try with the same event will help; `yes` when the receiver says that it is gone for
   * good.
   */
  | {
      outcome: 'failed'
      problem: string
      lasting: 'no' | 'perhaps' | 'yes'
      /** Somebody is there, and did not take this one. */ answered: boolean
      /** Milliseconds that it asked us to wait. */ after: number | null
    }
export type PostEvent = (url: string, event: SignedEvent, signal: AbortSignal) => Promise<PostOutcome>

const WITHIN_MS = 10_000
/** Of all refusals only these may pass by themselves. */
const PASSING = new Set([408, 409, 425, 429])
const GONE = 410

/** Never the address: it may hold secrets. */
const codeOf = (error: unknown): string =>
  (error as { code?: string } | null)?.code ??
  messageOf(error)
    .split(/https?:/)[0]
    ?.trim() ??
  'no reason was given'

export const postWebhook: PostEvent = async (url, { body, headers }, signal) => {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { ...headers, 'user-agent': 'Lamppost' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
    })
    // What it says beside the status is of no use, and may be endless.
    await answer.body?.cancel().catch(() => {})
    if (answer.ok) return { outcome: 'delivered', status: answer.status }
    const seconds = Number(answer.headers.get('retry-after'))
    const lasting =
      answer.status >= 500 || PASSING.has(answer.status) ? 'no' : answer.status === GONE ? 'yes' : 'perhaps'
    return {
      outcome: 'failed',
      problem: `It answered ${answer.status}${answer.status >= 300 && answer.status < 400 ? ': redirects are not followed' : ''}.`,
      lasting,
      answered: true,
      after: seconds > 0 ? seconds * 1000 : null,
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const words =
      error instanceof Error && error.name === 'TimeoutError'
        ? `It did not answer within ${WITHIN_MS / 1000} seconds.`
        : `It could not be reached: ${codeOf(cause)}`
    return { outcome: 'failed', problem: words, lasting: 'no', answered: false, after: null }
  }
}
