/** Which recordings a record keeps: what incidents hold, packages that are ready, calls, and snapshots. */
import { createExportBook } from '../../evidence/order/export-book.ts'
import { createRetentionBook } from '../../evidence/keep/retention-book.ts'
import type { Recorded } from '../../glossary/ledger.ts'

export type KeptRecordings = {
  /** By camera; milliseconds since 1970. */
  clips: Map<string, { from: number; to: number }[]>
  exports: string[]
  calls: string[]
  snapshots: string[]
}

export function keptRecordings(entries: Iterable<Recorded>, now: number): KeptRecordings {
  const [retention, exports] = [createRetentionBook(), createExportBook()]
  const calls = new Set<string>()
  const snapshots = new Set<string>()
  for (const entry of entries) {
    retention.apply(entry)
    exports.apply(entry)
    if (entry.kind === 'call.recorded') calls.add(entry.body.call)
    if (entry.kind === 'call.recording-deleted') calls.delete(entry.body.call)
    if (entry.kind === 'snapshot.taken') snapshots.add(entry.body.snapshot)
    if (entry.kind === 'snapshot.deleted') snapshots.delete(entry.body.snapshot)
  }
  const clips: KeptRecordings['clips'] = new Map()
  for (const { clips: held, closedAt } of retention.all())
    for (const { camera, from, to } of held) {
      const end = Date.parse(to ?? closedAt ?? '')
      const range = { from: Date.parse(from), to: Number.isNaN(end) ? now : end }
      clips.set(camera, [...(clips.get(camera) ?? []), range])
    }
  const ready = exports.all().filter(({ state, deletedAt }) => state === 'ready' && deletedAt === null)
  return { clips, exports: ready.map(({ id }) => id), calls: [...calls], snapshots: [...snapshots] }
}
