import type { Place } from '../glossary/press.ts'

const EARTH_RADIUS_M = 6_371_000
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Great-circle distance in metres (haversine; exact enough for a town). */
export function metresBetween(a: Place, b: Place): number {
  const dLat = radians(b.lat - a.lat)
  const dLon = radians(b.lon - a.lon)
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLon / 2) ** 2
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** Bearing from a to b in degrees clockwise from north, 0..360. */
export function bearingBetween(a: Place, b: Place): number {
  const dLon = radians(b.lon - a.lon)
  const y = Math.sin(dLon) * Math.cos(radians(b.lat))
  const x =
    Math.cos(radians(a.lat)) * Math.sin(radians(b.lat)) -
    Math.sin(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.cos(dLon)
  return ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360
}

/** The same direction in -180..180 degrees. */
export const wrap180 = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180
