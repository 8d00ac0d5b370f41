/**
 * The mark that a test reads from pixels: where the camera looks and when the frame was drawn, as black and white
 * blocks in the lower left corner. Pure, and free of Node, so that a browser can read it too.
 */
export type Mark = {
  /** Degrees. */ pan: number
  tilt: number
  zoom: number
  /** Milliseconds since 1970. */ time: number
}

export const BLOCK = 8
export const COLUMNS = 60
export const ROWS = 2
/** Two marker columns (white, black) begin each row, so that an all-black or all-white picture reads as nothing. */
const DATA_COLUMNS = COLUMNS - 2
const FIELDS = [16, 16, 16, 48, 16] as const

const checksum = (values: readonly number[]): number =>
  values.reduce((sum, value) => (sum * 31 + (value % 65_536) + Math.floor(value / 65_536)) % 65_521, 7)

/** Rows of blocks, true is white. */
export function drawMark({ pan, tilt, zoom, time }: Mark): boolean[][] {
  const values = [Math.round((pan + 180) * 100), Math.round((tilt + 90) * 100), Math.round(zoom * 100), time]
  const all = [...values, checksum(values)]
  const bits = all.flatMap((value, i) =>
    Array.from({ length: FIELDS[i] ?? 0 }, (_, bit) => Math.floor(value / 2 ** ((FIELDS[i] ?? 0) - 1 - bit)) % 2 === 1),
  )
  return Array.from({ length: ROWS }, (_, row) => [
    true,
    false,
    ...Array.from({ length: DATA_COLUMNS }, (__, column) => bits[row * DATA_COLUMNS + column] ?? false),
  ])
}

/**
 * @param lumaAt brightness 0..255 at a pixel.
 * @param height of the picture in pixels. Null where no mark can be read.
 */
export function readMark(lumaAt: (x: number, y: number) => number, height: number, scale = 1): Mark | null {
  const isWhite = (row: number, column: number): boolean =>
    lumaAt(Math.floor((column + 0.5) * BLOCK * scale), Math.floor(height - (ROWS - row - 0.5) * BLOCK * scale)) > 127
  const bits: boolean[] = []
  for (let row = 0; row < ROWS; row += 1) {
    if (!isWhite(row, 0) || isWhite(row, 1)) return null
    for (let column = 2; column < COLUMNS; column += 1) bits.push(isWhite(row, column))
  }
  let at = 0
  const [pan = 0, tilt = 0, zoom = 0, time = 0, sum = -1] = FIELDS.map((width) => {
    let value = 0
    for (let i = 0; i < width; i += 1, at += 1) value = value * 2 + (bits[at] ? 1 : 0)
    return value
  })
  if (checksum([pan, tilt, zoom, time]) !== sum) return null
  return { pan: pan / 100 - 180, tilt: tilt / 100 - 90, zoom: zoom / 100, time }
}
