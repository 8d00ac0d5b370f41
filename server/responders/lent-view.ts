/** What the page of a responder's link shows of one incident, and nothing else of the town. Pure. */
import type { CameraId, Framing } from '../glossary/camera.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Place } from '../glossary/press.ts'
import type { SafePlace, Site, StreetMap } from '../glossary/site.ts'
import { metresBetween } from '../tools/geography.ts'
import type { ResponderLink } from './responder-book.ts'

/** What of the map lies within so many metres of the help point is sent. */
const MAP_METRES = 600

/**
 * Cameras that were brought for the incident, the first choice first: one that failed, or that another incident has now,
 * may look at somebody else.
 */
export const lentCameras = (
  { id, framings }: Pick<Incident, 'id' | 'framings'>,
  heldBy: (camera: CameraId) => IncidentId | null,
): Framing[] =>
  framings
    .filter(({ camera, state }) => state !== 'failed' && (heldBy(camera) ?? id) === id)
    .toSorted((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary'))

type Log = Incident['log']
type Noted = { text: string; replaces?: number }

/** The newest version of a note, whichever of its versions is named; null: there is no such note. */
export function newestOfNote(log: Log, seq: number): number | null {
  let newest: number | null = null
  for (const line of log)
    if (
      line.kind === 'incident.noted' &&
      (line.seq === seq || (newest !== null && (line.body as Noted).replaces === newest))
    )
      newest = line.seq
  return newest
}
/** The notes that are marked, oldest first. */
export const sharedNotes = ({ log, sharedNotes: marked }: Pick<Incident, 'log' | 'sharedNotes'>) =>
  log
    .filter(({ seq, kind }) => kind === 'incident.noted' && marked.includes(seq))
    .map(({ at, body }) => ({ at, text: (body as Noted).text }))

const drawn = new WeakMap<StreetMap, Map<string, StreetMap['features']>>()
/** Streets and areas near a place; worked out once for each. */
export function mapNear(map: StreetMap, place: Place): StreetMap['features'] {
  const known = drawn.get(map) ?? new Map<string, StreetMap['features']>()
  drawn.set(map, known)
  const key = `${place.lat} ${place.lon}`
  const found = known.get(key) ?? featuresNear(map, place)
  known.set(key, found)
  return found
}
function featuresNear({ features }: StreetMap, { lat, lon }: Place): StreetMap['features'] {
  const near = ([x, y]: [number, number]): boolean => metresBetween({ lat, lon }, { lat: y, lon: x }) < MAP_METRES
  return features.filter(({ geometry }) =>
    geometry.type === 'LineString'
      ? geometry.coordinates.some(near)
      : geometry.coordinates.some((ring) => ring.some(near)),
  )
}

export type LentIncident = ReturnType<typeof lentView>
export function lentView({
  incident,
  link,
  site,
  streets,
  number,
  heldBy,
  openings,
}: {
  incident: Incident
  link: ResponderLink
  site: Site
  streets: StreetMap | null
  number: string | null
  heldBy(camera: CameraId): IncidentId | null
  /** When it is open, from now on. */
  openings(place: SafePlace): { from: string; to: string | null }[]
}) {
  const helpPoint = site.helpPoints.find(({ id }) => id === incident.helpPoint)
  const cameraOf = (camera: CameraId) => site.cameras.find(({ id }) => id === camera)
  const line = incident.responders.find(({ id }) => id === link.id)
  return {
    town: site.name,
    timezone: site.timezone,
    training: site.training,
    recipient: link.name,
    until: new Date(link.until).toISOString(),
    number,
    drill: incident.kind === 'drill',
    calledAt: incident.calledAt ?? incident.openedAt,
    place: helpPoint
      ? { name: helpPoint.name, address: helpPoint.address, ...helpPoint.location }
      : { name: incident.helpPoint, address: '', lat: null, lon: null },
    cameras: lentCameras(incident, heldBy).map(({ camera, state, way }) => ({
      id: camera,
      name: cameraOf(camera)?.name ?? camera,
      location: cameraOf(camera)?.location ?? null,
      /** Whether it is proven that it looks at the help point; a fixed camera looks where it looks. */
      sure: way === 'fixed' ? null : state === 'framed',
    })),
    notes: sharedNotes(incident),
    answer: line?.answer ?? null,
    safePlaces: site.safePlaces.map((place) => ({
      name: place.name,
      address: place.address,
      ...place.location,
      open: openings(place),
    })),
    map: helpPoint && streets ? mapNear(streets, helpPoint.location) : [],
  }
}
