/**
 * What is known of each help point's chain: its last press, drill and sign of life, and what is overdue. A fold, but
 * for the signs of life.
 */
import type { Recorded } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { ChainResult, DrillResult, HelpPointProof, VoiceDrill } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import { isoTime } from '../tools/clock.ts'
import { lastLocal, nextLocal } from '../tools/local-time.ts'
import { voiceProofOf } from './voice-drill.ts'

type Known = {
  lastPress: string | null
  lastDrill: string | null
  lastChain: ChainResult | null
  lastDrillResult: DrillResult | null
  lastPassed: string | null
  lastScheduled: string | null
  silent: boolean
  lastVoiceDrill: VoiceDrill | null
  lastVoiceProof: HelpPointProof['lastVoiceProof']
  /** When its voice was tried by the schedule. */
  lastVoiceScheduled: string | null
  lastRegistered: string | null
  /** How loud the tone came back when it was proved first, or when an engineer said that it is right; dBFS. */
  usualDb: number | null
}
type Saved = [HelpPointId, Known][]

const NOTHING: Known = {
  lastPress: null,
  lastDrill: null,
  lastChain: null,
  lastDrillResult: null,
  lastPassed: null,
  lastScheduled: null,
  silent: false,
  lastVoiceDrill: null,
  lastVoiceProof: null,
  lastVoiceScheduled: null,
  lastRegistered: null,
  usualDb: null,
}
/** A drill may wait for an incident to end before it counts as overdue. */
const DRILL_GRACE_MS = 3_600_000
/** One sign of life may be lost, and the next one be late. */
const SILENT_AFTER = 3

export type ReadinessBook = ReturnType<typeof createReadinessBook>

/** @param startedAt since when signs of life could be heard, milliseconds since 1970. */
export function createReadinessBook({ startedAt }: { startedAt: number }) {
  const known = new Map<HelpPointId, Known>()
  const heartbeats = new Map<HelpPointId, number>()
  const of = (id: HelpPointId): Known => known.get(id) ?? NOTHING
  const learn = (id: HelpPointId, change: Partial<Known>): void => void known.set(id, { ...of(id), ...change })

  const drillOverdue = ({ id, drillAt }: HelpPoint, now: number, timezone: string): boolean => {
    if (drillAt === null) return false
    const due = lastLocal(now - DRILL_GRACE_MS, timezone, drillAt)
    const { lastPassed } = of(id)
    return lastPassed === null ? startedAt < due : Date.parse(lastPassed) < due
  }
  function voiceOverdue(helpPoint: HelpPoint, now: number, timezone: string): boolean {
    if (helpPoint.drillAt === null || voiceProofOf(helpPoint) === null) return false
    const due = lastLocal(now - DRILL_GRACE_MS, timezone, helpPoint.drillAt)
    const { lastVoiceProof, lastRegistered } = of(helpPoint.id)
    const at = voiceProofOf(helpPoint) === 'registration' ? lastRegistered : (lastVoiceProof?.at ?? null)
    return at === null ? startedAt < due : Date.parse(at) < due
  }
  function voiceTried(drill: VoiceDrill): void {
    const { helpPoint, at, how, by, levelDb, problem, taught } = drill
    const { usualDb: before, lastVoiceDrill: last, lastVoiceProof: proof } = of(helpPoint)
    if (by === 'schedule') learn(helpPoint, { lastVoiceScheduled: at })
    if (how === 'registration') {
      // That it is known at the edge says nothing about a tone that did not come back, nor about one that did.
      if (problem === null) learn(helpPoint, { lastRegistered: at })
      if (problem !== null || last === null || last.how === 'registration') learn(helpPoint, { lastVoiceDrill: drill })
      if (problem === null && proof?.how !== 'both-ways') learn(helpPoint, { lastVoiceProof: { at, how } })
      return
    }
    learn(helpPoint, { lastVoiceDrill: drill })
    if (problem === null)
      learn(helpPoint, { lastVoiceProof: { at, how }, usualDb: taught ? levelDb : (before ?? levelDb) })
  }
  const isSilent = ({ id, heartbeatMs }: HelpPoint, now: number): boolean =>
    heartbeatMs !== null && now - (heartbeats.get(id) ?? startedAt) > SILENT_AFTER * heartbeatMs

  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'press.received') {
        const { helpPoint, kind, receivedAt, source } = entry.body.press
        learn(
          helpPoint,
          kind === 'drill'
            ? { lastDrill: receivedAt, ...(source === 'schedule' ? { lastScheduled: receivedAt } : {}) }
            : { lastPress: receivedAt },
        )
      } else if (entry.kind === 'press.coalesced') learn(entry.body.helpPoint, { lastPress: entry.body.to })
      else if (entry.kind === 'chain.finished') learn(entry.body.helpPoint, { lastChain: entry.body })
      else if (entry.kind === 'drill.finished')
        learn(entry.body.helpPoint, {
          lastChain: entry.body,
          lastDrillResult: entry.body,
          ...(entry.body.passed ? { lastPassed: entry.body.at } : {}),
        })
      else if (entry.kind === 'voice.proved') voiceTried({ ...entry.body, problem: null })
      else if (entry.kind === 'voice.failed') {
        const { what, ...result } = entry.body
        voiceTried({ ...result, problem: what })
      } else if (entry.kind === 'help-point.silent') learn(entry.body.helpPoint, { silent: true })
      else if (entry.kind === 'help-point.heard') learn(entry.body.helpPoint, { silent: false })
    },
    /** The newest drill's result there. */
    drillOf: (helpPoint: HelpPointId): DrillResult | null => of(helpPoint).lastDrillResult,
    save: (): Saved => [...known],
    restore(saved: Saved): void {
      for (const [id, each] of saved) known.set(id, each)
    },
    /** It lives: it pressed, or said so. @param at milliseconds since 1970 */
    heard: (id: HelpPointId, at: number): void => void heartbeats.set(id, at),
    /** Whether what is told of its silence has changed. */
    silenceChanged: (helpPoint: HelpPoint, now: number): 'silent' | 'heard' | null => {
      const silent = isSilent(helpPoint, now)
      // After a start it is not known yet: nobody has heard anything.
      if (
        silent === of(helpPoint.id).silent ||
        (!silent && helpPoint.heartbeatMs !== null && !heartbeats.has(helpPoint.id))
      )
        return null
      return silent ? 'silent' : 'heard'
    },
    lastScheduled: (id: HelpPointId): number | null =>
      of(id).lastScheduled === null ? null : Date.parse(of(id).lastScheduled ?? ''),
    lastVoiceScheduled: (id: HelpPointId): number | null =>
      of(id).lastVoiceScheduled === null ? null : Date.parse(of(id).lastVoiceScheduled ?? ''),
    usualDb: (id: HelpPointId): number | null => of(id).usualDb,
    lastHeard: (id: HelpPointId): string | null => (heartbeats.has(id) ? isoTime(heartbeats.get(id) ?? 0) : null),
    proofOf(helpPoint: HelpPoint, now: number, timezone: string): HelpPointProof {
      const { lastPress, lastDrill, lastChain, lastDrillResult, lastVoiceDrill, lastVoiceProof } = of(helpPoint.id)
      // What nothing and nobody can try any more is no fault that somebody could end.
      const isTried =
        voiceProofOf(helpPoint) !== null || (helpPoint.sip !== null && helpPoint.voice.autoAnswer === true)
      const overdue = [
        ...(drillOverdue(helpPoint, now, timezone) ? (['drill'] as const) : []),
        ...(isSilent(helpPoint, now) ? (['heartbeat'] as const) : []),
        ...(voiceOverdue(helpPoint, now, timezone) ? (['voice'] as const) : []),
      ]
      return {
        lastPress,
        lastDrill,
        lastHeartbeat: heartbeats.has(helpPoint.id) ? isoTime(heartbeats.get(helpPoint.id) ?? 0) : null,
        lastChain,
        lastDrillResult,
        lastVoiceProof: isTried ? lastVoiceProof : null,
        lastVoiceDrill: isTried ? lastVoiceDrill : null,
        nextDrill: helpPoint.drillAt === null ? null : isoTime(nextLocal(now, timezone, helpPoint.drillAt)),
        overdue,
      }
    },
  }
}
