/**
 * Whether a person at a help point is heard and hears: what a tone that was sent there showed, in words, and when it is
 * tried. Not here: the call itself (call/tone/tone-drill).
 */
import type { Draft } from '../glossary/ledger.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { VoiceDrill } from '../glossary/proof.ts'
import type { HelpPoint } from '../glossary/site.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { isNight, localTime } from '../tools/local-time.ts'

/** What became of a trial call; call/tone/tone-trials has it. */
export type Trial = {
  /** SIP's: 200 answered, 408 not answered, 487 given up. */
  status: number
  packets: number
  mark: { share: number; loopMs: number | null; levelDb: number | null; before: boolean } | null
}
const ANSWERED = 200
const NOT_ANSWERED = 408
const GIVEN_UP = 487
const BUSY = 486
const REFUSED = new Set([600, 603])
/** Of 20 tenths of a second so many: a lorry that passes may cover some. */
const LEAST_SHARE = 0.6
/** Less is what runs over from one wire to another inside the device. */
const LEAST_DB = -60
/** So much quieter than at the proof before is a loudspeaker or a microphone that is covered, wet or dying. */
const MUCH_QUIETER_DB = 15

/**
 * What is wrong, in words; null: it is proved.
 * @param usualDb how loud the tone came back when it was proved before; null: it never was
 */
export function problemOf({ status, packets, mark }: Trial, usualDb: number | null): string | null {
  if (status === NOT_ANSWERED) return 'It rang, and did not answer by itself.'
  if (REFUSED.has(status)) return `It refused the call (SIP ${status}).`
  if (status !== ANSWERED) return `It did not take the call (SIP ${status}).`
  if (mark === null) return 'It hung up before the tone was through.'
  if (packets === 0) return 'It answered, and no sound came from it.'
  if (mark.before) return 'Both tones sounded there before they were sent: nothing is proved.'
  if (mark.share < LEAST_SHARE)
    return mark.share === 0
      ? 'Sound came from it, and the tone did not: its loudspeaker or its microphone is not proved.'
      : `Only ${Math.round(mark.share * 100)} % of the tone came back: its loudspeaker or its microphone is not proved.`
  if (mark.levelDb !== null && mark.levelDb < LEAST_DB)
    return `The tone came back at ${mark.levelDb} dB: too quiet for a loudspeaker in the street.`
  const quieter = usualDb === null || mark.levelDb === null ? 0 : usualDb - mark.levelDb
  return quieter >= MUCH_QUIETER_DB
    ? `The tone came back ${Math.round(quieter)} dB quieter than before: is something over its loudspeaker or microphone?`
    : null
}

/** How each help point can be proved; null: nothing about its voice is looked at. Pure. */
export const voiceProofOf = ({ sip, voice, drillAt }: HelpPoint): 'both-ways' | 'registration' | null =>
  sip === null || drillAt === null
    ? null
    : voice.drill !== 'never'
      ? 'both-ways'
      : // One that is known by its address alone does not register.
        sip.password === null && sip.certificate === null
        ? null
        : 'registration'

/** Whether the street may hear it now. Pure. */
export const mayBeHeard = ({ voice }: HelpPoint, now: number, timezone: string): boolean =>
  voice.drill !== 'at-night' || isNight(localTime(now, timezone))

export type VoiceDrillPort = {
  clock: Clock
  isRegistered(helpPoint: HelpPointId): boolean
  /** @throws call/unreachable, call/busy */
  tryTone(helpPoint: HelpPointId): Promise<Trial>
  /** How loud the tone came back there before. */
  usualDb(helpPoint: HelpPointId): number | null
  write(draft: Draft): void
}

export function createVoiceDrills({ clock, isRegistered, tryTone, usualDb, write }: VoiceDrillPort) {
  function tell(drill: VoiceDrill): VoiceDrill {
    const { problem, ...result } = drill
    const about = { actor: 'lamppost', subject: drill.helpPoint } as const
    write(
      problem === null
        ? { ...about, kind: 'voice.proved', body: result }
        : { ...about, kind: 'voice.failed', body: { ...result, what: problem } },
    )
    return drill
  }
  return {
    /**
     * Sends a tone there.
     * @param by `schedule`, or who asks. @param teach how loud it comes back now is what later ones are compared with
     * @returns null when a person needed the help point meanwhile
     * @throws call/busy; when `by` is a person, call/unreachable, too
     */
    async sound(helpPoint: HelpPointId, by: string, teach = false): Promise<VoiceDrill | null> {
      const at = isoTime(clock.now())
      const result = { helpPoint, how: 'both-ways', at, by, ...(teach ? { taught: true as const } : {}) } as const
      const nothing = { ...result, heardShare: null, loopMs: null, levelDb: null }
      try {
        const trial = await tryTone(helpPoint)
        // Somebody speaks there, or needs it: neither proof nor failure.
        if (trial.status === GIVEN_UP || trial.status === BUSY) return null
        const { mark } = trial
        const problem = problemOf(trial, teach ? null : usualDb(helpPoint))
        const { share: heardShare = null, loopMs = null, levelDb = null } = mark ?? {}
        return tell({ ...result, heardShare, loopMs, levelDb, problem })
      } catch (error) {
        if (by === 'schedule' && error instanceof Failure && error.code === 'call/unreachable')
          return tell({ ...nothing, problem: error.message })
        throw error
      }
    },
    /** Whether it is known at the edge, and no more. */
    registration(helpPoint: HelpPointId, by: string): VoiceDrill {
      const problem = isRegistered(helpPoint) ? null : 'It is not registered at the edge: it could not call.'
      const at = isoTime(clock.now())
      return tell({ helpPoint, how: 'registration', at, by, heardShare: null, loopMs: null, levelDb: null, problem })
    },
  }
}
