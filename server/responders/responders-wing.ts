/** Responders: people outside the room, to whom an operator lends one incident by a link that ends. */
import type { FastifyRequest } from 'fastify'
import type { App, Door } from '../door/door.ts'
import { type PublicAddress, isForwarded, isLoopback, originOf } from '../door/public-address.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { SafePlace, Site, StreetMap } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { qrPath } from '../tools/qr-code.ts'
import { type LentPort, lentRoutes } from './lent-routes.ts'
import { lentView } from './lent-view.ts'
import { createLentStreams } from './lent-streams.ts'
import { createResponderBook } from './responder-book.ts'
import { createResponderDesk } from './responder-desk.ts'
import { responderRoutes } from './responder-routes.ts'

export type ResponderNeeds = {
  clock: Clock
  closing: { add(what: string, close: () => unknown): void }
  onError(error: unknown): void
  address: PublicAddress
  town: {
    site(): Site
    streets(): StreetMap | null
    openings(place: SafePlace): { from: string; to: string | null }[]
  }
  ledger: { append: Append }
  cameras: { heldBy(camera: CameraId): IncidentId | null }
  incidents: { load(id: string): Promise<Incident>; numberOf(id: IncidentId): string | null }
  playback: { picturesAt: (app: App, place: never) => void }
}

const FORGET_EVERY_MS = 1000
const NOWHERE =
  'The site file does not say where people outside reach this server: add responders: { url: "https://…" }, or ' +
  'responders: { url: here } if they reach it at its own address.'

/** @throws responder/no-address */
function addressOf(
  request: Pick<FastifyRequest, 'ip' | 'headers' | 'hostname' | 'protocol' | 'host'>,
  path: string,
  { site, address }: { site: Site; address: PublicAddress },
): { url: string; whole: string } {
  const own = {
    url: `${address.basePath}/r/${path}`,
    whole: `${originOf(request, address)}${address.basePath}/r/${path}`,
  }
  if (site.responders !== null) {
    if (site.responders.url === 'here') return own
    const url = `${site.responders.url}/r/${path}`
    return { url, whole: url }
  }
  const local = isLoopback(request.ip) && !isForwarded(request.headers)
  if (local && (request.hostname === 'localhost' || isLoopback(request.hostname.replace(/^\[|\]$/g, '')))) return own
  throw new Failure('responder/no-address', NOWHERE)
}

export function openResponders(needs: ResponderNeeds) {
  const { clock, closing, onError, address, town, ledger, cameras, incidents, playback } = needs
  const book = createResponderBook({ onChange: (incident) => streams.changed(incident) })
  const { heldBy } = cameras
  const desk = createResponderDesk({
    ...{ clock, book, append: ledger.append, load: incidents.load, heldBy, onError },
    contact: (id) => town.site().contacts.find((each) => each.id === id) ?? null,
  })
  const streams = createLentStreams({ lasts: desk.lasts })
  closing.add('the responders', desk.close)
  closing.add('the pages of responders', streams.close)
  const outside: Omit<LentPort, 'picturesAt'> = {
    ...desk,
    now: clock.now,
    view: ({ link }, incident) =>
      lentView({
        ...{ incident, link, heldBy, openings: town.openings },
        site: town.site(),
        streets: town.streets(),
        number: incidents.numberOf(incident.id),
      }),
    listen: streams.add,
  }
  return {
    folds: { responders: book },
    begin(): void {
      const forgetting = setInterval(desk.forget, FORGET_EVERY_MS).unref()
      closing.add('the responders’ tabs', () => clearInterval(forgetting))
    },
    routes({ app }: Door): void {
      responderRoutes(app, {
        ...desk,
        qr: qrPath,
        addressOf: (request, path) => addressOf(request, path, { site: town.site(), address }),
      })
      lentRoutes(app, { ...outside, picturesAt: playback.picturesAt })
    },
  }
}
