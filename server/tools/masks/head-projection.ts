/**
 * Where in the picture of a camera that turns a place lies that its head's coordinates name: what must be covered
 * there, and whether it is near. What is not known of a lens (how its zoom runs, how it bends lines) is covered, too.
 * Pure.
 */
import type { PtzPosition } from '../../glossary/camera.ts'
import type { HeadBox, Lens } from '../../glossary/site.ts'
import { type Cells, COLUMNS, type Point, addPolygon, grown, noCells } from './mask-cells.ts'

const DEGREE = Math.PI / 180
/** Points along each side of a box, at least: in a picture it is no rectangle. More where the lens sees little of it. */
const LEAST_POINTS = 6
const MOST_POINTS = 80
const POINTS_IN_PICTURE = 3
/** Sizes of analogue video (576 and 480 lines), whose pixels are no squares: shown 4 to 3, or 16 to 9. */
const ANALOGUE = [720 / 576, 720 / 480, 704 / 576, 704 / 480, 352 / 288, 352 / 240]
const shapesOf = (aspect: number): readonly number[] =>
  ANALOGUE.some((each) => Math.abs(each - aspect) < 0.001) ? [aspect, 4 / 3, 16 / 9] : [aspect]
/** Cells round what was computed, for figures of a data sheet. */
const MARGIN_CELLS = 2
/** A point beside the camera or behind it lies far outside the picture, in its direction. */
const BESIDE = 0.02
/** So far a fast head turns between two looks at where it is, the time its answer takes included. */
export const NEAR_DEGREES = 120

/** Degrees; `pan` clockwise, `tilt` upwards from level. */
type Direction = { pan: number; tilt: number }
/** The coordinates run from -1 to 1: half of the whole range for each. */
const directionOf = ({ pan, tilt }: { pan: number; tilt: number }, lens: Lens): Direction => ({
  pan: ((pan * lens.pan) / 2) * (lens.flipPan ? -1 : 1),
  tilt: (((tilt - lens.level) * lens.tilt) / 2) * (lens.flipTilt ? -1 : 1),
})

/** How long the lens may be at that zoom, in halves of the picture’s width: shortest and longest. */
function lengths({ wide, tele }: Lens, zoom: number): readonly [number, number] {
  const length = (degrees: number): number => 1 / Math.tan((degrees * DEGREE) / 2)
  const share = Math.min(1, Math.max(0, zoom))
  const [short, long] = [length(wide), length(tele)]
  const models = [short + share * (long - short), short * (long / short) ** share, length(wide + share * (tele - wide))]
  return [Math.min(...models), Math.max(...models)]
}
/** Degrees that the picture is wide at the most. */
const widthAt = (lens: Lens, zoom: number): number => (2 * Math.atan(1 / lengths(lens, zoom)[0])) / DEGREE

function borderOf({ pan, tilt }: HeadBox, lens: Lens, width: number): { pan: number; tilt: number }[] {
  const [[west, east], [low, high]] = [pan, tilt]
  const degrees = Math.max(((east - west) * lens.pan) / 2, ((high - low) * lens.tilt) / 2)
  const points = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, Math.ceil((degrees / width) * POINTS_IN_PICTURE)))
  const corners = [
    { pan: west, tilt: high },
    { pan: east, tilt: high },
    { pan: east, tilt: low },
    { pan: west, tilt: low },
  ]
  return corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length] ?? from
    return Array.from({ length: points }, (_, step) => ({
      pan: from.pan + ((to.pan - from.pan) * step) / points,
      tilt: from.tilt + ((to.tilt - from.tilt) * step) / points,
    }))
  })
}

/** To the right, upwards, and along the axis of a camera that looks in `axis`. */
function seenFrom(axis: Direction, { pan, tilt }: Direction): { right: number; up: number; ahead: number } {
  const turn = (pan - axis.pan) * DEGREE
  const [own, at] = [axis.tilt * DEGREE, tilt * DEGREE]
  return {
    right: Math.cos(at) * Math.sin(turn),
    up: Math.sin(at) * Math.cos(own) - Math.cos(at) * Math.sin(own) * Math.cos(turn),
    ahead: Math.sin(at) * Math.sin(own) + Math.cos(at) * Math.cos(own) * Math.cos(turn),
  }
}
const angleOf = ({ right, up, ahead }: ReturnType<typeof seenFrom>): number =>
  Math.atan2(Math.hypot(right, up), ahead) / DEGREE

const isIn = (zoom: number, { zoom: from }: HeadBox): boolean => from === null || zoom >= from

/**
 * What those boxes cover of the picture of a head that stands still there.
 * @param aspect the picture's width by its height
 */
export function cellsAt(boxes: readonly HeadBox[], lens: Lens, at: PtzPosition, aspect: number): Cells {
  const cells = noCells()
  const axis = directionOf(at, lens)
  const [short, long] = lengths(lens, at.zoom)
  for (const box of boxes.filter((each) => isIn(at.zoom, each))) {
    const border = borderOf(box, lens, widthAt(lens, at.zoom)).map((point) => seenFrom(axis, directionOf(point, lens)))
    if (border.every(({ ahead }) => ahead <= 0)) continue
    // Straight lines stay straight, or angles stay angles: a lens is something between.
    const straight = border.map(
      ({ right, up, ahead }): Point => [right, up].map((each) => each / Math.max(BESIDE, ahead)) as never,
    )
    const even = border.map((point): Point => {
      const off = Math.hypot(point.right, point.up)
      const by = off === 0 ? 0 : (angleOf(point) * DEGREE) / off
      return [point.right * by, point.up * by]
    })
    const halfAngle = (length: number): number => 1 / Math.atan(1 / length)
    for (const shape of shapesOf(aspect)) {
      sweep(cells, straight, [short, long], shape)
      sweep(cells, even, [halfAngle(short), halfAngle(long)], shape)
    }
  }
  return grown(cells, MARGIN_CELLS)
}

/** Every length from the shortest to the longest, so close together that none between them shows a cell more. */
function sweep(cells: Cells, points: readonly Point[], [short, long]: readonly [number, number], aspect: number): void {
  const inPicture = (length: number): Point[] =>
    points.map(([x, y]) => [0.5 + (x * length) / 2, 0.5 - (y * length * aspect) / 2])
  // Lengthened, everything goes outwards: what lies outside at the shortest is outside at each.
  const first = inPicture(short)
  const outside = [0, 1].some(
    (axis) => first.every((point) => (point[axis] ?? 0) < 0) || first.every((point) => (point[axis] ?? 0) > 1),
  )
  if (outside) return
  // So many cells the edge of it moves that is furthest out while it is in the picture.
  const reach = Math.min(1, Math.max(...first.map(([x, y]) => Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) * 2)))
  const travel = Math.min(Math.log(long / short), Math.log(2 / Math.max(0.02, reach)) + 0.5) * COLUMNS
  const steps = Math.max(1, Math.ceil(Math.max(travel / 2, Math.log(long / short) * 12)))
  for (let step = 0; step <= steps; step += 1) addPolygon(cells, inPicture(short * (long / short) ** (step / steps)))
}

/** Whether a head that turns may see one of them before it is next asked where it is. */
export function isNear(boxes: readonly HeadBox[], lens: Lens, at: PtzPosition): boolean {
  const axis = directionOf(at, lens)
  const reach = widthAt(lens, 0) / 2 + NEAR_DEGREES
  return boxes.some((box) =>
    borderOf(box, lens, widthAt(lens, 0)).some((point) => angleOf(seenFrom(axis, directionOf(point, lens))) < reach),
  )
}

/** By how much of the picture's width the picture is another one; for a head that was asked twice. */
export function shiftBetween(lens: Lens, one: PtzPosition, other: PtzPosition): number {
  const turned = angleOf(seenFrom(directionOf(one, lens), directionOf(other, lens)))
  const [a, b] = [lengths(lens, one.zoom)[1], lengths(lens, other.zoom)[1]]
  return Math.max(turned / Math.min(widthAt(lens, one.zoom), widthAt(lens, other.zoom)), Math.abs(a / b - 1) / 2)
}
