/** The streets round the help point as one small drawing: nothing is loaded from a map server. */
import { svg } from 'lit-html'
import type { Lent } from './responder-link.ts'

/** From the help point to each side, metres. */
const REACH = 260
const METRES_A_DEGREE = 111_320

/** @param label what a screen reader says of it */
export function streetMap({ place, map, cameras, safePlaces }: Lent, label: string) {
  if (place.lat === null || place.lon === null) return svg``
  const { lat, lon } = place
  const wide = Math.cos((lat * Math.PI) / 180)
  const point = ([x, y]: [number, number]): string =>
    `${((x - lon) * wide * METRES_A_DEGREE).toFixed(1)} ${((lat - y) * METRES_A_DEGREE).toFixed(1)}`
  const path = (line: [number, number][]): string => `M${line.map(point).join('L')}`
  const mark = (at: { lat: number; lon: number }): string => `translate(${point([at.lon, at.lat])})`
  const lines = map.flatMap(({ geometry }) => (geometry.type === 'LineString' ? [geometry.coordinates] : []))
  const areas = map.flatMap(({ geometry }) => (geometry.type === 'Polygon' ? geometry.coordinates : []))
  return svg`<svg class="map" viewBox="${-REACH} ${-REACH * 0.7} ${REACH * 2} ${REACH * 1.4}" role="img" aria-label=${label}
      preserveAspectRatio="xMidYMid slice">
    ${areas.map((ring) => svg`<path class="area" d="${path(ring)}Z"></path>`)}
    ${lines.map((line) => svg`<path class="street" d=${path(line)}></path>`)}
    ${named(map).map(({ name, at, turn }) => svg`<text class="name" transform="translate(${point(at)}) rotate(${turn})">${name}</text>`)}
    ${cameras.map(({ location }) => (location ? svg`<circle class="camera" r="7" transform=${mark(location)}></circle>` : ''))}
    ${safePlaces.map(
      (safe) => svg`<g class="safe" transform=${mark(safe)}><rect x="-9" y="-9" width="18" height="18" rx="4"></rect>
        <text class="label" x="14" y="5">${safe.name}</text></g>`,
    )}
    <g class="here"><circle r="26" class="ring"></circle><circle r="11"></circle></g>
  </svg>`
}

/** Each street's name once, at its middle, along it. */
function named(map: Lent['map']): { name: string; at: [number, number]; turn: number }[] {
  const seen = new Set<string>()
  return map.flatMap(({ properties: { name }, geometry }) => {
    if (!name || geometry.type !== 'LineString' || seen.has(name)) return []
    const middle = Math.floor((geometry.coordinates.length - 1) / 2)
    const [from, to] = [geometry.coordinates[middle], geometry.coordinates[middle + 1]]
    if (!from || !to) return []
    seen.add(name)
    const wide = Math.cos((from[1] * Math.PI) / 180)
    const angle = (Math.atan2(from[1] - to[1], (to[0] - from[0]) * wide) * 180) / Math.PI
    const turn = angle > 90 ? angle - 180 : angle < -90 ? angle + 180 : angle
    return [{ name, at: [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] as [number, number], turn }]
  })
}
