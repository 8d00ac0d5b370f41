import type { PresetToken, PtzPosition, PtzStatus } from '../../server/glossary/camera.ts'
import type { FramingHead } from '../../server/camera/framing/framing-run.ts'
import { Failure } from '../../server/tools/failure.ts'

/** A head whose answers a test chooses; by default it turns for a second and then stands at the preset. */
export function createFakeHead(options: {
  presets?: Record<string, PtzPosition>
  now(): number
  turnMs?: number
  refuse?: Failure
  /** Turns all the same. */ obeys?: boolean
  silent?: boolean
  noPosition?: boolean
  noMoveStatus?: boolean
  neverArrives?: boolean
}): FramingHead & { asked: string[] } {
  const presets = options.presets ?? { '3': { pan: 0.5, tilt: -0.1, zoom: 0.2 } }
  const away: PtzPosition = { pan: -0.4, tilt: 0, zoom: 0 }
  let target: PtzPosition | null = null
  let since = 0
  let seenMoving = false
  const asked: string[] = []
  const arrived = (): boolean => target !== null && options.now() - since >= (options.turnMs ?? 1000)
  return {
    asked,
    async gotoPreset(token) {
      asked.push(token)
      if (options.refuse && !options.obeys) throw options.refuse
      const found = presets[token]
      if (!found)
        throw new Failure('camera/refused', `The camera refused GotoPreset: There is no preset ${token}`, {
          extra: { fault: 'env:Sender ter:InvalidArgVal ter:NoToken' },
        })
      target = found
      since = options.now()
      if (options.refuse) throw options.refuse
    },
    async status(): Promise<PtzStatus> {
      if (options.silent) throw new Failure('camera/unreachable', 'no answer')
      const moving = target !== null && !arrived()
      seenMoving ||= moving && !options.noMoveStatus
      // Blocked on its way.
      const short: PtzPosition = { pan: 0.1, tilt: -0.05, zoom: 0.1 }
      const position = arrived() ? (options.neverArrives ? short : target) : away
      return { position: options.noPosition ? null : position, moving: options.noMoveStatus ? null : moving }
    },
    aim: async () => {
      asked.push('aim')
      target = { pan: 0.3, tilt: -0.2, zoom: 0 }
      since = options.now()
    },
    goHome: async () => {
      asked.push('home')
      target = { pan: 0, tilt: 0, zoom: 0 }
      since = options.now()
    },
    presetPosition: (token: PresetToken) => (options.noPosition ? null : (presets[token] ?? null)),
    deadlineMs: () => 12_000,
    learnMove: () => {},
    moveStatusTrusted: () => seenMoving,
  }
}
