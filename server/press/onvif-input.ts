/**
 * A help point whose button is wired to a digital input of a camera or an intercom. Not here: how its events are heard
 * (camera), what a press does (press-desk).
 */
import type { CameraId } from '../glossary/camera.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import type { Arrival } from './press-desk.ts'

/** `input`: null for any of the device's. `pressed`: what the input says while the button is pressed; its idle polarity is the device's choice. */
export type WiredButton = { helpPoint: HelpPointId; camera: CameraId; input: string | null; pressed: boolean }
export type HeardInput = { input: string; active: boolean; at: string | null; initial: boolean }

const AGAIN_MS = 1000
const SAME_MESSAGE_MS = 10 * 60_000
/** The device tells it once: the press is kept trying as long as a person could still wait for somebody. */
const PATIENCE_MS = 30 * 60_000

export function createOnvifInput({ buttons, accept, clock, onError }: { buttons(): readonly WiredButton[]; accept(arrival: Arrival): Promise<unknown>; clock: Clock; onError(error: unknown): void }) {
  const stopped = new AbortController()

  async function press({ helpPoint, camera }: WiredButton, { input, at }: HeardInput): Promise<void> {
    // The same message told twice is one press. A device whose clock stands still tells one time again and again: ours is in it, too.
    const key = at === null ? newId('input', clock.now()) : `onvif ${camera} ${input} ${at} ${Math.floor(clock.now() / SAME_MESSAGE_MS)}`
    for (const until = clock.monotonic() + PATIENCE_MS; !stopped.signal.aborted && clock.monotonic() < until; await clock.sleep(AGAIN_MS, stopped.signal)) {
      try {
        await accept({ helpPoint, key, pressedAt: at, kind: 'press', source: 'onvif-input' })
        return
      } catch (error) {
        onError(error)
        if (!(error instanceof Failure && error.code === 'ledger/unavailable')) return
      }
    }
  }

  return {
    /** The room's cameras are on their way when this returns. */
    heard(camera: CameraId, event: HeardInput): void {
      // What a device says when one begins to listen is its state, not a person.
      if (event.initial) return
      for (const button of buttons()) if (button.camera === camera && (button.input === null || button.input === event.input) && event.active === button.pressed) void press(button, event)
    },
    close: (): void => stopped.abort(),
  }
}
