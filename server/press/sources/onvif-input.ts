/**
 * A help point whose button is wired to a digital input of a camera or an intercom. Not here: how its events are heard
 * (camera), what a press does (press-desk).
 */
import type { CameraId } from '../../glossary/camera.ts'
import type { HelpPointId } from '../../glossary/press.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { newId } from '../../tools/identity.ts'
import { type InputMemory, type KnownInput, openInputMemory } from './input-memory.ts'
import { type AcceptPress, acceptUntilTaken } from '../press-until-taken.ts'

/**
 * `input`: null for any of the device's. `pressed`: what the input says while the button is pressed; its idle
 * polarity is the device's choice.
 */
export type WiredButton = { helpPoint: HelpPointId; camera: CameraId; input: string | null; pressed: boolean }
/**
 * `initial`: the input's state when one begins to listen; `unheardSince`: milliseconds since 1970, null when it was
 * never heard before.
 */
export type HeardInput = {
  input: string
  active: boolean
  at: string | null
  initial: boolean
  unheardSince: number | null
}
/**
 * For how long an equal key means the same press: a camera tells a message again when our answer to its pull was
 * lost, within one life of a subscription. A camera whose clock stands still gives each press the same time.
 */
export const SAME_MESSAGE_MS = 2 * 60_000

export function createOnvifInput({
  buttons,
  accept,
  clockOffsetMs,
  clock,
  onError,
  memory = openInputMemory({ file: null, onError }),
}: {
  buttons(): readonly WiredButton[]
  accept: AcceptPress
  /** The device's clock minus ours; null until it was asked. */ clockOffsetMs(camera: CameraId): number | null
  clock: Clock
  onError(error: unknown): void
  /** What was heard before this server was started. */ memory?: InputMemory
}) {
  const stopped = new AbortController()

  const nameOf = (camera: CameraId, input: string): string => `${camera} ${input}`
  function remember(camera: CameraId, { input, active, at }: HeardInput): KnownInput {
    const before = memory.of(nameOf(camera, input))
    const stoodStill = before !== undefined && before.active !== active && at !== null && at === before.changedAt
    const known = { active, heardAt: clock.now(), changedAt: at, spent: (before?.spent ?? 0) + (stoodStill ? 1 : 0) }
    memory.set(nameOf(camera, input), known)
    return known
  }

  async function press({ helpPoint, camera }: WiredButton, { input, at }: HeardInput, spent: number): Promise<void> {
    // The same message told twice is one press.
    const key =
      at === null ? newId('input', clock.now()) : `onvif ${camera} ${input} ${at}${spent === 0 ? '' : ` ${spent}`}`
    // It tells while we listen: by its own clock it was sent now.
    const offset = clockOffsetMs(camera)
    const sentAt = offset === null ? at : isoTime(clock.now() + offset)
    await acceptUntilTaken(
      {
        helpPoint,
        key,
        sameForMs: SAME_MESSAGE_MS,
        pressedAt: at,
        sentAt,
        kind: 'press',
        source: 'onvif-input',
        by: camera,
      },
      { accept, clock, signal: stopped.signal, onError },
    )
  }
  /** Not pressed when the device was last heard, pressed now: somebody pressed meanwhile, and may still stand there. */
  async function pressedUnheard({ helpPoint, camera }: WiredButton, from: number): Promise<void> {
    const now = clock.now()
    const between = { from: isoTime(from), to: isoTime(now) }
    await acceptUntilTaken(
      {
        helpPoint,
        key: newId('input', now),
        pressedAt: null,
        between,
        kind: 'press',
        source: 'onvif-input',
        by: camera,
      },
      { accept, clock, signal: stopped.signal, onError },
    )
  }

  return {
    /** The room's cameras are on their way when this returns. */
    heard(camera: CameraId, event: HeardInput): void {
      const before = memory.of(nameOf(camera, event.input))
      // A device may name any number of inputs: those that are nobody's button are not kept.
      if (!buttons().some((each) => each.camera === camera && (each.input === null || each.input === event.input)))
        return
      const { spent } = remember(camera, event)
      for (const button of buttons()) {
        if (
          button.camera !== camera ||
          (button.input !== null && button.input !== event.input) ||
          event.active !== button.pressed
        )
          continue
        // What a device says when one begins to listen is its state; against what it said before it may be a press.
        if (!event.initial) void press(button, event, spent)
        else if (before && before.active !== event.active)
          void pressedUnheard(button, Math.max(before.heardAt, event.unheardSince ?? before.heardAt))
      }
    },
    async close(): Promise<void> {
      stopped.abort()
      await memory.close()
    },
  }
}
