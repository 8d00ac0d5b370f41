/** Exports, and steps of the recorder's clock, as the ledger's entries make them. Decides nothing. */
import type { Export, ExportId } from '../../glossary/evidence.ts'
import type { IncidentId } from '../../glossary/incident.ts'
import type { Fold, Recorded } from '../../glossary/ledger.ts'
import { Failure } from '../../tools/failure.ts'

const STEPS_KEPT = 500
type Step = { at: string; ms: number }
/** `seals`: the entry that vouches for what was cut. */
type Saved = { exports: Export[]; seals: [ExportId, number][]; steps: Step[] }
export type ExportBook = ReturnType<typeof createExportBook>

export function createExportBook() {
  const exports = new Map<ExportId, Export>()
  const seals = new Map<ExportId, number>()
  let steps: Step[] = []

  const change = (id: ExportId, at: string, to: Partial<Export>): void => {
    const known = exports.get(id)
    if (known) exports.set(id, { ...known, changedAt: at, ...to })
  }
  /** What was told before a lock is long forgotten: it is told again. */
  function forgetWarnings(incident: IncidentId): void {
    for (const each of exports.values())
      if (each.incident === incident) exports.set(each.id, { ...each, warnedOf: null, warnedAt: null })
  }
  const book = {
    apply(entry: Recorded): void {
      if (entry.kind === 'export.requested') {
        const { export: id, ...request } = entry.body
        exports.set(id, {
          // Orders of before there was voice do not say.
          ...{ calls: [], silences: [] },
          ...request,
          id,
          state: 'queued',
          requestedAt: entry.at,
          changedAt: entry.at,
          seal: null,
          facts: null,
          problem: null,
          warnedOf: null,
          warnedAt: null,
          deletedAt: null,
          downloads: 0,
        })
      } else if (entry.kind === 'export.sealed') {
        const { export: id, segments, bytes, contents } = entry.body
        seals.set(id, entry.seq)
        change(id, entry.at, { seal: { segments, bytes, contents } })
      } else if (entry.kind === 'export.changed')
        change(entry.body.export, entry.at, {
          state: entry.body.state,
          problem: entry.body.problem,
          facts: entry.body.facts,
        })
      else if (entry.kind === 'export.downloaded')
        exports.set(entry.body.export, {
          ...book.get(entry.body.export),
          downloads:
            book.get(entry.body.export).downloads + (entry.body.what === 'package' && entry.body.from === 0 ? 1 : 0),
        })
      else if (entry.kind === 'export.expiring')
        exports.set(entry.body.export, { ...book.get(entry.body.export), warnedOf: entry.body.at, warnedAt: entry.at })
      else if (entry.kind === 'clip.locked' || entry.kind === 'clip.unlocked') forgetWarnings(entry.body.incident)
      else if (entry.kind === 'export.deleted') change(entry.body.export, entry.at, { deletedAt: entry.at })
      else if (entry.kind === 'clock.stepped')
        steps = [...steps, { at: entry.at, ms: entry.body.ms }].slice(-STEPS_KEPT)
    },
    save: (): Saved => ({ exports: [...exports.values()], seals: [...seals], steps }),
    restore(saved: Saved): void {
      for (const each of saved.exports) exports.set(each.id, each)
      for (const [id, seq] of saved.seals) seals.set(id, seq)
      steps = saved.steps
    },
    /** @throws export/unknown */
    get(id: string): Export {
      const found = exports.get(id as ExportId)
      if (!found) throw new Failure('export/unknown', `There is no export "${id}".`)
      return found
    },
    /** Newest first. */
    all: (): Export[] => [...exports.values()].toReversed(),
    /** Newest first. @throws export/unknown when there is no export `after` */
    page({ after, limit }: { after: string | null; limit: number }): { items: Export[]; next: ExportId | null } {
      const all = book.all()
      const from = after === null ? 0 : all.indexOf(book.get(after)) + 1
      const items = all.slice(from, from + limit)
      return { items, next: from + limit < all.length ? (items.at(-1)?.id ?? null) : null }
    },
    sealEntry: (id: ExportId): number | null => seals.get(id) ?? null,
    /** How often and by how much the recorder's clock was set within a range. */
    steps: (from: string, to: string): Step[] => steps.filter(({ at }) => at >= from && at <= to),
  } satisfies Fold & Record<string, unknown>
  return book
}
