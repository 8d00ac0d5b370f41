/**
 * What the evidence officer does with exports, beyond making them: ordering, fetching, receipts. Each fetching is
 * told to the ledger first.
 */
import type { Export, ExportOrder, MadeExport } from '../glossary/evidence.ts'
import type { Incident } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Person } from '../glossary/people.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { companionZip } from './package/companion.ts'
import type { ExportDesk } from './order/export-desk.ts'
import { answeredFor, checkOrder } from './order/export-order.ts'
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
  hasCamera,
  append,
  clock,
  root,
  verifierPage,
}: {
  exports: ExportDesk
  incident(id: string): Promise<Incident>
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
  return {
    ...exports,
    /** @throws export/refused, incident/unknown, export/unknown, camera/unknown, request/invalid, clip/none */
    async order(order: ExportOrder, { name, role }: Person): Promise<Export> {
      answeredFor(order)
      const parent =
        order.parentExport === undefined
          ? null
          : order.kind === 'redacted' || (order.redactions?.length ?? 0) > 0
            ? exports.made(order.parentExport)
            : exports.get(order.parentExport)
      const of = order.incident ?? null
      const request = checkOrder(order, {
        incident: of === null ? null : await incident(of),
        parent,
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
