/**
 * A hand on a camera's head: what it wants now, told to the camera again and again while it holds, and a stop as soon
 * as it lets go. If this page dies in between, the camera stops by itself: each command is good for less than a
 * second. Not here: keys, pads and controllers (lamppost-steer).
 */
export type Velocity = { pan: number; tilt: number; zoom: number }
export const STILL: Velocity = { pan: 0, tilt: 0, zoom: 0 }

const AGAIN_MS = 300
/** Smaller changes are a trembling hand. */
const FINEST = 0.04

const isStill = ({ pan, tilt, zoom }: Velocity): boolean => pan === 0 && tilt === 0 && zoom === 0
const clamp = (value: number): number => (Math.abs(value) < FINEST ? 0 : Math.max(-1, Math.min(1, value)))
const near = (a: Velocity, b: Velocity): boolean =>
  Math.abs(a.pan - b.pan) < FINEST && Math.abs(a.tilt - b.tilt) < FINEST && Math.abs(a.zoom - b.zoom) < FINEST

/** @param move good for longer than the time between two calls. @param onProblem hears why the camera did not follow */
export function createSteering({
  move,
  stop,
  onProblem,
}: {
  move(velocity: Velocity): Promise<void>
  stop(): Promise<void>
  onProblem(error: unknown): void
}) {
  let wanted = STILL
  let sent = STILL
  let asking = false
  /** Refused: nothing more is asked until whatever holds it has let go once. */
  let refused = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** One command on its way at a time: a slow camera must not get a queue of old wishes. */
  async function tell(): Promise<void> {
    clearTimeout(timer)
    if (asking) return
    asking = true
    const now = wanted
    try {
      if (!isStill(now)) await move(now)
      else if (!isStill(sent)) await stop()
      sent = now
    } catch (error) {
      refused = !isStill(wanted)
      wanted = STILL
      sent = STILL
      onProblem(error)
    } finally {
      asking = false
    }
    if (!near(wanted, now) || isStill(wanted) !== isStill(now)) void tell()
    else if (!isStill(wanted)) timer = setTimeout(() => void tell(), AGAIN_MS)
  }

  return {
    wanted: (): Velocity => wanted,
    /** Shares of the camera's speed, -1..1. */
    want({ pan, tilt, zoom }: Velocity): void {
      const next = { pan: clamp(pan), tilt: clamp(tilt), zoom: clamp(zoom) }
      if (isStill(next)) refused = false
      if (refused) return
      const same = near(next, wanted) && isStill(next) === isStill(wanted)
      wanted = next
      if (!same) void tell()
    },
    /** Whatever holds it, lets go. */
    stopMoving(): void {
      refused = false
      if (isStill(wanted) && isStill(sent)) return
      wanted = STILL
      void tell()
    },
  }
}

/**
 * Where a stick or a drag stands, as a speed: nothing near the middle, fine steps around it, and up is up. Pure.
 * @param x -1..1, right.
 * @param y -1..1, down
 */
export function stickVelocity(x: number, y: number, dead = 0.12): Pick<Velocity, 'pan' | 'tilt'> {
  const length = Math.hypot(x, y)
  if (length < dead) return { pan: 0, tilt: 0 }
  const reach = Math.min(1, (length - dead) / (1 - dead))
  const speed = reach * reach
  return { pan: (x / length) * speed, tilt: (-y / length) * speed }
}

/** What the keys that are held ask for. Pure. @param held `KeyboardEvent.key` of each */
export function keyVelocity(held: ReadonlySet<string>, slow: boolean): Velocity {
  const speed = slow ? 0.12 : 0.45
  const axis = (more: readonly string[], less: readonly string[]): number =>
    (Number(more.some((key) => held.has(key))) - Number(less.some((key) => held.has(key)))) * speed
  return {
    pan: axis(['ArrowRight'], ['ArrowLeft']),
    tilt: axis(['ArrowUp'], ['ArrowDown']),
    zoom: axis(['+', '=', 'PageUp'], ['-', '_', 'PageDown']),
  }
}
export const STEERING_KEYS = new Set([
  'ArrowRight',
  'ArrowLeft',
  'ArrowUp',
  'ArrowDown',
  '+',
  '=',
  '-',
  '_',
  'PageUp',
  'PageDown',
])

/** A controller in the standard layout: left stick turns, right stick or triggers zoom. Pure. */
export function padVelocity({
  axes,
  buttons,
}: {
  axes: readonly number[]
  buttons: readonly { value: number }[]
}): Velocity {
  const [x = 0, y = 0, , right = 0] = axes
  const triggers = (buttons[7]?.value ?? 0) - (buttons[6]?.value ?? 0)
  const zoom = Math.abs(triggers) > 0.05 ? triggers : stickVelocity(0, right).tilt
  return { ...stickVelocity(x, y), zoom }
}
