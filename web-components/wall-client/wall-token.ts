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

export function createWallToken({ given, renew, onRenewed }: { given: string; renew: RenewToken | null; onRenewed(): void }) {
  let token = given
  let asking: Promise<boolean> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = true

  async function ask(): Promise<boolean> {
    if (!renew) return false
    try {
      const fresh = await renew()
      token = typeof fresh === 'string' ? fresh : fresh.token
      clearTimeout(timer)
      const life = typeof fresh === 'string' || fresh.expiresAt === undefined ? Number.NaN : Date.parse(fresh.expiresAt) - Date.now()
      if (Number.isFinite(life) && !stopped) timer = setTimeout(() => void ahead(), Math.min(LONGEST_MS, Math.max(SOONEST_MS, life * RENEW_AT)))
      return true
    } catch {
      return false
    }
  }
  /** Before anybody has noticed: what runs goes on with the new one. */
  async function ahead(): Promise<void> {
    if (stopped) return
    if (await fresh()) onRenewed()
    else if (!stopped) timer = setTimeout(() => void ahead(), AGAIN_MS)
  }
  /** Asks the page for another one; several who ask at once get the same. False: there is none to be had. */
  function fresh(): Promise<boolean> {
    asking ??= ask().finally(() => (asking = null))
    return asking
  }
  return {
    get: (): string => token,
    fresh,
    /** Before the first request. */
    async begin(): Promise<void> {
      stopped = false
      if (renew && token === '') await fresh()
    },
    end(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}
