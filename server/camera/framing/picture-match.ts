/**
 * Does a picture show the same place as a reference? Pure. Compares which way edges run, tile by tile, and not how
 * bright things are: light changes, walls do not. A person or a van spoils the tiles it stands in and no others; a
 * head that stands a little off is found by the shift at which the tiles agree.
 *
 * The method is orientation correlation (Fitch, Kadyrov, Christmas and Kittler, BMVC 2002) with a vote of tiles.
 */

/** Brightness 0..255, row by row. */
export type Grey = { width: number; height: number; pixels: Uint8Array }
/** Shares of the picture, 0..1, that say nothing about the place: a road, a tree. */
export type Mask = { x: number; y: number; width: number; height: number }
export type Match = {
  /** Share of the tiles with edges that agree, 0..1. */
  agreement: number
  /** How far the picture is off, as shares of its width and height; 0 when it is not. */
  shift: { x: number; y: number }
  /** How many tiles of the reference have edges to compare. */
  tiles: number
}

export const MATCH_SIZE = { width: 160, height: 90 }
const TILE = 10
const MOST_SHIFT = { x: 20, y: 10 }
/**
 * Edges are the steepest part of a picture, however dark it is; below this, in brightness per pixel, there is only
 * noise.
 */
const EDGE_SHARE = 0.3
const LEAST_EDGE = 1.5
const LEAST_EDGES_IN_TILE = 12
/** A tile agrees when its edges run the same way, on average: 1 is the same, 0 is chance, -1 is across. */
const TILE_AGREES = 0.45

/**
 * The doubled angle of each pixel's edge as a unit vector, zero where there is none: light to dark and dark to light
 * are the same edge.
 */
type Edges = { width: number; height: number; cos: Float32Array; sin: Float32Array }

export function edgesOf({ width, height, pixels }: Grey): Edges {
  const cos = new Float32Array(width * height)
  const sin = new Float32Array(width * height)
  const squares = new Float32Array(width * height)
  const at = (x: number, y: number): number => pixels[y * width + x] ?? 0
  for (let y = 1; y < height - 1; y += 1)
    for (let x = 1; x < width - 1; x += 1) {
      const gx =
        at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1) - at(x - 1, y - 1) - 2 * at(x - 1, y) - at(x - 1, y + 1)
      const gy =
        at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1) - at(x - 1, y - 1) - 2 * at(x, y - 1) - at(x + 1, y - 1)
      const square = gx * gx + gy * gy
      const here = y * width + x
      squares[here] = square
      cos[here] = (gx * gx - gy * gy) / (square || 1)
      sin[here] = (2 * gx * gy) / (square || 1)
    }
  const least = Math.max(
    (LEAST_EDGE * 4) ** 2,
    squares.slice().sort()[Math.floor(squares.length * (1 - EDGE_SHARE))] ?? 0,
  )
  for (let here = 0; here < squares.length; here += 1) if ((squares[here] as number) < least) cos[here] = sin[here] = 0
  return { width, height, cos, sin }
}

/** A tile of the reference: where it begins, and which of its pixels are on an edge. */
type Tile = { x: number; y: number; edges: number[] }

/** Tiles that have enough edges, masked ones left out. */
function tilesOf({ width, height, cos, sin }: Edges, masks: readonly Mask[]): Tile[] {
  const tiles: Tile[] = []
  for (let y = 0; y + TILE <= height; y += TILE)
    for (let x = 0; x + TILE <= width; x += TILE) {
      const [cx, cy] = [(x + TILE / 2) / width, (y + TILE / 2) / height]
      if (masks.some((mask) => cx >= mask.x && cx < mask.x + mask.width && cy >= mask.y && cy < mask.y + mask.height))
        continue
      const edges: number[] = []
      for (let row = y; row < y + TILE; row += 1)
        for (let at = row * width + x; at < row * width + x + TILE; at += 1)
          if (cos[at] !== 0 || sin[at] !== 0) edges.push(at)
      if (edges.length >= LEAST_EDGES_IN_TILE) tiles.push({ x, y, edges })
    }
  return tiles
}

/**
 * The share of tiles whose edges run the same way in the picture, shifted: by the mean cosine of twice the angle
 * between them.
 */
function agreementAt(reference: Edges, picture: Edges, tiles: readonly Tile[], dx: number, dy: number): number {
  const { width, height } = reference
  const by = dy * width + dx
  let agreed = 0
  let counted = 0
  for (const { x, y, edges } of tiles) {
    if (x + dx < 0 || y + dy < 0 || x + dx + TILE > width || y + dy + TILE > height) continue
    let sum = 0
    for (const at of edges)
      sum +=
        (reference.cos[at] as number) * (picture.cos[at + by] as number) +
        (reference.sin[at] as number) * (picture.sin[at + by] as number)
    counted += 1
    if (sum / edges.length >= TILE_AGREES) agreed += 1
  }
  // A shift that leaves hardly anything to compare proves nothing.
  return counted < tiles.length / 3 ? 0 : agreed / counted
}

/** Shifts are tried in steps of two pixels, and then around the best. */
const COARSE = 2

/** @param reference and picture of `MATCH_SIZE`. */
export function matchPictures(reference: Grey, picture: Grey, masks: readonly Mask[] = []): Match {
  const [a, b] = [edgesOf(reference), edgesOf(picture)]
  const tiles = tilesOf(a, masks)
  let best = { agreement: agreementAt(a, b, tiles, 0, 0), dx: 0, dy: 0 }
  const look = (dx: number, dy: number): void => {
    const agreement = agreementAt(a, b, tiles, dx, dy)
    // A tie goes to the smaller shift: standing still needs no proof of having moved.
    const nearer = Math.abs(dx) + Math.abs(dy) < Math.abs(best.dx) + Math.abs(best.dy)
    if (agreement > best.agreement || (agreement === best.agreement && nearer)) best = { agreement, dx, dy }
  }
  for (let dy = -MOST_SHIFT.y; dy <= MOST_SHIFT.y; dy += COARSE)
    for (let dx = -MOST_SHIFT.x; dx <= MOST_SHIFT.x; dx += COARSE) look(dx, dy)
  const { dx: x, dy: y } = best
  for (let dy = y - 1; dy <= y + 1; dy += 1) for (let dx = x - 1; dx <= x + 1; dx += 1) look(dx, dy)
  return {
    agreement: best.agreement,
    shift: { x: best.dx / reference.width, y: best.dy / reference.height },
    tiles: tiles.length,
  }
}

/** What a match proves. Thresholds are measured (`npm run bench -- --only picture`), not guessed. */
export const ENOUGH_AGREEMENT = 0.55
export const MOST_SHIFT_SHARE = 0.03
const LEAST_TILES = 10

export type PictureVerdict = {
  proves: boolean
  /** A sentence for a person; null when it proves the place. */ words: string | null
  /** Nothing could be compared: that says nothing about the place. */ compared?: false
}

export function judgeMatch({ agreement, shift, tiles }: Match): PictureVerdict {
  if (tiles < LEAST_TILES)
    return { proves: false, compared: false, words: 'The reference picture has too little in it to compare.' }
  const off = Math.max(Math.abs(shift.x), Math.abs(shift.y))
  if (agreement < ENOUGH_AGREEMENT)
    return {
      proves: false,
      words: `The picture does not show the preset’s place: ${Math.round(agreement * 100)} % of it agrees with the reference.`,
    }
  if (off > MOST_SHIFT_SHARE)
    return {
      proves: false,
      words:
        `The picture is ${Math.round(off * 100)} % of its ${Math.abs(shift.x) >= Math.abs(shift.y) ? 'width' : 'height'} ` +
        'away from the preset’s reference.',
    }
  return { proves: true, words: null }
}

/** What is wrong with a picture by itself: a lens that is covered, a scene without light. */
export function blindness({ pixels }: Grey): 'dark' | 'covered' | null {
  let sum = 0
  let squares = 0
  for (const pixel of pixels) {
    sum += pixel
    squares += pixel * pixel
  }
  const mean = sum / pixels.length
  const spread = Math.sqrt(Math.max(0, squares / pixels.length - mean * mean))
  if (spread >= LEAST_SPREAD) return null
  return mean < DARK_BELOW ? 'dark' : 'covered'
}
const LEAST_SPREAD = 6
const DARK_BELOW = 40
