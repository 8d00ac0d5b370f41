/**
 * What pages of links hear while they are open: that something has changed, and that the link has ended. One look for
 * all of them; whoever opens more than their share loses the oldest.
 */
import type { IncidentId } from '../glossary/incident.ts'
import type { Visit } from './responder-desk.ts'

export type LentStream = { say(event: 'changed' | 'ended'): void; alive(): void; end(): void }
type Open = { visit: Visit; stream: LentStream; changed: boolean }

const LOOK_MS = 250
const ALIVE_EVERY = 24
const MOST_OF_A_TAB = 2
const MOST_OF_A_LINK = 12

export function createLentStreams({ lasts }: { lasts(visit: Visit): boolean }) {
  const open = new Set<Open>()
  let looks = 0
  let looking: ReturnType<typeof setInterval> | null = null

  function close(one: Open): void {
    if (!open.delete(one)) return
    one.stream.end()
    if (open.size > 0 || looking === null) return
    clearInterval(looking)
    looking = null
  }
  function look(): void {
    looks += 1
    for (const one of open) {
      if (!lasts(one.visit)) {
        one.stream.say('ended')
        close(one)
      } else if (one.changed) {
        one.changed = false
        one.stream.say('changed')
      } else if (looks % ALIVE_EVERY === 0) one.stream.alive()
    }
  }
  function makeRoom(those: (each: Open) => boolean, most: number): void {
    const found = [...open].filter(those)
    for (const oldest of found.slice(0, Math.max(0, found.length - most + 1))) close(oldest)
  }
  return {
    /** @returns the undo */
    add(visit: Visit, stream: LentStream): () => void {
      makeRoom((each) => each.visit.session === visit.session, MOST_OF_A_TAB)
      makeRoom((each) => each.visit.link.id === visit.link.id, MOST_OF_A_LINK)
      const one = { visit, stream, changed: true }
      open.add(one)
      looking ??= setInterval(look, LOOK_MS)
      return () => close(one)
    },
    /** Told within a quarter of a second, however often it changes. */
    changed(incident: IncidentId): void {
      for (const one of open) if (one.visit.link.incident === incident) one.changed = true
    },
    count: (): number => open.size,
    close: (): void => [...open].forEach(close),
  }
}
