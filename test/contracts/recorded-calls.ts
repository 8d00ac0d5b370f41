/** Calls of a night, as they lie in a data folder before a house opens on it: ledger entries, and real recordings. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CallId, CallRecording } from '../../server/glossary/call.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Draft } from '../../server/glossary/ledger.ts'
import type { HelpPointId, PressId } from '../../server/glossary/press.ts'
import { openLedger } from '../../server/ledger/ledger.ts'
import { isoTime, realClock } from '../../server/tools/clock.ts'
import { recordCall } from '../evidence/tone.ts'

export const INC = 'inc-call' as IncidentId
const BAR = 'bar' as HelpPointId
export const [HEARD, UNANSWERED, LATER] = ['cal-heard', 'cal-unanswered', 'cal-later'] as CallId[] as [
  CallId,
  CallId,
  CallId,
]
/**
 * What a night with three calls of one incident left in the ledger and on the disk.
 * @param clips cameras whose pictures the incident holds
 */
export async function writeCalls(
  { dataFolder, at }: { dataFolder: string; at: number },
  clips: readonly string[] = [],
): Promise<Map<CallId, CallRecording>> {
  const recordings = new Map<CallId, CallRecording>()
  const ledger = await openLedger({ file: join(dataFolder, 'ledger.sqlite'), clock: realClock, onError: () => {} })
  const write = (kind: string, body: object): Draft =>
    ({ kind, actor: 'lamppost', subject: INC, body: { incident: INC, ...body } }) as unknown as Draft
  const press = {
    id: 'prs-1' as PressId,
    helpPoint: BAR,
    receivedAt: isoTime(at),
    pressedAt: null,
    kind: 'press',
    source: 'sip',
    by: 'bar',
    key: 'sip:1',
  }
  mkdirSync(join(dataFolder, 'calls'), { recursive: true })
  for (const [call, after, seconds] of [
    [HEARD, 2000, 6],
    [LATER, 600_000, 2],
  ] as const)
    recordings.set(call, await recordCall(join(dataFolder, 'calls', `${call}.wav`), at + after, seconds))
  const ringing = (call: CallId) =>
    write('call.ringing', { call, helpPoint: BAR, sip: call, from: '10.0.0.1', secured: true, recorded: true })
  const ended = (call: CallId, end: string) => write('call.ended', { call, end, seconds: 6, lossPercent: 0 })
  const recorded = (call: CallId) => write('call.recorded', { call, recording: recordings.get(call) })
  await ledger.append([
    write('press.received', { press }),
    write('incident.opened', { helpPoint: BAR, kind: 'press' }),
    ringing(HEARD),
    write('call.taken', { call: HEARD, by: 'Asha' }),
    ended(HEARD, 'caller-hung-up'),
    recorded(HEARD),
    ringing(UNANSWERED),
    ended(UNANSWERED, 'gave-up'),
    ringing(LATER),
    ended(LATER, 'operator-hung-up'),
    recorded(LATER),
    ...clips.map((camera) => write('clip.held', { camera, from: isoTime(at), to: isoTime(at + 12_000) })),
    write('incident.closed', { reason: 'help given' }),
  ]).durable
  await ledger.close()
  return recordings
}
