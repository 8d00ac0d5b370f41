/**
 * Leaflet, with nothing from outside: the site's own streets, drawn as lines. Not here: what is shown
 * (town-geometry).
 */
import L from 'leaflet'
import type { StreetMap } from '../wall-client/api-shapes.ts'
import { type TownMarks, fan, frameOf } from './town-geometry.ts'

export type TownMap = ReturnType<typeof createTownMap>
const FAN_M = 32
const MOST_ZOOM = 18

/** An icon whose words are text, never markup. */
function sign(className: string, text: string): L.DivIcon {
  const words = document.createElement('span')
  words.textContent = text
  return L.divIcon({ className, html: words, iconSize: [0, 0] })
}

/** What a pointer that rests on it is told. */
function named(mark: L.CircleMarker, text: string): void {
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title')
  title.textContent = text
  mark.getElement()?.append(title)
}

/** @param onCamera hears which camera was chosen with a mouse; null: none can be. By keyboard they are found by name. */
export function createTownMap(place: HTMLElement, onCamera: ((camera: string) => void) | null = null) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  // A picture with a name, not a thing to operate: the keyboard passes over it, and wheels go on scrolling the page.
  const map = L.map(place, {
    zoomControl: false,
    attributionControl: false,
    keyboard: false,
    dragging: false,
    touchZoom: false,
    doubleClickZoom: false,
    scrollWheelZoom: false,
    boxZoom: false,
    trackResize: false,
    zoomSnap: 0.1,
    fadeAnimation: !still,
    zoomAnimation: !still,
    markerZoomAnimation: !still,
  })
  map.setView([0, 0], 3)
  const ground = L.layerGroup().addTo(map)
  const marks = L.layerGroup().addTo(map)
  let drawn = ''
  let framed = ''
  const resized = new ResizeObserver(() => {
    map.invalidateSize({ animate: false })
    framed = ''
  })
  resized.observe(place)

  return {
    streets({ features }: StreetMap): void {
      ground.clearLayers()
      for (const { geometry, properties } of features) {
        if (geometry.type === 'Polygon')
          L.polygon(
            geometry.coordinates.map((ring) => ring.map(([lon, lat]) => L.latLng(lat, lon))),
            { className: 'area', interactive: false },
          ).addTo(ground)
        else {
          const line = geometry.coordinates.map(([lon, lat]) => L.latLng(lat, lon))
          L.polyline(line, { className: 'street', interactive: false }).addTo(ground)
          const middle = line[Math.floor((line.length - 1) / 2)]
          const next = line[Math.floor((line.length - 1) / 2) + 1]
          if (properties.name && middle && next)
            L.marker([(middle.lat + next.lat) / 2, (middle.lng + next.lng) / 2], {
              icon: sign('street-name', properties.name),
              interactive: false,
              keyboard: false,
            }).addTo(ground)
        }
      }
    },
    /** Draws only what has changed. */
    draw(town: TownMarks): void {
      const now = JSON.stringify(town)
      if (now !== drawn) {
        drawn = now
        marks.clearLayers()
        // Around one incident the street names say enough: more would hide them.
        const whole = town.helpPoints.every(({ state }) => state !== 'here')
        const at = ({ lat, lon }: { lat: number; lon: number }): L.LatLngTuple => [lat, lon]
        for (const { id, place: where, bearing, sure, down, name } of town.cameras) {
          if (bearing !== null && !down)
            L.polygon(fan(where, bearing, FAN_M), { className: `fan ${sure}`, interactive: false }).addTo(marks)
          L.circleMarker(at(where), {
            radius: 5,
            className: `camera ${down ? 'down' : (sure ?? '')}`,
            interactive: false,
          }).addTo(marks)
          if (whole)
            L.marker(at(where), { icon: sign('camera-name', name), interactive: false, keyboard: false }).addTo(marks)
          // Larger than its mark: a hand in a hurry is not exact.
          if (onCamera)
            named(
              L.circleMarker(at(where), { radius: 12, className: 'pick', bubblingMouseEvents: false })
                .on('click', () => onCamera(id))
                .addTo(marks),
              name,
            )
        }
        for (const { place: where, open, name } of town.safePlaces) {
          L.circleMarker(at(where), { radius: 8, className: `safe ${open ? 'open' : ''}`, interactive: false }).addTo(
            marks,
          )
          L.marker(at(where), {
            icon: sign(`safe-name ${open ? 'open' : ''}`, name),
            interactive: false,
            keyboard: false,
          }).addTo(marks)
        }
        for (const { place: where, state, name } of town.helpPoints) {
          L.circleMarker(at(where), {
            radius: state === 'quiet' ? 5 : 9,
            className: `help ${state}`,
            interactive: false,
          }).addTo(marks)
          if (whole)
            L.marker(at(where), { icon: sign('help-name', name), interactive: false, keyboard: false }).addTo(marks)
        }
      }
      const places = frameOf(town)
      const wanted = JSON.stringify(places)
      if (wanted === framed || places.length === 0 || place.clientWidth === 0) return
      framed = wanted
      map.fitBounds(L.latLngBounds(places.map(({ lat, lon }) => [lat, lon])), {
        padding: [26, 22],
        maxZoom: MOST_ZOOM,
        animate: false,
      })
    },
    close(): void {
      resized.disconnect()
      map.remove()
    },
  }
}
