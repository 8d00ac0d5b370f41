/** The thread of calls, as the house sees it: started where the site has voice, started again when it dies. */
import type { Pbx } from '../glossary/call.ts'
import type { Clock } from '../tools/clock.ts'
import { builtEntry } from '../tools/package-root.ts'
import { keepWorker } from '../tools/process/worker-calls.ts'
import type { Phrases } from './call-phrases.ts'
import type { CallNews, CallThreadCalls, CallThreadInput } from './call-thread.ts'

type Door = { port: number; secret: string }

export function createCallSounds({
  clock,
  onNews,
  onDeath,
  onError,
}: {
  clock: Clock
  onNews(news: CallNews): void
  /** Every line of before is gone; the thread that lives now has no door yet. */
  onDeath(): Promise<void>
  onError(error: unknown): void
}) {
  let thread: ReturnType<typeof keepWorker<CallThreadCalls>> | null = null
  let door: Door | null = null
  let phrases: Phrases = {}
  let pbx: Pbx | null = null
  /** Of the thread that lives now. @throws where the site has no voice */
  function calls(): NonNullable<typeof thread>['calls'] {
    if (!thread) throw new Error('this town has no voice')
    return thread.calls
  }
  const quietly = (work: Promise<unknown>): void => void work.catch(onError)
  async function reachAgain(): Promise<void> {
    // Its lines are gone with it, and the edge knows nothing of that.
    await onDeath().catch(onError)
    await thread?.calls.extension(pbx)
    if (door) await thread?.calls.door(door)
  }
  return {
    /**
     * @param said what callers are played from now on
     * @param at whose extension this is; null: nobody's
     */
    start(said: Phrases, at: Pbx | null): void {
      phrases = said
      pbx = at
      thread?.calls.setPhrases(said).catch(onError)
      thread ??= keepWorker<CallThreadCalls>(builtEntry('call/call-thread.js'), {
        clock,
        input: (): CallThreadInput => ({ phrases }),
        onTell: (message) => onNews(message as CallNews),
        onDeath(cause) {
          onError(cause)
          quietly(reachAgain())
        },
      })
      thread.calls.extension(at).catch(onError)
    },
    async stop(): Promise<void> {
      const old = thread
      thread = null
      door = null
      await old?.calls.close().catch(onError)
      await old?.terminate()
    },
    /** What callers are played now. */
    phrases: (): Phrases => phrases,
    /** Where the edge is; null: there is none now. */
    reach(at: Door | null): void {
      door = at
      thread?.calls.door(at).catch(onError)
    },
    /** What the desk asks of a line. */
    line: {
      tryTone: async (sip: string, user: string) => calls().tryTone(sip, user),
      giveUpTone: async (sip: string) => calls().giveUpTone(sip),
      place: async (...args: Parameters<CallThreadCalls['place']>) => calls().place(...args),
      addParty: async (...args: Parameters<CallThreadCalls['addParty']>) => calls().addParty(...args),
      dropParty: async (party: string) => calls().dropParty(party),
      ring: async (sip: string) => calls().ring(sip),
      answer: async (sip: string, file: string | null) => calls().answer(sip, file),
      refuse: async (sip: string, status: number) => calls().refuse(sip, status),
      hangUp: async (sip: string) => calls().hangUp(sip),
      keys: async (sip: string, text: string) => calls().keys(sip, text),
      talk: async (...args: Parameters<CallThreadCalls['talk']>) => calls().talk(...args),
      endTalk: async (sip: string) => calls().endTalk(sip),
      play: async (...args: Parameters<CallThreadCalls['play']>) => calls().play(...args),
    },
  }
}
