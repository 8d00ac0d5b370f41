/** Masks as cells of a picture, and where a place lies in the picture of a head that turns. */
import { describe, expect, test } from 'vitest'
import type { HeadBox, Lens } from '../../server/glossary/site.ts'
import { cellsAt, isNear, shiftBetween } from '../../server/tools/masks/head-projection.ts'
import {
  type Cells,
  COLUMNS,
  ROWS,
  addPolygon,
  drawn,
  grown,
  isEmpty,
  noCells,
  rectanglesOf,
} from '../../server/tools/masks/mask-cells.ts'

type Point = readonly [number, number]
const cellsOf = (...points: Point[]): Cells => {
  const cells = noCells()
  addPolygon(cells, points)
  return cells
}
const has = (cells: Cells, x: number, y: number): boolean =>
  cells[Math.floor(y * ROWS) * COLUMNS + Math.floor(x * COLUMNS)] === 1
const count = (cells: Cells): number => cells.reduce((sum, cell) => sum + cell, 0)

describe('a polygon', () => {
  test('covers every cell that it touches, and none beside it', () => {
    const cells = cellsOf([0.26, 0.26], [0.49, 0.26], [0.49, 0.49], [0.26, 0.49])
    expect(has(cells, 0.261, 0.261)).toBe(true)
    expect(has(cells, 0.489, 0.489)).toBe(true)
    expect(has(cells, 0.3, 0.4)).toBe(true)
    expect(has(cells, 0.24, 0.4)).toBe(false)
    expect(has(cells, 0.52, 0.4)).toBe(false)
  })
  test('that is concave leaves its bay open', () => {
    const cells = cellsOf(
      [0.1, 0.1],
      [0.9, 0.1],
      [0.9, 0.9],
      [0.7, 0.9],
      [0.7, 0.3],
      [0.3, 0.3],
      [0.3, 0.9],
      [0.1, 0.9],
    )
    expect(has(cells, 0.5, 0.6)).toBe(false)
    expect(has(cells, 0.5, 0.2)).toBe(true)
    expect(has(cells, 0.8, 0.8)).toBe(true)
  })
  test('of no width is a line of cells; one outside the picture is nothing', () => {
    expect(count(cellsOf([0.2, 0.5], [0.4, 0.5], [0.3, 0.5]))).toBeGreaterThan(15)
    expect(isEmpty(cellsOf([1.2, 0.2], [1.5, 0.2], [1.5, 0.6]))).toBe(true)
    expect(isEmpty(cellsOf([-5, -5], [-4, -5], [-4, 9]))).toBe(true)
  })
  test('that is far larger than the picture covers it all, at once', () => {
    expect(count(cellsOf([-900, -900], [900, -900], [900, 900], [-900, 900]))).toBe(COLUMNS * ROWS)
  })
  test('a thousand random ones: each point of it lies in a covered cell', () => {
    let seed = 7
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    for (let round = 0; round < 300; round += 1) {
      const [a, b, c] = Array.from({ length: 3 }, (): Point => [random() * 1.4 - 0.2, random() * 1.4 - 0.2]) as [
        Point,
        Point,
        Point,
      ]
      const cells = cellsOf(a, b, c)
      for (let i = 0; i < 60; i += 1) {
        const [u, v] = [random(), random()].toSorted((one, other) => one - other) as [number, number]
        const [x, y] = [0, 1].map(
          (axis) => (a[axis] ?? 0) * u + (b[axis] ?? 0) * (v - u) + (c[axis] ?? 0) * (1 - v),
        ) as [number, number]
        if (x > 0 && x < 1 && y > 0 && y < 1) expect([has(cells, x, y), x, y]).toEqual([true, x, y])
      }
    }
  })
  test('is drawn by few rectangles that cover the same cells, on a picture of any size', () => {
    const cells = cellsOf([0.26, 0.26], [0.49, 0.26], [0.49, 0.49], [0.26, 0.49])
    expect(rectanglesOf(cells)).toHaveLength(1)
    const drawnAgain = noCells()
    for (const { column, row, columns, rows } of rectanglesOf(cellsOf([0.1, 0.1], [0.9, 0.3], [0.4, 0.9])))
      for (let y = row; y < row + rows; y += 1) drawnAgain.fill(1, y * COLUMNS + column, y * COLUMNS + column + columns)
    expect(drawnAgain).toEqual(cellsOf([0.1, 0.1], [0.9, 0.3], [0.4, 0.9]))
    expect(drawn(null)).toHaveLength(1)
    expect(drawn(cells)[0]).toMatch(/^drawbox=x=iw\*\d+\/96:.*:t=fill$/)
  })
  test('can be grown by cells on every side', () => {
    const cells = noCells()
    cells[10 * COLUMNS + 10] = 1
    cells[0] = 1
    expect(count(grown(cells, 1))).toBe(9 + 4)
  })
})

describe('a box in a head’s coordinates', () => {
  const lens: Lens = { pan: 360, tilt: 180, wide: 60, tele: 6, level: 0, flipPan: false, flipTilt: false }
  const box = (pan: Point, tilt: Point, zoom: number | null = null): HeadBox => ({
    pan: [pan[0] / 180, pan[1] / 180],
    tilt: [tilt[0] / 90, tilt[1] / 90],
    zoom,
  })
  const at = (pan: number, tilt: number, zoom = 0) => ({ pan: pan / 180, tilt: tilt / 90, zoom })
  const seen = (boxes: HeadBox[], where: ReturnType<typeof at>): Cells => cellsAt(boxes, lens, where, 16 / 9)

  test('in the middle of the picture covers the middle, and moves the other way when the head turns', () => {
    const window = box([-2, 2], [-2, 2])
    expect(has(seen([window], at(0, 0)), 0.5, 0.5)).toBe(true)
    expect(has(seen([window], at(0, 0)), 0.7, 0.5)).toBe(false)
    expect(has(seen([window], at(15, 0)), 0.24, 0.5)).toBe(true)
    expect(has(seen([window], at(15, 0)), 0.5, 0.5)).toBe(false)
    expect(has(seen([window], at(0, -10)), 0.5, 0.2)).toBe(true)
  })
  test('of a head whose coordinates grow the other way lies on the other side', () => {
    const window = box([8, 12], [-2, 2])
    const flipped = cellsAt([window], { ...lens, flipPan: true }, at(0, 0), 16 / 9)
    expect(has(seen([window], at(0, 0)), 0.67, 0.5)).toBe(true)
    expect(has(flipped, 0.33, 0.5)).toBe(true)
    expect(has(flipped, 0.67, 0.5)).toBe(false)
  })
  test('of a camera whose pixels are no squares is covered in each shape that its picture may have', () => {
    const window = box([-2, 2], [6, 8])
    const y = (shape: number): number => 0.5 - (Math.tan((7 * Math.PI) / 180) / Math.tan(Math.PI / 6) / 2) * shape
    const cells = cellsAt([window], lens, at(0, 0), 720 / 576)
    for (const shape of [4 / 3, 16 / 9]) expect(has(cells, 0.5, y(shape))).toBe(true)
  })
  test('that is far wider than the picture covers all of it', () => {
    const narrow = { ...lens, tele: 2 }
    expect(count(cellsAt([box([-44, 44], [-40, 40])], narrow, at(20, 10, 1), 16 / 9))).toBe(COLUMNS * ROWS)
  })
  test('is found in a moment, also forty of them at full zoom', () => {
    const boxes = Array.from({ length: 40 }, (_, i) => box([i * 3 - 60, i * 3 - 58], [-3, 3]))
    const narrow = { ...lens, tele: 1 }
    const begun = performance.now()
    for (let i = 0; i < 10; i += 1) cellsAt(boxes, narrow, at(i * 3 - 15, 0, 0.5), 16 / 9)
    // A figure for who looks: no assertion on time but one that a loop without end would break.
    expect(performance.now() - begun).toBeLessThan(60_000)
    if (process.env.SHOW_FIGURES) console.log(`forty boxes: ${((performance.now() - begun) / 10).toFixed(1)} ms`)
  })
  test('grows with the zoom', () => {
    expect(count(seen([box([-2, 2], [-2, 2])], at(0, 0, 1)))).toBeGreaterThan(
      8 * count(seen([box([-2, 2], [-2, 2])], at(0, 0, 0))),
    )
  })
  test('behind the camera, or to its side, covers nothing', () => {
    expect(isEmpty(seen([box([170, 175], [-2, 2])], at(0, 0)))).toBe(true)
    expect(isEmpty(seen([box([60, 70], [-2, 2])], at(0, 0)))).toBe(true)
  })
  test('across the place where the coordinates begin again is one place', () => {
    expect(has(seen([box([176, 180], [-2, 2])], at(-179, 0)), 0.44, 0.5)).toBe(true)
  })
  test('of a head that looks steeply down is as wide as it is seen', () => {
    // Ten degrees of pan are little at a tilt of -80, and lie across the picture's whole middle.
    expect(has(seen([box([-5, 5], [-82, -78])], at(0, -80)), 0.5, 0.5)).toBe(true)
    expect(has(seen([box([175, 180], [-85, -75])], at(0, -80)), 0.5, 0.93)).toBe(true)
  })
  test('holds from a zoom on, where it says so', () => {
    const near = box([-2, 2], [-2, 2], 0.5)
    expect(isEmpty(seen([near], at(0, 0, 0.4)))).toBe(true)
    expect(isEmpty(seen([near], at(0, 0, 0.5)))).toBe(false)
  })
  test('is covered wherever a lens between all that zooms may do would show it', () => {
    const window = box([1, 2], [-1, 1])
    for (const zoom of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const cells = seen([window], at(0, 0, zoom))
      const tangent = (degrees: number): number => Math.tan((degrees / 360) * Math.PI)
      const widths = [
        lens.wide + zoom * (lens.tele - lens.wide),
        2 * ((Math.atan(tangent(lens.wide) * (tangent(lens.tele) / tangent(lens.wide)) ** zoom) * 180) / Math.PI),
      ]
      for (const share of [0, 0.25, 0.5, 0.75, 1]) {
        const width = widths[0]! + share * (widths[1]! - widths[0]!)
        const x = 0.5 + Math.tan((1.5 * Math.PI) / 180) / (2 * tangent(width))
        if (x < 1) expect([zoom, share, has(cells, x, 0.5)]).toEqual([zoom, share, true])
      }
    }
  })
  test('is near while a head could see it before it is next asked, whatever its zoom', () => {
    const window = box([-2, 2], [-2, 2])
    expect(isNear([window], lens, at(100, 0, 1))).toBe(true)
    expect(isNear([window], lens, at(-179, 0))).toBe(false)
  })
  test('how far a picture has moved is told as a share of its width', () => {
    expect(shiftBetween(lens, at(0, 0), at(6, 0))).toBeCloseTo(0.1, 1)
    expect(shiftBetween(lens, at(0, 0, 1), at(0.6, 0, 1))).toBeCloseTo(0.1, 1)
    expect(shiftBetween(lens, at(0, 0, 0.5), at(0, 0, 0.6))).toBeGreaterThan(0.05)
    expect(shiftBetween(lens, at(3, 4, 0.5), at(3, 4, 0.5))).toBeLessThan(1e-6)
  })
})
