/**
 * What of a picture is covered, as cells of a grid: whatever a mask touches is covered whole, so that no edge of it
 * shows a stripe of what lies behind. Pure.
 */

export const [COLUMNS, ROWS] = [96, 54]
/** Shares of the picture's width and height, from its left upper corner. */
export type Point = readonly [x: number, y: number]
/** Row by row; 1 is covered. */
export type Cells = Uint8Array
type Rectangle = { column: number; row: number; columns: number; rows: number }

/** Steps along an edge are so short that no cell that it crosses is stepped over by more than a sliver. */
const STEPS_PER_CELL = 6

export const noCells = (): Cells => new Uint8Array(COLUMNS * ROWS)
const mark = (cells: Cells, column: number, row: number): void => {
  if (column >= 0 && column < COLUMNS && row >= 0 && row < ROWS) cells[row * COLUMNS + column] = 1
}

/** Adds every cell that the polygon touches. Parts of it may lie outside the picture. */
export function addPolygon(cells: Cells, points: readonly Point[]): void {
  for (const [i, [fromX, fromY]] of points.entries()) {
    const [toX, toY] = points[(i + 1) % points.length] ?? [fromX, fromY]
    const edge = inPicture([fromX, fromY], [toX, toY])
    if (!edge) continue
    const [[x0, y0], [x1, y1]] = edge
    const steps = Math.ceil(Math.max(Math.abs(x1 - x0) * COLUMNS, Math.abs(y1 - y0) * ROWS) * STEPS_PER_CELL) + 1
    for (let step = 0; step <= steps; step += 1)
      mark(
        cells,
        Math.floor((x0 + ((x1 - x0) * step) / steps) * COLUMNS),
        Math.floor((y0 + ((y1 - y0) * step) / steps) * ROWS),
      )
  }
  for (let row = 0; row < ROWS; row += 1) fillRow(cells, row, points)
}

/** Cells of a row whose middle lies inside: between an edge and the next one. */
function fillRow(cells: Cells, row: number, points: readonly Point[]): void {
  const y = (row + 0.5) / ROWS
  const crossings: number[] = []
  for (const [i, [ax, ay]] of points.entries()) {
    const [bx, by] = points[(i + 1) % points.length] ?? [ax, ay]
    if (ay > y !== by > y) crossings.push(ax + ((y - ay) / (by - ay)) * (bx - ax))
  }
  crossings.sort((a, b) => a - b)
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [from = 0, to = 0] = crossings.slice(i, i + 2)
    const first = Math.max(0, Math.ceil(from * COLUMNS - 0.5))
    for (let column = first; column < COLUMNS && (column + 0.5) / COLUMNS < to; column += 1) mark(cells, column, row)
  }
}

/** The part of an edge that crosses the picture (Liang and Barsky); null when none does. */
function inPicture([x0, y0]: Point, [x1, y1]: Point): readonly [Point, Point] | null {
  let [from, to] = [0, 1]
  for (const [at, by] of [
    [x0, x1 - x0],
    [y0, y1 - y0],
  ] as const)
    for (const [room, speed] of [
      [at, -by],
      [1 - at, by],
    ] as const) {
      if (speed === 0) {
        if (room < 0) return null
      } else if (speed < 0) from = Math.max(from, room / speed)
      else to = Math.min(to, room / speed)
    }
  const at = (share: number): Point => [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share]
  return from > to ? null : [at(from), at(to)]
}

/** So many cells more on each side. */
export function grown(cells: Cells, by: number): Cells {
  const wider = noCells()
  for (let row = 0; row < ROWS; row += 1)
    for (let column = 0; column < COLUMNS; column += 1)
      if (cells[row * COLUMNS + column] === 1)
        for (let down = -by; down <= by; down += 1)
          for (let right = -by; right <= by; right += 1) mark(wider, column + right, row + down)
  return wider
}
export const isEmpty = (cells: Cells): boolean => !cells.includes(1)

/** Few rectangles that cover the same cells: runs of a row, and the same runs of the rows below it. */
export function rectanglesOf(cells: Cells): Rectangle[] {
  const done: Rectangle[] = []
  let open: Rectangle[] = []
  for (let row = 0; row < ROWS; row += 1) {
    const runs: Rectangle[] = []
    for (let column = 0; column < COLUMNS; column += 1) {
      if (cells[row * COLUMNS + column] !== 1) continue
      const last = runs.at(-1)
      if (last && last.column + last.columns === column) last.columns += 1
      else runs.push({ column, row, columns: 1, rows: 1 })
    }
    const same = (run: Rectangle, above: Rectangle): boolean =>
      above.column === run.column && above.columns === run.columns
    done.push(...open.filter((above) => !runs.some((run) => same(run, above))))
    open = runs.map((run) => {
      const above = open.find((each) => same(run, each))
      return above ? { ...above, rows: above.rows + 1 } : run
    })
  }
  return [...done, ...open]
}

/** Of one colour everywhere, so that nobody takes a mask for a dark corner. */
export const MASK_COLOUR = '0x3a4048'

/**
 * The same for ffmpeg, one filter for each rectangle, on the picture at its own size.
 * @param cells null: the whole picture
 */
export function drawn(cells: Cells | null): string[] {
  const all = [{ column: 0, row: 0, columns: COLUMNS, rows: ROWS }]
  return (cells === null ? all : rectanglesOf(cells)).map(
    ({ column, row, columns, rows }) =>
      // Two pixels more: ffmpeg rounds each figure down.
      `drawbox=x=iw*${column}/${COLUMNS}:y=ih*${row}/${ROWS}:w=iw*${columns}/${COLUMNS}+2:h=ih*${rows}/${ROWS}+2` +
      `:color=${MASK_COLOUR}:t=fill`,
  )
}
