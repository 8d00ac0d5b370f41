/**
 * The GeoJSON (RFC 7946) beside the site file: lines are streets, areas are drawn only. Anything else is refused, by
 * its place.
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StreetMap } from '../glossary/site.ts'
import { Failure, messageOf } from '../tools/failure.ts'

const MOST_BYTES = 4_000_000
const isPair = (value: unknown): value is [number, number] =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'number' &&
  Math.abs(value[0]) <= 180 &&
  Math.abs(value[1]) <= 90
const isLine = (value: unknown, least: number): value is [number, number][] =>
  Array.isArray(value) && value.length >= least && value.every(isPair)

/** @throws site/invalid with words that name the feature */
export function readStreets(text: string, file: string): StreetMap {
  const wrong = (words: string): never => {
    throw new Failure('site/invalid', `${file}: ${words}`)
  }
  let read: { type?: unknown; features?: unknown }
  try {
    read = JSON.parse(text) as typeof read
  } catch (error) {
    return wrong(`this is not JSON: ${messageOf(error)}`)
  }
  if (read?.type !== 'FeatureCollection' || !Array.isArray(read.features))
    return wrong('a GeoJSON FeatureCollection is needed')
  const features = (
    read.features as {
      geometry?: { type?: string; coordinates?: unknown }
      properties?: Record<string, unknown> | null
    }[]
  ).flatMap((feature, i) => {
    if (typeof feature !== 'object' || feature === null) return wrong(`features.${i}: this is no feature`)
    const { geometry, properties } = feature
    const shown = {
      ...(typeof properties?.name === 'string' ? { name: properties.name } : {}),
      ...(typeof properties?.kind === 'string' ? { kind: properties.kind } : {}),
      ...(properties?.walk === false ? { walk: false } : {}),
    }
    const made = (shape: StreetMap['features'][number]['geometry']): StreetMap['features'][number] => ({
      type: 'Feature',
      properties: shown,
      geometry: shape,
    })
    const lines =
      geometry?.type === 'LineString'
        ? [geometry.coordinates]
        : geometry?.type === 'MultiLineString' && Array.isArray(geometry.coordinates)
          ? geometry.coordinates
          : null
    if (lines)
      return lines.map((line: unknown) =>
        isLine(line, 2)
          ? made({ type: 'LineString', coordinates: line })
          : wrong(`features.${i}: a line needs two points or more, each as [longitude, latitude]`),
      )
    if (
      geometry?.type === 'Polygon' &&
      Array.isArray(geometry.coordinates) &&
      geometry.coordinates.length > 0 &&
      geometry.coordinates.every((ring) => isLine(ring, 4))
    )
      return [made({ type: 'Polygon', coordinates: geometry.coordinates })]
    return wrong(`features.${i}: a LineString, a MultiLineString or a Polygon is needed, not ${String(geometry?.type)}`)
  })
  return { type: 'FeatureCollection', features }
}

/** @param siteFile the town's. @throws site/invalid */
export async function loadStreets(siteFile: string, streets: string | null): Promise<StreetMap | null> {
  if (streets === null) return null
  const file = join(dirname(siteFile), streets)
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    (error: unknown) => {
      throw new Failure('site/invalid', `${siteFile}: streets: ${file} cannot be read: ${messageOf(error)}`)
    },
  )
  if (size > MOST_BYTES)
    throw new Failure('site/invalid', `${file}: ${size} bytes are more than the ${MOST_BYTES} that a wall can draw`)
  return readStreets(await readFile(file, 'utf8'), file)
}
