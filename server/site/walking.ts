/** How far people walk between two places: the shortest way along the map's streets. Pure. */
import type { Place } from '../glossary/press.ts'
import type { StreetMap, Walk } from '../glossary/site.ts'
import { metresBetween } from '../tools/geography.ts'

/** Nobody starts further than this from a street of the map. */
const NEAR_STREET_M = 120
/** Without streets: what a detour adds, by experience of town centres. */
const DETOUR = 1.3
/** A person who is unwell or in heels. */
const METRES_A_MINUTE = 70
/** Points this near to each other are one crossing: six decimals drawn by hand never meet exactly. */
const DECIMALS = 5

type Edge = { a: Place; b: Place }
type Graph = Map<string, { place: Place; to: Map<string, number> }>

const nameOf = ({ lat, lon }: Place): string => `${lat.toFixed(DECIMALS)} ${lon.toFixed(DECIMALS)}`
const walkOf = (metres: number, along: Walk['along']): Walk => ({ metres: Math.max(10, Math.round(metres / 10) * 10), minutes: Math.max(1, Math.round(metres / METRES_A_MINUTE)), along })

export function walkBetween(map: StreetMap | null, from: Place, to: Place): Walk {
  const edges = map ? edgesOf(map) : []
  const [start, end] = [nearest(edges, from), nearest(edges, to)]
  const straight = walkOf(metresBetween(from, to) * DETOUR, 'line')
  if (!start || !end || start.metres > NEAR_STREET_M || end.metres > NEAR_STREET_M) return straight
  const graph: Graph = new Map()
  for (const edge of edges) for (const piece of split(edge, [start, end])) join(graph, piece)
  const way = shortest(graph, nameOf(start.place), nameOf(end.place))
  return way === null ? straight : walkOf(start.metres + way + end.metres, 'streets')
}

function edgesOf({ features }: StreetMap): Edge[] {
  return features.flatMap(({ geometry, properties }) => {
    if (geometry.type !== 'LineString' || properties.walk === false) return []
    const places = geometry.coordinates.map(([lon, lat]): Place => ({ lat, lon }))
    return places.slice(1).map((b, i) => ({ a: places[i] as Place, b }))
  })
}

/** The point of an edge that is nearest to a place, on a plane: exact enough for a street. */
function onEdge({ a, b }: Edge, place: Place): Place {
  const scale = Math.cos((place.lat * Math.PI) / 180)
  const [dx, dy] = [(b.lon - a.lon) * scale, b.lat - a.lat]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((place.lon - a.lon) * scale * dx + (place.lat - a.lat) * dy) / length))
  return { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * (b.lon - a.lon) }
}

type Foot = { edge: Edge; place: Place; metres: number }
function nearest(edges: readonly Edge[], place: Place): Foot | null {
  let best: Foot | null = null
  for (const edge of edges) {
    const foot = onEdge(edge, place)
    const metres = metresBetween(place, foot)
    if (!best || metres < best.metres) best = { edge, place: foot, metres }
  }
  return best
}

function split(edge: Edge, feet: readonly Foot[]): Edge[] {
  const stops = feet.filter((foot) => foot.edge === edge).map(({ place }) => place)
  const along = [edge.a, ...stops.sort((one, other) => metresBetween(edge.a, one) - metresBetween(edge.a, other)), edge.b]
  return along.slice(1).map((b, i) => ({ a: along[i] as Place, b }))
}

function join(graph: Graph, { a, b }: Edge): void {
  const metres = metresBetween(a, b)
  for (const [one, other] of [[a, b], [b, a]] as const) {
    const node = graph.get(nameOf(one)) ?? { place: one, to: new Map<string, number>() }
    node.to.set(nameOf(other), Math.min(metres, node.to.get(nameOf(other)) ?? Number.POSITIVE_INFINITY))
    graph.set(nameOf(one), node)
  }
}

/** Dijkstra's; a town's map is small. Null: there is no way. */
function shortest(graph: Graph, from: string, to: string): number | null {
  const far = new Map([[from, 0]])
  const done = new Set<string>()
  for (;;) {
    let here: string | null = null
    for (const [name, metres] of far) if (!done.has(name) && (here === null || metres < (far.get(here) ?? 0))) here = name
    if (here === null) return null
    const metres = far.get(here) ?? 0
    if (here === to) return metres
    done.add(here)
    for (const [next, more] of graph.get(here)?.to ?? []) if (metres + more < (far.get(next) ?? Number.POSITIVE_INFINITY)) far.set(next, metres + more)
  }
}
