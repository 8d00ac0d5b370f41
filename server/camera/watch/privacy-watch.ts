/**
 * Where the heads of cameras with privacy masks look: what must be covered of their pictures follows from it. What
 * moves a head here is known before it moves; what moves it elsewhere is seen at the next look. Until a head is known
 * to stand still, nobody may take it to be.
 */
import type { CameraId, HeadLook, PtzPosition, PtzStatus } from '../../glossary/camera.ts'
import type { Lens, SiteCamera } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { wholePosition } from '../head/head-memory.ts'

type Position = Pick<PtzPosition, 'pan' | 'tilt' | 'zoom'>
export type WatchedHead = {
  status(): Promise<PtzStatus>
  /** Whether what it says of its position is more than a constant. */
  positionTrusted(): boolean
  /** Whether it was seen to say that it moves, and that it does not. */
  moveStatusTrusted(): boolean
  /** How long a move of it may take. */
  deadlineMs(): number
}

const RESTING_LOOK_MS = 250
/** Without an answer for so long, nobody knows. */
const SILENT_MS = 1000
const TURNING_LOOK_MS = 120
const UNREACHED_LOOK_MS = 1000
/** It says the same for so long: it stands still. */
const STANDS_AFTER_MS = 350
/** A share of the picture’s width: less is its encoders’ noise, and within the margin of every mask. */
const STILL_WITHIN = 0.01
/** After a command a head may stand for so long before it begins to turn. */
const LATE_START_MS = 1200

type Watched = {
  site: SiteCamera
  /** The newest command that turns it, until it is known to have ended. */
  turn: { at: number; from: Position | null } | null
  /** Wakes the look that waits for its time. */
  soon: AbortController
  told: HeadLook | null
  stop: AbortController
}

/** @param shift by how much of its width a camera’s picture is another one at another position */
export function createPrivacyWatch({
  clock,
  headOf,
  shift,
  look,
  onError,
}: {
  clock: Clock
  headOf(camera: CameraId): WatchedHead | null
  shift(lens: Lens, one: Position, other: Position): number
  look(camera: CameraId, look: HeadLook): void
  onError(error: unknown): void
}) {
  const watched = new Map<CameraId, Watched>()

  function tell({ site, told }: Watched, next: HeadLook): HeadLook {
    const same =
      told &&
      told.still === next.still &&
      told.begins === next.begins &&
      JSON.stringify(told.position) === JSON.stringify(next.position)
    if (!same) look(site.id, next)
    return same ? told : next
  }

  async function ask({ site }: Watched): Promise<{ position: Position; moving: boolean | null } | null> {
    const head = headOf(site.id)
    const silent = new AbortController()
    const status =
      head &&
      (await Promise.race([head.status().catch(() => null), clock.sleep(SILENT_MS, silent.signal).then(() => null)]))
    silent.abort()
    const position = status && head?.positionTrusted() ? wholePosition(status.position) : null
    return status && position && { position, moving: status.moving }
  }

  /**
   * A head that has not moved since it was told to may begin at any moment; one that never says that it moves may say
   * where it was sent.
   */
  function mayStillMove({ site, turn }: Watched, lens: Lens, position: Position): boolean {
    if (!turn) return false
    const head = headOf(site.id)
    const since = clock.monotonic() - turn.at
    if (!head?.moveStatusTrusted()) return since < (head?.deadlineMs() ?? Number.POSITIVE_INFINITY)
    return since < LATE_START_MS && !(turn.from && shift(lens, turn.from, position) > STILL_WITHIN)
  }

  const pause = (camera: Watched, ms: number): Promise<void> => {
    camera.soon = new AbortController()
    return clock.sleep(ms, AbortSignal.any([camera.stop.signal, camera.soon.signal]))
  }
  async function watch(camera: Watched, lens: Lens): Promise<void> {
    const { signal } = camera.stop
    /** The first of the answers that say the same. */
    let same: { at: number; position: Position } | null = null
    let last: number | null = null
    let begun: Watched['turn'] = null
    while (!signal.aborted) {
      const { turn } = camera
      if (turn !== null && turn !== begun) same = null
      begun = turn
      const at = clock.now()
      const found = await ask(camera)
      const answeredAt = clock.now()
      if (signal.aborted) return
      // Told to turn meanwhile: what it said is of before.
      if (camera.turn !== turn) {
        same = null
        continue
      }
      if (!found) {
        camera.told = tell(camera, { at: last ?? at, position: null, still: false })
        same = null
        await pause(camera, UNREACHED_LOOK_MS)
        continue
      }
      const { position, moving } = found
      if (moving === true || !same || shift(lens, same.position, position) > STILL_WITHIN) {
        // Since the look before, as far as anybody knows.
        camera.told = tell(camera, { at: camera.told?.still ? (last ?? at) : at, position, still: false })
        same = { at: answeredAt, position }
      } else if (mayStillMove(camera, lens, position)) {
        // Nor is it known to have stood until now: it may have been away and back between two looks.
        same = { at: answeredAt, position }
      } else if (at - same.at >= STANDS_AFTER_MS) {
        camera.told = camera.told?.still ? camera.told : tell(camera, { ...same, still: true })
        camera.turn = null
      }
      last = at
      await pause(camera, camera.told?.still ? RESTING_LOOK_MS : TURNING_LOOK_MS)
    }
  }

  function begin(site: SiteCamera): void {
    const camera: Watched = { site, turn: null, soon: new AbortController(), told: null, stop: new AbortController() }
    watched.set(site.id, camera)
    camera.told = tell(camera, { at: clock.now(), position: null, still: false })
    const lens = site.privacy?.lens
    if (lens) watch(camera, lens).catch(onError)
  }
  /** It was reached. One that turns, with masks for one that stands still, cannot be masked. */
  function met({ id, privacy }: SiteCamera): void {
    if (!privacy || watched.has(id) || !headOf(id)) return
    onError(
      new Error(
        `${id} turns, and its privacy masks are polygons, which hold for a camera that stands still: its ` +
          'picture is covered until they are boxes in its head’s coordinates.',
      ),
    )
    look(id, { at: clock.now(), position: null, still: false })
  }
  return {
    /** Cameras whose masks are in their heads’ coordinates; those whose masks have changed begin anew. */
    follow(cameras: readonly SiteCamera[]): void {
      const wanted = cameras.filter(({ privacy }) => privacy?.masks.some((mask) => 'box' in mask))
      for (const [id, { site, stop }] of watched) {
        const now = wanted.find((each) => each.id === id)
        if (now && JSON.stringify(now.privacy) === JSON.stringify(site.privacy)) continue
        stop.abort()
        watched.delete(id)
      }
      for (const site of wanted) if (!watched.has(site.id)) begin(site)
      for (const site of cameras) met(site)
    },
    met,
    /** It is told to turn in a moment: before anything goes to the camera. */
    turned(id: CameraId): void {
      const camera = watched.get(id)
      if (!camera) return
      const position = camera.told?.position ?? null
      // A second command while the first one is under way: that it moves says nothing of the second.
      camera.turn = { at: clock.monotonic(), from: camera.turn ? null : position }
      camera.told = tell(camera, { at: clock.now(), position, still: false, begins: true })
      camera.soon.abort()
    },
    close: (): void => watched.forEach(({ stop }) => stop.abort()),
  }
}
