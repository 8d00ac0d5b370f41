/**
 * Lends one incident to somebody outside the room: by a link that ends with the incident or a time, that can be
 * revoked, and of which each use is an entry. Pictures and places go out only to who has shown the link's token.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { ResponderAnswer, ResponderEnd, ResponderLine, ResponderLinkId } from '../glossary/responder.ts'
import type { Contact } from '../glossary/site.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { createCountedLines } from '../tools/pace/counted-lines.ts'
import { createTokenBuckets } from '../tools/pace/token-bucket.ts'
import { lentCameras, newestOfNote } from './lent-view.ts'
import type { ResponderBook, ResponderLink } from './responder-book.ts'

export type Lending = { contact: string; minutes: number }
/** Whose tab it is. `session`: the hash of what the tab shows. */
export type Visit = { link: ResponderLink; session: string }

const MINUTE_MS = 60_000
/** A day: who needs it longer is lent it again. */
const MOST_MINUTES = 1440
const MOST_LINKS = 20
/** Tabs of one link; the one that was opened first is the first to go. */
const MOST_TABS = 10
/** A live stream holds some seconds of the past: for so long none is shown of a camera that looked at another place. */
const BEFORE_MS = 15_000
/** A page asks some ten times a second for each picture that it plays. */
const READS_PER_SECOND = 60
const READS_AT_ONCE = 240
/** A look that is taken up again within this time goes on; however long it lasts, it is written again so often. */
const SAME_LOOK_MS = 5 * MINUTE_MS
const LONGEST_LOOK_MS = 60 * MINUTE_MS
/** The holder of a link must not fill the ledger. */
const WRITES_PER_SECOND = 0.2
const WRITES_AT_ONCE = 30

const OVER: Record<ResponderEnd, string> = {
  revoked: 'The control room has ended this link.',
  time: 'The time of this link is over.',
  closed: 'The incident is closed, and this link has ended with it.',
}
const hashOf = (secret: string): string => createHash('sha256').update(secret, 'utf8').digest('hex')

export type ResponderDeskPort = {
  clock: Clock
  book: ResponderBook
  append: Append
  /** @throws incident/unknown */
  load(id: string): Promise<Incident>
  contact(id: string): Contact | null
  /** Which incident has a camera now. */
  heldBy(camera: CameraId): IncidentId | null
  onError(error: unknown): void
}

export function createResponderDesk({ clock, book, append, load, contact, heldBy, onError }: ResponderDeskPort) {
  const sessions = new Map<string, { link: ResponderLinkId }>()
  const looks = new Map<string, { begunAt: number; seenAt: number; durable: Promise<unknown> }>()
  const writes = createTokenBuckets({ perSecond: WRITES_PER_SECOND, burst: WRITES_AT_ONCE, clock })
  const reads = createTokenBuckets({ perSecond: READS_PER_SECOND, burst: READS_AT_ONCE, clock })
  /** By this process's own clock, which nobody sets. */
  const deadlines = new Map<string, number>()
  const ofLink = ({ id, incident, name }: ResponderLink) => ({ incident, link: id, name })
  type Line =
    | { kind: 'responder.fetched'; link: ResponderLink }
    | { kind: 'responder.refused'; link: ResponderLink; address: string }
  const counted = createCountedLines<Line>({
    clock,
    write: (line, count) => {
      const body = { ...ofLink(line.link), count }
      const said = { actor: 'lamppost', subject: line.link.incident }
      const { durable } = append([
        line.kind === 'responder.fetched'
          ? { ...said, kind: line.kind, body }
          : { ...said, kind: line.kind, body: { ...body, address: line.address } },
      ])
      durable.catch(onError)
    },
    others: (line) => line,
  })

  function endOf(link: ResponderLink): ResponderEnd | null {
    const late = (deadlines.get(link.id) ?? Number.POSITIVE_INFINITY) <= clock.monotonic()
    return book.endOf(link, clock.now()) ?? (late ? 'time' : null)
  }
  const isOpen = (link: ResponderLink): boolean => endOf(link) === null
  /** @throws responder/unknown, responder/over */
  function opening(id: string): ResponderLink {
    const link = book.get(id)
    if (!link) throw new Failure('responder/unknown', 'There is no such link. Ask the control room for another one.')
    const end = endOf(link)
    if (end !== null) throw new Failure('responder/over', OVER[end], { extra: { end } })
    return link
  }
  function mayWrite({ id }: ResponderLink): void {
    if (!writes.take(id))
      throw new Failure('responder/too-many', 'This link is used too often; wait a minute.', {
        extra: { retryAfter: 60 },
      })
  }
  /** @throws incident/unknown, incident/closed */
  async function openIncident(id: string): Promise<Incident> {
    const incident = await load(id)
    if (incident.state === 'closed')
      throw new Failure('incident/closed', 'This incident is closed: nobody is lent it any more.')
    return incident
  }
  const lineIn = ({ responders }: Incident, id: string): ResponderLine => {
    const line = responders.find((each) => each.id === id)
    if (!line) throw new Failure('responder/unknown', `This incident has no link "${id}".`)
    return line
  }
  /** A visit that lasts. @throws responder/over */
  function goingOn({ link, session }: Visit): Visit {
    opening(link.id)
    if (!sessions.has(session))
      throw new Failure('people/unauthenticated', 'This page was opened too often elsewhere: load it again.')
    return { link, session }
  }

  return {
    opening,
    /**
     * @returns the token of the link, which nobody can ask for again
     * @throws incident/unknown, incident/closed, responder/contact, responder/minutes, responder/too-many
     */
    async lend(id: string, { contact: to, minutes }: Lending, by: string, actor: string) {
      const { id: incident } = await openIncident(id)
      const found = contact(to)
      if (!found) throw new Failure('responder/contact', `The site file has no contact "${to}".`)
      if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES)
        throw new Failure('responder/minutes', `minutes is a whole number from 1 to ${MOST_MINUTES}.`)
      if (book.openOf(incident, clock.now()).length >= MOST_LINKS)
        throw new Failure('responder/too-many', `${MOST_LINKS} links of this incident are open; revoke one first.`)
      const token = randomBytes(32).toString('base64url')
      const link = newId<ResponderLinkId>('rl', clock.now())
      const until = isoTime(clock.now() + minutes * MINUTE_MS)
      deadlines.set(link, clock.monotonic() + minutes * MINUTE_MS)
      const body = { incident, link, name: found.name, contact: found.id, by, until, key: hashOf(token) }
      await append([{ kind: 'responder.lent', actor, subject: incident, body }]).durable
      // It may have been closed while this was written.
      opening(link)
      return { id: link, token, until, contact: found }
    },
    /** @throws incident/unknown, responder/unknown */
    async revoke(id: string, link: string, by: string, actor: string): Promise<void> {
      const incident = await load(id)
      const line = lineIn(incident, link)
      const known = book.get(line.id)
      if (!known || !isOpen(known)) return
      await append([{ kind: 'responder.revoked', actor, subject: incident.id, body: { ...ofLink(known), by } }]).durable
    },
    links: async (id: string): Promise<ResponderLine[]> => (await load(id)).responders,
    /** A note that the links show, or do not show any more. @throws incident/unknown, incident/closed, responder/no-note */
    async share(id: string, note: number, shared: boolean, by: string, actor: string): Promise<void> {
      const { id: incident, log, sharedNotes } = await openIncident(id)
      const newest = newestOfNote(log, note)
      if (newest === null) throw new Failure('responder/no-note', `This incident has no note ${note}.`)
      if (sharedNotes.includes(newest) === shared) return
      const body = { incident, note: newest, shared, by }
      await append([{ kind: 'responder.note-shared', actor, subject: incident, body }]).durable
    },
    /** The page of a link was fetched, by whomever. @throws responder/unknown, responder/over */
    fetched(id: string): void {
      const link = opening(id)
      counted.add(`fetched ${link.id}`, { kind: 'responder.fetched', link })
    },
    /**
     * The page sends the link's token, and has what its tab shows from then on.
     * @throws responder/unknown, responder/over, responder/too-many; people/unauthenticated: it is not this link's token
     */
    async enter(id: string, token: string, address: string): Promise<{ session: string; until: string }> {
      const link = opening(id)
      if (!timingSafeEqual(Buffer.from(hashOf(token)), Buffer.from(link.key))) {
        counted.add(`refused ${link.id} ${address}`, { kind: 'responder.refused', link, address })
        throw new Failure('people/unauthenticated', 'The link is incomplete. Open it exactly as it was sent.')
      }
      mayWrite(link)
      const body = { ...ofLink(link), address }
      await append([{ kind: 'responder.opened', actor: `responder:${link.name}`, subject: link.incident, body }])
        .durable
      opening(link.id)
      const session = randomBytes(32).toString('base64url')
      const own = [...sessions].filter(([, each]) => each.link === link.id)
      for (const [old] of own.slice(0, Math.max(0, own.length - MOST_TABS + 1))) sessions.delete(old)
      sessions.set(hashOf(session), { link: link.id })
      return { session, until: isoTime(link.until) }
    },
    /** @throws responder/unknown, responder/over, people/unauthenticated */
    visit(id: string, session: string): Visit {
      const link = opening(id)
      const key = hashOf(session)
      if (sessions.get(key)?.link !== link.id)
        throw new Failure('people/unauthenticated', 'This page is not open any more: load it again.')
      if (!reads.take(link.id))
        throw new Failure('responder/too-many', 'This link is used too often; wait a moment.', {
          extra: { retryAfter: 2 },
        })
      return { link, session: key }
    },
    /** Whether what is being sent may go on. */
    lasts: ({ link, session }: Visit): boolean => isOpen(link) && sessions.has(session),
    incidentOf: ({ link }: Visit): Promise<Incident> => load(link.incident),
    /**
     * Before each picture of a camera: it is the incident's, and the look is written down.
     * @throws camera/unknown, ledger/unavailable, as `visit`
     */
    async look(visit: Visit, camera: string, what: 'live' | 'still'): Promise<CameraId> {
      const { link } = goingOn(visit)
      const found = lentCameras(await load(link.incident), heldBy).find((each) => each.camera === camera)
      if (!found) throw new Failure('camera/unknown', 'This link does not show that camera.')
      const since = found.way === 'fixed' ? null : book.takenOverAt(found.camera)
      const ago = since === null ? BEFORE_MS : clock.now() - since
      // Before its time: the clock was set back since, and says nothing.
      if (ago >= 0 && ago < BEFORE_MS)
        throw new Failure('live/none', 'This camera has only just been sent here; its picture follows.')
      const key = `${link.id} ${found.camera} ${what} ${visit.session}`
      const now = clock.monotonic()
      const before = looks.get(key)
      const same = before && now - before.seenAt < SAME_LOOK_MS && now - before.begunAt < LONGEST_LOOK_MS
      const written =
        same && before
          ? before
          : {
              begunAt: now,
              seenAt: now,
              durable: append([
                {
                  kind: 'responder.viewed',
                  actor: `responder:${link.name}`,
                  subject: found.camera,
                  body: { ...ofLink(link), camera: found.camera, what, tab: visit.session.slice(0, 8) },
                },
              ]).durable,
            }
      written.seenAt = now
      looks.set(key, written)
      try {
        await written.durable
      } catch (error) {
        if (looks.get(key) === written) looks.delete(key)
        throw error
      }
      goingOn(visit)
      return found.camera
    },
    /** @throws as `visit`, responder/too-many */
    async answer(visit: Visit, { answer, words }: { answer: ResponderAnswer; words: string }): Promise<void> {
      const { link } = goingOn(visit)
      mayWrite(link)
      const body = { ...ofLink(link), answer, words: words.trim() }
      await append([{ kind: 'responder.answered', actor: `responder:${link.name}`, subject: link.incident, body }])
        .durable
    },
    /** Of links that have ended nothing is kept but the record, where it stands that their time was over. */
    forget(): void {
      for (const link of book.unended()) {
        if (endOf(link) !== 'time') continue
        const draft = {
          kind: 'responder.ended',
          actor: 'lamppost',
          subject: link.incident,
          body: ofLink(link),
        } as const
        append([draft]).durable.catch(onError)
      }
      const gone = (id: string): boolean => {
        const link = book.get(id)
        return !link || !isOpen(link)
      }
      for (const [session, { link }] of sessions) if (gone(link)) sessions.delete(session)
      for (const key of looks.keys()) if (gone(key.split(' ')[0] ?? '')) looks.delete(key)
      for (const id of deadlines.keys()) if (gone(id)) deadlines.delete(id)
    },
    tabs: (): number => sessions.size,
    close: counted.close,
  }
}
export type ResponderDesk = ReturnType<typeof createResponderDesk>
