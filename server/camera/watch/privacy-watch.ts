/**
 * Where the heads of cameras with privacy masks look: what must be covered of their pictures follows from it. What
 * moves a head here is known before it moves; what moves it elsewhere is seen at the next look. Until a head is known
 * to stand still, nobody may take it to be.
 */
import type { CameraId, HeadLook, PtzPosition, PtzStatus } from '../../glossary/camera.ts'
import type { Lens, SiteCamera } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'

type Position = Pick<PtzPosition, 'pan' | 'tilt' | 'zoom'>
export type WatchedHead = {
  status(): Promise<PtzStatus>
  /** Whether what it says of its position is more than a constant. */
  positionTrusted(): boolean
  /** Whether it was seen to say that it moves, and that it does not. */
  moveStatusTrusted(): boolean
}

const RESTING_LOOK_MS = 500
const TURNING_LOOK_MS = 120
const UNREACHED_LOOK_MS = 1000
/** It says the same for so long: it stands still. */
const STANDS_AFTER_MS = 350
/** A share of the picture’s width: less is its encoders’ noise, and within the margin of every mask. */
const STILL_WITHIN = 0.01
/** After a command a head may stand for so long before it begins to turn; longer where it does not say that it moves. */
const LATE_START_MS = { trusted: 1200, untrusted: 3000 }

type Watched = {
  site: SiteCamera
  /** The newest command that turns it, until it is known to have ended. */
  turn: { at: number; from: Position | null } | null
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
    const same = told && told.still === next.still && JSON.stringify(told.position) === JSON.stringify(next.position)
    if (!same) look(site.id, next)
    return same ? told : next
  }

  async function ask({ site }: Watched): Promise<{ position: Position; moving: boolean | null } | null> {
    const head = headOf(site.id)
    const status = head && (await head.status().catch(() => null))
    const position = status && head?.positionTrusted() ? wholePosition(status.position) : null
    return status && position && { position, moving: status.moving }
  }

  /** A head that has not moved since it was told to may begin at any moment. */
  function mayStillBegin({ site, turn }: Watched, lens: Lens, position: Position): boolean {
    if (!turn || (turn.from && shift(lens, turn.from, position) > STILL_WITHIN)) return false
    const late = headOf(site.id)?.moveStatusTrusted() ? LATE_START_MS.trusted : LATE_START_MS.untrusted
    return clock.monotonic() - turn.at < late
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
      if (signal.aborted) return
      // Told to turn meanwhile: what it said is of before.
      if (camera.turn !== turn) {
        same = null
        continue
      }
      if (!found) {
        camera.told = tell(camera, { at: last ?? at, position: null, still: false })
        same = null
        await clock.sleep(UNREACHED_LOOK_MS, signal)
        continue
      }
      const { position, moving } = found
      if (moving === true || !same || shift(lens, same.position, position) > STILL_WITHIN) {
        // Since the look before, as far as anybody knows.
        camera.told = tell(camera, { at: camera.told?.still ? (last ?? at) : at, position, still: false })
        same = { at, position }
      } else if (mayStillBegin(camera, lens, position)) {
        // Nor is it known to have stood until now: it may have been away and back between two looks.
        same = { at, position }
      } else if (at - same.at >= STANDS_AFTER_MS) {
        camera.told = camera.told?.still ? camera.told : tell(camera, { ...same, still: true })
        camera.turn = null
      }
      last = at
      await clock.sleep(camera.told?.still ? RESTING_LOOK_MS : TURNING_LOOK_MS, signal)
    }
  }

  function begin(site: SiteCamera): void {
    const camera: Watched = { site, turn: null, told: null, stop: new AbortController() }
    watched.set(site.id, camera)
    camera.told = tell(camera, { at: clock.now(), position: null, still: false })
    const lens = site.privacy?.lens
    if (lens) watch(camera, lens).catch(onError)
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
    },
    /** It was reached. One that turns, with masks for one that stands still, cannot be masked. */
    met(site: SiteCamera): void {
      if (!site.privacy || watched.has(site.id) || !headOf(site.id)) return
      onError(
        new Error(
          `${site.id} turns, and its privacy masks are polygons, which hold for a camera that stands still: its ` +
            'picture is covered until they are boxes in its head’s coordinates (lamppost check FILE).',
        ),
      )
      look(site.id, { at: clock.now(), position: null, still: false })
    },
    /** It is told to turn in a moment: before anything goes to the camera. */
    turned(id: CameraId): void {
      const camera = watched.get(id)
      if (!camera) return
      const { told } = camera
      camera.turn = { at: clock.monotonic(), from: told?.position ?? null }
      camera.told = tell(camera, { at: clock.now(), position: told?.position ?? null, still: false })
    },
    close: (): void => watched.forEach(({ stop }) => stop.abort()),
  }
}

/** Null when it leaves an axis out, or speaks of another space than the generic ones. */
export function wholePosition(position: PtzStatus['position']): Position | null {
  const { pan, tilt, zoom, panTiltSpace, zoomSpace } = position ?? {}
  const isGeneric = [panTiltSpace, zoomSpace].every((space) => space === undefined || space.endsWith('GenericSpace'))
  return pan === undefined || tilt === undefined || zoom === undefined || !isGeneric ? null : { pan, tilt, zoom }
}
