/**
 * The moves of one camera: each command to its head, and what is known of the head. head-life keeps the session. Not
 * here: which camera is chosen (camera-choice), what proves a move (framing-*).
 */
import type { CameraId, Preset, PresetToken, PtzPosition, PtzStatus, PtzVelocity } from '../../glossary/camera.ts'
import type { OnvifAccess } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { Aim, AimRange, Limits } from '../framing/geometric-aim.ts'
import { createOnvifClient } from '../onvif/onvif-client.ts'
import type { Inventory } from '../onvif/onvif-inventory.ts'
import type { OnvifPtz } from '../onvif/onvif-ptz.ts'
import { createHeadBearings, storedPosition } from './head-bearings.ts'
import { CALL_DEADLINE_MS, KEEP_WARM_MS, MOVE_DEADLINE_MS, STATUS_DEADLINE_MS } from './head-deadlines.ts'
import { type HeadNews, createHeadLife } from './head-life.ts'
import { type HeadMemory, learnDevice, newHeadMemory } from './head-memory.ts'
import { createHeadPresets } from './head-presets.ts'
import { type Fault, type HeadSession, type TakeInventory, createHeadSetup, faultOf } from './head-session.ts'

/** Right after a start, a press waits so long for the session that is being set up. */
const FIRST_SESSION_MS = 6000

export type CameraHead = ReturnType<typeof createCameraHead>

export function createCameraHead({
  id,
  access,
  clock,
  takeInventory,
  mounted = () => false,
  sharedHead = () => null,
  memory = newHeadMemory(),
  onLearnt = () => {},
  onPresets = () => {},
  onPresetsGone = () => {},
  onTurn = () => {},
  mayChange,
  confirmed = () => true,
  listened = () => false,
  random = Math.random,
  onHealth,
  onSession,
  onClock = () => {},
  onInput = () => {},
  onListening = () => {},
}: {
  id: CameraId
  access: OnvifAccess
  clock: Clock
  takeInventory: TakeInventory
  /** Whether the site file says how it hangs. */ mounted?(): boolean
  /** Why its head is another camera's to move; null when it is not. */ sharedHead?(inventory: Inventory): string | null
  /** What was seen of it before. */ memory?: HeadMemory
  onLearnt?(): void
  /** Its presets were read. */ onPresets?(presets: readonly Preset[]): void
  /** Presets that it had are no longer there. `away`: it was not reached for a while before. */ onPresetsGone?(
    tokens: PresetToken[],
    away: boolean,
  ): void
  /** It is told to turn in a moment. */ onTurn?(): void
  /** Whether this server still moves the town's cameras. */ mayChange?: (() => boolean) | undefined
  /** Whether the preset is still what the engineer confirmed. */ confirmed?(token: PresetToken): boolean
  /** Whether somebody wants to hear its digital inputs. */ listened?(): boolean
  random?(): number
} & Pick<HeadNews, 'onHealth' | 'onSession'> &
  Partial<HeadNews>) {
  const client = createOnvifClient({ access, clock, ...(mayChange ? { mayChange } : {}) })
  const stopped = new AbortController()
  const { signal } = stopped
  const bearings = createHeadBearings({ memory, clock, validMs: KEEP_WARM_MS + STATUS_DEADLINE_MS, onLearnt })
  const tokens = createHeadPresets({ onPresets, onPresetsGone })
  const noted = { notePresets: tokens.note, asking: bearings.asking }
  const life = createHeadLife({
    client,
    clock,
    signal,
    setup: createHeadSetup({
      access,
      client,
      clock,
      signal,
      takeInventory,
      mounted,
      sharedHead,
      onInventory(inventory) {
        // One that does not say now what it is may be the same device.
        if (!inventory.unanswered.includes('GetDeviceInformation') && learnDevice(memory, inventory)) onLearnt()
      },
      ...noted,
    }),
    ...noted,
    listened,
    random,
    news: { onHealth, onSession, onClock, onInput, onListening },
  })
  const { session } = life

  function live(): HeadSession {
    const found = session()
    if (found) return found
    const reason = life.health().reason ?? 'it was not reached yet.'
    throw new Failure('camera/unreachable', `${id} cannot be asked: ${reason}`)
  }
  function ptz(): OnvifPtz {
    const found = live()
    if (found.ptz) return found.ptz
    const fault = faultOf(found)
    throw new Failure(
      'camera/fixed',
      fault ? `${id} cannot be moved: ${fault.words}` : `${id} is a fixed camera; it has no pan, tilt or presets.`,
    )
  }
  async function readyHead(): Promise<OnvifPtz> {
    if (life.health().onvif === 'unknown') await Promise.race([life.settled, clock.sleep(FIRST_SESSION_MS, signal)])
    return ptz()
  }
  function mustBeWanted(wanted: AbortSignal | undefined): void {
    if (wanted?.aborted) throw new Failure('camera/held', `${id} was needed elsewhere.`)
  }
  function turn(): void {
    bearings.turning()
    onTurn()
  }
  async function refreshPresets(): Promise<Preset[]> {
    const presets = tokens.note(await ptz().getPresets(CALL_DEADLINE_MS), false)
    const now = session()
    if (now) now.presets = presets
    return presets
  }

  return {
    id,
    health: life.health,
    /** Null until the camera was reached once. */
    ptz: (): boolean | null => {
      const now = session()
      return now ? now.ptz !== null : null
    },
    inventory: (): Inventory | null => session()?.inventory ?? null,
    knownTokens: (): ReadonlySet<PresetToken> | null => (session()?.ptz ? tokens.known() : null),
    /** Why it answers and cannot be recorded or moved; null when it can. */
    fault: (): Fault | null => {
      const now = session()
      return now && faultOf(now)
    },
    presetPosition: (token: PresetToken) => storedPosition(session()?.presets ?? [], token),
    /** False when name or place of the preset have changed since the engineer confirmed them. */
    presetConfirmed: (token: PresetToken): boolean => confirmed(token),
    moveStatusTrusted: bearings.moveStatusTrusted,
    positionTrusted: bearings.positionTrusted,
    lookedAt: bearings.lookedAt,
    lastPosition: bearings.lastPosition,
    follows: bearings.follows,
    learnFollows: bearings.learnFollows,
    deadlineMs: bearings.deadlineMs,
    learnMove: bearings.learnMove,
    async gotoPreset(token: PresetToken, wanted?: AbortSignal): Promise<void> {
      const head = await readyHead()
      // Some cameras say OK to a token they do not have: what is not known is asked for first.
      const known = session()?.presets
      if (
        known &&
        tokens.known() !== null &&
        !known.some((preset) => preset.token === token) &&
        !(await refreshPresets()).some((preset) => preset.token === token)
      )
        throw new Failure('preset/unknown', `${id} has no preset ${token}.`)
      mustBeWanted(wanted)
      turn()
      await head.gotoPreset(token, MOVE_DEADLINE_MS)
    },
    /**
     * Null when it does not say that it can be turned by degrees, or was not asked (it has no `mount` in the site
     * file).
     */
    aimRange: (): AimRange | null => session()?.aimRange ?? null,
    /** @throws camera/fixed when it cannot be turned there */
    async aim(aim: () => Aim | null, wanted?: AbortSignal): Promise<void> {
      const head = await readyHead()
      const found = aim()
      if (!found) throw new Failure('camera/fixed', `${id} cannot be turned there by coordinates.`)
      mustBeWanted(wanted)
      turn()
      await head.aim(found, session()?.aimRange?.zoom ?? false, CALL_DEADLINE_MS)
    },
    /** What the camera says it is; null before its first session. */
    device: (): (Pick<Inventory, 'manufacturer' | 'model' | 'serial' | 'firmware'> & { mac: string | null }) | null => {
      const now = session()?.inventory
      return now ? { ...now, mac: life.hardwareAddress(now.serial) } : null
    },
    async startTour(tour: string): Promise<void> {
      turn()
      await ptz().startTour(tour, CALL_DEADLINE_MS)
    },
    async goHome(wanted?: AbortSignal): Promise<void> {
      const head = await readyHead()
      mustBeWanted(wanted)
      turn()
      await head.gotoHome(CALL_DEADLINE_MS)
    },
    async goTo(position: Partial<PtzPosition>): Promise<void> {
      turn()
      await ptz().absoluteMove(position, CALL_DEADLINE_MS)
    },
    async status(): Promise<PtzStatus> {
      const answered = bearings.asking()
      return answered(await ptz().getStatus(STATUS_DEADLINE_MS))
    },
    presets: refreshPresets,
    async savePreset(name: string, token: PresetToken | null): Promise<PresetToken> {
      const saved = await ptz().setPreset(name, token, CALL_DEADLINE_MS)
      await refreshPresets()
      return saved
    },
    async removePreset(token: PresetToken): Promise<void> {
      await ptz().removePreset(token, CALL_DEADLINE_MS)
      tokens.forget(token)
      await refreshPresets()
    },
    async move(velocity: PtzVelocity, timeoutMs: number): Promise<void> {
      turn()
      await ptz().continuousMove(velocity, timeoutMs, CALL_DEADLINE_MS)
    },
    /**
     * Turns to a place in its picture, so that it is in the middle then.
     * @param at shares from the middle to an edge, right and down, -1 to 1
     * @throws camera/no-centring when it cannot be told so
     */
    async centre(at: { x: number; y: number }): Promise<void> {
      const [head, now] = [ptz(), session()]
      const range = now?.pictureRange === undefined ? await head.pictureRange(CALL_DEADLINE_MS) : now.pictureRange
      if (now) now.pictureRange = range
      if (range === null)
        throw new Failure('camera/no-centring', `${id} cannot be turned to a place in its picture: steer it instead.`)
      turn()
      const within = (share: number, { min, max }: Limits): number => min + ((share + 1) / 2) * (max - min)
      await head.turnInPicture({ x: within(at.x, range.x), y: within(-at.y, range.y) }, CALL_DEADLINE_MS)
    },
    stop: async (): Promise<void> => ptz().stop(CALL_DEADLINE_MS),
    async close(): Promise<void> {
      stopped.abort()
      await life.ended()
    },
  }
}
