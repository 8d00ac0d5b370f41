/**
 * The town's other servers, where it has more than one: when the one that this page came from is gone, the page goes on at
 * the next, with a token that it was given beforehand.
 */
import type { TownView } from './api-shapes.ts'

/** As long as a shift and its hand-over; it ends with the session that it was made with. */
const PASS_MINUTES = 720
const LEARN_EVERY_MS = 10 * 60_000

export type TownMembersPort = {
  /** What goes before each path at the page's own server. */ home: string
  get(path: string): Promise<TownView>
  /** A token for this wall. */ pass(minutes: number): Promise<{ token: string }>
  /** The wall has a token of its own, which every server knows. */ hasToken(): boolean
  now(): number
}

export function createTownMembers({ home, get, pass, hasToken, now }: TownMembersPort) {
  let bases = [home]
  let at = 0
  let token = ''
  let learnedAt = Number.NEGATIVE_INFINITY
  return {
    base: (): string => bases[at] ?? home,
    isHome: (): boolean => at === 0,
    /** What signs this wall in away from home; '' at home, where its session does. */
    pass: (): string => (at === 0 ? '' : token),
    count: (): number => bases.length,
    /** The next server, in a circle. @returns false: there is none */
    next(): boolean {
      if (bases.length < 2) return false
      at = (at + 1) % bases.length
      return true
    },
    /** While all is well. Never throws: a wall without it is one that knows one server. */
    async learn(): Promise<void> {
      if (now() - learnedAt < LEARN_EVERY_MS) return
      try {
        const { members, member } = await get('/api/v1/town')
        const others = members.flatMap(({ id, url }) =>
          id === member || url === null ? [] : [url.replace(/\/+$/, '')],
        )
        if (others.length > 0 && at === 0) {
          if (!hasToken()) ({ token } = await pass(PASS_MINUTES))
          bases = [home, ...others]
        }
        learnedAt = now()
      } catch {
        // A role that is given no token stays with its own server.
      }
    },
  }
}
