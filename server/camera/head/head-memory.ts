/**
 * What was seen of each head, kept over restarts: that its position changes, that it says when it moves, where it was
 * last. What a device always says proves nothing; that it can say something else is known only from having seen it.
 * Beside the data, rewritten as a whole; without it everything is learnt again. Not here: what follows from it
 * (framing-proof).
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { CameraId, HeadLook, PtzPosition, PtzStatus } from '../../glossary/camera.ts'
import type { Clock } from '../../tools/clock.ts'
import { hasTurned } from '../framing/framing-proof.ts'

export type HeadMemory = {
  /** Which device this is about: another one at the same address begins anew. '' until it was asked. */
  device: string
  /** It was seen to look in two different directions. */
  turned: boolean
  sawMoving: boolean
  sawIdle: boolean
  lastPosition: Partial<PtzPosition> | null
  /** Whether what it tells follows its motors (framing-proof); null: nobody knows. */
  follows: boolean | null
  /** How long its last moves took, milliseconds. */
  moves: number[]
}
export const newHeadMemory = (): HeadMemory => ({
  device: '',
  turned: false,
  sawMoving: false,
  sawIdle: false,
  lastPosition: null,
  follows: null,
  moves: [],
})

/** @returns whether that was news worth keeping; a new position alone is not, since each status brings one. */
export function learnStatus(memory: HeadMemory, { moving, position }: PtzStatus): boolean {
  const turned = position !== null && hasTurned(memory.lastPosition, position)
  const isNews =
    (turned && !memory.turned) || (moving === true && !memory.sawMoving) || (moving === false && !memory.sawIdle)
  memory.turned ||= turned
  memory.sawMoving ||= moving === true
  memory.sawIdle ||= moving === false
  if (position) memory.lastPosition = position
  return isNews
}
/**
 * What was seen of another device at this address says nothing of this one. A device without a serial number is known
 * by its model only.
 * @returns whether it is another one
 */
export function learnDevice(
  memory: HeadMemory,
  { manufacturer, model, serial, source }: { manufacturer: string; model: string; serial: string; source: string },
): boolean {
  const device = [manufacturer, model, serial, source].join(' / ')
  if (memory.device === device) return false
  if (memory.device !== '') Object.assign(memory, newHeadMemory())
  memory.device = device
  return true
}

/** Of a coordinate, with what a camera rounds. */
const MOST_COORDINATE = 1.01
/** Null when it leaves an axis out, or speaks of another space than the generic ones. */
export function wholePosition(position: PtzStatus['position']): HeadLook['position'] {
  const { pan, tilt, zoom, panTiltSpace, zoomSpace } = position ?? {}
  const isGeneric = [panTiltSpace, zoomSpace].every((space) => space === undefined || space.endsWith('GenericSpace'))
  if (pan === undefined || tilt === undefined || zoom === undefined || !isGeneric) return null
  // Degrees that are not named so.
  const isInside =
    Math.abs(pan) <= MOST_COORDINATE &&
    Math.abs(tilt) <= MOST_COORDINATE &&
    zoom >= 1 - MOST_COORDINATE &&
    zoom <= MOST_COORDINATE
  return isInside ? { pan, tilt, zoom } : null
}

const SAVE_AFTER_MS = 5000

export function openHeadMemories({
  file,
  clock,
  onError,
}: {
  file: string
  clock: Clock
  onError(error: unknown): void
}) {
  const memories = new Map<CameraId, HeadMemory>(read(file))
  const stopped = new AbortController()
  let saving: Promise<void> | null = null

  function save(): void {
    try {
      writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(memories)), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    } catch (error) {
      rmSync(`${file}.new`, { force: true })
      onError(error)
    }
  }

  return {
    of(camera: CameraId): HeadMemory {
      const known = memories.get(camera) ?? newHeadMemory()
      memories.set(camera, known)
      return known
    },
    /** Something was learnt: it is written in a few seconds, never while somebody waits for a move. */
    changed(): void {
      saving ??= clock.sleep(SAVE_AFTER_MS, stopped.signal).then(() => {
        saving = null
        save()
      })
    },
    async close(): Promise<void> {
      const last = saving
      stopped.abort()
      await last
    },
  }
}
export type HeadMemories = ReturnType<typeof openHeadMemories>

function read(file: string): [CameraId, HeadMemory][] {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<HeadMemory>>
    return Object.entries(found).map(([camera, memory]) => [camera as CameraId, { ...newHeadMemory(), ...memory }])
  } catch {
    return []
  }
}
