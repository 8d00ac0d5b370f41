/** Who telephones in the simulated town: its help point that talks calls whenever its button is pressed. */
import { join } from 'node:path'
import type { EdgeListen } from '../glossary/call.ts'
import type { Recorded } from '../glossary/ledger.ts'
import type { Site } from '../glossary/site.ts'
import { messageOf } from '../tools/failure.ts'
import { type TalkingHelpPoint, canTalk, startTalkingHelpPoint } from './talking-help-point.ts'

/** @param reached tells where help points reach the edge, whenever it has begun anew */
export function startDemoVoice({
  folder,
  site,
  reached,
  recorded,
  onError,
}: {
  folder: string
  site(): Site
  reached(listener: (listen: readonly EdgeListen[]) => void): () => void
  recorded(listener: (entry: Recorded) => void): () => void
  onError(words: string): void
}): { close(): Promise<void> } {
  const sip = site().helpPoints.find((each) => each.sip?.password != null)
  let at = ''
  let helpPoint: Promise<TalkingHelpPoint> | null = null
  const failed = (error: unknown): void => onError(messageOf(error))

  const leaveEdge = reached((listen) => {
    const address = listen.find(({ transport }) => transport === 'udp')?.address
    const { user, password } = sip?.sip ?? { user: '', password: null }
    if (!address || address === at || password === null || !canTalk()) return
    at = address
    const before = helpPoint
    helpPoint = Promise.resolve(before)
      .then((old) => old?.close())
      .then(() => startTalkingHelpPoint({ folder: join(folder, 'help-point'), user, password, address }))
    helpPoint.catch(failed)
  })
  const leaveLedger = recorded((entry) => {
    if (entry.kind !== 'press.received') return
    const { press } = entry.body
    if (press.helpPoint !== sip?.id || press.source === 'sip' || press.kind !== 'press' || press.late) return
    helpPoint?.then((each) => each.press()).catch(failed)
  })
  return {
    async close() {
      leaveEdge()
      leaveLedger()
      await helpPoint?.then((each) => each.close()).catch(failed)
    },
  }
}
