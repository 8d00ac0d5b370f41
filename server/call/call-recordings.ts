/** Recordings of calls: where each file is, who fetched it, what a crash has left of it, and when it is deleted. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Call, CallId, CallRecording } from '../glossary/call.ts'
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { mayLetGo } from '../tools/kept-incident.ts'
import type { CallBook } from './call-book.ts'
import { aboutCall } from './call-drafts.ts'
import { recoverCallRecording, settleCallRecording } from './call-recording.ts'

/** A crash may have come between the end of a call and the entry about its recording. */
const LOOKED_AT_AFTER_A_CRASH = 100

export type CallRecordings = ReturnType<typeof createCallRecordings>

export function createCallRecordings({
  clock,
  book,
  append,
  dataFolder,
  incidents,
  onError,
}: {
  clock: Clock
  book: CallBook
  append: Append
  dataFolder: string
  incidents: {
    load(id: string): Promise<Incident>
    /** How many clips the incident still holds. */
    clipsOf(id: IncidentId): number
  }
  onError(error: unknown): void
}) {
  /** Of exports that are being made, by their names. */
  const held = new Map<string, ReadonlySet<CallId>>()
  const isHeld = (id: CallId): boolean => [...held.values()].some((calls) => calls.has(id))
  const fileOf = (call: CallId): string => join(dataFolder, 'calls', `${call}.wav`)

  /** The file is whole: its hash goes into the ledger. */
  async function written(call: Call, recording: CallRecording): Promise<void> {
    await append([aboutCall(call, 'call.recorded', { file: `calls/${call.id}.wav`, ...recording })]).durable
    await settleCallRecording(fileOf(call.id))
  }
  /** @param why as the entry says it */
  async function drop(incident: IncidentId, why: string): Promise<void> {
    for (const { id } of book.ofIncident(incident)) await dropOne(id, why)
  }
  async function dropOne(id: CallId, why: string): Promise<void> {
    const call = book.get(id)
    // The hourly sweep comes back for one that is being exported.
    if (!call.recording || isHeld(id)) return
    rmSync(fileOf(id), { force: true })
    const { sha256 } = call.recording
    await append([aboutCall(call, 'call.recording-deleted', { sha256, why })]).durable
  }
  return {
    fileOf,
    written,
    drop,
    /** None of them is deleted until the name lets go. */
    keep: (name: string, calls: readonly CallId[]): void => void held.set(name, new Set(calls)),
    letGo: (name: string): void => void held.delete(name),
    /** @throws call/unknown, call/no-recording */
    recording(id: string): { call: Call; recording: CallRecording; file: string } {
      const call = book.get(id)
      if (!call.recording)
        throw new Failure(
          'call/no-recording',
          call.recorded
            ? 'There is no recording of this call: it is not over yet, was never answered, or was deleted.'
            : 'This site does not record calls.',
        )
      return { call, recording: call.recording, file: fileOf(call.id) }
    },
    /** Resolves when the fetch is in the ledger. */
    async listened(id: string, actor: string, from: number, bytes: number): Promise<void> {
      const call = book.get(id)
      if (!call.recording) return
      const { sha256 } = call.recording
      await append([aboutCall(call, 'call.listened', { from, bytes, sha256 }, actor)]).durable
    },
    /**
     * Makes whole what a crash has left.
     * @param cutOff calls that were going on when the server or the thread died
     */
    async recover(cutOff: readonly CallId[]): Promise<void> {
      const ended = book.over(LOOKED_AT_AFTER_A_CRASH).map(({ id }) => id)
      for (const id of new Set([...cutOff, ...ended])) {
        const call = book.get(id)
        if (!call.recorded || call.recording) continue
        const endedAt = Date.parse(call.endedAt ?? '') || clock.now()
        try {
          const recording = await recoverCallRecording(fileOf(id), endedAt)
          if (recording) await written(call, recording)
        } catch (error) {
          onError(error)
        }
      }
    },
    /**
     * A recording is deleted with the last of its incident's clips. An incident without clips has none that ends, and a
     * call without an incident none at all: their recordings are deleted when they are as old as clips become, unless
     * somebody has locked them.
     */
    async sweep(keepMs: number): Promise<void> {
      for (const { id, recording, endedAt, incident } of book.over(Number.POSITIVE_INFINITY)) {
        if (!recording || clock.now() - Date.parse(endedAt ?? '') < keepMs) continue
        if (incident === null) {
          await dropOne(id, 'retention')
          continue
        }
        if (incidents.clipsOf(incident) > 0) continue
        if (mayLetGo(await incidents.load(incident))) await drop(incident, 'retention')
      }
    },
  }
}
