/**
 * Do presets still show what they should? In quiet hours each mapped preset is recalled once a day, one camera at a
 * time, its picture compared with what it was taught, and the head sent back. Never while an incident holds the
 * camera or somebody steers it; a press takes it at once.
 */
import type { CameraId, PresetCheck, PresetToken } from '../../glossary/camera.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { localTime } from '../../tools/local-time.ts'
import type { Judgement } from '../framing/framing-proof.ts'

export type Mapped = { camera: CameraId; token: PresetToken }
export type DriftPort = {
  /** Every preset that shows a help point, in the site file's order. */
  mapped(): Mapped[]
  /** Null when the camera is free and answers; else why not, for a person. */
  busy(camera: CameraId): string | null
  taught(camera: CameraId, token: PresetToken): Promise<boolean>
  /** Whether the camera lists it, as far as it was asked. */
  lists(camera: CameraId, token: PresetToken): boolean
  frame(camera: CameraId, token: PresetToken, signal: AbortSignal): Promise<Judgement>
  /** Where the head was before, else home. */
  sendBack(camera: CameraId): Promise<void>
  /** Whether this is a quiet hour of the town. */
  quiet(): boolean
  onChecked(check: PresetCheck): void
}

const LOOK_EVERY_MS = 60_000
const AGAIN_AFTER_MS = 20 * 3_600_000
/** What could not be compared is tried again soon, after the others. */
const NOT_COMPARED_AGAIN_MS = 10 * 60_000

export function startDriftWatch({ port, clock }: { port: DriftPort; clock: Clock }) {
  const stopped = new AbortController()
  const checks = new Map<string, PresetCheck>()
  const running = new Map<CameraId, AbortController>()
  const tried = new Map<string, number>()
  const keyOf = ({ camera, token }: Mapped): string => `${camera}\n${token}`

  function noted(mapped: Mapped, result: PresetCheck['result'], words: string | null): PresetCheck {
    const check: PresetCheck = { ...mapped, at: isoTime(clock.now()), result, words }
    checks.set(keyOf(mapped), check)
    port.onChecked(check)
    return check
  }

  /** @throws camera/held when the camera is needed elsewhere, now or before the check is done. */
  async function check(mapped: Mapped): Promise<PresetCheck> {
    const { camera, token } = mapped
    const words = running.has(camera) ? 'another check of it is under way' : port.busy(camera)
    if (words !== null) throw new Failure('camera/held', `${camera} cannot be checked now: ${words}.`)
    const stop = new AbortController()
    const end = (): void => stop.abort()
    stopped.signal.addEventListener('abort', end, { once: true })
    running.set(camera, stop)
    try {
      const taught = await port.taught(camera, token)
      const { state, proofs, reason, compared = true } = await port.frame(camera, token, stop.signal)
      if (stop.signal.aborted) throw new Failure('camera/held', `${camera} was needed while it was being checked.`)
      if (state === 'failed' && !port.lists(camera, token)) return noted(mapped, 'gone', reason)
      if (proofs.includes('picture')) return noted(mapped, 'agrees', null)
      if (state === 'failed') return noted(mapped, 'unreached', reason)
      if (taught && !compared) return noted(mapped, 'not-compared', reason)
      return taught
        ? noted(mapped, 'drifted', reason)
        : noted(mapped, 'not-taught', 'It has no reference picture to be compared with.')
    } finally {
      stopped.signal.removeEventListener('abort', end)
      running.delete(camera)
      // Whoever took it knows where it should look.
      if (!stop.signal.aborted) await port.sendBack(camera).catch(() => {})
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
      if (stopped.signal.aborted || !port.quiet()) continue
      const triedAt = (mapped: Mapped): number => tried.get(keyOf(mapped)) ?? Number.NEGATIVE_INFINITY
      // Who was tried longest ago comes first: one that can never be compared keeps none from its turn.
      const [due] = port
        .mapped()
        .filter((mapped) => {
          const last = checks.get(keyOf(mapped))
          const again = last?.result === 'not-compared' ? NOT_COMPARED_AGAIN_MS : AGAIN_AFTER_MS
          return (!last || clock.now() - Date.parse(last.at) > again) && port.busy(mapped.camera) === null
        })
        .toSorted((a, b) => triedAt(a) - triedAt(b))
      if (due) tried.set(keyOf(due), clock.monotonic())
      if (due)
        await check(due).catch((error: unknown) =>
          error instanceof Failure ? null : noted(due, 'unreached', messageOf(error)),
        )
    }
  }
  const watching = watch()

  return {
    check,
    last: (camera: CameraId, token: PresetToken): PresetCheck | null => checks.get(keyOf({ camera, token })) ?? null,
    /**
     * Found without looking: the camera has this preset no more.
     * @param away it was there before the camera was away for a while.
     */
    gone: (mapped: Mapped, away: boolean): PresetCheck =>
      noted(
        mapped,
        away ? 'lost-after-reboot' : 'gone',
        away
          ? 'It was there before the camera was away: it may have lost its presets when it started again.'
          : 'The camera does not list it.',
      ),
    /** Found without looking: the camera has another name or place for this preset than was confirmed. */
    changed: (mapped: Mapped, words: string): PresetCheck => noted(mapped, 'changed', words),
    /** Somebody needs this camera now: a check of it ends without another word. */
    yieldTo(camera: CameraId): void {
      running.get(camera)?.abort()
    },
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}

/**
 * Whether a wall-clock moment lies in a town's quiet hours, which may cross midnight. Pure.
 * @param hours "04:00" and so on, in the town's zone.
 */
export function isQuiet(now: number, timezone: string, hours: { from: string; to: string }): boolean {
  const time = localTime(now, timezone)
  return hours.from <= hours.to ? time >= hours.from && time < hours.to : time >= hours.from || time < hours.to
}
