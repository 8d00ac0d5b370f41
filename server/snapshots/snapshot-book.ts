/** The snapshots of each incident, as the ledger's entries make them. Decides nothing. */
import type { IncidentId, Snapshot } from '../glossary/incident.ts'
import type { Recorded } from '../glossary/ledger.ts'

export type SnapshotBook = ReturnType<typeof createSnapshotBook>

export function createSnapshotBook() {
  const kept = new Map<IncidentId, Snapshot[]>()
  const put = (snapshot: Snapshot): void =>
    void kept.set(snapshot.incident, [...(kept.get(snapshot.incident) ?? []), snapshot])
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'snapshot.taken') {
        const { snapshot: id, incident, camera, at, by, bytes, sha256 } = entry.body
        put({ id, incident, camera, at, takenAt: entry.at, by, bytes, sha256 })
      } else if (entry.kind === 'snapshot.deleted') {
        const { incident, snapshot } = entry.body
        const left = (kept.get(incident) ?? []).filter(({ id }) => id !== snapshot)
        if (left.length > 0) kept.set(incident, left)
        else kept.delete(incident)
      }
    },
    save: (): { snapshots: Snapshot[] } => ({ snapshots: [...kept.values()].flat() }),
    restore: ({ snapshots }: { snapshots: Snapshot[] }): void => snapshots.forEach(put),
    /** The oldest first. */
    of: (incident: string): readonly Snapshot[] => kept.get(incident as IncidentId) ?? [],
    all: (): Snapshot[] => [...kept.values()].flat(),
  }
}
