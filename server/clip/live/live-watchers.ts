/**
 * Who follows a camera's newest picture, part by part, on this side of the video thread. A viewer begins at the newest
 * keyframe that is here, hears each part once and in order, and begins anew when the recorder does.
 */
import type { CameraId } from '../../glossary/camera.ts'
import type { LiveForm } from '../../glossary/clip.ts'
import type { LiveStartBytes } from './live-pictures.ts'
import { Failure } from '../../tools/failure.ts'
import type { LivePart } from './live-window.ts'

export type LiveListener = {
  /** The picture begins here: everything since the newest keyframe. */
  begin(start: LiveStartBytes): void
  part(part: LivePart<Uint8Array>): void
  /**
   * There is no live picture now; `begin` follows when there is one again. With a refusal it does not: it is asked for
   * again. `words`: why it is covered for a while.
   */
  gone(why?: Failure, words?: string): void
}
export type LiveViewer = {
  /** Leaves out what was missed: begins at the newest keyframe. */ again(): void
  leave(): void
}

type Viewer = {
  camera: CameraId
  form: LiveForm
  listener: LiveListener
  run: number | null
  last: { number: number; index: number }
  waiting: LivePart<Uint8Array>[] | null
  /** How often it began: only the newest beginning counts. */ starts: number
  left: boolean
}

export function createLiveWatchers(options: {
  watch(camera: CameraId, form: LiveForm): Promise<LiveStartBytes | { covered: string } | null>
  unwatch(camera: CameraId, form: LiveForm): Promise<void>
  onError(error: unknown): void
}) {
  const { watch, unwatch, onError } = options
  const viewers = new Map<string, Set<Viewer>>()
  const keyOf = (camera: CameraId, form: LiveForm): string => `${camera} ${form}`

  async function start(viewer: Viewer): Promise<void> {
    // What is told while the beginning is on its way must not overtake it.
    viewer.waiting = []
    viewer.starts += 1
    const mine = viewer.starts
    let refused: Failure | undefined
    const found = await watch(viewer.camera, viewer.form).catch((error: unknown) => {
      if (error instanceof Failure) refused = error
      else onError(error)
      return null
    })
    // The thread may have died meanwhile, and a newer beginning be on its way: it has what is told now.
    if (viewer.left || viewer.starts !== mine) return
    const told = viewer.waiting ?? []
    viewer.waiting = null
    viewer.run = found && 'run' in found ? found.run : null
    if (!found) return viewer.listener.gone(refused)
    if ('covered' in found) return viewer.listener.gone(undefined, found.covered)
    viewer.last = { number: found.number, index: found.index }
    viewer.listener.begin(found)
    for (const part of told) deliver(viewer, part)
  }

  function deliver(viewer: Viewer, live: LivePart<Uint8Array>): void {
    if (viewer.waiting) return void viewer.waiting.push(live)
    if (live.run !== viewer.run) return void start(viewer)
    const { number, index } = live
    if (number < viewer.last.number || (number === viewer.last.number && index <= viewer.last.index)) return
    viewer.last = { number, index }
    viewer.listener.part(live)
  }

  return {
    watch(camera: CameraId, form: LiveForm, listener: LiveListener): LiveViewer {
      const viewer: Viewer = {
        camera,
        form,
        listener,
        run: null,
        last: { number: -1, index: -1 },
        waiting: null,
        starts: 0,
        left: false,
      }
      const key = keyOf(camera, form)
      const others = viewers.get(key) ?? new Set<Viewer>()
      viewers.set(key, others.add(viewer))
      void start(viewer)
      return {
        again: () => void start(viewer),
        leave(): void {
          if (viewer.left) return
          viewer.left = true
          others.delete(viewer)
          if (others.size > 0) return
          viewers.delete(key)
          unwatch(camera, form).catch(onError)
        },
      }
    },
    /** What the video thread told: a part, or null when the recorder has ended. */
    news(camera: CameraId, form: LiveForm, live: LivePart<Uint8Array> | null, words?: string): void {
      for (const viewer of viewers.get(keyOf(camera, form)) ?? []) {
        if (live) deliver(viewer, live)
        else if (viewer.run !== null) {
          viewer.run = null
          viewer.listener.gone(undefined, words)
        }
      }
    },
    /** The video thread is a new one: everybody begins again. */
    restart(): void {
      for (const all of viewers.values()) for (const viewer of all) void start(viewer)
    },
    count: (): number => [...viewers.values()].reduce((sum, all) => sum + all.size, 0),
  }
}
