/**
 * What a browser keeps for the server between two steps of a sign-in, so that strangers' beginnings fill no memory: the
 * content is to be read by anybody, and cannot be made by anybody else. A restart begins anew.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../tools/clock.ts'

const LASTS_MS = 5 * 60_000
/** From then on those that are over anyway are looked for and forgotten. */
const MOST_USED = 10_000

export function createSeal(clock: Pick<Clock, 'monotonic'>) {
  const key = randomBytes(32)
  const used = new Map<string, number>()
  const markOf = (what: string, text: string): Buffer => createHmac('sha256', key).update(`${what}\n${text}`).digest()

  return {
    /** @param what for which step: it counts for no other */
    close(what: string, content: object): string {
      const until = Math.round(clock.monotonic() + LASTS_MS)
      const once = randomBytes(12).toString('base64url')
      const text = Buffer.from(JSON.stringify({ ...content, until, once })).toString('base64url')
      return `${text}.${markOf(what, text).toString('base64url')}`
    },
    /** Null: it was not made here for this step, or too long ago, or was used up. */
    open<Content extends object>(what: string, sealed: string): (Content & { once: string; until: number }) | null {
      const [text = '', mark = ''] = sealed.split('.')
      const given = Buffer.from(mark, 'base64url')
      const right = markOf(what, text)
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null
      const content = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Content & {
        once: string
        until: number
      }
      return content.until > clock.monotonic() && !used.has(content.once) ? content : null
    },
    /** False: it was used up meanwhile. */
    useUp({ once, until }: { once: string; until: number }): boolean {
      if (used.has(once)) return false
      if (used.size >= MOST_USED) for (const [each, end] of used) if (end <= clock.monotonic()) used.delete(each)
      used.set(once, until)
      return true
    },
  }
}
export type Seal = ReturnType<typeof createSeal>
