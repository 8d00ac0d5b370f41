/** When safe places are open, how far they are, and the map beside the site file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StreetMap } from '../../server/glossary/site.ts'
import { openings } from '../../server/site/opening-hours.ts'
import { readSite } from '../../server/site/site-check.ts'
import { loadStreets, readStreets } from '../../server/site/street-map.ts'
import { createWalks } from '../../server/site/walking.ts'
import { metresBetween } from '../../server/tools/geography.ts'

const HUB = [{ days: ['fri', 'sat'], from: '21:00', to: '03:00' }]
const at = (text: string): number => Date.parse(text)
const LONDON = 'Europe/London'

describe('Number Forty, open Fridays and Saturdays 21:00–03:00', () => {
  test('is open from Friday evening into Saturday morning', () =>
    expect(openings(HUB, at('2026-11-20T23:30:00Z'), LONDON)[0]).toEqual({
      from: '2026-11-20T21:00:00.000Z',
      to: '2026-11-21T03:00:00.000Z',
    }))
  test('after midnight it is still Friday’s night', () =>
    expect(openings(HUB, at('2026-11-21T02:59:59Z'), LONDON)[0]?.from).toBe('2026-11-20T21:00:00.000Z'))
  test('at three it is closed, and Saturday’s comes next', () =>
    expect(openings(HUB, at('2026-11-21T03:00:00Z'), LONDON)[0]?.from).toBe('2026-11-21T21:00:00.000Z'))
  test('on Sunday the next is on Friday', () =>
    expect(openings(HUB, at('2026-11-22T12:00:00Z'), LONDON)[0]?.from).toBe('2026-11-27T21:00:00.000Z'))
  test('in summer its hours are an hour earlier by UTC', () =>
    expect(openings(HUB, at('2026-07-03T12:00:00Z'), LONDON)[0]).toEqual({
      from: '2026-07-03T20:00:00.000Z',
      to: '2026-07-04T02:00:00.000Z',
    }))
  test('the night in which clocks go back is seven hours long, the one in which they go forward five', () => {
    const length = (now: string): number => {
      const [{ from, to } = { from: '', to: '' }] = openings(HUB, at(now), LONDON)
      return (at(to ?? '') - at(from)) / 3_600_000
    }
    expect([length('2026-10-24T19:00:00Z'), length('2027-03-27T20:00:00Z')]).toEqual([7, 5])
  })
})

describe('opening hours', () => {
  test('that touch are one opening; that overlap, too', () => {
    expect(
      openings(
        [
          { days: ['mon'], from: '09:00', to: '12:00' },
          { days: ['mon'], from: '12:00', to: '17:00' },
          { days: ['mon'], from: '16:00', to: '18:00' },
        ],
        at('2026-11-23T08:00:00Z'),
        LONDON,
      )[0],
    ).toEqual({ from: '2026-11-23T09:00:00.000Z', to: '2026-11-23T18:00:00.000Z' })
  })
  test('round the clock are one, however many days', () =>
    expect(
      openings(
        [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00' }],
        at('2026-11-23T08:00:00Z'),
        LONDON,
      ),
    ).toEqual([{ from: expect.any(String), to: null }]))
  test('that the clocks skip in spring are none that night, instead of ending before they begin', () =>
    expect(
      openings([{ days: ['sun'], from: '01:45', to: '02:15' }], at('2026-03-28T12:00:00Z'), LONDON).every(
        ({ from, to }) => to === null || to > from,
      ),
    ).toBe(true))
  test('of nothing are none', () => expect(openings([], at('2026-11-23T08:00:00Z'), LONDON)).toEqual([]))
})

const walks = createWalks()
const walkBetween = (map: StreetMap | null, from: { lat: number; lon: number }, to: { lat: number; lon: number }) =>
  walks(map, to)(from)
const line = (...coordinates: [number, number][]): StreetMap['features'][number] => ({
  type: 'Feature',
  properties: {},
  geometry: { type: 'LineString', coordinates },
})
const town = (...features: StreetMap['features']): StreetMap => ({ type: 'FeatureCollection', features })

describe('walking distance', () => {
  const corner = town(line([-1.556, 54.523], [-1.556, 54.526]), line([-1.556, 54.526], [-1.552, 54.526]))
  const here = { lat: 54.523, lon: -1.556 }
  const there = { lat: 54.526, lon: -1.552 }
  test('is along the streets, not through the houses', () => {
    const walk = walkBetween(corner, here, there)
    expect(walk.along).toBe('streets')
    expect(walk.metres).toBeGreaterThan(metresBetween(here, there) * 1.2)
    expect(walk.metres).toBeCloseTo(590, -2)
    expect(walk.minutes).toBe(Math.round(walk.metres / 70))
  })
  test('begins and ends beside the street', () => {
    const beside = walkBetween(corner, { lat: 54.5245, lon: -1.5561 }, { lat: 54.5255, lon: -1.5559 })
    expect(beside).toMatchObject({ along: 'streets' })
    expect(beside.metres).toBeGreaterThan(110)
    expect(beside.metres).toBeLessThan(140)
  })
  test.each([
    ['without a map', null],
    ['far from its streets', town(line([-1.6, 54.6], [-1.61, 54.6]))],
    [
      'where no way leads there',
      town(line([-1.556, 54.523], [-1.556, 54.524]), line([-1.552, 54.526], [-1.551, 54.526])),
    ],
    ['where one may not walk', town({ ...line([-1.556, 54.523], [-1.552, 54.526]), properties: { walk: false } })],
  ])('%s it is the straight line and a third, and says so', (_, map) =>
    expect(walkBetween(map, here, there)).toMatchObject({
      along: 'line',
      metres: Math.round((metresBetween(here, there) * 1.3) / 10) * 10,
    }),
  )
  test('streets that end within a metre of each other meet', () => {
    const drawn = town(line([-1.556, 54.523], [-1.556, 54.526]), line([-1.556002, 54.526003], [-1.552, 54.526]))
    expect(walkBetween(drawn, here, there).along).toBe('streets')
  })
  test('across a large town’s map is known at once the second time, and right the first', () => {
    const side = 40
    const at2 = (x: number, y: number): [number, number] => [-1.55 + x * 0.0008, 54.52 + y * 0.0005]
    const grid = town(
      ...Array.from({ length: side }, (_, i) => line(...Array.from({ length: side }, (__, j) => at2(i, j)))),
      ...Array.from({ length: side }, (_, j) => line(...Array.from({ length: side }, (__, i) => at2(i, j)))),
    )
    const place = ([lon, lat]: [number, number]) => ({ lat, lon })
    const [from, to] = [place(at2(0, 0)), place(at2(20, 20))]
    const corner2 = place(at2(20, 0))
    expect(walkBetween(grid, from, to).metres).toBeCloseTo(
      Math.round((metresBetween(from, corner2) + metresBetween(corner2, to)) / 10) * 10,
      -2,
    )
    expect(walkBetween(grid, from, to)).toBe(walkBetween(grid, from, to))
  })
  test('of Darlington: from every help point to Number Forty by its streets', () => {
    const { site } = readSite(
      readFileSync(new URL('../../camera-presets/darlington.yaml', import.meta.url), 'utf8'),
      (text) => ({ value: text.replaceAll(/\$\{\w+\}/g, '1') }),
    )
    const map = readStreets(
      readFileSync(new URL('../../camera-presets/darlington-streets.geojson', import.meta.url), 'utf8'),
      'streets',
    )
    const [forty] = site?.safePlaces ?? []
    const walks =
      site?.helpPoints.map(({ id, location }) => ({
        id,
        ...walkBetween(map, location, forty?.location ?? location),
      })) ?? []
    expect(walks.map(({ along }) => along)).toEqual(['streets', 'streets', 'streets'])
    for (const { metres } of walks) expect(metres).toBeLessThan(400)
  })
})

describe('the map beside the site file', () => {
  test.each([
    ['no JSON', '{', /not JSON/],
    ['another kind of JSON', '{"type":"Feature"}', /FeatureCollection/],
    ['a line of one point', JSON.stringify(town(line([-1, 54]))), /features\.0: a line needs two points/],
    ['latitude first', JSON.stringify(town(line([54, -155], [54, -156]))), /\[longitude, latitude\]/],
    ['no feature at all', '{"type":"FeatureCollection","features":[null]}', /features\.0: this is no feature/],
    [
      'a point',
      '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}]}',
      /not Point/,
    ],
  ])('is refused by its place: %s', (_, text, words) =>
    expect(() => readStreets(text, 'streets.geojson')).toThrow(words),
  )
  test('several lines in one feature are several streets; what is not drawn is left out', () => {
    const text = JSON.stringify({
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          properties: { name: 'A', html: '<b>' },
          geometry: {
            type: 'MultiLineString',
            coordinates: [
              [
                [0, 0],
                [1, 1],
              ],
              [
                [2, 2],
                [3, 3],
              ],
            ],
          },
        },
      ],
    })
    expect(readStreets(text, 'x').features.map(({ properties }) => properties)).toEqual([{ name: 'A' }, { name: 'A' }])
  })
  test('that is not there is told by both files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamppost-map-'))
    writeFileSync(join(folder, 'site.yaml'), '')
    await expect(loadStreets(join(folder, 'site.yaml'), 'streets.geojson')).rejects.toThrow(
      /site\.yaml: streets: .*streets\.geojson cannot be read/,
    )
    rmSync(folder, { recursive: true })
  })
})

describe('the site file’s word on escalation and embedding', () => {
  const SMALL =
    'site: { id: town, name: Town, timezone: Europe/London }\nhelpPoints: [{ id: here, ' +
    'name: Here, location: { lat: 54.5, lon: -1.5 } }]\ncameras: []\n'
  const read = (more: string) => readSite(SMALL + more, (text) => ({ value: text }))
  test('becomes steps in milliseconds, and origins', () => {
    expect(
      read('escalation: [{ after: 30s }, { after: 2m }]\nembedding: ["https://wall.example:8443"]\n').site,
    ).toMatchObject({
      escalation: [
        { afterMs: 30_000, to: [] },
        { afterMs: 120_000, to: [] },
      ],
      embedding: ['https://wall.example:8443'],
    })
  })
  test.each([
    [
      'a destination that is not there',
      'escalation: [{ after: 30s, to: [duty] }]\n',
      'escalation.0.to.0',
      /no destination or connector "duty"/,
    ],
    ['steps that do not rise', 'escalation: [{ after: 2m }, { after: 30s }]\n', 'escalation.1.after', /later/],
    ['a step after no time', 'escalation: [{ after: 0s }]\n', 'escalation.0.after', /no time/],
    [
      'an origin as no browser writes it',
      'embedding: ["https://Wall.Example:443"]\n',
      'embedding.0',
      /https:\/\/wall\.example: write it so/,
    ],
    ['an origin with a path', 'embedding: ["https://wall.example/x"]\n', 'embedding.0', /./],
    ['any origin at all', 'embedding: ["*"]\n', 'embedding.0', /./],
    ['streets outside the folder', 'streets: a/../../etc/x.json\n', 'streets', /beside the site file/],
  ])('refuses %s', (_, more, key, problem) =>
    expect(read(more).problems[0]).toMatchObject({ key, problem: expect.stringMatching(problem) }),
  )
})
