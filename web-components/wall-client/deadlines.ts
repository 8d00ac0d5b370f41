/** What nobody answers for so long is taken for not sent: it is asked anew, by the wall or by whoever wanted it. */
export const ANSWER_MS = 10_000

/** Either of them; `AbortSignal.any` is younger than some of the browsers in control rooms. */
export function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  if (!other) return one
  const both = new AbortController()
  for (const signal of [one, other]) {
    if (signal.aborted) both.abort(signal.reason)
    signal.addEventListener('abort', () => both.abort(signal.reason), { once: true, signal: both.signal })
  }
  return both.signal
}
