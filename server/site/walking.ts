/**
 * How far people walk between two places: the shortest way along the map's streets. Pure but for what it remembers of
 * a map.
 */
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

type Node = { place: Place; to: { node: number; metres: number }[] }
type Edge = { a: number; b: number }
/** `feet`: found already; whoever presses stands at the same few places. */
type Graph = { nodes: Node[]; edges: Edge[]; feet: Map<string, Foot | null> }
/** Where somebody who comes from a place steps onto a street. */
type Foot = { edge: Edge; place: Place; metres: number }

const walkOf = (metres: number, along: Walk['along']): Walk => ({
  metres: Math.max(10, Math.round(metres / 10) * 10),
  minutes: Math.max(1, Math.round(metres / METRES_A_MINUTE)),
  along,
})

/**
 * Each map's graph is made once, and so is the way from everywhere to each place: whoever asks must not wait for a
 * town's map.
 */
export function createWalks(): (map: StreetMap | null, to: Place) => (from: Place) => Walk {
  const known = new WeakMap<StreetMap, { graph: Graph; ways: Map<string, (from: Place) => Walk> }>()
  return (map, to) => {
    if (!map) return (from) => straight(from, to)
    const kept = known.get(map) ?? { graph: graphOf(map), ways: new Map<string, (from: Place) => Walk>() }
    known.set(map, kept)
    const name = `${to.lat} ${to.lon}`
    const way = kept.ways.get(name) ?? remembered(waysTo(kept.graph, to))
    kept.ways.set(name, way)
    return way
  }
}

function remembered(way: (from: Place) => Walk): (from: Place) => Walk {
  const known = new Map<string, Walk>()
  return (from) => {
    const name = `${from.lat} ${from.lon}`
    const walk = known.get(name) ?? way(from)
    known.set(name, walk)
    return walk
  }
}

const straight = (from: Place, to: Place): Walk => walkOf(metresBetween(from, to) * DETOUR, 'line')

function waysTo(graph: Graph, to: Place): (from: Place) => Walk {
  const end = nearest(graph, to)
  if (!end || end.metres > NEAR_STREET_M) return (from) => straight(from, to)
  const far = distances(graph, end)
  return (from) => {
    const start = nearest(graph, from)
    if (!start || start.metres > NEAR_STREET_M) return straight(from, to)
    const by = (node: number): number =>
      metresBetween(start.place, placeOf(graph, node)) + (far[node] ?? Number.POSITIVE_INFINITY)
    const direct = start.edge === end.edge ? metresBetween(start.place, end.place) : Number.POSITIVE_INFINITY
    const way = Math.min(direct, by(start.edge.a), by(start.edge.b))
    return Number.isFinite(way) ? walkOf(start.metres + way + end.metres, 'streets') : straight(from, to)
  }
}

function graphOf({ features }: StreetMap): Graph {
  const nodes: Node[] = []
  const edges: Edge[] = []
  const named = new Map<string, number>()
  const node = (place: Place): number => {
    const name = `${place.lat.toFixed(DECIMALS)} ${place.lon.toFixed(DECIMALS)}`
    const found = named.get(name)
    if (found !== undefined) return found
    named.set(name, nodes.length)
    return nodes.push({ place, to: [] }) - 1
  }
  for (const { geometry, properties } of features) {
    if (geometry.type !== 'LineString' || properties.walk === false) continue
    const line = geometry.coordinates.map(([lon, lat]) => node({ lat, lon }))
    for (let i = 1; i < line.length; i += 1) {
      const [a = 0, b = 0] = [line[i - 1], line[i]]
      const metres = metresBetween(nodes[a]?.place ?? { lat: 0, lon: 0 }, nodes[b]?.place ?? { lat: 0, lon: 0 })
      edges.push({ a, b })
      nodes[a]?.to.push({ node: b, metres })
      nodes[b]?.to.push({ node: a, metres })
    }
  }
  return { nodes, edges, feet: new Map() }
}
const placeOf = ({ nodes }: Graph, node: number): Place => nodes[node]?.place ?? { lat: 0, lon: 0 }

/**
 * The point of an edge that is nearest to a place, on a plane: exact enough for a street.
 * @param scale how much shorter a degree of longitude is there
 */
function onEdge(a: Place, b: Place, place: Place, scale: number): Place {
  const [dx, dy] = [(b.lon - a.lon) * scale, b.lat - a.lat]
  const length = dx * dx + dy * dy
  const share =
    length === 0 ? 0 : Math.min(1, Math.max(0, ((place.lon - a.lon) * scale * dx + (place.lat - a.lat) * dy) / length))
  return { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * (b.lon - a.lon) }
}

function nearest(graph: Graph, place: Place): Foot | null {
  const name = `${place.lat} ${place.lon}`
  const known = graph.feet.get(name)
  if (known !== undefined) return known
  const scale = Math.cos((place.lat * Math.PI) / 180)
  let best: { edge: Edge; place: Place } | null = null
  let least = Number.POSITIVE_INFINITY
  for (const edge of graph.edges) {
    const foot = onEdge(placeOf(graph, edge.a), placeOf(graph, edge.b), place, scale)
    const far = ((foot.lon - place.lon) * scale) ** 2 + (foot.lat - place.lat) ** 2
    if (far < least) [best, least] = [{ edge, place: foot }, far]
  }
  const found = best && { ...best, metres: metresBetween(place, best.place) }
  graph.feet.set(name, found)
  return found
}

/** Metres from the foot to every crossing (Dijkstra's, with a binary heap). */
function distances(graph: Graph, { edge, place }: Foot): Float64Array {
  const far = new Float64Array(graph.nodes.length).fill(Number.POSITIVE_INFINITY)
  const heap: [metres: number, node: number][] = []
  const push = (metres: number, node: number): void => {
    if (metres >= (far[node] ?? 0)) return
    far[node] = metres
    let at = heap.push([metres, node]) - 1
    for (let up = (at - 1) >> 1; at > 0 && (heap[up]?.[0] ?? 0) > metres; at = up, up = (at - 1) >> 1)
      [heap[at], heap[up]] = [heap[up] as [number, number], heap[at] as [number, number]]
  }
  const pop = (): [number, number] | undefined => {
    const [top] = heap
    const last = heap.pop()
    if (heap.length === 0 || !last) return top
    heap[0] = last
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const least =
        (heap[right]?.[0] ?? Number.POSITIVE_INFINITY) < (heap[left]?.[0] ?? Number.POSITIVE_INFINITY) ? right : left
      if ((heap[least]?.[0] ?? Number.POSITIVE_INFINITY) >= (heap[at]?.[0] ?? 0)) return top
      ;[heap[at], heap[least]] = [heap[least] as [number, number], heap[at] as [number, number]]
      at = least
    }
  }
  for (const node of [edge.a, edge.b]) push(metresBetween(place, placeOf(graph, node)), node)
  for (let next = pop(); next; next = pop()) {
    const [metres, node] = next
    if (metres > (far[node] ?? 0)) continue
    for (const { node: to, metres: more } of graph.nodes[node]?.to ?? []) push(metres + more, to)
  }
  return far
}
