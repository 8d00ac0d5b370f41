/**
 * A share of this process's file handles is kept for presses and what they need: a thousand connections that say
 * nothing must not keep one press out. Connections beyond the share go, those first that have proven nothing: the
 * oldest of the address with the most of them. Not here: what proves a connection (the door's sign-in, a message that
 * a receiver knows).
 */
import { readFileSync, readdirSync } from 'node:fs'
import type { Server, Socket } from 'node:net'

/** File handles that connections never get: the ledger's files, clips that are read and calls to cameras need them. */
const LEAST_KEPT = 32
const KEPT_SHARE = 8
const MEASURE_EVERY_MS = 1000
/** One that has just come may be about to say who it is. */
const YOUNG_MS = 250
/**
 * A stranger's request is answered within that; one that says half of it and waits is as good as one that says
 * nothing.
 */
const STRANGER_BUSY_MS = 1000

/** How many handles this process may have; null where nobody says. */
export function handleLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined || soft === 'unlimited' ? null : Number(soft)
  } catch {
    return null
  }
}
function handlesInUse(): number | null {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return null
  }
}

type Guest = { socket: Socket; since: number; address: string; proven: boolean; busy: number; busySince: number }
export type HandleShare = ReturnType<typeof createHandleShare>

/** @param limit of handles; null: nothing is limited. @param inUse how many are in use, by connections and all else */
export function createHandleShare({
  now = () => performance.now(),
  limit = handleLimit(),
  inUse = handlesInUse,
}: { now?(): number; limit?: number | null; inUse?(): number | null } = {}) {
  const guests = new Map<string, Guest>()
  let room = Number.POSITIVE_INFINITY
  let measuredAt = Number.NEGATIVE_INFINITY
  const nameOf = (socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
    `${socket.remoteAddress} ${socket.remotePort}`

  function measure(): void {
    if (limit === null || now() - measuredAt < MEASURE_EVERY_MS) return
    measuredAt = now()
    const used = inUse()
    // What is no connection of ours: it comes first.
    if (used !== null)
      room = Math.max(1, limit - Math.max(LEAST_KEPT, Math.floor(limit / KEPT_SHARE)) - Math.max(0, used - guests.size))
  }
  /**
   * Who goes when there is no room: a stranger, one that is being answered last of these, else a known one that asks
   * for nothing.
   */
  function leastWanted(): Guest | null {
    const all = [...guests.values()]
    const isIdle = ({ busy, proven, busySince }: Guest): boolean =>
      busy === 0 || (!proven && now() - busySince >= STRANGER_BUSY_MS)
    const strangers = all.filter((each) => !each.proven && isIdle(each) && now() - each.since >= YOUNG_MS)
    const answered = all.filter((each) => !each.proven && !isIdle(each))
    const counts = new Map<string, number>()
    for (const { address } of [...strangers, ...answered]) counts.set(address, (counts.get(address) ?? 0) + 1)
    const of = (among: Guest[]): Guest | null =>
      among.reduce<Guest | null>(
        (worst, each) =>
          worst === null ||
          (counts.get(each.address) ?? 0) > (counts.get(worst.address) ?? 0) ||
          ((counts.get(each.address) ?? 0) === (counts.get(worst.address) ?? 0) && each.since < worst.since)
            ? each
            : worst,
        null,
      )
    return of(strangers) ?? of(answered) ?? of(all.filter((each) => each.proven && isIdle(each)))
  }
  function enter(socket: Socket): void {
    const name = nameOf(socket)
    const guest: Guest = {
      socket,
      since: now(),
      address: socket.remoteAddress ?? '',
      proven: false,
      busy: 0,
      busySince: 0,
    }
    guests.set(name, guest)
    socket.once('close', () => guests.get(name) === guest && guests.delete(name))
    measure()
    while (guests.size > room) {
      const leaving = leastWanted()
      const going = leaving ?? guest
      guests.delete(nameOf(going.socket))
      going.socket.destroy()
      if (going === guest) return
    }
  }

  return {
    /** Every connection of this server counts. */
    watch: (server: Pick<Server, 'on'>): void => void server.on('connection', enter),
    /** Who that is is known: it goes last. */
    prove(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
      const guest = guests.get(nameOf(socket))
      if (guest) guest.proven = true
    },
    /**
     * It is being answered: it does not go, but for a stranger that takes long to say what it wants. Returns the
     * undo.
     */
    serve(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): () => void {
      const guest = guests.get(nameOf(socket))
      if (guest) {
        guest.busy += 1
        guest.busySince = now()
      }
      let done = false
      return () => {
        if (guest && !done) guest.busy -= 1
        done = true
      }
    },
    state: () => ({ limit, guests: guests.size, room }),
  }
}
