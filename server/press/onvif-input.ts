/**
 * A help point whose button is wired to a digital input of a camera or an intercom. Not here: how its events are heard
 * (camera), what a press does (press-desk).
 */
import type { CameraId } from '../glossary/camera.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { newId } from '../tools/identity.ts'
import { type AcceptPress, acceptUntilTaken } from './press-until-taken.ts'

/** `input`: null for any of the device's. `pressed`: what the input says while the button is pressed; its idle polarity is the device's choice. */
export type WiredButton = { helpPoint: HelpPointId; camera: CameraId; input: string | null; pressed: boolean }
export type HeardInput = { input: string; active: boolean; at: string | null; initial: boolean }

const SAME_MESSAGE_MS = 10 * 60_000

export function createOnvifInput({ buttons, accept, clockOffsetMs, clock, onError }: { buttons(): readonly WiredButton[]; accept: AcceptPress; /** The device's clock minus ours; null until it was asked. */ clockOffsetMs(camera: CameraId): number | null; clock: Clock; onError(error: unknown): void }) {
  const stopped = new AbortController()

  async function press({ helpPoint, camera }: WiredButton, { input, at }: HeardInput): Promise<void> {
    // The same message told twice is one press. A device whose clock stands still tells one time again and again: ours is in it, too.
    const key = at === null ? newId('input', clock.now()) : `onvif ${camera} ${input} ${at} ${Math.floor(clock.now() / SAME_MESSAGE_MS)}`
    // It tells while we listen: by its own clock it was sent now.
    const offset = clockOffsetMs(camera)
    const sentAt = offset === null ? at : isoTime(clock.now() + offset)
    await acceptUntilTaken({ helpPoint, key, pressedAt: at, sentAt, kind: 'press', source: 'onvif-input', by: camera }, { accept, clock, signal: stopped.signal, onError })
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
