/** The bearer token that a wall uses: the one it was given, or one that the page around renews before it runs out. */

/** What a page's callback answers: a token, and (better) until when it is good, UTC ISO 8601. */
export type FreshToken = string | { token: string; expiresAt?: string }
export type RenewToken = () => Promise<FreshToken>

/** Renewed when so much of its life is over. */
const RENEW_AT = 0.75
const SOONEST_MS = 2000
const AGAIN_MS = 5000
/** Longer than this a timer must not be: it would fire at once. */
const LONGEST_MS = 2 ** 31 - 1
/** A page that does not answer gives none: nothing may wait for it for ever. */
const WITHIN_MS = 8000
const inTime = <T>(answer: Promise<T>): Promise<T> =>
  Promise.race([
    answer,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error('the page around did not answer')), WITHIN_MS)),
  ])

/** @param now milliseconds since 1970 by the server's clock: this machine's may be wrong */
export function createWallToken({
  given,
  renew,
  now,
  onRenewed,
}: {
  given: string
  renew: RenewToken | null
  now(): number
  onRenewed(): void
}) {
  let token = given
  let expiresAt: number | null = null
  let asking: Promise<boolean> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = true

  async function ask(): Promise<boolean> {
    if (!renew) return false
    try {
      const fresh = await inTime(renew())
      token = typeof fresh === 'string' ? fresh : fresh.token
      expiresAt = typeof fresh === 'string' || fresh.expiresAt === undefined ? null : Date.parse(fresh.expiresAt)
      plan()
      return true
    } catch {
      return false
    }
  }
  function plan(): void {
    clearTimeout(timer)
    if (!stopped && expiresAt !== null && Number.isFinite(expiresAt))
      timer = setTimeout(() => void ahead(), Math.min(LONGEST_MS, Math.max(SOONEST_MS, (expiresAt - now()) * RENEW_AT)))
  }
  /** Before anybody has noticed: what runs goes on with the new one. */
  async function ahead(): Promise<void> {
    if (stopped) return
    if (await fresh()) return
    if (!stopped) timer = setTimeout(() => void ahead(), AGAIN_MS)
  }
  /** Asks the page for another one; several who ask at once get the same. False: there is none to be had. */
  function fresh(): Promise<boolean> {
    const had = token !== ''
    asking ??= ask().then((got) => {
      asking = null
      // What runs with the old one must hear of it.
      if (got && had) onRenewed()
      return got
    })
    return asking
  }
  return {
    get: (): string => token,
    fresh,
    /** Before the first request. */
    async begin(): Promise<void> {
      stopped = false
      if (renew && token === '') await fresh()
      else plan()
    },
    end(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}
