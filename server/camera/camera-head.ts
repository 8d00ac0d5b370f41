/**
 * One warm ONVIF session to one camera: set up, kept warm, asked. Not here: which camera (camera-choice), proofs
 * (framing-*).
 */
import type {
  CameraHealth,
  CameraId,
  Preset,
  PresetToken,
  PtzPosition,
  PtzStatus,
  PtzVelocity,
} from '../glossary/camera.ts'
import type { OnvifAccess } from '../glossary/site.ts'
import { createBackoff } from '../tools/pace/backoff.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure, messageOf } from '../tools/failure.ts'
import { type Trouble, troubleOf } from './camera-trouble.ts'
import type { Aim, AimRange } from './framing/geometric-aim.ts'
import { hasTurned, isAway } from './framing/framing-proof.ts'
import { type HeadMemory, learnDevice, learnStatus, newHeadMemory } from './head-memory.ts'
import { pinStream } from './onvif/host-pin.ts'
import { createOnvifClient } from './onvif/onvif-client.ts'
import { type InputEvent, listenToInputs } from './onvif/onvif-events.ts'
import { answeredNo, gaveNoAnswer, refusesUs } from './onvif/onvif-failures.ts'
import { within } from '../tools/pace/within.ts'
import { moreOf } from './onvif/inventory-merge.ts'
import type { Inventory } from './onvif/onvif-inventory.ts'
import { type OnvifPtz, createOnvifPtz } from './onvif/onvif-ptz.ts'

/** How often a camera is spoken to; more often when it hangs up on who is silent for so long. */
const KEEP_WARM_MS = 8000
const KEEP_WARMER_MS = 4000
/** Presets are read again now and then: somebody may have changed them, or a reboot lost them. */
const PRESETS_EVERY = 8
/** A camera's clock drifts slowly, but somebody may set it. */
const CLOCK_EVERY = 40
const MAC_TRIES = 3
/** After so many statuses in a row that it did not tell, a head is asked for it now and then only. */
const MOST_SILENCES = 3
/** What a camera never answers is asked for once an hour in the end. */
const MOST_TURNS_OPEN = 450
/** How long a move may take: at first, and within what a head that is known may differ. */
const FIRST_MOVE_MS = 12_000
const LEAST_MOVE_MS = 4000
const MOVES_REMEMBERED = 10
const CALL_DEADLINE_MS = 2000
/** Some cameras take their time for where they look, and for saying yes to a move that has begun. */
const STATUS_DEADLINE_MS = 5000
const MOVE_DEADLINE_MS = 8000
const SETUP_DEADLINE_MS = 8000
/** All its questions together: a thread that hangs must not keep every camera of the town from its next try. */
const WHOLE_SETUP_MS = 120_000
const FIRST_SESSION_MS = 6000
const FIRST_STATUS_MS = 500
/** A camera is down when it missed two of its turns: one lost packet is no news. */
const MISSES_UNTIL_DOWN = 2
const REFUSED_FIRST_WAIT_MS = 60_000
const REFUSED_MOST_WAIT_MS = 15 * 60_000

type Session = {
  inventory: Inventory
  ptz: OnvifPtz | null
  /** Why its head is another camera's to move. */ shared: string | null
  stream: URL | null
  substream: URL | null
  presets: Preset[]
  aimRange: AimRange | null
  /** Why its stream's address may not be read. */ problem: string | null
}
/** It answers, and cannot be used all the same: which part of it, in a sentence for the operator. */
type Fault = NonNullable<Inventory['fault']>
export type TakeInventory = (access: OnvifAccess, timeoutMs: number) => Promise<Inventory>
export type CameraHead = ReturnType<typeof createCameraHead>

export function createCameraHead(options: {
  id: CameraId
  access: OnvifAccess
  clock: Clock
  takeInventory: TakeInventory
  /** Whether the site file says how it hangs. */ mounted?(): boolean
  /** Why its head is another camera's to move; null when it is not. */ sharedHead?(inventory: Inventory): string | null
  /**
   * `reason`: the words that came with it; `trouble`: what kind it is; `detail`: those words, where a sentence stands
   * for them.
   */
  onHealth(health: Pick<CameraHealth, 'onvif' | 'reason'> & { trouble?: Trouble | null; detail?: string | null }): void
  /** `stream`: null when it names none that may be read; `fault` says why. */ onSession(
    stream: URL | null,
    substream: URL | null,
    fault: Fault | null,
  ): void
  /** What was seen of it before. */ memory?: HeadMemory
  onLearnt?(): void
  /** Its presets were read. */ onPresets?(presets: readonly Preset[]): void
  /** It is told to turn in a moment. */ onTurn?(): void
  /** Whether the preset is still what the engineer confirmed. */ confirmed?(token: PresetToken): boolean
  /** Presets that it had are no longer there. `away`: it was not reached for a while before. */ onPresetsGone?(
    tokens: PresetToken[],
    away: boolean,
  ): void
  /** Its clock was read. */ onClock?(offsetMs: number): void
  /** Whether somebody wants to hear its digital inputs. */ listened?(): boolean
  onInput?(event: InputEvent): void
  /** Null when its inputs are heard, else why they are not. */ onListening?(problem: string | null): void
  random?(): number
}) {
  const {
    id,
    access,
    clock,
    takeInventory,
    mounted = () => false,
    sharedHead = () => null,
    onHealth,
    onSession,
    onPresetsGone = () => {},
    onClock = () => {},
    listened = () => false,
    onInput = () => {},
    onListening = () => {},
    memory = newHeadMemory(),
    onLearnt = () => {},
    onPresets = () => {},
    onTurn: tellTurn = () => {},
    confirmed = () => true,
    random = Math.random,
  } = options
  const client = createOnvifClient({ access, clock })
  /** When it last said where it looks, monotonic milliseconds. */
  let lookedAtAt = Number.NEGATIVE_INFINITY
  /** It was told to turn, and was not seen standing since. */
  let sent = false
  /** Where it looked is of before from now on. */
  function onTurn(): void {
    sent = true
    lookedAtAt = Number.NEGATIVE_INFINITY
    tellTurn()
  }
  const stopped = new AbortController()
  const closed = new Promise<never>((_, reject) =>
    stopped.signal.addEventListener('abort', () => reject(new Error('closing'))),
  )
  closed.catch(() => {})
  let session: Session | null = null
  let health: Pick<CameraHealth, 'onvif' | 'reason' | 'since'> = {
    onvif: 'unknown',
    reason: null,
    since: isoTime(clock.now()),
  }
  // Cameras that were all found in the same second are not all asked in the same one from then on: a press would wait
  // for that.
  let turns = Math.floor(random() * CLOCK_EVERY)
  let warmEveryMs = KEEP_WARM_MS
  let nextTurnMs = KEEP_WARM_MS
  let misses = 0
  let settle: () => void = () => {}
  /** Resolves when it is known for the first time whether the camera answers. */
  const settled = new Promise<void>((resolve) => (settle = resolve))

  function report(onvif: 'up' | 'down', reason: string | null, error: unknown = null): void {
    if (health.onvif === onvif && health.reason === reason) return
    settle()
    health = { onvif, reason, since: health.onvif === onvif ? health.since : isoTime(clock.now()) }
    onHealth({
      ...health,
      trouble: error instanceof Failure ? troubleOf(error.extra.trouble) : null,
      detail:
        error === null
          ? null
          : typeof (error as Failure).extra?.detail === 'string'
            ? String((error as Failure).extra.detail)
            : reason,
    })
  }

  async function readClock(): Promise<void> {
    const offset = await client.measureClock(CALL_DEADLINE_MS)
    if (offset !== null) onClock(offset)
  }

  /** Tokens that were there before; null until they were asked for once. */
  let had: ReadonlySet<PresetToken> | null = null
  function notePresets(presets: Preset[], away: boolean): Preset[] {
    const now = new Set(presets.map(({ token }) => token))
    const gone = [...(had ?? [])].filter((token) => !now.has(token))
    had = now
    onPresets(presets)
    if (gone.length > 0) onPresetsGone(gone, away)
    return presets
  }

  async function setUp(): Promise<Session> {
    // One that tells no time may answer all else; that it may not be there is said meanwhile.
    await readClock().catch((error: unknown) => {
      if (!gaveNoAnswer(error)) throw error
      if (!stopped.signal.aborted && health.onvif === 'unknown') report('down', messageOf(error), error)
    })
    return sessionOf(await inventoryOf(), null)
  }
  async function inventoryOf(): Promise<Inventory> {
    const inventory = await within(
      Promise.race([takeInventory(access, SETUP_DEADLINE_MS), closed]),
      { ms: WHOLE_SETUP_MS, clock, signal: stopped.signal },
      () => {
        throw new Failure('camera/unreachable', `It was not set up within ${WHOLE_SETUP_MS / 1000} s.`, {
          extra: { trouble: 'unreachable' },
        })
      },
    )
    // One that does not say now what it is may be the same device.
    if (!inventory.unanswered.includes('GetDeviceInformation') && learnDevice(memory, inventory)) onLearnt()
    return inventory
  }
  const ptzOf = ({ ptzPath, ptzProfile }: Inventory, shared: string | null): OnvifPtz | null =>
    ptzPath && ptzProfile !== null && shared === null
      ? createOnvifPtz({ client, path: ptzPath, profile: ptzProfile })
      : null
  /** @param before the session of the same camera until now: what it knew is not forgotten; null: there was none */
  async function sessionOf(inventory: Inventory, before: Session | null): Promise<Session> {
    // Picture and head each by itself: an address that may not be read is no reason not to move it.
    const pin = async (uri: string | null): Promise<{ url: URL | null; problem: string | null }> =>
      uri === null
        ? { url: null, problem: null }
        : await pinStream(uri, { base: client.base, nat: access.nat === true })
    const pinned = before?.stream ? { url: before.stream, problem: null } : await pin(inventory.streamUri)
    const substream = before?.stream ? before.substream : (await pin(inventory.smallUri)).url
    const shared = sharedHead(inventory)
    const ptz = ptzOf(inventory, shared)
    // A camera that lists no presets is a fixed view, and one that does not say where it looks is worth as much.
    const listed = ptz && (await ptz.getPresets(CALL_DEADLINE_MS).catch(nothingOf))
    const presets = listed ? notePresets(listed, before === null) : (before?.presets ?? [])
    // Where it looks now is the place before the first move; nobody waits for it for long.
    if (ptz) {
      const told = ptz.getStatus(STATUS_DEADLINE_MS).then(noteStatus, () => null)
      await within<unknown>(told, { ms: FIRST_STATUS_MS, clock, signal: stopped.signal }, () => null)
    }
    // Not every camera answers this, and none is worth less for it.
    const aimRange = ptz && mounted() ? await ptz.aimRange(CALL_DEADLINE_MS).catch(() => null) : null
    return { inventory, ptz, shared, stream: pinned.url, problem: pinned.problem, substream, presets, aimRange }
  }
  /** That there is no picture counts more than that it cannot be moved. */
  function faultOf({ inventory, problem, shared }: Session): Fault | null {
    return (
      inventory.fault ??
      (problem === null ? null : { kind: 'stream', words: problem }) ??
      (shared === null ? null : { kind: 'ptz', words: shared })
    )
  }

  let listening: Promise<void> | null = null
  /** Once begun it goes on by itself, whatever becomes of the session. */
  function listen({ inventory: { eventsPath } }: Session): void {
    if (listening || !listened()) return
    if (eventsPath === null) return onListening('It has no event service: its digital inputs cannot be heard.')
    listening = listenToInputs({
      client,
      path: () => session?.inventory.eventsPath ?? eventsPath,
      clock,
      signal: stopped.signal,
      onInput,
      onState: onListening,
    })
  }

  /**
   * For the record of what it saw only: after everything that a press needs, and not for ever. Another device at this
   * address is asked anew.
   */
  let asked = { serial: '', tries: 0, mac: null as string | null }
  async function askHardwareAddress({ inventory: { serial } }: Session): Promise<void> {
    if (asked.serial !== serial) asked = { serial, tries: 0, mac: null }
    if (asked.mac !== null || asked.tries >= MAC_TRIES) return
    asked.tries += 1
    asked.mac = await client.hardwareAddress(CALL_DEADLINE_MS).catch(() => null)
    // A question that it leaves open may cost the connection: that says nothing about how long it keeps one.
    spared = asked.mac === null
  }
  let spared = false
  /** Statuses in a row that it did not tell. */
  let silences = 0
  /**
   * Another question: what it does not answer says nothing of a camera that answers others. One that is silent is asked
   * all at once, since nobody else asks it meanwhile; one that refused our password by our clock of now, and once: some
   * lock an account after a few.
   * @throws when it answers none, or refuses our password again
   */
  async function answersAnother({ ptz: head }: Session, why: unknown): Promise<void> {
    if (refusesUs(why)) {
      if (misses > 0) throw why
      // Its clock may have jumped (a reboot): our created time would then be refused.
      await readClock().catch(nothingOf)
      await client.information(CALL_DEADLINE_MS).catch(unlessAnswered)
      return
    }
    const questions = [
      readClock(),
      ...(head ? [head.getPresets(CALL_DEADLINE_MS)] : []),
      client.information(CALL_DEADLINE_MS),
    ]
    await Promise.any(questions.map((asked) => (asked as Promise<unknown>).catch(unlessAnswered))).catch(() => {
      throw why
    })
  }
  /** How often was asked again what it left open, and when the next time is, in turns. */
  let open = { tries: 0, next: PRESETS_EVERY }
  /**
   * What it left open at its set-up, once more: it may have been busy then. What is known and used meanwhile stays as it
   * is, whatever it answers now.
   */
  async function askAgain(live: Session): Promise<void> {
    open = { tries: open.tries + 1, next: turns + Math.min(MOST_TURNS_OPEN, PRESETS_EVERY * 2 ** open.tries) }
    const inventory = await inventoryOf().catch((error: unknown) => {
      if (error instanceof Failure) return null
      throw error
    })
    if (!inventory || session !== live) return
    const more = moreOf(live.inventory, inventory)
    if (!more) return
    const fresh = await sessionOf(more, live)
    if (session !== live) return
    session = fresh
    if (fresh.stream?.href !== live.stream?.href) onSession(fresh.stream, fresh.substream, faultOf(fresh))
  }
  /** A camera that shares its head may have been met since, or be gone. */
  function followShared(live: Session): void {
    const shared = sharedHead(live.inventory)
    if (shared === live.shared) return
    live.shared = shared
    live.ptz = ptzOf(live.inventory, shared)
  }
  async function lookAt(live: Session): Promise<void> {
    if (!live.ptz || (silences >= MOST_SILENCES && turns % PRESETS_EVERY !== 0))
      return readClock().catch((error: unknown) => answersAnother(live, error))
    try {
      noteStatus(await live.ptz.getStatus(STATUS_DEADLINE_MS))
      silences = 0
    } catch (error) {
      silences += 1
      if (!answeredNo(error)) await answersAnother(live, error)
    }
    return undefined
  }
  async function keepWarm(live: Session): Promise<void> {
    const connections = client.connections()
    try {
      await lookAt(live)
      turns += 1
      if (client.connections() > connections && !spared) warmEveryMs = KEEP_WARMER_MS
      const listed =
        live.ptz && turns % PRESETS_EVERY === 0 ? await live.ptz.getPresets(CALL_DEADLINE_MS).catch(nothingOf) : null
      if (listed) live.presets = notePresets(listed, false)
      if (turns % CLOCK_EVERY === 0 || client.clockDoubted()) await readClock().catch(nothingOf)
      followShared(live)
      if (live.inventory.unanswered.length > 0 && turns >= open.next) await askAgain(live)
      misses = 0
      spared = false
      listen(live)
      report('up', session ? (faultOf(session)?.words ?? null) : null)
      await askHardwareAddress(live)
    } catch (error) {
      misses += 1
      if (misses < MISSES_UNTIL_DOWN) return
      report('down', messageOf(error), error)
      session = null
      refusedLast = refusesUs(error)
    }
  }
  /** Its session ended because it refuses our password: it is not asked again at once. */
  let refusedLast = false

  async function run(): Promise<void> {
    const unreachable = createBackoff(500, 15_000)
    const refused = createBackoff(REFUSED_FIRST_WAIT_MS, REFUSED_MOST_WAIT_MS)
    while (!stopped.signal.aborted) {
      if (session) {
        await clock.sleep(nextTurnMs, stopped.signal)
        if (!stopped.signal.aborted) await keepWarm(session)
        nextTurnMs = warmEveryMs
        continue
      }
      try {
        if (refusedLast) {
          refusedLast = false
          await clock.sleep(refused.wait(), stopped.signal)
          continue
        }
        session = await setUp()
        open = { tries: 0, next: turns + PRESETS_EVERY }
        nextTurnMs = warmEveryMs * random()
        misses = 0
        unreachable.reset()
        refused.reset()
        report('up', faultOf(session)?.words ?? null)
        onSession(session.stream, session.substream, faultOf(session))
        listen(session)
      } catch (error) {
        if (stopped.signal.aborted) return
        report('down', messageOf(error), error)
        // Some cameras lock an account after a few wrong passwords.
        await clock.sleep((refusesUs(error) ? refused : unreachable).wait(), stopped.signal)
      }
    }
  }
  const running = run()

  function noteStatus(status: PtzStatus): PtzStatus {
    if (status.position) {
      lookedAtAt = clock.monotonic()
      const turned = hasTurned(memory.lastPosition, status.position)
      // Nobody here has sent it: what it says follows its motors.
      if (turned && !sent) learnFollows(true)
      if (!turned) sent = false
    }
    if (learnStatus(memory, status)) onLearnt()
    return status
  }
  /**
   * What it says of where its presets are: all at one place, or the only one at zero, is said by a device that stores
   * none.
   */
  function storedPosition(token: PresetToken): Partial<PtzPosition> | null {
    const positions = (session?.presets ?? []).flatMap(({ position }) => (position ? [position] : []))
    const [first, ...others] = positions
    const differ =
      others.length > 0
        ? others.some((position) => isAway(first ?? null, position))
        : first !== undefined && [first.pan, first.tilt, first.zoom].some((value) => (value ?? 0) !== 0)
    return differ ? (session?.presets.find((preset) => preset.token === token)?.position ?? null) : null
  }
  /** One that follows its motors does so for good: what looks otherwise is our not knowing where it was. */
  function learnFollows(follows: boolean): void {
    if (memory.follows === true || memory.follows === follows) return
    memory.follows = follows
    onLearnt()
  }
  function live(): Session {
    if (!session)
      throw new Failure('camera/unreachable', `${id} cannot be asked: ${health.reason ?? 'it was not reached yet.'}`)
    return session
  }
  function ptz(): OnvifPtz {
    const found = live().ptz
    const fault = session && faultOf(session)
    if (!found)
      throw new Failure(
        'camera/fixed',
        fault ? `${id} cannot be moved: ${fault.words}` : `${id} is a fixed camera; it has no pan, tilt or presets.`,
      )
    return found
  }
  /** Right after a start, a press waits a moment for the session that is being set up. */
  async function readyHead(): Promise<OnvifPtz> {
    if (health.onvif === 'unknown') await Promise.race([settled, clock.sleep(FIRST_SESSION_MS, stopped.signal)])
    return ptz()
  }
  function mustBeWanted(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw new Failure('camera/held', `${id} was needed elsewhere.`)
  }
  async function refreshPresets(): Promise<Preset[]> {
    const presets = notePresets(await ptz().getPresets(CALL_DEADLINE_MS), false)
    if (session) session.presets = presets
    return presets
  }

  return {
    id,
    health: () => health,
    /** Null until the camera was reached once. */
    ptz: (): boolean | null => (session ? session.ptz !== null : null),
    inventory: (): Inventory | null => session?.inventory ?? null,
    knownTokens: (): ReadonlySet<PresetToken> | null => (session?.ptz ? had : null),
    /** Why it answers and cannot be recorded or moved; null when it can. */
    fault: (): Fault | null => session && faultOf(session),
    presetPosition: storedPosition,
    /** False when name or place of the preset have changed since the engineer confirmed them. */
    presetConfirmed: (token: PresetToken): boolean => confirmed(token),
    moveStatusTrusted: () => memory.sawMoving && memory.sawIdle,
    /** Whether what it says of its position is more than a constant: it was seen at two places. */
    positionTrusted: () => memory.turned,
    lookedAt: () => (clock.monotonic() - lookedAtAt <= KEEP_WARM_MS + STATUS_DEADLINE_MS ? memory.lastPosition : null),
    follows: () => memory.follows,
    learnFollows,
    async gotoPreset(token: PresetToken, signal?: AbortSignal): Promise<void> {
      const head = await readyHead()
      // Some cameras say OK to a token they do not have: what is not known is asked for first.
      if (
        session &&
        had !== null &&
        !session.presets.some((preset) => preset.token === token) &&
        !(await refreshPresets()).some((preset) => preset.token === token)
      )
        throw new Failure('preset/unknown', `${id} has no preset ${token}.`)
      mustBeWanted(signal)
      onTurn()
      await head.gotoPreset(token, MOVE_DEADLINE_MS)
    },
    /** How long a move of this head may take, from how long the last ones took; milliseconds. */
    deadlineMs: (): number =>
      memory.moves.length === 0
        ? FIRST_MOVE_MS
        : Math.min(FIRST_MOVE_MS, Math.max(LEAST_MOVE_MS, 2 * Math.max(...memory.moves) + 1000)),
    learnMove(ms: number): void {
      memory.moves = [...memory.moves, Math.round(ms)].slice(-MOVES_REMEMBERED)
      onLearnt()
    },
    /** Where it last said that it looks; at most a few seconds old while it stands still. */
    lastPosition: () => memory.lastPosition,
    /**
     * Null when it does not say that it can be turned by degrees, or was not asked (it has no `mount` in the site
     * file).
     */
    aimRange: (): AimRange | null => session?.aimRange ?? null,
    /** @throws camera/fixed when it cannot be turned there */
    async aim(aim: () => Aim | null, signal?: AbortSignal): Promise<void> {
      const head = await readyHead()
      const found = aim()
      if (!found) throw new Failure('camera/fixed', `${id} cannot be turned there by coordinates.`)
      mustBeWanted(signal)
      onTurn()
      await head.aim(found, session?.aimRange?.zoom ?? false, CALL_DEADLINE_MS)
    },
    /** What the camera says it is; null before its first session. */
    device: (): (Pick<Inventory, 'manufacturer' | 'model' | 'serial' | 'firmware'> & { mac: string | null }) | null =>
      session && { ...session.inventory, mac: asked.serial === session.inventory.serial ? asked.mac : null },
    async startTour(tour: string): Promise<void> {
      onTurn()
      await ptz().startTour(tour, CALL_DEADLINE_MS)
    },
    async goHome(signal?: AbortSignal): Promise<void> {
      const head = await readyHead()
      mustBeWanted(signal)
      onTurn()
      await head.gotoHome(CALL_DEADLINE_MS)
    },
    async goTo(position: Partial<PtzPosition>): Promise<void> {
      onTurn()
      await ptz().absoluteMove(position, CALL_DEADLINE_MS)
    },
    status: async (): Promise<PtzStatus> => noteStatus(await ptz().getStatus(STATUS_DEADLINE_MS)),
    presets: refreshPresets,
    async savePreset(name: string, token: PresetToken | null): Promise<PresetToken> {
      const saved = await ptz().setPreset(name, token, CALL_DEADLINE_MS)
      await refreshPresets()
      return saved
    },
    async removePreset(token: PresetToken): Promise<void> {
      await ptz().removePreset(token, CALL_DEADLINE_MS)
      had = had && new Set([...had].filter((each) => each !== token))
      await refreshPresets()
    },
    async move(velocity: PtzVelocity, timeoutMs: number): Promise<void> {
      onTurn()
      await ptz().continuousMove(velocity, timeoutMs, CALL_DEADLINE_MS)
    },
    stop: async (): Promise<void> => ptz().stop(CALL_DEADLINE_MS),
    async close(): Promise<void> {
      stopped.abort()
      // It gives its subscription back first.
      await listening
      client.close()
      await running
    },
  }
}

/** Of what a camera that answers otherwise need not answer. @throws what is no camera's */
function nothingOf(error: unknown): null {
  if (error instanceof Failure && (error.code === 'camera/refused' || error.code === 'camera/unreachable')) return null
  throw error
}
/** @throws when it was no answer, or refused our password */
function unlessAnswered(error: unknown): void {
  if (!answeredNo(error)) throw error
}
