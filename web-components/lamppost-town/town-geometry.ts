/** What the map shows, in WGS 84 degrees. Pure; Leaflet draws it. */
import type { CameraView, HelpPoint, Incident, SafePlace } from '../wall-client/api-shapes.ts'
import { opening } from '../browser/opening.ts'

type Place = { lat: number; lon: number }
export type CameraMark = {
  id: string
  name: string
  place: Place
  /** How surely it looks there: proven, not proven, or a fixed camera's bearing. */ sure:
    'framed' | 'unproven' | 'fixed' | null
  /** Degrees from north. */ bearing: number | null
  down: boolean
}
export type TownMarks = {
  helpPoints: { id: string; name: string; place: Place; state: 'here' | 'open' | 'quiet' }[]
  cameras: CameraMark[]
  safePlaces: { name: string; place: Place; open: boolean }[]
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180
const METRES_A_DEGREE = 111_320

/** Degrees clockwise from north; exact enough for a street corner. */
export function bearing(from: Place, to: Place): number {
  const east = (to.lon - from.lon) * Math.cos(radians(from.lat))
  return (Math.atan2(east, to.lat - from.lat) * 180) / Math.PI
}
/** A fan of so many metres, as what a camera sees. */
export function fan({ lat, lon }: Place, towards: number, metres: number, halfAngle = 16): [number, number][] {
  const point = (angle: number): [number, number] => [
    lat + (Math.cos(radians(angle)) * metres) / METRES_A_DEGREE,
    lon + (Math.sin(radians(angle)) * metres) / (METRES_A_DEGREE * Math.cos(radians(lat))),
  ]
  return [[lat, lon], ...[-1, -0.5, 0, 0.5, 1].map((share) => point(towards + share * halfAngle))]
}

/** @param incident null: the whole town */
export function townMarks({
  helpPoints,
  cameras,
  safePlaces,
  incidents,
  incident,
  now,
}: {
  helpPoints: readonly HelpPoint[]
  cameras: readonly CameraView[]
  safePlaces: readonly SafePlace[]
  incidents: readonly Incident[]
  incident: Incident | null
  now: number
}): TownMarks {
  const about = incident ? [incident] : incidents
  const lookAt = (camera: CameraView): Pick<CameraMark, 'sure' | 'bearing'> => {
    if (!camera.location) return { sure: null, bearing: null }
    for (const { framings, helpPoint } of about) {
      const framing = framings.find(
        (each) => each.camera === camera.id && each.way !== 'fixed' && each.state !== 'failed',
      )
      const place = helpPoints.find(({ id }) => id === helpPoint)?.location
      if (framing && place && !camera.steeredBy)
        return { sure: framing.state === 'framed' ? 'framed' : 'unproven', bearing: bearing(camera.location, place) }
    }
    return camera.bearing === null ? { sure: null, bearing: null } : { sure: 'fixed', bearing: camera.bearing }
  }
  return {
    helpPoints: helpPoints.map(({ id, name, location }) => ({
      id,
      name,
      place: location,
      state:
        incident?.helpPoint === id
          ? 'here'
          : incidents.some(({ helpPoint, state }) => helpPoint === id && state !== 'closed')
            ? 'open'
            : 'quiet',
    })),
    cameras: cameras.flatMap((camera) =>
      camera.location
        ? [
            {
              id: camera.id,
              name: camera.name,
              place: camera.location,
              down: camera.health.video === 'down' || camera.health.onvif === 'down',
              ...lookAt(camera),
            },
          ]
        : [],
    ),
    safePlaces: safePlaces.map((place) => ({
      name: place.name,
      place: place.location,
      open: opening(place, now).open,
    })),
  }
}

/** What the map must show at least: the place, its cameras, and where the person could go; else all. */
export function frameOf({ helpPoints, cameras, safePlaces }: TownMarks): Place[] {
  const here = helpPoints.filter(({ state }) => state === 'here')
  if (here.length === 0) return [...helpPoints, ...cameras, ...safePlaces].map(({ place }) => place)
  return [...here, ...cameras.filter(({ sure }) => sure === 'framed' || sure === 'unproven'), ...safePlaces].map(
    ({ place }) => place,
  )
}
