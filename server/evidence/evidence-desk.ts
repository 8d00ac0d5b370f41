/**
 * What the evidence officer does with exports, beyond making them: ordering, fetching, receipts. Each fetching is
 * told to the ledger first.
 */
import type { CallId } from '../glossary/call.ts'
import type { Export, ExportOrder, MadeExport } from '../glossary/evidence.ts'
import type { Incident } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Person } from '../glossary/people.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { companionZip } from './package/companion.ts'
import type { ExportDesk, ExportPort } from './order/export-desk.ts'
import { type KnownCall, alters, answeredFor, checkOrder } from './order/export-order.ts'
import { parentCalls } from './cut/redaction.ts'
import { statedIn } from './package/package-manifest.ts'
import { type ReceiptFacts, receiptHtml } from './package/receipt.ts'

export type Download = {
  made: MadeExport
  what: 'package' | 'companion'
  from: number
  actor: string
  through: string | null
}

export function createEvidenceDesk({
  exports,
  incident,
  calls,
  hasCamera,
  append,
  clock,
  root,
  verifierPage,
}: {
  exports: ExportDesk
  incident(id: string): Promise<Incident>
  calls: Pick<ExportPort['calls'], 'of' | 'find'>
  hasCamera(id: string): boolean
  append: Append
  clock: Clock
  root(): string
  verifierPage: string
}) {
  const factsOf = async (made: MadeExport): Promise<ReceiptFacts> => ({
    made,
    manifest: (await statedIn(exports.file(made.id))) as ReceiptFacts['manifest'],
    printedAt: isoTime(clock.now()),
  })
  /** A redacted copy is of what lies in its parent's package, whatever was deleted since. */
  const callsIn = async (parent: Export, order: ExportOrder): Promise<KnownCall[]> =>
    order.kind === 'redacted' || alters(order)
      ? (await parentCalls(exports.file(parent.id))).map(({ id, sha256, bytes, from, to, gaps }) => ({
          id: id as CallId,
          recording: { sha256, bytes, from, to, gaps },
        }))
      : parent.calls.flatMap((id) => calls.find(id) ?? [])
  return {
    ...exports,
    /** @throws export/refused, incident/unknown, export/unknown, camera/unknown, request/invalid, clip/none */
    async order(order: ExportOrder, { name, role }: Person): Promise<Export> {
      answeredFor(order)
      const parent =
        order.parentExport === undefined
          ? null
          : order.kind === 'redacted' || alters(order)
            ? exports.made(order.parentExport)
            : exports.get(order.parentExport)
      const of = order.incident ?? null
      const found = of === null ? null : await incident(of)
      const request = checkOrder(order, {
        incident: found,
        parent,
        calls: parent ? await callsIn(parent, order) : found ? calls.of(found.id) : [],
        hasCamera,
        now: clock.now(),
      })
      return exports.order({ ...request, exportedBy: { name, role } })
    },
    receipt: async (made: MadeExport): Promise<string> => receiptHtml(await factsOf(made)),
    companion: async (made: MadeExport): Promise<Buffer> =>
      companionZip(await factsOf(made), { root: root(), verifierPage, at: clock.now() }),
    async onDownload({ made, what, from, actor, through }: Download): Promise<void> {
      await append([
        {
          kind: 'export.downloaded',
          actor,
          subject: made.id,
          body: {
            export: made.id,
            incident: made.incident,
            what,
            from,
            bytes: made.facts.bytes,
            sha256: made.facts.sha256,
            through,
          },
        },
      ]).durable
    },
  }
}
