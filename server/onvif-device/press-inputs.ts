/**
 * The inputs of the device, one for each help point: pressed from the press until somebody has taken it, or for so many
 * seconds. Each state lasts two seconds at least, so that a client that looks only now and then sees it, and each call
 * is a rise of its own: one that comes while the last is still shown waits until that was let go.
 */
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { HelpPointId, PressKind } from '../glossary/press.ts'
import type { Clock } from '../tools/clock.ts'

/** Facts: pollers of events ask once a second, some every other second. */
export const HELD_MS = 2000
/** For a press that joins an incident which somebody has: it is told, and calls nobody away. */
const PULSE_MS = 5000
/** What a full disk has held back for longer is no news. */
const NEWS_MS = 60_000
/** Nobody presses so often; what comes faster is one call with the last of them. */
const MOST_WAITING = 20

/** `until`: monotonic; null: until somebody has taken it. */
type Call = { incident: IncidentId; until: number | null }
type Input = {
  pressed: boolean
  since: number
  /** Of which call it is pressed now, or was last. */ call: Call | null
  waiting: Call[]
}

export function createPressInputs({
  clock,
  activeMs,
  unfinished,
  isOurs = () => true,
  onChange,
}: {
  clock: Clock
  /** Null: until somebody has taken it. */ activeMs: number | null
  unfinished(): readonly Incident[]
  /** Left out: every help point has an input here. */
  isOurs?(helpPoint: HelpPointId): boolean
  /** @param at wall clock, milliseconds */
  onChange(helpPoint: HelpPointId, pressed: boolean, at: number): void
}) {
  const inputs = new Map<HelpPointId, Input>()
  const stopped = new AbortController()
  let nextLook = new AbortController()

  const at = (helpPoint: HelpPointId): Input => {
    const found = inputs.get(helpPoint) ?? {
      pressed: false,
      since: Number.NEGATIVE_INFINITY,
      call: null,
      waiting: [],
    }
    inputs.set(helpPoint, found)
    return found
  }
  const isCalling = (id: IncidentId): boolean => unfinished().some((incident) => incident.id === id && calls(incident))
  /** @param isWaiting whether somebody of its incident still waits */
  const isOver = ({ until }: Call, now: number, isWaiting: boolean): boolean =>
    until === null ? !isWaiting : now >= until

  /** What is due now is done. Returns when the next thing is. */
  function advance(helpPoint: HelpPointId, input: Input, calling: ReadonlySet<IncidentId>): number {
    for (;;) {
      const now = clock.monotonic()
      const held = input.since + HELD_MS
      const isDone =
        input.pressed &&
        (input.waiting.length > 0 || !input.call || isOver(input.call, now, calling.has(input.call.incident)))
      const isDue = !input.pressed && input.waiting.length > 0
      if (!isDone && !isDue) return input.pressed && input.call?.until != null ? input.call.until : Infinity
      if (now < held) return held
      input.call = isDue ? (input.waiting.shift() ?? null) : input.call
      // The seconds of a call count from when it is shown.
      if (isDue && input.call?.until != null) input.call = { ...input.call, until: now + (activeMs ?? PULSE_MS) }
      input.pressed = isDue
      input.since = now
      onChange(helpPoint, input.pressed, clock.now())
    }
  }
  function look(): void {
    nextLook.abort()
    if (stopped.signal.aborted || inputs.size === 0) return
    const calling = new Set(
      unfinished()
        .filter(calls)
        .map(({ id }) => id),
    )
    nextLook = new AbortController()
    const { signal } = nextLook
    const due = Math.min(Infinity, ...[...inputs].map(([helpPoint, input]) => advance(helpPoint, input, calling)))
    if (due === Infinity) return
    void clock.sleep(Math.max(0, due - clock.monotonic()), signal).then(() => {
      if (!signal.aborted) look()
    })
  }

  function call(helpPoint: HelpPointId, incident: IncidentId): void {
    const input = at(helpPoint)
    const isWaiting = isCalling(incident)
    const isTaken = activeMs === null && !isWaiting
    const until = activeMs === null && !isTaken ? null : clock.monotonic() + (activeMs ?? PULSE_MS)
    const last = input.waiting.at(-1) ?? (input.pressed ? input.call : null)
    if (last?.incident === incident && !(last === input.call && isOver(last, clock.monotonic(), isWaiting))) {
      // It is shown already: pressed again, it is shown for longer.
      last.until = last.until === null || until === null ? null : Math.max(last.until, until)
      return
    }
    if (input.waiting.length >= MOST_WAITING) input.waiting.pop()
    input.waiting.push({ incident, until })
  }

  return {
    /** What is so when the device begins: a press that nobody has taken yet is shown, and told to nobody as news. */
    begin(): void {
      if (activeMs !== null) return
      for (const incident of unfinished().filter((each) => calls(each) && isOurs(each.helpPoint)))
        Object.assign(at(incident.helpPoint), { pressed: true, call: { incident: incident.id, until: null } })
    },
    /** Everything that is written into the record. An attended incident may show in any entry of it. */
    heard(entry: Entry): void {
      const pressed =
        entry.kind === 'press.received'
          ? { ...entry.body.press, incident: entry.body.incident }
          : entry.kind === 'press.coalesced'
            ? entry.body
            : null
      if (pressed && isCall(pressed) && isOurs(pressed.helpPoint)) {
        const isNews = clock.now() - Date.parse(entry.at) < NEWS_MS
        // Whoever still waits is no old news.
        if (isNews || (activeMs === null && isCalling(pressed.incident))) call(pressed.helpPoint, pressed.incident)
      }
      look()
    },
    /** The help point has no input any more. */
    forget: (helpPoint: HelpPointId): void => void inputs.delete(helpPoint),
    pressed: (helpPoint: HelpPointId): boolean => inputs.get(helpPoint)?.pressed ?? false,
    close(): void {
      stopped.abort()
      nextLook.abort()
    },
  }
}

/** A person who has called, and whom nobody has answered. Drills are told to no VMS by this way: it has no words. */
export const calls = ({ state, calledAt, recalledAt, presses }: Incident): boolean =>
  calledAt !== null && (state === 'open' || (state === 'acknowledged' && recalledAt !== null)) && presses.some(isCall)
/** Of a person, and of now: it was not held on its way. */
export const isCall = ({ kind, late }: { kind: PressKind; late?: boolean }): boolean =>
  kind === 'press' && late !== true
