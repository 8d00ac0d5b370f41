/**
 * Calls that try a help point's loudspeaker and microphone by a tone, in the thread of calls: placed, answered, heard,
 * ended. A trial calls a help point that is registered at the edge and nobody else: no contact, no desk, no trunk.
 */
import type { SipAgent, SoundPort } from '../sip/sip-agent.ts'
import { openRtpLeg } from '../sip/rtp-leg.ts'
import type { HeardPacket } from '../sound/audio-watch.ts'
import { type HeardTrial, type ToneTrial, createToneTrial } from './tone-trial.ts'

/** One that answers by itself does so at once; so long it may ring. */
const ANSWERS_WITHIN_MS = 8000
const ANSWERED = 200
const NOT_ANSWERED = 408
const GAVE_WAY = 487

/** `status`: SIP's; 200: answered, 408: it rang and did not answer, 487: the trial was given up. */
export type TrialOutcome = { status: number } & HeardTrial

/** @param agent of now; null: there is no edge */
export function createToneTrials(agent: () => SipAgent | null) {
  const trials = new Map<string, ToneTrial | null>()

  function end(sip: string): void {
    trials.get(sip)?.close()
    trials.delete(sip)
  }
  async function run(sip: string, user: string): Promise<TrialOutcome> {
    const sipAgent = agent()
    if (!sipAgent) throw new Error('the edge is gone')
    trials.set(sip, null)
    let late = false
    const patience = setTimeout(() => {
      late = true
      void sipAgent.hangUp(sip)
    }, ANSWERS_WITHIN_MS)
    try {
      const { status } = await sipAgent.place(sip, { user, asked: true }, 'drill')
      clearTimeout(patience)
      if (status !== ANSWERED || late) return { status: late ? NOT_ANSWERED : status, packets: 0, mark: null }
      const heard = await (trials.get(sip)?.up() ?? { packets: 0, mark: null })
      // Whoever ended it meanwhile has had a reason of their own.
      const given = !trials.has(sip)
      await sipAgent.hangUp(sip)
      return { status: given ? GAVE_WAY : ANSWERED, ...heard }
    } finally {
      clearTimeout(patience)
      end(sip)
    }
  }
  return {
    run,
    has: (sip: string): boolean => trials.has(sip),
    /** Made with the call's first description. */
    async openSound(sip: string): Promise<SoundPort> {
      let onPacket: (packet: HeardPacket) => void = () => {}
      const leg = await openRtpLeg('127.0.0.1', (packet) => onPacket(packet))
      const trial = createToneTrial(leg)
      onPacket = trial.toRoom
      if (trials.has(sip)) trials.set(sip, trial)
      else trial.close()
      const { port, reportPort } = leg
      return { address: '127.0.0.1', port, reportPort, remote: trial.remote, close: trial.close }
    },
    /** Its help point hung up: what was heard until then is no proof. @param lost the edge is gone, and not it */
    hungUp(sip: string, lost: boolean): void {
      if (lost) end(sip)
      else trials.get(sip)?.close()
    },
    /** Somebody needs that help point. */
    async giveUp(sip: string): Promise<void> {
      if (!trials.has(sip)) return
      end(sip)
      await agent()?.hangUp(sip)
    },
    tick(now: number): void {
      for (const trial of trials.values()) trial?.tick(now)
    },
    close: (): void => [...trials.keys()].forEach(end),
  }
}
