/** A closer look at what is there: the picture is enlarged in the page, the camera stays as it is. Wheel, drag, double click. */
const MOST = 8
const STEP = 1.18

/** How the picture lies: enlarged `scale` times, moved by shares of its frame. */
export type Enlarged = { scale: number; x: number; y: number }
export const WHOLE: Enlarged = { scale: 1, x: 0, y: 0 }

const held = (value: number, scale: number): number => {
  const most = (scale - 1) / 2
  return Math.max(-most, Math.min(most, value))
}
/**
 * Enlarged about a place of the frame, so that what is there stays there. Pure.
 * @param at shares of the frame from its middle, -0.5 to 0.5
 */
export function zoomed({ scale, x, y }: Enlarged, factor: number, at: { x: number; y: number }): Enlarged {
  const next = Math.max(1, Math.min(MOST, scale * factor))
  const grown = next / scale
  return {
    scale: next,
    x: held(at.x - (at.x - x) * grown, next),
    y: held(at.y - (at.y - y) * grown, next),
  }
}
/** Moved by shares of the frame. Pure. */
export const moved = ({ scale, x, y }: Enlarged, by: { x: number; y: number }): Enlarged => ({
  scale,
  x: held(x + by.x, scale),
  y: held(y + by.y, scale),
})

export function createDigitalZoom({ video, onChange }: { video(): HTMLVideoElement | null; onChange(): void }) {
  let now = WHOLE
  let from: { x: number; y: number } | null = null

  function set(next: Enlarged): void {
    if (next.scale === now.scale && next.x === now.x && next.y === now.y) return
    now = next
    const element = video()
    if (element)
      element.style.transform = now.scale === 1 ? '' : `translate(${now.x * 100}%, ${now.y * 100}%) scale(${now.scale})`
    onChange()
  }
  const placeIn = ({ clientX, clientY, currentTarget }: MouseEvent): { x: number; y: number } => {
    const { left, top, width, height } = (currentTarget as HTMLElement).getBoundingClientRect()
    return { x: (clientX - left) / width - 0.5, y: (clientY - top) / height - 0.5 }
  }
  return {
    scale: (): number => now.scale,
    reset: (): void => set(WHOLE),
    onWheel(event: WheelEvent): void {
      // The page's own zoom, and a picture that is whole already, which lets the page scroll.
      if (event.ctrlKey || (now.scale === 1 && event.deltaY > 0)) return
      event.preventDefault()
      set(zoomed(now, event.deltaY < 0 ? STEP : 1 / STEP, placeIn(event)))
    },
    onDown(event: PointerEvent): void {
      // A button on the picture is pressed, not dragged.
      if (now.scale === 1 || event.button !== 0 || (event.target as Element).closest('button')) return
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      from = placeIn(event)
    },
    onMove(event: PointerEvent): void {
      if (!from) return
      const at = placeIn(event)
      set(moved(now, { x: at.x - from.x, y: at.y - from.y }))
      from = at
    },
    onUp(): void {
      from = null
    },
  }
}
