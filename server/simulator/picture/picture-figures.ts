/**
 * People who walk up and down the pavement, and one who waits at each help point. Pure, but for the frame drawn into.
 */
import { wrap180 } from '../../tools/geography.ts'
import type { Pose } from '../motors.ts'
import { PIXELS_PER_DEGREE, seeded } from './street-drawing.ts'
import { type Planes, yuvOf } from './street-picture.ts'

type Colour = [number, number, number]
export type Figure = {
  bearing: number
  /** Degrees a second; 0 stands. */ speed: number
  /** Where the feet are. */ tilt: number
  /** Pixels at zoom 1. */ height: number
  coat: Colour
  legs: Colour
  phase: number
}

const SKIN = yuvOf(214, 170, 140)
const COATS: Colour[] = [
  yuvOf(176, 42, 48),
  yuvOf(34, 74, 140),
  yuvOf(214, 160, 40),
  yuvOf(46, 110, 70),
  yuvOf(235, 235, 230),
  yuvOf(92, 60, 120),
]
const LEGS: Colour[] = [yuvOf(30, 34, 48), yuvOf(60, 52, 46), yuvOf(20, 20, 22)]

export function populate(seed: number, waitingAt: readonly number[]): Figure[] {
  const random = seeded(seed ^ 0x51ed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const walkers = Array.from({ length: 26 }, (): Figure => ({
    bearing: random() * 360,
    speed: (random() < 0.5 ? -1 : 1) * (1.2 + random() * 2.2),
    tilt: -19.5 - random() * 3.5,
    height: 96 + random() * 30,
    coat: pick(COATS),
    legs: pick(LEGS),
    phase: random() * 6,
  }))
  const waiting = waitingAt.map((bearing): Figure => ({
    bearing: bearing + 3,
    speed: 0,
    tilt: -21,
    height: 118,
    coat: yuvOf(196, 60, 130),
    legs: yuvOf(30, 34, 48),
    phase: 0,
  }))
  return [...walkers, ...waiting].sort((a, b) => b.tilt - a.tilt)
}

export function drawFigures(frame: Planes, figures: readonly Figure[], pose: Pose, seconds: number): void {
  const scale = PIXELS_PER_DEGREE * pose.zoom
  for (const { bearing, speed, tilt, height, coat, legs, phase } of figures) {
    const x = frame.width / 2 + wrap180(bearing + speed * seconds - pose.pan) * scale
    const h = height * pose.zoom
    if (x < -h || x > frame.width + h) continue
    const feet = frame.height / 2 + (pose.tilt - tilt) * scale
    const swing = speed === 0 ? 0 : Math.sin(seconds * 6 + phase) * h * 0.1
    rect(frame, x - h * 0.09 + swing * 0.5, feet - h * 0.45, h * 0.08, h * 0.45, legs)
    rect(frame, x + h * 0.01 - swing * 0.5, feet - h * 0.45, h * 0.08, h * 0.45, legs)
    ellipse(frame, x, feet - h * 0.62, h * 0.15, h * 0.24, coat)
    rect(frame, x - h * 0.19, feet - h * 0.8, h * 0.06, h * 0.34, coat)
    rect(frame, x + h * 0.13, feet - h * 0.8, h * 0.06, h * 0.34, coat)
    ellipse(frame, x, feet - h * 0.92, h * 0.08, h * 0.1, SKIN)
  }
}

function rect(frame: Planes, x: number, y: number, width: number, height: number, colour: Colour): void {
  spans(frame, y, y + height, colour, () => [x, x + width])
}

function ellipse(frame: Planes, cx: number, cy: number, rx: number, ry: number, colour: Colour): void {
  spans(frame, cy - ry, cy + ry, colour, (y) => {
    const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / ry) ** 2))
    return [cx - half, cx + half]
  })
}

function spans(
  frame: Planes,
  from: number,
  to: number,
  [y, u, v]: Colour,
  at: (row: number) => [number, number],
): void {
  for (let row = Math.max(0, Math.round(from)); row < Math.min(frame.height, Math.round(to)); row += 1) {
    const [left, right] = at(row)
    const first = Math.max(0, Math.round(left))
    const last = Math.min(frame.width, Math.round(right))
    if (last <= first) continue
    frame.y.fill(y, row * frame.width + first, row * frame.width + last)
    if (row % 2 === 1) continue
    const half = (row / 2) * (frame.width / 2)
    frame.u.fill(u, half + (first >> 1), half + (last >> 1))
    frame.v.fill(v, half + (first >> 1), half + (last >> 1))
  }
}
