/**
 * Whether a camera answers: its session is set up, kept warm, and begun anew after it was lost. Not here: what the camera
 * is (head-session), where it is sent (camera-head).
 */
import type { CameraHealth, Preset, PtzStatus } from '../../glossary/camera.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import { type Trouble, troubleOf } from '../camera-trouble.ts'
import { moreOf } from '../onvif/inventory-merge.ts'
import type { OnvifClient } from '../onvif/onvif-client.ts'
import { type InputEvent, listenToInputs } from '../onvif/onvif-events.ts'
import { answeredNo, gaveNoAnswer, nothingOf, refusesUs, unlessAnswered } from '../onvif/onvif-failures.ts'
import { CALL_DEADLINE_MS, KEEP_WARMER_MS, KEEP_WARM_MS, STATUS_DEADLINE_MS } from './head-deadlines.ts'
import { type Fault, type HeadSession, type createHeadSetup, faultOf } from './head-session.ts'

/** Presets are read again now and then: somebody may have changed them, or a reboot lost them. */
const PRESETS_EVERY = 8
/** A camera's clock drifts slowly, but somebody may set it. */
const CLOCK_EVERY = 40
const MAC_TRIES = 3
/** After so many statuses in a row that it did not tell, a head is asked for it now and then only. */
const MOST_SILENCES = 3
/** What a camera never answers is asked for once an hour in the end. */
const MOST_TURNS_OPEN = 450
/** A camera is down when it missed two of its turns: one lost packet is no news. */
const MISSES_UNTIL_DOWN = 2
const REFUSED_FIRST_WAIT_MS = 60_000
const REFUSED_MOST_WAIT_MS = 15 * 60_000

/** What becomes known of a camera while it lives. */
export type HeadNews = {
  /**
   * `reason`: the words that came with it; `trouble`: what kind it is; `detail`: those words, where a sentence stands
   * for them.
   */
  onHealth(health: Pick<CameraHealth, 'onvif' | 'reason'> & { trouble?: Trouble | null; detail?: string | null }): void
  /** `stream`: null when it names none that may be read; `fault` says why. */
  onSession(stream: URL | null, substream: URL | null, fault: Fault | null): void
  /** Its clock was read. */
  onClock(offsetMs: number): void
  onInput(event: InputEvent): void
  /** Null when its inputs are heard, else why they are not. */
  onListening(problem: string | null): void
}

/**
 * @param signal ends it
 * @param listened whether somebody wants to hear its digital inputs
 */
export function createHeadLife({
  client,
  clock,
  signal,
  setup,
  notePresets,
  asking,
  listened,
  random,
  news: { onHealth, onSession, onClock, onInput, onListening },
}: {
  client: OnvifClient
  clock: Clock
  signal: AbortSignal
  setup: ReturnType<typeof createHeadSetup>
  notePresets(presets: Preset[], away: boolean): Preset[]
  /** It is asked now; what takes its answer. */
  asking(): (status: PtzStatus) => PtzStatus
  listened(): boolean
  random(): number
  news: HeadNews
}) {
  let session: HeadSession | null = null
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

  async function begin(): Promise<HeadSession> {
    // One that tells no time may answer all else; that it may not be there is said meanwhile.
    await readClock().catch((error: unknown) => {
      if (!gaveNoAnswer(error)) throw error
      if (!signal.aborted && health.onvif === 'unknown') report('down', messageOf(error), error)
    })
    return setup.session(await setup.inventory(), null)
  }

  let listening: Promise<void> | null = null
  /** Once begun it goes on by itself, whatever becomes of the session. */
  function listen({ inventory: { eventsPath } }: HeadSession): void {
    if (listening || !listened()) return
    if (eventsPath === null) return onListening('It has no event service: its digital inputs cannot be heard.')
    listening = listenToInputs({
      client,
      path: () => session?.inventory.eventsPath ?? eventsPath,
      clock,
      signal,
      onInput,
      onState: onListening,
    })
  }

  /**
   * For the record of what it saw only: after everything that a press needs, and not for ever. Another device at this
   * address is asked anew.
   */
  let asked = { serial: '', tries: 0, mac: null as string | null }
  async function askHardwareAddress({ inventory: { serial } }: HeadSession): Promise<void> {
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
  async function answersAnother({ ptz: head }: HeadSession, why: unknown): Promise<void> {
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
  async function askAgain(live: HeadSession): Promise<void> {
    open = { tries: open.tries + 1, next: turns + Math.min(MOST_TURNS_OPEN, PRESETS_EVERY * 2 ** open.tries) }
    const inventory = await setup.inventory().catch((error: unknown) => {
      if (error instanceof Failure) return null
      throw error
    })
    if (!inventory || session !== live) return
    const more = moreOf(live.inventory, inventory)
    if (!more) return
    const fresh = await setup.session(more, live)
    if (session !== live) return
    session = fresh
    if (fresh.stream?.href !== live.stream?.href) onSession(fresh.stream, fresh.substream, faultOf(fresh))
  }
  async function lookAt(live: HeadSession): Promise<void> {
    if (!live.ptz || (silences >= MOST_SILENCES && turns % PRESETS_EVERY !== 0))
      return readClock().catch((error: unknown) => answersAnother(live, error))
    try {
      const answered = asking()
      answered(await live.ptz.getStatus(STATUS_DEADLINE_MS))
      silences = 0
    } catch (error) {
      silences += 1
      if (!answeredNo(error)) await answersAnother(live, error)
    }
    return undefined
  }
  async function keepWarm(live: HeadSession): Promise<void> {
    const connections = client.connections()
    try {
      await lookAt(live)
      turns += 1
      if (client.connections() > connections && !spared) warmEveryMs = KEEP_WARMER_MS
      const listed =
        live.ptz && turns % PRESETS_EVERY === 0 ? await live.ptz.getPresets(CALL_DEADLINE_MS).catch(nothingOf) : null
      if (listed) live.presets = notePresets(listed, false)
      if (turns % CLOCK_EVERY === 0 || client.clockDoubted()) await readClock().catch(nothingOf)
      setup.followShared(live)
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
    while (!signal.aborted) {
      if (session) {
        await clock.sleep(nextTurnMs, signal)
        if (!signal.aborted) await keepWarm(session)
        nextTurnMs = warmEveryMs
        continue
      }
      try {
        if (refusedLast) {
          refusedLast = false
          await clock.sleep(refused.wait(), signal)
          continue
        }
        session = await begin()
        open = { tries: 0, next: turns + PRESETS_EVERY }
        nextTurnMs = warmEveryMs * random()
        misses = 0
        unreachable.reset()
        refused.reset()
        report('up', faultOf(session)?.words ?? null)
        onSession(session.stream, session.substream, faultOf(session))
        listen(session)
      } catch (error) {
        if (signal.aborted) return
        report('down', messageOf(error), error)
        // Some cameras lock an account after a few wrong passwords.
        await clock.sleep((refusesUs(error) ? refused : unreachable).wait(), signal)
      }
    }
  }
  const running = run()

  return {
    /** Null while it is not reached. */
    session: (): HeadSession | null => session,
    health: () => health,
    /** Resolves when it is known for the first time whether the camera answers. */
    settled,
    /** Of the device that answers now; null until it said so. */
    hardwareAddress: (serial: string): string | null => (asked.serial === serial ? asked.mac : null),
    /** After `signal`: resolves when nothing more is asked. */
    async ended(): Promise<void> {
      // It gives its subscription back first.
      await listening
      client.close()
      await running
    },
  }
}
